//! Machines of the cluster, drained, given back, woken and sent off by Slurm's own `scontrol` with fixed words: Slurm lets
//! only its administrators do that, and the centre is none. What it names is looked at again here; where Slurm's commands
//! and its configuration are, the centre does not say. Must not know why anything is done.

use std::io;

use model::{Gid, Owner, Text, Uid};
use nix::unistd::{getegid, geteuid};

use super::super::protocol::{Command, Environment, MachineDeed, Report};
use super::Launcher;

/// Where `scontrol` is looked for, after the launcher's own search path.
const FOLDERS: &str = "/usr/bin:/usr/local/bin:/usr/local/slurm/bin:/opt/slurm/bin";
/// A name as DNS has it.
const LONGEST_NAME: usize = 253;
/// A reason is a short line.
const LONGEST_REASON: usize = 200;
/// So many machines at once.
const MOST: usize = 4096;

impl Launcher {
    /// Does it, and tells what came of it as of any program.
    pub(super) fn machine(&mut self, number: u64, machines: &[String], deed: &MachineDeed) {
        let begun = words_of(machines, deed).map_err(io::Error::other).and_then(|words| {
            let path = std::env::var("PATH").unwrap_or_default();
            let program = scontrol(&path).ok_or_else(|| io::Error::other("Slurm's scontrol is not found here"))?;
            let conf = std::env::var("SLURM_CONF").ok().map(|conf| ("SLURM_CONF", conf));
            let env = [("PATH", path), ("LC_ALL", "C.UTF-8".to_owned())].into_iter().chain(conf);
            let words = std::iter::once(program).chain(words);
            self.fork_program(Command {
                number,
                owner: Owner {
                    uid: Uid(geteuid().as_raw()),
                    gid: Gid(getegid().as_raw()),
                    user: String::new(),
                    group: String::new(),
                },
                words: words.map(Text::from).collect(),
                env: Environment::from_pairs(env),
                workdir: "/".into(),
                input: Text::default(),
            })
        });
        if let Err(error) = begun {
            let complaint = Text::from(error.to_string());
            self.tell(&Report::Told { number, code: None, output: Text::default(), complaint });
        }
    }
}

/// The first `scontrol` of a search path, or of [`FOLDERS`].
fn scontrol(path: &str) -> Option<String> {
    let folders = path.split(':').chain(FOLDERS.split(':')).filter(|folder| folder.starts_with('/'));
    folders.map(|folder| format!("{folder}/scontrol")).find(|file| std::path::Path::new(file).is_file())
}

fn is_machine(name: &str) -> bool {
    let good = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&letter);
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(good)
}

/// The words of `scontrol`, for machines and a deed that are allowed.
fn words_of(machines: &[String], deed: &MachineDeed) -> Result<Vec<String>, &'static str> {
    if machines.is_empty() || machines.len() > MOST || !machines.iter().all(|name| is_machine(name)) {
        return Err("these are no names of machines");
    }
    let names = format!("nodename={}", machines.join(","));
    let mut words = vec!["update".to_owned(), names];
    match deed {
        MachineDeed::Drain { reason } => {
            // Slurm's own texts are lines of words: nothing that ends one.
            let line: String = reason.chars().filter(|letter| !letter.is_control() && *letter != '"').collect();
            let line: String = line.chars().take(LONGEST_REASON).collect();
            if line.trim().is_empty() {
                return Err("a machine is drained for a reason");
            }
            words.extend(["state=drain".to_owned(), format!("reason={line}")]);
        }
        MachineDeed::Resume => words.push("state=resume".to_owned()),
        MachineDeed::Wake => words.push("state=power_up".to_owned()),
        MachineDeed::Sleep => words.push("state=power_down".to_owned()),
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machines_and_only_these_words() {
        let drain = |reason: &str| MachineDeed::Drain { reason: reason.to_owned() };
        let check = |machines: &[&str], deed: MachineDeed, expected: Result<&str, &'static str>| {
            let machines: Vec<String> = machines.iter().map(|name| (*name).to_owned()).collect();
            let words = words_of(&machines, &deed).map(|words| words.join("|"));
            assert_eq!(words, expected.map(str::to_owned), "{machines:?} {deed:?}");
        };
        let names = Err("these are no names of machines");
        check(&["n1"], MachineDeed::Wake, Ok("update|nodename=n1|state=power_up"));
        check(&["n1", "n2.local"], MachineDeed::Sleep, Ok("update|nodename=n1,n2.local|state=power_down"));
        check(&["n1"], MachineDeed::Resume, Ok("update|nodename=n1|state=resume"));
        check(&["n1"], drain("algoric: disk: sda"), Ok("update|nodename=n1|state=drain|reason=algoric: disk: sda"));
        check(&["n1"], drain("a\nb \"c\"\0"), Ok("update|nodename=n1|state=drain|reason=ab c"));
        check(&["n1"], drain(" \n"), Err("a machine is drained for a reason"));
        for bad in ["", "ALL n1", "n[1-3]", "-n1", "n1,n2", "n1 state=down", "n1\n", "né", &"n".repeat(254)] {
            check(&[bad], MachineDeed::Wake, names);
            check(&["n1", bad], MachineDeed::Sleep, names);
        }
        check(&[], MachineDeed::Wake, names);
        let long = words_of(&["n1".to_owned()], &drain(&"x".repeat(999))).map(|words| words[3].len());
        assert_eq!(long, Ok("reason=".len() + LONGEST_REASON));
    }
}

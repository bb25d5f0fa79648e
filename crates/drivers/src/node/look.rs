//! Looks at this machine's health: gathers the system's files for `node::health`, asks disks, runs the operator's probes,
//! each without a shell, for a limited time, in a group of its own that ends with it. Must not know what is well.

use std::fs::{read_dir, read_to_string};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use node::health::{Expect, Finding, Probe, Tree, examine};

use crate::meters::{MeterError, command};

/// A disk that sleeps takes some seconds to say so.
const DISK: Duration = Duration::from_secs(20);

/// All findings.
pub fn look(expect: &Expect, probes: &[Probe]) -> Vec<Finding> {
    let mut findings = examine(&tree(Path::new("/")), expect);
    findings.extend(probes.iter().map(run));
    findings
}

/// One of the operator's probes.
pub(super) fn run(probe: &Probe) -> Finding {
    let words = probe.words();
    let Some((program, arguments)) = words.split_first() else { return probe.finding(Err("it has no command"), "") };
    let mut command = Command::new(program);
    command.args(arguments);
    let limit = Duration::from_secs(probe.timeout.into());
    match command::run(command, b"", &probe.name, limit) {
        Ok(said) => {
            let text = if said.output.iter().all(u8::is_ascii_whitespace) { &said.complaint } else { &said.output };
            probe.finding(Ok(said.code), &String::from_utf8_lossy(text))
        }
        Err(MeterError::Late { limit, .. }) => {
            probe.finding(Err(&format!("it took longer than {} s", limit.as_secs())), "")
        }
        Err(fault) => probe.finding(Err(&fault.to_string()), ""),
    }
}

/// The files that health is told by.
fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut add = |path: &str| {
        if let Ok(text) = read_to_string(root.join(path.trim_start_matches('/'))) {
            tree.insert(path.to_owned(), text);
        }
    };
    ["/sys/devices/system/cpu/online", "/proc/meminfo", "/proc/mounts"].into_iter().for_each(&mut add);
    for cpu in names(root, "/sys/devices/system/cpu") {
        add(&format!("/sys/devices/system/cpu/{cpu}/thermal_throttle/core_throttle_count"));
    }
    for controller in names(root, "/sys/devices/system/edac/mc") {
        add(&format!("/sys/devices/system/edac/mc/{controller}/ce_count"));
        add(&format!("/sys/devices/system/edac/mc/{controller}/ue_count"));
    }
    for card in names(root, "/sys/class/net") {
        for file in ["device/uevent", "operstate", "speed"] {
            add(&format!("/sys/class/net/{card}/{file}"));
        }
    }
    for chip in names(root, "/sys/class/hwmon") {
        let folder = format!("/sys/class/hwmon/{chip}");
        let files = names(root, &folder).into_iter().filter(|name| name == "name" || name.starts_with("temp"));
        files.for_each(|file| add(&format!("{folder}/{file}")));
    }
    disks(root, &mut tree);
    file_systems(&mut tree);
    tree
}

fn names(root: &Path, folder: &str) -> Vec<String> {
    let entries = read_dir(root.join(folder.trim_start_matches('/'))).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// What real disks say of themselves, where somebody installed what asks them.
fn disks(root: &Path, tree: &mut Tree) {
    let is_real = |name: &String| root.join(format!("sys/block/{name}/device")).exists() && !name.starts_with("sr");
    for disk in names(root, "/sys/block").into_iter().filter(is_real) {
        let mut asked = Command::new("smartctl");
        asked.args(["--json", "-H", "-A"]).arg(format!("/dev/{disk}"));
        // Its exit code is a set of marks; what it says has them, too.
        match command::run(asked, b"", "smartctl", DISK) {
            Ok(said) => drop(tree.insert(format!("smart/{disk}"), String::from_utf8_lossy(&said.output).into_owned())),
            Err(MeterError::Missing(_)) => return,
            Err(_) => drop(tree.insert(format!("smart/{disk}"), String::new())),
        }
    }
}

/// How full each is. One whose server is away makes this wait: who calls does so on a thread of its own.
fn file_systems(tree: &mut Tree) {
    let mounts = tree.get("/proc/mounts").cloned().unwrap_or_default();
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (device, path) = (fields.next().unwrap_or(""), fields.next().unwrap_or("").replace("\\040", " "));
        if !device.contains('/') && !device.contains(':') {
            continue;
        }
        if let Ok(about) = nix::sys::statvfs::statvfs(path.as_str()) {
            let numbers = [about.blocks(), about.blocks_available(), about.files(), about.files_available()]
                .map(|n| n.to_string());
            tree.insert(format!("statfs/{path}"), numbers.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Instant;

    use node::health::State;

    use super::*;

    fn probe(text: &str) -> Probe {
        node::settings::probes("p.toml", &format!("[[probe]]\nname = 'p'\n{text}")).unwrap().remove(0)
    }

    #[test]
    fn probes_are_run_without_a_shell_and_not_for_ever() {
        let check = |text: &str, state: State, says: &str| {
            let found = run(&probe(text));
            assert_eq!((found.state, found.text.as_str()), (state, says), "{text}");
        };
        check("command = 'echo $HOME; id'", State::Good, "$HOME; id");
        check("command = ['sh', '-c', 'echo broken >&2; exit 3']", State::Bad, "it ended with 3: broken");
        check("command = ['sh', '-c', 'exit 3']\nok_exitcode = 3", State::Good, "");
        check("command = ['sh', '-c', 'kill -9 $$']", State::Bad, "it was ended by a signal");
        check("command = 'no-such-program-here'", State::Bad, "p needs the program `no-such-program-here`");
        let much = run(&probe("command = ['sh', '-c', 'yes | head -c 5000000']"));
        assert_eq!((much.state, much.text.len()), (State::Good, 1));
        // Its children go with it, and a minute is not waited for.
        let begun = Instant::now();
        check(
            "command = ['sh', '-c', 'sleep 61 & sleep 61; wait']\ntimeout = 1",
            State::Bad,
            "it took longer than 1 s",
        );
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn this_machine_is_looked_at() {
        let findings = look(&Expect::default(), &[]);
        let of = |name: &str| findings.iter().find(|one| one.name == name).map(|one| one.state);
        assert_eq!((of("cpus"), of("memory")), (Some(State::Good), Some(State::Good)));
        assert!(of("file-systems").is_some());
    }
}

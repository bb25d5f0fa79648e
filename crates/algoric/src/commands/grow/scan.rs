//! `algoric grow scan`: asks machines what they are, and writes it into `park.toml`.

use std::{collections::BTreeMap, fs, io::ErrorKind, time::Duration};

use anyhow::Context as _;
use drivers::remote::Host;
use serde::Serialize;
use site::{Measured, Park, park, probe};

use super::{House, ParkArgs, SshArgs, at_once, caller::probe_text, folder::put, now_s};
use crate::{
    console, exit,
    report::Fault,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// Asks each machine over ssh what it is, and writes it into park.toml below what you decided
///
/// Machines that are named are added first; without names, those of park.toml are asked again. What you wrote is left as it
/// is. Without a park.toml one is begun.
#[derive(clap::Args)]
pub struct Args {
    /// Machines to add, each by its own name and the address where the others reach it; the first of all is the controller
    #[arg(value_name = "NAME=ADDRESS")]
    machines: Vec<String>,

    #[command(flatten)]
    park: ParkArgs,

    /// The name of the cluster, for a new park.toml
    #[arg(long, value_name = "NAME", default_value = "cluster")]
    cluster: String,

    #[command(flatten)]
    ssh: SshArgs,

    /// Believe machines that were never seen that they are who they say: only on a network where nobody else can answer
    #[arg(long)]
    trust_new_keys: bool,

    #[command(flatten)]
    format: Format,
}

/// A machine, in a list.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    #[serde(flatten)]
    measured: &'a Measured,
}

impl Noun for Row<'_> {
    const COLUMNS: &'static [Column] = &[
        text("grow-column-machine"),
        text("grow-column-processors"),
        number("grow-column-memory"),
        text("grow-column-gpus"),
        text("grow-column-os"),
        text("grow-column-slurm"),
        text("grow-column-home"),
    ];

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let m = self.measured;
        let gpus: Vec<&str> = m.gpu.iter().map(|gpu| gpu.kind.as_str()).collect();
        let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        vec![
            self.name.to_owned(),
            format!("{} x {} x {}", m.sockets, m.cores_per_socket, m.threads_per_core),
            words.memory(m.memory_mib),
            or_none(&gpus.join(", ")),
            or_none(&m.os),
            or_none(m.slurm.as_deref().unwrap_or_default()),
            or_none(m.home.as_deref().unwrap_or_default()),
        ]
    }
}

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let path = &args.park.park;
    let shown = path.display().to_string();
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !args.machines.is_empty() => park::fresh(&args.cluster),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Fault::new("grow-no-park", [("file", shown)]).into());
        }
        Err(error) => return Err(error).context(shown),
    };
    let known = if text.contains("[[machine]]") { Some(Park::parse(&text).context(shown.clone())?) } else { None };
    for word in &args.machines {
        let (name, address) = word.split_once('=').unwrap_or((word, word));
        let has = |park: &Park| park.machine.iter().any(|machine| machine.name == name);
        if !known.as_ref().is_some_and(has) {
            text = park::with_machine(&text, name, address, None);
        }
    }
    let park = Park::parse(&text).context(shown)?;
    let ssh = args.ssh.ssh(args.trust_new_keys);
    let ask = |machine: &park::Machine| {
        let host = machine.ssh.clone().unwrap_or_else(|| machine.address.clone());
        let host = Host { host, port: machine.port, login: park.cluster.login.clone() };
        let said = ssh.run(&host, &probe_text(&park.cluster.home), Duration::from_secs(60));
        let said = said.map_err(|error| error.to_string())?;
        probe::parse(&said.output).map(|said| (said, now_s())).map_err(|error| error.to_string())
    };
    let answers = at_once(&park.machine, ask, |_, _| {});
    // Who does not answer now keeps what was measured before.
    let mut measured: BTreeMap<String, Measured> = park.measured.clone();
    let mut silent = 0;
    for (machine, answer) in park.machine.iter().zip(answers) {
        match answer {
            Ok((said, now_s)) => {
                warn(&machine.name, &said, now_s, &house.words);
                measured.insert(machine.name.clone(), said.measured);
            }
            Err(why) => {
                silent += 1;
                complain(house, "grow-silent", &[("machine", machine.name.as_str().into()), ("why", why.into())]);
            }
        }
    }
    put(path, &park::with_measured(&text, &measured), false)?;
    let rows: Vec<Row<'_>> = measured.iter().map(|(name, measured)| Row { name, measured }).collect();
    show::list(&rows, args.format, &house.words)?;
    Ok(if silent == 0 { exit::OK } else { exit::UNREACHABLE })
}

/// What an operator should see to before there is a plan.
fn warn(name: &str, said: &probe::Said, now_s: i64, words: &Words) {
    let off = said.now_s - now_s;
    if off.abs() > 60 {
        let gaps = [("machine", name.into()), ("seconds", off.to_string().into())];
        console::complain(words.with("grow-clock-warning", &gaps) + "\n");
    }
    if said.measured.hostname != name {
        let gaps = [("machine", name.into()), ("hostname", said.measured.hostname.as_str().into())];
        console::complain(words.with("grow-name-warning", &gaps) + "\n");
    }
}

fn complain(house: &House, key: &str, gaps: &[(&str, fluent_bundle::FluentValue<'_>)]) {
    console::complain(house.words.with(key, gaps) + "\n");
}

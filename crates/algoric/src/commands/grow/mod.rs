//! `algoric grow`: from one machine to a Slurm cluster of several. What is to be done is decided by `site`; here it is
//! asked, written down, carried out and shown.

mod apply;
mod caller;
mod check;
mod folder;
mod paper;
mod plan;
mod progress;
mod scan;
mod undo;
mod usage;

use std::{path::PathBuf, sync::mpsc};

use drivers::remote::Ssh;
use site::{Step, shell::Reason};

use super::House;
use crate::words::Words;

/// The second machine: plans a Slurm cluster of several machines, sets it up over ssh, and says what drifted
///
/// `scan` asks each machine what it is, `plan` writes everything that would be done into a folder for you to read, `apply`
/// does it, step by step; it can be interrupted and repeated at any time. `check` says what is no longer as planned, and
/// `undo` takes back what `apply` did.
#[derive(clap::Subcommand)]
pub enum GrowCommand {
    Scan(scan::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Check(check::Args),
    Undo(undo::Args),
    Usage(usage::Args),
}

/// The park that is meant.
#[derive(clap::Args)]
struct ParkArgs {
    /// What you decide about the cluster, and what was measured
    #[arg(long, value_name = "FILE", default_value = "park.toml")]
    park: PathBuf,
}

/// The plan that is meant.
#[derive(clap::Args)]
struct FolderArgs {
    /// The folder of the plan
    #[arg(long, value_name = "DIR", default_value = "grow")]
    folder: PathBuf,
}

/// How machines are reached.
#[derive(clap::Args)]
struct SshArgs {
    /// A configuration for ssh, in place of yours
    #[arg(long, value_name = "FILE")]
    ssh_config: Option<PathBuf>,
}

impl SshArgs {
    fn ssh(&self, trusts_new: bool) -> Ssh {
        Ssh::new(self.ssh_config.clone(), trusts_new)
    }
}

/// Does it.
pub fn run(command: GrowCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        GrowCommand::Scan(args) => scan::run(&args, house),
        GrowCommand::Plan(args) => plan::run(&args, house),
        GrowCommand::Apply(args) => apply::run(&args, house),
        GrowCommand::Check(args) => check::run(&args, house),
        GrowCommand::Undo(args) => undo::run(&args, house),
        GrowCommand::Usage(args) => usage::run(&args, house),
    }
}

/// So many machines are talked to at once: an sshd has ten sessions for one connection, and all may ask the controller.
const AT_ONCE: usize = 8;

/// Does the same for several at once. `heard` is told each answer as it comes; what is returned is in their order.
fn at_once<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync, mut heard: impl FnMut(&T, &R)) -> Vec<R> {
    let mut answers: Vec<(usize, R)> = Vec::with_capacity(things.len());
    let work = &work;
    for some in (0..things.len()).collect::<Vec<_>>().chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let (say, hear) = mpsc::channel();
            for &at in some {
                let say = say.clone();
                // It is listened to until all have spoken.
                scope.spawn(move || say.send((at, work(&things[at]))).is_ok());
            }
            drop(say);
            for (at, answer) in hear {
                heard(&things[at], &answer);
                answers.push((at, answer));
            }
        });
    }
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// What a step is about, in words: `file:slurm.conf@n1` is of `slurm.conf`.
fn title(step: &Step, words: &Words) -> String {
    let detail = step.id.split(['@']).next().and_then(|id| id.split_once(':')).map_or("", |(_, detail)| detail);
    words.with(&format!("grow-step-{}", step.work.name()), &[("detail", detail.into())])
}

/// Why something is not as it should be, in words.
fn reason(reason: &Reason, words: &Words) -> String {
    let key = format!("grow-why-{}", reason.word);
    // A script that the operator changed may say words of its own.
    if !words.has(&key) {
        return format!("{} {}", reason.word, reason.value).trim_end().to_owned();
    }
    // Values that have parts are given one by one, too: `alice 1001 1002`.
    let parts: Vec<&str> = reason.value.split_whitespace().collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or("").into();
    words.with(&key, &[("value", reason.value.as_str().into()), ("a", part(0)), ("b", part(1)), ("c", part(2))])
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

//! `algoric grow undo`: takes back what `apply` did, the last first. What was there before is put back; nobody's jobs and
//! no accounting are thrown away: the database goes into a file.

use site::{Step, shell::Order};

use super::{
    FolderArgs, House, SshArgs, at_once,
    caller::{Caller, Outcome},
    folder::Folder,
    progress::{Done, Progress},
    reason, title,
};
use crate::{console, exit};

/// Takes back what `apply` did, the last first; what it found done stays
///
/// Running jobs end with the services that ran them. The database of accounting is written to a file beside our notes on the
/// controller (/var/lib/algoric/grow) before it goes.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    #[command(flatten)]
    ssh: SshArgs,

    /// Only say what would be undone
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let folder = Folder::at(&args.folder.folder);
    let loaded = folder.load()?;
    let progress = Progress::open(folder.path("state.json"))?;
    let caller = Caller::new(args.ssh.ssh(false).keeping_lines(), &loaded);
    let mut count = 0;
    for steps in loaded.plan.stages.iter().rev() {
        let is_ours = |step: &&Step| matches!(progress.of(&step.id), Some(Done::Begun | Done::Ours));
        let ours: Vec<&Step> = steps.iter().filter(is_ours).collect();
        count += ours.len();
        let undo = |step: &&Step| {
            let outcome = if args.dry_run { Outcome::Well } else { caller.call(step, Order::Undo) };
            if outcome == Outcome::Well && !args.dry_run {
                progress.note(&step.id, None)?;
            }
            anyhow::Ok(outcome)
        };
        let outcomes = at_once(&ours, undo, |step, outcome| {
            if let Ok(outcome) = outcome {
                tell(step, outcome, args.dry_run, house);
            }
        });
        let outcomes = outcomes.into_iter().collect::<anyhow::Result<Vec<Outcome>>>()?;
        if outcomes.iter().any(|outcome| *outcome != Outcome::Well) {
            console::complain(house.words.say("grow-undo-stopped") + "\n");
            let is_silent = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Silent(_)));
            return Ok(if is_silent { exit::UNREACHABLE } else { exit::FAILED });
        }
        // What was found done is nobody's to remember: the next `apply` looks anew.
        for step in steps.iter().filter(|step| !args.dry_run && progress.of(&step.id).is_some()) {
            progress.note(&step.id, None)?;
        }
    }
    let key = if args.dry_run { "grow-would-undo" } else { "grow-undone" };
    console::line(house.words.with(key, &[("count", count.into())]));
    Ok(exit::OK)
}

fn tell(step: &Step, outcome: &Outcome, dry_run: bool, house: &House) {
    let words = &house.words;
    let how = match outcome {
        Outcome::Well if dry_run => words.say("grow-to-undo"),
        Outcome::Well => words.say("grow-taken-back"),
        Outcome::Not(reasons) => reasons.iter().map(|it| reason(it, words)).collect::<Vec<_>>().join("; "),
        Outcome::Silent(why) => why.clone(),
    };
    console::line(format!("{}  {}: {how}", step.machine, title(step, words)));
}

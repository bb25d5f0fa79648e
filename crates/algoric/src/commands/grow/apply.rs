//! `algoric grow apply`: carries a plan out, stage after stage. What was done is on disk before the next begins, so that it
//! can end at any instant and be called again.

use site::{Step, shell::Order};

use super::{
    FolderArgs, House, SshArgs, at_once,
    caller::{Caller, Outcome},
    folder::Folder,
    progress::{Done, Progress},
    reason, title,
};
use crate::{console, exit};

/// Carries out a plan: each step is checked, done where it is needed, and checked again
///
/// Stops at the first stage that fails, and says why. Called again, it goes on from there: what is as it should be is left
/// alone. Services are started anew only when what they read has changed.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    #[command(flatten)]
    ssh: SshArgs,

    /// Only look: say which steps there would be something to do for
    #[arg(long)]
    dry_run: bool,
}

/// How a step came out.
enum Came {
    /// It was as it should be.
    Already,
    /// It is now.
    Made,
    /// There would be something to do.
    Would(Outcome),
    /// It could not be done.
    Failed(Outcome),
}

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let folder = Folder::at(&args.folder.folder);
    let loaded = folder.load()?;
    let progress = Progress::open(folder.path("state.json"))?;
    let caller = Caller::new(args.ssh.ssh(false).keeping_lines(), &loaded);
    let width = loaded.plan.targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
    let mut made = 0;
    for steps in &loaded.plan.stages {
        if args.dry_run && steps.iter().any(|step| step.work.is_trial()) {
            continue;
        }
        let take = |step: &Step| take(step, &caller, &progress, args.dry_run);
        let came = at_once(steps, take, |step, came| {
            if let Ok(came) = came {
                console::line(line(step, came, width, house));
            }
        });
        let came = came.into_iter().collect::<anyhow::Result<Vec<Came>>>()?;
        made += came.iter().filter(|came| matches!(came, Came::Made | Came::Would(_))).count();
        if came.iter().any(|came| matches!(came, Came::Failed(Outcome::Silent(_)))) {
            return stopped(house, exit::UNREACHABLE);
        }
        if came.iter().any(|came| matches!(came, Came::Failed(_))) {
            return stopped(house, exit::FAILED);
        }
    }
    let key = if args.dry_run { "grow-would" } else { "grow-applied" };
    console::line(house.words.with(key, &[("cluster", loaded.plan.cluster.as_str().into()), ("count", made.into())]));
    Ok(exit::OK)
}

fn stopped(house: &House, code: u8) -> anyhow::Result<u8> {
    console::complain(house.words.say("grow-stopped") + "\n");
    Ok(code)
}

/// Takes one step as far as it goes.
fn take(step: &Step, caller: &Caller<'_>, progress: &Progress, dry_run: bool) -> anyhow::Result<Came> {
    let is_gate = step.work.is_gate();
    match caller.call(step, Order::Check) {
        Outcome::Well => {
            // Begun by one that was killed before it could say that it was done.
            let done = if progress.of(&step.id) == Some(Done::Begun) { Some(Done::Ours) } else { None };
            let done = done.or_else(|| progress.of(&step.id).is_none().then_some(Done::Found));
            if let Some(done) = done.filter(|_| !is_gate && !dry_run) {
                progress.note(&step.id, Some(done))?;
            }
            return Ok(Came::Already);
        }
        silent @ Outcome::Silent(_) => return Ok(Came::Failed(silent)),
        not if dry_run => return Ok(Came::Would(not)),
        not if is_gate => return Ok(Came::Failed(not)),
        Outcome::Not(_) => {}
    }
    progress.note(&step.id, Some(Done::Begun))?;
    match caller.call(step, Order::Act) {
        Outcome::Well => {
            progress.note(&step.id, Some(Done::Ours))?;
            Ok(Came::Made)
        }
        not => Ok(Came::Failed(not)),
    }
}

fn line(step: &Step, came: &Came, width: usize, house: &House) -> String {
    let words = &house.words;
    let (key, outcome) = match came {
        Came::Already if step.work.is_gate() => ("grow-well", None),
        Came::Already => ("grow-already", None),
        Came::Made => ("grow-made", None),
        Came::Would(outcome) => ("grow-to-do", Some(outcome)),
        Came::Failed(outcome) => ("grow-failed", Some(outcome)),
    };
    let mut line = format!("{:width$}  {}: {}", step.machine, title(step, words), words.say(key));
    let why: Vec<String> = match outcome {
        None | Some(Outcome::Well) => Vec::new(),
        Some(Outcome::Not(reasons)) => reasons.iter().map(|it| reason(it, words)).collect(),
        Some(Outcome::Silent(why)) => vec![why.clone()],
    };
    for why in why {
        line.push_str(&format!("\n{:width$}    {why}", ""));
    }
    line
}

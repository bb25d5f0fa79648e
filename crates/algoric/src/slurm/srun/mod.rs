//! `srun`: a step inside a job, or outside an allocation with one step in it.
//!
//! Inside a job the tasks are children of this process. From outside they are children of a runner, which the centre has
//! started inside the job and which calls back here. The connection to the centre stays open while the step runs: when
//! `srun` dies, that is how the centre learns of it.

mod drive;
mod outside;
mod plan;
mod session;

use std::{
    io::{IsTerminal as _, stdin},
    os::unix::ffi::OsStrExt as _,
    process::Command,
};

use api::StepRequest;
use dialect::{
    environ::{self, Variable},
    refusal::Refusal,
    srun::{self, Srun},
};
use model::{Exit, JobId, JobState, Text, Usage};

use self::session::Session;
pub use self::{
    drive::called,
    session::{is_away, variables},
};
use super::caller::Caller;
use crate::{
    console,
    step::{self, Door, Ended},
};

const NAME: &str = "srun";

/// Marks the processes of a job: `CENTRE/JOB.ATTEMPT`.
const MARK: &str = "ALGORIC_RUN";

/// Runs a step; returns the worst exit code of its tasks.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let asked = srun::parse(&caller.args, &caller.environ, &caller.clock(), caller.is_root())?;
    for line in asked.asked.defined(NAME) {
        console::complain(line + "\n");
    }
    let asked = fitting(asked)?;
    match asked.job {
        None => outside::run(&asked, caller),
        Some(_) if asked.test_only => {
            console::complain(format!("{NAME}: allocation success\n"));
            Ok(0)
        }
        Some(job) if is_inside(job, &caller.environ) => inside(job, &asked, caller),
        Some(job) => joining(job, &asked, caller),
    }
}

/// What there is no place for here: other machines, and a terminal where there is none.
fn fitting(mut asked: Srun) -> Result<Srun, Refusal> {
    if let (Some(_), Some((least @ 2.., _)), Some(tasks @ 1)) = (asked.job, asked.asked.nodes, asked.asked.ntasks) {
        let text = format!("can't run {tasks} processes on {least} nodes, setting nnodes to {tasks}");
        console::complain(format!("{NAME}: Warning: {text}\n"));
        asked.asked.nodes = None;
    }
    refuse_places(&asked)?;
    if asked.pty && !stdin().is_terminal() {
        console::complain(format!("{NAME}: error: ioctl(TIOCGWINSZ): Inappropriate ioctl for device\n"));
        console::complain(format!("{NAME}: error: Not using a pseudo-terminal, disregarding --pty option\n"));
        asked.pty = false;
    }
    Ok(asked)
}

/// There is one machine: what places a step on another one cannot be.
fn refuse_places(asked: &Srun) -> Result<(), Refusal> {
    match (asked.job, asked.relative, asked.asked.nodes) {
        (None, Some(_), _) => {
            Err(Refusal::line(format!("{NAME}: fatal: --relative option invalid for job allocation request"), 1))
        }
        (Some(_), Some(first @ 1..), _) => {
            let text = "--relative and SLURM_JOB_NUM_NODES option incompatible with count of allocated nodes";
            Err(Refusal::error(NAME, format!("{text} ({first}+1>1)"), 1))
        }
        (Some(_), _, Some((least @ 2.., _))) => {
            Err(Refusal::error(NAME, format!("Only allocated 1 nodes asked for {least}"), 1))
        }
        _ => Ok(()),
    }
}

/// Whether we are a process of that job.
fn is_inside(job: JobId, environ: &[Variable]) -> bool {
    let mark = environ::get(environ, MARK).unwrap_or_default();
    let run = mark.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let number = run.split(|byte| *byte == b'.').next().unwrap_or_default();
    number == job.to_string().as_bytes()
}

/// The tasks are ours.
fn inside(job: JobId, asked: &Srun, caller: &Caller) -> Result<u8, Refusal> {
    let door = door()?;
    let request = request(asked, job, &door, false);
    let (mut session, granted) = Session::begin(request, of_job(&caller.environ), asked, caller)?;
    hook(asked.prolog.as_ref());
    let ended = plan::step(asked, &granted, caller).and_then(|mut plan| {
        plan.door = Some(door);
        let raw = asked.pty.then(step::Raw::new);
        let ended = step::run(plan, &mut session);
        drop(raw);
        ended.map_err(|error| Refusal::error(NAME, format!("cannot start the tasks: {error}"), 1))
    });
    finish(ended, session, &granted, asked, caller)
}

/// The tasks are those of a runner, which is started beside what the job runs.
fn joining(job: JobId, asked: &Srun, caller: &Caller) -> Result<u8, Refusal> {
    let door = door()?;
    let request = request(asked, job, &door, true);
    let (mut session, granted) = Session::begin(request, of_job(&caller.environ), asked, caller)?;
    hook(asked.prolog.as_ref());
    let ended = plan::step(asked, &granted, caller).and_then(|plan| {
        let mut runner = drive::called(NAME, &door, session.centre())?;
        drive::drive(plan, door, &mut runner, &mut session)
    });
    finish(ended, session, &granted, asked, caller)
}

fn finish(
    ended: Result<Ended, Refusal>,
    session: Session,
    granted: &plan::Granted,
    asked: &Srun,
    caller: &Caller,
) -> Result<u8, Refusal> {
    hook(asked.epilog.as_ref());
    let (ended, outcome) = match ended {
        Ok(ended) => {
            let code = ended.code;
            (ended, Ok(code))
        }
        Err(refusal) => (not_started(), Err(refusal)),
    };
    session.end(granted, &ended, false, caller);
    outcome
}

/// What the centre is asked for: a step, found at that door by `sattach`, and by a runner where there is to be one.
fn request(asked: &Srun, job: JobId, door: &Door, runner: bool) -> StepRequest {
    StepRequest {
        job,
        name: asked.name(),
        tasks: asked.tasks(),
        cpus_per_task: asked.asked.cpus_per_task.unwrap_or(1),
        overcommit: asked.overcommit,
        overlap: asked.overlap,
        // As in Slurm since 22.05, asking for CPUs a task means exactly those.
        exact: asked.exact || asked.exclusive || asked.asked.cpus_per_task.is_some(),
        immediate: asked.asked.immediate.is_some(),
        runner: runner.then(|| door.name().clone()),
        attach: Some(door.name().clone()),
    }
}

fn door() -> Result<Door, Refusal> {
    Door::open().map_err(|error| Refusal::error(NAME, format!("cannot wait to be called back: {error}"), 1))
}

/// What describes the job around us.
fn of_job(environ: &[Variable]) -> Vec<Variable> {
    environ.iter().filter(|(name, _)| name.starts_with(b"SLURM")).cloned().collect()
}

/// What is accounted for a step whose tasks never ran.
fn not_started() -> Ended {
    Ended { code: 1, state: JobState::Failed, exit: Exit { code: 1, signal: 0 }, usage: Usage::default() }
}

fn inform(asked: &Srun, text: &str) {
    if asked.asked.quiet == 0 {
        console::complain(format!("{NAME}: {text}\n"));
    }
}

/// `--prolog`, `--epilog`: run by `srun` itself; how they end does not matter to the step.
fn hook(program: Option<&Text>) {
    let Some(program) = program else { return };
    if let Err(error) = Command::new(std::ffi::OsStr::from_bytes(program.as_bytes())).status() {
        console::complain(format!("{NAME}: error: cannot run {program}: {error}\n"));
    }
}

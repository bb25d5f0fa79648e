//! `srun` inside a job: asks the centre for a step, runs its tasks, and says how it went.
//!
//! The connection stays open while the step runs: when `srun` dies, that is how the centre learns of it.

mod plan;

use std::{
    os::unix::ffi::OsStrExt as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use api::{Reply, Request, StepRequest, StepResult};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    srun::{self, Srun},
};
use model::{CpuSet, Exit, JobId, JobState, StepId, Text, Usage};

use super::{caller::Caller, refused::failed};
use crate::{
    client::{Client, ClientError},
    console,
    place::Place,
    step::{self, Ended},
};

const NAME: &str = "srun";

/// After how long waiting for CPUs is mentioned.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a job's step waits for a centre that is being restarted. Jobs outlive the centre; so should their steps.
const RESTART: Duration = Duration::from_secs(60);

/// How often we look whether it is back.
const BEAT: Duration = Duration::from_millis(100);

/// Runs a step; returns the worst exit code of its tasks.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let asked = srun::parse(&caller.args, &caller.environ, &caller.clock(), caller.is_root())?;
    let Some(job) = asked.job else { return Err(outside(caller)) };
    refuse_what_we_have_not(&asked)?;
    if asked.test_only {
        console::complain(format!("{NAME}: allocation success\n"));
        return Ok(0);
    }
    let request = StepRequest {
        job,
        name: asked.name(),
        tasks: asked.tasks(),
        cpus_per_task: asked.asked.cpus_per_task.unwrap_or(1),
        overlap: asked.overlap,
        // As in Slurm since 22.05, asking for CPUs a task means exactly those.
        exact: asked.exact || asked.exclusive || asked.asked.cpus_per_task.is_some(),
        immediate: asked.asked.immediate.is_some(),
    };
    let (centre, number, cpus) = begin(request, &asked, caller)?;
    let granted = plan::Granted { job, step: number, cpus };
    hook(asked.prolog.as_ref());
    let ended = plan::step(&asked, &granted, caller).and_then(|plan| {
        step::run(plan).map_err(|error| Refusal::error(NAME, format!("cannot start the tasks: {error}"), 1))
    });
    hook(asked.epilog.as_ref());
    let (ended, outcome) = match ended {
        Ok(ended) => {
            let code = ended.code;
            (ended, Ok(code))
        }
        Err(refusal) => (not_started(), Err(refusal)),
    };
    end(centre, &granted, ended, caller);
    outcome
}

/// No job around: what to do instead.
fn outside(caller: &Caller) -> Refusal {
    let command = super::command_words(&caller.args).join(" ");
    Refusal::error(NAME, "srun runs inside a job here, and SLURM_JOB_ID is not set: this is no job.", 1)
        .and(format!("{NAME}: error: Submit a job that does it: sbatch --wrap 'srun {command}'"))
}

/// Better a clear no than a step that lacks something.
fn refuse_what_we_have_not(asked: &Srun) -> Result<(), Refusal> {
    let missing = [
        ("--task-prolog", asked.task_prolog.is_some()),
        ("--task-epilog", asked.task_epilog.is_some()),
        ("--pty", asked.pty),
        ("--mpi=pmi2", asked.mpi.as_deref() == Some("pmi2")),
    ];
    match missing.iter().find(|(_, wanted)| *wanted) {
        Some((option, _)) => Err(Refusal::error(NAME, format!("{option} is not supported here yet"), 1)),
        None => Ok(()),
    }
}

/// Asks for the step until it is granted, also across a restart of the centre.
fn begin(request: StepRequest, asked: &Srun, caller: &Caller) -> Result<(Client, u32, CpuSet), Refusal> {
    let job = request.job;
    let request = Request::StepBegin(Box::new(request));
    let begun = Instant::now();
    let mut told = false;
    loop {
        let mut waited = false;
        let answer = caller.call().and_then(|mut centre| {
            let reply = centre.ask_patiently(&request, SILENCE, || {
                waited = true;
                inform(
                    asked,
                    &format!("Job {job} step creation temporarily disabled, retrying (Requested nodes are busy)"),
                );
            });
            Ok((reply?, centre))
        });
        match answer {
            Ok((Reply::Step { step, cpus }, centre)) => {
                if waited {
                    inform(asked, &format!("Step created for StepId={job}.{step}"));
                }
                return Ok((centre, step, cpus));
            }
            Ok(_) => return Err(refuse(ClientError::Unfit, job)),
            Err(error) if is_away(&error) && begun.elapsed() < RESTART => {
                if !std::mem::replace(&mut told, true) {
                    inform(
                        asked,
                        &format!("Job {job} step creation temporarily disabled, retrying ({})", failed(error).text()),
                    );
                }
                thread::sleep(BEAT);
            }
            Err(error) => return Err(refuse(error, job)),
        }
    }
}

fn inform(asked: &Srun, text: &str) {
    if asked.asked.quiet == 0 {
        console::complain(format!("{NAME}: {text}\n"));
    }
}

fn refuse(error: ClientError, job: JobId) -> Refusal {
    failed(error).refusal(Action::CreateStep { job })
}

/// Gone for the moment: somebody has served here, and may again.
fn is_away(error: &ClientError) -> bool {
    match error {
        ClientError::WentAway => true,
        ClientError::NoCentre { .. } => Place::find().socket().parent().is_some_and(|run| run.exists()),
        ClientError::Refused(refusal) => refusal.code == api::RefusalCode::ShuttingDown,
        _ => false,
    }
}

/// What is accounted for a step whose tasks never ran.
fn not_started() -> Ended {
    Ended { code: 1, state: JobState::Failed, exit: Exit { code: 1, signal: 0 }, usage: Usage::default() }
}

/// Says how it went, to this centre or to the next one.
fn end(mut centre: Client, granted: &plan::Granted, ended: Ended, caller: &Caller) {
    let request = Request::StepEnd(Box::new(StepResult {
        job: granted.job,
        step: StepId::Number(granted.step),
        state: ended.state,
        exit: ended.exit,
        usage: ended.usage,
        cpus: granted.cpus.clone(),
    }));
    let begun = Instant::now();
    loop {
        match centre.order(&request) {
            Err(error) if is_away(&error) => {}
            Ok(()) => return,
            Err(error) => return lost(granted, &failed(error)),
        }
        centre = loop {
            if begun.elapsed() > RESTART {
                return lost(granted, &Refused::ContactFailed);
            }
            thread::sleep(BEAT);
            if let Ok(back) = caller.call() {
                break back;
            }
        };
    }
}

fn lost(granted: &plan::Granted, refused: &Refused) {
    let (job, step) = (granted.job, granted.step);
    console::complain(format!("{NAME}: error: Unable to account for step {job}.{step}: {refused}\n"));
}

/// `--prolog`, `--epilog`: run by `srun` itself; how they end does not matter to the step.
fn hook(program: Option<&Text>) {
    let Some(program) = program else { return };
    if let Err(error) = Command::new(std::ffi::OsStr::from_bytes(program.as_bytes())).status() {
        console::complain(format!("{NAME}: error: cannot run {program}: {error}\n"));
    }
}

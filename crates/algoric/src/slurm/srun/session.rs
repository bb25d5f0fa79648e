//! A step as the centre sees it: begun, told of signals, ended; across restarts of the centre.

use std::{
    os::fd::{AsFd as _, BorrowedFd},
    thread,
    time::{Duration, Instant},
};

use api::{Reply, Request, StepRequest, StepResult};
use dialect::{
    environ::Variable,
    environment,
    errors::{Action, Refused},
    refusal::Refusal,
    srun::Srun,
};
use model::{JobId, StepId, Text};

use super::{NAME, inform, plan::Granted};
use crate::{
    client::{Client, ClientError},
    console,
    place::Place,
    slurm::{caller::Caller, refused::failed},
    step::{Ended, Orders, Told},
};

/// After how long waiting for CPUs is mentioned.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a job's step waits for a centre that is being restarted. Jobs outlive the centre; so should their steps.
const RESTART: Duration = Duration::from_secs(60);

/// How often we look whether it is back.
const BEAT: Duration = Duration::from_millis(100);

/// The connection that is held while a step runs.
pub struct Session {
    centre: Client,
}

impl Session {
    /// Of a step that has begun.
    pub fn new(centre: Client) -> Self {
        Self { centre }
    }

    /// The connection.
    pub fn centre(&mut self) -> &mut Client {
        &mut self.centre
    }

    /// Asks for the step until it is granted, also across a restart of the centre. `job` is what the caller knows of
    /// the job.
    ///
    /// # Errors
    /// What the centre refuses.
    pub fn begin(
        request: StepRequest,
        job: Vec<Variable>,
        asked: &Srun,
        caller: &Caller,
    ) -> Result<(Self, Granted), Refusal> {
        let id = request.job;
        let request = Request::StepBegin(Box::new(request));
        let begun = Instant::now();
        let mut told = false;
        loop {
            let mut waited = false;
            let answer = caller.call().and_then(|mut centre| {
                let reply = centre.ask_patiently(&request, SILENCE, || {
                    waited = true;
                    disabled(asked, id, "Requested nodes are busy");
                });
                Ok((reply?, centre))
            });
            match answer {
                Ok((Reply::Step { step, cpus, environment: known, kill_wait }, centre)) => {
                    if waited {
                        inform(asked, &format!("Step created for job {id}"));
                    }
                    let environment = environment::complete(job, variables(known));
                    return Ok((Self::new(centre), Granted { job: id, step, cpus, environment, kill_wait }));
                }
                Ok(_) => return Err(refuse(ClientError::Unfit, id)),
                Err(error) if is_away(&error) && begun.elapsed() < RESTART => {
                    if !std::mem::replace(&mut told, true) {
                        disabled(asked, id, &failed(error).text());
                    }
                    thread::sleep(BEAT);
                }
                Err(error) => return Err(refuse(error, id)),
            }
        }
    }

    /// Says how it went, to this centre or to the next one. `last`: the allocation ends with it.
    pub fn end(mut self, granted: &Granted, ended: &Ended, last: bool, caller: &Caller) {
        let request = Request::StepEnd(Box::new(StepResult {
            job: granted.job,
            step: StepId::Number(granted.step),
            state: ended.state,
            exit: ended.exit,
            usage: ended.usage,
            cpus: granted.cpus.clone(),
            last,
        }));
        let begun = Instant::now();
        loop {
            match self.centre.order(&request) {
                Err(error) if is_away(&error) => {}
                Ok(()) => return,
                Err(error) => return lost(granted, &failed(error)),
            }
            self.centre = loop {
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
}

impl Orders for Session {
    fn source(&self) -> Option<BorrowedFd<'_>> {
        Some(self.centre.as_fd())
    }

    fn hear(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        let mut heard = self.centre.hear();
        loop {
            match heard {
                Ok(Some(Reply::Signal(0))) => told.push(Told::End),
                Ok(Some(Reply::Signal(signal))) => told.push(Told::Signal(signal.into())),
                Ok(Some(_)) => {}
                Ok(None) => return told,
                // A centre that is being restarted: the step goes on.
                Err(_) => {
                    told.push(Told::Silence);
                    return told;
                }
            }
            heard = self.centre.take();
        }
    }
}

/// As the centre tells them.
pub fn variables(known: Vec<(Text, Text)>) -> Vec<Variable> {
    known.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect()
}

/// Gone for the moment: somebody has served here, and may again.
pub fn is_away(error: &ClientError) -> bool {
    match error {
        ClientError::WentAway => true,
        ClientError::NoCentre { .. } => Place::find().socket().parent().is_some_and(|run| run.exists()),
        ClientError::Refused(refusal) => refusal.code == api::RefusalCode::ShuttingDown,
        _ => false,
    }
}

fn disabled(asked: &Srun, job: JobId, why: &str) {
    inform(asked, &format!("Job {job} step creation temporarily disabled, retrying ({why})"));
}

fn refuse(error: ClientError, job: JobId) -> Refusal {
    failed(error).refusal(Action::CreateStep { job })
}

fn lost(granted: &Granted, refused: &Refused) {
    let (job, step) = (granted.job, granted.step);
    console::complain(format!("{NAME}: error: Unable to account for step {job}.{step}: {refused}\n"));
}

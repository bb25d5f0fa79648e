//! The process inside the job: calls its owner, and does as it says. As the keeper of an allocation it is the job's own
//! process: when it ends, the job does.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use model::Exit;
use nix::{
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, raise, sigaction, sigprocmask},
    unistd::{dup2_stderr, dup2_stdin, dup2_stdout, pause},
};

use super::{Channel, Door, FromRunner, ToRunner};
use crate::step::{self, Orders, Step, Told};

/// The variable that marks the processes of a job.
const MARK: &str = "ALGORIC_RUN";

/// Calls `name` and serves it to the end; what to exit with.
pub fn run(name: &[u8]) -> u8 {
    let exit = Channel::call(name).and_then(serve).unwrap_or(Exit { code: 1, signal: 0 });
    if let Ok(signal) = Signal::try_from(i32::from(exit.signal)) {
        die_of(signal);
    }
    exit.code
}

fn serve(mut owner: Channel) -> io::Result<Exit> {
    owner.send(&FromRunner::Here, &[])?;
    loop {
        match owner.receive()? {
            Some(ToRunner::Run(plan)) => {
                let said = match run_step(*plan, &mut owner) {
                    Ok(ended) => FromRunner::Ended(ended.into()),
                    Err(error) => FromRunner::Failed(error.to_string()),
                };
                owner.send(&said, &[])?;
            }
            Some(ToRunner::HoldAlone) => loop {
                pause();
            },
            Some(ToRunner::Finish(exit)) => return Ok(exit),
            Some(ToRunner::Hold | ToRunner::Signal(_) | ToRunner::End | ToRunner::Resize(..)) => {}
            // The owner was killed.
            None => return Ok(Exit { code: 0, signal: Signal::SIGTERM as u8 }),
        }
    }
}

fn run_step(mut plan: Step, owner: &mut Channel) -> io::Result<step::Ended> {
    let mut files: Vec<OwnedFd> = owner.files().collect();
    plan.door = files.pop().map(Door::from_file);
    plan.files = files.into_iter().map(File::from).collect();
    let [stdin, stdout, stderr, ..] = plan.files.as_slice() else { return Err(io::ErrorKind::InvalidData.into()) };
    // What is said here is said by srun.
    dup2_stdin(stdin)?;
    dup2_stdout(stdout)?;
    dup2_stderr(stderr)?;
    if let Some(mark) = std::env::var_os(MARK) {
        plan.environment.retain(|(name, _)| name != MARK.as_bytes());
        plan.environment.push((MARK.into(), mark.into_encoded_bytes()));
    }
    step::run(plan, &mut Remote(owner))
}

/// The owner's orders, while the step runs.
struct Remote<'a>(&'a mut Channel);

impl Orders for Remote<'_> {
    fn source(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    fn hear(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        if !self.0.fill().unwrap_or(false) {
            return vec![Told::Gone];
        }
        while let Ok(Some(message)) = self.0.next() {
            match message {
                ToRunner::Signal(signal) => told.push(Told::Signal(signal)),
                ToRunner::End => told.push(Told::End),
                ToRunner::Resize(rows, columns) => told.push(Told::Resize(rows, columns)),
                ToRunner::Run(_) | ToRunner::Hold | ToRunner::HoldAlone | ToRunner::Finish(_) => {}
            }
        }
        told
    }

    fn is_below_supervisor(&self) -> bool {
        true
    }
}

/// Ends as the step did: by a signal, so that the accounts tell the same.
fn die_of(signal: Signal) {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours.
    unsafe { sigaction(signal, &default).ok() };
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).ok();
    raise(signal).ok();
}

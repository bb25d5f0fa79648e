//! A step whose tasks are a runner's, inside the job: given its plan and our open files, told what we are told.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _, RawFd},
};

use api::Reply;
use dialect::refusal::Refusal;
use model::{Exit, JobState, Usage};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, SigmaskHow, Signal, sigprocmask},
        signalfd::{SfdFlags, SignalFd},
    },
};

use super::NAME;
use crate::{
    client::Client,
    step::{self, Channel, Door, Ended, FromRunner, Orders, Step, ToRunner, Told},
};

/// What we pass on instead of dying of it.
const TAKEN: [Signal; 8] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGWINCH,
];

/// The runner, once it has called. The centre hangs up, or says something, when it will not come.
///
/// # Errors
/// It does not come.
pub fn called(program: &str, door: &Door, centre: &mut Client) -> Result<Channel, Refusal> {
    let gone = || Refusal::error(program, "The job ended before anything was started in it", 1);
    let mut centre = Some(centre);
    loop {
        let mut files = vec![PollFd::new(door.as_fd(), PollFlags::POLLIN)];
        files.extend(centre.iter().map(|centre| PollFd::new(centre.as_fd(), PollFlags::POLLIN)));
        match poll(&mut files, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(Refusal::error(program, format!("cannot wait: {error}"), 1)),
        }
        let said = files.get(1).and_then(PollFd::any).unwrap_or(false);
        while let Some(mut caller) = door.accept() {
            if matches!(caller.receive(), Ok(Some(FromRunner::Here))) {
                return Ok(caller);
            }
        }
        match centre.as_mut().filter(|_| said).map(|centre| centre.hear()) {
            Some(Ok(Some(Reply::Ended { .. } | Reply::Signal(_)))) => return Err(gone()),
            // A centre that is being restarted: the job goes on.
            Some(Err(_)) => centre = None,
            Some(Ok(_)) | None => {}
        }
    }
}

/// Runs the step to its end.
///
/// # Errors
/// The tasks could not be started.
pub fn drive(plan: Step, door: Door, runner: &mut Channel, orders: &mut impl Orders) -> Result<Ended, Refusal> {
    let failed = |error: io::Error| Refusal::error(NAME, format!("cannot start the tasks: {error}"), 1);
    let set: SigSet = TAKEN.into_iter().collect();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None).map_err(|error| failed(error.into()))?;
    let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|error| failed(error.into()))?;
    let mut files: Vec<RawFd> = plan.files.iter().map(|file| file.as_raw_fd()).collect();
    files.push(door.as_fd().as_raw_fd());
    let raw = plan.terminal.map(|_| step::Raw::new());
    let order = ToRunner::Run(Box::new(plan));
    runner.send(&order, &files).map_err(failed)?;
    // From here on the files are the runner's: our copies would keep pipes open.
    drop((order, door));
    let ended = follow(runner, orders, &signals);
    drop(raw);
    ended.map_err(failed)
}

/// Passes on what comes, until the runner has said how it went.
fn follow(runner: &mut Channel, orders: &mut impl Orders, signals: &SignalFd) -> io::Result<Ended> {
    let mut silent = false;
    loop {
        let heard = {
            let mut files =
                vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(runner.as_fd(), PollFlags::POLLIN)];
            files.extend(orders.source().filter(|_| !silent).map(|source| PollFd::new(source, PollFlags::POLLIN)));
            match poll(&mut files, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            files.get(2).and_then(PollFd::any).unwrap_or(false)
        };
        while let Ok(Some(signal)) = signals.read_signal() {
            let order = match signal.ssi_signo as i32 {
                libc::SIGWINCH => {
                    let (rows, columns) = step::terminal_size();
                    ToRunner::Resize(rows, columns)
                }
                signal => ToRunner::Signal(signal),
            };
            runner.send(&order, &[]).ok();
        }
        for told in if heard { orders.hear() } else { Vec::new() } {
            match told {
                Told::Signal(signal) => drop(runner.send(&ToRunner::Signal(signal), &[])),
                Told::End => drop(runner.send(&ToRunner::End, &[])),
                Told::Silence | Told::Gone => silent = true,
                Told::Resize(..) => {}
            }
        }
        if let Some(ended) = listen(runner)? {
            return Ok(ended);
        }
    }
}

/// What the runner says, if it says something now.
fn listen(runner: &mut Channel) -> io::Result<Option<Ended>> {
    let mut ready = [PollFd::new(runner.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PollTimeout::ZERO)? == 0 {
        return Ok(None);
    }
    let open = runner.fill().unwrap_or(false);
    match runner.next()? {
        Some(FromRunner::Ended(report)) => Ok(Some(report.into())),
        Some(FromRunner::Failed(why)) => Err(io::Error::other(why)),
        Some(FromRunner::Here) => Ok(None),
        None if open => Ok(None),
        // Ended by force, with the whole job.
        None => Ok(Some(killed())),
    }
}

fn killed() -> Ended {
    let exit = Exit { code: 0, signal: libc::SIGKILL as u8 };
    Ended { code: 128 + exit.signal, state: JobState::Cancelled, exit, usage: Usage::default() }
}

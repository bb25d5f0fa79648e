//! `salloc`: an allocation, and a command or a shell of the caller's beside it, whose `srun` runs steps in it.

use std::{
    ffi::OsString,
    os::{
        fd::AsFd as _,
        unix::{ffi::OsStringExt as _, process::ExitStatusExt as _},
    },
    process::{Child, Command, ExitStatus},
};

use api::Request;
use dialect::{
    environment,
    errors::Action,
    refusal::Refusal,
    salloc::{self, Salloc},
};
use model::{Exit, Text};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{Pid, User, getuid, isatty},
};

use super::{allocation, asked, caller::Caller, refused::failed, srun};
use crate::{
    console,
    step::{Channel, Door, ToRunner, unmasked},
};

const NAME: &str = "salloc";

/// Signals that a person sends from the keyboard are the command's, not ours.
const LEFT: [Signal; 4] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCHLD];
/// These end the command, and then us.
const PASSED: [Signal; 2] = [Signal::SIGTERM, Signal::SIGHUP];

/// Allocates, runs the command, gives the allocation back; returns what the command returned.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let asked = salloc::parse(&caller.args, &caller.environ, &caller.clock(), caller.is_root())?;
    for line in asked.asked.defined(NAME) {
        console::complain(line + "\n");
    }
    let cannot = |error: std::io::Error| Refusal::error(NAME, format!("cannot wait to be called back: {error}"), 1);
    let door = Door::open().map_err(cannot)?;
    let mut spec = asked.spec(&asked::context(NAME, caller, None)?);
    spec.args = vec![door.name().clone()];
    let wish = allocation::Wish { program: NAME, asked: &asked.asked, spec, step: None, test_only: false };
    let Some((mut centre, granted)) = allocation::obtain(wish, caller)? else { return Ok(0) };
    let [first, last] = asked.granted(granted.job);
    let mut keeper = srun::called(NAME, &door, &mut centre)?;
    say(first);
    let relinquish = Request::Relinquish(granted.job);
    if asked.no_shell {
        keeper.send(&ToRunner::HoldAlone, &[]).map_err(cannot)?;
        centre.order(&relinquish).map_err(|error| failed(error).refusal(Action::Submit(NAME)))?;
        return Ok(0);
    }
    let signals = take_signals().map_err(|error| cannot(error.into()))?;
    let mut own = srun::variables(granted.environment);
    own.extend(environment::asked_memory(asked.asked.memory));
    let How { ended, revoked, told } = match start(&asked, own) {
        Ok(mut command) => follow(&mut command, &mut keeper, &signals, &asked, granted.job).map_err(cannot)?,
        Err(refusal) => {
            centre.order(&relinquish).ok();
            keeper.send(&ToRunner::Finish(Exit { code: 1, signal: 0 }), &[]).ok();
            return Err(match last {
                Some(last) => refusal.and(last),
                None => refusal,
            });
        }
    };
    if !revoked {
        if told != Some(Signal::SIGTERM) {
            say(last);
        }
        // Slurm's salloc hears of its own job's end where that was not a good one.
        if told.is_some() || ended.code().is_some_and(|code| code != 0) {
            say_revoked(&asked, granted.job);
        }
        centre.order(&relinquish).ok();
        let exit = Exit { code: ended.code().unwrap_or(0) as u8, signal: ended.signal().unwrap_or(0) as u8 };
        keeper.send(&ToRunner::Finish(exit), &[]).ok();
    }
    Ok(exit_code(ended))
}

fn say(line: Option<String>) {
    if let Some(line) = line {
        console::complain(line + "\n");
    }
}

fn take_signals() -> Result<SignalFd, Errno> {
    let set: SigSet = LEFT.into_iter().chain(PASSED).collect();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// Starts the command, or the user's shell, with what describes the allocation.
fn start(asked: &Salloc, own: Vec<dialect::environ::Variable>) -> Result<Child, Refusal> {
    let text = |text: &Text| OsString::from_vec(text.as_bytes().to_vec());
    let mut words = asked.command.iter().map(text);
    let program = words.next().unwrap_or_else(shell);
    let own = own.into_iter().map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value)));
    let mut command = unmasked(Command::new(&program));
    command.args(words).envs(own);
    if let Some(directory) = &asked.asked.chdir {
        command.current_dir(text(directory));
    }
    let unknown = format!("_fork_command: Unable to find command \"{}\"", program.display());
    command.spawn().map_err(|_| Refusal::error(NAME, unknown, 1))
}

/// The user's own, as the password database says.
fn shell() -> OsString {
    match User::from_uid(getuid()) {
        Ok(Some(user)) => user.shell.into_os_string(),
        _ => "/bin/sh".into(),
    }
}

/// How it went.
struct How {
    /// The command's end.
    ended: ExitStatus,
    /// The allocation was gone before.
    revoked: bool,
    /// What we were told to end by.
    told: Option<Signal>,
}

fn say_revoked(asked: &Salloc, job: model::JobId) {
    if asked.asked.quiet == 0 {
        console::complain(format!("{NAME}: Job allocation {job} has been revoked.\n"));
    }
}

/// Waits for the end of the command, or of the allocation, which ends the command.
fn follow(
    command: &mut Child,
    keeper: &mut Channel,
    signals: &SignalFd,
    asked: &Salloc,
    job: model::JobId,
) -> std::io::Result<How> {
    let (mut revoked, mut told) = (false, None);
    loop {
        if let Some(ended) = command.try_wait()? {
            return Ok(How { ended, revoked, told });
        }
        let hung_up = {
            let mut files = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
            files.extend((!revoked).then(|| PollFd::new(keeper.as_fd(), PollFlags::POLLIN)));
            match poll(&mut files, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            files.get(1).and_then(PollFd::any).unwrap_or(false)
        };
        let pid = Pid::from_raw(command.id() as i32);
        if hung_up && !keeper.fill().unwrap_or(false) {
            revoked = true;
            say_revoked(asked, job);
            let wished = asked.kill_command.and_then(|number| Signal::try_from(i32::from(number)).ok());
            // A shell whose allocation is gone hangs up; another command goes on unless -K says otherwise.
            if let Some(signal) = wished.or(is_interactive().then_some(Signal::SIGHUP)) {
                kill(pid, signal).ok();
            }
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            let passed = PASSED.into_iter().find(|passed| *passed as i32 == signal.ssi_signo as i32);
            if let Some(signal) = passed {
                told = Some(signal);
                kill(pid, signal).ok();
            }
        }
    }
}

fn is_interactive() -> bool {
    isatty(std::io::stdin()).unwrap_or(false)
}

/// The command's own code; a signal that a person may have sent is none.
fn exit_code(ended: ExitStatus) -> u8 {
    match (ended.code(), ended.signal()) {
        (Some(code), _) => code as u8,
        (None, Some(libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGKILL)) => 0,
        (None, _) => 1,
    }
}

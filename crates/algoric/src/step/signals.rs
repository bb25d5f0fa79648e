//! The signals that `srun` gets, as events, and who sent them.

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd},
};

use nix::{
    sys::{
        signal::{SigSet, SigmaskHow, Signal, sigprocmask},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{Pid, getppid},
};

/// What `srun` reacts to instead of dying of it.
const TAKEN: [Signal; 10] = [
    Signal::SIGCHLD,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGCONT,
    Signal::SIGWINCH,
];

/// The signals taken over.
pub struct Signals {
    file: SignalFd,
    supervisor: Option<Pid>,
}

/// One signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrived {
    /// Which.
    pub signal: Signal,
    /// It comes from the job's supervisor, which sends to all processes of the job: the tasks have it already.
    pub to_whole_job: bool,
}

impl Signals {
    /// From now on the signals are read here. `child_of_supervisor`: our parent is the job's supervisor.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn take(child_of_supervisor: bool) -> io::Result<Self> {
        let set: SigSet = TAKEN.into_iter().collect();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
        let file = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let supervisor = if child_of_supervisor { Some(getppid()) } else { supervisor() };
        Ok(Self { file, supervisor })
    }

    /// The next signal, if one is there.
    pub fn next(&mut self) -> Option<Arrived> {
        let info = self.file.read_signal().ok().flatten()?;
        let signal = Signal::try_from(info.ssi_signo as i32).ok()?;
        let sender = Pid::from_raw(info.ssi_pid as i32);
        Some(Arrived { signal, to_whole_job: self.supervisor == Some(sender) })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The parent of the batch script, whose number the script's environment has. Inside another step's task the variable
/// means that task, whose parent is another `srun`, which signals only its own tasks: so there it is nobody.
fn supervisor() -> Option<Pid> {
    if std::env::var_os("SLURM_STEP_ID").is_some() {
        return None;
    }
    let script: i32 = std::env::var("SLURM_TASK_PID").ok()?.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{script}/stat")).ok()?;
    parent(&stat).map(Pid::from_raw)
}

/// The fourth field of `/proc/PID/stat` (proc(5)); the second, in brackets, may hold anything.
fn parent(stat: &str) -> Option<i32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_parent() {
        assert_eq!(parent("12 (a) b) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12 (bash) S"), None);
    }
}

//! How tasks ended, and what that makes of the step: `srun`'s messages, its exit code, what is accounted.
//!
//! Pure. Must not know processes.

use std::collections::BTreeMap;

use model::{Exit, JobState};
use nix::sys::signal::Signal;

/// How one task ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ending {
    /// By itself, with this code.
    Code(u8),
    /// By this signal; with a core file or without.
    Signal(u8, bool),
}

impl Ending {
    /// From the status that `wait4` gives.
    pub fn from_status(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Ending::Signal(libc::WTERMSIG(status) as u8, libc::WCOREDUMP(status))
        } else {
            Ending::Code(libc::WEXITSTATUS(status) as u8)
        }
    }

    /// As a shell shows it.
    pub fn shell_code(self) -> u8 {
        match self {
            Ending::Code(code) => code,
            Ending::Signal(signal, _) => signal.saturating_add(128),
        }
    }

    /// In words.
    pub fn text(self) -> String {
        match self {
            Ending::Code(code) => format!("Exited with exit code {code}"),
            Ending::Signal(signal, core) => {
                let core = if core { " (core dumped)" } else { "" };
                format!("{}{core}", signal_text(signal))
            }
        }
    }
}

/// What the C library calls it (`strsignal`), where a step may end by it.
fn signal_text(number: u8) -> String {
    let text = match Signal::try_from(i32::from(number)) {
        Ok(Signal::SIGHUP) => "Hangup",
        Ok(Signal::SIGINT) => "Interrupt",
        Ok(Signal::SIGQUIT) => "Quit",
        Ok(Signal::SIGILL) => "Illegal instruction",
        Ok(Signal::SIGTRAP) => "Trace/breakpoint trap",
        Ok(Signal::SIGABRT) => "Aborted",
        Ok(Signal::SIGBUS) => "Bus error",
        Ok(Signal::SIGFPE) => "Floating point exception",
        Ok(Signal::SIGKILL) => "Killed",
        Ok(Signal::SIGUSR1) => "User defined signal 1",
        Ok(Signal::SIGSEGV) => "Segmentation fault",
        Ok(Signal::SIGUSR2) => "User defined signal 2",
        Ok(Signal::SIGPIPE) => "Broken pipe",
        Ok(Signal::SIGALRM) => "Alarm clock",
        Ok(Signal::SIGTERM) => "Terminated",
        Ok(Signal::SIGXCPU) => "CPU time limit exceeded",
        Ok(Signal::SIGXFSZ) => "File size limit exceeded",
        _ => return format!("Signal {number}"),
    };
    text.to_owned()
}

/// The lines about tasks that ended badly, equal ends together: `srun: error: vm: tasks 0-1: Exited with exit code 2`.
pub fn messages(node: &str, ended: &[(u32, Ending)]) -> Vec<String> {
    let mut groups: BTreeMap<Ending, Vec<u32>> = BTreeMap::new();
    for (rank, ending) in ended.iter().filter(|(_, ending)| *ending != Ending::Code(0)) {
        groups.entry(*ending).or_default().push(*rank);
    }
    groups
        .into_iter()
        .map(|(ending, ranks)| {
            let plural = if ranks.len() == 1 { "task" } else { "tasks" };
            let ranks: model::IndexSet = ranks.into_iter().collect();
            format!("srun: error: {node}: {plural} {ranks}: {}", ending.text())
        })
        .collect()
}

/// What `srun` returns: the worst of its tasks.
pub fn exit_code(endings: impl IntoIterator<Item = Ending>) -> u8 {
    endings.into_iter().map(Ending::shell_code).max().unwrap_or(0)
}

/// What is accounted: the greatest exit code; else a signal, which makes it cancelled. A step that was to end and left in
/// its own way ended in that way.
pub fn outcome(endings: impl IntoIterator<Item = Ending>) -> (JobState, Exit) {
    let (mut code, mut signal) = (0, 0);
    for ending in endings {
        match ending {
            Ending::Code(other) => code = code.max(other),
            Ending::Signal(other, _) => signal = signal.max(other),
        }
    }
    match (code, signal) {
        (0, 0) => (JobState::Completed, Exit::default()),
        (0, signal) => (JobState::Cancelled, Exit { code: 0, signal }),
        (code, _) => (JobState::Failed, Exit { code, signal: 0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_put_together() {
        let ended = [
            (0, Ending::Code(2)),
            (1, Ending::Code(2)),
            (3, Ending::Code(2)),
            (2, Ending::Signal(9, false)),
            (4, Ending::Code(0)),
        ];
        assert_eq!(
            messages("vm", &ended),
            ["srun: error: vm: tasks 0-1,3: Exited with exit code 2", "srun: error: vm: task 2: Killed"]
        );
    }

    #[test]
    fn the_worst_counts() {
        use JobState::{Cancelled, Completed, Failed};
        let (ok, bad, killed) = (Ending::Code(0), Ending::Code(4), Ending::Signal(9, false));
        for (endings, code, state, exit) in [
            (vec![ok, ok], 0, Completed, "0:0"),
            (vec![ok, bad], 4, Failed, "4:0"),
            (vec![killed], 137, Cancelled, "0:9"),
            (vec![killed, bad], 137, Failed, "4:0"),
            (vec![Ending::Signal(15, false)], 143, Cancelled, "0:15"),
        ] {
            assert_eq!(exit_code(endings.iter().copied()), code, "{endings:?}");
            let (found, shown) = outcome(endings.iter().copied());
            assert_eq!((found, shown.to_string().as_str()), (state, exit), "{endings:?}");
        }
    }
}

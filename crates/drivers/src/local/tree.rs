//! Process trees, read from `/proc`, and signals that reach the process that was meant and no later one of its number.
//! Must not know jobs.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use nix::errno::Errno;
use nix::unistd::Pid;

/// A process, told apart from a later one of the same number by when it was born (clock ticks after boot).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) born: u64,
}

/// What `/proc/PID/stat` says, as far as it is needed here (proc(5)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) state: u8,
    pub(crate) parent: Pid,
    pub(crate) born: u64,
    pub(crate) rss_pages: u64,
    /// CPU time of its own and of the children it has waited for, in clock ticks.
    pub(crate) cpu_ticks: u64,
}

/// Reads it; `None` when there is no such process.
pub(crate) fn stat(pid: Pid) -> Option<Stat> {
    parse_stat(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(line: &[u8]) -> Option<Stat> {
    // The name stands in brackets and may hold anything, brackets too.
    let after = line.iter().rposition(|byte| *byte == b')')? + 2;
    let rest = std::str::from_utf8(line.get(after..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let pid = |at: usize| fields.get(at)?.parse().ok().map(Pid::from_raw);
    Some(Stat {
        state: *fields.first()?.as_bytes().first()?,
        parent: pid(1)?,
        born: fields.get(19)?.parse().ok()?,
        rss_pages: fields.get(21)?.parse().ok()?,
        cpu_ticks: fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum(),
    })
}

/// The user that a process really is of, whatever rights its program gives it; `None` when there is no such process.
pub(crate) fn real_uid(pid: Pid) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().next()?.parse().ok()
}

/// Numbers of all processes.
pub(crate) fn all() -> Vec<Pid> {
    let Ok(listing) = std::fs::read_dir("/proc") else { return Vec::new() };
    listing.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw)).collect()
}

/// Children of one process.
pub(crate) fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        match std::fs::read_to_string(thread.path().join("children")) {
            Ok(text) => {
                found.extend(text.split_ascii_whitespace().filter_map(|word| word.parse().ok().map(Pid::from_raw)))
            }
            // A kernel without CONFIG_PROC_CHILDREN: ask everybody for their parent.
            Err(error) if error.kind() == io::ErrorKind::NotFound && thread.path().exists() => {
                return all().into_iter().filter(|other| stat(*other).is_some_and(|stat| stat.parent == pid)).collect();
            }
            Err(_) => {}
        }
    }
    found
}

/// Children of one process, told apart from later ones of their numbers.
pub(crate) fn children_of(pid: Pid) -> Vec<Process> {
    children(pid).into_iter().filter_map(|pid| Some(Process { pid, born: stat(pid)?.born })).collect()
}

/// Everything below one process, parents before children. Processes that fork meanwhile may be missed: whoever means
/// all asks again until there is nothing new.
pub(crate) fn descendants(root: Pid) -> Vec<(Process, Stat)> {
    let mut found: Vec<(Process, Stat)> = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut waiting = vec![root];
    while let Some(parent) = waiting.pop() {
        for pid in children(parent) {
            if seen.insert(pid)
                && let Some(stat) = stat(pid)
            {
                found.push((Process { pid, born: stat.born }, stat));
                waiting.push(pid);
            }
        }
    }
    found
}

/// Whether a process has this very file open.
pub(crate) fn has_open(pid: Pid, file: &File) -> bool {
    let Ok(wanted) = file.metadata() else { return false };
    let Ok(listing) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    listing.flatten().any(|entry| {
        // Looks at the file itself, through the link.
        std::fs::metadata(entry.path()).is_ok_and(|about| (about.dev(), about.ino()) == (wanted.dev(), wanted.ino()))
    })
}

/// Sends a signal to exactly that process. A process that is gone is no error.
pub(crate) fn signal(process: Process, signal: libc::c_int) -> Result<(), Errno> {
    // SAFETY: takes two numbers, gives a new descriptor or an error.
    let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, process.pid.as_raw(), 0) };
    if stat(process.pid).is_none_or(|now| now.born != process.born) {
        if handle >= 0 {
            // SAFETY: the kernel has just made it, nobody else knows it.
            drop(unsafe { OwnedFd::from_raw_fd(handle as i32) });
        }
        return Ok(());
    }
    let answer = if handle < 0 {
        // Before Linux 5.3 there is a gap between looking and sending.
        // SAFETY: takes two numbers.
        Errno::result(unsafe { libc::kill(process.pid.as_raw(), signal) }).map(drop)
    } else {
        // SAFETY: the kernel has just made it, nobody else knows it.
        let handle = unsafe { OwnedFd::from_raw_fd(handle as i32) };
        let none = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: a null information pointer means what kill(2) would say.
        let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), signal, none, 0) };
        Errno::result(sent).map(drop)
    };
    match answer {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_may_hold_brackets() {
        let line =
            b"42 (a) R 7 (x)) S 1 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987 1000 55 18446744073709551615 1 1\n";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.parent.as_raw(), stat.born, stat.rss_pages), (1, 987, 55));
        assert_eq!(stat.state, b'S');
    }

    #[test]
    fn finds_itself() {
        let own = stat(Pid::this()).unwrap();
        assert!(own.rss_pages > 0);
        assert!(children(own.parent).contains(&Pid::this()));
    }
}

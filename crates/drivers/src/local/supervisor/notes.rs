//! Lines that the engine adds to a job's error file. A short-lived child writes them as the owner, who may have put
//! anything at that path meanwhile.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::super::protocol::Launch;
use super::super::spawn::{Memory, spawn};
use super::super::sys;
use super::Supervisor;

/// A file that takes longer to write to is not waited for.
const PATIENCE_MS: u16 = 500;

struct Note<'a> {
    launch: &'a Launch,
    groups: Option<&'a [libc::gid_t]>,
    line: String,
}

impl Supervisor {
    /// Appends a line to the job's error file, if it has one and it is still there.
    pub(super) fn write_note(&mut self, line: &str) {
        let Some(job) = &self.job else { return };
        let line = format!("{line}\n");
        let mut note = Note { launch: &job.launch, groups: job.owner_groups.as_deref(), line };
        // SAFETY: there is one thread; the child has memory of its own, never returns, and is waited for below or
        // needs nothing of ours.
        let Ok(child) = (unsafe { spawn(&self.stack, Memory::Copied, None, write_it, &raw mut note) }) else { return };
        // SAFETY: takes two numbers, gives a new descriptor or an error.
        let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, child.as_raw(), 0) };
        if handle >= 0 {
            // SAFETY: the kernel has just made it, nobody else knows it.
            let handle = unsafe { OwnedFd::from_raw_fd(handle as i32) };
            let mut source = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
            poll(&mut source, PollTimeout::from(PATIENCE_MS)).unwrap_or_default();
        }
    }
}

extern "C" fn write_it(note: *mut Note<'_>) -> ! {
    // SAFETY: our own copy of what the parent made.
    let note = unsafe { &*note };
    set_pdeathsig(Signal::SIGKILL).unwrap_or_default();
    let owner = &note.launch.owner;
    let allowed = note.groups.is_none_or(|groups| sys::become_user(owner.uid.0, owner.gid.0, groups).is_ok());
    if let Some(path) = note.launch.stderr.as_ref().or(note.launch.stdout.as_ref()).filter(|_| allowed) {
        let path = Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()));
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        if let Ok(mut file) = OpenOptions::new().append(true).custom_flags(flags).open(path) {
            file.write_all(note.line.as_bytes()).unwrap_or_default();
        }
    }
    // SAFETY: leaves without running what the supervisor has registered for its own exit.
    unsafe { libc::_exit(0) }
}

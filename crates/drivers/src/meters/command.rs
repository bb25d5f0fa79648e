//! Runs a program of the system for its output, and never waits longer than a limit. Must not know what it prints.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::MeterError;

/// No meter says more.
const MOST: usize = 256 * 1024;

/// What a program said.
pub struct Said {
    /// On its standard output,
    pub output: Vec<u8>,
    /// and on its standard error.
    pub complaint: Vec<u8>,
    /// Whether it ended well.
    pub is_success: bool,
    /// What it ended with, unless by a signal.
    pub code: Option<i32>,
}

/// Runs `command` in a group of its own with `input`. `what` names it in errors.
///
/// # Errors
/// It is not installed, or takes longer than `limit`: then its whole group is ended.
pub fn run(mut command: Command, input: &[u8], what: &str, limit: Duration) -> Result<Said, MeterError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let input = readable(input).map_err(|source| MeterError::Unreachable { what: what.into(), source })?;
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => MeterError::Missing(format!("{what} needs the program `{program}`")),
        _ => MeterError::Unreachable { what: what.into(), source },
    })?;
    let said = converse(&mut child, Instant::now() + limit);
    if !matches!(said, Ok(Some(_))) {
        // It may have ended by itself meanwhile; its number is ours until it is waited for.
        let _gone = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    }
    let status = child.wait();
    match (said, status) {
        (Ok(Some((output, complaint))), Ok(status)) => {
            Ok(Said { output, complaint, is_success: status.success(), code: status.code() })
        }
        (Ok(None), _) => Err(MeterError::Late { what: what.into(), limit }),
        (Err(source), _) | (_, Err(source)) => Err(MeterError::Unreachable { what: what.into(), source }),
    }
}

/// What a program reads as its input: a file in memory, so that nobody has to wait until it has read all.
fn readable(input: &[u8]) -> io::Result<Stdio> {
    let mut file = File::from(memfd_create("input", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(input)?;
    file.rewind()?;
    Ok(file.into())
}

/// Output and complaint until both are closed; `None` when the time is over.
fn converse(child: &mut Child, until: Instant) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let (Some(mut output), Some(mut complaint)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("no pipe"));
    };
    let mut said = [Vec::new(), Vec::new()];
    let mut is_open = [true, true];
    while is_open != [false, false] {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let which: Vec<usize> = (0..2).filter(|&at| is_open[at]).collect();
        let both = [output.as_fd(), complaint.as_fd()];
        let mut fds: Vec<PollFd> = which.iter().map(|&at| PollFd::new(both[at], PollFlags::POLLIN)).collect();
        let milliseconds = left.as_millis().clamp(1, 60_000) as u16;
        match poll(&mut fds, PollTimeout::from(milliseconds)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        for (&at, _) in which.iter().zip(ready).filter(|(_, is_ready)| *is_ready) {
            let mut buffer = [0; 4096];
            let count = if at == 0 { output.read(&mut buffer) } else { complaint.read(&mut buffer) }?;
            is_open[at] = count > 0;
            let room = MOST - said[at].len();
            said[at].extend_from_slice(&buffer[..count.min(room)]);
        }
    }
    // Both are closed, so it is ending; one that closes them and goes on is taken for late.
    while child.try_wait()?.is_none() {
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let [output, complaint] = said;
    Ok(Some((output, complaint)))
}

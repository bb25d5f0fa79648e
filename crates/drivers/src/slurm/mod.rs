//! The commands of a Slurm that is installed here, run for their output. Must not know what they print, nor who asked.
//!
//! They are run without a shell, in a group of their own, with an environment that the caller names, and never for longer
//! than a limit: a controller that does not answer makes a command wait for minutes.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Seek},
    ops::ControlFlow,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        memfd::{MFdFlags, memfd_create},
        signal::{Signal, killpg},
    },
    unistd::Pid,
};
use std::os::fd::AsFd;

/// Where Slurm's commands are, and which cluster they mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slurm {
    /// The folder of `sacct` and its sisters; `None`: wherever the search path has them.
    pub folder: Option<PathBuf>,
    /// `SLURM_CONF`; `None`: the system's own.
    pub conf: Option<PathBuf>,
    /// How long a command may say nothing.
    pub limit: Duration,
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// It could not be run.
    #[error("{program} cannot be run: {source}")]
    Program {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It said no.
    #[error("{program}: {complaint}")]
    Refused {
        /// Which.
        program: String,
        /// What it wrote on its standard error.
        complaint: String,
        /// What it ended with, unless by a signal.
        code: Option<i32>,
    },
    /// It said nothing for too long, and was ended.
    #[error("{program} said nothing for {} s", limit.as_secs())]
    Late {
        /// Which.
        program: String,
        /// How long.
        limit: Duration,
    },
}

/// How the reading of an output ended.
enum Read {
    Whole,
    /// Nothing came for too long.
    Late,
    Enough,
}

/// Enough of a complaint.
const COMPLAINT: usize = 2000;

impl Slurm {
    /// The command with its words, ready to be started.
    fn command<S: AsRef<str>>(&self, program: &str, arguments: &[S], environment: &[(&str, &str)]) -> Command {
        let path = self.folder.as_ref().map_or_else(|| OsString::from(program), |folder| folder.join(program).into());
        let mut command = Command::new(path);
        command.args(arguments.iter().map(AsRef::as_ref)).envs(environment.iter().copied()).process_group(0);
        // What the caller's own environment says of formats and clusters is not meant here.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["SACCT_", "SQUEUE_", "SLURM_", "SBATCH_", "SCONTROL_"].iter().any(|start| text.starts_with(start))
                && text != "SLURM_CONF"
            {
                command.env_remove(&name);
            }
        }
        if let Some(conf) = &self.conf {
            command.env("SLURM_CONF", conf);
        }
        command.envs(environment.iter().copied());
        command
    }

    /// All that a command prints.
    ///
    /// # Errors
    /// [`SlurmError`].
    pub fn ask<S: AsRef<str>>(
        &self,
        program: &str,
        arguments: &[S],
        environment: &[(&str, &str)],
    ) -> Result<Vec<u8>, SlurmError> {
        let mut all = Vec::new();
        self.stream(program, arguments, environment, &mut |bytes| {
            all.extend_from_slice(bytes);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// What a command prints, as it comes, until `each` has enough. Pieces that came before an error were given all the same.
    ///
    /// # Errors
    /// [`SlurmError`].
    pub fn stream<S: AsRef<str>>(
        &self,
        program: &str,
        arguments: &[S],
        environment: &[(&str, &str)],
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), SlurmError> {
        let wrap = |source| SlurmError::Program { program: program.to_owned(), source };
        let mut complaint = File::from(memfd_create("complaint", MFdFlags::MFD_CLOEXEC).map_err(|e| wrap(e.into()))?);
        let mut command = self.command(program, arguments, environment);
        let error = complaint.try_clone().map_err(wrap)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(error);
        let mut child = command.spawn().map_err(wrap)?;
        let read = self.read(&mut child, each);
        if !matches!(read, Ok(Read::Whole)) {
            // It may have ended by itself meanwhile; its number is ours until it is waited for.
            let _gone = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
        }
        let status = child.wait().map_err(wrap)?;
        match read.map_err(wrap)? {
            Read::Late => return Err(SlurmError::Late { program: program.to_owned(), limit: self.limit }),
            Read::Enough => return Ok(()),
            Read::Whole => {}
        }
        if status.success() {
            return Ok(());
        }
        let mut text = String::new();
        complaint.rewind().and_then(|()| (&mut complaint).take(COMPLAINT as u64).read_to_string(&mut text)).ok();
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it failed and said nothing");
        Err(SlurmError::Refused { program: program.to_owned(), complaint: last.to_owned(), code: status.code() })
    }

    /// Until the output is closed.
    fn read(&self, child: &mut Child, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> io::Result<Read> {
        let Some(mut output) = child.stdout.take() else { return Err(io::Error::other("no pipe")) };
        let mut buffer = vec![0; 256 << 10];
        let mut until = Instant::now() + self.limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Read::Late);
            }
            let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::from(left.as_millis().clamp(1, 60_000) as u16)) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            match output.read(&mut buffer)? {
                0 => return Ok(Read::Whole),
                count if each(&buffer[..count]).is_break() => return Ok(Read::Enough),
                _ => {}
            }
            until = Instant::now() + self.limit;
        }
    }
}

/// A name that nobody can guess, to keep fields of members' texts apart: a control character, and four letters by chance.
///
/// # Errors
/// The system gives no random bytes.
pub fn separator() -> io::Result<String> {
    let mut bytes = [0u8; 4];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.";
    let text = bytes.iter().map(|byte| char::from(letters[usize::from(byte & 63)]));
    Ok(std::iter::once('\u{1e}').chain(text).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shell(limit: u64) -> Slurm {
        Slurm { folder: Some("/bin".into()), conf: Some("/x/slurm.conf".into()), limit: Duration::from_millis(limit) }
    }

    #[test]
    fn what_a_command_says() {
        let said = shell(10_000).ask("sh", &["-c", "printf \"$SLURM_CONF $TZ\""], &[("TZ", "UTC")]).unwrap();
        assert_eq!(String::from_utf8(said).unwrap(), "/x/slurm.conf UTC");
        let many = shell(10_000).ask("sh", &["-c", "head -c 3000000 /dev/zero"], &[]).unwrap();
        assert_eq!(many.len(), 3_000_000);
    }

    #[test]
    fn what_it_does_not_say() {
        let fault = |limit, script: &str| shell(limit).ask("sh", &["-c", script], &[]).unwrap_err().to_string();
        assert_eq!(fault(10_000, "echo one >&2; echo 'error: two' >&2; exit 3"), "sh: error: two");
        assert_eq!(fault(10_000, "exit 1"), "sh: it failed and said nothing");
        let begun = Instant::now();
        assert!(fault(200, "sleep 60").starts_with("sh said nothing for"));
        assert!(begun.elapsed() < Duration::from_secs(20));
        let mut count = 0;
        let mut enough = |bytes: &[u8]| {
            count += bytes.len();
            if count < 100_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        shell(10_000).stream("sh", &["-c", "yes; exit 1"], &[], &mut enough).unwrap();
        assert!((100_000..1_000_000).contains(&count), "{count}");
        assert!(shell(1).ask("no-such-program", &[""; 0], &[]).is_err());
    }

    #[test]
    fn separators_differ() {
        let (one, other) = (separator().unwrap(), separator().unwrap());
        assert!(one != other && one.len() == 5 && one.starts_with('\u{1e}'));
    }
}

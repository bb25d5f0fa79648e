//! `--task-prolog` and `--task-epilog`: short programs around each task.

use std::{
    ffi::OsStr,
    io::{self, Read as _},
    os::unix::{ffi::OsStrExt as _, process::CommandExt as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use dialect::environ::Variable;
use model::Text;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};

/// A program around a task is killed after so long.
const LIMIT: Duration = Duration::from_secs(60);
/// How often we look whether it has ended.
const BEAT: Duration = Duration::from_millis(2);
/// So much of what a prolog says is read.
const MOST: u64 = 1 << 20;

/// Runs the prolog of a task and does what it says: `export NAME=value`, `unset NAME`, `print words`. Gives what is to be
/// printed.
///
/// # Errors
/// It cannot be run, or ended badly: then the task does not start.
pub fn prolog(program: &Text, environment: &mut Vec<Variable>, workdir: &[u8]) -> io::Result<Vec<u8>> {
    let said = call(program, environment, workdir)?;
    let mut printed = Vec::new();
    for line in said.split(|byte| *byte == b'\n') {
        if let Some(words) = line.strip_prefix(b"print ") {
            printed.extend_from_slice(words);
            printed.push(b'\n');
        } else if let Some(name) = line.strip_prefix(b"unset ") {
            environment.retain(|(known, _)| known != name.trim_ascii());
        } else if let Some(pair) = line.strip_prefix(b"export ")
            && let Some(at) = pair.iter().position(|byte| *byte == b'=')
        {
            environment.retain(|(known, _)| *known != pair[..at]);
            environment.push((pair[..at].to_vec(), pair[at + 1..].to_vec()));
        }
    }
    Ok(printed)
}

/// Runs the epilog of a task, whatever comes of it.
pub fn epilog(program: &Text, environment: &[Variable], workdir: &[u8]) {
    call(program, environment, workdir).ok();
}

/// A command that does not inherit that we read signals from a file instead of being struck by them.
pub fn unmasked(mut command: Command) -> Command {
    // SAFETY: one system call with memory of its own.
    unsafe {
        command.pre_exec(|| {
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
            Ok(())
        });
    }
    command
}

fn call(program: &Text, environment: &[Variable], workdir: &[u8]) -> io::Result<Vec<u8>> {
    let pairs = environment.iter().map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value)));
    let mut child = unmasked(Command::new(OsStr::from_bytes(program.as_bytes())))
        .env_clear()
        .envs(pairs)
        .current_dir(OsStr::from_bytes(workdir))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let reader = child.stdout.take().map(|out| {
        thread::spawn(move || {
            let mut said = Vec::new();
            out.take(MOST).read_to_end(&mut said).ok();
            said
        })
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > LIMIT {
            child.kill().ok();
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(BEAT);
    };
    let said = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if status.success() { Ok(said) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_prolog_changes_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("prolog");
        let script = "#!/bin/sh\necho \"export A=$B 2\"\necho unset B\necho print hello\necho other\n";
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut environment = vec![(b"B".to_vec(), b"1".to_vec()), (b"PATH".to_vec(), b"/bin".to_vec())];
        let program = Text::from(path.to_str().unwrap());
        assert_eq!(prolog(&program, &mut environment, b"/").unwrap(), b"hello\n");
        assert_eq!(environment, [(b"PATH".to_vec(), b"/bin".to_vec()), (b"A".to_vec(), b"1 2".to_vec())]);
        assert!(prolog(&Text::from("/bin/false"), &mut environment, b"/").is_err());
    }
}

//! What a child executes and opens, laid out as the kernel wants it before the child is born.

use std::ffi::{CStr, CString};
use std::io;
use std::path::Path;

use model::Text;
use nix::unistd::Pid;

use super::super::places::c_path;
use super::super::protocol::Launch;

/// A script with its arguments, its environment and its files.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) path: CString,
    pub(super) argv: Vec<*const libc::c_char>,
    pub(super) envp: Vec<*const libc::c_char>,
    pub(super) workdir: CString,
    pub(super) stdin: Option<CString>,
    pub(super) stdout: Option<CString>,
    /// `None`: where standard output goes.
    pub(super) stderr: Option<CString>,
    /// `NAME=` with room for a number, for each variable that gets the child's process id.
    pids: Vec<Vec<u8>>,
    /// What the pointers point into.
    _strings: Vec<CString>,
    _environment: Vec<u8>,
}

/// Room for the greatest process id and a NUL.
const DIGITS: usize = 11;

impl Program {
    /// The launch's script, which lies at `script`, marked.
    ///
    /// # Errors
    /// A string with a NUL in it.
    pub(crate) fn new(script: &Path, launch: &Launch, mark: &str) -> io::Result<Self> {
        let path = c_path(script)?;
        let mut strings = launch.args.iter().map(c_text).collect::<io::Result<Vec<_>>>()?;
        let mut argv = vec![path.as_ptr()];
        argv.extend(strings.iter().map(|arg| arg.as_ptr()));
        argv.push(std::ptr::null());
        strings.push(CString::new(mark).map_err(io::Error::other)?);
        let mut pids: Vec<Vec<u8>> = Vec::new();
        for name in &launch.pid_variables {
            let mut entry = CString::new(name.as_str()).map_err(io::Error::other)?.into_bytes();
            entry.push(b'=');
            entry.extend_from_slice(&[0; DIGITS]);
            pids.push(entry);
        }
        let environment = launch.env.to_block();
        let mut envp: Vec<_> = pids.iter().map(|entry| entry.as_ptr().cast()).collect();
        envp.extend(strings.last().map(|mark| mark.as_ptr()));
        let mut at = 0;
        for entry in environment.split_inclusive(|byte| *byte == 0) {
            envp.push(environment[at..].as_ptr().cast());
            at += entry.len();
        }
        envp.push(std::ptr::null());
        let stderr = launch.stderr.as_ref().filter(|stderr| Some(*stderr) != launch.stdout.as_ref());
        Ok(Self {
            path,
            argv,
            envp,
            workdir: c_text(&launch.workdir)?,
            stdin: launch.stdin.as_ref().map(c_text).transpose()?,
            stdout: launch.stdout.as_ref().map(c_text).transpose()?,
            stderr: stderr.map(c_text).transpose()?,
            pids,
            _strings: strings,
            _environment: environment,
        })
    }

    /// Fills in the child's process id. In place, because the environment points there.
    pub(super) fn set_pid(&mut self, pid: Pid) {
        for entry in &mut self.pids {
            let (mut left, mut at) = (pid.as_raw(), entry.len() - DIGITS);
            let mut power = 1_000_000_000;
            while power > 1 && left / power == 0 {
                power /= 10;
            }
            while power > 0 {
                entry[at] = b'0' + (left / power % 10) as u8;
                left %= power;
                power /= 10;
                at += 1;
            }
        }
    }

    /// The environment as the script will see it.
    #[cfg(test)]
    fn environment(&self) -> Vec<&CStr> {
        // SAFETY: every pointer but the last is to a NUL-terminated string that this object owns.
        self.envp[..self.envp.len() - 1].iter().map(|entry| unsafe { CStr::from_ptr(*entry) }).collect()
    }
}

fn c_text(text: &Text) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(io::Error::other)
}

/// A path, or the device that swallows everything.
pub(super) fn or_null(path: Option<&CString>) -> &CStr {
    path.map_or(c"/dev/null", CString::as_c_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::super::protocol::{Environment, tests::sample};
    use super::*;

    #[test]
    fn process_ids_are_filled_in() {
        let run = model::RunId { job: model::JobId(1), attempt: 0 };
        let mut launch = sample(run);
        launch.pid_variables = vec!["P".to_owned(), "LONGER".to_owned()];
        launch.env = Environment::from_pairs([("A", "1"), ("B", "")]);
        let mut program = Program::new(Path::new("/s"), &launch, "MARK=x").unwrap();
        for pid in [7, 10, 4_194_304, i32::MAX] {
            program.pids.iter_mut().for_each(|entry| {
                let at = entry.len() - DIGITS;
                entry[at..].fill(0);
            });
            program.set_pid(Pid::from_raw(pid));
            let seen: Vec<&str> = program.environment().iter().map(|entry| entry.to_str().unwrap()).collect();
            assert_eq!(seen, [&format!("P={pid}"), &format!("LONGER={pid}"), "MARK=x", "A=1", "B="]);
        }
    }
}

//! Calling the program, by any of its names, with nothing of the tester's own environment but `PATH`.

use std::{
    env,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

/// What a call printed and returned, as the captured texts write it.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// A call of `algoric`, or of itself under another name.
pub struct Call {
    command: Command,
    stdin: Vec<u8>,
}

impl Call {
    /// `name` is the first word of the command line; `data` is the centre that is meant.
    pub fn new(name: &str, data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_algoric"));
        command
            .arg0(name)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("ALGORIC_DATA", data)
            .env("TZ", "UTC")
            .current_dir(data);
        Self { command, stdin: Vec::new() }
    }

    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    pub fn directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    pub fn run(mut self) -> Said {
        let mut child =
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input may close it first.
        child.stdin.take().unwrap().write_all(&self.stdin).ok();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Said {
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            code: status.code().unwrap(),
        }
    }
}

impl Said {
    /// In the form of the captured texts: output, errors with `2> `, exit code.
    pub fn captured(&self) -> String {
        let errors: String = self.stderr.lines().map(|line| format!("2> {line}\n")).collect();
        format!("{}{errors}[exit {}]\n", self.stdout, self.code)
    }
}

//! Calling the program, by any of its names, with nothing of the tester's own environment but `PATH`.

use std::{
    env,
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
        Self { command }
    }

    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn run(mut self) -> Said {
        let Output { status, stdout, stderr } = self.command.stdin(Stdio::null()).output().unwrap();
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

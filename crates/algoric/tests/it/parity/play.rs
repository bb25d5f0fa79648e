//! Types the lines of a case, with Slurm or with ours, and hears what is said. Does not judge it.

use std::{
    ffi::OsString,
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::case::Case;

/// Where and as whom lines are typed.
pub struct Typist {
    pub directory: PathBuf,
    /// `None`: as who we are.
    pub user: Option<u32>,
    pub path: OsString,
    pub variables: Vec<(&'static str, OsString)>,
}

impl Typist {
    /// Puts a case's files where they are needed.
    pub fn lay_out(&self, case: &Case) {
        for (name, body) in &case.files {
            let path = self.directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, body).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            if let Some(uid) = self.user {
                for path in path.ancestors().take_while(|path| *path != self.directory) {
                    chown(path, Some(uid), Some(uid)).unwrap();
                }
            }
        }
    }

    /// Types a line and gives what it says, in the words of a case's file.
    pub fn type_line(&self, line: &str) -> String {
        let mut command = Command::new("timeout");
        let prelude = super::folder().join("prelude.sh");
        let script = format!("umask 022; . {}; {line}", prelude.display());
        command.args(["-k", "1", "100", "bash", "-c", &script]);
        command.env_clear().env("PATH", &self.path).current_dir(&self.directory).stdin(Stdio::null());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        if let Some(uid) = self.user {
            command.uid(uid).gid(uid);
        }
        let output = command.output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !said.is_empty() && !said.ends_with('\n') {
            said.push('\n');
        }
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            said.push_str(&format!("2> {line}\n"));
        }
        match output.status.code() {
            Some(0) => {}
            code => said.push_str(&format!("[exit {}]\n", code.unwrap_or(-1))),
        }
        said
    }
}

/// What a shell needs to know of its user.
pub fn variables(user: &str, home: &Path) -> Vec<(&'static str, OsString)> {
    vec![
        ("USER", user.into()),
        ("LOGNAME", user.into()),
        ("HOME", home.into()),
        ("SHELL", "/bin/bash".into()),
        ("TZ", "UTC".into()),
        ("LANG", "C.UTF-8".into()),
    ]
}

/// Moves the numbers of jobs: five digits that name one of the hundred after `from` name the one after `to`.
pub fn renumber(text: &str, from: u32, to: u32) -> String {
    renumber_by(text, |number| (from..from + 100).contains(&number).then(|| number - from + to))
}

/// Moves those numbers of five digits that have another.
pub fn renumber_by(text: &str, other: impl Fn(u32) -> Option<u32>) -> String {
    let moved = |word: &str| word.parse().ok().filter(|_| word.len() == 5).and_then(&other);
    let words = crate::replay::split_numbers(text).into_iter();
    words.map(|word| moved(word).map_or_else(|| word.to_owned(), |number| number.to_string())).collect()
}

/// The number of the job that a line has submitted, if it says so.
pub fn submitted(said: &str) -> Option<u32> {
    said.lines().rev().find_map(|line| line.strip_prefix("Submitted batch job ")?.parse().ok())
}

#[test]
fn numbers_move() {
    assert_eq!(renumber("job10007_3,10008 100071 7 10205", 10_005, 90_001), "job90003_3,90004 100071 7 10205");
    assert_eq!(submitted("x\nSubmitted batch job 7\n2> y\n"), Some(7));
}

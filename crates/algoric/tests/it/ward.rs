//! A centre of our own: started, killed, started again, and asked by the commands that members use.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

pub const EXE: &str = env!("CARGO_BIN_EXE_algoric");

/// A centre that is killed and started again.
pub struct Ward {
    directory: tempfile::TempDir,
    pub up: Option<Child>,
}

impl Ward {
    pub fn new(config: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("crash").tempdir().unwrap();
        let mut mode = fs::metadata(directory.path()).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(directory.path(), mode).unwrap();
        let ward = Self { directory, up: None };
        fs::create_dir(ward.data()).unwrap();
        fs::create_dir(ward.path("out")).unwrap();
        // Members who are not us write their output there.
        fs::set_permissions(ward.path("out"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        fs::write(ward.data().join("config.toml"), config).unwrap();
        let made = Command::new(EXE).arg("commands").arg(ward.path("bin")).stdout(Stdio::null()).status().unwrap();
        assert!(made.success());
        ward
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Starts the centre and waits until it is ready; what hinders it is shown.
    pub fn start(&mut self) {
        self.start_by(&[EXE]);
    }

    /// As [`Ward::start`], by a command that ends in becoming `algoric`.
    pub fn start_by(&mut self, words: &[&str]) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("up.log")).unwrap();
        let up = Command::new(words[0])
            .args(&words[1..])
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.up = Some(up);
        let begun = Instant::now();
        while !self.status().is_some_and(|(_, _, ready)| ready) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", fs::read_to_string(self.path("up.log")).unwrap());
            sleep(Duration::from_millis(10));
        }
    }

    /// Processes of the centre and the launcher, and whether it is ready.
    pub fn status(&self) -> Option<(i32, i32, bool)> {
        let out = Command::new(EXE).args(["status", "--json", "--data"]).arg(self.data()).output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out.stdout).ok()?;
        let pid = |key: &str| i32::try_from(json[key].as_i64()?).ok();
        Some((pid("pid")?, pid("launcher_pid")?, json["ready"].as_bool()?))
    }

    /// Waits until `up` is gone, which must not take long once one half is.
    pub fn wait_gone(&mut self, other: i32) {
        let begun = Instant::now();
        let mut up = self.up.take().unwrap();
        while up.try_wait().unwrap().is_none() || is_alive(other) {
            assert!(begun.elapsed() < Duration::from_secs(3), "the other half did not end");
            sleep(Duration::from_millis(5));
        }
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path("bin").join(name));
        command.env("ALGORIC_DATA", self.data()).current_dir(self.path("out"));
        command
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        if let Some(mut up) = self.up.take() {
            for state in ["PENDING", "RUNNING", "SUSPENDED"] {
                self.command("scancel").arg("--state").arg(state).status().ok();
            }
            kill(Pid::from_raw(up.id() as i32), Signal::SIGTERM).ok();
            up.wait().ok();
        }
    }
}

/// There, and no zombie.
pub fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

/// Runs a command and gives its exit code, standard output and standard error.
pub fn outcome(command: &mut Command) -> (i32, String, String) {
    let out = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

/// Waits until it holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        sleep(Duration::from_millis(20));
    }
}

//! The private centre: started, asked to stop, and taken away with all that it left, whatever happens in between.

use std::{
    env, fs,
    fs::File,
    io,
    os::unix::{ffi::OsStringExt as _, fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use api::{CancelFilter, JobTarget, Reply, Request};
use model::JobId;
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid, mkdtemp},
};

use super::interrupt;
use crate::{
    client::{Client, ClientError},
    place::{Place, VARIABLE},
    report::Fault,
    words::Words,
};

/// How long the centre may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often we look whether it is.
const BEAT: Duration = Duration::from_millis(20);

/// How long cancelled jobs may take to leave.
const LEAVE: Duration = Duration::from_secs(5);

/// A centre that nobody else knows.
pub struct PrivateCentre {
    program: PathBuf,
    base: PathBuf,
    keep: bool,
    child: Child,
    jobs: Vec<JobId>,
    ended: bool,
}

impl PrivateCentre {
    /// Starts it in `keep`, or in a new temporary directory, and waits until it is ready.
    ///
    /// # Errors
    /// When the directory cannot be made or the centre does not come up: with its own last words.
    pub fn start(keep: Option<&Path>, words: &Words) -> anyhow::Result<Self> {
        let program = env::current_exe().context("cannot find this program's own file")?;
        let base = match keep {
            Some(directory) => {
                fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
                fs::canonicalize(directory)?
            }
            None => temporary()?,
        };
        let child = match launch(&program, &base) {
            Ok(child) => child,
            Err(error) => {
                clear(&base, keep.is_some());
                return Err(error);
            }
        };
        let mut centre = Self { program, base, keep: keep.is_some(), child, jobs: Vec::new(), ended: false };
        centre.wait_until_ready(words)?;
        Ok(centre)
    }

    fn wait_until_ready(&mut self, words: &Words) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && !interrupt::came() {
            let asked = self.call().and_then(|mut client| client.ask(&Request::Status));
            if matches!(asked, Ok(Reply::Status(report)) if report.ready) {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            thread::sleep(BEAT);
        }
        if interrupt::came() {
            return Err(Fault::new("try-interrupted", []).code(crate::exit::INTERRUPTED).into());
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let said = if log.trim().is_empty() { words.say("try-silent") } else { log.trim().to_owned() };
        Err(Fault::new("try-no-centre", [("log", said)]).into())
    }

    /// A connection to it.
    ///
    /// # Errors
    /// [`ClientError::NoCentre`].
    pub fn call(&self) -> Result<Client, ClientError> {
        Client::connect(&Place::at(self.data()))
    }

    /// This program under another name, speaking to this centre.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg0(name).env(VARIABLE, self.data());
        // What an outer job or a member's habits would change does not belong into a first impression.
        for (variable, _) in env::vars_os() {
            let bytes = variable.clone().into_vec();
            if [b"SLURM".as_slice(), b"SBATCH"].iter().any(|prefix| bytes.starts_with(prefix)) {
                command.env_remove(variable);
            }
        }
        command
    }

    /// The program's own file, for job scripts.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Where everything lies.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Jobs to be ended first when we have to leave early.
    pub fn will_cancel(&mut self, jobs: impl IntoIterator<Item = JobId>) {
        self.jobs = jobs.into_iter().collect();
    }

    fn data(&self) -> PathBuf {
        self.base.join("centre")
    }

    fn log(&self) -> PathBuf {
        self.base.join("centre.log")
    }

    /// Ends it, and takes away what it left unless that is wanted.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.cancel_jobs();
        // A failure leads to the signal below.
        self.call().and_then(|mut client| client.order(&Request::Stop { drain: false })).ok();
        for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGKILL)] {
            if let Some(signal) = signal {
                kill(Pid::from_raw(self.child.id() as i32), signal).ok();
            }
            if self.is_gone_within(PATIENCE / 2) {
                break;
            }
        }
        clear(&self.base, self.keep);
    }

    fn cancel_jobs(&self) {
        let Ok(mut client) = self.call() else { return };
        let targets: Vec<JobTarget> = self.jobs.iter().map(|id| JobTarget { id: *id, tasks: None }).collect();
        if targets.is_empty() {
            return;
        }
        client.ask(&Request::Cancel(CancelFilter { targets, ..CancelFilter::default() })).ok();
        let begun = Instant::now();
        while begun.elapsed() < LEAVE {
            match client.ask(&Request::Status) {
                Ok(Reply::Status(report)) if report.running > 0 => thread::sleep(BEAT),
                _ => return,
            }
        }
    }

    fn is_gone_within(&mut self, span: Duration) -> bool {
        let begun = Instant::now();
        loop {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            if begun.elapsed() >= span {
                return false;
            }
            thread::sleep(BEAT);
        }
    }
}

impl Drop for PrivateCentre {
    fn drop(&mut self) {
        self.end();
    }
}

/// A new directory below the system's temporary one. Root's centre gives its privilege away and must still be able to
/// pass through.
fn temporary() -> anyhow::Result<PathBuf> {
    let base = mkdtemp(&env::temp_dir().join("algoric-try.XXXXXX")).context("cannot make a temporary directory")?;
    let mode = if geteuid().is_root() { 0o755 } else { 0o700 };
    fs::set_permissions(&base, fs::Permissions::from_mode(mode))?;
    Ok(fs::canonicalize(base)?)
}

fn launch(program: &Path, base: &Path) -> anyhow::Result<Child> {
    let log = File::create(base.join("centre.log")).context("cannot write into the new directory")?;
    let mut command = Command::new(program);
    command
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(base.join("centre"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C is for us: we end the jobs first.
        .process_group(0);
    command.spawn().context("cannot start the centre")
}

/// Everything, or nothing but what makes no sense later.
fn clear(base: &Path, keep: bool) {
    if keep {
        return;
    }
    // The launcher may still be putting its last file away.
    for _ in 0..50 {
        match fs::remove_dir_all(base) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(BEAT),
            _ => return,
        }
    }
}

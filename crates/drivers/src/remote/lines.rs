//! Connections that stay open: a machine that is asked many things shakes hands once. Kept by `ssh` itself, as processes of
//! its own; without them everything works as well, and takes longer. Must not know what is said over them.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::Host;

/// A socket's path may be no longer than this, with 40 letters of `ssh`'s own behind it.
const LONGEST: usize = 60;

/// The open connections of one program.
#[derive(Debug)]
pub(super) struct Lines {
    folder: PathBuf,
    tried: Mutex<BTreeMap<Host, Tried>>,
}

/// Whether a machine could be reached, or why not; while it is being tried, others wait for what comes of it.
type Tried = Arc<OnceLock<Result<(), String>>>;

impl Lines {
    /// A place for them, which only this user may enter. None where there can be none.
    pub fn open() -> Option<Self> {
        let id = std::process::id();
        let places = [std::env::temp_dir(), PathBuf::from("/tmp")];
        let folder = places.into_iter().map(|place| place.join(format!("algoric-ssh-{id}")));
        let folder = folder.into_iter().find(|folder| folder.as_os_str().len() <= LONGEST)?;
        DirBuilder::new().mode(0o700).create(&folder).ok()?;
        Some(Self { folder, tried: Mutex::default() })
    }

    /// What `ssh` is told to go over an open connection, if there is one.
    pub fn path(&self) -> String {
        format!("ControlPath={}/%C", self.folder.display())
    }

    /// Opens a machine's connection unless that was tried; `command` is an `ssh` to it that lacks only what it is to do.
    ///
    /// # Errors
    /// Why the machine cannot be reached, as `ssh` says it.
    pub fn prepare(&self, host: &Host, command: impl FnOnce() -> Command) -> Result<(), String> {
        let tried = {
            let mut all = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(host.clone()).or_default())
        };
        tried.get_or_init(|| begin(command())).clone()
    }
}

/// Has `ssh` connect and go on in the background. Its complaints go into a file in memory: the end of a pipe would be held
/// for as long as the connection is.
fn begin(mut command: Command) -> Result<(), String> {
    let file = memfd_create("complaints", MFdFlags::MFD_CLOEXEC).map(File::from);
    let both = file.ok().and_then(|file| Some((file.try_clone().ok()?, file)));
    // Whatever fails on this side, the machine itself is asked without an open connection.
    let Some((complaints, mut file)) = both else { return Ok(()) };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    match command.status() {
        Ok(status) if !status.success() => {
            let mut said = String::new();
            let read = file.rewind().and_then(|()| file.read_to_string(&mut said));
            let last = said.trim_end().lines().last().unwrap_or_default().trim().to_owned();
            if read.is_err() || last.is_empty() { Ok(()) } else { Err(last) }
        }
        _ => Ok(()),
    }
}

impl Drop for Lines {
    /// Hangs up. What is left after a crash ends by itself within a minute.
    fn drop(&mut self) {
        let all = std::mem::take(&mut *self.tried.lock().unwrap_or_else(PoisonError::into_inner));
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let mut hang_up = Command::new("ssh");
            hang_up.arg("-o").arg(format!("ControlPath={}", entry.path().display())).args(["-O", "exit", "line"]);
            // It may have ended by itself.
            let _gone = hang_up.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
        drop(all);
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

//! Which centre is meant: its data directory, and where things lie in it.
//!
//! Must not know what is in those files.

use std::{
    env,
    path::{Path, PathBuf},
};

use centre::Paths;

/// Names the centre for every command.
pub const VARIABLE: &str = "ALGORIC_DATA";

/// Exists while a centre started by root is, or was, up since the machine booted.
const SYSTEM_RUN: &str = "/run/algoric";

/// One centre's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    data: PathBuf,
}

impl Place {
    /// The centre with this data directory.
    pub fn at(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    /// `ALGORIC_DATA`; else the system's centre where root has started one (or root asks); else the user's own.
    pub fn find() -> Self {
        let chosen = env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self::at(chosen.unwrap_or_else(|| {
            let system = centre::system_data().to_owned();
            let started = Paths::new(&system).socket().exists() || Path::new(SYSTEM_RUN).exists();
            if started || nix::unistd::geteuid().is_root() { system } else { own() }
        }))
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The socket that commands speak to.
    pub fn socket(&self) -> PathBuf {
        Paths::new(&self.data).socket()
    }
}

/// The user's own: `$XDG_DATA_HOME/algoric`, else `~/.local/share/algoric`.
fn own() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    match set("XDG_DATA_HOME") {
        Some(base) => base.join("algoric"),
        None => set("HOME").or_else(home_of_user).unwrap_or_else(|| "/".into()).join(".local/share/algoric"),
    }
}

/// The password database's word, for who has no `HOME` (cron, a hardened unit).
fn home_of_user() -> Option<PathBuf> {
    nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.dir)
}

//! The one machine that the centre runs on: its topology, and the processes of its jobs.
//!
//! Two kinds of process do the work. The **launcher** alone keeps privilege: it takes [`protocol::Order`]s from the
//! centre over one socket and hands each run to a **supervisor**, which starts the job, watches it, cleans up after it
//! and writes what it saw into its slot file. A slot file outlives both, so that whoever comes next knows.
//!
//! This must not know SQL, the protocol of the commands, Slurm's options, nor why a job is started or ended.

pub mod account;
mod cgroup;
mod child;
mod clock;
pub mod doctor;
pub mod files;
pub mod gpu;
pub mod launcher;
pub mod link;
mod parcel;
mod places;
pub mod protocol;
mod slot;
mod spawn;
mod supervisor;
mod sys;
pub mod system;
pub mod topology;
mod tree;
mod wire;

/// What can go wrong while the launcher sets itself up or serves.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, a directory or a system call.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, and to what.
        what: String,
        /// What the system answered.
        source: std::io::Error,
    },
    /// Another launcher serves this data directory.
    #[error("another launcher already serves {0}")]
    Taken(std::path::PathBuf),
    /// A directory that others could have changed under us.
    #[error("{path} must belong to uid {uid} and be writable by nobody else")]
    Unsafe {
        /// Which.
        path: std::path::PathBuf,
        /// To whom it should belong.
        uid: u32,
    },
    /// What the other side sent makes no sense.
    #[error("the other side sent what cannot be read: {0}")]
    Protocol(String),
}

/// Names what was being done when a system call failed.
trait Context<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<std::io::Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|error| Error::Io { what: what(), source: error.into() })
    }
}

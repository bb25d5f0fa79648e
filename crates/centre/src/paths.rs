//! Where things lie under the data directory. One place, so that nobody guesses.

use std::path::{Path, PathBuf};

/// The files of one centre.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paths {
    /// The data directory.
    pub data: PathBuf,
}

impl Paths {
    /// Of the centre in that directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    /// The directory of the data file; the service's own, nobody else looks in.
    pub fn database_directory(&self) -> PathBuf {
        self.data.join("db")
    }

    /// The data file.
    pub fn database(&self) -> PathBuf {
        self.database_directory().join("algoric.db")
    }

    /// What the owner decided.
    pub fn config(&self) -> PathBuf {
        self.data.join("config.toml")
    }

    /// Sockets and locks; the service's own.
    pub fn run(&self) -> PathBuf {
        self.data.join("run")
    }

    /// Where commands come in.
    pub fn socket(&self) -> PathBuf {
        self.run().join("centre.sock")
    }

    /// The key by which machines know the centre; the service's own.
    pub fn gate_key(&self) -> PathBuf {
        self.database_directory().join("gate.key")
    }

    /// Its half that everybody may know.
    pub fn gate_public(&self) -> PathBuf {
        self.run().join("gate.pub")
    }

    /// Held by the process that serves this data; where nobody else can hold it.
    pub fn lock(&self) -> PathBuf {
        self.database_directory().join("centre.lock")
    }

    /// Letters that no server has taken yet; the service's own.
    pub fn mail(&self) -> PathBuf {
        self.database_directory().join("mail")
    }

    /// What the machines of a park that is only played do; the service's own.
    pub fn park(&self) -> PathBuf {
        self.database_directory().join("park")
    }

    /// What the launcher keeps of running jobs; its own.
    pub fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// Held by the launcher that serves this data.
    pub fn launcher_lock(&self) -> PathBuf {
        self.spool().join("launcher.lock")
    }

    /// Where a launcher of its own unit waits for the centre.
    pub fn launcher_socket(&self) -> PathBuf {
        self.data.join("launcher.sock")
    }
}

/// The data directory of the centre that root runs.
pub fn system_data() -> &'static Path {
    Path::new("/var/lib/algoric")
}

//! What can go wrong with the data file, said for a person.

use std::path::PathBuf;

/// A failure of the data file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused; the text is its own.
    #[error("the data file {path} failed while {doing}: {source}")]
    Sql {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// SQLite's word.
        #[source]
        source: rusqlite::Error,
    },
    /// A file around the data file could not be handled.
    #[error("{doing} {path} failed: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The system's word.
        #[source]
        source: std::io::Error,
    },
    /// The file was written by a later version.
    #[error(
        "{path} has format {found}, this program knows up to {known}: install the version that wrote it, or a later one"
    )]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Not one of our files.
    #[error("{path} is not a data file of Algoric")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// Something stored cannot be read back.
    #[error("{path} holds something unreadable ({what}): run `algoric check`, then restore a backup")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What.
        what: String,
    },
    /// A centre is using the file.
    #[error("a centre is running on {path}: stop it first (`algoric stop`)")]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The file failed its check.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
}

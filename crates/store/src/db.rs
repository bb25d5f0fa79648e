//! Opening the data file: settings, format, upgrades that keep the old file until the new one has opened.

use std::{
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::StoreError;

/// The format this program writes; SQLite's `user_version`.
pub const FORMAT: i64 = 11;

const STEPS: &[M<'static>] = &[
    M::up(include_str!("../migrations/0001-centre.sql")),
    M::up(include_str!("../migrations/0002-energy.sql")),
    M::up(include_str!("../migrations/0003-money.sql")),
    M::up(include_str!("../migrations/0004-kept.sql")),
    M::up(include_str!("../migrations/0005-people.sql")),
    M::up(include_str!("../migrations/0006-slurm.sql")),
    M::up(include_str!("../migrations/0007-usage.sql")),
    M::up(include_str!("../migrations/0008-jobs.sql")),
    M::up(include_str!("../migrations/0009-months.sql")),
    M::up(include_str!("../migrations/0010-nodes.sql")),
    M::up(include_str!("../migrations/0011-price.sql")),
];

/// Marks our files among SQLite files (`application_id`): "ALGO".
const APPLICATION_ID: i64 = 0x414c_474f;

/// Of pages, for who writes.
pub(crate) const CACHE_KIB: i64 = 2048;

/// A connection that knows its file's name, for errors.
pub struct Db {
    pub(crate) sql: Connection,
    pub(crate) path: PathBuf,
}

/// What opening a data file found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// There was none; there is one now.
    Created,
    /// It was there in this format.
    Current,
    /// It was upgraded; the file as it was is kept under that name.
    Upgraded {
        /// Format it had.
        from: i64,
        /// The file as it was.
        kept: PathBuf,
    },
}

impl Db {
    /// Opens for writing, creating or upgrading as needed. One process at a time does this; the caller holds its lock.
    ///
    /// # Errors
    /// [`StoreError`], with the file as it was.
    pub fn open(path: &Path) -> Result<(Self, Opened), StoreError> {
        let existed = std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0);
        if !existed {
            create_private(path)?;
            let mut db = Self::connect(path, OpenFlags::default())?;
            db.migrate()?;
            return Ok((db, Opened::Created));
        }
        tighten(path)?;
        let db = Self::connect(path, OpenFlags::default())?;
        let format = db.known_format()?;
        if format == FORMAT {
            return Ok((db, Opened::Current));
        }
        let kept = db.upgrade()?;
        let (db, _) = Self::open(path)?;
        Ok((db, Opened::Upgraded { from: format, kept }))
    }

    /// Opens for reading beside a writer.
    ///
    /// # Errors
    /// [`StoreError`]: no such file, another format, not ours.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Self::connect(path, flags)?;
        let found = db.known_format()?;
        if found == FORMAT {
            Ok(db)
        } else {
            Err(StoreError::Unreadable { path: db.path, what: format!("format {found} awaits its upgrade") })
        }
    }

    pub(crate) fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let wrap = |source| StoreError::Sql { path: path.to_owned(), doing: "opening it", source };
        let sql = Connection::open_with_flags(path, flags).map_err(wrap)?;
        let db = Self { sql, path: path.to_owned() };
        db.sql.busy_timeout(std::time::Duration::from_secs(10)).map_err(wrap)?;
        if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
            // FULL: a commit that was acknowledged survives a power cut. The cache is small: the machine is the jobs'.
            db.sql
                .execute_batch(&format!(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                     PRAGMA cache_size = -{CACHE_KIB}; PRAGMA journal_size_limit = 16777216;",
                ))
                .map_err(wrap)?;
        }
        db.sql.set_prepared_statement_cache_capacity(64);
        Ok(db)
    }

    /// Turns an SQLite error into ours.
    pub(crate) fn fault(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        move |source| StoreError::Sql { path: self.path.clone(), doing, source }
    }

    fn pragma(&self, name: &str) -> Result<i64, StoreError> {
        self.sql.pragma_query_value(None, name, |row| row.get(0)).map_err(self.fault("reading its format"))
    }

    /// The file's format, if it is one of ours and not from the future.
    fn known_format(&self) -> Result<i64, StoreError> {
        let (format, owner) = (self.pragma("user_version")?, self.pragma("application_id")?);
        if owner != APPLICATION_ID {
            return Err(StoreError::Foreign { path: self.path.clone() });
        }
        if format > FORMAT {
            return Err(StoreError::TooNew { path: self.path.clone(), found: format, known: FORMAT });
        }
        Ok(format)
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        Migrations::from_slice(STEPS).to_latest(&mut self.sql).map_err(|fault| match fault {
            rusqlite_migration::Error::RusqliteError { err, .. } => {
                StoreError::Sql { path, doing: "upgrading it", source: err }
            }
            other => StoreError::Unreadable { path, what: other.to_string() },
        })?;
        self.sql.pragma_update(None, "application_id", APPLICATION_ID).map_err(self.fault("marking it as ours"))
    }

    /// Upgrades a copy and puts it in the place of the file, which stays under another name.
    fn upgrade(self) -> Result<PathBuf, StoreError> {
        let path = self.path.clone();
        let (fresh, kept) = (sibling(&path, ".upgrading"), sibling(&path, &format!(".before-format-{FORMAT}")));
        let io = |doing, at: &Path| {
            let at = at.to_owned();
            move |source| StoreError::Io { path: at, doing, source }
        };
        for stale in [fresh.clone(), sibling(&fresh, "-wal"), sibling(&fresh, "-shm")] {
            match std::fs::remove_file(&stale) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io("removing the leftover", &stale)(fault));
                }
                _ => {}
            }
        }
        crate::copy::copy_into(&self, &fresh)?;
        let mut copy = Self::connect(&fresh, OpenFlags::default())?;
        copy.migrate()?;
        crate::copy::verify(&copy)?;
        copy.fold_log()?;
        drop(copy);
        give_to_owner_of(&path, &fresh)?;
        // The old file must stand without its log before another takes its name.
        self.fold_log()?;
        drop(self);
        if kept.exists() {
            std::fs::remove_file(&kept).map_err(io("removing the older copy", &kept))?;
        }
        std::fs::hard_link(&path, &kept).map_err(io("keeping the old file as", &kept))?;
        std::fs::rename(&fresh, &path).map_err(io("putting the upgraded file in place of", &path))?;
        Ok(kept)
    }

    /// Moves what is in the write-ahead log into the file.
    pub(crate) fn fold_log(&self) -> Result<(), StoreError> {
        self.sql
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(self.fault("folding its log into it"))
    }
}

/// Makes an empty file that only its owner may read, before anything is in it; leaves one that is there. SQLite gives the
/// logs beside a file the file's own permissions.
pub(crate) fn create_private(path: &Path) -> Result<(), StoreError> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Io { path: path.to_owned(), doing: "creating", source })
        }
        _ => Ok(()),
    }
}

/// Closes a file, and the logs beside it, to everybody but its owner: however it came here (a copy, an older program), it
/// holds everybody's scripts and environments. What is not ours to close is left as it is.
fn tighten(path: &Path) -> Result<(), StoreError> {
    for path in [path.to_owned(), sibling(path, "-wal"), sibling(path, "-shm")] {
        let Ok(about) = std::fs::metadata(&path) else { continue };
        if about.mode() & 0o077 == 0 {
            continue;
        }
        match std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)) {
            Err(source) if source.kind() != std::io::ErrorKind::PermissionDenied => {
                return Err(StoreError::Io { path, doing: "closing to others", source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Gives a file that root has just made to whom that other file or directory belongs, so that the service can write it.
pub(crate) fn give_to_owner_of(model: &Path, file: &Path) -> Result<(), StoreError> {
    let wrap = |source| StoreError::Io { path: file.to_owned(), doing: "giving to the service", source };
    let (owner, now) = (std::fs::metadata(model).map_err(wrap)?, std::fs::metadata(file).map_err(wrap)?);
    // Nobody but root may give files away, and nobody else needs to.
    if now.uid() != 0 || (owner.uid(), owner.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid())).map_err(wrap)
}

/// A name beside the file's: `algoric.db` + `.x`.
pub(crate) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

//! Backup while running, restore, check.

use std::path::Path;

use rusqlite::{OpenFlags, backup::Backup};

use crate::{
    Db, FORMAT, StoreError,
    db::{create_private, give_to_owner_of, sibling},
};

/// What a check found in a sound file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckReport {
    /// Its format.
    pub format: i64,
    /// Submissions.
    pub submissions: u64,
    /// Submissions that are not over.
    pub open: u64,
    /// Events.
    pub events: u64,
    /// Runs that are over.
    pub runs: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Copies the data file, also while a centre writes it. The copy is complete and checked, or not there. Only its owner
/// may read it: scripts and environments are in it.
///
/// # Errors
/// [`StoreError`]; `to` is then as it was.
pub fn backup(data: &Path, to: &Path) -> Result<CheckReport, StoreError> {
    let source = Db::read(data)?;
    let partial = sibling(to, ".partial");
    remove_with_logs(&partial)?;
    copy_into(&source, &partial)?;
    let report = check(&partial)?;
    sync(&partial)?;
    remove_logs(&partial)?;
    rename(&partial, to)?;
    Ok(report)
}

/// Puts a backup in the place of the data file, which is kept beside as `….before-restore`. The new file belongs to whom
/// the directory belongs, also when root restores. The caller makes sure that no centre runs.
///
/// # Errors
/// [`StoreError`]; the data file is then as it was.
pub fn restore(from: &Path, data: &Path) -> Result<CheckReport, StoreError> {
    check(from)?;
    let partial = sibling(data, ".restoring");
    remove_with_logs(&partial)?;
    copy_into(&Db::read(from)?, &partial)?;
    let report = check(&partial)?;
    sync(&partial)?;
    remove_logs(&partial)?;
    let directory = data.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    give_to_owner_of(directory, &partial)?;
    if data.exists() {
        Db::connect(data, OpenFlags::default())?.fold_log()?;
        rename(data, &sibling(data, ".before-restore"))?;
    }
    remove_logs(data)?;
    rename(&partial, data)?;
    Ok(report)
}

/// Reads the whole file and its cross-references.
///
/// # Errors
/// [`StoreError::Damaged`] with what was found, or why it cannot be read.
pub fn check(path: &Path) -> Result<CheckReport, StoreError> {
    if !path.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(StoreError::Io { path: path.to_owned(), doing: "reading", source });
    }
    let db = Db::read(path)?;
    verify(&db)?;
    let count = |sql: &str| -> Result<u64, StoreError> {
        db.sql
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .map_err(db.fault("counting its rows"))
    };
    Ok(CheckReport {
        format: FORMAT,
        submissions: count("SELECT count(*) FROM submission")?,
        open: count("SELECT count(*) FROM open")?,
        events: count("SELECT count(*) FROM event")?,
        runs: count("SELECT count(*) FROM run")?,
        bytes: std::fs::metadata(path).map(|meta| meta.len()).unwrap_or(0),
    })
}

/// SQLite's own integrity check, foreign keys, and what must hold between our tables.
pub(crate) fn verify(db: &Db) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::Damaged { path: db.path.clone(), what };
    let first: String = db
        .sql
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|fault| damaged(fault.to_string()))?;
    if first != "ok" {
        return Err(damaged(first));
    }
    let strays: i64 = db
        .sql
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .map_err(db.fault("checking its references"))?;
    if strays > 0 {
        return Err(damaged(format!("{strays} rows refer to others that are gone")));
    }
    let orphans: i64 = db
        .sql
        .query_row(include_str!("../queries/check-orphans.sql"), [], |row| row.get(0))
        .map_err(db.fault("checking its rows"))?;
    if orphans > 0 {
        return Err(damaged(format!("{orphans} runs belong to no submission")));
    }
    Ok(())
}

/// A copy by SQLite's own means: consistent, whatever is being written; only its owner may read it, from its first byte.
pub(crate) fn copy_into(source: &Db, to: &Path) -> Result<(), StoreError> {
    create_private(to)?;
    let wrap = |doing| move |source| StoreError::Sql { path: to.to_owned(), doing, source };
    let mut target = rusqlite::Connection::open(to).map_err(wrap("creating it"))?;
    let copy = Backup::new(&source.sql, &mut target).map_err(wrap("copying into it"))?;
    copy.run_to_completion(4096, std::time::Duration::ZERO, None).map_err(wrap("copying into it"))
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(|source| StoreError::Io {
        path: to.to_owned(),
        doing: "putting in place",
        source,
    })
}

fn sync(path: &Path) -> Result<(), StoreError> {
    let wrap = |source| StoreError::Io { path: path.to_owned(), doing: "writing to disk", source };
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(wrap)
}

fn remove_logs(path: &Path) -> Result<(), StoreError> {
    ["-wal", "-shm"].into_iter().try_for_each(|suffix| remove(&sibling(path, suffix)))
}

fn remove_with_logs(path: &Path) -> Result<(), StoreError> {
    remove(path)?;
    remove_logs(path)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Io { path: path.to_owned(), doing: "removing", source })
        }
        _ => Ok(()),
    }
}

//! Who pays for what, in the file: entries of the ledger and issued documents, which are only ever added, and the
//! choices around them. All of it is text that others wrote. Must not know what an entry says, nor who may read it.

use std::sync::Arc;

use model::{CpuSet, JobId, JobSpec, JobState, Reason, RunId, Span, Time, Uid};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::{Reader, StoreError, accounts::indices, accounts::state_named, usage::forget_names};

/// What is written of money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MoneyWrite {
    /// The next entry of the ledger.
    Entry {
        /// One more than the last.
        number: u64,
        /// Its line.
        text: Arc<str>,
        /// In hexadecimal.
        hash: Arc<str>,
    },
    /// The ledger's state behind its last entry, as bytes, in the place of the one before.
    LedgerState(Arc<[u8]>),
    /// An issued document, behind its entry.
    Document {
        /// `F2026-0001`.
        number: String,
        /// The entry that posts it.
        entry: u64,
        /// As JSON.
        body: String,
    },
    /// What is prepared under a name; `None`: nothing any more.
    Draft {
        /// What for.
        name: String,
        /// As JSON.
        body: Option<String>,
    },
    /// Somebody who pays.
    Customer {
        /// Its code.
        id: String,
        /// As JSON.
        body: String,
    },
    /// Who pays for a project, and what it may spend.
    Purse {
        /// The project.
        project: String,
        /// As JSON.
        body: String,
    },
    /// What a member is to a project; `None`: a member as others.
    Role {
        /// Login name.
        user: String,
        /// The project.
        project: String,
        /// The word for it.
        role: Option<String>,
    },
    /// A user is not to be known any more: what tells of them goes, what was used stays.
    Erase {
        /// Who.
        uid: Uid,
        /// The login name, in memberships.
        user: String,
        /// What stands for it from now on.
        pseudonym: String,
    },
    /// Submissions from before this time that are over: what tells what they were for goes, what was used stays.
    Forget(Time),
}

/// A run that is over, as a settlement needs it.
#[derive(Clone, PartialEq, Debug)]
pub struct RunOver {
    /// Its submission.
    pub base: JobId,
    /// When it started; `None`: never.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Time,
    /// How long it was suspended.
    pub suspended: Span,
    /// The CPUs that it held.
    pub cpus: CpuSet,
    /// Memory that it held, MiB.
    pub memory_mib: Option<u64>,
    /// The GPUs that it held.
    pub gpus: Vec<u32>,
    /// How it ended.
    pub state: JobState,
    /// Whether the machine failed under it.
    pub machine_failed: bool,
    /// What displaced it.
    pub displaced_by: Option<JobId>,
    /// Whose it was.
    pub owner: Uid,
    /// What was asked for.
    pub spec: Arc<JobSpec>,
}

impl MoneyWrite {
    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Entry { number, text, hash } => {
                sql.prepare_cached("INSERT INTO ledger_entry (number, text, hash) VALUES (?1, ?2, ?3)")?
                    .execute(params![number.cast_signed(), text, hash])?;
            }
            Self::LedgerState(bytes) => {
                sql.prepare_cached("INSERT OR REPLACE INTO kept (name, bytes) VALUES ('ledger', ?1)")?
                    .execute([&bytes[..]])?;
            }
            Self::Document { number, entry, body } => {
                sql.prepare_cached("INSERT INTO document (number, entry, body) VALUES (?1, ?2, ?3)")?
                    .execute(params![number, entry.cast_signed(), body])?;
            }
            Self::Draft { name, body: Some(body) } => {
                sql.prepare_cached("INSERT OR REPLACE INTO draft (name, body) VALUES (?1, ?2)")?
                    .execute([name, body])?;
            }
            Self::Draft { name, body: None } => {
                sql.prepare_cached("DELETE FROM draft WHERE name = ?1")?.execute([name])?;
            }
            Self::Customer { id, body } => {
                sql.prepare_cached("INSERT OR REPLACE INTO customer (id, body) VALUES (?1, ?2)")?
                    .execute([id, body])?;
            }
            Self::Purse { project, body } => {
                sql.prepare_cached("INSERT OR REPLACE INTO purse (project, body) VALUES (?1, ?2)")?
                    .execute([project, body])?;
            }
            Self::Role { user, project, role: Some(role) } => {
                sql.prepare_cached("INSERT OR REPLACE INTO role (user, project, role) VALUES (?1, ?2, ?3)")?
                    .execute([user, project, role])?;
            }
            Self::Role { user, project, role: None } => {
                sql.prepare_cached("DELETE FROM role WHERE user = ?1 AND project = ?2")?.execute([user, project])?;
            }
            Self::Erase { uid, user, pseudonym } => erase(sql, *uid, user, pseudonym)?,
            Self::Forget(before) => {
                sql.execute(include_str!("../queries/forget-jobs.sql"), named_params! { ":before": before.0 })?;
                sql.execute(include_str!("../queries/empty-old-blobs.sql"), [before.0])?;
                let old = "id IN (SELECT id FROM submission WHERE at < ?1) AND id NOT IN (SELECT id FROM open)";
                sql.execute(&format!("DELETE FROM form WHERE {old}"), [before.0])?;
                forget_names(sql, None, Some(*before))?;
            }
        }
        Ok(())
    }
}

fn erase(sql: &Connection, uid: Uid, user: &str, pseudonym: &str) -> rusqlite::Result<()> {
    sql.execute("INSERT OR REPLACE INTO pseudonym (uid, name) VALUES (?1, ?2)", params![uid.0, pseudonym])?;
    // Scripts and environments of this user that nobody else's submission shares.
    sql.execute(
        "UPDATE blob SET bytes = x'' WHERE id IN (SELECT script FROM submission WHERE uid = ?1 UNION SELECT environment \
         FROM submission WHERE uid = ?1) AND id NOT IN (SELECT script FROM submission WHERE uid <> ?1 OR id IN (SELECT \
         id FROM open) UNION SELECT environment FROM submission WHERE uid <> ?1 OR id IN (SELECT id FROM open))",
        [uid.0],
    )?;
    sql.execute("DELETE FROM form WHERE id IN (SELECT id FROM submission WHERE uid = ?1)", [uid.0])?;
    sql.execute(include_str!("../queries/erase-member.sql"), named_params! { ":uid": uid.0, ":name": pseudonym })?;
    forget_names(sql, Some(uid), None)?;
    for table in ["member", "role", "operator"] {
        sql.execute(&format!("DELETE FROM {table} WHERE user = ?1"), [user])?;
    }
    Ok(())
}

impl Reader {
    /// Gives the ledger's entries behind a number, in order: number, line, hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ledger_each(&self, behind: u64, each: &mut dyn FnMut(u64, &str, &str)) -> Result<(), StoreError> {
        let fault = self.db.fault("reading the ledger");
        let query = "SELECT number, text, hash FROM ledger_entry WHERE number > ?1 ORDER BY number";
        let mut statement = self.db.sql.prepare_cached(query).map_err(&fault)?;
        let mut rows = statement.query([behind.cast_signed()]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            let number: i64 = row.get(0).map_err(&fault)?;
            let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
            each(number.cast_unsigned(), text(1).map_err(&fault)?, text(2).map_err(&fault)?);
        }
        Ok(())
    }

    /// The state of the ledger that was written last, as bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ledger_kept(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.rows("SELECT bytes FROM kept WHERE name = 'ledger'", |row| row.get(0))?.pop())
    }

    /// The hash of an entry, if there is one of this number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ledger_hash(&self, number: u64) -> Result<Option<String>, StoreError> {
        let query = "SELECT hash FROM ledger_entry WHERE number = ?1";
        Ok(self.db.rows_of(query, [number.cast_signed()], |row| row.get(0))?.pop())
    }

    /// The lines of these entries, as far as they are there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ledger_entries(&self, numbers: &[u64]) -> Result<Vec<String>, StoreError> {
        let fault = self.db.fault("reading the ledger");
        let query = "SELECT text FROM ledger_entry WHERE number = ?1";
        let mut statement = self.db.sql.prepare_cached(query).map_err(&fault)?;
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let text = statement.query_row([number.cast_signed()], |row| row.get(0)).optional().map_err(&fault)?;
            found.extend(text);
        }
        Ok(found)
    }

    /// An issued document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document(&self, number: &str) -> Result<Option<String>, StoreError> {
        let mut found = self.db.rows_of("SELECT body FROM document WHERE number = ?1", [number], |row| row.get(0))?;
        Ok(found.pop())
    }

    /// What is prepared, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drafts(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.db.rows("SELECT name, body FROM draft ORDER BY name", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Who pays, by code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn customers(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.db.rows("SELECT id, body FROM customer ORDER BY id", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Who pays for which project, by project.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn purses(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.db.rows("SELECT project, body FROM purse ORDER BY project", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Members that are more or less than members: user, project, role.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roles(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let query = "SELECT user, project, role FROM role ORDER BY user, project";
        self.db.rows(query, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// What stands for the names of users that are not to be known any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pseudonyms(&self) -> Result<Vec<(Uid, String)>, StoreError> {
        self.db.rows("SELECT uid, name FROM pseudonym ORDER BY uid", |row| Ok((Uid(row.get(0)?), row.get(1)?)))
    }

    /// How many submissions [`MoneyWrite::Forget`] would change.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forgettable(&self, before: Time) -> Result<u64, StoreError> {
        let query = "SELECT count(*) FROM submission WHERE at < ?1 AND id NOT IN (SELECT id FROM open) AND \
                     json_extract(spec, '$.name') <> 'erased'";
        let counts = self.db.rows_of(query, [before.0], |row| row.get::<_, i64>(0))?;
        Ok(counts.first().map_or(0, |count| count.cast_unsigned()))
    }

    /// The submissions of a user: number, date, and what was asked for as JSON.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions_of(&self, uid: Uid) -> Result<Vec<(JobId, Time, String)>, StoreError> {
        let query = "SELECT id, at, spec FROM submission WHERE uid = ?1 ORDER BY id";
        self.db.rows_of(query, [uid.0], |row| Ok((JobId(row.get(0)?), Time(row.get(1)?), row.get(2)?)))
    }

    /// A run that is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_over(&self, run: RunId) -> Result<Option<RunOver>, StoreError> {
        let mut found =
            self.db.rows_of(include_str!("../queries/run-of.sql"), params![run.job.0, run.attempt], |row| {
                let texts: [String; 5] = [row.get(4)?, row.get(6)?, row.get(7)?, row.get(10)?, row.get(11)?];
                let over = (
                    JobId(row.get(0)?),
                    row.get::<_, Option<i64>>(1)?.map(Time),
                    Time(row.get(2)?),
                    Span(row.get(3)?),
                    row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
                    row.get::<_, Option<u32>>(8)?.map(JobId),
                    Uid(row.get(9)?),
                );
                Ok((over, texts))
            })?;
        let Some(((base, start, end, suspended, memory_mib, displaced_by, owner), texts)) = found.pop() else {
            return Ok(None);
        };
        let [cpus, gpus, state, spec, reason] = texts;
        let machine_failed = reason == Reason::NodeFailure.text();
        let gpus = gpus.split(',').filter_map(|gpu| gpu.parse().ok()).collect();
        let cpus = indices(&cpus).iter().collect();
        let state = state_named(&state).ok_or_else(|| self.unreadable("a state", &state))?;
        let spec = serde_json::from_str(&spec).map_err(|bad| self.unreadable("a submission", &bad))?;
        let spec = Arc::new(spec);
        Ok(Some(RunOver {
            base,
            start,
            end,
            suspended,
            cpus,
            memory_mib,
            gpus,
            state,
            machine_failed,
            displaced_by,
            owner,
            spec,
        }))
    }
}

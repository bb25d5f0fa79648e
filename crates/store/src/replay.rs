//! Reading back what a restart needs: the events of everything that is not over, and submissions by number.

use std::{path::Path, sync::Arc};

use model::{Exit, JobId, JobSpec, JobState, Time};
use rusqlite::{OptionalExtension, params};
use scheduler::{Change, FairUsage, What};

use crate::{BlobId, Db, Fact, StoreError, StoredEvent, accounts::state_named};

/// What a restart starts from, besides the events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replay {
    /// The next number that was never given.
    pub next_id: JobId,
    /// The next number of a blob.
    pub next_blob: i64,
    /// Past use for fair share.
    pub usage: FairUsage,
}

/// A submission as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredSubmission {
    /// Its number.
    pub id: JobId,
    /// When.
    pub at: Time,
    /// What.
    pub spec: Arc<JobSpec>,
    /// The number of its script.
    pub script_id: BlobId,
    /// The batch script.
    pub script: Arc<[u8]>,
    /// `NAME=value`, each ended by a NUL.
    pub environment: Arc<[u8]>,
}

/// Date, wishes, script and environment of a submission.
pub(crate) type SpecRow = (Time, Arc<JobSpec>, i64, i64);

/// A connection that only reads.
pub struct Reader {
    pub(crate) db: Db,
}

impl Reader {
    /// Opens the file beside its writer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { db: Db::read(path)? })
    }

    /// Projects, members and operators.
    pub fn people(&self) -> &Db {
        &self.db
    }

    /// Gives every event that a fresh state must fold, in order: those of open submissions, with the submission put
    /// back into [`What::Submitted`], and those of the machine. Steps that were begun come along.
    ///
    /// # Errors
    /// [`StoreError`]; a body that cannot be read is one, because skipping it would change the meaning of the rest.
    pub fn replay(&self, each: &mut dyn FnMut(StoredEvent)) -> Result<Replay, StoreError> {
        let fault = self.db.fault("reading its events");
        let mut statement = self.db.sql.prepare(include_str!("../queries/replay-events.sql")).map_err(&fault)?;
        let mut rows = statement.query([]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            let (at, base, body): (i64, Option<u32>, String) =
                (row.get(0).map_err(&fault)?, row.get(1).map_err(&fault)?, row.get(2).map_err(&fault)?);
            let mut fact: Fact = serde_json::from_str(&body).map_err(|bad| self.unreadable("an event", &bad))?;
            let mut met = None;
            match &mut fact {
                Fact::Job(What::Submitted { id, spec, known }) => {
                    let stored = self.spec(*id)?.ok_or_else(|| self.unreadable("a submission", &"it is missing"))?.1;
                    if let Some(wish) = &stored.dependency {
                        met = self.complete_known(wish, known)?;
                    }
                    *spec = Some(stored);
                }
                Fact::Job(What::Updated { change: Change::Dependency { wish: Some(wish), known }, .. }) => {
                    met = self.complete_known(wish, known)?;
                }
                _ => {}
            }
            each(StoredEvent { at: Time(at), base: base.map(JobId), fact, met });
        }
        let (next_id, next_blob) = self
            .db
            .sql
            .query_row(include_str!("../queries/next-numbers.sql"), [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(&fault)?;
        Ok(Replay { next_id: JobId(next_id), next_blob, usage: self.past_use()? })
    }

    /// What everybody used of this machine, as fair share counts it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn past_use(&self) -> Result<FairUsage, StoreError> {
        let usage: Vec<String> = self.db.rows("SELECT value FROM meta WHERE key = 'usage'", |row| row.get(0))?;
        match usage.first() {
            Some(text) => serde_json::from_str(text).map_err(|bad| self.unreadable("past use", &bad)),
            None => Ok(FairUsage::default()),
        }
    }

    /// A submission by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission(&self, id: JobId) -> Result<Option<StoredSubmission>, StoreError> {
        let Some((at, spec, script, environment)) = self.spec(id)? else { return Ok(None) };
        let script_id = BlobId(script);
        let (script, environment) = (self.blob(script)?, self.blob(environment)?);
        Ok(Some(StoredSubmission { id, at, spec, script_id, script, environment }))
    }

    /// The submission that a record or a task belongs to, whether it is over or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn base_of(&self, id: JobId) -> Result<Option<JobId>, StoreError> {
        self.db
            .sql
            .prepare_cached(
                "SELECT coalesce((SELECT id FROM submission WHERE id = ?1), (SELECT base FROM run WHERE job = ?1))",
            )
            .and_then(|mut found| found.query_row([id.0], |row| row.get::<_, Option<u32>>(0)))
            .map(|base| base.map(JobId))
            .map_err(self.db.fault("looking a job up"))
    }

    /// How a job that is over ended: of an array, each task by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn endings(&self, base: JobId) -> Result<Vec<(JobId, Option<u32>, JobState)>, StoreError> {
        let fault = self.db.fault("reading how a job ended");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/endings.sql")).map_err(&fault)?;
        let mut rows = statement.query(params![base.0]).map_err(&fault)?;
        let mut endings = Vec::new();
        while let Some(row) = rows.next().map_err(&fault)? {
            let (task, tasks, state): (Option<u32>, Option<String>, String) =
                (row.get(0).map_err(&fault)?, row.get(1).map_err(&fault)?, row.get(2).map_err(&fault)?);
            let state = state_named(&state).ok_or_else(|| self.unreadable("a state", &state))?;
            match tasks {
                Some(text) => endings.extend(crate::accounts::indices(&text).iter().map(|n| (base, Some(n), state))),
                None => endings.push((base, task, state)),
            }
        }
        Ok(endings)
    }

    /// The worst of all endings of a submission: the state of the run with the greatest exit code, and that code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn worst_ending(&self, base: JobId) -> Result<(JobState, Exit), StoreError> {
        let fault = self.db.fault("reading how a job ended");
        let worst = self
            .db
            .sql
            .prepare_cached(include_str!("../queries/worst-ending.sql"))
            .and_then(|mut one| {
                one.query_row([base.0], |row| {
                    Ok((row.get::<_, String>(0)?, Exit { code: row.get(1)?, signal: row.get(2)? }))
                })
                .optional()
            })
            .map_err(fault)?;
        Ok(match worst {
            Some((state, exit)) => (state_named(&state).unwrap_or(JobState::NodeFail), exit),
            None => (JobState::Completed, Exit::default()),
        })
    }

    /// Every change of state of a submission, in order; [`Reader::history_each`] does without the list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn history(&self, base: JobId) -> Result<Vec<StoredEvent>, StoreError> {
        let mut events = Vec::new();
        self.history_each(base, &mut |event| events.push(event))?;
        Ok(events)
    }

    /// Gives every change of state of a submission, in order, one at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn history_each(&self, base: JobId, each: &mut dyn FnMut(StoredEvent)) -> Result<(), StoreError> {
        let fault = self.db.fault("reading its history");
        let mut statement =
            self.db.sql.prepare_cached("SELECT at, body FROM event WHERE base = ?1 ORDER BY seq").map_err(&fault)?;
        let mut rows = statement.query([base.0]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            let (at, body): (i64, String) = (row.get(0).map_err(&fault)?, row.get(1).map_err(&fault)?);
            let fact = serde_json::from_str(&body).map_err(|bad| self.unreadable("an event", &bad))?;
            each(StoredEvent { at: Time(at), base: Some(base), fact, met: None });
        }
        Ok(())
    }

    pub(crate) fn spec(&self, id: JobId) -> Result<Option<SpecRow>, StoreError> {
        let found: Option<(i64, String, i64, i64)> = self
            .db
            .sql
            .prepare_cached("SELECT at, spec, script, environment FROM submission WHERE id = ?1")
            .and_then(|mut one| {
                one.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).optional()
            })
            .map_err(self.db.fault("reading a submission"))?;
        let Some((at, spec, script, environment)) = found else { return Ok(None) };
        let spec = serde_json::from_str(&spec).map_err(|bad| self.unreadable("a submission", &bad))?;
        Ok(Some((Time(at), Arc::new(spec), script, environment)))
    }

    fn blob(&self, id: i64) -> Result<Arc<[u8]>, StoreError> {
        self.db
            .sql
            .prepare_cached("SELECT bytes FROM blob WHERE id = ?1")
            .and_then(|mut one| one.query_row([id], |row| Ok(Arc::from(row.get_ref(0)?.as_blob()?))))
            .map_err(self.db.fault("reading a script"))
    }

    pub(crate) fn unreadable(&self, what: &str, why: &dyn std::fmt::Display) -> StoreError {
        StoreError::Unreadable { path: self.db.path.clone(), what: format!("{what}: {why}") }
    }
}

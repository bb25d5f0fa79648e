//! Runs that a Slurm cluster's accounting told: they become the rows that every other run has, once each, whatever is read
//! how often. Must not know how Slurm is asked, nor what a run costs.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use model::{JobId, JobSpec, Span, Time};
use rusqlite::{Connection, OptionalExtension, config::DbConfig, params};
use scheduler::Finished;

use crate::{
    Reader, StepRecord, StoreError,
    write::{Held, insert_run, insert_step, json, list},
};

/// What is written of a cluster.
#[derive(Clone, Debug)]
pub enum ClusterWrite {
    /// Rows of its accounting, in this order.
    Runs(Arc<[ClusterRun]>),
    /// A submission that was made here and given to Slurm; its runs come by [`ClusterWrite::Runs`].
    Submitted {
        /// The number that Slurm gave.
        id: JobId,
        /// When.
        at: Time,
        /// What.
        spec: Arc<JobSpec>,
        /// Its script.
        script: crate::BlobId,
    },
    /// Everything that ended until then has been read.
    Read(Time),
}

/// A row of a cluster's accounting.
#[derive(Clone, PartialEq, Debug)]
pub struct ClusterRun {
    /// Names the row in Slurm's database.
    pub key: String,
    /// Of everything that was read of it.
    pub mark: u64,
    /// Whether the row is here already, and changed.
    pub is_known: bool,
    /// The submission.
    pub base: JobId,
    /// When it was submitted.
    pub at: Time,
    /// What was asked for, as far as the accounting tells.
    pub spec: Arc<JobSpec>,
    /// The facts; which CPUs it had is not known.
    pub finished: Finished,
    /// How many CPUs.
    pub cpus: u32,
    /// How many GPUs.
    pub gpus: u32,
    /// Its nodes.
    pub nodes: String,
    /// Energy that Slurm itself measured, microjoules; 0: it did not. Not kept here.
    pub energy_uj: i64,
    /// Its steps.
    pub steps: Vec<StepRecord>,
}

/// An attempt that is here already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownRun {
    /// Names its row in Slurm's database.
    pub key: String,
    /// Which.
    pub attempt: u32,
    /// Of everything that was read of it.
    pub mark: u64,
    /// What it held; `None`: retention has removed it.
    pub held: Option<HeldThen>,
}

/// What an attempt held, as it was read before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldThen {
    /// From.
    pub start: Option<Time>,
    /// Until.
    pub end: Time,
    /// Without.
    pub suspended: Span,
    /// CPUs.
    pub cpus: u32,
    /// Memory, MiB.
    pub memory_mib: Option<u64>,
    /// GPUs.
    pub gpus: u32,
}

/// The script and the environment of a job that was not submitted here: nothing. Numbers of others begin at 1.
const NO_BLOB: i64 = 0;

impl ClusterWrite {
    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Runs(runs) => {
                insert_all(sql, runs)?;
                runs.iter().filter(|run| run.is_known).try_for_each(|run| run.change(sql))
            }
            Self::Submitted { id, at, spec, script } => {
                insert_submission(sql, *id, *at, spec, script.0)?;
                Ok(())
            }
            Self::Read(until) => {
                sql.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('slurm_read', ?1)")?
                    .execute([until.0.to_string()])?;
                Ok(())
            }
        }
    }
}

/// A submission, unless it is there.
fn insert_submission(sql: &Connection, id: JobId, at: Time, spec: &JobSpec, script: i64) -> rusqlite::Result<()> {
    let is_there: Option<i64> =
        sql.prepare_cached("SELECT 1 FROM submission WHERE id = ?1")?.query_row([id.0], |row| row.get(0)).optional()?;
    if is_there.is_some() {
        return Ok(());
    }
    sql.prepare_cached("INSERT OR IGNORE INTO blob (id, bytes) VALUES (?1, x'')")?.execute([NO_BLOB])?;
    sql.prepare_cached(include_str!("../queries/insert-submission.sql"))?.execute(params![
        id.0,
        at.0,
        spec.owner.uid.0,
        spec.owner.user,
        spec.account,
        json(spec)?,
        script,
        NO_BLOB
    ])?;
    Ok(())
}

/// Writes what is new of an accounting, which may be a million rows. What projects and arrays used is summed once for all
/// of them, in place of the triggers that do it row by row: that took more than all the rest.
fn insert_all(sql: &Connection, runs: &[ClusterRun]) -> rusqlite::Result<()> {
    let mut fresh = runs.iter().filter(|run| !run.is_known).peekable();
    if fresh.peek().is_none() {
        return Ok(());
    }
    let last: i64 = sql.prepare_cached("SELECT coalesce(max(seq), 0) FROM run")?.query_row([], |row| row.get(0))?;
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let inserted = fresh.try_for_each(|run| run.insert(sql));
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
    inserted?;
    sql.prepare_cached(include_str!("../queries/slurm-used.sql"))?.execute([last])?;
    sql.prepare_cached(include_str!("../queries/slurm-array-used.sql"))?.execute([last])?;
    Ok(())
}

impl ClusterRun {
    /// GPUs have no numbers that are known here: so many from 0 on.
    fn gpu_list(&self) -> String {
        list(&(0..self.gpus).collect::<Vec<_>>())
    }

    fn insert(&self, sql: &Connection) -> rusqlite::Result<()> {
        insert_submission(sql, self.base, self.at, &self.spec, NO_BLOB)?;
        let gpus = self.gpu_list();
        insert_run(sql, self.base, &self.finished, &self.nodes, Held { cpus: self.cpus, cpu_ids: "", gpus: &gpus })?;
        let run = sql.last_insert_rowid();
        sql.prepare_cached("INSERT INTO slurm_run (job, key, attempt, run, mark) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                self.finished.run.job.0,
                self.key,
                self.finished.run.attempt,
                run,
                self.mark.cast_signed()
            ])?;
        self.steps.iter().try_for_each(|step| insert_step(sql, step))
    }

    /// The row of the run follows the row of Slurm; so do its steps.
    fn change(&self, sql: &Connection) -> rusqlite::Result<()> {
        let (job, run) = (self.finished.run.job.0, &self.finished);
        let place: Option<i64> = sql
            .prepare_cached("UPDATE slurm_run SET mark = ?3 WHERE job = ?1 AND key = ?2 RETURNING run")?
            .query_row(params![job, self.key, self.mark.cast_signed()], |row| row.get(0))
            .optional()?;
        let Some(place) = place else { return Ok(()) };
        let changed = sql.prepare_cached(include_str!("../queries/slurm-change.sql"))?.execute(params![
            place,
            run.state.text(),
            run.reason.text(),
            run.exit.code,
            run.exit.signal,
            run.script_exit.code,
            run.script_exit.signal,
            run.cancelled_by.map(|uid| uid.0),
            run.eligible.map(|time| time.0),
            run.start.map(|time| time.0),
            run.end.0,
            run.suspended.0,
            self.cpus,
            run.placement.memory_mib.map(u64::cast_signed),
            self.gpu_list(),
            run.usage.user_us.cast_signed(),
            run.usage.system_us.cast_signed(),
            run.usage.max_rss_kib.cast_signed(),
            run.usage.read_bytes.cast_signed(),
            run.usage.write_bytes.cast_signed(),
            self.nodes,
        ])?;
        if changed == 0 {
            return Ok(());
        }
        sql.prepare_cached("DELETE FROM step WHERE job = ?1 AND attempt = ?2")?
            .execute(params![job, run.run.attempt])?;
        self.steps.iter().try_for_each(|step| insert_step(sql, step))
    }
}

/// A number, as the file knows it before a row of the accounting is taken in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownJob {
    /// Its attempts that the accounting told.
    pub runs: Vec<KnownRun>,
    /// It is a job's of the machine that began this centre.
    pub is_taken: bool,
}

impl Reader {
    /// What is known of these numbers, each once, as of one instant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_jobs(&self, jobs: impl Iterator<Item = JobId>) -> Result<HashMap<JobId, KnownJob>, StoreError> {
        // One look at the file for all of them: each by itself would lock it anew.
        let fault = self.db.fault("reading it");
        let _instant = self.db.sql.unchecked_transaction().map_err(fault)?;
        let mut all = HashMap::new();
        for job in jobs {
            if let Entry::Vacant(place) = all.entry(job) {
                let runs = self.cluster_runs(job)?;
                let is_taken = runs.is_empty() && self.is_taken(job)?;
                place.insert(KnownJob { runs, is_taken });
            }
        }
        Ok(all)
    }

    /// The attempts of a job that a cluster's accounting told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cluster_runs(&self, job: JobId) -> Result<Vec<KnownRun>, StoreError> {
        self.db.rows_of(include_str!("../queries/slurm-known.sql"), [job.0], |row| {
            let end = row.get::<_, Option<i64>>(4)?.map(Time);
            let gpus = row.get::<_, Option<String>>(8)?.unwrap_or_default();
            let held = HeldThen {
                start: row.get::<_, Option<i64>>(3)?.map(Time),
                end: end.unwrap_or(Time(0)),
                suspended: Span(row.get::<_, Option<i64>>(5)?.unwrap_or(0)),
                cpus: row.get::<_, Option<u32>>(6)?.unwrap_or(0),
                memory_mib: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
                gpus: gpus.split(',').filter(|gpu| !gpu.is_empty()).count() as u32,
            };
            Ok(KnownRun {
                key: row.get(0)?,
                attempt: row.get(1)?,
                mark: row.get::<_, i64>(2)?.cast_unsigned(),
                held: end.map(|_| held),
            })
        })
    }

    /// Whether a number is a job's of the machine that began this centre.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_taken(&self, id: JobId) -> Result<bool, StoreError> {
        let query = include_str!("../queries/slurm-taken.sql");
        let found: Vec<bool> = self.db.rows_of(query, [id.0], |row| row.get(0))?;
        Ok(found.contains(&true))
    }

    /// Until when everything that ended on the cluster has been read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cluster_read(&self) -> Result<Option<Time>, StoreError> {
        let query = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'slurm_read'";
        let found: Vec<i64> = self.db.rows(query, |row| row.get(0))?;
        Ok(found.first().copied().map(Time))
    }

    /// The greatest number that a job was given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_job(&self) -> Result<JobId, StoreError> {
        let found: Vec<u32> = self.db.rows(include_str!("../queries/next-numbers.sql"), |row| row.get(0))?;
        Ok(JobId(found.first().map_or(0, |next| next.saturating_sub(1))))
    }
}

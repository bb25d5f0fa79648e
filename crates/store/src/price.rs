//! What single jobs paid, and what arrays used in all: read by submission. Triggers in the file keep the sums. Must not know
//! what an entry says.

use std::collections::BTreeSet;

use model::{JobId, RunId, Time};
use rusqlite::{OptionalExtension, Row, params};

use crate::{Reader, StoreError};

/// Sums over tasks that are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArrayUsed {
    /// How many have started.
    pub runs: i64,
    /// How long they ran, milliseconds.
    pub run_ms: i64,
    /// Of that, what meters know of.
    pub measured_ms: i64,
    /// Microjoules, of those that get no more.
    pub energy_uj: i64,
    /// Of that, what was reserved and not computed with.
    pub idle_uj: i64,
    /// What that cost, micro-euros.
    pub electricity_microeur: i64,
    /// Milligrams of CO2e, production average.
    pub production_mg: i64,
    /// Milligrams of CO2e, consumption with its life cycle.
    pub lifecycle_mg: i64,
    /// How many have their price.
    pub priced: i64,
    /// Their price before anything is taken off, micro-euros without tax.
    pub work_microeur: i64,
    /// Of that, what the project pays.
    pub paid_microeur: i64,
}

fn sums(row: &Row<'_>) -> rusqlite::Result<ArrayUsed> {
    Ok(ArrayUsed {
        runs: row.get(0)?,
        run_ms: row.get(1)?,
        measured_ms: row.get(2)?,
        energy_uj: row.get(3)?,
        idle_uj: row.get(4)?,
        electricity_microeur: row.get(5)?,
        production_mg: row.get(6)?,
        lifecycle_mg: row.get(7)?,
        priced: row.get(8)?,
        work_microeur: row.get(9)?,
        paid_microeur: row.get(10)?,
    })
}

impl Reader {
    /// What an array's tasks that are over used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn array_used(&self, base: JobId) -> Result<ArrayUsed, StoreError> {
        let query =
            "SELECT runs, run_ms, measured_ms, energy, idle, electricity, production, lifecycle, priced, work, paid
                     FROM array_used WHERE base = ?1";
        Ok(self.db.rows_of(query, [base.0], sums)?.pop().unwrap_or_default())
    }

    /// Runs of a submission (or of one of its tasks) that have started and are over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_over(&self, base: JobId, task: Option<u32>) -> Result<Vec<RunId>, StoreError> {
        let query = "SELECT job, attempt FROM run
                     WHERE base = ?1 AND (?2 IS NULL OR task = ?2) AND start IS NOT NULL ORDER BY seq";
        let run = |row: &Row<'_>| Ok(RunId { job: JobId(row.get(0)?), attempt: row.get(1)? });
        self.db.rows_of(query, params![base.0, task], run)
    }

    /// How many of these runs are of a submission (or of one of its tasks). It takes as long as there are runs in question,
    /// however many the submission has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_among(&self, base: JobId, task: Option<u32>, runs: &BTreeSet<RunId>) -> Result<u64, StoreError> {
        if runs.is_empty() {
            return Ok(0);
        }
        let query = "SELECT count(*) FROM json_each(?1) AS one
                     CROSS JOIN run ON run.job = one.value ->> 0 AND run.attempt = one.value ->> 1
                     WHERE base = ?2 AND (?3 IS NULL OR task = ?3) AND start IS NOT NULL";
        let list: Vec<String> = runs.iter().map(|run| format!("[{},{}]", run.job, run.attempt)).collect();
        let list = format!("[{}]", list.join(","));
        let found = self.db.rows_of(query, params![list, base.0, task], |row| row.get::<_, i64>(0))?;
        Ok(found.first().copied().unwrap_or(0).cast_unsigned())
    }

    /// Entries of the ledger about the runs of a submission (or of one of its tasks), in order, as they were written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entries_of(&self, base: JobId, task: Option<u32>) -> Result<Vec<String>, StoreError> {
        let query = "SELECT text FROM ledger_entry WHERE job IN
                         (SELECT job FROM run WHERE base = ?1 AND (?2 IS NULL OR task = ?2) AND start IS NOT NULL)
                     ORDER BY number";
        self.db.rows_of(query, params![base.0, task], |row| row.get(0))
    }

    /// The template that a submission was made by, and what was filled in, as JSON.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn form(&self, id: JobId) -> Result<Option<(String, String)>, StoreError> {
        let query = "SELECT app, fields FROM form WHERE id = ?1";
        self.db
            .sql
            .prepare_cached(query)
            .and_then(|mut one| one.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .map_err(self.db.fault("reading a form"))
    }

    /// The number of the first submission that came at or after a time: one behind the last where there is none. Numbers
    /// are given in the order of time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_since(&self, at: Time) -> Result<JobId, StoreError> {
        let fault = self.db.fault("looking for a time");
        let most = "SELECT coalesce(max(id), 0) + 1 FROM submission";
        let (mut low, mut high) = (0_u32, self.db.sql.query_row(most, [], |row| row.get::<_, u32>(0)).map_err(&fault)?);
        // The time of the first one from a number on: numbers have holes.
        let next = "SELECT id, at FROM submission WHERE id >= ?1 ORDER BY id LIMIT 1";
        let mut next = self.db.sql.prepare_cached(next).map_err(&fault)?;
        while low < high {
            let middle = low + (high - low) / 2;
            let found = next.query_row([middle], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?)));
            match found.optional().map_err(&fault)? {
                Some((id, time)) if time < at.0 => low = id + 1,
                _ => high = middle,
            }
        }
        Ok(JobId(low))
    }
}

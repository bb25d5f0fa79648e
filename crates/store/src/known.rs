//! How jobs ended that others depend on, as briefly as the question allows. Must not know what a dependency means: the
//! scheduler does.

use std::collections::BTreeSet;

use model::{Dependency, DependencyKind, DependencyTerm, JobId, JobState, Time};
use rusqlite::{OptionalExtension, Params};

use crate::{Reader, StoreError, accounts::indices, accounts::state_named};

/// More tasks than this are not told one by one.
const MOST_TASKS: u64 = 200_000;

/// How a job ended: the number asked for, one of its tasks or the whole, the state.
type Ending = (JobId, Option<u32>, JobState);

impl Reader {
    /// How what a term is about ended, under the number that the term names. Empty: it is not over, or never was.
    ///
    /// - A task's own record number: that record's ending, `(job, None, state)`.
    /// - One task (`afterok:12_3`): `(job, Some(3), state)`; of a job that is no array: the job's.
    /// - A whole job: one `(job, None, state)`. A whole array: one `(job, Some(index), state)`, COMPLETED if all ended so,
    ///   else a task that ended otherwise: the number says that it was an array.
    /// - `aftercorr` on a whole array: each task, `(job, Some(index), state)`; of more than 200 000 tasks the whole, so
    ///   that one task that failed stops all their counterparts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_of(&self, term: &DependencyTerm) -> Result<Vec<Ending>, StoreError> {
        let Some(job) = term.job else { return Ok(Vec::new()) };
        let Some(base) = self.base_of(job)? else { return Ok(Vec::new()) };
        if base != job {
            // A record may be over, and forgotten by the scheduler, while others of its array still run.
            let state = self.state_of(include_str!("../queries/record-ending.sql"), [job.0])?;
            let over = state.filter(|state| *state != JobState::Requeued);
            return Ok(over.map(|state| (job, None, state)).into_iter().collect());
        }
        if self.is_open(base)? {
            return Ok(Vec::new());
        }
        if let Some(index) = term.task {
            return Ok(self.task_ending(base, index)?.into_iter().collect());
        }
        if term.kind == DependencyKind::AfterCorr && self.count_tasks(base)? <= MOST_TASKS {
            return self.endings(base);
        }
        let whole = self.whole_ending(base)?;
        let alone = |(_, state)| (base, None, state);
        Ok(match term.kind {
            // Each task asks for its own counterpart: what is said of none in particular holds for all.
            DependencyKind::AfterCorr => whole.map(alone),
            _ => whole.map(|(task, state)| (base, task, state)),
        }
        .into_iter()
        .collect())
    }

    /// The worst ending of a submission, and which task of an array had it.
    fn whole_ending(&self, base: JobId) -> Result<Option<(Option<u32>, JobState)>, StoreError> {
        let found: Option<(String, Option<u32>, Option<String>)> = self
            .db
            .sql
            .prepare_cached(include_str!("../queries/whole-ending.sql"))
            .and_then(|mut one| one.query_row([base.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional())
            .map_err(self.db.fault("reading how a job ended"))?;
        let Some((name, task, tasks)) = found else { return Ok(None) };
        let state = state_named(&name).ok_or_else(|| self.unreadable("a state", &name))?;
        Ok(Some((task.or_else(|| indices(&tasks?).first()), state)))
    }

    /// Adds how the jobs ended that a wish is about and that had not when it was made; says when the last of them did.
    pub(crate) fn complete_known(
        &self,
        wish: &Dependency,
        known: &mut Vec<Ending>,
    ) -> Result<Option<Time>, StoreError> {
        let told: BTreeSet<JobId> = known.iter().map(|(job, _, _)| *job).collect();
        let mut asked = BTreeSet::new();
        let mut last = None;
        for term in &wish.terms {
            let question = (term.job, term.task, term.kind == DependencyKind::AfterCorr);
            let Some(job) = term.job.filter(|job| !told.contains(job) && asked.insert(question)) else { continue };
            let more = self.known_of(term)?;
            if !more.is_empty() {
                last = last.max(self.ended_at(job)?);
            }
            known.extend(more);
        }
        Ok(last)
    }

    /// When the last run of a record, or of a submission, ended.
    fn ended_at(&self, job: JobId) -> Result<Option<Time>, StoreError> {
        self.db
            .sql
            .prepare_cached("SELECT max(\"end\") FROM run WHERE base = ?1 OR job = ?1")
            .and_then(|mut one| one.query_row([job.0], |row| row.get::<_, Option<i64>>(0)))
            .map(|end| end.map(Time))
            .map_err(self.db.fault("reading when a job ended"))
    }

    fn is_open(&self, base: JobId) -> Result<bool, StoreError> {
        self.db
            .sql
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM open WHERE id = ?1)")
            .and_then(|mut one| one.query_row([base.0], |row| row.get(0)))
            .map_err(self.db.fault("looking a job up"))
    }

    fn state_of(&self, query: &str, of: impl Params) -> Result<Option<JobState>, StoreError> {
        let name: Option<String> = self
            .db
            .sql
            .prepare_cached(query)
            .and_then(|mut one| one.query_row(of, |row| row.get(0)).optional())
            .map_err(self.db.fault("reading how a job ended"))?;
        name.map(|name| state_named(&name).ok_or_else(|| self.unreadable("a state", &name))).transpose()
    }

    /// How many tasks an array that is over had; 1: it was none.
    fn count_tasks(&self, base: JobId) -> Result<u64, StoreError> {
        let spec = self.spec(base)?.map(|(_, spec, _, _)| spec);
        Ok(spec.and_then(|spec| spec.array.as_ref().map(|array| array.tasks.len())).unwrap_or(1))
    }

    fn task_ending(&self, base: JobId, index: u32) -> Result<Option<Ending>, StoreError> {
        let fault = self.db.fault("reading how a task ended");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/task-endings.sql")).map_err(&fault)?;
        let mut rows = statement.query([base.0, index]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            let (task, tasks): (Option<u32>, Option<String>) =
                (row.get(0).map_err(&fault)?, row.get(1).map_err(&fault)?);
            let told = match (task, tasks) {
                (Some(_), _) => Some(index),
                (None, Some(tasks)) if indices(&tasks).contains(index) => Some(index),
                (None, Some(_)) => continue,
                (None, None) => None,
            };
            let name: String = row.get(2).map_err(&fault)?;
            let state = state_named(&name).ok_or_else(|| self.unreadable("a state", &name))?;
            return Ok(Some((base, told, state)));
        }
        Ok(None)
    }
}

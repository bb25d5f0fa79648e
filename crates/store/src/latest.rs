//! What ran lately, for those who learn from it or show it.

use std::sync::Arc;

use model::{JobId, JobSpec, JobState, Span, Time};
use rusqlite::params;

use crate::{Reader, StoreError};

impl Reader {
    /// Gives the latest runs that ended in one of these states, the oldest first, with what was asked for and how long
    /// they ran without stops.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_runs(
        &self,
        most: u32,
        states: &[JobState],
        each: &mut dyn FnMut(&JobSpec, Span),
    ) -> Result<(), StoreError> {
        let fault = self.db.fault("reading the latest runs");
        let names: Vec<&str> = states.iter().map(|state| state.text()).collect();
        let names = serde_json::to_string(&names).map_err(|bad| self.unreadable("a list of states", &bad))?;
        let mut statement = self.db.sql.prepare(include_str!("../queries/latest-runs.sql")).map_err(&fault)?;
        let rows = statement.query_map(params![names, most], |row| Ok((JobId(row.get(0)?), Span(row.get(1)?))));
        let runs: Vec<(JobId, Span)> = rows.and_then(Iterator::collect).map_err(&fault)?;
        // Tasks of an array come one after the other.
        let mut last: Option<(JobId, Arc<JobSpec>)> = None;
        for (base, ran) in runs.into_iter().rev() {
            if last.as_ref().is_none_or(|(known, _)| *known != base) {
                last = self.spec(base)?.map(|(_, spec, ..)| (base, spec));
            }
            if let Some((_, spec)) = &last {
                each(spec, Span(ran.0.max(0)));
            }
        }
        Ok(())
    }

    /// How long the latest runs waited from when they could have started, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_waits(&self, most: u32) -> Result<Vec<Span>, StoreError> {
        self.db.rows_of(include_str!("../queries/latest-waits.sql"), [most], |row| row.get(0).map(Span))
    }

    /// From when until when each run that ended since then had how many CPUs, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn uses_since(&self, since: Time) -> Result<Vec<(Time, Time, u32)>, StoreError> {
        self.db.rows_of(include_str!("../queries/uses-since.sql"), [since.0], |row| {
            Ok((Time(row.get(0)?), Time(row.get(1)?), row.get(2)?))
        })
    }

    /// How many runs ended since then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ended_since(&self, since: Time) -> Result<u64, StoreError> {
        let counts = self.db.rows_of(include_str!("../queries/ended-since.sql"), [since.0], |row| {
            row.get::<_, i64>(0).map(i64::cast_unsigned)
        })?;
        Ok(counts.into_iter().next().unwrap_or(0))
    }
}

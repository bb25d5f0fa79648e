//! Long listings in pieces: first which records, then their rows, a handful at a time, so that nobody has to hold a
//! hundred thousand rows at once.

use model::{JobId, QueueRow, Time};

use crate::reason::Reasons;
use crate::rows::RowFilter;
use crate::state::State;

impl State {
    /// The records that pass the filter, as [`State::rows`] would show them.
    pub fn ids(&self, filter: &RowFilter, out: &mut dyn FnMut(JobId)) {
        let mut show = |id: &JobId| {
            let Some(job) = self.jobs.get(id) else { return };
            let state = filter.states.as_ref().is_none_or(|states| states.contains(&job.state()));
            let user = filter.user.is_none_or(|uid| self.uid_of(job) == uid);
            if user && state && (filter.finished || !job.is_done()) {
                out(*id);
            }
        };
        match (&filter.ids, filter.user) {
            (Some(ids), _) => ids.iter().flat_map(|id| self.records_of(*id)).for_each(|id| show(&id)),
            (None, Some(uid)) => {
                let range = self.index.by_user.range((uid, JobId(0))..=(uid, JobId(u32::MAX)));
                range.for_each(|(_, id)| show(id));
            }
            (None, None) => self.jobs.keys().for_each(show),
        }
    }

    /// The rows of exactly these records, in this order; those that are gone by now are left out.
    pub fn rows_of(&self, records: &[JobId], now: Time, out: &mut dyn FnMut(QueueRow)) {
        let mut reasons = Reasons::new(self, now);
        for job in records.iter().filter_map(|id| self.jobs.get(id)) {
            out(self.row_of(job, now, &mut reasons));
        }
    }
}

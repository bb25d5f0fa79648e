//! Rows for the listing commands. Must not know how they are printed.

use std::sync::Arc;

use model::{ArrayPlace, Exit, JobId, JobState, QueueRow, Reason, Span, Time, Uid};

use crate::job::{Job, Phase, Place};
use crate::reason::Reasons;
use crate::state::State;

/// Which rows to show.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowFilter {
    /// Only these records; an array's number means all its records.
    pub ids: Option<Vec<JobId>>,
    /// Only this user's.
    pub user: Option<Uid>,
    /// Only in these states.
    pub states: Option<Vec<JobState>>,
    /// Also those that are over.
    pub finished: bool,
}

impl State {
    /// Shows the rows that pass the filter, by number (an array's own record first among its own).
    pub fn rows(&self, filter: &RowFilter, now: Time, out: &mut dyn FnMut(QueueRow)) {
        let mut reasons = Reasons::new(self, now);
        let mut show = |job: &Job| {
            let user = filter.user.is_none_or(|uid| self.uid_of(job) == uid);
            let state = filter.states.as_ref().is_none_or(|states| states.contains(&job.state()));
            if user && state && (filter.finished || !job.is_done()) {
                out(self.row_of(job, now, &mut reasons));
            }
        };
        match (&filter.ids, filter.user) {
            (Some(ids), _) => {
                let mut records: Vec<JobId> = ids.iter().flat_map(|id| self.records_of(*id)).collect();
                records.sort_unstable();
                records.dedup();
                records.iter().filter_map(|id| self.jobs.get(id)).for_each(&mut show);
            }
            (None, Some(uid)) => {
                let range = self.index.by_user.range((uid, JobId(0))..=(uid, JobId(u32::MAX)));
                range.filter_map(|(_, id)| self.jobs.get(id)).for_each(&mut show);
            }
            (None, None) => self.jobs.values().for_each(&mut show),
        }
    }

    /// One record's row.
    pub fn row(&self, id: JobId, now: Time) -> Option<QueueRow> {
        Some(self.row_of(self.jobs.get(&id)?, now, &mut Reasons::new(self, now)))
    }

    pub(crate) fn array_place(&self, job: &Job) -> ArrayPlace {
        match &job.place {
            Place::Single => ArrayPlace::Single,
            Place::Task { base, index } => ArrayPlace::Task { base: *base, index: *index },
            Place::Array(tasks) => ArrayPlace::Pending {
                base: job.id,
                tasks: (**tasks).clone(),
                limit: self.arrays.get(&job.id).and_then(|array| array.limit),
            },
        }
    }

    pub(crate) fn row_of(&self, job: &Job, now: Time, reasons: &mut Reasons) -> QueueRow {
        let traits = &self.class_of(job).traits;
        let request = &traits.request;
        let mut row = QueueRow {
            id: job.id,
            array: self.array_place(job),
            name: (*job.name).clone(),
            owner: self.owners.get(traits.owner).clone(),
            account: self.names.text(traits.account).clone(),
            partition: self.names.text(traits.partition).clone(),
            qos: self.names.text(traits.qos).clone(),
            state: job.state(),
            reason: reasons.of(job),
            priority: 0,
            nice: traits.nice,
            cpus: request.cpus(),
            tasks: request.task_count(),
            cpus_per_task: request.cpus_per_task.unwrap_or(1),
            nodes: request.node_count(),
            memory: request.memory,
            gpus: request.gpus,
            time_limit: traits.time_limit,
            submit: job.submit,
            eligible: job.eligible,
            start: None,
            end: None,
            suspended: Span::ZERO,
            exit: Exit::default(),
            restarts: job.restarts,
            dependency: String::new(),
            node: Arc::clone(&self.node),
        };
        match &job.phase {
            Phase::Pending => {
                row.priority = self.priority(job, now);
                row.start = match row.reason {
                    Reason::BeginTime => job.waits_until(now),
                    Reason::Resources => reasons.promised(job.id),
                    _ => None,
                };
                row.end = row.start.zip(traits.duration()).map(|(start, span)| start + span);
                row.dependency = job.dependencies().map(|list| list.text(now)).unwrap_or_default();
                row.node = self.nowhere();
            }
            Phase::Active(active) => {
                row.priority = active.priority;
                row.cpus = active.placement.cpus.len() as u32;
                row.start = Some(active.start);
                row.suspended = active.stopped(now);
                row.end = match &active.ending {
                    Some((since, _)) => Some(*since),
                    None => active.limit(traits.time_limit),
                };
            }
            Phase::Done(done) => {
                row.priority = done.priority;
                // What never started shows its end for both, as under Slurm; accounts know better.
                row.start = done.start.or(Some(done.end));
                row.end = Some(done.end);
                row.suspended = done.suspended;
                row.exit = done.script_exit;
                if done.start.is_some() {
                    row.cpus = done.cpus;
                } else {
                    row.node = self.nowhere();
                }
            }
        }
        row
    }

    fn nowhere(&self) -> Arc<str> {
        Arc::clone(self.names.empty())
    }
}

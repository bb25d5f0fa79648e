//! The day the cluster came: what still waited here is submitted to Slurm, as its owner and for its project; what ran ends
//! where it is. One job after the other, each with a mark in its comment, so that a crash between Slurm's answer and the
//! disk finds it again and does not submit it twice. Must not know how a job is told to Slurm.

use std::{collections::BTreeMap, sync::Arc};

use dialect::cluster::orders;
use drivers::local::protocol::Environment;
use model::{ArraySpec, Dependency, JobId, JobState, Span, Text, Time, Uid};
use scheduler::{RowFilter, What};
use store::{ClusterWrite, Fact, Write};

use super::orders::Doing;
use crate::{complain::complain, core::Centre};

/// What was refused is tried again after so long.
const PATIENCE: Span = Span::minutes(5);

/// Jobs on their way.
#[derive(Default)]
pub(super) struct Moving {
    /// One is being submitted.
    pub(super) busy: bool,
    /// Numbers here, and there.
    pub(super) moved: BTreeMap<JobId, JobId>,
    /// Refused, and not to be tried before.
    pub(super) later: BTreeMap<JobId, Time>,
}

fn mark(id: JobId) -> String {
    format!("algoric-moved:{id}")
}

impl Centre {
    /// The next job that waits here goes to Slurm.
    pub(super) fn move_one(&mut self) {
        let is_ready = self.hello.is_some()
            && self.degraded.is_none()
            && self.cluster.as_ref().is_some_and(|cluster| !cluster.moving.busy && cluster.fault.is_none());
        if !is_ready || self.stopping != crate::core::Stopping::No {
            return;
        }
        let mut ids = Vec::new();
        self.state.ids(&RowFilter::default(), &mut |id| ids.push(id));
        ids.sort_unstable();
        for id in ids {
            let waits = self.state.job(id).is_some_and(|job| job.id() == id && job.state() == JobState::Pending);
            let is_later = self.cluster.as_ref().and_then(|cluster| cluster.moving.later.get(&id).copied());
            if waits && is_later.is_none_or(|at| at <= self.now) && self.send_there(id) {
                return;
            }
        }
    }

    /// Sends one; `false`: it cannot go yet.
    fn send_there(&mut self, id: JobId) -> bool {
        let Some((base, tasks)) = self.state.job(id).map(|job| (job.base(), job.tasks().cloned())) else {
            return false;
        };
        let Some(row) = self.state.row(id, self.now) else { return false };
        let Ok(Some(stored)) = self.reader.submission(base) else { return false };
        let mut spec = (*stored.spec).clone();
        let Some(cluster) = &self.cluster else { return false };
        // It is there already: a crash came between Slurm's answer and the disk.
        let mine = mark(id);
        let has_mark = |comment: &Text| comment.lossy().split(',').any(|word| word == mine);
        let there = cluster.queue.values().find(|queued| queued.comment.as_ref().is_some_and(has_mark));
        if let Some(there) = there.map(|queued| queued.base) {
            self.has_moved(id, there, Arc::new(spec), stored.script_id);
            return true;
        }
        if !row.dependency.is_empty() {
            let wish = spec.dependency.take().and_then(|wish| elsewhere(wish, &cluster.moving.moved));
            let Some(wish) = wish else { return false };
            spec.dependency = Some(wish);
        } else {
            spec.dependency = None;
        }
        (spec.array, spec.hold) = match (tasks, row.array) {
            (Some(tasks), _) => {
                let limit = spec.array.as_ref().and_then(|array| array.limit);
                (Some(ArraySpec { tasks, limit }), row.priority == 0)
            }
            (None, model::ArrayPlace::Task { index, .. }) => {
                let tasks = model::IndexSet::from_ranges([(index, index, 1)]).unwrap_or_default();
                (Some(ArraySpec { tasks, limit: None }), row.priority == 0)
            }
            (None, _) => (None, row.priority == 0),
        };
        // What was filled in here for who asked for nothing is Slurm's to fill in there; so are queues and priorities.
        let here = self.state.config().partitions.iter().find(|partition| partition.name == spec.partition);
        if here.is_some_and(|partition| partition.default_memory == spec.request.memory) {
            spec.request.memory = model::Memory::Default;
        }
        (spec.partition, spec.priority) = (String::new(), None);
        let comment = spec.comment.as_ref().map(|text| format!("{},{mine}", text.lossy())).unwrap_or(mine);
        spec.comment = Some(Text::from(comment));
        let env = Environment::from_pairs(stored.environment.split(|byte| *byte == 0).filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((&pair[..at], &pair[at + 1..]))
        }));
        let words = orders::sbatch(&spec);
        let (owner, workdir) = (spec.owner.clone(), spec.workdir.clone());
        let script = Text::from(stored.script.to_vec());
        if let Some(cluster) = &mut self.cluster {
            cluster.moving.busy = true;
        }
        self.run_as(owner, words, env, workdir, script, Doing::Move(id, Arc::new(spec), stored.script_id));
        true
    }

    /// Slurm has it: here it is over.
    pub(super) fn has_moved(&mut self, id: JobId, there: JobId, spec: Arc<model::JobSpec>, script: store::BlobId) {
        let text = format!("job {id} goes on as job {there} of the cluster");
        self.journal.write(Write::Cluster(Box::new(ClusterWrite::Submitted { id: there, at: self.now, spec, script })));
        // Who filled in a form for it finds it again.
        if let Ok(Some((app, fields))) = self.reader.form(id) {
            self.journal.write(Write::Form { id: there, app, fields });
        }
        let fact = Box::new(Fact::Noted { by: Uid::ROOT, text });
        self.journal.write(Write::Event { at: self.now, base: Some(id), fact });
        self.record_own(What::Cancelled { id, tasks: None, by: Uid::ROOT });
        if let Some(cluster) = &mut self.cluster {
            cluster.moving.busy = false;
            cluster.moving.moved.insert(id, there);
        }
    }

    /// Slurm does not take it now: it waits here, which its history says.
    pub(super) fn has_not_moved(&mut self, id: JobId, why: &str) {
        complain!("job {id} waits here, as the cluster does not take it: {why}");
        let until = self.now + PATIENCE;
        if let Some(cluster) = &mut self.cluster {
            cluster.moving.busy = false;
            if cluster.moving.later.insert(id, until).is_none() {
                self.note(id, format!("the cluster does not take it yet: {why}"));
            }
        }
    }
}

/// A wish about jobs by their numbers there; `None`: one of them is still here.
fn elsewhere(wish: Dependency, moved: &BTreeMap<JobId, JobId>) -> Option<Dependency> {
    let terms = wish.terms.into_iter().map(|mut term| {
        if let Some(job) = term.job {
            term.job = Some(*moved.get(&job)?);
        }
        Some(term)
    });
    Some(Dependency { terms: terms.collect::<Option<Vec<_>>>()?, any: wish.any })
}

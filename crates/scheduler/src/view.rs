//! What the state shows of itself: single jobs, places of tasks, runs, what is in use. Reads only.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ArrayPlace, IndexSet, JobId, JobState, Owner, Request, RunId, Span, Text, Time, TimeLimit, Uid};

use crate::event::{Placement, Reservation};
use crate::fair::Leaf;
use crate::job::{Ending, Hold, Job, Phase, Place};
use crate::power::NodeView;
use crate::state::State;

/// One record, to look at.
#[derive(Clone, Copy)]
pub struct JobView<'a> {
    state: &'a State,
    job: &'a Job,
}

/// Where a task of an array is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskPlace {
    /// In the array's record, waiting.
    Pending,
    /// It has this record (which may be the array's own number, for the last task).
    Record(JobId),
    /// It is over and forgotten, or was cancelled before it had a record.
    Over,
    /// The array, or the task in it, does not exist.
    Unknown,
}

/// What is in use on the machine.
#[derive(Clone, PartialEq, Debug)]
pub struct MachineUse {
    /// CPUs of the cores that jobs have; those of suspended jobs are not counted.
    pub cpus_allocated: u32,
    /// Memory that jobs have, MiB.
    pub memory_allocated_mib: u64,
    /// GPUs that jobs have.
    pub gpus_allocated: u32,
    /// Runs that are on the machine and not suspended.
    pub running: usize,
    /// Records that wait.
    pub pending: usize,
    /// Runs that are suspended.
    pub suspended: usize,
    /// The machine takes no new jobs: why, by whom, since when.
    pub drained: Option<(String, Uid, Time)>,
    /// Reservations, by name.
    pub reservations: Vec<Reservation>,
}

/// What is in use of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeUse<'a> {
    /// Which, and what it is doing.
    pub view: NodeView<'a>,
    /// Its CPUs.
    pub cpus: u32,
    /// CPUs of the cores that jobs have; those of suspended jobs are not counted.
    pub cpus_allocated: u32,
    /// GPUs that jobs have.
    pub gpus_allocated: u32,
}

/// Fair-share use, to be stored and put back exactly.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct FairUsage {
    /// Until when use has faded.
    pub at: Option<Time>,
    /// Everybody who ever submitted.
    pub rows: Vec<UsageRow>,
    /// How much of the time of what runs is charged already, in milliseconds.
    pub charged: Vec<(RunId, i64)>,
}

/// What one user of one project used.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct UsageRow {
    /// Project.
    pub account: String,
    /// User.
    pub uid: Uid,
    /// CPU-milliseconds until [`FairUsage::at`], faded.
    pub cpu_ms: u64,
    /// CPU-milliseconds since.
    #[serde(default)]
    pub recent_cpu_ms: u64,
}

impl<'a> JobView<'a> {
    /// Its number.
    pub fn id(&self) -> JobId {
        self.job.id
    }

    /// Its present run, or the one it would have next.
    pub fn run(&self) -> RunId {
        self.job.run()
    }

    /// Name.
    pub fn name(&self) -> &'a Text {
        &self.job.name
    }

    /// Owner.
    pub fn owner(&self) -> &'a Arc<Owner> {
        self.state.owners.get(self.state.class_of(self.job).traits.owner)
    }

    /// Project.
    pub fn account(&self) -> &'a Arc<str> {
        self.state.names.text(self.state.class_of(self.job).traits.account)
    }

    /// Partition.
    pub fn partition(&self) -> &'a Arc<str> {
        self.state.names.text(self.state.class_of(self.job).traits.partition)
    }

    /// QOS.
    pub fn qos(&self) -> &'a Arc<str> {
        self.state.names.text(self.state.class_of(self.job).traits.qos)
    }

    /// What it asked for.
    pub fn request(&self) -> &'a Request {
        &self.state.class_of(self.job).traits.request
    }

    /// Its time limit.
    pub fn time_limit(&self) -> TimeLimit {
        self.state.class_of(self.job).traits.time_limit
    }

    /// Whether it may be run again.
    pub fn may_requeue(&self) -> bool {
        self.state.class_of(self.job).traits.requeue
    }

    /// The array it belongs to, or its own number.
    pub fn base(&self) -> JobId {
        self.job.base()
    }

    /// Its place in an array.
    pub fn array(&self) -> ArrayPlace {
        self.state.array_place(self.job)
    }

    /// The task's number, for a task with its own record.
    pub fn task(&self) -> Option<u32> {
        if let Place::Task { index, .. } = self.job.place { Some(index) } else { None }
    }

    /// The tasks that have not started, for an array's record.
    pub fn tasks(&self) -> Option<&'a IndexSet> {
        self.job.tasks()
    }

    /// Where it is in its life.
    pub fn state(&self) -> JobState {
        self.job.state()
    }

    /// Who holds it.
    pub fn hold(&self) -> Option<Hold> {
        self.job.hold
    }

    /// What it has of the machine; `None`: nothing.
    pub fn placement(&self) -> Option<&'a Placement> {
        self.job.active().map(|active| &active.placement)
    }

    /// Why it is being ended, if it is.
    pub fn ending(&self) -> Option<&'a Ending> {
        self.job.active()?.ending.as_ref().map(|(_, why)| why)
    }

    /// Since when it is suspended, if it is.
    pub fn suspended_since(&self) -> Option<Time> {
        Some(self.job.active()?.stop?.since)
    }
}

impl State {
    /// A record by its number; for an array whose own record is forgotten, another of its records.
    pub fn job(&self, id: JobId) -> Option<JobView<'_>> {
        let own = self.jobs.get(&id);
        let job = own.or_else(|| self.jobs.get(self.arrays.get(&id)?.records.first()?))?;
        Some(JobView { state: self, job })
    }

    /// All records known of a job or an array, finished ones included: the array's own while it waits, then by number.
    pub fn records_of(&self, base: JobId) -> Vec<JobId> {
        let Some(array) = self.arrays.get(&base) else {
            return self.jobs.contains_key(&base).then_some(base).into_iter().collect();
        };
        array.records.iter().copied().collect()
    }

    /// Where a task of an array is.
    pub fn task(&self, base: JobId, index: u32) -> TaskPlace {
        let Some(array) = self.arrays.get(&base) else { return TaskPlace::Unknown };
        if let Some(id) = array.tasks.get(&index) {
            return TaskPlace::Record(*id);
        }
        match self.jobs.get(&base) {
            Some(job) if job.is_pending() && job.tasks().is_some_and(|tasks| tasks.contains(index)) => {
                TaskPlace::Pending
            }
            _ if array.all.contains(index) => TaskPlace::Over,
            _ => TaskPlace::Unknown,
        }
    }

    /// What has a place on the machine: running, suspended or ending; with the start.
    pub fn runs(&self) -> impl Iterator<Item = (RunId, &Placement, Time)> {
        let jobs = self.index.active.iter().filter_map(|id| self.jobs.get(id));
        jobs.filter_map(|job| job.active().map(|active| (job.run(), &active.placement, active.start)))
    }

    /// Why a run is being ended, if it is.
    pub fn ending(&self, run: RunId) -> Option<Ending> {
        let job = self.jobs.get(&run.job).filter(|job| job.restarts == run.attempt)?;
        job.active()?.ending.as_ref().map(|(_, why)| why.clone())
    }

    /// What is in use.
    pub fn machine_use(&self) -> MachineUse {
        let topology = &self.rules.topology;
        let used = (0..topology.cores.len()).filter(|core| self.floor.is_used(*core));
        let active = || self.index.active.iter().filter_map(|id| self.jobs.get(id)?.active());
        let suspended = active().filter(|active| active.stop.is_some()).count();
        MachineUse {
            cpus_allocated: used.map(|core| topology.cores[core].threads.len() as u32).sum(),
            memory_allocated_mib: self.floor.memory(),
            gpus_allocated: (0..topology.gpus.len()).filter(|gpu| self.floor.gpu_user(*gpu).is_some()).count() as u32,
            running: self.index.active.len() - suspended,
            pending: self.waiting_and_running() - self.index.active.len(),
            suspended,
            drained: self.drained.clone(),
            reservations: self.reservations.values().cloned().collect(),
        }
    }

    /// What can be switched, and what it is doing; nothing where the machine is always on.
    pub fn nodes(&self) -> impl Iterator<Item = NodeView<'_>> {
        self.nodes.views()
    }

    /// What is in use of what can be switched.
    pub fn node_uses(&self) -> impl Iterator<Item = NodeUse<'_>> {
        let topology = &self.rules.topology;
        self.nodes.views().zip(&topology.nodes).map(|(view, place)| {
            let threads = |core: usize| topology.cores[core].threads.len() as u32;
            let used = place.cores.clone().filter(|core| self.floor.is_used(*core));
            NodeUse {
                cpus: place.cores.clone().map(threads).sum(),
                cpus_allocated: used.map(threads).sum(),
                gpus_allocated: place.gpus.clone().filter(|gpu| self.floor.gpu_user(*gpu).is_some()).count() as u32,
                view,
            }
        })
    }

    /// The nodes on which a run has a place, by name.
    pub fn nodes_of(&self, id: JobId) -> Vec<&str> {
        let active = self.jobs.get(&id).and_then(Job::active);
        let nodes = active.map_or_else(Vec::new, |active| self.rules.topology.nodes_of(&active.cores, &active.gpus));
        nodes.into_iter().map(|node| self.rules.config.nodes[node].name.as_str()).collect()
    }

    /// After a restart nobody knows since when nodes have had no jobs: it is counted from the next decision on.
    pub fn forget_idle(&mut self) {
        self.nodes.forget_idle();
    }

    /// Fair-share use, to be stored.
    pub fn usage_rows(&self) -> FairUsage {
        let row = |(account, uid, leaf): (_, _, Leaf)| UsageRow {
            account: self.names.text(account).to_string(),
            uid,
            cpu_ms: leaf.used,
            recent_cpu_ms: leaf.recent,
        };
        let mut rows: Vec<UsageRow> = self.fair.leaves().map(row).collect();
        rows.sort_by(|a, b| (&a.account, a.uid).cmp(&(&b.account, b.uid)));
        let charged = self.index.active.iter().filter_map(|id| {
            let job = self.jobs.get(id)?;
            Some((job.run(), job.active()?.charged.0))
        });
        FairUsage { at: self.fair.at(), rows, charged: charged.collect() }
    }

    /// Puts stored fair-share use back, after the jobs are known again. What ran when it was stored is not charged
    /// twice.
    pub fn set_usage(&mut self, usage: &FairUsage) {
        let rows: Vec<_> = (usage.rows.iter())
            .map(|row| (self.names.number(&row.account), row.uid, row.cpu_ms, row.recent_cpu_ms))
            .collect();
        self.fair.restore(usage.at, rows);
        let charged: BTreeMap<RunId, i64> = usage.charged.iter().copied().collect();
        for job in self.jobs.values_mut() {
            let run = job.run();
            if let Phase::Active(active) = &mut job.phase {
                active.charged = Span(charged.get(&run).copied().unwrap_or(0));
            }
        }
        self.rebase();
    }

    /// What a waiting job depended on was over only at this instant: said after a restart, when what it depended on is
    /// known by hearsay only, and the event of its submission alone would have made it eligible too early.
    pub fn note_met(&mut self, id: JobId, met: Time) {
        let earlier = |job: &&Job| job.is_pending() && job.eligible.is_some_and(|eligible| eligible < met);
        if self.jobs.get(&id).filter(earlier).is_some() {
            self.revise(id, |job| job.eligible = Some(met));
        }
    }

    /// Drops records that have been over for longer than the configuration says, the oldest first.
    pub fn forget_finished(&mut self, now: Time) {
        let config = &self.rules.config;
        let (age, most) = (config.min_job_age, config.max_finished);
        while let Some((end, id)) = self.index.done.first().copied() {
            if self.index.done.len() <= most && now - end < age {
                return;
            }
            self.forget(id);
        }
    }

    fn forget(&mut self, id: JobId) {
        self.unindex(id);
        let Some(job) = self.jobs.remove(&id) else { return };
        let uid = self.uid_of(&job);
        self.index.by_user.remove(&(uid, id));
        self.classes.leave(job.class);
        let base = job.base();
        if let Some(array) = self.arrays.get_mut(&base) {
            array.records.remove(&id);
            if let Place::Task { index, .. } = job.place {
                array.tasks.remove(&index);
            }
            if array.records.is_empty() {
                self.arrays.remove(&base);
            }
        }
        self.titles.release(job.name);
    }
}

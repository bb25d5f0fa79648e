//! Runs: they start, are signalled, stop, go on.

use model::{CpuSet, JobId, RunId, Span, Time};

use crate::event::Placement;
use crate::job::{Active, Ending, Phase, Stop};
use crate::refusal::Impossible;
use crate::state::State;

impl State {
    pub(super) fn started(
        &mut self,
        at: Time,
        run: RunId,
        task: Option<(JobId, u32)>,
        placement: &Placement,
    ) -> Result<(), Impossible> {
        let source = match task {
            Some((array, index)) => {
                self.can_leave(array, index, run.job)?;
                self.pending(array)?
            }
            None => self.pending(run.job)?,
        };
        if source.hold.is_some() {
            return Err(Impossible::Held(source.id));
        }
        if source.restarts != run.attempt || (task.is_none() && source.tasks().is_some()) {
            return Err(Impossible::NotRunning(run));
        }
        // Only what contradicts another run is impossible: after a restart the machine may have been declared anew, and
        // what runs on it runs all the same.
        let cores = self.rules.topology.cores_of(&placement.cpus);
        let gpus = self.rules.topology.gpu_places(&placement.gpus);
        let taken = gpus.iter().any(|gpu| self.floor.gpu_user(*gpu).is_some());
        if taken || placement.cpus.is_empty() || self.collides(&placement.cpus, &cores) {
            return Err(Impossible::Occupied(run));
        }
        if let Some((array, index)) = task {
            self.detach(array, index, run.job);
        }
        if let Some(ready) = &mut self.ready {
            ready.note_start(task.map_or(run.job, |(array, _)| array), at);
        }
        self.begin(at, run.job, placement, cores, gpus);
        Ok(())
    }

    /// Whether a run uses one of these CPUs, which belong to these cores.
    fn collides(&self, cpus: &CpuSet, cores: &[u32]) -> bool {
        let users = cores.iter().flat_map(|core| self.floor.users(*core as usize));
        let mut others = users.filter_map(|user| self.jobs.get(user)?.active());
        others.any(|other| other.placement.cpus.iter().any(|cpu| cpus.contains(cpu)))
    }

    fn begin(&mut self, at: Time, id: JobId, placement: &Placement, cores: Vec<u32>, gpus: Vec<usize>) {
        let Some(job) = self.jobs.get(&id) else { return };
        let (base, first) = (job.base(), job.restarts == 0);
        let priority = self.priority(job, at);
        self.enter_nodes(at, &cores, &gpus);
        self.floor.use_cores(&self.rules.topology, id, &cores);
        self.floor.take(&self.rules.topology, id, placement.memory_mib.unwrap_or(0), (&cores, &gpus));
        let active = Active {
            priority,
            start: at,
            placement: placement.clone(),
            cores,
            gpus,
            suspended: Span::ZERO,
            stop: None,
            displaced_by: None,
            ending: None,
            signalled: false,
            charged: Span::ZERO,
        };
        self.revise(id, |job| {
            job.eligible.get_or_insert(at);
            job.phase = Phase::Active(Box::new(active));
            // What it waited for is over, also if it is requeued.
            if let Some(extra) = &mut job.extra {
                extra.dependencies = None;
                extra.delay = None;
            }
        });
        if let Some(share) = self.jobs.get(&id).and_then(|job| self.share(job)) {
            self.uses.add(&share);
        }
        self.change_active_tasks(base, |array| {
            array.active += 1;
            if first {
                array.fresh = array.fresh.saturating_sub(1);
                array.last_start = array.last_start.max(at);
            }
        });
        self.tell_waiters(id, at);
    }

    pub(super) fn time_limit_reached(&mut self, at: Time, run: RunId) -> Result<(), Impossible> {
        let (_, active) = self.active(run)?;
        if active.stop.is_some() {
            return Err(Impossible::Suspension(run));
        }
        self.end_active(at, run.job, Ending::TimeLimit)
    }

    pub(super) fn signal_due(&mut self, run: RunId) -> Result<(), Impossible> {
        let (_, active) = self.active(run)?;
        if active.ending.is_some() {
            return Err(Impossible::Ending(run.job));
        }
        if active.signalled {
            return Err(Impossible::Signalled(run));
        }
        self.revise_active(run.job, |active| active.signalled = true);
        Ok(())
    }

    pub(super) fn suspended(&mut self, at: Time, run: RunId, cause: Option<JobId>) -> Result<(), Impossible> {
        let (_, active) = self.active(run)?;
        if active.ending.is_some() {
            return Err(Impossible::Ending(run.job));
        }
        if active.stop.is_some() {
            return Err(Impossible::Suspension(run));
        }
        let cores = active.cores.clone();
        self.charge(run.job, at);
        self.floor.leave_cores(&self.rules.topology, run.job, &cores);
        if cause.is_some() {
            self.floor.lend(&self.rules.topology, run.job, &cores);
        }
        self.revise_active(run.job, |active| {
            active.stop = Some(Stop { since: at, cause });
            active.displaced_by = cause.or(active.displaced_by);
        });
        Ok(())
    }

    pub(super) fn resumed(&mut self, at: Time, run: RunId) -> Result<(), Impossible> {
        let (_, active) = self.active(run)?;
        if active.ending.is_some() {
            return Err(Impossible::Ending(run.job));
        }
        if active.stop.is_none() {
            return Err(Impossible::Suspension(run));
        }
        if self.collides(&active.placement.cpus, &active.cores) {
            return Err(Impossible::Occupied(run));
        }
        let cores = active.cores.clone();
        self.floor.take_back(&self.rules.topology, run.job, &cores);
        self.floor.use_cores(&self.rules.topology, run.job, &cores);
        self.revise_active(run.job, |active| {
            active.suspended = active.stopped(at);
            active.stop = None;
        });
        Ok(())
    }

    /// Changes a run and keeps the indexes right.
    pub(super) fn revise_active(&mut self, id: JobId, how: impl FnOnce(&mut Active)) {
        self.revise(id, |job| {
            if let Phase::Active(active) = &mut job.phase {
                how(active);
            }
        });
    }
}

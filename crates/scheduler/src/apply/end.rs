//! Ends: ordered, seen, judged; and the way back to the queue.

use model::{Exit, IndexSet, JobId, JobState, Outcome, Reason, RunId, Span, Time, Uid, Usage};

use crate::event::{Finished, Placement, RequeueCause};
use crate::job::{Active, Done, Ending, Hold, Job, Phase, Place};
use crate::refusal::Impossible;
use crate::state::State;

/// How a run is judged.
struct Verdict {
    state: JobState,
    reason: Reason,
    exit: Exit,
    script_exit: Exit,
}

/// What ended well or badly, by why it was ended, else by what was seen.
fn judge(ending: Option<&Ending>, outcome: &Outcome) -> Verdict {
    let none = Exit::default();
    let script_exit = match outcome {
        Outcome::Exited(exit) | Outcome::LaunchFailed { exit, .. } => *exit,
        // Whatever the script made of it: Slurm's mark for "out of memory".
        Outcome::OutOfMemory(_) => Exit { code: 0, signal: 125 },
        Outcome::Lost => none,
    };
    let (state, reason, exit) = match (ending, outcome) {
        (Some(Ending::Cancelled(_)), _) => (JobState::Cancelled, Reason::None, none),
        (Some(Ending::TimeLimit), _) => (JobState::Timeout, Reason::TimeLimit, none),
        (Some(Ending::Deadline), _) => (JobState::Deadline, Reason::DeadLine, none),
        (Some(Ending::Preempted(_)), _) => (JobState::Preempted, Reason::None, none),
        (Some(Ending::Requeued { cause, .. }), _) => {
            let failed = *cause == RequeueCause::NodeFailure;
            (JobState::Requeued, if failed { Reason::NodeFailure } else { Reason::None }, none)
        }
        (None, Outcome::Lost) => (JobState::NodeFail, Reason::NodeFailure, none),
        (None, Outcome::OutOfMemory(_)) => (JobState::OutOfMemory, Reason::OutOfMemory, Exit { code: 0, signal: 125 }),
        (None, Outcome::LaunchFailed { exit, .. }) => {
            let reason = if exit.signal > 0 { Reason::JobLaunchFailure } else { Reason::NonZeroExitCode };
            (JobState::Failed, reason, *exit)
        }
        (None, Outcome::Exited(exit)) => match *exit {
            Exit { code: 0, signal: 0 } => (JobState::Completed, Reason::None, none),
            Exit { code: _, signal: 0 } => (JobState::Failed, Reason::NonZeroExitCode, *exit),
            // Slurm's word for a script that a signal ended.
            Exit { .. } => (JobState::Failed, Reason::JobLaunchFailure, *exit),
        },
    };
    Verdict { state, reason, exit, script_exit }
}

impl State {
    /// A run is to end, if nothing ends it already. What was only to be requeued may still be cancelled for good.
    pub(super) fn end_active(&mut self, at: Time, id: JobId, why: Ending) -> Result<(), Impossible> {
        let job = self.known(id)?;
        let active = match &job.phase {
            Phase::Pending => return Err(Impossible::NotRunning(job.run())),
            Phase::Done(_) => return Err(Impossible::Finished(id)),
            Phase::Active(active) => active,
        };
        let overrides = matches!(
            (&active.ending, &why),
            (Some((_, Ending::Requeued { .. })), Ending::Cancelled(_) | Ending::Deadline)
        );
        if active.ending.is_some() && !overrides {
            return Err(Impossible::Ending(id));
        }
        self.revise_active(id, |active| {
            if let Ending::Preempted(by) | Ending::Requeued { cause: RequeueCause::Preempted(by), .. } = why {
                active.displaced_by = Some(by);
            }
            active.ending = Some((active.ending.as_ref().map_or(at, |(since, _)| *since), why));
        });
        Ok(())
    }

    pub(super) fn ended(
        &mut self,
        at: Time,
        run: RunId,
        outcome: &Outcome,
        usage: Usage,
    ) -> Result<Vec<Finished>, Impossible> {
        self.active(run)?;
        self.charge(run.job, at);
        let share = self.jobs.get(&run.job).and_then(|job| self.share(job));
        if let Some(share) = share {
            self.uses.remove(&share);
        }
        let Some(active) = self.vacate(run.job, at) else { return Err(Impossible::NotRunning(run)) };
        let verdict = judge(active.ending.as_ref().map(|(_, why)| why), outcome);
        let requeue = match &active.ending {
            Some((_, Ending::Requeued { hold, .. })) => Some(*hold),
            _ => None,
        };
        let end = at.max(active.start);
        let done = Done {
            state: verdict.state,
            reason: verdict.reason,
            script_exit: verdict.script_exit,
            start: Some(active.start),
            end,
            suspended: active.stopped(at),
            cpus: active.placement.cpus.len() as u32,
            priority: active.priority,
        };
        let cancelled_by = match &active.ending {
            Some((_, Ending::Cancelled(by))) => Some(*by),
            _ => None,
        };
        let job = self.known(run.job)?;
        let finished = Finished {
            usage,
            exit: verdict.exit,
            cancelled_by,
            placement: active.placement.clone(),
            displaced_by: active.displaced_by,
            ..Finished::of(job, &done)
        };
        self.change_active_tasks(job.base(), |array| array.active = array.active.saturating_sub(1));
        match requeue {
            Some(hold) => self.put_back(at, run.job, hold),
            None => self.finish(at, run.job, done),
        }
        Ok(vec![finished])
    }

    /// Takes a run off the machine.
    fn vacate(&mut self, id: JobId, at: Time) -> Option<Box<Active>> {
        let job = self.jobs.get(&id)?;
        let Phase::Active(active) = &job.phase else { return None };
        let active = active.clone();
        let topology = &self.rules.topology;
        self.nodes.leave(&topology.nodes_of(&active.cores, &active.gpus), at);
        self.floor.leave_cores(topology, id, &active.cores);
        self.floor.take_back(topology, id, &active.cores);
        self.floor.give_back(topology, id, active.placement.memory_mib.unwrap_or(0), (&active.cores, &active.gpus));
        Some(active)
    }

    /// A record is over.
    fn finish(&mut self, at: Time, id: JobId, done: Done) {
        let ok = done.state == JobState::Completed;
        let started = done.start.is_some();
        self.revise(id, |job| {
            job.phase = Phase::Done(Box::new(done));
            if let Some(extra) = &mut job.extra {
                extra.dependencies = None;
            }
        });
        let Some(job) = self.jobs.get(&id) else { return };
        let (base, place) = (job.base(), job.place.clone());
        let (uid, tasks) = (self.uid_of(job), job.task_count());
        self.count_out(uid, tasks);
        if let Some(array) = self.arrays.get_mut(&base) {
            let over: Vec<u32> = match &place {
                Place::Task { index, .. } => vec![*index],
                Place::Array(tasks) => tasks.iter().collect(),
                Place::Single => Vec::new(),
            };
            for index in &over {
                array.note_end(*index, ok);
            }
            let fresh = if started { 0 } else { over.len() as u64 };
            array.fresh = array.fresh.saturating_sub(fresh);
        }
        self.leave_twins(id, at);
        self.tell_waiters(id, at);
    }

    /// A record that is over, or whose run is, goes back to the queue.
    fn put_back(&mut self, at: Time, id: JobId, hold: bool) {
        let delay = self.rules.config.requeue_delay;
        self.revise(id, |job| {
            job.phase = Phase::Pending;
            job.restarts += 1;
            job.submit = at;
            job.eligible = None;
            // Who was held while it ran stays so.
            job.hold = if hold { Some(Hold::Requeued) } else { job.hold };
            job.extra_mut().delay = Some((at, delay));
            job.note_eligible(at);
        });
    }

    pub(super) fn requeued(&mut self, at: Time, id: JobId, cause: &RequeueCause, hold: bool) -> Result<(), Impossible> {
        let job = self.known(id)?;
        if !self.class_of(job).traits.requeue {
            return Err(Impossible::NotRequeueable(id));
        }
        match &job.phase {
            Phase::Pending => Err(Impossible::NotRunning(job.run())),
            Phase::Active(_) => self.end_active(at, id, Ending::Requeued { cause: cause.clone(), hold }),
            Phase::Done(done) if done.start.is_none() => Err(Impossible::Finished(id)),
            Phase::Done(_) => {
                let (uid, tasks) = (self.uid_of(job), job.task_count());
                if let Place::Task { base, index } = job.place
                    && let Some(array) = self.arrays.get_mut(&base)
                {
                    array.forget_end(index);
                }
                self.count_in(uid, tasks);
                self.put_back(at, id, hold);
                self.enter_twins(id);
                self.reopen_waiters(id, at);
                Ok(())
            }
        }
    }

    pub(super) fn cancelled(
        &mut self,
        at: Time,
        id: JobId,
        tasks: Option<&IndexSet>,
        by: Uid,
    ) -> Result<Vec<Finished>, Impossible> {
        let job = self.known(id)?;
        if let (Some(tasks), None) = (tasks, job.tasks()) {
            let own = if let Place::Task { index, .. } = job.place { Some(index) } else { None };
            if !own.is_some_and(|index| tasks.contains(index)) {
                return Err(Impossible::NoTask { array: id, index: tasks.first().unwrap_or(0) });
            }
        }
        match (&job.phase, tasks, job.tasks()) {
            (Phase::Done(_), _, _) => Err(Impossible::Finished(id)),
            (Phase::Active(_), _, _) => self.end_active(at, id, Ending::Cancelled(by)).map(|()| Vec::new()),
            (Phase::Pending, Some(some), Some(left)) => {
                let out: IndexSet = some.iter().filter(|index| left.contains(*index)).collect();
                match (out.first(), out.len() == left.len()) {
                    (None, _) => Err(Impossible::NoTask { array: id, index: some.first().unwrap_or(0) }),
                    (Some(_), true) => Ok(self.end_pending(at, id, JobState::Cancelled, Some(by))),
                    (Some(_), false) => Ok(self.cancel_tasks(at, id, out, by)),
                }
            }
            (Phase::Pending, _, _) => Ok(self.end_pending(at, id, JobState::Cancelled, Some(by))),
        }
    }

    /// Some tasks of an array's record are over before they started.
    fn cancel_tasks(&mut self, at: Time, id: JobId, out: IndexSet, by: Uid) -> Vec<Finished> {
        self.revise(id, |job| {
            for index in out.iter() {
                if let Place::Array(tasks) = &mut job.place {
                    tasks.remove(index);
                }
                job.forget_task(index);
            }
        });
        if let Some(array) = self.arrays.get_mut(&id) {
            for index in out.iter() {
                array.note_end(index, false);
            }
            array.fresh = array.fresh.saturating_sub(out.len());
        }
        self.tell_waiters(id, at);
        if let Some(uid) = self.jobs.get(&id).map(|job| self.uid_of(job)) {
            self.count_out(uid, out.len());
        }
        let Some(job) = self.jobs.get(&id) else { return Vec::new() };
        let done = self.unstarted(job, at, JobState::Cancelled);
        vec![Finished { cancelled_by: Some(by), tasks: Some(out), ..Finished::of(job, &done) }]
    }

    fn unstarted(&self, job: &Job, at: Time, state: JobState) -> Done {
        Done {
            state,
            reason: if state == JobState::Deadline { Reason::DeadLine } else { self.plain_reason(job, at) },
            script_exit: Exit::default(),
            start: None,
            end: at,
            suspended: Span::ZERO,
            cpus: 0,
            priority: self.priority(job, at),
        }
    }

    /// A waiting record is over.
    fn end_pending(&mut self, at: Time, id: JobId, state: JobState, by: Option<Uid>) -> Vec<Finished> {
        let Some(job) = self.jobs.get(&id) else { return Vec::new() };
        let done = self.unstarted(job, at, state);
        let finished = Finished { cancelled_by: by, ..Finished::of(job, &done) };
        self.finish(at, id, done);
        vec![finished]
    }

    pub(super) fn deadline_missed(&mut self, at: Time, id: JobId) -> Result<Vec<Finished>, Impossible> {
        if self.known(id)?.is_pending() {
            return Ok(self.end_pending(at, id, JobState::Deadline, None));
        }
        self.end_active(at, id, Ending::Deadline).map(|()| Vec::new())
    }

    pub(super) fn dependency_failed(&mut self, at: Time, id: JobId) -> Result<Vec<Finished>, Impossible> {
        self.pending(id)?;
        Ok(self.end_pending(at, id, JobState::Cancelled, None))
    }
}

impl Finished {
    /// What a record that is over says of itself.
    fn of(job: &Job, done: &Done) -> Finished {
        Finished {
            run: job.run(),
            task: if let Place::Task { base, index } = job.place { Some((base, index)) } else { None },
            tasks: job.tasks().cloned(),
            state: done.state,
            reason: done.reason,
            exit: Exit::default(),
            script_exit: done.script_exit,
            cancelled_by: None,
            eligible: job.eligible,
            start: done.start,
            end: done.end,
            suspended: done.suspended,
            placement: Placement::default(),
            usage: Usage::default(),
            priority: done.priority,
            displaced_by: None,
        }
    }
}

//! Folding events into the state. Each is looked at first and refused if it cannot be, so that the state is changed by
//! possible events only. Must not know what would be wise: that is `decide`.

mod change;
mod end;
mod power;
mod resolve;
mod run;
mod submit;

use model::{JobId, RunId, Time};

use crate::event::{Event, Finished, What};
use crate::job::{Active, Ending, Job, Phase};
use crate::power::Step;
use crate::refusal::Impossible;
use crate::state::State;

impl State {
    /// Folds an event into the state; says which runs and records are over through it.
    ///
    /// # Errors
    /// [`Impossible`] when the event contradicts what is known; the state is then as it was.
    pub fn apply(&mut self, event: &Event) -> Result<Vec<Finished>, Impossible> {
        let at = event.at;
        let done = match &event.what {
            What::Submitted { id, spec, known } => {
                let spec = spec.as_ref().ok_or(Impossible::NoSpec(*id))?;
                self.submitted(at, *id, spec, known).map(|()| Vec::new())
            }
            What::Started { run, task, placement } => self.started(at, *run, *task, placement).map(|()| Vec::new()),
            What::Split { array, index, id } => self.split(*array, *index, *id).map(|()| Vec::new()),
            What::Ended { run, outcome, usage } => self.ended(at, *run, outcome, *usage),
            What::Cancelled { id, tasks, by } => self.cancelled(at, *id, tasks.as_ref(), *by),
            What::TimeLimitReached { run } => self.time_limit_reached(at, *run).map(|()| Vec::new()),
            What::SignalDue { run } => self.signal_due(*run).map(|()| Vec::new()),
            What::DeadlineMissed { id } => self.deadline_missed(at, *id),
            What::DependencyFailed { id } => self.dependency_failed(at, *id),
            What::Requeued { id, cause, hold } => self.requeued(at, *id, cause, *hold).map(|()| Vec::new()),
            What::Preempted { id, by } => self.end_active(at, *id, Ending::Preempted(*by)).map(|()| Vec::new()),
            What::Held { id, by_operator } => self.held(*id, *by_operator).map(|()| Vec::new()),
            What::Released { id } => self.released(at, *id).map(|()| Vec::new()),
            What::Suspended { run, cause } => self.suspended(at, *run, *cause).map(|()| Vec::new()),
            What::Resumed { run } => self.resumed(at, *run).map(|()| Vec::new()),
            What::Updated { id, change, by } => self.updated(at, *id, change, *by).map(|()| Vec::new()),
            What::MadeUrgent { id, .. } => self.made_urgent(*id).map(|()| Vec::new()),
            What::Drained { reason, by } => {
                self.drained = Some((reason.clone(), *by, at));
                Ok(Vec::new())
            }
            What::Undrained { .. } => {
                self.drained = None;
                Ok(Vec::new())
            }
            What::Reserved(reservation) => self.reserved(reservation).map(|()| Vec::new()),
            What::Unreserved { name } => self.unreserved(name).map(|()| Vec::new()),
            What::SwitchedOn { node } => self.step(at, node, Step::SwitchOn).map(|()| Vec::new()),
            What::SwitchedOff { node } => self.step(at, node, Step::SwitchOff).map(|()| Vec::new()),
            What::CameUp { node } => self.step(at, node, Step::CameUp).map(|()| Vec::new()),
            What::WentOff { node } => self.step(at, node, Step::WentOff).map(|()| Vec::new()),
            What::BootFailed { node, reason } => self.step(at, node, Step::BootFailed(reason)).map(|()| Vec::new()),
            What::Mended { node, .. } => self.step(at, node, Step::Mended).map(|()| Vec::new()),
        };
        if done.is_ok() && self.fair.is_due(at) {
            self.settle(at);
        }
        done
    }

    /// Charges what runs until now, lets old use fade, and puts the queue in the order that follows.
    fn settle(&mut self, at: Time) {
        self.fair.fade(at);
        for id in self.index.active.clone() {
            self.charge(id, at);
        }
        self.fair.weigh();
        self.rebase();
    }

    /// Charges the owner of a run for its time since the last charge.
    fn charge(&mut self, id: JobId, at: Time) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let Phase::Active(active) = &mut job.phase else { return };
        let ran = active.ran(at);
        let more = (ran.0 - active.charged.0).max(0) as u64;
        active.charged = active.charged.max(ran);
        let cpus = active.placement.cpus.len() as u64;
        let traits = &self.classes.get(job.class).traits;
        let uid = self.owners.get(traits.owner).uid;
        self.fair.charge(traits.account, uid, more.saturating_mul(cpus));
    }

    fn known(&self, id: JobId) -> Result<&Job, Impossible> {
        self.jobs.get(&id).ok_or(Impossible::UnknownJob(id))
    }

    fn unfinished(&self, id: JobId) -> Result<&Job, Impossible> {
        let job = self.known(id)?;
        if job.is_done() { Err(Impossible::Finished(id)) } else { Ok(job) }
    }

    fn pending(&self, id: JobId) -> Result<&Job, Impossible> {
        let job = self.known(id)?;
        if job.is_pending() { Ok(job) } else { Err(Impossible::NotPending(id)) }
    }

    fn active(&self, run: RunId) -> Result<(&Job, &Active), Impossible> {
        let job = self.known(run.job)?;
        match job.active() {
            Some(active) if job.restarts == run.attempt => Ok((job, active)),
            _ => Err(Impossible::NotRunning(run)),
        }
    }

    /// Whether the tasks of an array wait for its throttle has changed through a start or an end of one.
    fn change_active_tasks(&mut self, base: JobId, how: impl FnOnce(&mut crate::array::Array)) {
        let Some(array) = self.arrays.get_mut(&base) else { return };
        let was_full = array.is_full();
        how(array);
        if was_full != array.is_full() {
            for id in array.waiting.clone() {
                self.revise(id, |_| ());
            }
        }
    }
}

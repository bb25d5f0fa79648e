//! Wishes that change: holds, updates, urgency; and what is kept of the machine for whom.

use model::{JobId, Time, Uid};

use crate::dependency::Dependencies;
use crate::event::{Change, Reservation};
use crate::job::Hold;
use crate::refusal::Impossible;
use crate::state::State;

/// The QOS of a public emergency.
pub(crate) const URGENT: &str = "urgent";

/// What can be changed only before a job begins.
fn is_for_waiting(change: &Change) -> bool {
    match change {
        Change::Priority(priority) => *priority > 0,
        Change::Partition(_)
        | Change::Qos(_)
        | Change::Account(_)
        | Change::Reservation(_)
        | Change::Needs(_)
        | Change::TimeMin(_)
        | Change::Begin(_)
        | Change::Dependency { .. } => true,
        Change::TimeLimit(_)
        | Change::Nice(_)
        | Change::Requeue(_)
        | Change::Name(_)
        | Change::Deadline(_)
        | Change::ArrayLimit(_)
        | Change::Comment(_) => false,
    }
}

impl State {
    /// A job that runs goes on, and waits held if it is ever put back, as under Slurm.
    pub(super) fn held(&mut self, id: JobId, by_operator: bool) -> Result<(), Impossible> {
        self.unfinished(id)?;
        self.revise(id, |job| {
            // An operator's hold is the stronger one.
            if by_operator || job.hold != Some(Hold::Operator) {
                job.hold = Some(if by_operator { Hold::Operator } else { Hold::User });
            }
            if job.is_pending() {
                job.eligible = None;
            }
        });
        Ok(())
    }

    pub(super) fn released(&mut self, at: Time, id: JobId) -> Result<(), Impossible> {
        self.unfinished(id)?;
        self.revise(id, |job| {
            job.hold = None;
            if job.is_pending() {
                job.note_eligible(at);
            }
        });
        Ok(())
    }

    pub(super) fn made_urgent(&mut self, id: JobId) -> Result<(), Impossible> {
        self.unfinished(id)?;
        let urgent = self.names.number(URGENT);
        self.reclass(id, |traits| traits.qos = urgent);
        Ok(())
    }

    pub(super) fn updated(&mut self, at: Time, id: JobId, change: &Change, by: Uid) -> Result<(), Impossible> {
        let job = self.known(id)?;
        if job.is_done() {
            return Err(Impossible::Finished(id));
        }
        let owner = self.uid_of(job);
        if is_for_waiting(change) && !job.is_pending() {
            return Err(Impossible::NotPending(id));
        }
        match change {
            Change::TimeLimit(limit) => self.reclass(id, |traits| traits.time_limit = *limit),
            Change::Nice(nice) => self.reclass(id, |traits| traits.nice = *nice),
            Change::Requeue(requeue) => self.reclass(id, |traits| traits.requeue = *requeue),
            Change::Priority(0) => self.held(id, by != owner)?,
            Change::Priority(priority) => {
                self.reclass(id, |traits| traits.priority = Some(*priority));
                self.released(at, id)?;
            }
            Change::Partition(name) => {
                let name = self.names.number(name);
                self.reclass(id, |traits| traits.partition = name);
            }
            Change::Qos(name) => {
                let name = self.names.number(name);
                self.reclass(id, |traits| traits.qos = name);
            }
            Change::Account(name) => {
                let name = self.names.number(name);
                self.reclass(id, |traits| traits.account = name);
                self.rebase();
            }
            Change::Reservation(name) => {
                let name = name.as_ref().map(|name| self.names.number(name));
                self.reclass(id, |traits| traits.reservation = name);
            }
            Change::Needs(request) => self.reclass(id, |traits| traits.request = request.clone()),
            Change::TimeMin(least) => self.reclass(id, |traits| traits.time_min = Some(*least)),
            Change::Name(name) => self.rename(id, name, at),
            Change::Begin(begin) => {
                self.revise(id, |job| {
                    let extra = job.extra_mut();
                    (extra.begin, extra.delay) = (*begin, None);
                    job.eligible = None;
                    job.note_eligible(at);
                });
            }
            Change::Deadline(deadline) => drop(self.revise(id, |job| job.extra_mut().deadline = *deadline)),
            Change::Dependency { wish, known } => {
                let dependencies = wish.as_ref().map(Dependencies::new);
                self.revise(id, |job| job.extra_mut().dependencies = dependencies);
                self.resolve_all(id, at, known);
                self.revise(id, |job| {
                    job.eligible = None;
                    job.note_eligible(at);
                });
            }
            Change::ArrayLimit(limit) => {
                let base = job.base();
                self.change_active_tasks(base, |array| array.limit = limit.filter(|limit| *limit > 0));
            }
            // The submission is kept by others; what matters here is whether it fears no delay.
            Change::Comment(comment) => {
                let flexible = model::says_flexible(comment);
                if flexible != job.extra.as_ref().and_then(|extra| extra.flexible) {
                    self.revise(id, |job| job.extra_mut().flexible = flexible);
                }
            }
        }
        Ok(())
    }

    fn rename(&mut self, id: JobId, name: &model::Text, at: Time) {
        self.leave_twins(id, at);
        let fresh = self.titles.share(name);
        if let Some(old) = self.revise(id, |job| std::mem::replace(&mut job.name, fresh)) {
            self.titles.release(old);
        }
        self.enter_twins(id);
        self.look_for_twins(id, at);
    }

    pub(super) fn reserved(&mut self, reservation: &Reservation) -> Result<(), Impossible> {
        if reservation.end <= reservation.start {
            return Err(Impossible::Reservation(reservation.name.clone()));
        }
        let name = self.names.number(&reservation.name);
        self.reservations.insert(name, reservation.clone());
        Ok(())
    }

    pub(super) fn unreserved(&mut self, name: &str) -> Result<(), Impossible> {
        let known = self.names.find(name).and_then(|name| self.reservations.remove(&name));
        known.map(drop).ok_or_else(|| Impossible::Reservation(name.to_owned()))
    }
}

//! What is set aside follows the jobs: a task that leaves its array takes its part along, a run that is tried again gets
//! its own, what never began is free again. Looked at once a turn, for the records that the turn's facts touched. Must
//! not know what a price is made of.

use std::collections::{BTreeSet, HashMap, HashSet};

use ledger::{book, posting::Key, price::Line};
use model::{JobId, Money as Euros, RunId};
use scheduler::{Change, What};

use crate::core::Centre;

/// Attempts from here on are no attempts: an array's record sets aside for its waiting tasks under these, the next one
/// each time that their number changes.
const ARRAY: u32 = 1 << 31;

/// The name under which an array sets aside for the tasks that wait in its record.
pub(super) fn array_run(job: JobId, generation: u32) -> RunId {
    RunId { job, attempt: ARRAY | generation }
}

/// Whether something is set aside for an array's waiting tasks under this name.
pub(super) fn is_array(run: RunId) -> bool {
    run.attempt >= ARRAY
}

/// The same lines for so many alike.
pub(super) fn scaled(unit: &[Line], count: u64) -> Vec<Line> {
    let times = |number: i64| i64::try_from(i128::from(number) * i128::from(count)).unwrap_or(i64::MAX);
    let line = |line: &Line| {
        let mut line = line.clone();
        line.used.core_ms = times(line.used.core_ms);
        line.used.gpu_ms = times(line.used.gpu_ms);
        line.used.energy_uj = times(line.used.energy_uj);
        line.used.memory_mib_ms = line.used.memory_mib_ms.saturating_mul(i128::from(count));
        line.terms.iter_mut().for_each(|term| term.quantity = term.quantity.saturating_mul(i128::from(count)));
        line.amount = Euros(times(line.amount.0));
        line
    };
    unit.iter().map(line).collect()
}

/// Which jobs have something set aside.
#[derive(Default, Debug)]
pub(crate) struct Holds {
    /// Submissions whose jobs have a price.
    pub(super) priced: HashSet<JobId>,
    /// Of arrays: the generation, and for how many waiting tasks.
    pub(super) arrays: HashMap<JobId, (u32, u64)>,
    touched: BTreeSet<JobId>,
    /// Of these the wishes changed.
    changed: HashSet<JobId>,
}

impl Holds {
    /// After a restart: this is set aside, for so many waiting tasks where it is an array's.
    pub(super) fn restore(&mut self, run: RunId, tasks: u64) {
        if is_array(run) {
            self.arrays.insert(run.job, (run.attempt & !ARRAY, tasks));
        }
        self.touched.insert(run.job);
    }
}

impl Centre {
    /// A fact became part of the state.
    pub(crate) fn money_fact(&mut self, base: Option<JobId>, what: &What) {
        if let (What::Requeued { id, .. }, Some(base)) = (what, base)
            && self.had_price(*id)
        {
            self.money.holds.priced.insert(base);
        }
        if base.is_none_or(|base| !self.money.holds.priced.contains(&base)) {
            return;
        }
        let holds = &mut self.money.holds;
        match what {
            What::Started { run, .. } | What::Ended { run, .. } => {
                holds.touched.insert(run.job);
            }
            What::Split { id, .. }
            | What::Cancelled { id, .. }
            | What::DeadlineMissed { id }
            | What::DependencyFailed { id }
            | What::Preempted { id, .. }
            | What::Requeued { id, .. } => {
                holds.touched.insert(*id);
            }
            What::Updated { id, change: Change::TimeLimit(_) | Change::Needs(_) | Change::TimeMin(_), .. } => {
                holds.touched.insert(*id);
                holds.changed.insert(*id);
            }
            _ => {}
        }
        holds.touched.extend(base);
    }

    /// Whether the attempt before the next one has its price: a job that was over and goes back to the queue.
    fn had_price(&self, id: JobId) -> bool {
        let run = self.state.job(id).map(|job| job.run());
        let before = run.and_then(|run| Some(RunId { attempt: run.attempt.checked_sub(1)?, ..run }));
        before.is_some_and(|before| self.money.ledger.has(&Key::Settle(before)) || self.money.due.contains_key(&before))
    }

    /// Nothing of a submission waits or runs.
    pub(crate) fn money_over(&mut self, base: JobId) {
        if self.money.holds.priced.remove(&base) {
            self.release_array(base);
        }
    }

    /// Whether a job has a price, so that it keeps its project.
    pub(crate) fn is_priced(&self, base: JobId) -> bool {
        self.money.holds.priced.contains(&base)
    }

    /// Compares what is set aside with what the touched records are now. The array's part is freed first, so that its
    /// tasks find it.
    pub(super) fn follow_holds(&mut self) {
        let touched = std::mem::take(&mut self.money.holds.touched);
        let changed = std::mem::take(&mut self.money.holds.changed);
        let arrays: Vec<(JobId, u64)> = touched.iter().filter_map(|id| self.array_differs(*id, &changed)).collect();
        for (id, _) in &arrays {
            self.release_array(*id);
        }
        for id in &touched {
            self.follow_record(*id, changed.contains(id));
        }
        for (id, count) in arrays.into_iter().filter(|(_, count)| *count > 0) {
            let Some((project, unit)) = self.unit_of(id) else { continue };
            let generation = self.money.holds.arrays.get(&id).map_or(0, |(generation, _)| generation + 1);
            if self.hold_money(array_run(id, generation), &project, &scaled(&unit, count)) {
                self.money.holds.arrays.insert(id, (generation, count));
            }
        }
    }

    /// How many tasks wait in an array's record, if that is not what is set aside for.
    fn array_differs(&self, id: JobId, changed: &HashSet<JobId>) -> Option<(JobId, u64)> {
        let (_, known) = self.money.holds.arrays.get(&id)?;
        let job = self.state.job(id).filter(|job| job.id() == id && !job.state().is_final());
        let count = job.and_then(|job| job.tasks()).map_or(0, |tasks| tasks.len());
        (count != *known || (changed.contains(&id) && count > 0)).then_some((id, count))
    }

    fn release_array(&mut self, id: JobId) {
        let Some((generation, count)) = self.money.holds.arrays.get_mut(&id) else { return };
        *count = 0;
        let run = array_run(id, *generation);
        self.free_money(run);
    }

    /// What was set aside for a run that never began is free again.
    pub(super) fn free_money(&mut self, run: RunId) {
        if let Some(what) = book::release(&self.money.ledger, run) {
            let day = self.money.day(self.now);
            self.enter_own(day, what);
        }
    }

    /// One record that is no array's: it has something set aside while it waits and runs.
    fn follow_record(&mut self, id: JobId, is_changed: bool) {
        let Some(job) = self.state.job(id).filter(|job| job.id() == id && job.tasks().is_none()) else { return };
        if job.state().is_final() || !self.money.holds.priced.contains(&job.base()) {
            return;
        }
        let run = job.run();
        let ledger = &self.money.ledger;
        let is_over = ledger.has(&Key::Settle(run)) || ledger.has(&Key::Release(run));
        if is_over || (ledger.held(run).is_some() && !is_changed) {
            return;
        }
        if let Some((project, unit)) = self.unit_of(id) {
            let more = book::reserve(&self.money.ledger, &project, run, &unit).ok();
            let is_more = more.is_some_and(|more| more.nth == 0 || more.cost != Default::default());
            if is_more {
                self.hold_money(run, &project, &unit);
            }
        }
    }

    /// What one job of a record may cost at most, and its project.
    fn unit_of(&self, id: JobId) -> Option<(String, Vec<Line>)> {
        let job = self.state.job(id)?;
        let project = job.account().to_string();
        let category = self.money.payer(&project)?.1.category;
        let unit = self.greatest(category, job.request(), self.now, job.time_limit().span()?);
        match unit {
            Ok(unit) => Some((project, unit)),
            Err(refusal) => {
                crate::complain::complain!("job {id} has no price: {}", refusal.detail);
                None
            }
        }
    }
}

//! Runs that are over get their price. Where the machine is metered that waits for the energy of a run's last interval,
//! a while at most; a restart finds what waits by what is still set aside. Must not know what a price is made of.

use ledger::{
    book::{self, Ended},
    day::Day,
    posting::{Cost, Reason, Settle, What},
    price::{Usage, price},
};
use model::{JobId, JobState, Machine, RunId, Span, Time, Uid};
use scheduler::Finished;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use store::{Fact, Settled, StoredEvent};

use super::Entered;
use crate::{complain::complain, core::Centre, metering::holds as held_parts};

/// A run that is over and has no price yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Due {
    project: String,
    member: Uid,
    /// Without its energy; of a run of the cluster, with what Slurm itself measured.
    usage: Usage,
    pub(super) energy_uj: Option<i64>,
    /// The latest time of its price.
    pub(super) by: Time,
    back: Option<Back>,
    /// Machines of the cluster whose part of its energy is still to come.
    #[serde(default)]
    pub(super) machines: BTreeSet<Arc<str>>,
    /// What the others told.
    #[serde(default)]
    pub(super) told_uj: i64,
    /// Only a row of its own says that it waits.
    #[serde(default)]
    pub(super) is_noted: bool,
}

/// What a run gets back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Back {
    reason: Reason,
    /// All that it cost, besides what comes on top.
    is_whole: bool,
}

/// What a run held, and when.
struct Used<'a> {
    start: Time,
    end: Time,
    suspended: Span,
    cpus: &'a model::CpuSet,
    memory_mib: Option<u64>,
    gpus: &'a [u32],
    is_exclusive: bool,
}

impl Used<'_> {
    /// Stops are taken off the end: when they were does not matter but where a tariff changes meanwhile.
    fn usage(&self, machine: &Machine, kind: String) -> Usage {
        let parts = held_parts(machine, self.cpus.iter(), self.memory_mib, self.gpus);
        Usage {
            machine: kind,
            start: self.start,
            end: Time((self.end.0 - self.suspended.0.max(0)).max(self.start.0)),
            cores: parts.cores,
            memory_mib: parts.memory_mib,
            gpus: parts.gpus.len() as u32,
            exclusive: self.is_exclusive,
            energy_uj: 0,
            stored_mib: 0,
        }
    }
}

/// What a run that goes on held until now, without its energy.
pub(super) fn used_so_far(
    machine: &Machine,
    kind: String,
    job: &scheduler::JobView<'_>,
    row: &model::QueueRow,
    now: Time,
) -> Option<Usage> {
    let (placement, start) = (job.placement()?, row.start?);
    let used = Used {
        start,
        end: now.max(start),
        suspended: row.suspended,
        cpus: &placement.cpus,
        memory_mib: placement.memory_mib,
        gpus: &placement.gpus,
        is_exclusive: job.request().exclusive,
    };
    Some(used.usage(machine, kind))
}

/// A run that another engine's accounting told.
pub(crate) struct ToldRun {
    /// Which.
    pub(crate) run: RunId,
    /// Whose budget.
    pub(crate) project: String,
    /// Whose job.
    pub(crate) member: Uid,
    /// What it held; `None`: it never began.
    pub(crate) usage: Option<Usage>,
    /// `Some`: it was told otherwise before, as having held this.
    pub(crate) before: Option<Option<Usage>>,
    /// Its time limit: it costs no more than that was quoted for.
    pub(crate) limit: Option<Span>,
    /// Whose doing its end was.
    pub(crate) end: ToldEnd,
    /// Names this telling.
    pub(crate) mark: String,
    /// Machines that will tell the energy of its last moments.
    pub(crate) machines: BTreeSet<Arc<str>>,
}

/// Whose doing an end was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ToldEnd {
    /// Its own, or its owner's.
    Itself,
    /// The machine's.
    MachineFailed,
    /// An emergency's.
    Displaced,
}

impl Due {
    /// Of a run of this machine.
    fn here(project: String, member: Uid, usage: Usage, energy_uj: Option<i64>, by: Time, back: Option<Back>) -> Self {
        Self { project, member, usage, energy_uj, by, back, machines: BTreeSet::new(), told_uj: 0, is_noted: false }
    }

    /// Of a run of other machines, which tell its energy a little later.
    pub(super) fn there(
        project: String,
        member: Uid,
        usage: Usage,
        back: Option<Back>,
        machines: BTreeSet<Arc<str>>,
    ) -> Self {
        Self { project, member, usage, energy_uj: None, by: Time(0), back, machines, told_uj: 0, is_noted: true }
    }
}

impl super::Money {
    /// Energy is on its way to the disk: runs whose account it closes have their price with it.
    pub(crate) fn energy_known(&mut self, settled: &Settled) {
        for row in settled.jobs.iter().filter(|row| row.end.is_some()) {
            let run = RunId { job: row.job, attempt: row.attempt };
            if let Some(due) = self.due.get_mut(&run) {
                due.closed(&row.machine, row.account.total().0);
            }
        }
    }
}

impl Centre {
    /// A run, or what had not run of a record, is over.
    pub(crate) fn money_end(&mut self, run: &Finished) {
        let Some(project) = self.money.ledger.held(run.run).map(|held| held.project.clone()) else { return };
        let Some(start) = run.start else { return self.free_money(run.run) };
        let Some(job) = self.state.job(run.run.job) else { return };
        let used = Used {
            start,
            end: run.end,
            suspended: run.suspended,
            cpus: &run.placement.cpus,
            memory_mib: run.placement.memory_mib,
            gpus: &run.placement.gpus,
            is_exclusive: job.request().exclusive,
        };
        let usage = used.usage(&self.state.config().machine, self.machine_type());
        let back = self.given_back(run.state, run.reason == model::Reason::NodeFailure, run.displaced_by);
        let (member, energy_uj) = (job.owner().uid, self.metering.is_none().then_some(0));
        let by = self.now + Span::seconds(i64::from(self.file.money.settle_seconds));
        self.money.due.insert(run.run, Due::here(project, member, usage, energy_uj, by, back));
    }

    /// What a run gets back: all of it for the centre's own failure and for an emergency that ended it; for an emergency
    /// that only stopped it for a while, what comes on top.
    fn given_back(&self, state: JobState, machine_failed: bool, by: Option<JobId>) -> Option<Back> {
        if machine_failed {
            return Some(Back { reason: Reason::Failure, is_whole: true });
        }
        let is_whole = [JobState::Preempted, JobState::Requeued].contains(&state);
        by.is_some_and(|by| self.is_urgent(by)).then_some(Back { reason: Reason::Displaced, is_whole })
    }

    /// Whether a job is a public emergency, or was one.
    fn is_urgent(&self, id: JobId) -> bool {
        if let Some(job) = self.state.job(id) {
            return &**job.qos() == "urgent";
        }
        let base = self.reader.base_of(id).ok().flatten().unwrap_or(id);
        let was_made = |event: &StoredEvent| matches!(event.fact, Fact::Job(scheduler::What::MadeUrgent { .. }));
        self.reader.submission(base).ok().flatten().is_some_and(|stored| stored.spec.qos == "urgent")
            || self.reader.history(base).is_ok_and(|events| events.iter().any(was_made))
    }

    /// After a start: something is set aside for a run that neither waits nor runs.
    pub(super) fn take_up_due(&mut self, run: RunId, project: String) {
        let over = match self.reader.run_over(run) {
            Ok(over) => over,
            Err(fault) => return complain!("{fault}"),
        };
        let Some((over, start)) = over.and_then(|over| over.start.map(|start| (over, start))) else {
            return self.free_money(run);
        };
        let used = Used {
            start,
            end: over.end,
            suspended: over.suspended,
            cpus: &over.cpus,
            memory_mib: over.memory_mib,
            gpus: &over.gpus,
            is_exclusive: over.spec.request.exclusive,
        };
        let usage = used.usage(&self.state.config().machine, self.machine_type());
        let back = self.given_back(over.state, over.machine_failed, over.displaced_by);
        let (energy, is_whole) = self.energy_so_far(run);
        let energy_uj = (is_whole || self.metering.is_none()).then_some(energy);
        let by = self.now + Span::seconds(i64::from(self.file.money.settle_seconds));
        self.money.due.insert(run, Due::here(project, over.owner, usage, energy_uj, by, back));
    }

    /// Microjoules of a run that are on disk, and whether no more come.
    pub(crate) fn energy_so_far(&self, run: RunId) -> (i64, bool) {
        let rows = self.reader.job_energy(run.job).unwrap_or_default();
        let mut rows = rows.iter().filter(|row| row.attempt == run.attempt).peekable();
        let is_known = rows.peek().is_some();
        rows.fold((0, is_known), |(sum, is_whole), row| {
            (row.account.total().0.saturating_add(sum), is_whole && row.end.is_some())
        })
    }

    /// Prices what is known, and what waited long enough.
    pub(super) fn settle_due(&mut self) {
        let patience = self.patience();
        let ready = |due: &Due| due.energy_uj.is_some() || due.by + patience <= self.now;
        let runs: Vec<RunId> = self.money.due.iter().filter(|(_, due)| ready(due)).map(|(run, _)| *run).collect();
        for run in runs {
            if let Some(due) = self.money.due.remove(&run) {
                self.settle(run, due);
            }
        }
    }

    /// How much longer than for a silent meter the energy of a run is waited for: one that answers is about to tell it, a
    /// look and the time until it is written later.
    fn patience(&self) -> Span {
        match &self.metering {
            Some(metering) if metering.answering.is_some() => {
                Span::seconds(60 + 2 * i64::from(self.file.energy.sample_seconds))
            }
            _ => Span::ZERO,
        }
    }

    fn settle(&mut self, run: RunId, due: Due) {
        let Due { project, member, mut usage, energy_uj, back, machines, is_noted, .. } = due;
        usage.energy_uj = match energy_uj {
            Some(energy) => energy,
            None if is_noted => self.energy_of_some(run, &machines, usage.energy_uj),
            None => self.energy_without_the_last(run),
        };

        let day = self.money.day(usage.end);
        let Some((purse, customer)) = self.money.payer(&project) else {
            if is_noted {
                self.note_awaited(run, None);
            }
            return self.free_money(run);
        };
        let (overrun, category) = (purse.overrun, customer.category);
        let Some(book) = &self.money.tariffs else { return };
        let usage = match price(book, category, &[usage]) {
            Ok(usage) => usage,
            // It stays set aside, and is priced by the next start that has a price for it.
            Err(fault) => return complain!("run {run} of project {project} has no price: {fault}"),
        };
        let ended = Ended { project, member: member.0, run, usage };
        let what = match book::settle(&self.money.ledger, ended, overrun) {
            Ok(what) => what,
            Err(fault) => return complain!("run {run} has no price: {fault}"),
        };
        let settled = if let What::Settle(settled) = &what { Some(settled.clone()) } else { None };
        let entered = self.enter_own(day, what);
        // What the ledger does not take is tried again by the next start.
        if is_noted && entered != Entered::Not {
            self.note_awaited(run, None);
        }
        if entered == Entered::Now
            && let (Some(settled), Some(back)) = (settled, back)
        {
            self.give_back(day, &settled, back);
        }
    }

    /// Whether a run that is told can have its price: without a ledger it waits where it was told.
    pub(crate) fn may_settle(&self) -> bool {
        self.money.broken.is_none()
    }

    /// Prices a run that another engine ran, at once: by the same rules as one that ran here.
    pub(crate) fn settle_run(&mut self, told: ToldRun) {
        if !self.is_paid(&told.project) {
            return;
        }
        match told.before.clone() {
            Some(before) => self.settle_change(told, before),
            None => self.settle_first(told),
        }
    }

    fn settle_first(&mut self, told: ToldRun) {
        let ToldRun { run, project, member, limit, end, .. } = told;
        let Some(mut usage) = told.usage else { return self.free_money(run) };
        let (measured, is_measured) = self.energy_so_far(run);
        if is_measured && told.machines.is_empty() {
            usage.energy_uj = measured;
        }
        // It went on beyond its limit: what was quoted is all that it costs.
        if let Some(limit) = limit.filter(|limit| usage.end - usage.start > *limit) {
            let greatest = Usage { end: usage.start + limit, ..usage.clone() };
            if let Some(lines) = self.lines(&project, greatest) {
                self.hold_money(run, &project, &lines);
            }
        }
        let back = match end {
            ToldEnd::Itself => None,
            ToldEnd::MachineFailed => Some(Back { reason: Reason::Failure, is_whole: true }),
            ToldEnd::Displaced => Some(Back { reason: Reason::Displaced, is_whole: true }),
        };
        if !told.machines.is_empty() {
            return self.await_energy(run, Due::there(project, member, usage, back, told.machines));
        }
        let energy_uj = Some(usage.energy_uj);
        self.settle(run, Due::here(project, member, usage, energy_uj, self.now, back));
    }

    /// The accounting was mended after the run had its price: the difference is entered beside it.
    fn settle_change(&mut self, told: ToldRun, before: Option<Usage>) {
        let cost = |usage: Option<Usage>| {
            let usage = usage.map(|usage| Usage { energy_uj: 0, ..usage });
            usage.map_or(Some(Vec::new()), |usage| self.lines(&told.project, usage)).map(|lines| book::gross(&lines))
        };
        let (Some(then), Some(now)) = (cost(before), cost(told.usage.clone())) else { return };
        let counted = now - then;
        // A run that was given back cost nothing before and costs nothing now.
        if counted == Cost::default() || told.end != ToldEnd::Itself {
            return;
        }
        let correct = ledger::posting::Correct {
            project: told.project,
            run: None,
            id: told.mark,
            reason: Reason::Adjustment,
            counted,
            returned: Vec::new(),
            bonus: model::Money::ZERO,
            credits: None,
            note: format!("the cluster's accounting of run {} was changed", told.run),
        };
        let day = self.money.day(self.now);
        self.enter_own(day, What::Correct(correct));
    }

    /// What something costs a project, by lines.
    fn lines(&self, project: &str, usage: Usage) -> Option<Vec<ledger::price::Line>> {
        let (_, customer) = self.money.payer(project)?;
        price(self.money.tariffs.as_ref()?, customer.category, &[usage]).ok()
    }

    /// Type of a machine that nothing more is said of, as the tariffs name it.
    pub(crate) fn machine_kind(&self) -> String {
        self.machine_type()
    }

    fn is_paid(&self, project: &str) -> bool {
        self.money.is_paid_for(project)
    }

    /// The energy of a run whose end was not measured in time, which the log and the job's history say.
    fn energy_without_the_last(&mut self, run: RunId) -> i64 {
        let answers = self.metering.as_ref().is_some_and(|metering| metering.answering.is_some());
        let why = if answers { "it was not measured to its end" } else { "its meter does not answer" };
        let text = format!("run {run} is priced without the energy of its last moments: {why}");
        complain!("{text}");
        self.note(run.job, text);
        self.energy_so_far(run).0
    }

    fn give_back(&mut self, day: Day, settled: &Settle, back: Back) {
        let (bonus, note) = match back.reason {
            Reason::Displaced => (self.file.money.displaced_permille, "an urgent job displaced it"),
            _ => (0, "the machine failed"),
        };
        let mut what = book::refund(settled, back.reason, None, bonus, note);
        if let (What::Correct(correct), false) = (&mut what, back.is_whole) {
            (correct.counted, correct.returned) = (Cost::default(), Vec::new());
        }
        self.enter_own(day, what);
    }
}

#[cfg(test)]
mod tests;

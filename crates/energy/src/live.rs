//! The account of one machine while it is kept: runs come and go, a meter's intervals are shared between them as they
//! arrive. What it says of each run and interval is all there is to keep; from that, and from the runs that were there
//! meanwhile, [`Live`] goes on after a restart as if nothing had been. Must not know who starts a run, nor where anything
//! is kept.

use std::collections::{BTreeMap, BTreeSet};

use model::{Span, Time};

use crate::account::{HourPart, JobAccount, Tariffs, hour_parts};
use crate::attribute::{GpuUse, JobUse, Machine, attribute};
use crate::contract::Cost;
use crate::reconcile::Accounts;
use crate::rollup::by_hour;
use crate::{Energy, Flag, Interval};

/// What a run holds of its machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holds {
    /// Physical cores.
    pub cores: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// GPUs, by index.
    pub gpus: Vec<u32>,
}

/// What was counted of one run, so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<J> {
    /// Which.
    pub job: J,
    /// Since when it held what it holds,
    pub start: Time,
    /// until when; `None`: more may come.
    pub end: Option<Time>,
    /// What it held.
    pub holds: Holds,
    /// CPU time that was counted, in microseconds.
    pub cpu_us: u64,
    /// How much of its time was measured, in milliseconds.
    pub measured_ms: i64,
    /// Its energy, what that cost and emitted.
    pub account: JobAccount,
}

/// CPU times at one moment, as the kernel counts them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look<J> {
    /// Of the whole machine since it started, in microseconds.
    pub busy_us: u64,
    /// Of each run that is not over, since it began.
    pub runs: BTreeMap<J, u64>,
}

/// An interval as it was shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shared {
    /// The interval.
    pub interval: Interval,
    /// The part of it that the machine draws with nothing to do.
    pub idle: Energy,
    /// By hour and account.
    pub parts: Vec<HourPart>,
}

/// Keeps the account. See the module.
#[derive(Clone, Debug)]
pub struct Live<J> {
    runs: BTreeMap<J, Run>,
    /// CPU time of the whole machine up to which energy was shared.
    busy_us: u64,
    /// The look before the present one: a meter that began anew is believed one reading late.
    before: Look<J>,
    /// Runs whose records changed since they were last taken.
    changed: BTreeSet<J>,
    /// Records of runs that are over and fully counted, likewise.
    closed: Vec<Record<J>>,
}

#[derive(Clone, Debug)]
struct Run {
    holds: Holds,
    start: Time,
    /// When it held its cores; its memory it holds all the time.
    spells: Vec<Spell>,
    /// When it was over, and the CPU time that it used in all.
    over: Option<(Time, u64)>,
    cpu_us: u64,
    measured_ms: i64,
    account: JobAccount,
}

/// A time during which a run computed, or stood still.
#[derive(Clone, Copy, Debug)]
struct Spell {
    from: Time,
    until: Option<Time>,
    stands_still: bool,
}

impl Spell {
    fn within(&self, interval: &Interval) -> i64 {
        let until = self.until.unwrap_or(interval.end).min(interval.end);
        (until - self.from.max(interval.start)).0.max(0)
    }
}

impl<J: Copy + Ord> Live<J> {
    /// Of a machine whose account was last shared when its processors had counted so much.
    pub fn new(busy_us: u64) -> Self {
        let before = Look { busy_us, runs: BTreeMap::new() };
        Self { runs: BTreeMap::new(), busy_us, before, changed: BTreeSet::new(), closed: Vec::new() }
    }

    /// CPU time of the whole machine up to which energy was shared: for [`Live::new`] after a restart.
    pub fn busy_us(&self) -> u64 {
        self.busy_us
    }

    /// The meter is read for the first time: what was used before is nobody's affair.
    pub fn begin_measuring(&mut self, look: &Look<J>) {
        self.busy_us = look.busy_us;
        for (job, run) in &mut self.runs {
            run.cpu_us = look.runs.get(job).copied().unwrap_or(run.cpu_us);
        }
    }

    /// A run holds its parts from now on. One that is there already goes on as it is; one that had vanished is back.
    pub fn begin(&mut self, job: J, at: Time, holds: Holds) {
        let spell = Spell { from: at, until: None, stands_still: false };
        let fresh = || Run {
            holds,
            start: at,
            spells: Vec::new(),
            over: None,
            cpu_us: 0,
            measured_ms: 0,
            account: JobAccount::default(),
        };
        let run = self.runs.entry(job).or_insert_with(fresh);
        if run.over.is_none() && run.spells.last().is_none_or(|last| last.until.is_some()) {
            run.spells.push(spell);
        }
    }

    /// A run that is not there any more, although it never was over: its start was taken back.
    pub fn vanish(&mut self, job: J, at: Time) {
        if let Some(last) = self.runs.get_mut(&job).and_then(|run| run.spells.last_mut()) {
            last.until = last.until.or(Some(at));
        }
    }

    /// What was counted of a run before a restart.
    pub fn restore(&mut self, record: Record<J>) {
        self.begin(record.job, record.start, record.holds);
        if let Some(run) = self.runs.get_mut(&record.job) {
            (run.cpu_us, run.measured_ms, run.account) = (record.cpu_us, record.measured_ms, record.account);
        }
    }

    /// A run gives its cores back for a while, or has them again.
    pub fn stand_still(&mut self, job: J, at: Time, stands_still: bool) {
        let Some(run) = self.runs.get_mut(&job).filter(|run| run.over.is_none()) else { return };
        let Some(last) = run.spells.last_mut().filter(|last| last.stands_still != stands_still) else { return };
        last.until = Some(at);
        run.spells.push(Spell { from: at, until: None, stands_still });
    }

    /// A run is over, having used so much CPU time in all.
    pub fn end(&mut self, job: J, at: Time, cpu_us: u64) {
        let Some(run) = self.runs.get_mut(&job).filter(|run| run.over.is_none()) else { return };
        run.over = Some((at, cpu_us));
        if let Some(last) = run.spells.last_mut() {
            last.until = Some(at);
        }
    }

    /// The machine was off for this interval.
    pub fn off(&mut self, interval: &Interval) -> Shared {
        self.busy_us = 0;
        self.close(interval.end);
        let part = |(interval, accounts)| HourPart { interval, accounts, cost: Cost::default() };
        let parts = by_hour(interval, &Accounts::default()).into_iter().map(part).collect();
        Shared { interval: *interval, idle: Energy::ZERO, parts }
    }

    /// CPU time that was counted of a run so far, if it is known.
    pub fn counted(&self, job: J) -> Option<u64> {
        self.runs.get(&job).map(|run| run.cpu_us)
    }

    /// Runs that are not over.
    pub fn running(&self) -> impl Iterator<Item = J> + '_ {
        self.runs.iter().filter(|(_, run)| run.over.is_none()).map(|(job, _)| *job)
    }

    /// Shares the intervals that came of one reading. `look` was taken with that reading; `gpus` is what each GPU drew
    /// above its own idle power since the last measured interval.
    ///
    /// Of two intervals the first reaches to the reading before, and is shared by the look that was taken then.
    pub fn share(
        &mut self,
        machine: &Machine,
        intervals: &[Interval],
        look: Look<J>,
        gpus: &[Energy],
        tariffs: Tariffs<'_>,
    ) -> Vec<Shared> {
        let before = std::mem::replace(&mut self.before, look.clone());
        let mut shared = Vec::with_capacity(intervals.len());
        for (at, interval) in intervals.iter().enumerate() {
            let until = if at + 1 < intervals.len() { &before } else { &look };
            if interval.flag == Flag::Clock {
                self.clock_was_set_back(interval.end);
            }
            shared.push(self.share_one(machine, interval, until, gpus, tariffs));
            self.close(interval.end);
        }
        shared
    }

    fn share_one(
        &mut self,
        machine: &Machine,
        interval: &Interval,
        look: &Look<J>,
        gpus: &[Energy],
        tariffs: Tariffs<'_>,
    ) -> Shared {
        // Fewer than before: the machine started again, and they count from 0.
        let busy_us = look.busy_us.checked_sub(self.busy_us).unwrap_or(look.busy_us);
        self.busy_us = look.busy_us;
        let mut uses = Vec::new();
        for (job, run) in self.runs.iter_mut().filter(|(_, run)| run.start < interval.end) {
            let now = look.runs.get(job).copied().or(run.over.map(|(_, cpu_us)| cpu_us)).unwrap_or(run.cpu_us);
            let mut cpu_us = now.saturating_sub(run.cpu_us);
            run.cpu_us = run.cpu_us.max(now);
            for spell in &run.spells {
                let cores = if spell.stands_still { 0 } else { run.holds.cores };
                let present_ms = spell.within(interval);
                if present_ms > 0 || cpu_us > 0 {
                    let cpu_us = std::mem::take(&mut cpu_us);
                    uses.push(JobUse { job: *job, cores, memory_mib: run.holds.memory_mib, present_ms, cpu_us });
                }
            }
        }
        let gpus: Vec<_> = (0u32..).zip(gpus).map(|(gpu, energy)| self.gpu_use(gpu, *energy, interval)).collect();
        let shares = attribute(machine, interval, busy_us, &uses, &gpus);
        for (share, used) in shares.jobs.iter().zip(&uses) {
            let Some(run) = self.runs.get_mut(&share.job) else { continue };
            if interval.flag.is_measured() {
                run.account.add(interval, share, tariffs);
                run.measured_ms += used.present_ms;
            }
            self.changed.insert(share.job);
        }
        Shared { interval: *interval, idle: shares.idle, parts: hour_parts(interval, &shares, tariffs) }
    }

    /// Whose a GPU was for most of the interval.
    fn gpu_use(&self, gpu: u32, energy: Energy, interval: &Interval) -> GpuUse<J> {
        let held = |(job, run): (&J, &Run)| {
            let is_theirs = run.holds.gpus.contains(&gpu) && run.start < interval.end;
            let present: i64 = run.spells.iter().map(|spell| spell.within(interval)).sum();
            (is_theirs && present > 0).then_some((present, *job))
        };
        GpuUse { job: self.runs.iter().filter_map(held).max().map(|(_, job)| job), energy }
    }

    /// What began later than it is now began, for us, now.
    fn clock_was_set_back(&mut self, now: Time) {
        for run in self.runs.values_mut() {
            run.start = run.start.min(now);
            if let Some((at, _)) = &mut run.over {
                *at = (*at).min(now);
            }
            for spell in &mut run.spells {
                spell.from = spell.from.min(now);
                spell.until = spell.until.map(|until| until.min(now));
            }
        }
    }

    /// Puts away the runs that were over by then, and of the others what was.
    fn close(&mut self, until: Time) {
        let over: Vec<J> = self.over_by(until).collect();
        over.into_iter().for_each(|job| self.put_away(job));
        for run in self.runs.values_mut().filter(|run| run.spells.len() > 1) {
            let last = run.spells.pop();
            run.spells.retain(|spell| spell.until.is_none_or(|end| end > until));
            run.spells.extend(last);
        }
    }

    /// Gives up waiting for the meter on behalf of runs that were over before: what comes after so long is a gap.
    pub fn give_up(&mut self, before: Time) {
        let over: Vec<J> = self.over_by(before - Span(1)).collect();
        over.into_iter().for_each(|job| self.put_away(job));
    }

    fn over_by(&self, until: Time) -> impl Iterator<Item = J> + '_ {
        self.runs.iter().filter(move |(_, run)| run.over.is_some_and(|(at, _)| at <= until)).map(|(job, _)| *job)
    }

    fn put_away(&mut self, job: J) {
        let Some(run) = self.runs.remove(&job) else { return };
        self.changed.remove(&job);
        let mut record = record(job, &run);
        if let Some((at, cpu_us)) = run.over {
            // What was told while it ran may have counted who watched it.
            (record.end, record.cpu_us) = (Some(at), cpu_us);
        }
        self.closed.push(record);
    }

    /// Records that are new or changed since they were last taken.
    pub fn take_records(&mut self) -> Vec<Record<J>> {
        let mut records = std::mem::take(&mut self.closed);
        let changed = std::mem::take(&mut self.changed);
        records.extend(changed.into_iter().filter_map(|job| Some(record(job, self.runs.get(&job)?))));
        records
    }

    /// How many records wait to be taken.
    pub fn waiting(&self) -> usize {
        self.closed.len() + self.changed.len()
    }
}

fn record<J>(job: J, run: &Run) -> Record<J> {
    let Run { holds, start, cpu_us, measured_ms, account, .. } = run;
    Record {
        job,
        start: *start,
        end: None,
        holds: holds.clone(),
        cpu_us: *cpu_us,
        measured_ms: *measured_ms,
        account: *account,
    }
}

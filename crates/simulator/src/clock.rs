//! The virtual clock: plays a workload to a scheduler, second by second. Must not know how anybody decides.

mod due;

use crate::workload::Workload;
use due::Due;

/// What happens first within a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// All ends, then all arrivals, then one pass.
    Batch,
    /// As the simulator pyss has it: arrivals one by one, each followed by a pass if it fits into what is free, then
    /// ends one by one, each followed by a pass.
    Pyss,
}

/// A run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// Which job, by its position in the workload.
    pub job: u32,
    /// When it begins to run: later than now where machines have to boot first.
    pub begins: i64,
    /// When it ends, if nothing comes between.
    pub ends: i64,
    /// The name under which [`Scheduler::end`] is told.
    pub run: u32,
}

/// What became of a run that should have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// This job is over.
    Of(u32),
    /// It goes on until then.
    Later(i64),
    /// It was stopped before, and its job is to run again.
    Stopped,
}

/// Who decides. What it returns is applied already.
pub trait Scheduler {
    /// What can go wrong.
    type Fault;

    /// A job comes; jobs come in the order of the workload.
    ///
    /// # Errors
    /// It cannot be taken.
    fn arrive(&mut self, now: i64, job: u32) -> Result<(), Self::Fault>;

    /// A run should have ended by now.
    ///
    /// # Errors
    /// It was not known to run.
    fn end(&mut self, now: i64, run: u32) -> Result<End, Self::Fault>;

    /// The next start at this instant; asked until there is none.
    ///
    /// # Errors
    /// It cannot be decided.
    fn start(&mut self, now: i64) -> Result<Option<Start>, Self::Fault>;

    /// The next instant after `now` at which it wants to be asked though nothing happens to jobs: machines have
    /// booted, prices change. Asked after each pass.
    fn wake(&mut self, _now: i64) -> Option<i64> {
        None
    }

    /// Whether a job fits into what is free; only [`Order::Pyss`] asks.
    fn has_room(&mut self, _now: i64, _job: u32) -> bool {
        true
    }
}

/// When jobs began and ended, by their positions in the workload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    /// When each began, the last time if several; [`NEVER`] if it did not.
    pub starts: Vec<i64>,
    /// When each ended.
    pub ends: Vec<i64>,
}

/// What never came to be.
pub const NEVER: i64 = i64::MAX;

/// After so many jobs `progress` is told: often enough for a bar that moves by slow rules, too.
const TOLD: usize = 256;

/// Plays all of a workload. `progress` is told from time to time how many jobs have come.
///
/// # Errors
/// What the scheduler says.
pub fn run<S: Scheduler>(
    workload: &Workload,
    scheduler: &mut S,
    order: Order,
    progress: &mut dyn FnMut(usize),
) -> Result<Played, S::Fault> {
    let count = workload.jobs.len();
    let played = Played { starts: vec![NEVER; count], ends: vec![NEVER; count] };
    let mut play = Play { workload, scheduler, played, due: Due::default(), begun: 0, next: 0, wake: NEVER };
    let mut told = 0;
    while let Some(now) = play.next_instant() {
        match order {
            Order::Batch => play.batch(now)?,
            Order::Pyss => play.pyss(now)?,
        }
        if play.next - told >= TOLD {
            told = play.next;
            progress(told);
        }
    }
    Ok(play.played)
}

struct Play<'a, S> {
    workload: &'a Workload,
    scheduler: &'a mut S,
    played: Played,
    /// When which run is over; of those of the same second, which began first.
    due: Due,
    /// How many runs have begun.
    begun: u32,
    /// The next job to come.
    next: usize,
    /// When the scheduler wants to be asked.
    wake: i64,
}

impl<S: Scheduler> Play<'_, S> {
    #[inline]
    fn arrival(&self) -> i64 {
        self.workload.jobs.get(self.next).map_or(NEVER, |job| job.submit)
    }

    #[inline]
    fn next_instant(&mut self) -> Option<i64> {
        let due = self.due.first().map_or(NEVER, |(at, ..)| at);
        let next = due.min(self.arrival()).min(self.wake);
        (next < NEVER).then_some(next)
    }

    #[inline]
    fn pass(&mut self, now: i64) -> Result<(), S::Fault> {
        while let Some(start) = self.scheduler.start(now)? {
            self.played.starts[start.job as usize] = start.begins;
            self.begun = self.begun.wrapping_add(1);
            self.due.push((start.ends, self.begun, start.run));
        }
        self.wake = self.scheduler.wake(now).unwrap_or(NEVER);
        Ok(())
    }

    #[inline]
    fn end_one(&mut self, now: i64) -> Result<bool, S::Fault> {
        let Some((_, begun, run)) = self.due.first().filter(|(at, ..)| *at == now) else { return Ok(false) };
        self.due.pop();
        match self.scheduler.end(now, run)? {
            End::Of(job) => self.played.ends[job as usize] = now,
            End::Later(later) => self.due.push((later, begun, run)),
            End::Stopped => {}
        }
        Ok(true)
    }

    #[inline]
    fn batch(&mut self, now: i64) -> Result<(), S::Fault> {
        while self.end_one(now)? {}
        while self.arrival() == now {
            self.scheduler.arrive(now, self.next as u32)?;
            self.next += 1;
        }
        self.pass(now)
    }

    fn pyss(&mut self, now: i64) -> Result<(), S::Fault> {
        if self.wake == now {
            self.pass(now)?;
        }
        while self.arrival() == now {
            let job = self.next as u32;
            let fits = self.scheduler.has_room(now, job);
            self.scheduler.arrive(now, job)?;
            self.next += 1;
            if fits {
                self.pass(now)?;
            }
        }
        while self.end_one(now)? {
            self.pass(now)?;
        }
        Ok(())
    }
}

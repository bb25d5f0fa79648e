//! Thrift: EASY backfilling in an order that keeps waits short, so that some jobs can be held for cheap hours and
//! machines can be off; all that is known is estimates and the past.
//!
//! - The order is submission plus ten times the run time that is expected ([`learn`], [`queue`]): a job that will run an
//!   hour gives way to those that come within ten. Behind the head, who is expected to run shortest goes first.
//! - A job that could start, or stands at the head, is held for cheap hours if each second of waiting saves more than a
//!   second is worth ([`worth`]), and if there is still room in those hours ([`hold`]); at most sixteen hours after it
//!   was submitted. Who is held is out of the queue until then.
//! - As many idle cores stay on as cost less than the waits that they spare ([`reserve`], [`demand`], [`succession`]), and
//!   those that the head of the queue or who is held will need as soon as a machine takes to boot.
//! - Whose machines have to boot begins on what is ready first, and lets others use what is ready meanwhile ([`muster`]).
//!
//! Must not know machines, nor how long jobs that still run will run.

mod demand;
mod hold;
mod learn;
mod muster;
mod queue;
mod reserve;
mod succession;
mod worth;

use std::collections::BTreeSet;

use crate::backfill::{Behind, Queue, delays_nobody, walk};
use crate::index::{Key, Shelves};
use hold::{LONGEST_HOLD, Room, Season, best_start};
use learn::Learned;
pub use muster::Muster;
use queue::Lines;
pub use reserve::{Reserve, Warm};
pub use succession::NextEnd;
pub use worth::Worth;

/// How long a machine is idle before it may be switched off, seconds: a third of a boot.
pub const REST: i64 = 60;

/// What electricity costs, in any unit.
pub trait Prices {
    /// The price at an instant.
    fn price(&self, at: i64) -> i64;
    /// Price times seconds between two instants.
    fn sum(&self, from: i64, until: i64) -> i64;
    /// When the price changes next, after an instant.
    fn next_change(&self, at: i64) -> Option<i64>;
}

/// What a job needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ask {
    /// Cores.
    pub cores: u32,
    /// How long it says it will run, seconds.
    pub estimate: u32,
    /// Whose it is; below zero: not known.
    pub user: i64,
    /// Memory for each core, KiB; 0 where cores are all that matters.
    pub each_kib: u64,
}

/// Where jobs run, if there is more to it than how many cores are free. What it is asked is asked of who has enough cores.
pub trait Space {
    /// Whether there is room for one that starts now.
    fn has_room(&self, job: Ask) -> bool;
    /// When there will be room for one, if all that runs takes as long as it may.
    fn turn_of(&self, job: Ask) -> i64;
    /// Whether there is room for one that starts now, and for the head when its turn has come.
    fn has_room_for_both(&self, job: Ask, head: Ask, turn: i64) -> bool;
    /// Whether who could not start before somebody did cannot afterwards. Where a job would be placed depends on who is
    /// there already, and so does what it leaves to the head.
    fn only_shrinks(&self) -> bool;
}

/// Cores are all that matters.
#[derive(Clone, Copy, Debug)]
pub struct AnyCores;

impl Space for AnyCores {
    fn has_room(&self, _: Ask) -> bool {
        true
    }

    fn turn_of(&self, _: Ask) -> i64 {
        i64::MIN
    }

    fn has_room_for_both(&self, _: Ask, _: Ask, _: i64) -> bool {
        true
    }

    fn only_shrinks(&self) -> bool {
        true
    }
}

/// What a machine draws, per core, and how long it takes to boot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Draw {
    /// Watts that a busy core draws more than one of a machine that is off.
    pub busy_w: f64,
    /// Watts that an idle core draws more than one of a machine that is off.
    pub idle_w: f64,
    /// Seconds.
    pub boot_s: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Waits,
    Held,
    Runs { since: i64, until: i64 },
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    submit: i64,
    phase: Phase,
}

/// The start promised to the head.
#[derive(Clone, Copy, Debug)]
struct Promise {
    at: i64,
    spare: i64,
}

/// How far a pass has come. It goes on after each start, and begins anew when something else happens.
#[derive(Clone, Copy, Debug, Default)]
struct Pass {
    after: Option<Key>,
    head: Option<u32>,
    promise: Option<Promise>,
    /// Nobody else can start.
    over: bool,
}

/// Jobs, and what was learned.
#[derive(Clone, Debug)]
pub struct Thrift<P> {
    cores: u32,
    free: i64,
    prices: P,
    draw: Draw,
    jobs: Vec<Job>,
    lines: Lines,
    running: Shelves,
    held: BTreeSet<(i64, u32)>,
    learned: Learned,
    reserve: Reserve,
    pass: Pass,
    season: Season,
    room: Option<Room>,
}

/// When the next of those who run is over by its estimate, and what all leave that are then.
fn next_end(running: &Shelves, now: i64) -> Option<NextEnd> {
    let at = running.next(Some((now, u32::MAX)), |_, _| true)?.0;
    Some(NextEnd { at, cores: (running.until(at) - running.until(now)) as u32 })
}

struct Turn<'a, P, S> {
    thrift: &'a mut Thrift<P>,
    space: &'a S,
    now: i64,
}

impl<P: Prices, S: Space> Queue for Turn<'_, P, S> {
    type Job = u32;
    type Start = u32;

    fn next(&mut self) -> Option<u32> {
        let (thrift, now) = (&mut *self.thrift, self.now);
        let after = thrift.pass.after;
        let key = match thrift.pass.head {
            None => thrift.lines.next(after),
            Some(head) => {
                let (free, promise) = (thrift.free, thrift.promised(head, self.space));
                // Estimates are no lower than what is expected.
                let passes = |cores: u32, run: i64| {
                    let cores = i64::from(cores);
                    cores <= free && delays_nobody(now + run, promise.at, || cores <= promise.spare)
                };
                thrift.lines.next_short(after, passes)
            }
        }?;
        thrift.pass.after = Some(key);
        Some(key.1)
    }

    fn start(&mut self, job: u32) -> Option<u32> {
        let ask = self.thrift.lines.of(job).ask;
        let cores = i64::from(ask.cores);
        if cores > self.thrift.free || !self.space.has_room(ask) {
            return None;
        }
        if let Some(head) = self.thrift.pass.head {
            let promise = self.thrift.promised(head, self.space);
            let ends = self.now + i64::from(ask.estimate);
            let head = self.thrift.lines.of(head).ask;
            let both = || cores <= promise.spare && self.space.has_room_for_both(ask, head, promise.at);
            if !delays_nobody(ends, promise.at, both) {
                return None;
            }
        }
        if self.thrift.hold(self.now, job) { None } else { Some(job) }
    }

    fn wait(&mut self, job: u32) -> Behind<u32> {
        let thrift = &mut *self.thrift;
        let held = thrift.jobs[job as usize].phase == Phase::Held;
        if !held && thrift.pass.head.is_none() && !thrift.hold(self.now, job) {
            (thrift.pass.head, thrift.pass.after) = (Some(job), None);
        }
        Behind::GoOn
    }
}

impl<P: Prices> Thrift<P> {
    /// Nobody waits, nobody runs. `local0` is the local second at instant 0.
    pub fn new(cores: u32, draw: Draw, prices: P, worth: Worth, now: i64, local0: i64) -> Thrift<P> {
        Thrift {
            cores,
            free: i64::from(cores),
            season: Season::at(now, &prices),
            prices,
            draw,
            jobs: Vec::new(),
            lines: Lines::default(),
            running: Shelves::default(),
            held: BTreeSet::new(),
            learned: Learned::default(),
            reserve: Reserve::new(cores, draw.boot_s, worth, now, local0),
            pass: Pass::default(),
            room: None,
        }
    }

    /// The next job comes: they are counted from 0.
    pub fn arrive(&mut self, now: i64, ask: Ask) {
        self.jobs.push(Job { submit: now, phase: Phase::Over });
        let job = self.lines.arrive(ask, &mut self.learned);
        self.enter_queue(job);
    }

    /// Who starts next; it has started already, and will be over by its estimate. The space is the same each time.
    pub fn start(&mut self, now: i64, space: &impl Space) -> Option<u32> {
        while let Some(due) = self.held.first().copied().filter(|due| due.0 <= now) {
            self.held.remove(&due);
            self.enter_queue(due.1);
        }
        if self.pass.over {
            return None;
        }
        let Some(job) = walk(&mut Turn { thrift: self, space, now }) else {
            self.pass.over = true;
            return None;
        };
        let Ask { cores, estimate, .. } = self.lines.of(job).ask;
        let until = now + i64::from(estimate);
        self.lines.leave(job, &self.learned);
        self.free -= i64::from(cores);
        self.running.insert((until, job), cores);
        self.jobs[job as usize].phase = Phase::Runs { since: now, until };
        if let Some(promise) = self.pass.promise.as_mut().filter(|promise| until > promise.at) {
            promise.spare -= i64::from(cores);
        }
        if !space.only_shrinks() {
            self.pass.after = None;
        }
        Some(job)
    }

    /// A job is over that ran so long.
    pub fn end(&mut self, job: u32, run: u32) {
        let Phase::Runs { until, .. } = self.jobs[job as usize].phase else { return };
        self.running.remove((until, job));
        self.jobs[job as usize].phase = Phase::Over;
        let line = self.lines.of(job);
        let (ask, who) = (line.ask, line.who);
        self.free += i64::from(ask.cores);
        let changed = self.learned.note(who, ask.estimate, run);
        self.lines.learned(who, changed, &self.learned);
        self.pass = Pass::default();
    }

    /// A job waited so long, and would have waited so long without thrift.
    pub fn note_wait(&mut self, waited_s: i64, plain_s: i64) {
        self.reserve.note_wait(waited_s, plain_s);
    }

    /// What a second of waiting is worth now.
    pub fn worth(&self) -> Worth {
        self.reserve.worth()
    }

    /// How many cores should be on without a job, after all starts of an instant: more can be switched off, fewer are
    /// not enough.
    pub fn warm(&mut self, now: i64) -> Warm {
        let used = (i64::from(self.cores) - self.free) as u32;
        let needed = self.needed(now + self.draw.boot_s).min(self.free).max(0) as u32;
        let next_end = || next_end(&self.running, now);
        self.reserve.warm(now, used, needed, next_end, || self.season.mean / self.prices.price(now).max(1) as f64)
    }

    /// Free cores that who is held, or the head, will need until an instant.
    fn needed(&self, soon: i64) -> i64 {
        let held: i64 = self.held.iter().take_while(|held| held.0 <= soon).map(|held| self.cores_of(held.1)).sum();
        let of_head = |(head, at): (Ask, i64)| i64::from(head.cores) - self.running.until(at) as i64;
        self.due(soon).map_or(held, |due| held.max(of_head(due)))
    }

    /// The head, and when its turn comes, if that is by an instant.
    pub fn due(&self, soon: i64) -> Option<(Ask, i64)> {
        let promise = self.pass.promise.filter(|promise| promise.at <= soon)?;
        Some((self.lines.of(self.pass.head?).ask, promise.at))
    }

    /// When it wants to be asked next though nothing happens to jobs.
    pub fn wake(&self, now: i64) -> i64 {
        self.held.first().map_or(self.reserve.glance(), |held| {
            let boots = held.0 - self.draw.boot_s;
            self.reserve.glance().min(if boots > now { boots } else { held.0 })
        })
    }

    /// How many jobs are held for cheap hours.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn cores_of(&self, job: u32) -> i64 {
        i64::from(self.lines.of(job).ask.cores)
    }

    fn enter_queue(&mut self, job: u32) {
        let Job { submit, phase } = &mut self.jobs[job as usize];
        *phase = Phase::Waits;
        self.lines.enter(job, *submit, &self.learned);
        self.pass = Pass::default();
    }

    /// When the head starts, if all that runs takes as long as it may.
    fn promised(&mut self, head: u32, space: &impl Space) -> Promise {
        if let Some(promise) = self.pass.promise {
            return promise;
        }
        let cores = self.cores_of(head);
        let missing = (cores - self.free).max(1) as u64;
        let (mut at, mut freed) = self.running.when(missing).unwrap_or((i64::MAX, missing));
        let turn = space.turn_of(self.lines.of(head).ask);
        if turn > at {
            (at, freed) = (turn, self.running.until(turn));
        }
        let promise = Promise { at, spare: self.free + freed as i64 - cores };
        self.pass.promise = Some(promise);
        promise
    }

    /// Holds a job for cheap hours, if that saves enough.
    fn hold(&mut self, now: i64, job: u32) -> bool {
        let Some(until) = self.better_start(now, job) else { return false };
        self.lines.leave(job, &self.learned);
        self.held.insert((until, job));
        self.jobs[job as usize].phase = Phase::Held;
        true
    }

    /// The later start that saves most for each second of waiting, if that is more than a second is worth and there is
    /// room.
    fn better_start(&mut self, now: i64, job: u32) -> Option<i64> {
        if self.season.is_over(now) {
            self.season = Season::at(now, &self.prices);
        }
        let line = self.lines.of(job);
        let ask = line.ask;
        let least = self.reserve.worth().cores() * self.draw.idle_w * self.season.mean;
        let watts = f64::from(ask.cores) * self.draw.busy_w;
        // No second of waiting saves more than this.
        if watts * self.season.spread <= least {
            return None;
        }
        // Between what history says and what was asked for: who is wrong about a long job loses more.
        let learned = i64::from(self.learned.run(line.who, ask.estimate));
        let run = (learned + i64::from(ask.estimate)) / 2;
        let last = self.jobs[job as usize].submit + LONGEST_HOLD;
        let (gain, start) = best_start(&self.prices, now, last, run)?;
        if gain * watts <= least {
            return None;
        }
        self.look_for_room(now);
        let room = self.room.as_mut().filter(|room| room.fits(learned, ask.cores))?;
        room.holds(learned, ask.cores);
        Some(start)
    }

    /// What room there will be in the next cheaper hours beside all that will run then and all that is held.
    fn look_for_room(&mut self, now: i64) {
        let price = self.prices.price(now);
        if self.room.is_some_and(|room| !room.is_stale(now, price)) {
            return;
        }
        self.room = Room::new(now, &self.prices, self.cores);
        let Some(room) = &mut self.room else { return };
        let run = |job: u32| {
            let line = self.lines.of(job);
            i64::from(self.learned.run(line.who, line.ask.estimate))
        };
        for (_, job) in &self.held {
            room.holds(run(*job), self.lines.of(*job).ask.cores);
        }
        // Estimates are no lower than what is expected: who is gone by the estimate before then takes nothing.
        for (key, cores) in self.running.after(room.from()) {
            let Phase::Runs { since, .. } = self.jobs[key.1 as usize].phase else { continue };
            room.runs_until(since + run(key.1).max(now - since + 1), cores);
        }
    }
}

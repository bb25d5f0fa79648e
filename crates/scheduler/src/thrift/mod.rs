//! Thrift: EASY backfilling in an order that keeps waits short, so that some jobs can be held for cheap hours and
//! machines can be off; all that is known is estimates and the past.
//!
//! - The order is submission plus [`ORDER`] times the run time that is expected ([`learn`]): a job that will run an
//!   hour gives way to those that come within ten. Behind the head, who is expected to run shortest goes first.
//! - A job that could start, or stands at the head, is held for cheap hours if each second of waiting saves more than a
//!   second is worth ([`worth`]), and if there is still room in those hours; at most [`LONGEST_HOLD`] after it was
//!   submitted. Who is held is out of the queue until then.
//! - As many idle cores stay on as cost less than the waits that they spare ([`demand`]), and those that the head of the
//!   queue or who is held will need as soon as a machine takes to boot.
//!
//! Must not know machines, nor how long jobs that still run will run.

mod demand;
mod learn;
mod worth;

use std::collections::{BTreeSet, HashMap};

use crate::backfill::{Behind, Queue, delays_nobody, walk};
use crate::index::{Key, Shelves};
use demand::Demand;
use learn::Learned;
pub use worth::Worth;

/// See the module.
const ORDER: i64 = 10;
/// See the module; seconds.
const LONGEST_HOLD: i64 = 16 * 3600;
/// How long a machine is idle before it may be switched off, seconds: a third of a boot.
pub const REST: i64 = 60;
/// How often it is looked whether machines should be on, seconds.
const GLANCE: i64 = 60;
/// How often a price may change before the end of the longest hold: guards against endless tariffs.
const CHANGES: usize = 64;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Cores.
    pub cores: u32,
    /// How long it says it will run, seconds.
    pub estimate: u32,
    /// Whose it is; below zero: not known.
    pub user: i64,
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

/// How many cores should be on without a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Warm {
    /// More than these can be switched off.
    pub keep: u32,
    /// Fewer than these are not enough.
    pub boot: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Waits { key: Key, short: Key },
    Held { until: i64 },
    Runs { since: i64, until: i64 },
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    ask: Ask,
    submit: i64,
    phase: Phase,
}

/// The start promised to the head.
#[derive(Clone, Copy, Debug)]
struct Promise {
    at: i64,
    spare: i64,
}

/// Jobs, and what was learned.
#[derive(Clone, Debug)]
pub struct Thrift<P> {
    cores: u32,
    free: i64,
    prices: P,
    draw: Draw,
    jobs: Vec<Job>,
    order: Shelves,
    /// Who waits, by the run time that is expected.
    shortest: Shelves,
    running: Shelves,
    held: BTreeSet<(i64, u32)>,
    by_user: HashMap<i64, Vec<u32>>,
    learned: Learned,
    demand: Demand,
    worth: Worth,
    /// The head's promise, once a pass found one.
    head: Option<(u32, Promise)>,
    last_glance: i64,
}

struct Turn<'a, P> {
    thrift: &'a mut Thrift<P>,
    now: i64,
    after: Option<Key>,
    head: Option<u32>,
    promise: Option<Promise>,
}

impl<P: Prices> Queue for Turn<'_, P> {
    type Job = u32;
    type Start = u32;

    fn next(&mut self) -> Option<u32> {
        let free = self.thrift.free;
        loop {
            let key = match self.head {
                None => self.thrift.order.next(self.after, |_, _| true)?,
                Some(_) => self.thrift.shortest.next(self.after, |cores, _| i64::from(cores) <= free)?,
            };
            self.after = Some(key);
            if self.head != Some(key.1) {
                return Some(key.1);
            }
        }
    }

    fn start(&mut self, job: u32) -> Option<u32> {
        let ask = self.thrift.jobs[job as usize].ask;
        let cores = i64::from(ask.cores);
        if cores > self.thrift.free {
            return None;
        }
        if let Some(head) = self.head {
            let promise = *self.promise.get_or_insert_with(|| self.thrift.promise(head));
            let ends = self.now + i64::from(ask.estimate);
            if !delays_nobody(ends, promise.at, || cores <= promise.spare) {
                return None;
            }
        }
        if self.thrift.hold(self.now, job) { None } else { Some(job) }
    }

    fn wait(&mut self, job: u32) -> Behind<u32> {
        let held = matches!(self.thrift.jobs[job as usize].phase, Phase::Held { .. });
        if !held && self.head.is_none() && !self.thrift.hold(self.now, job) {
            self.head = Some(job);
            self.after = None;
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
            prices,
            draw,
            jobs: Vec::new(),
            order: Shelves::default(),
            shortest: Shelves::default(),
            running: Shelves::default(),
            held: BTreeSet::new(),
            by_user: HashMap::new(),
            learned: Learned::default(),
            demand: Demand::new(cores, now, local0),
            worth,
            head: None,
            last_glance: now,
        }
    }

    /// The next job comes: they are counted from 0.
    pub fn arrive(&mut self, now: i64, ask: Ask) {
        let number = self.jobs.len() as u32;
        self.jobs.push(Job { ask, submit: now, phase: Phase::Over });
        self.enter_queue(number);
    }

    /// Who starts next; it has started already, and will be over by its estimate.
    pub fn start(&mut self, now: i64) -> Option<u32> {
        while let Some(due) = self.held.first().copied().filter(|due| due.0 <= now) {
            self.held.remove(&due);
            self.enter_queue(due.1);
        }
        let mut turn = Turn { thrift: self, now, after: None, head: None, promise: None };
        let Some(job) = walk(&mut turn) else {
            let (head, promise) = (turn.head, turn.promise);
            self.head = head.map(|head| (head, promise.unwrap_or_else(|| self.promise(head))));
            return None;
        };
        let ask = self.jobs[job as usize].ask;
        self.leave_queue(job);
        let until = now + i64::from(ask.estimate);
        self.free -= i64::from(ask.cores);
        self.running.insert((until, job), ask.cores);
        self.jobs[job as usize].phase = Phase::Runs { since: now, until };
        Some(job)
    }

    /// A job is over that ran so long.
    pub fn end(&mut self, job: u32, run: u32) {
        let Job { ask, phase: Phase::Runs { until, .. }, .. } = self.jobs[job as usize] else { return };
        self.running.remove((until, job));
        self.free += i64::from(ask.cores);
        self.jobs[job as usize].phase = Phase::Over;
        self.learned.note(ask.user, ask.cores, ask.estimate, run);
        let waiting = self.by_user.get(&ask.user).cloned().unwrap_or_default();
        for other in waiting {
            self.reorder(other);
        }
    }

    /// A job waited so long, and would have waited so long without thrift.
    pub fn note_wait(&mut self, waited_s: i64, plain_s: i64) {
        self.worth.note(waited_s, plain_s);
    }

    /// What a second of waiting is worth now.
    pub fn worth(&self) -> Worth {
        self.worth
    }

    /// How many cores should be on without a job, after all starts of an instant.
    pub fn warm(&mut self, now: i64) -> Warm {
        let used = (i64::from(self.cores) - self.free) as u32;
        self.demand.note(now, used);
        self.last_glance = now;
        let (boot_s, worth) = (self.draw.boot_s as f64, self.worth.cores());
        let best = self.demand.beyond(now).map(|(cores, rate)| (f64::from(cores) + rate * boot_s * worth, cores));
        let best = best.min_by(|one, other| one.0.total_cmp(&other.0)).map_or(0, |best| best.1);
        let soon = now + self.draw.boot_s;
        let mut needed: i64 =
            self.held.iter().take_while(|held| held.0 <= soon).map(|held| self.cores_of(held.1)).sum();
        if let Some((head, promise)) = self.head
            && promise.at <= soon
        {
            needed = needed.max(self.cores_of(head) - self.running.until(promise.at) as i64);
        }
        let warm = needed.clamp(i64::from(best), self.free.max(i64::from(best))) as u32;
        Warm { keep: warm, boot: warm }
    }

    /// When it wants to be asked next though nothing happens to jobs.
    pub fn wake(&self, now: i64) -> i64 {
        let glance = now + GLANCE;
        self.held.first().map_or(glance, |held| {
            let boots = held.0 - self.draw.boot_s;
            glance.min(if boots > now { boots } else { held.0 })
        })
    }

    /// How many jobs are held for cheap hours.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn cores_of(&self, job: u32) -> i64 {
        i64::from(self.jobs[job as usize].ask.cores)
    }

    /// A job's places in both orders, as far as one can tell now.
    fn places(&self, job: u32) -> Phase {
        let Job { ask, submit, .. } = self.jobs[job as usize];
        let run = i64::from(self.learned.run(ask.user, ask.cores, ask.estimate));
        Phase::Waits { key: (submit + ORDER * run, job), short: (run, job) }
    }

    fn insert(&mut self, job: u32) {
        let phase = self.places(job);
        if let Phase::Waits { key, short } = phase {
            let cores = self.jobs[job as usize].ask.cores;
            self.order.insert(key, cores);
            self.shortest.insert(short, cores);
        }
        self.jobs[job as usize].phase = phase;
    }

    fn remove(&mut self, job: u32) {
        if let Phase::Waits { key, short } = self.jobs[job as usize].phase {
            self.order.remove(key);
            self.shortest.remove(short);
        }
    }

    /// A job's places after more was learned of its user.
    fn reorder(&mut self, job: u32) {
        if self.places(job) != self.jobs[job as usize].phase {
            self.remove(job);
            self.insert(job);
        }
    }

    fn enter_queue(&mut self, job: u32) {
        self.insert(job);
        self.by_user.entry(self.jobs[job as usize].ask.user).or_default().push(job);
    }

    fn leave_queue(&mut self, job: u32) {
        self.remove(job);
        if let Some(waiting) = self.by_user.get_mut(&self.jobs[job as usize].ask.user) {
            waiting.retain(|other| *other != job);
        }
    }

    /// When the head starts, if all that runs takes as long as it may.
    fn promise(&self, head: u32) -> Promise {
        let cores = self.cores_of(head);
        let missing = (cores - self.free).max(1) as u64;
        let (at, freed) = self.running.when(missing).unwrap_or((i64::MAX, missing));
        Promise { at, spare: self.free + freed as i64 - cores }
    }

    /// Holds a job for cheap hours, if that saves enough.
    fn hold(&mut self, now: i64, job: u32) -> bool {
        let Some(until) = self.better_start(now, job) else { return false };
        self.leave_queue(job);
        self.held.insert((until, job));
        self.jobs[job as usize].phase = Phase::Held { until };
        true
    }

    /// The later start that saves most for each second of waiting, if that is more than a second is worth.
    fn better_start(&self, now: i64, job: u32) -> Option<i64> {
        let Job { ask, submit, .. } = self.jobs[job as usize];
        let dear = self.prices.price(now);
        // Between what history says and what was asked for: who is wrong about a long job loses more.
        let learned = self.learned.run(ask.user, ask.cores, ask.estimate);
        let run = (i64::from(learned) + i64::from(ask.estimate)) / 2;
        let last = submit + LONGEST_HOLD;
        let plain = self.prices.sum(now, now + run);
        let watts = f64::from(ask.cores) * self.draw.busy_w;
        let day = self.prices.sum(now, now + 86_400) as f64 / 86_400.0;
        let least = self.worth.cores() * self.draw.idle_w * day;
        if watts * (dear as f64) < least {
            return None;
        }
        let saved = |start: i64| {
            let gain = (plain - self.prices.sum(start, start + run)) as f64 * watts;
            gain / (start - now) as f64
        };
        let mut best: Option<(f64, i64)> = None;
        let mut change = now;
        for _ in 0..CHANGES {
            let Some(next) = self.prices.next_change(change).filter(|next| *next <= last + run) else { break };
            for start in [next - run, next] {
                if start > now && start <= last && best.is_none_or(|best| saved(start) > best.0) {
                    best = Some((saved(start), start));
                }
            }
            change = next;
        }
        let (gain, start) = best?;
        (gain > least && self.has_room(now, dear, i64::from(learned), ask.cores)).then_some(start)
    }

    /// Whether the next cheaper hours have room for a job beside all that will run then and all that is held.
    fn has_room(&self, now: i64, dear: i64, run: i64, cores: u32) -> bool {
        let Some((from, until)) = self.cheaper_hours(now, dear) else { return false };
        let long = until - from;
        let mut room = i64::from(self.cores) * long - run.min(long) * i64::from(cores);
        for (_, job) in &self.held {
            let ask = self.jobs[*job as usize].ask;
            let run = i64::from(self.learned.run(ask.user, ask.cores, ask.estimate));
            room -= run.min(long) * i64::from(ask.cores);
        }
        for (key, _) in self.running.iter() {
            let Job { ask, phase: Phase::Runs { since, .. }, .. } = self.jobs[key.1 as usize] else { continue };
            let run = i64::from(self.learned.run(ask.user, ask.cores, ask.estimate)).max(now - since + 1);
            let stays = (since + run).min(until) - from;
            room -= stays.max(0) * i64::from(ask.cores);
        }
        room >= 0
    }

    /// The next hours at a lower price, up to when it rises again.
    fn cheaper_hours(&self, now: i64, dear: i64) -> Option<(i64, i64)> {
        let mut from = now;
        for _ in 0..CHANGES {
            from = self.prices.next_change(from)?;
            if self.prices.price(from) < dear {
                let mut until = self.prices.next_change(from)?;
                while self.prices.price(until) < dear {
                    until = self.prices.next_change(until)?;
                }
                return Some((from, until));
            }
        }
        None
    }
}

//! Conservative backfilling: everybody is promised a start, not only the first. The rule:
//!
//! 1. Whoever arrives is promised the earliest start at which there is room for the whole estimate beside all that runs
//!    and all that is promised. No promise is ever put off.
//! 2. Whenever there may be new room (a job ended, early or not), the queue is compressed in order. Each in turn starts at once, if that delays nobody who was promised a start. Else, if it is
//!    one of the first [`Rule::Conservative::compress`](super::Rule) who wait, it is promised the earliest start beside
//!    all others, where that is earlier than what it was promised. After a start it is the first's turn again.
//!
//! With `compress` without end the plan of everybody is drawn together at each end, which costs much and makes later
//! jobs wait longer: promises that are kept early close the gaps that others could use. By default it is the first only,
//! so that it is never worse off than under EASY, and all others are as well off as when they came, or better.

use super::{Ask, Ticket};
use crate::backfill::{Behind, Queue, delays_nobody, walk};
use crate::index::{Line, Shelves, Skyline, Summary};

/// Of some jobs that wait: the least cores, the least estimate, the earliest promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hope {
    cores: u32,
    estimate: u32,
    start: i64,
}

impl Summary for Hope {
    const NOBODY: Hope = Hope { cores: u32::MAX, estimate: u32::MAX, start: i64::MAX };

    #[inline]
    fn and(self, other: Hope) -> Hope {
        Hope {
            cores: self.cores.min(other.cores),
            estimate: self.estimate.min(other.estimate),
            start: self.start.min(other.start),
        }
    }

    #[inline]
    fn adds_nothing_to(self, all: Hope) -> bool {
        self.cores > all.cores && self.estimate > all.estimate && self.start > all.start
    }
}

impl Hope {
    /// A job's own place in the plan is no obstacle to it: what matters is over when that begins.
    fn ends(&self, now: i64) -> i64 {
        (now + i64::from(self.estimate)).min(self.start)
    }

    fn until(&self) -> i64 {
        self.start + i64::from(self.estimate)
    }
}

/// Who is promised what.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    skyline: Skyline,
    hopes: Line<Hope>,
    promised: Shelves,
    /// Promises of the nearest future: from an instant on, only so many cores are not taken.
    marks: Vec<(i64, i64)>,
    /// A job has ended since everybody was looked at: without that nobody finds room who found none before. (Where more
    /// is free than just before, something that ran has ended, as planned or early.)
    new_room: bool,
}

impl Plan {
    pub fn new(cores: u32) -> Self {
        Plan {
            skyline: Skyline::new(cores),
            hopes: Line::default(),
            promised: Shelves::default(),
            marks: Vec::new(),
            new_room: false,
        }
    }

    /// When a job is promised to start.
    pub fn start_of(&self, number: u32) -> Option<i64> {
        self.hopes.get(number).map(|hope| hope.start)
    }

    /// The next instant at which somebody is promised a start.
    pub fn wake(&self) -> Option<i64> {
        self.promised.first().map(|key| key.0)
    }

    /// Who starts next.
    #[inline]
    pub fn decide(&mut self, now: i64, compress: u32) -> Option<Ticket> {
        if self.new_room {
            let start = walk(&mut Turn::new(self, now, compress));
            self.new_room = start.is_some();
            return start;
        }
        self.promised.first().filter(|key| key.0 <= now).map(|key| Ticket(key.1))
    }

    /// A job came.
    pub fn arrived(&mut self, now: i64, number: u32, ask: Ask) {
        self.skyline.advance(now);
        let start = self.skyline.earliest(now, i64::from(ask.cores), i64::from(ask.estimate));
        let hope = Hope { cores: ask.cores, estimate: ask.estimate, start };
        self.skyline.change(start, hope.until(), -i64::from(ask.cores));
        self.hopes.push(number, hope);
        self.promised.insert((start, number), ask.cores);
    }

    /// A job started; as planned, unless somebody else decided.
    pub fn started(&mut self, now: i64, number: u32) {
        let Some(hope) = self.hopes.get(number) else { return };
        self.promise(number, hope, now);
        self.hopes.remove(number);
        self.promised.remove((now, number));
    }

    /// A job ended that had cores until `until`.
    pub fn ended(&mut self, now: i64, until: i64, cores: u32) {
        self.new_room = true;
        if until > now {
            self.skyline.advance(now);
            self.skyline.change(now, until, i64::from(cores));
        }
    }

    /// A job is promised another start.
    fn promise(&mut self, number: u32, old: Hope, start: i64) {
        if start == old.start {
            return;
        }
        let new = Hope { start, ..old };
        let cores = i64::from(old.cores);
        self.skyline.change(old.start, old.until(), cores);
        self.skyline.change(start, new.until(), -cores);
        self.hopes.replace(number, new);
        self.promised.remove((old.start, number));
        self.promised.insert((start, number), old.cores);
    }

    /// Looks at the nearest future, as far as it matters to who waits.
    fn look_ahead(&mut self, now: i64) {
        self.skyline.advance(now);
        self.marks.clear();
        let least = i64::from(self.hopes.all().cores);
        self.skyline.falls(now, |at, free| {
            self.marks.push((at, free));
            free >= least
        });
    }

    /// Whether a job could start now and delay nobody else.
    #[inline]
    fn may_start(&self, now: i64, hope: Hope) -> bool {
        let (ends, cores) = (hope.ends(now), i64::from(hope.cores));
        self.marks.iter().all(|(at, free)| delays_nobody(ends, *at, || cores <= *free))
    }
}

/// A pass over a plan at an instant.
struct Turn<'a> {
    plan: &'a mut Plan,
    now: i64,
    from: u32,
    /// So many who wait may be given a better promise...
    compress: u32,
    /// ...and so many of them are still to be looked at.
    left: u32,
}

impl<'a> Turn<'a> {
    fn new(plan: &'a mut Plan, now: i64, compress: u32) -> Self {
        plan.look_ahead(now);
        Turn { plan, now, from: 0, compress, left: compress }
    }
}

impl Queue for Turn<'_> {
    type Job = u32;
    type Start = Ticket;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let Turn { plan, now, .. } = self;
        let next = match self.left {
            0 => plan.hopes.next(self.from, |hope| plan.may_start(*now, hope)),
            _ => plan.hopes.next(self.from, |hope| hope != Hope::NOBODY),
        }?;
        self.from = next + 1;
        Some(next)
    }

    #[inline]
    fn start(&mut self, job: u32) -> Option<Ticket> {
        let hope = self.plan.hopes.get(job)?;
        self.plan.may_start(self.now, hope).then_some(Ticket(job))
    }

    fn wait(&mut self, job: u32) -> Behind<Ticket> {
        self.left = self.left.saturating_sub(1);
        if let Some(hope) = self.plan.hopes.get(job) {
            let (cores, long) = (i64::from(hope.cores), i64::from(hope.estimate));
            if let Some(start) = self.plan.skyline.earlier(self.now, hope.start, cores, long) {
                self.plan.promise(job, hope, start);
                self.plan.look_ahead(self.now);
                (self.from, self.left) = (0, self.compress);
            }
        }
        Behind::GoOn
    }
}

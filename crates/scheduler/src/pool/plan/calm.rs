//! As long as nobody waits, nothing is planned: who comes starts at once if there is room, as more and more will be free.
//! Who runs until when is known anyway. A plan is made of that when somebody has to wait, and given up when nobody has had
//! to for some time. Must not know who is promised what.

use super::{Ask, Plan};
use crate::index::{Shelves, Skyline};

/// After so many in a row who did not have to wait it costs less to make another plan some day than to go on with this one.
const QUIET: u32 = 4;

/// Nobody waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// When the last job came.
    at: i64,
    /// The cores of those who came then and start at once, but have not yet.
    due: i64,
}

impl Calm {
    /// Nobody has come yet.
    pub const START: Calm = Calm { at: i64::MIN, due: 0 };

    /// A job that was to start has.
    pub fn started(&mut self, cores: u32) {
        self.due -= i64::from(cores);
    }
}

/// What the pool knows of its cores.
#[derive(Clone, Copy, Debug)]
pub(in crate::pool) struct Cores<'a> {
    /// Free now.
    pub free: i64,
    /// Who runs, by when the estimate is over.
    pub running: &'a Shelves,
}

impl Cores<'_> {
    /// Whether somebody runs whose estimate is over: by the plan he is gone.
    fn is_anybody_overdue(&self, now: i64) -> bool {
        self.running.first().is_some_and(|(until, _)| until <= now)
    }
}

impl Plan {
    /// Time has come to an instant: who was to start before and has not, waits.
    #[inline]
    pub fn come_to(&mut self, now: i64, cores: Cores) {
        if self.calm.is_some_and(|calm| calm.at < now) && !self.due.is_empty() {
            self.begin(now, cores);
        }
    }

    /// A job comes. Whether it starts at once without a plan; if not, there is one now.
    #[inline]
    pub fn starts_at_once(&mut self, now: i64, ask: Ask, cores: Cores) -> bool {
        let is_quiet = self.quiet >= QUIET && self.sizes.is_empty() && self.due.is_empty();
        if self.calm.is_none() && is_quiet && !cores.is_anybody_overdue(now) {
            self.give_up();
        }
        let Some(calm) = &mut self.calm else { return false };
        if calm.due + i64::from(ask.cores) <= cores.free && !cores.is_anybody_overdue(now) {
            (calm.at, calm.due) = (now, calm.due + i64::from(ask.cores));
            return true;
        }
        self.begin(now, cores);
        false
    }

    /// A job with a plan is to start at this instant, or not: how long it has been quiet.
    #[inline]
    pub fn note_start(&mut self, is_at_once: bool) {
        self.quiet = if is_at_once { self.quiet + 1 } else { 0 };
    }

    /// Nothing is planned any more: nobody waits.
    fn give_up(&mut self) {
        (self.calm, self.quiet, self.next) = (Some(Calm::START), 0, 0);
        self.new_room = None;
        self.holes.clear();
        while self.turns.take(0).is_some() {}
    }

    /// Makes a plan of who runs, and of who is to start.
    fn begin(&mut self, now: i64, cores: Cores) {
        self.calm = None;
        // Who is to start holds cores, and gains nothing by whatever becomes free.
        let due = self.due.iter().map(|number| (self.until(number.0), number.0, self.ask(number.0).cores));
        let mut ends: Vec<(i64, u32, u32)> = due.collect();
        ends.retain(|(until, ..)| *until > now);
        ends.extend(cores.running.after(now).map(|((until, number), cores)| (until, number, cores)));
        ends.sort_unstable();
        let taken: i64 = ends.iter().map(|(.., cores)| i64::from(*cores)).sum();
        self.skyline = Skyline::rising(now, i64::from(self.cores) - taken);
        for (until, number, cores) in ends {
            let step = self.skyline.rise(until, i64::from(cores));
            self.skyline.hold(step);
            self.hopes[number as usize].steps = (step, step);
        }
    }
}

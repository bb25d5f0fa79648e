//! Conservative backfilling. The rule:
//!
//! 1. Whoever arrives is promised the earliest start at which there is room for the whole estimate beside all that runs
//!    and all that is promised.
//! 2. When a job ends before its estimate is over, the queue is compressed in order: the first in the queue who could
//!    start earlier, everybody else staying, is promised that start instead; and again from the first, until nobody
//!    could start earlier.
//! 3. Who is promised `now` starts.
//!
//! So no promise is ever put off, and the plan is always tight: nobody alone could start earlier. Tightness is also
//! what makes it quick: only new room can let somebody forward, so only those are looked at whom it could serve.

use super::Ask;
use crate::index::{Line, Shelves, Skyline, Summary};

/// The least cores and the latest promise of some jobs that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hope {
    cores: u32,
    start: i64,
}

impl Summary for Hope {
    const NOBODY: Hope = Hope { cores: u32::MAX, start: i64::MIN };
    fn and(self, other: Hope) -> Hope {
        Hope { cores: self.cores.min(other.cores), start: self.start.max(other.start) }
    }
}

/// Room that is new.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: i64,
    until: i64,
    /// Those before this number have been looked at.
    next: u32,
}

/// Who is promised what.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    skyline: Skyline,
    hopes: Line<Hope>,
    promised: Shelves,
}

impl Plan {
    pub fn new(cores: u32) -> Self {
        Plan { skyline: Skyline::new(cores), hopes: Line::default(), promised: Shelves::default() }
    }

    /// Who is promised a start by now.
    pub fn due(&self, now: i64) -> Option<u32> {
        self.promised.first().filter(|key| key.0 <= now).map(|key| key.1)
    }

    /// When a job is promised to start.
    pub fn start_of(&self, number: u32) -> Option<i64> {
        self.hopes.get(number).map(|hope| hope.start)
    }

    /// A job came.
    pub fn promise(&mut self, now: i64, number: u32, ask: Ask) {
        self.skyline.advance(now);
        let (cores, long) = (i64::from(ask.cores), i64::from(ask.estimate));
        let start = self.skyline.earliest(now, cores, long);
        self.skyline.change(start, start + long, -cores);
        self.hopes.push(number, Hope { cores: ask.cores, start });
        self.promised.insert((start, number), ask.cores);
    }

    /// A job started; as planned, unless somebody else decided.
    pub fn started(&mut self, now: i64, number: u32, ask: Ask) {
        let Some(start) = self.start_of(number) else { return };
        self.hopes.remove(number);
        self.promised.remove((start, number));
        if start != now {
            let (cores, long) = (i64::from(ask.cores), i64::from(ask.estimate));
            self.skyline.change(start, start + long, cores);
            self.skyline.change(now, now + long, -cores);
        }
    }

    /// A job ended that had cores until `until`.
    pub fn ended_early(&mut self, now: i64, until: i64, cores: u32, ask: impl Fn(u32) -> Ask) {
        self.skyline.advance(now);
        self.skyline.change(now, until, i64::from(cores));
        let mut gaps = vec![Gap { from: now, until, next: 0 }];
        while let Some((number, start)) = self.first_to_move(now, &mut gaps, &ask) {
            let ask = ask(number);
            let (cores, long) = (i64::from(ask.cores), i64::from(ask.estimate));
            let Some(old) = self.start_of(number) else { return };
            self.skyline.change(old, old + long, cores);
            self.skyline.change(start, start + long, -cores);
            self.hopes.replace(number, Hope { cores: ask.cores, start });
            self.promised.remove((old, number));
            self.promised.insert((start, number), ask.cores);
            gaps.push(Gap { from: old.max(start + long), until: old + long, next: 0 });
        }
    }

    /// The first in the queue whom new room lets start earlier, and when.
    fn first_to_move(&mut self, now: i64, gaps: &mut Vec<Gap>, ask: &impl Fn(u32) -> Ask) -> Option<(u32, i64)> {
        let mut best: Option<(u32, i64)> = None;
        for gap in gaps.iter_mut() {
            let most = self.skyline.most(gap.from, gap.until);
            loop {
                let hoping = |hope: Hope| i64::from(hope.cores) <= most && hope.start > gap.from;
                let Some(number) = self.hopes.next(gap.next, hoping) else {
                    gap.next = u32::MAX;
                    break;
                };
                gap.next = number;
                if best.is_some_and(|(other, _)| other <= number) {
                    break;
                }
                let ask = ask(number);
                let planned = self.start_of(number)?;
                let (cores, long) = (i64::from(ask.cores), i64::from(ask.estimate));
                if let Some(start) = self.skyline.earlier(now, planned, cores, long, gap.from, gap.until) {
                    best = Some((number, start));
                    break;
                }
                gap.next = number + 1;
            }
        }
        gaps.retain(|gap| gap.next != u32::MAX);
        best
    }
}

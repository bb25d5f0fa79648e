//! Conservative backfilling: everybody is promised a start, not only the first. The rule:
//!
//! 1. Whoever arrives is promised the earliest start at which there is room for the whole estimate beside all that runs
//!    and all that is promised. No promise is ever put off.
//! 2. In each second in which jobs end early, the queue is compressed, once and in order, before anybody else comes:
//!    each in turn is promised the earliest start at which there is room beside all others as they are promised then.
//!
//! Looking at everybody each time would be dear: of two hundred who wait, twenty are promised anything better. Whoever
//! found nothing better finds nothing better until there is new room, so only new room is looked at: who was promised a
//! start right behind it may [slide](Plan::note_row) forward, who fits into a hole around it may
//! [jump](Plan::note_room) there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::sizes::Sizes;
use super::{Ask, Ticket};
use crate::index::{Hole, Skyline};

/// No job.
const NOBODY: u32 = u32::MAX;

/// A job and what it is promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Hope {
    cores: u32,
    estimate: u32,
    start: i64,
    /// Neighbours in a [`Row`], which is a ring.
    next: u32,
    before: u32,
}

impl Hope {
    fn ask(&self) -> Ask {
        Ask { cores: self.cores, estimate: self.estimate }
    }

    fn until(&self) -> i64 {
        self.start + i64::from(self.estimate)
    }
}

/// Who is promised to start at a step, in the order of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Row {
    first: u32,
    /// None of them needs fewer cores...
    least: u32,
    /// ...or less time.
    shortest: u32,
}

impl Default for Row {
    fn default() -> Self {
        Row { first: NOBODY, least: u32::MAX, shortest: u32::MAX }
    }
}

/// What those need at least who are promised a start behind some instant, and the latest of their starts.
#[derive(Clone, Copy, Debug)]
struct Behind {
    least: u32,
    shortest: u32,
    latest: i64,
}

fn behind(all: &[(i64, Behind)], instant: i64) -> Option<Behind> {
    let count = all.partition_point(|(at, _)| *at > instant);
    all.get(count.checked_sub(1)?).map(|(_, those)| *those)
}

/// A span of time that has both in it.
fn hull(one: Option<(i64, i64)>, other: (i64, i64)) -> Option<(i64, i64)> {
    Some(one.map_or(other, |one| (one.0.min(other.0), one.1.max(other.1))))
}

/// Who is promised what.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    skyline: Skyline<Row>,
    /// By number; of those who wait no more, nothing is true.
    hopes: Vec<Hope>,
    sizes: Sizes,
    /// Those whose promised start has come.
    due: BinaryHeap<Reverse<u32>>,
    /// What jobs that ended early left since the queue was compressed, all together.
    new_room: Option<Hole>,
    /// Those before this number have had their turn.
    next: u32,
    /// Whose turn it is in a compression.
    turns: BinaryHeap<Reverse<u32>>,
    /// Who of them may fit into a hole, from when until when; for the others there is room right before their start.
    holes: Vec<(u32, (i64, i64))>,
    /// What was found too late for whose turn was over: it is for the next compression.
    late: Vec<u32>,
    late_hole: Option<(i64, i64)>,
    stack: Vec<(i64, i64)>,
    /// When the last compression began: for each step at which somebody is promised a start, from the last to the
    /// first, what is known of those who are promised that or a later one. It stays true while promises become earlier.
    behind: Vec<(i64, Behind)>,
}

impl Plan {
    pub fn new(cores: u32) -> Self {
        Plan {
            skyline: Skyline::new(cores),
            hopes: Vec::new(),
            sizes: Sizes::default(),
            due: BinaryHeap::new(),
            new_room: None,
            next: NOBODY,
            turns: BinaryHeap::new(),
            holes: Vec::new(),
            late: Vec::new(),
            late_hole: None,
            stack: Vec::new(),
            behind: Vec::new(),
        }
    }

    /// When a job is promised to start.
    pub fn start_of(&self, number: u32) -> Option<i64> {
        self.hopes.get(number as usize).map(|hope| hope.start)
    }

    /// The next instant at which somebody is promised a start.
    pub fn wake(&self) -> Option<i64> {
        let steps = self.skyline.steps()[self.skyline.front()..].iter();
        steps.skip(1).find(|step| step.mark.first != NOBODY).map(|step| step.at)
    }

    /// Who starts next: the first whose promised start has come.
    #[inline]
    pub fn decide(&mut self, now: i64) -> Option<Ticket> {
        self.compress(now);
        self.due.peek().map(|Reverse(number)| Ticket(*number))
    }

    /// A job came.
    pub fn arrived(&mut self, now: i64, number: u32, ask: Ask) {
        self.compress(now);
        let start = self.skyline.earliest(now, i64::from(ask.cores), i64::from(ask.estimate));
        let Ask { cores, estimate } = ask;
        let hope = Hope { cores, estimate, start, next: NOBODY, before: NOBODY };
        self.hopes.push(hope);
        self.sizes.push(number, ask, start);
        self.stand(now, number, hope);
        self.skyline.change(start, hope.until(), -i64::from(ask.cores));
    }

    /// A job started; as planned, unless somebody else decided.
    pub fn started(&mut self, now: i64, number: u32) {
        let hope = self.hopes[number as usize];
        if hope.start > now {
            self.advance(now);
            self.promise(now, number, hope, now);
        }
        if self.due.peek() == Some(&Reverse(number)) {
            self.due.pop();
        } else {
            self.due.retain(|other| other.0 != number);
        }
        if hope.start < now {
            // Others were late before.
            let (planned, until) = (hope.until().max(now), now + i64::from(hope.estimate));
            self.skyline.change(planned, until, -i64::from(hope.cores));
        }
        self.sizes.remove(number, hope.ask());
    }

    /// A job ended that had cores until `until`.
    pub fn ended(&mut self, now: i64, until: i64, cores: u32) {
        if until > now {
            self.advance(now);
            self.give(now, now, until, cores);
        }
    }

    fn advance(&mut self, now: i64) {
        let Plan { skyline, hopes, due, .. } = self;
        skyline.advance(now, |row| {
            let mut number = row.first;
            loop {
                due.push(Reverse(number));
                number = hopes[number as usize].next;
                if number == row.first {
                    break;
                }
            }
        });
    }

    /// Everybody in turn is promised something better, who can be.
    fn compress(&mut self, now: i64) {
        self.advance(now);
        let Some(room) = self.new_room.take() else { return };
        self.next = 0;
        self.look_behind();
        self.turns.extend(self.late.drain(..).map(Reverse));
        self.note_room(now, room.from, room.until, room.cores);
        if let Some((from, until)) = self.late_hole.take() {
            self.note_room(now, from, until, i64::MAX);
        }
        while let Some(Reverse(number)) = self.turns.pop() {
            if number < self.next {
                continue;
            }
            let mut hole = None;
            self.holes.retain(|(other, its)| {
                if *other == number {
                    hole = hull(hole, *its);
                }
                *other != number
            });
            self.next = number + 1;
            self.turn(now, number, hole.is_some());
            // Others behind may fit into what is left of the hole.
            if let Some((from, until)) = hole {
                let steps = self.skyline.step(from)..self.skyline.step(until - 1) + 1;
                self.note_holes(now, steps, (from, until), (1, i64::MAX), 1);
            }
        }
        self.next = NOBODY;
    }

    /// A job's turn.
    fn turn(&mut self, now: i64, number: u32, may_jump: bool) {
        let hope = self.hopes[number as usize];
        if hope.start <= now {
            return;
        }
        let (cores, long) = (i64::from(hope.cores), i64::from(hope.estimate));
        let step = self.skyline.step(hope.start);
        let start = match may_jump {
            true => self.skyline.earlier(now, hope.start, cores, long).unwrap_or(hope.start),
            false => self.skyline.back(now, step, cores),
        };
        let next = self.hopes[number as usize].next;
        if start < hope.start {
            self.promise(now, number, hope, start);
        }
        // The next in its row, who is not looked at as long as others are before it.
        if next > number {
            self.note_behind(hope.start, next);
        }
    }

    /// Those of a row from this one on.
    fn note_behind(&mut self, at: i64, mut number: u32) {
        let step = self.skyline.step(at);
        let [.., before, this] = self.skyline.steps()[..=step] else { return };
        if this.at != at || i64::from(this.mark.least) > before.free {
            return;
        }
        loop {
            let hope = &self.hopes[number as usize];
            if i64::from(hope.cores) <= before.free {
                self.turns.push(Reverse(number));
                return;
            }
            if hope.next <= number {
                return;
            }
            number = hope.next;
        }
    }

    /// Whose promised start is right behind new room, at this step.
    fn note_row(&mut self, step: usize) {
        let [.., before, this] = self.skyline.steps()[..=step] else { return };
        let (mut number, mut least) = (this.mark.first, u32::MAX);
        loop {
            let hope = &self.hopes[number as usize];
            least = least.min(hope.cores);
            if i64::from(hope.cores) <= before.free {
                if number >= self.next || !self.is_compressing() {
                    self.turns.push(Reverse(number));
                    return;
                }
                self.late.push(number);
            }
            number = hope.next;
            if number == this.mark.first {
                // Everybody was looked at.
                self.skyline.mark(step).least = least;
                return;
            }
        }
    }

    fn is_compressing(&self) -> bool {
        self.next != NOBODY
    }

    /// What those need at least who are promised a start later than at each step.
    fn look_behind(&mut self) {
        self.behind.clear();
        let mut those = Behind { least: u32::MAX, shortest: u32::MAX, latest: i64::MIN };
        for step in self.skyline.steps()[self.skyline.front()..].iter().rev().filter(|step| step.mark.first != NOBODY) {
            those.least = those.least.min(step.mark.least);
            those.shortest = those.shortest.min(step.mark.shortest);
            those.latest = those.latest.max(step.at);
            self.behind.push((step.at, those));
        }
    }

    /// Who might fit into the holes around new room of so many cores. Whoever does is promised a start behind it.
    fn note_room(&mut self, now: i64, from: i64, until: i64, cores: i64) {
        let from = from.max(now);
        let Some(Behind { least, shortest, latest }) = behind(&self.behind, from).filter(|_| from < until) else {
            return;
        };
        let first = self.skyline.step(from);
        let last = first + self.skyline.steps()[first..].partition_point(|step| step.at < until);
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        for step in &self.skyline.steps()[first..last] {
            (low, high) = (low.min(step.free), high.max(step.free));
        }
        let least = i64::from(least).max(low.saturating_sub(cores) + 1);
        let Some(least) = self.sizes.at_least(least).filter(|least| *least <= high) else { return };
        let steps = self.skyline.around(first..last, least);
        let begin = self.skyline.steps()[steps.start].at.max(now);
        if begin + i64::from(shortest) <= self.skyline.end(steps.end - 1).min(latest) {
            self.note_holes(now, steps, (from, until), (least, cores), shortest);
        }
    }

    /// Who might fit into the holes in some steps that have to do with a span of time; of `least` cores at least, and who
    /// did not when there were `cores` fewer. Nobody who does is done sooner than in `shortest`.
    fn note_holes(
        &mut self,
        now: i64,
        steps: Range<usize>,
        (from, until): (i64, i64),
        (least, cores): (i64, i64),
        shortest: u32,
    ) {
        let Plan { skyline, hopes, sizes, turns, holes, late_hole, stack, next, .. } = self;
        let (next, start_of) = (if *next == NOBODY { 0 } else { *next }, |number: u32| hopes[number as usize].start);
        skyline.holes(steps, now, least, stack, |hole| {
            let short = hole.until - hole.from < i64::from(shortest);
            if short || hole.from >= until || hole.until <= from {
                return;
            }
            let sizes_of = least.max(hole.cores.saturating_sub(cores) + 1)..=hole.cores;
            let found = sizes.fitting(hole, sizes_of, next, start_of);
            // Whoever had his turn already could have had this hole when it was larger.
            if found.before && cores < i64::MAX {
                *late_hole = hull(*late_hole, (hole.from, hole.until));
            }
            if let Some(first) = found.first {
                turns.push(Reverse(first));
                holes.push((first, (hole.from, hole.until)));
            }
        });
    }

    /// There is new room.
    fn give(&mut self, now: i64, from: i64, until: i64, cores: u32) {
        let mut step = self.skyline.change(from, until, i64::from(cores)) + 1;
        while let Some(this) = self.skyline.steps().get(step).filter(|step| step.at <= until) {
            if i64::from(this.mark.least) <= self.skyline.steps()[step - 1].free {
                self.note_row(step);
            }
            step += 1;
        }
        if self.is_compressing() {
            self.note_room(now, from, until, i64::from(cores));
        } else {
            let room = self.new_room.get_or_insert(Hole { from, until, cores: 0 });
            (room.from, room.until) = (room.from.min(from), room.until.max(until));
            room.cores += i64::from(cores);
        }
    }

    /// A job stands where those are who are promised the same start.
    fn stand(&mut self, now: i64, number: u32, hope: Hope) {
        if hope.start <= now {
            self.due.push(Reverse(number));
            return;
        }
        let step = self.skyline.cut(hope.start);
        let row = self.skyline.mark(step);
        (row.least, row.shortest) = (row.least.min(hope.cores), row.shortest.min(hope.estimate));
        let hopes = &mut self.hopes;
        if row.first == NOBODY {
            row.first = number;
            (hopes[number as usize].next, hopes[number as usize].before) = (number, number);
            return;
        }
        let first = row.first;
        let mut before = hopes[first as usize].before;
        while before > number && before != first {
            before = hopes[before as usize].before;
        }
        if before > number {
            // Before the first, which is behind the last.
            before = hopes[first as usize].before;
            row.first = number;
        }
        let next = hopes[before as usize].next;
        (hopes[number as usize].next, hopes[number as usize].before) = (next, before);
        hopes[before as usize].next = number;
        hopes[next as usize].before = number;
    }

    /// A job leaves where it stood.
    fn leave(&mut self, number: u32, hope: Hope) {
        let step = self.skyline.step(hope.start);
        let Hope { next, before, .. } = self.hopes[number as usize];
        self.hopes[before as usize].next = next;
        self.hopes[next as usize].before = before;
        let row = self.skyline.mark(step);
        if next == number {
            *row = Row::default();
        } else if row.first == number {
            row.first = next;
        }
    }

    /// A job is promised another start.
    fn promise(&mut self, now: i64, number: u32, old: Hope, start: i64) {
        if old.start > now {
            self.leave(number, old);
        }
        let new = Hope { start, ..old };
        self.hopes[number as usize] = new;
        self.sizes.moved(new.ask(), old.start, |job| self.hopes[job as usize].start);
        self.stand(now, number, new);
        // What it keeps is neither taken nor given.
        self.skyline.change(start, old.start.min(new.until()), -i64::from(old.cores));
        self.give(now, old.start.max(new.until()), old.until(), old.cores);
    }
}

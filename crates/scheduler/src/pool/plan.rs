//! Conservative backfilling: everybody is promised a start, not only the first. The rule:
//!
//! 1. Whoever arrives is promised the earliest start at which there is room for the whole estimate beside all that runs
//!    and all that is promised. No promise is ever put off.
//! 2. In each second in which jobs end early, the queue is compressed, once and in order, before anybody else comes:
//!    each in turn is promised the earliest start at which there is room beside all others as they are promised then.
//!
//! Looking at everybody each time would be dear: of two hundred who wait, twenty are promised anything better. Whoever
//! found nothing better finds nothing better until there is new room, so only new room is looked at: who was promised a
//! start right behind it may slide forward ([`note_row`]), who fits into a hole around it may jump there
//! ([`Plan::note_room`]). Nearly all slide, and by little: each knows its two steps of the [`Skyline`], so that a slide
//! touches what lies between old and new, and nothing is searched for. While nobody waits there is no plan ([`calm`]).

mod calm;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::sizes::{Known, Sizes};
use super::turns::Turns;
use super::{Ask, Ticket};
use crate::index::{Place, Skyline, Stretch};
use calm::Calm;
pub(super) use calm::Cores;

/// No job.
const NOBODY: u32 = u32::MAX;

/// A job and where in the plan it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Hope {
    cores: u32,
    estimate: u32,
    /// The steps at which it is to start and to end, for as long as these are not over.
    steps: (Place, Place),
    /// Neighbours in a [`Row`], which is a ring.
    next: u32,
    before: u32,
}

impl Hope {
    fn ask(&self) -> Ask {
        Ask { cores: self.cores, estimate: self.estimate }
    }
}

/// Who is promised to start at a step, in the order of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Row {
    first: u32,
    /// None of them needs fewer cores.
    least: i64,
}

impl Default for Row {
    fn default() -> Self {
        Row { first: NOBODY, least: i64::MAX }
    }
}

/// What jobs that ended early left. Nobody who needs as few cores as `low` has gained by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Room {
    until: i64,
    low: i64,
}

/// Where somebody may fit in. If there are several holes, all is one from the first to the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Hole {
    from: i64,
    until: i64,
}

/// Who is promised what.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    cores: u32,
    /// While nobody waits there is no skyline, and nobody is promised a start but at once.
    calm: Option<Calm>,
    /// How many in a row have started at once.
    quiet: u32,
    skyline: Skyline<Row>,
    /// By number; of those who wait no more, nothing is true but when they end.
    hopes: Vec<Hope>,
    /// Their promised starts: many are looked through for one that is late enough.
    starts: Vec<i64>,
    sizes: Sizes,
    /// Those whose promised start has come.
    due: BinaryHeap<Reverse<u32>>,
    /// What jobs that ended early left since the queue was compressed, all together.
    new_room: Option<Room>,
    /// Who is to be looked at. Those before `next` had their turn in this compression: they are for the next one.
    turns: Turns,
    next: u32,
    /// Who of them may fit into a hole that new room made; for the others there is room right before their start.
    holes: Vec<(u32, Hole)>,
    /// Only there to be reused.
    begins: Vec<i64>,
    levels: Vec<(i64, usize)>,
}

impl Plan {
    pub fn new(cores: u32) -> Self {
        Plan {
            cores,
            calm: Some(Calm::START),
            quiet: 0,
            skyline: Skyline::new(cores),
            hopes: Vec::new(),
            starts: Vec::new(),
            sizes: Sizes::default(),
            due: BinaryHeap::new(),
            new_room: None,
            turns: Turns::default(),
            next: 0,
            holes: Vec::new(),
            begins: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// When a job is promised to start.
    pub fn start_of(&self, number: u32) -> Option<i64> {
        self.starts.get(number as usize).copied()
    }

    /// When a job is to be over that is promised a start, or runs.
    fn until(&self, number: u32) -> i64 {
        self.starts[number as usize] + i64::from(self.hopes[number as usize].estimate)
    }

    /// What a job asks for.
    fn ask(&self, number: u32) -> Ask {
        self.hopes[number as usize].ask()
    }

    /// The next instant at which somebody is promised a start.
    pub fn wake(&self) -> Option<i64> {
        if self.sizes.is_empty() {
            return None;
        }
        self.skyline.first_marked(|row| row.first != NOBODY)
    }

    /// Who starts next: the first whose promised start has come.
    #[inline]
    pub fn decide(&mut self, now: i64) -> Option<Ticket> {
        if self.calm.is_none() {
            self.compress(now);
        }
        self.due.peek().map(|Reverse(number)| Ticket(*number))
    }

    /// A job came.
    pub fn arrived(&mut self, now: i64, number: u32, ask: Ask, around: Cores) {
        let Ask { cores, estimate } = ask;
        if self.starts_at_once(now, ask, around) {
            let nowhere = (Place::default(), Place::default());
            self.hopes.push(Hope { cores, estimate, steps: nowhere, next: NOBODY, before: NOBODY });
            self.starts.push(now);
            self.due.push(Reverse(number));
            return;
        }
        self.compress(now);
        let begin =
            self.skyline.earlier(self.skyline.front(), i64::MAX, i64::MAX, i64::from(cores), i64::from(estimate));
        // After all that is planned, everything is free.
        let begin = begin.unwrap_or_else(|| self.skyline.last());
        let start = self.skyline.step(begin).at;
        let end = self.skyline.take_until(begin, start + i64::from(estimate), i64::from(cores));
        self.hopes.push(Hope { cores, estimate, steps: (begin, end), next: NOBODY, before: NOBODY });
        self.starts.push(start);
        self.note_start(start == now && self.sizes.is_empty());
        self.sizes.push(number, ask, start);
        self.stand(now, number, begin, end);
    }

    /// A job started; as planned, unless somebody else decided.
    pub fn started(&mut self, now: i64, number: u32) {
        if let Some(calm) = &mut self.calm {
            calm.started(self.hopes[number as usize].cores);
            self.no_longer_due(number);
            return;
        }
        self.advance(now);
        let start = self.starts[number as usize];
        if start > now {
            self.promise(now, number, self.skyline.front());
        }
        self.no_longer_due(number);
        if start < now {
            self.put_off(now, number);
        }
        self.sizes.remove(number, self.ask(number));
    }

    fn no_longer_due(&mut self, number: u32) {
        if self.due.peek() == Some(&Reverse(number)) {
            self.due.pop();
        } else {
            self.due.retain(|other| other.0 != number);
        }
    }

    /// A job starts later than it was promised, as others were late.
    fn put_off(&mut self, now: i64, number: u32) {
        let is_over = self.until(number) <= now;
        self.starts[number as usize] = now;
        let until = self.until(number);
        let hope = &mut self.hopes[number as usize];
        let planned = if is_over { self.skyline.front() } else { hope.steps.1 };
        let end = self.skyline.take_until(planned, until, i64::from(hope.cores));
        hope.steps.1 = end;
        self.skyline.hold(end);
        if !is_over {
            self.skyline.release(planned);
        }
    }

    /// A job that had started ended.
    pub fn ended(&mut self, now: i64, number: u32) {
        let until = self.until(number);
        if until > now && self.calm.is_none() {
            self.advance(now);
            let Hope { cores, steps, .. } = self.hopes[number as usize];
            if self.sizes.is_empty() {
                // Nobody waits who could gain by it.
                self.skyline.take(self.skyline.front(), steps.1, -i64::from(cores));
                self.skyline.release(steps.1);
                return;
            }
            let (low, _) = self.give(self.skyline.front(), steps.1, cores);
            self.skyline.release(steps.1);
            let room = self.new_room.get_or_insert(Room { until, low });
            (room.until, room.low) = (room.until.max(until), room.low.min(low));
        }
    }

    fn advance(&mut self, now: i64) {
        let Plan { skyline, hopes, due, .. } = self;
        skyline.advance(now, |row| {
            let mut number = row.first;
            while number != NOBODY {
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
        self.look(room);
        while let Some(number) = self.turns.take(self.next) {
            self.next = number + 1;
            let hole = self.holes.iter().position(|(other, _)| *other == number);
            let hole = hole.map(|at| self.holes.swap_remove(at).1);
            self.turn(now, number, hole);
            if let Some(hole) = hole {
                self.note_same(now, number, hole);
            }
        }
        self.next = 0;
    }

    /// A job's turn.
    fn turn(&mut self, now: i64, number: u32, hole: Option<Hole>) {
        if self.starts[number as usize] <= now {
            return;
        }
        let Hope { cores, estimate, steps, next, .. } = self.hopes[number as usize];
        let (cores, long) = (i64::from(cores), i64::from(estimate));
        let mut better = self.skyline.back(steps.0, cores);
        let planned = self.skyline.step(better).at;
        if let Some(hole) = hole.filter(|hole| hole.from < planned) {
            let from = self.skyline.find(self.skyline.front(), hole.from);
            better = self.skyline.earlier(from, hole.until - long, planned, cores, long).unwrap_or(better);
        }
        if better != steps.0 {
            self.promise(now, number, better);
        }
        // The next in its row, who is not looked at as long as others are before it.
        if next > number {
            self.note_behind(steps.0, next);
        }
    }

    /// The next of a job's size might fit into what is left of a hole; not before that job, which had the choice.
    fn note_same(&mut self, now: i64, number: u32, hole: Hole) {
        let Plan { hopes, starts, sizes, turns, holes, next, .. } = self;
        let hole = Hole { from: hole.from.max(starts[number as usize]).max(now), ..hole };
        let same = sizes.next(hopes[number as usize].ask(), (hole.from, hole.until), *next, starts);
        if let Some(same) = same {
            note_hole(turns, holes, same, hole);
        }
    }

    /// Those of a row from this one on.
    fn note_behind(&mut self, place: Place, mut number: u32) {
        let free = self.skyline.step(self.skyline.before(place)).free;
        if self.skyline.mark(place).least > free {
            return;
        }
        loop {
            let hope = &self.hopes[number as usize];
            if i64::from(hope.cores) <= free {
                self.turns.insert(number);
                return;
            }
            if hope.next <= number {
                return;
            }
            number = hope.next;
        }
    }

    /// Gives cores back from one step until before another. Says how few were free somewhere, and how many are now.
    fn give(&mut self, from: Place, until: Place, cores: u32) -> (i64, i64) {
        let Plan { skyline, hopes, turns, next, .. } = self;
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        skyline.give(from, until, i64::from(cores), |free, row: &mut Row| {
            (low, high) = (low.min(free), high.max(free));
            if row.least <= free {
                note_row(hopes, turns, *next, row, free);
            }
        });
        (low - i64::from(cores), high)
    }

    /// Who might fit into a hole that has to do with the room that jobs left.
    fn look(&mut self, room: Room) {
        let first = self.skyline.front();
        let (mut place, mut high) = (first, i64::MIN);
        while self.skyline.step(place).at < room.until {
            high = high.max(self.skyline.step(place).free);
            place = self.skyline.next(place);
        }
        let from = self.skyline.step(first).at;
        if from < room.until {
            self.note_room(first, (from, room.until), (room.low, high));
        }
    }

    /// Who might fit into a hole that has to do with new room, from an instant in some step until another; nobody has
    /// gained by it who needs as few cores as `low`, and nobody has room who needs more than `high`.
    fn note_room(&mut self, first: Place, (from, until): (i64, i64), (low, high): (i64, i64)) {
        let Plan { skyline, starts, sizes, turns, holes, next, begins, levels, .. } = self;
        let Some(Known { least, shortest, latest }) = sizes.between(low, high, from, levels) else { return };
        let reach = skyline.reach(first, least);
        let stretch = Stretch { first: reach, step: first, from, until, before: latest };
        // The hole for who needs least must do for who needs it for the shortest time.
        if !skyline.has_span(stretch, least, shortest) {
            return;
        }
        let cores = |level: &(i64, usize)| level.0;
        skyline.spans(stretch, levels, cores, begins, |(_, level), hole| {
            sizes.fitting(*level, hole, *next, starts, |fitting| {
                for number in [fitting.before, fitting.behind].into_iter().flatten() {
                    note_hole(turns, holes, number, Hole { from: hole.0, until: hole.1 });
                }
            });
        });
    }

    /// A job stands where those are who are promised the same start.
    fn stand(&mut self, now: i64, number: u32, begin: Place, end: Place) {
        let hopes = &mut self.hopes;
        let hope = &mut hopes[number as usize];
        hope.steps = (begin, end);
        self.skyline.hold(end);
        if self.starts[number as usize] <= now {
            self.due.push(Reverse(number));
            return;
        }
        self.skyline.hold(begin);
        let row = self.skyline.mark(begin);
        row.least = row.least.min(i64::from(hope.cores));
        if row.first == NOBODY {
            row.first = number;
            (hope.next, hope.before) = (number, number);
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
    fn leave(&mut self, number: u32) {
        let Hope { next, before, steps, .. } = self.hopes[number as usize];
        self.hopes[before as usize].next = next;
        self.hopes[next as usize].before = before;
        let row = self.skyline.mark(steps.0);
        if next == number {
            *row = Row::default();
        } else if row.first == number {
            row.first = next;
        }
    }

    /// A job is promised an earlier start, at a step.
    fn promise(&mut self, now: i64, number: u32, begin: Place) {
        self.leave(number);
        let Hope { cores, estimate, steps: (old_begin, old_end), .. } = self.hopes[number as usize];
        let start = self.skyline.step(begin).at;
        let planned = std::mem::replace(&mut self.starts[number as usize], start);
        let (until, new_until) = (planned + i64::from(estimate), start + i64::from(estimate));
        // What it keeps is neither taken nor given.
        let (end, given) = if new_until > planned {
            self.skyline.take(begin, old_begin, i64::from(cores));
            let end = self.skyline.cut_before(old_end, new_until);
            (end, end)
        } else {
            (self.skyline.take_until(begin, new_until, i64::from(cores)), old_begin)
        };
        self.stand(now, number, begin, end);
        let (low, high) = self.give(given, old_end, cores);
        self.note_room(given, (self.skyline.step(given).at, until), (low, high));
        self.skyline.release(old_begin);
        self.skyline.release(old_end);
    }
}

/// Whose promised start is right behind new room, in which so many cores are free.
fn note_row(hopes: &[Hope], turns: &mut Turns, next: u32, row: &mut Row, free: i64) {
    let (mut number, mut least) = (row.first, i64::MAX);
    loop {
        let hope = &hopes[number as usize];
        least = least.min(i64::from(hope.cores));
        if i64::from(hope.cores) <= free {
            turns.insert(number);
            if number >= next {
                return;
            }
        }
        number = hope.next;
        if number == row.first {
            // Everybody was looked at.
            row.least = least;
            return;
        }
    }
}

/// Somebody may fit into a hole.
fn note_hole(turns: &mut Turns, holes: &mut Vec<(u32, Hole)>, number: u32, hole: Hole) {
    turns.insert(number);
    match holes.iter_mut().find(|(other, _)| *other == number) {
        Some((_, its)) => *its = Hole { from: its.from.min(hole.from), until: its.until.max(hole.until) },
        None => holes.push((number, hole)),
    }
}

//! The order of the jobs that may start, without ever sorting them: every class has a line of its own, and the heads of
//! the lines stand in two sorted sets. While jobs grow older their order does not change, as all gain the same, until
//! one's age counts no more; so those that still gain are kept apart from those that do not, and two merged walks give
//! the exact order at any instant. Must not know why a job may start.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use model::{JobId, Span, Time};

use crate::class::{ClassNumber, Classes, Standing, Traits};

/// What displaces others goes before everything else, whatever the weights say.
const DISPLACING: i128 = 1 << 50;

/// How age counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ageing {
    /// Priority for full age.
    pub weight: u32,
    /// Full age; at least a millisecond.
    pub full: Span,
}

impl Ageing {
    /// The priority that an age gives.
    pub fn points(&self, age: Span) -> i64 {
        let age = age.0.clamp(0, self.full.0);
        (i128::from(self.weight) * i128::from(age) / i128::from(self.full.0)) as i64
    }
}

/// The jobs of one class that may start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Their age still counts: by when they became eligible.
    young: BTreeSet<(Time, JobId)>,
    /// Their age counts no more, or never did: all equal, so by number.
    old: BTreeSet<JobId>,
    base: i128,
    ages: bool,
}

impl Line {
    /// An empty line for a class that stands so.
    pub fn new(standing: &Standing, traits: &Traits) -> Self {
        let base = i128::from(standing.base) + if standing.displaces { DISPLACING } else { 0 };
        Line { base, ages: traits.priority.is_none(), ..Line::default() }
    }

    /// How many stand here.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// All that stand here.
    pub fn iter(&self) -> impl Iterator<Item = JobId> + '_ {
        self.old.iter().copied().chain(self.young.iter().map(|(_, id)| *id))
    }
}

/// A place in the order: greater keys first, then lower numbers.
type Head = (Reverse<i128>, JobId, ClassNumber);

/// Where a job stands at an instant.
type Rank = (Reverse<i128>, JobId);

/// Ranks in order, to be walked from both ends.
trait Ranks: DoubleEndedIterator<Item = Rank> + ExactSizeIterator {}

impl<I: DoubleEndedIterator<Item = Rank> + ExactSizeIterator> Ranks for I {}

/// How many ranks are below one: from the end that is nearer.
fn count_below(mut ranks: impl Ranks, mine: Rank) -> usize {
    let (all, mut below, mut others) = (ranks.len(), 0, 0);
    loop {
        match ranks.next() {
            Some(rank) if rank < mine => below += 1,
            _ => return below,
        }
        match ranks.next_back() {
            Some(rank) if rank >= mine => others += 1,
            Some(_) => return all - others,
            None => return below,
        }
    }
}

/// The heads of all lines.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    ageing: Ageing,
    young: BTreeSet<Head>,
    old: BTreeSet<Head>,
    /// When the heads of the young became eligible, to find who grew old.
    births: BTreeSet<(Time, ClassNumber)>,
    /// The latest instant at which somebody was found old: before it, the clock has jumped back.
    aged_until: Time,
}

impl Queue {
    /// An empty queue.
    pub fn new(ageing: Ageing) -> Self {
        let ageing = Ageing { full: Span(ageing.full.0.max(1)), ..ageing };
        let empty = BTreeSet::new();
        Queue { ageing, young: empty.clone(), old: empty, births: BTreeSet::new(), aged_until: Time(i64::MIN) }
    }

    /// How age counts.
    pub fn ageing(&self) -> Ageing {
        self.ageing
    }

    /// Whether the order that was kept so far is wrong at `now`, because the clock has jumped back.
    pub fn is_ahead_of(&self, now: Time) -> bool {
        now < self.aged_until
    }

    fn young_key(&self, line: &Line, eligible: Time) -> i128 {
        line.base * i128::from(self.ageing.full.0) - i128::from(self.ageing.weight) * i128::from(eligible.0)
    }

    fn old_key(&self, line: &Line) -> i128 {
        let aged = if line.ages { self.ageing.weight } else { 0 };
        (line.base + i128::from(aged)) * i128::from(self.ageing.full.0)
    }

    fn unseat(&mut self, number: ClassNumber, line: &Line) {
        if let Some((eligible, id)) = line.young.first() {
            self.young.remove(&(Reverse(self.young_key(line, *eligible)), *id, number));
            self.births.remove(&(*eligible, number));
        }
        if let Some(id) = line.old.first() {
            self.old.remove(&(Reverse(self.old_key(line)), *id, number));
        }
    }

    fn seat(&mut self, number: ClassNumber, line: &Line) {
        if let Some((eligible, id)) = line.young.first() {
            self.young.insert((Reverse(self.young_key(line, *eligible)), *id, number));
            self.births.insert((*eligible, number));
        }
        if let Some(id) = line.old.first() {
            self.old.insert((Reverse(self.old_key(line)), *id, number));
        }
    }

    /// Changes a line and keeps the heads right.
    fn change(&mut self, classes: &mut Classes, number: ClassNumber, how: impl FnOnce(&mut Line)) {
        self.unseat(number, &classes.get(number).line);
        how(&mut classes.get_mut(number).line);
        self.seat(number, &classes.get(number).line);
    }

    fn is_old(&self, line: &Line, eligible: Time, clock: Time) -> bool {
        !line.ages || self.ageing.weight == 0 || clock - eligible >= self.ageing.full
    }

    /// A job may start.
    pub fn insert(&mut self, classes: &mut Classes, number: ClassNumber, (eligible, id): (Time, JobId), clock: Time) {
        let line = &classes.get(number).line;
        if self.is_old(line, eligible, clock) {
            self.note_old(line, eligible);
            if line.old.first().is_some_and(|first| *first < id) {
                classes.get_mut(number).line.old.insert(id);
                return;
            }
            self.change(classes, number, |line| {
                line.old.insert(id);
            });
        } else if line.young.first().is_some_and(|first| *first < (eligible, id)) {
            classes.get_mut(number).line.young.insert((eligible, id));
        } else {
            self.change(classes, number, |line| {
                line.young.insert((eligible, id));
            });
        }
    }

    /// A job may no longer start; says whether it stood here.
    pub fn remove(&mut self, classes: &mut Classes, number: ClassNumber, entry: (Time, JobId)) -> bool {
        let line = &mut classes.get_mut(number).line;
        let head = line.young.first() == Some(&entry) || line.old.first() == Some(&entry.1);
        if !head {
            return line.young.remove(&entry) || line.old.remove(&entry.1);
        }
        self.change(classes, number, |line| {
            if !line.young.remove(&entry) {
                line.old.remove(&entry.1);
            }
        });
        true
    }

    fn note_old(&mut self, line: &Line, eligible: Time) {
        if line.ages && self.ageing.weight > 0 {
            self.aged_until = self.aged_until.max(eligible + self.ageing.full);
        }
    }

    /// Moves those whose age counts no more at `clock`.
    pub fn grow_old(&mut self, classes: &mut Classes, clock: Time) {
        while let Some((eligible, number)) = self.births.first().copied() {
            if clock - eligible < self.ageing.full {
                return;
            }
            self.note_old(&classes.get(number).line, eligible);
            self.change(classes, number, |line| {
                if let Some((_, id)) = line.young.pop_first() {
                    line.old.insert(id);
                }
            });
        }
    }

    /// The class stands differently now.
    pub fn rebase(&mut self, classes: &mut Classes, number: ClassNumber, standing: Standing) {
        self.unseat(number, &classes.get(number).line);
        let class = classes.get_mut(number);
        let fresh = Line::new(&standing, &class.traits);
        (class.line.base, class.line.ages) = (fresh.base, fresh.ages);
        class.standing = standing;
        self.seat(number, &classes.get(number).line);
    }

    /// The classes in the order of their best jobs at `now`, with that job. A class comes twice when it has both jobs
    /// whose age still counts and jobs whose age does not.
    pub fn order(&self, now: Time) -> impl Iterator<Item = (ClassNumber, JobId)> + '_ {
        let gained = i128::from(self.ageing.weight) * i128::from(now.0);
        let mut young = self.young.iter().peekable();
        let mut old = self.old.iter().peekable();
        std::iter::from_fn(move || {
            let young_first = match (young.peek(), old.peek()) {
                (Some((key, id, _)), Some((other, rival, _))) => (Reverse(key.0 + gained), id) < (*other, rival),
                (young, _) => young.is_some(),
            };
            let head = if young_first { young.next() } else { old.next() };
            head.map(|(_, id, number)| (*number, *id))
        })
    }

    /// How many jobs go before this one at `now`, and the first of them in order: all where there are at most `most`,
    /// else the first `few` (nobody reads a list of a hundred thousand, and putting it in order takes its time).
    pub fn before(
        &self,
        classes: &Classes,
        class: ClassNumber,
        entry: (Time, JobId),
        now: Time,
        (most, few): (usize, usize),
    ) -> (usize, Vec<JobId>) {
        let gained = i128::from(self.ageing.weight) * i128::from(now.0);
        let own = &classes.get(class).line;
        let key = if own.young.contains(&entry) { self.young_key(own, entry.0) + gained } else { self.old_key(own) };
        let mine = (Reverse(key), entry.1);
        let count: usize = (classes.iter())
            .map(|(_, class)| self.line_ranks(&class.line, gained))
            .map(|(old, young)| count_below(old, mine) + count_below(young, mine))
            .sum();
        let wanted = if count <= most { count } else { few };
        let mut list = Vec::new();
        for (_, class) in classes.iter() {
            let (old, young) = self.line_ranks(&class.line, gained);
            // Each of the two is in order, so that its first few are enough.
            list.extend(old.take_while(|rank| *rank < mine).take(wanted));
            list.extend(young.take_while(|rank| *rank < mine).take(wanted));
            if list.len() > 4 * most.max(few) {
                list.sort_unstable();
                list.truncate(wanted);
            }
        }
        list.sort_unstable();
        list.truncate(wanted);
        (count, list.into_iter().map(|(_, id)| id).collect())
    }

    /// The ranks of a line's old and young, each in order.
    fn line_ranks<'a>(&'a self, line: &'a Line, gained: i128) -> (impl Ranks + 'a, impl Ranks + 'a) {
        let old = Reverse(self.old_key(line));
        let young =
            line.young.iter().map(move |(eligible, id)| (Reverse(self.young_key(line, *eligible) + gained), *id));
        (line.old.iter().map(move |id| (old, *id)), young)
    }

    /// Whether the heads agree with the lines.
    pub fn check(&self, classes: &Classes) -> Result<(), String> {
        let mut fresh = Queue::new(self.ageing);
        for (number, class) in classes.iter() {
            fresh.seat(number, &class.line);
        }
        if (&fresh.young, &fresh.old, &fresh.births) == (&self.young, &self.old, &self.births) {
            return Ok(());
        }
        Err("the heads of the queue do not agree with its lines".to_owned())
    }
}

//! Who starts next where memory can keep a job from free cores: the rules of [`scheduler::backfill`], asked of machines
//! and not of a number of cores. What a job would take, and what others leave of it, is tried out on a sketch of the
//! [`yard`](super::yard), so it is placed as it would really be. Must not know how long jobs really run.

use std::collections::{BTreeMap, BTreeSet};

use scheduler::backfill::{Behind, Queue, delays_nobody, walk};
use scheduler::pool::{Ask, Rule, Unlikely};

use super::Park;
use super::yard::{Seat, Yard};

/// A job that came.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ask: Ask,
    /// Memory for each core, KiB.
    each_kib: u64,
    /// When its estimate is over, while it runs.
    until: i64,
}

/// Jobs that wait, jobs that run; by their numbers in the order in which they came.
#[derive(Clone, Debug)]
pub struct Room {
    shortest_first: bool,
    backfills: bool,
    entries: Vec<Entry>,
    waiting: BTreeSet<u32>,
    running: BTreeMap<(i64, u32), Seat>,
    /// Who is promised a start, and when: true until a job ends, as nobody is let in who would change it.
    promise: Option<(u32, i64)>,
}

impl Room {
    /// Nobody is there yet. The rule promises a start to the first alone, or to nobody.
    pub fn new(rule: Rule) -> Room {
        Room {
            shortest_first: rule == Rule::Easy { shortest_first: true },
            backfills: rule != Rule::Fcfs,
            entries: Vec::new(),
            waiting: BTreeSet::new(),
            running: BTreeMap::new(),
            promise: None,
        }
    }

    /// The next job comes.
    ///
    /// # Errors
    /// It would wait for ever.
    pub fn arrive(&mut self, park: &Park, ask: Ask, each_kib: u64) -> Result<(), Unlikely> {
        let most = park.fit(each_kib);
        if u64::from(ask.cores) > most {
            return Err(Unlikely::TooLarge { asked: ask.cores, cores: u32::try_from(most).unwrap_or(u32::MAX) });
        }
        self.waiting.insert(self.entries.len() as u32);
        self.entries.push(Entry { ask, each_kib, until: i64::MAX });
        Ok(())
    }

    /// Memory for each core of a job, KiB.
    pub fn each_kib(&self, job: u32) -> u64 {
        self.entries[job as usize].each_kib
    }

    /// Who starts next; the caller says [`Room::start`] and asks again until nobody does.
    pub fn decide(&mut self, now: i64, yard: &Yard) -> Option<u32> {
        let mut order: Vec<u32> = self.waiting.iter().copied().collect();
        if self.shortest_first && order.len() > 1 {
            order[1..].sort_by_key(|job| self.entries[*job as usize].ask.estimate);
        }
        walk(&mut Turn { room: self, yard, now, order: order.into_iter() })
    }

    /// A job has its machines.
    pub fn start(&mut self, now: i64, job: u32, seat: Seat) {
        let entry = &mut self.entries[job as usize];
        entry.until = now + i64::from(entry.ask.estimate);
        self.running.insert((entry.until, job), seat);
        self.waiting.remove(&job);
        self.promise = self.promise.filter(|(head, _)| *head != job);
    }

    /// A job is over.
    pub fn end(&mut self, job: u32) {
        self.running.remove(&(self.entries[job as usize].until, job));
        self.promise = None;
    }
}

/// A pass at an instant.
struct Turn<'a, 'b> {
    room: &'a mut Room,
    yard: &'a Yard<'b>,
    now: i64,
    order: std::vec::IntoIter<u32>,
}

impl Turn<'_, '_> {
    /// When a job has room, if all that runs takes as long as it may.
    fn turn_of(&self, job: u32) -> i64 {
        let Entry { ask, each_kib, .. } = self.room.entries[job as usize];
        let mut sketch = self.yard.sketch();
        let mut room = sketch.room(each_kib);
        for ((until, _), seat) in &self.room.running {
            room += sketch.gain(seat, each_kib);
            sketch.give_back(self.now, seat);
            if room >= u64::from(ask.cores) {
                return *until;
            }
        }
        i64::MAX
    }

    /// Whether there is room for one that starts now and for the head when its turn has come.
    fn has_room_for_both(&self, job: Entry, (head, at): (u32, i64)) -> bool {
        let head = self.room.entries[head as usize];
        let mut sketch = self.yard.sketch();
        sketch.take(self.now, job.ask.cores, job.each_kib);
        for (_, seat) in self.room.running.range(..=(at, u32::MAX)) {
            sketch.give_back(self.now, seat);
        }
        sketch.room(head.each_kib) >= u64::from(head.ask.cores)
    }
}

impl Queue for Turn<'_, '_> {
    type Job = u32;
    type Start = u32;

    fn next(&mut self) -> Option<u32> {
        self.order.next()
    }

    fn start(&mut self, job: u32) -> Option<u32> {
        let entry = self.room.entries[job as usize];
        let ends = self.now + i64::from(entry.ask.estimate);
        let promise = self.room.promise.filter(|(head, _)| *head != job);
        let may = self.yard.room(entry.each_kib) >= u64::from(entry.ask.cores)
            && promise.is_none_or(|head| delays_nobody(ends, head.1, || self.has_room_for_both(entry, head)));
        may.then_some(job)
    }

    fn wait(&mut self, job: u32) -> Behind<u32> {
        if !self.room.backfills {
            return Behind::Stop;
        }
        // The first that waits is the head, as the order begins with it.
        if self.room.promise.is_none() {
            self.room.promise = Some((job, self.turn_of(job)));
        }
        Behind::GoOn
    }
}

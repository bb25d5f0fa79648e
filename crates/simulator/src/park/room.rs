//! Who starts next where memory can keep a job from free cores: the rules of [`scheduler::backfill`], asked of machines
//! and not of a number of cores. Must not know how long jobs really run.

use std::collections::BTreeSet;

use scheduler::backfill::{Behind, Queue, delays_nobody, walk};
use scheduler::pool::{Ask, Rule, Unlikely};

use super::Park;
use super::tenants::{Need, Tenants};
use super::yard::{Seat, Yard};

/// A job that came.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ask: Ask,
    /// Memory for each core, KiB.
    each_kib: u64,
}

impl Entry {
    fn need(&self) -> Need {
        Need { cores: self.ask.cores, each_kib: self.each_kib }
    }
}

/// Jobs that wait, jobs that run; by their numbers in the order in which they came.
#[derive(Clone, Debug)]
pub struct Room {
    shortest_first: bool,
    backfills: bool,
    entries: Vec<Entry>,
    waiting: BTreeSet<u32>,
    tenants: Tenants,
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
            tenants: Tenants::default(),
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
        self.entries.push(Entry { ask, each_kib });
        Ok(())
    }

    /// What a job needs.
    pub fn need(&self, job: u32) -> Need {
        self.entries[job as usize].need()
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
        self.tenants.enter(now + i64::from(self.entries[job as usize].ask.estimate), job, seat);
        self.waiting.remove(&job);
        self.promise = self.promise.filter(|(head, _)| *head != job);
    }

    /// A job is over.
    pub fn end(&mut self, job: u32) {
        self.tenants.leave(job);
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
        let goes = |(head, turn): (u32, i64)| {
            let head = self.room.need(head);
            let both = || self.room.tenants.has_room_for_both(self.now, self.yard, entry.need(), (head, turn));
            delays_nobody(ends, turn, both)
        };
        (Tenants::has_room(self.yard, entry.need()) && promise.is_none_or(goes)).then_some(job)
    }

    fn wait(&mut self, job: u32) -> Behind<u32> {
        if !self.room.backfills {
            return Behind::Stop;
        }
        // The first that waits is the head, as the order begins with it.
        if self.room.promise.is_none() {
            let turn = self.room.tenants.turn_of(self.now, self.yard, self.room.need(job));
            self.room.promise = Some((job, turn));
        }
        Behind::GoOn
    }
}

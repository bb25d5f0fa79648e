//! What jobs would have waited by plain EASY on machines that are always on: replayed beside the real schedule, as far
//! as the run times are known by now. It lags behind where a job is not over yet. Must not know thrift.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use scheduler::pool::{Ask, Fact, Pool, Rule, Ticket, Unlikely};

use super::Park;
use super::room::Room;
use super::yard::{Seat, Yard};
use crate::clock::NEVER;

const EASY: Rule = Rule::Easy { shortest_first: false };

/// Plain EASY.
#[derive(Clone, Debug)]
enum Plain<'a> {
    /// Cores are all that matters.
    Cores(Box<Pool>),
    /// Memory matters, too.
    Machines(Box<Machines<'a>>),
}

/// Machines that are always on, and who has which of them.
#[derive(Clone, Debug)]
struct Machines<'a> {
    park: &'a Park,
    yard: Yard<'a>,
    room: Room,
    seats: BTreeMap<u32, Seat>,
}

impl Plain<'_> {
    fn arrived(&mut self, now: i64, ask: Ask, each_kib: u64) -> Result<(), Unlikely> {
        match self {
            Plain::Cores(pool) => pool.apply(now, Fact::Arrived(ask)),
            Plain::Machines(machines) => machines.room.arrive(machines.park, ask, each_kib),
        }
    }

    fn ended(&mut self, now: i64, job: u32) -> Result<(), Unlikely> {
        match self {
            Plain::Cores(pool) => pool.apply(now, Fact::Ended(Ticket(job))),
            Plain::Machines(machines) => {
                let seat = machines.seats.remove(&job).ok_or(Unlikely::NotRunning(Ticket(job)))?;
                machines.yard.give_back(now, &seat);
                machines.room.end(job);
                Ok(())
            }
        }
    }

    /// Who starts next; it has started.
    fn start(&mut self, now: i64) -> Result<Option<u32>, Unlikely> {
        match self {
            Plain::Cores(pool) => {
                let Some(ticket) = pool.decide(now) else { return Ok(None) };
                pool.apply(now, Fact::Started(ticket))?;
                Ok(Some(ticket.0))
            }
            Plain::Machines(machines) => {
                let Machines { yard, room, seats, .. } = &mut **machines;
                let Some(job) = room.decide(now, yard) else { return Ok(None) };
                let seat = yard.take(now, room.need(job));
                room.start(now, job, seat.clone());
                seats.insert(job, seat);
                Ok(Some(job))
            }
        }
    }
}

/// A job, here and in the real schedule.
#[derive(Clone, Copy, Debug)]
struct Pair {
    submit: i64,
    ask: Ask,
    /// Memory for each core, KiB.
    each_kib: u64,
    /// When it started here, [`NEVER`] until then.
    here: i64,
    /// When it began there, likewise.
    there: i64,
    /// How long it ran there, [`NEVER`] until it is over.
    run: i64,
}

/// The shadow of a schedule.
#[derive(Clone, Debug)]
pub struct Shadow<'a> {
    plain: Plain<'a>,
    pairs: Vec<Pair>,
    /// The next to arrive here.
    next: usize,
    /// Who runs here with a known end.
    due: BinaryHeap<Reverse<(i64, u32)>>,
    /// Who runs here with no known end, and since when.
    open: BTreeMap<u32, i64>,
    /// Job, and its waits there and here.
    waits: Vec<(u32, i64, i64)>,
}

impl<'a> Shadow<'a> {
    /// So many cores, and nothing else that matters.
    pub fn of_cores(cores: u32) -> Shadow<'a> {
        Shadow::of(Plain::Cores(Box::new(Pool::new(cores, EASY))))
    }

    /// Machines that are all on and idle, of which memory matters.
    pub fn of_machines(park: &'a Park, yard: Yard<'a>) -> Shadow<'a> {
        let (room, seats) = (Room::new(EASY), BTreeMap::new());
        Shadow::of(Plain::Machines(Box::new(Machines { park, yard, room, seats })))
    }

    fn of(plain: Plain<'a>) -> Shadow<'a> {
        Shadow { plain, pairs: Vec::new(), next: 0, due: BinaryHeap::new(), open: BTreeMap::new(), waits: Vec::new() }
    }

    /// The next job was submitted.
    pub fn arrived(&mut self, now: i64, ask: Ask, each_kib: u64) {
        self.pairs.push(Pair { submit: now, ask, each_kib, here: NEVER, there: NEVER, run: NEVER });
    }

    /// A job begins there, now or soon.
    pub fn begun(&mut self, job: u32, begins: i64) {
        self.pairs[job as usize].there = begins;
        self.tell(job);
    }

    /// A job is over there.
    pub fn over(&mut self, job: u32, run: i64) {
        self.pairs[job as usize].run = run;
        if let Some(start) = self.open.remove(&job) {
            self.due.push(Reverse((start + run, job)));
        }
    }

    /// Replays as far as it is known what happens, and gives the waits, there and here, of who has both since the last
    /// time: job by job.
    ///
    /// # Errors
    /// A job that does not fit.
    pub fn advance(&mut self, now: i64) -> Result<Vec<(u32, i64, i64)>, Unlikely> {
        // Who is not over yet runs for longer than until now.
        let longer = |pair: &Pair, start: i64| start + (now - pair.there.min(now));
        let open = self.open.iter().map(|(job, start)| longer(&self.pairs[*job as usize], *start));
        let mut known = open.min().unwrap_or(i64::MAX).min(now);
        while let Some(at) = self.instant().filter(|at| *at <= known) {
            while let Some(Reverse((_, job))) = self.due.peek().copied().filter(|Reverse((end, _))| *end == at) {
                self.due.pop();
                self.plain.ended(at, job)?;
            }
            while let Some(pair) = self.pairs.get(self.next).filter(|pair| pair.submit == at) {
                self.plain.arrived(at, pair.ask, pair.each_kib)?;
                self.next += 1;
            }
            while let Some(job) = self.plain.start(at)? {
                let pair = &mut self.pairs[job as usize];
                pair.here = at;
                if pair.run < NEVER {
                    self.due.push(Reverse((at + pair.run, job)));
                } else {
                    known = known.min(longer(pair, at));
                    self.open.insert(job, at);
                }
                self.tell(job);
            }
        }
        self.waits.sort_unstable();
        Ok(std::mem::take(&mut self.waits))
    }

    /// The next instant at which something happens here.
    fn instant(&self) -> Option<i64> {
        let arrival = self.pairs.get(self.next).map(|pair| pair.submit);
        let end = self.due.peek().map(|Reverse((end, _))| *end);
        arrival.into_iter().chain(end).min()
    }

    /// A job has begun here or there: its waits are known once it has in both.
    fn tell(&mut self, job: u32) {
        let Pair { submit, here, there, .. } = self.pairs[job as usize];
        if here.max(there) < NEVER {
            self.waits.push((job, there - submit, here - submit));
        }
    }
}

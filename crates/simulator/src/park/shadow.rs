//! What jobs would have waited by plain EASY on machines that are always on: replayed beside the real schedule, as far
//! as the run times are known by now. It lags behind where a job is not over yet. Must not know thrift.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use scheduler::pool::{Ask, Fact, Pool, Rule, Ticket, Unlikely};

use crate::clock::NEVER;

/// A job, here and in the real schedule.
#[derive(Clone, Copy, Debug)]
struct Pair {
    submit: i64,
    ask: Ask,
    /// When it started here, [`NEVER`] until then.
    here: i64,
    /// When it began there, likewise.
    there: i64,
    /// How long it ran there, [`NEVER`] until it is over.
    run: i64,
}

/// The shadow of a schedule.
#[derive(Clone, Debug)]
pub struct Shadow {
    pool: Pool,
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

impl Shadow {
    /// So many cores.
    pub fn new(cores: u32) -> Shadow {
        let pool = Pool::new(cores, Rule::Easy { shortest_first: false });
        Shadow { pool, pairs: Vec::new(), next: 0, due: BinaryHeap::new(), open: BTreeMap::new(), waits: Vec::new() }
    }

    /// The next job was submitted.
    pub fn arrived(&mut self, now: i64, ask: Ask) {
        self.pairs.push(Pair { submit: now, ask, here: NEVER, there: NEVER, run: NEVER });
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
    /// A job that does not fit the pool.
    pub fn advance(&mut self, now: i64) -> Result<Vec<(u32, i64, i64)>, Unlikely> {
        // Who is not over yet runs for longer than until now.
        let longer = |pair: &Pair, start: i64| start + (now - pair.there.min(now));
        let open = self.open.iter().map(|(job, start)| longer(&self.pairs[*job as usize], *start));
        let mut known = open.min().unwrap_or(i64::MAX).min(now);
        while let Some(at) = self.instant().filter(|at| *at <= known) {
            while let Some(Reverse((_, job))) = self.due.peek().copied().filter(|Reverse((end, _))| *end == at) {
                self.due.pop();
                self.pool.apply(at, Fact::Ended(Ticket(job)))?;
            }
            while let Some(pair) = self.pairs.get(self.next).filter(|pair| pair.submit == at) {
                self.pool.apply(at, Fact::Arrived(pair.ask))?;
                self.next += 1;
            }
            while let Some(ticket) = self.pool.decide(at) {
                self.pool.apply(at, Fact::Started(ticket))?;
                let pair = &mut self.pairs[ticket.0 as usize];
                pair.here = at;
                if pair.run < NEVER {
                    self.due.push(Reverse((at + pair.run, ticket.0)));
                } else {
                    known = known.min(longer(pair, at));
                    self.open.insert(ticket.0, at);
                }
                self.tell(ticket.0);
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

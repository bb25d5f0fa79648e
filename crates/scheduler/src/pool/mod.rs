//! A pool: so many cores, all alike, and jobs that need some of them. What plans and studies replay traces on, with the
//! rules of the real centre ([`crate::backfill`]) and nothing of its wealth: an arrival, a start and an end cost a
//! fraction of a microsecond. Must not know how long jobs really run, nor who counts the time.

mod easy;
mod plan;
mod sizes;
mod turns;

use crate::backfill::walk;
use crate::index::{Least, Line, Shelves};
use easy::Pass;
use plan::{Cores, Plan};

/// A job's number: they are counted from 0 in the order in which jobs arrive, which is also the order of the queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u32);

/// What a job needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Cores.
    pub cores: u32,
    /// How long it says it will run, in the unit that `now` is counted in; it may end earlier, never later.
    pub estimate: u32,
}

/// Who may start before whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// The first blocks all others.
    Fcfs,
    /// EASY backfilling: the first is promised a start, others go first where they do not delay it.
    Easy {
        /// Those others are tried in the order of their estimates, else in the queue's.
        shortest_first: bool,
    },
    /// Everybody is promised a start at arrival, and nobody's is put off. When a job ends early, the queue is compressed
    /// in order: each in turn is promised the earliest start there is.
    Conservative,
}

/// What happens to a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    /// It came, with the next ticket.
    Arrived(Ask),
    /// It started.
    Started(Ticket),
    /// It ended.
    Ended(Ticket),
}

/// Why a fact cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unlikely {
    /// It would wait for ever.
    #[error("a job needs {asked} cores of {cores}")]
    TooLarge {
        /// What it asks for.
        asked: u32,
        /// What there is.
        cores: u32,
    },
    /// It asks for nothing.
    #[error("a job needs no cores, or no time")]
    Empty,
    /// It does not wait.
    #[error("job {} does not wait", .0.0)]
    NotWaiting(Ticket),
    /// It does not run.
    #[error("job {} does not run", .0.0)]
    NotRunning(Ticket),
    /// There is no room for it.
    #[error("job {} has no room", .0.0)]
    NoRoom(Ticket),
    /// No more jobs can be counted.
    #[error("more than {} jobs", u32::MAX)]
    TooMany,
}

/// What is known of a job that came.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ask: Ask,
    /// When its estimate is over, while it runs; else [`WAITS`] or [`OVER`].
    until: i64,
}

const WAITS: i64 = i64::MAX;
const OVER: i64 = i64::MIN;

/// Cores, jobs that run, jobs that wait.
#[derive(Clone, Debug)]
pub struct Pool {
    cores: u32,
    /// Below zero only where [`Pool::count_overdue_as_free`] lets it be.
    free: i64,
    overdue_is_free: bool,
    rule: Rule,
    jobs: Vec<Entry>,
    /// Who waits, by number.
    line: Line<Least>,
    /// Who waits, by estimate: kept where the rule asks for it.
    by_estimate: Shelves,
    /// Who runs, by when the estimate is over.
    running: Shelves,
    pass: Pass,
    plan: Plan,
}

impl Pool {
    /// An empty pool.
    pub fn new(cores: u32, rule: Rule) -> Self {
        Pool {
            cores,
            free: i64::from(cores),
            overdue_is_free: false,
            rule,
            jobs: Vec::new(),
            line: Line::default(),
            by_estimate: Shelves::default(),
            running: Shelves::default(),
            pass: Pass::default(),
            plan: Plan::new(cores),
        }
    }

    /// Makes room for so many jobs at once.
    pub fn reserve(&mut self, jobs: usize) {
        self.jobs.reserve(jobs);
    }

    /// From now on, jobs whose estimate is over count as gone although nobody has seen their end: their cores are given
    /// away. For comparing with schedulers that look at the plan and not at the machine.
    pub fn count_overdue_as_free(&mut self) {
        self.overdue_is_free = true;
    }

    /// Folds what happened.
    ///
    /// # Errors
    /// [`Unlikely`]: it contradicts what is known; nothing has changed.
    #[inline]
    pub fn apply(&mut self, now: i64, fact: Fact) -> Result<(), Unlikely> {
        match fact {
            Fact::Arrived(ask) => self.arrived(now, ask),
            Fact::Started(ticket) => self.started(now, ticket),
            Fact::Ended(ticket) => self.ended(now, ticket),
        }
    }

    /// Who starts next at `now`; the caller applies [`Fact::Started`] and asks again until nobody does.
    #[inline]
    pub fn decide(&mut self, now: i64) -> Option<Ticket> {
        match self.rule {
            Rule::Fcfs | Rule::Easy { .. } => walk(&mut easy::Turn::new(self, now)),
            // Who was promised now what others, being late, still have, waits for them.
            Rule::Conservative => {
                self.plan.come_to(now, Cores { free: self.free, running: &self.running });
                self.plan.decide(now).filter(|next| self.has_room(now, self.jobs[next.0 as usize].ask))
            }
        }
    }

    /// When to decide again although nothing has happened to jobs; of interest when there is nothing to decide.
    #[inline]
    pub fn wake(&self) -> Option<i64> {
        match self.rule {
            Rule::Fcfs | Rule::Easy { .. } => None,
            Rule::Conservative => self.plan.wake(),
        }
    }

    /// When a job that waits is promised to start, where the rule promises it anything before somebody asks.
    pub fn promised(&self, ticket: Ticket) -> Option<i64> {
        let waits = self.jobs.get(ticket.0 as usize).is_some_and(|entry| entry.until == WAITS);
        self.plan.start_of(ticket.0).filter(|_| waits)
    }

    /// Whether a job could start if nobody else waited.
    #[inline]
    pub fn has_room(&self, now: i64, ask: Ask) -> bool {
        i64::from(ask.cores) <= self.free_at(now)
    }

    #[inline]
    fn free_at(&self, now: i64) -> i64 {
        if self.overdue_is_free { self.free + self.running.until(now) as i64 } else { self.free }
    }

    fn arrived(&mut self, now: i64, ask: Ask) -> Result<(), Unlikely> {
        let number = u32::try_from(self.jobs.len()).map_err(|_| Unlikely::TooMany)?;
        if number == u32::MAX {
            return Err(Unlikely::TooMany);
        }
        if ask.cores > self.cores || ask.cores == u32::MAX {
            return Err(Unlikely::TooLarge { asked: ask.cores, cores: self.cores });
        }
        if ask.cores == 0 || ask.estimate == 0 {
            return Err(Unlikely::Empty);
        }
        self.jobs.push(Entry { ask, until: WAITS });
        self.line.push(number, Least { cores: ask.cores, estimate: ask.estimate });
        match self.rule {
            Rule::Easy { shortest_first: true } => {
                self.by_estimate.insert((i64::from(ask.estimate), number), ask.cores);
                self.pass.forget_place();
            }
            Rule::Conservative => {
                let cores = Cores { free: self.free, running: &self.running };
                self.plan.come_to(now, cores);
                self.plan.arrived(now, number, ask, cores);
            }
            _ => {}
        }
        Ok(())
    }

    fn started(&mut self, now: i64, ticket: Ticket) -> Result<(), Unlikely> {
        let free = self.free_at(now);
        let waits = self.jobs.get_mut(ticket.0 as usize).filter(|entry| entry.until == WAITS);
        let entry = waits.ok_or(Unlikely::NotWaiting(ticket))?;
        let ask = entry.ask;
        if i64::from(ask.cores) > free {
            return Err(Unlikely::NoRoom(ticket));
        }
        let until = now + i64::from(ask.estimate);
        entry.until = until;
        if self.rule == Rule::Conservative {
            self.plan.come_to(now, Cores { free: self.free, running: &self.running });
        }
        self.free -= i64::from(ask.cores);
        self.running.insert((until, ticket.0), ask.cores);
        self.line.remove(ticket.0);
        match self.rule {
            Rule::Fcfs => {}
            Rule::Easy { shortest_first } => {
                if shortest_first {
                    self.by_estimate.remove((i64::from(ask.estimate), ticket.0));
                }
                self.pass.note_start(ticket.0, ask.cores, until);
            }
            Rule::Conservative => self.plan.started(now, ticket.0),
        }
        Ok(())
    }

    fn ended(&mut self, now: i64, ticket: Ticket) -> Result<(), Unlikely> {
        let entry = self.jobs.get_mut(ticket.0 as usize).ok_or(Unlikely::NotRunning(ticket))?;
        if entry.until == WAITS || entry.until == OVER {
            return Err(Unlikely::NotRunning(ticket));
        }
        let until = std::mem::replace(&mut entry.until, OVER);
        let cores = entry.ask.cores;
        self.free += i64::from(cores);
        self.running.remove((until, ticket.0));
        self.pass.forget();
        if self.rule == Rule::Conservative {
            self.plan.ended(now, ticket.0);
        }
        Ok(())
    }
}

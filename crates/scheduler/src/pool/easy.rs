//! One pass along a pool's queue: the pool's side of [`crate::backfill`].

use super::{Pool, Rule, Ticket};
use crate::backfill::{Behind, Queue, delays_nobody};
use crate::index::{Key, Least};

/// What a pass has found out, which stays true until a job ends: whoever did not fit then does not fit now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pass {
    /// Who waits at the head; `None`: nobody is known to.
    head: Option<u32>,
    /// The head's start and what is left over then, once somebody asked.
    promise: Option<Promise>,
    /// Those before this number were looked at.
    from: u32,
    /// Those up to this key were looked at, in the order of estimates.
    after: Option<Key>,
}

/// The start promised to the head.
#[derive(Clone, Copy, Debug)]
struct Promise {
    /// When, if all that runs takes as long as it may.
    at: i64,
    /// Cores left over then.
    spare: i64,
}

impl Pass {
    /// A job ended: everybody is looked at anew.
    pub fn forget(&mut self) {
        *self = Pass::default();
    }

    /// A job came that may stand anywhere in the order.
    pub fn forget_place(&mut self) {
        self.after = None;
    }

    /// A job started.
    pub fn note_start(&mut self, number: u32, cores: u32, until: i64) {
        match (self.head, &mut self.promise) {
            (Some(head), _) if head == number => self.forget(),
            (Some(_), Some(promise)) if until > promise.at => promise.spare -= i64::from(cores),
            _ => {}
        }
    }
}

/// A pass at an instant.
pub(super) struct Turn<'a> {
    pool: &'a mut Pool,
    now: i64,
    free: i64,
}

impl<'a> Turn<'a> {
    #[inline]
    pub fn new(pool: &'a mut Pool, now: i64) -> Self {
        if pool.overdue_is_free {
            pool.pass.forget();
        }
        let free = pool.free_at(now);
        Turn { pool, now, free }
    }

    /// When the head starts, if all that runs takes as long as it may.
    fn promise(&self, head: u32) -> Promise {
        let cores = i64::from(self.pool.jobs[head as usize].ask.cores);
        // It waits, so there are fewer free; with all others gone there are enough, as it was let in.
        let missing = (cores - self.pool.free).max(1) as u64;
        let (at, freed) = self.pool.running.when(missing).unwrap_or((i64::MAX, missing));
        Promise { at, spare: self.pool.free + freed as i64 - cores }
    }

    /// Whether there is room now, and the head starts when it was promised to.
    #[inline]
    fn may_start(&self, promise: Option<Promise>, cores: u32, estimate: i64) -> bool {
        let cores = i64::from(cores);
        cores <= self.free
            && promise.is_none_or(|head| delays_nobody(self.now + estimate, head.at, || cores <= head.spare))
    }

    /// The next behind the head that could start, by what is free now.
    fn candidate(&self, passes: impl Fn(u32, i64) -> bool) -> Option<u32> {
        let pass = &self.pool.pass;
        match self.pool.rule {
            Rule::Easy { shortest_first: true } => {
                // The head is promised its start, and is not its own rival.
                let mut after = pass.after;
                loop {
                    let key = self.pool.by_estimate.next(after, &passes)?;
                    if Some(key.1) != pass.head {
                        return Some(key.1);
                    }
                    after = Some(key);
                }
            }
            _ => self.pool.line.next(pass.from, |job: Least| passes(job.cores, i64::from(job.estimate))),
        }
    }
}

impl Queue for Turn<'_> {
    type Job = u32;
    type Start = Ticket;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let Some(head) = self.pool.pass.head else { return self.pool.line.first() };
        let promise = match self.pool.pass.promise {
            Some(promise) => promise,
            None if self.free == 0 => return None,
            None => *self.pool.pass.promise.insert(self.promise(head)),
        };
        let next = self.candidate(|cores, estimate| self.may_start(Some(promise), cores, estimate));
        match next {
            Some(next) => {
                self.pool.pass.from = next;
                self.pool.pass.after = Some((i64::from(self.pool.jobs[next as usize].ask.estimate), next));
            }
            None => {
                self.pool.pass.from = self.pool.jobs.len() as u32;
                self.pool.pass.after = Some((i64::MAX, u32::MAX));
            }
        }
        next
    }

    #[inline]
    fn start(&mut self, job: u32) -> Option<Ticket> {
        let ask = self.pool.jobs[job as usize].ask;
        let promise = self.pool.pass.promise;
        self.may_start(promise, ask.cores, i64::from(ask.estimate)).then_some(Ticket(job))
    }

    fn wait(&mut self, job: u32) -> Behind<Ticket> {
        if self.pool.rule == Rule::Fcfs {
            return Behind::Stop;
        }
        self.pool.pass.head = Some(job);
        self.pool.pass.from = job + 1;
        Behind::GoOn
    }
}

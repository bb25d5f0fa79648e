//! A pool of cores, all alike, under the scheduler's rules ([`scheduler::pool`]): what traces are replayed on.

use scheduler::pool::{Ask, Fact, Pool, Rule, Ticket, Unlikely};

use crate::clock::{End, Order, Scheduler, Start};
use crate::workload::Workload;

/// A pool that plays a workload.
pub struct PoolScheduler<'a> {
    workload: &'a Workload,
    pool: Pool,
}

impl<'a> PoolScheduler<'a> {
    /// An empty pool with the workload's cores.
    pub fn new(workload: &'a Workload, rule: Rule, order: Order) -> Self {
        let mut pool = Pool::new(workload.procs, rule);
        pool.reserve(workload.jobs.len());
        if order == Order::Pyss {
            pool.count_overdue_as_free();
        }
        PoolScheduler { workload, pool }
    }

    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    #[inline]
    fn ask(&self, job: u32) -> Ask {
        let job = &self.workload.jobs[job as usize];
        Ask { cores: job.cores, estimate: job.estimate }
    }
}

impl Scheduler for PoolScheduler<'_> {
    type Fault = Unlikely;

    #[inline]
    fn arrive(&mut self, now: i64, job: u32) -> Result<(), Unlikely> {
        // Jobs come in the order of the workload, so tickets are positions.
        let ask = self.ask(job);
        self.pool.apply(now, Fact::Arrived(ask))
    }

    #[inline]
    fn end(&mut self, now: i64, run: u32) -> Result<End, Unlikely> {
        self.pool.apply(now, Fact::Ended(Ticket(run)))?;
        Ok(End::Of(run))
    }

    #[inline]
    fn start(&mut self, now: i64) -> Result<Option<Start>, Unlikely> {
        let Some(ticket) = self.pool.decide(now) else { return Ok(None) };
        self.pool.apply(now, Fact::Started(ticket))?;
        let ends = now + i64::from(self.workload.jobs[ticket.0 as usize].run);
        Ok(Some(Start { job: ticket.0, begins: now, ends, run: ticket.0 }))
    }

    #[inline]
    fn wake(&mut self, _now: i64) -> Option<i64> {
        self.pool.wake()
    }

    fn has_room(&mut self, now: i64, job: u32) -> bool {
        self.pool.has_room(now, self.ask(job))
    }
}

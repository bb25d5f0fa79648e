//! The account of a machine: intervals as they were shared, summed by job, each part priced and weighed at its hour.
//! Must not know where the sums are kept, nor who a job belongs to.

use std::collections::BTreeMap;

use crate::attribute::Shares;
use crate::carbon::{Carbon, Factors};
use crate::contract::{Book, Cost};
use crate::reconcile::Accounts;
use crate::{Energy, Interval};

/// What a kilowatt-hour cost and emitted, by the hour.
#[derive(Clone, Copy, Debug)]
pub struct Tariffs<'a> {
    /// Prices.
    pub book: &'a Book,
    /// Carbon.
    pub factors: &'a Factors,
}

/// What one job used, so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JobAccount {
    /// For the CPU time it used.
    pub dynamic: Energy,
    /// For what it reserved.
    pub idle: Energy,
    /// Of its GPUs.
    pub gpu: Energy,
    /// What all of it cost.
    pub cost: Cost,
    /// What all of it emitted.
    pub carbon: Carbon,
}

impl JobAccount {
    /// All of its energy.
    pub fn total(&self) -> Energy {
        self.dynamic + self.idle + self.gpu
    }
}

/// The sums of one machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account<J> {
    /// By job.
    pub jobs: BTreeMap<J, JobAccount>,
    /// What no job asked for.
    pub system: Energy,
    /// Idle capacity that nobody reserved.
    pub unallocated: Energy,
    /// Known only in sum, or estimated.
    pub unmeasured: Energy,
    /// What all of it cost, whoever bears it.
    pub cost: Cost,
}

impl<J> Default for Account<J> {
    fn default() -> Self {
        let (jobs, none) = (BTreeMap::new(), Energy::ZERO);
        Self { jobs, system: none, unallocated: none, unmeasured: none, cost: Cost::default() }
    }
}

impl<J: Copy + Ord> Account<J> {
    /// Adds an interval as [`crate::attribute::attribute`] shared it.
    pub fn add(&mut self, interval: &Interval, shares: &Shares<J>, tariffs: Tariffs<'_>) {
        for share in &shares.jobs {
            let job = self.jobs.entry(share.job).or_default();
            job.dynamic += share.dynamic;
            job.idle += share.idle;
            job.gpu += share.gpu;
            tariffs.book.price(interval, share.total(), &mut job.cost);
            tariffs.factors.add(interval, share.total(), &mut job.carbon);
        }
        self.system += shares.system;
        self.unallocated += shares.unallocated;
        self.unmeasured += shares.unmeasured;
        tariffs.book.price(interval, shares.total(), &mut self.cost);
    }

    /// The sums by account.
    pub fn accounts(&self) -> Accounts {
        Accounts {
            jobs: self.jobs.values().map(JobAccount::total).sum(),
            system: self.system,
            unallocated: self.unallocated,
            unmeasured: self.unmeasured,
        }
    }
}

/// CPU times that only ever grow, as the kernel tells them, become what was used since the last look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CpuTimes<J> {
    last: BTreeMap<J, u64>,
}

impl<J: Copy + Ord> CpuTimes<J> {
    /// What `job` used since its last look, or since it began. A count that went back (another counter of the same
    /// job) starts anew.
    pub fn since(&mut self, job: J, cpu_us: u64) -> u64 {
        let last = self.last.insert(job, cpu_us).unwrap_or(0);
        cpu_us.checked_sub(last).unwrap_or(cpu_us)
    }

    /// The last look at a job that is over: what it used since the one before.
    pub fn close(&mut self, job: J, cpu_us: u64) -> u64 {
        let since = self.since(job, cpu_us);
        self.last.remove(&job);
        since
    }
}

//! The account of a machine: intervals as they were shared, summed by job, each part priced and weighed at its hour.
//! Must not know where the sums are kept, nor who a job belongs to.

use std::collections::BTreeMap;

use crate::attribute::{JobEnergy, Shares};
use crate::carbon::{Carbon, Factors};
use crate::contract::{Book, Cost};
use crate::reconcile::Accounts;
use crate::rollup::by_hour;
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

    /// Adds its share of an interval.
    pub fn add<J>(&mut self, interval: &Interval, share: &JobEnergy<J>, tariffs: Tariffs<'_>) {
        self.dynamic += share.dynamic;
        self.idle += share.idle;
        self.gpu += share.gpu;
        tariffs.book.price(interval, share.total(), &mut self.cost);
        tariffs.factors.add(interval, share.total(), &mut self.carbon);
    }
}

/// The part of an interval that lies in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HourPart {
    /// The part.
    pub interval: Interval,
    /// Whose its energy is.
    pub accounts: Accounts,
    /// What it cost, whoever bears it.
    pub cost: Cost,
}

/// An interval as it was shared, by hour.
pub fn hour_parts<J>(interval: &Interval, shares: &Shares<J>, tariffs: Tariffs<'_>) -> Vec<HourPart> {
    let part = |(interval, accounts): (Interval, Accounts)| {
        let mut cost = Cost::default();
        tariffs.book.price(&interval, interval.energy, &mut cost);
        HourPart { interval, accounts, cost }
    };
    by_hour(interval, &shares.accounts()).into_iter().map(part).collect()
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
            self.jobs.entry(share.job).or_default().add(interval, share, tariffs);
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

//! When a waiting job may expect to start, for people: one after the other in the present order, each as long as it
//! may take, nobody going first by backfilling. What really happens is mostly earlier, never promised.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use model::{JobId, Reason, Time};

use super::horizon::{Horizon, NEVER};
use crate::job::Job;
use crate::reason::Reasons;
use crate::resources::Amount;
use crate::state::State;

/// Nobody waits for a forecast behind more starts than these.
const STEPS: u64 = 10_000;

impl State {
    /// When this waiting job may expect to start, given those that go before it (if they are not too many); `None`:
    /// nobody can say.
    pub(crate) fn forecast(&self, job: &Job, before: Option<&Vec<JobId>>, now: Time) -> Option<Time> {
        match self.reason(job, now) {
            Reason::BeginTime => job.waits_until(now),
            Reason::Resources => Reasons::new(self, now).promised(job.id),
            Reason::Priority => self.in_turn(job, before?, now),
            _ => None,
        }
    }

    fn in_turn(&self, job: &Job, before: &[JobId], now: Time) -> Option<Time> {
        let topology = &self.rules.topology;
        let horizon = Horizon::new(self, now, Some(self.class_of(job)));
        let mut free = Amount::default();
        let mut amounts: Vec<Amount> = Vec::new();
        let mut releases: BinaryHeap<Reverse<(Time, usize)>> = BinaryHeap::new();
        for (at, amount) in horizon.releases() {
            releases.push(Reverse((at, amounts.len())));
            amounts.push(amount);
        }
        let mut blocks: BTreeMap<_, bool> = BTreeMap::new();
        let mut blocked =
            |job: &Job| *blocks.entry(job.class).or_insert_with(|| self.block(self.class_of(job), now).is_some());
        let (mut clock, mut steps) = (now, 0);
        let others = before.iter().filter_map(|id| self.jobs.get(id));
        for next in others.chain([job]) {
            if next.id != job.id && blocked(next) {
                continue;
            }
            let class = self.class_of(next);
            let times = if next.id == job.id { 1 } else { next.tasks().map_or(1, model::IndexSet::len) };
            for _ in 0..times {
                while !class.standing.need.fits(&free, topology) {
                    let Reverse((at, release)) = releases.pop()?;
                    clock = clock.max(at);
                    free = free.plus(&amounts[release]);
                }
                let amount = class.standing.need.amount_of(&free, topology);
                free = free.less(&amount);
                releases.push(Reverse((self.stay(class, clock, amount).until, amounts.len())));
                amounts.push(amount);
                steps += 1;
                if steps > STEPS {
                    return None;
                }
            }
        }
        Some(clock).filter(|clock| *clock < NEVER)
    }
}

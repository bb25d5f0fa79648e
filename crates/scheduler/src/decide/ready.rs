//! Machines that are kept ready for who comes next, where the operator wants them switched by forecast
//! ([`crate::thrift::Reserve`]): how many cores that are, and who waits only because machines boot. Must not know which
//! machines.

use std::collections::{BTreeMap, BTreeSet};

use model::{JobId, Time};

use crate::by_node::ByNode;
use crate::power::Doing;
use crate::resources::Amount;
use crate::state::State;
use crate::thrift::{Reserve, Warm};

/// What is foreseen, and what it is learned from.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    reserve: Reserve,
    /// Who would have started if all machines were on, and since when.
    called: BTreeMap<JobId, Time>,
    /// How many cores should be on without a job.
    pub warm: Warm,
}

impl Ready {
    /// Nobody waits for a machine yet.
    pub fn new(reserve: Reserve) -> Self {
        Ready { reserve, called: BTreeMap::new(), warm: Warm::default() }
    }

    /// A job starts: how long machines made it wait is learned.
    pub fn note_start(&mut self, id: JobId, at: Time) {
        let waited = self.called.get(&id).map_or(0, |since| (at - *since).0.max(0) / 1000);
        self.reserve.note_wait(waited, 0);
    }

    /// When it wants to be asked again.
    pub fn glance(&self) -> Time {
        Time::from_seconds(self.reserve.glance())
    }
}

impl State {
    /// Machines are switched by forecast from now on, with what was learned; `None`: no longer.
    pub fn set_reserve(&mut self, reserve: Option<Reserve>) {
        self.ready = reserve.map(Ready::new);
    }

    /// What was learned of when machines are needed.
    pub fn reserve(&self) -> Option<&Reserve> {
        self.ready.as_ref().map(|ready| &ready.reserve)
    }

    /// After all starts of an instant: who waits for machines, and how many are to be ready.
    pub(super) fn keep_ready(&mut self, now: Time) {
        let Some(mut ready) = self.ready.take() else { return };
        let called = self.called(now);
        ready.called.retain(|id, _| called.contains(id));
        for id in called {
            ready.called.entry(id).or_insert(now);
        }
        // Who is known to need machines is planned for by itself. Limits say little of when jobs end.
        ready.warm = ready.reserve.warm(now.seconds(), self.uses.cores(), 0, || None, || self.prices.cheapness(now));
        self.ready = Some(ready);
    }

    /// Cores of machines that are on or come up, without a job.
    pub(super) fn lit_cores(&self) -> u32 {
        let comes = self.nodes.views().zip(&self.rules.topology.nodes);
        let comes = comes.filter(|(view, _)| matches!(view.doing, Doing::Booting { .. }));
        self.floor.free().core_count() + comes.map(|(_, place)| place.amount.core_count()).sum::<u32>()
    }

    /// What is free on each node, as if those that are not on were.
    fn with_dark(&self) -> ByNode {
        let topology = &self.rules.topology;
        let mut free = self.floor.by_node(topology);
        for (node, place) in topology.nodes.iter().enumerate().filter(|(node, _)| !self.nodes.is_on(*node)) {
            free.add(node, &place.amount);
        }
        free
    }

    /// Who is first in line and would have started by now, were all machines on.
    fn called(&self, now: Time) -> Vec<JobId> {
        let dark = self.nodes.views().zip(&self.rules.topology.nodes).filter(|(view, _)| !view.doing.is_on());
        let dark = dark.fold(Amount::default(), |sum, (_, place)| sum.plus(&place.amount));
        let (mut called, mut seen) = (Vec::new(), BTreeSet::new());
        if dark.is_nothing() {
            return called;
        }
        let topology = &self.rules.topology;
        let mut left = self.floor.free().plus(&dark);
        let mut by_node = self.memory_binds().then(|| self.with_dark());
        let all: Vec<usize> = (0..topology.nodes.len()).collect();
        for (number, _) in self.index.queue.order(now) {
            let class = self.classes.get(number);
            if !seen.insert(number) || self.block(class, now).is_some() {
                continue;
            }
            for id in class.line.iter() {
                let need = &class.standing.need;
                let has_memory = by_node.as_ref().is_none_or(|free| need.memory == 0 || free.fits(need, topology));
                if !(has_memory && need.fits(&left, topology)) {
                    return called;
                }
                if let Some(free) = &mut by_node {
                    free.take(need, &all, topology);
                }
                left = left.less(&need.amount_of(&left, topology));
                called.push(id);
            }
        }
        called
    }
}

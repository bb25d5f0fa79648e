//! What nodes will have free when, where memory belongs to them: cores, and the memory that they have for these. Must not
//! know reservations, which keep their part of no node in particular.

use std::collections::BTreeSet;

use model::{Span, Time};

use super::{Horizon, Stay};
use crate::by_node::{ByNode, NodeParts, is_never_short, parts};
use crate::job::{Active, Job};
use crate::power::Doing;
use crate::resources::{Amount, Need};
use crate::state::State;

impl State {
    /// Whether memory can keep a job from cores of nodes that are free.
    pub(in crate::decide) fn memory_binds(&self) -> bool {
        let topology = &self.rules.topology;
        topology.binds_memory() && self.classes.iter().any(|(_, class)| !is_never_short(&class.standing.need, topology))
    }
}

/// What a node has free: from each instant until the next one's.
#[derive(Clone, Debug)]
pub(super) struct Timeline(Vec<(Time, Amount)>);

impl Timeline {
    /// More and more is free from these instants on.
    fn rising(mut more: Vec<(Time, Amount)>) -> Timeline {
        more.sort_by_key(|(at, _)| *at);
        let mut steps: Vec<(Time, Amount)> = Vec::with_capacity(more.len());
        for (at, amount) in more {
            match steps.last_mut() {
                Some((last, free)) if *last == at => *free = free.plus(&amount),
                last => {
                    let free = last.map_or(amount, |(_, free)| free.plus(&amount));
                    steps.push((at, free));
                }
            }
        }
        Timeline(steps)
    }

    /// The step that begins at an instant, which is made if there is none; not before the first.
    fn cut(&mut self, at: Time) -> usize {
        let place = self.0.partition_point(|(begins, _)| *begins < at);
        if self.0.get(place).is_none_or(|(begins, _)| *begins != at) {
            let free = self.0[place - 1].1;
            self.0.insert(place, (at, free));
        }
        place
    }

    /// Somebody takes a part of it for a while.
    fn take(&mut self, from: Time, until: Time, amount: &Amount) {
        let (begin, end) = (self.cut(from), self.cut(until));
        self.0[begin..end].iter_mut().for_each(|(_, free)| *free = free.less(amount));
    }

    /// What is never taken from an instant until another.
    fn least(&self, from: Time, until: Time) -> Amount {
        let first = self.0.partition_point(|(at, _)| *at <= from).max(1) - 1;
        let during = self.0[first..].iter().take_while(|(at, _)| *at < until).map(|(_, free)| *free);
        during.reduce(|one, other| one.least(&other)).unwrap_or_default()
    }
}

impl Horizon<'_> {
    /// What becomes free on nodes: cores as they are left, with the memory of those who leave them.
    pub(super) fn fill_nodes(&mut self, until: &[Time], runs: &[(&Job, &Active, Time)]) {
        let (state, now, topology) = (self.state, self.now, &self.state.rules.topology);
        let memory = |memory: u64| Amount { memory, ..Amount::default() };
        let mut more: Vec<Vec<(Time, Amount)>> =
            state.floor.memory_left(topology).into_iter().map(|left| vec![(now, memory(left))]).collect();
        let cores = topology.cores.iter().zip(until).enumerate().filter(|(core, _)| !state.floor.is_dark(*core));
        for (_, (place, leaves)) in cores {
            let mut amount = Amount::default();
            amount.cores[place.kind as usize] = 1;
            more[place.node as usize].push(((*leaves).max(now), amount));
        }
        for (_, active, leaves) in runs {
            for (node, part) in parts(active.placement.memory_mib.unwrap_or(0), &active.cores, topology) {
                more[node].push(((*leaves).max(now), memory(part.memory)));
            }
        }
        for (node, ready, amount) in self.dark() {
            more[node].push((ready.max(now), *amount));
        }
        self.on_nodes = more.into_iter().map(Timeline::rising).collect();
    }

    /// What is free on nodes from the first instant of a stay to its last.
    pub(super) fn on_nodes_during(&self, from: Time, until: Time) -> ByNode {
        self.on_nodes.iter().map(|node| node.least(from, until)).collect()
    }

    /// Whether nodes could keep such a job from free cores.
    pub(super) fn binds(&self, need: &Need) -> bool {
        !self.on_nodes.is_empty() && need.memory > 0
    }

    /// Whether nodes have the cores of a job with their memory for a stay.
    pub(super) fn nodes_have(&self, need: &Need, stay: &Stay) -> bool {
        !self.binds(need) || self.on_nodes_during(stay.from, stay.until).fits(need, &self.state.rules.topology)
    }

    /// Whether they have that at an instant.
    pub(in crate::decide) fn nodes_have_at(&self, need: &Need, at: Time) -> bool {
        !self.binds(need) || self.on_nodes_during(at, at + Span(1)).fits(need, &self.state.rules.topology)
    }

    /// A job that has room is planned on nodes: on which.
    pub(super) fn take_nodes(&mut self, need: &Need, stay: &Stay) -> NodeParts {
        if self.on_nodes.is_empty() {
            return NodeParts::new();
        }
        let (order, topology) = (self.nodes_in_order(), &self.state.rules.topology);
        let parts = self.on_nodes_during(stay.from, stay.until).take(need, &order, topology);
        for (node, amount) in &parts {
            self.on_nodes[*node].take(stay.from, stay.until, amount);
        }
        parts
    }

    /// The nodes, in the order in which plans take them: those that are on, those that come up, the others.
    fn nodes_in_order(&self) -> Vec<usize> {
        let rank = |node: &usize| match self.state.nodes.doing(*node) {
            Doing::On { .. } => 0,
            Doing::Booting { .. } => 1,
            Doing::Off { .. } | Doing::Leaving { .. } | Doing::Failed { .. } => 2,
        };
        let mut order: Vec<usize> = (0..self.state.rules.topology.nodes.len()).collect();
        order.sort_by_key(rank);
        order
    }

    /// The nodes on which somebody with memory is planned at an instant.
    pub(in crate::decide) fn planned_on(&self, instant: Time) -> BTreeSet<usize> {
        let plans = self.plans.iter().zip(&self.planned);
        let then = plans.filter(|(plan, _)| plan.amount.memory > 0 && plan.is_at(instant));
        then.flat_map(|(_, parts)| parts.iter().map(|(node, _)| *node)).collect()
    }
}

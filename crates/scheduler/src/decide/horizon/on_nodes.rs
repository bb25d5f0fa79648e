//! What nodes will have free when, where memory belongs to them: cores, and the memory that they have for these. Must not
//! know reservations, which keep their part of no node in particular.

use std::collections::BTreeSet;

use model::Time;

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

impl Horizon<'_> {
    /// What becomes free on nodes: cores as they are left, with the memory of those who leave them.
    pub(super) fn fill_nodes(&mut self, until: &[Time], runs: &[(&Job, &Active, Time)]) {
        let (state, topology) = (self.state, &self.state.rules.topology);
        for (node, memory) in state.floor.memory_left(topology).into_iter().enumerate() {
            self.on_nodes.push((self.now, node, Amount { memory, ..Amount::default() }));
        }
        let cores = topology.cores.iter().zip(until).enumerate().filter(|(core, _)| !state.floor.is_dark(*core));
        for (_, (place, leaves)) in cores {
            let mut amount = Amount::default();
            amount.cores[place.kind as usize] = 1;
            self.on_nodes.push(((*leaves).max(self.now), place.node as usize, amount));
        }
        for (_, active, leaves) in runs {
            for (node, part) in parts(active.placement.memory_mib.unwrap_or(0), &active.cores, topology) {
                self.on_nodes.push((*leaves, node, Amount { memory: part.memory, ..Amount::default() }));
            }
        }
        self.on_nodes.extend(self.dark().map(|(node, ready, amount)| (ready, node, *amount)));
        self.on_nodes.sort_by_key(|(at, node, _)| (*at, *node));
        self.on_nodes.dedup_by(|next, first| {
            let together = (next.0, next.1) == (first.0, first.1);
            if together {
                first.2 = first.2.plus(&next.2);
            }
            together
        });
    }

    /// What is free on nodes at an instant, without what is planned.
    fn on_nodes_at(&self, instant: Time) -> ByNode {
        let mut free = ByNode::of(&self.state.rules.topology, |_| false);
        let by_then = self.on_nodes.partition_point(|(at, ..)| *at <= instant);
        self.on_nodes[..by_then].iter().for_each(|(_, node, amount)| free.add(*node, amount));
        let plans = self.plans.iter().zip(&self.planned).filter(|(plan, _)| plan.is_at(instant));
        plans.fold(free, |free, (_, parts)| free.less(parts))
    }

    /// What is free on nodes from the first instant of a stay to its last.
    pub(super) fn on_nodes_during(&self, stay: &Stay) -> ByNode {
        let first = self.on_nodes_at(stay.from);
        self.drops(stay).fold(first, |free, at| free.least(&self.on_nodes_at(at)))
    }

    /// Whether nodes could keep such a job from free cores.
    pub(super) fn binds(&self, need: &Need) -> bool {
        !self.on_nodes.is_empty() && need.memory > 0
    }

    /// Whether nodes have the cores of a job with their memory for a stay.
    pub(super) fn nodes_have(&self, need: &Need, stay: &Stay) -> bool {
        !self.binds(need) || self.on_nodes_during(stay).fits(need, &self.state.rules.topology)
    }

    /// Where a job that has room is planned.
    pub(super) fn parts_of(&self, need: &Need, stay: &Stay) -> NodeParts {
        if self.on_nodes.is_empty() {
            return NodeParts::new();
        }
        self.on_nodes_during(stay).take(need, &self.nodes_in_order(), &self.state.rules.topology)
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

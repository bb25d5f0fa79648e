//! Memory belongs to nodes: whoever has cores on a node has its part of its memory there. The one place that says how
//! memory is divided. Must not know who has it, nor when.
//!
//! Of a run's memory a node gives as large a part as it gives of the run's cores, rounded up to whole MiB. So a job that
//! looks for a place gets on each node at most as many cores as there is memory for. Who has all cores has all memory:
//! where a node had too little for its cores, each gives as large a part as it has of all there is. Where nothing is
//! switched there are no nodes, and memory is one sum.

use crate::resources::{Amount, Need};
use crate::topology::Topology;

/// What is free on each node; its GPUs are not looked at.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ByNode(Vec<Amount>);

/// What something has on nodes: which, and its cores and memory there.
pub(crate) type NodeParts = Vec<(usize, Amount)>;

/// Memory, MiB, on a node that gives `here` of `all`.
fn part(memory: u64, here: u64, all: u64) -> u64 {
    let part = (u128::from(memory) * u128::from(here)).div_ceil(u128::from(all.max(1)));
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// The most cores of a node with so much free memory whose [`part`] it has.
fn cores_with(free: u64, memory: u64, all: u32) -> u32 {
    let cores = (u128::from(free) * u128::from(all.max(1))).checked_div(u128::from(memory));
    cores.map_or(u32::MAX, |cores| u32::try_from(cores).unwrap_or(u32::MAX))
}

/// Whether no node can be short of memory for jobs that all need no more than this one: each core of each node has at
/// least as much of it as this one has for a core.
pub(crate) fn is_never_short(need: &Need, topology: &Topology) -> bool {
    let each = || need.memory.div_ceil(u64::from(need.core_count(topology).max(1)));
    !topology.binds_memory() || need.memory <= topology.memory_each || each() <= topology.memory_each
}

/// What a run with this memory, MiB, has on the nodes of its cores (ascending); nothing where memory is one sum.
pub(crate) fn parts(memory: u64, cores: &[u32], topology: &Topology) -> NodeParts {
    if !topology.binds_memory() {
        return Vec::new();
    }
    let node = |core: u32| topology.cores[core as usize].node;
    let by_cores = |here: &[u32]| part(memory, here.len() as u64, cores.len() as u64);
    let by_memory = |here: &[u32]| part(memory, topology.memory_of(node(here[0])), topology.total.memory);
    let nodes = || cores.chunk_by(|one, next| node(*one) == node(*next));
    let is_short = |here: &[u32]| by_cores(here) > topology.memory_of(node(here[0]));
    let has_all = cores.len() == topology.cores.len() && nodes().any(is_short);
    let on_one = |here: &[u32]| {
        let memory = if has_all { by_memory(here) } else { by_cores(here) };
        let mut amount = Amount { memory, ..Amount::default() };
        here.iter().for_each(|core| amount.cores[topology.cores[*core as usize].kind as usize] += 1);
        (node(here[0]) as usize, amount)
    };
    nodes().map(on_one).collect()
}

/// The cores among those that are free which have their memory, where `memory` MiB are free on each node. On a node
/// that has not enough for all cores of the job, those with most threads come first.
pub(crate) fn with_memory(need: &Need, free: &[bool], memory: &[u64], topology: &Topology) -> Vec<bool> {
    if need.whole {
        return free.to_vec();
    }
    let mut sum = Amount::default();
    for (core, place) in topology.cores.iter().enumerate() {
        sum.cores[place.kind as usize] += u32::from(free[core]);
    }
    let all = need.cores_of(&sum, topology).iter().sum();
    let mut usable = free.to_vec();
    for (node, memory) in topology.nodes.iter().zip(memory) {
        let most = cores_with(*memory, need.memory, all);
        if most < all {
            let mut here: Vec<usize> = node.cores.clone().filter(|core| free[*core]).collect();
            here.sort_by_key(|core| (topology.cores[*core].kind, *core));
            here.into_iter().skip(most as usize).for_each(|core| usable[core] = false);
        }
    }
    usable
}

impl FromIterator<Amount> for ByNode {
    fn from_iter<T: IntoIterator<Item = Amount>>(each: T) -> ByNode {
        ByNode(each.into_iter().collect())
    }
}

impl ByNode {
    /// All that those nodes have of which this says so.
    pub fn of(topology: &Topology, mut has: impl FnMut(usize) -> bool) -> ByNode {
        let nodes = topology.nodes.iter().enumerate();
        ByNode(nodes.map(|(node, place)| if has(node) { place.amount } else { Amount::default() }).collect())
    }

    /// More is free on a node.
    pub fn add(&mut self, node: usize, amount: &Amount) {
        self.0[node] = self.0[node].plus(amount);
    }

    /// What is left without these parts.
    pub fn less(mut self, parts: &NodeParts) -> ByNode {
        parts.iter().for_each(|(node, amount)| self.0[*node] = self.0[*node].less(amount));
        self
    }

    /// The cores that a job would have of all that is free.
    fn cores_of(&self, need: &Need, topology: &Topology) -> u32 {
        let sum = self.0.iter().fold(Amount::default(), |sum, amount| sum.plus(amount));
        need.cores_of(&sum, topology).iter().sum()
    }

    /// The cores of a node that have their memory: the counted twin of [`with_memory`].
    fn usable(&self, node: usize, need: &Need, all: u32) -> Amount {
        let mut usable = Amount { cores: self.0[node].cores, ..Amount::default() };
        let mut most = cores_with(self.0[node].memory, need.memory, all);
        if most < all && !need.whole {
            for count in &mut usable.cores {
                *count = most.min(*count);
                most -= *count;
            }
        }
        usable
    }

    /// All cores that have their memory.
    fn all_usable(&self, need: &Need, all: u32) -> Amount {
        (0..self.0.len()).fold(Amount::default(), |sum, node| sum.plus(&self.usable(node, need, all)))
    }

    /// Whether a job has enough cores that have their memory.
    pub fn fits(&self, need: &Need, topology: &Topology) -> bool {
        need.cores_fit(&self.all_usable(need, self.cores_of(need, topology)), topology)
    }

    /// The memory, MiB, that a job could have with its cores: less than it needs, where it does not fit.
    pub fn memory_for(&self, need: &Need, topology: &Topology) -> u64 {
        let all = need.core_count(topology);
        let usable = self.all_usable(need, all).core_count().min(all);
        part(need.memory, usable.into(), all.into())
    }

    /// Takes what a job needs, of the nodes in this order.
    pub fn take(&mut self, need: &Need, order: &[usize], topology: &Topology) -> NodeParts {
        let all = self.cores_of(need, topology);
        let (mut left, mut parts) = (*need, Vec::new());
        for node in order {
            let usable = self.usable(*node, need, all);
            let cores = if need.whole { usable.cores } else { left.cores_of(&usable, topology) };
            let mut amount = Amount { cores, ..Amount::default() };
            let count = amount.core_count();
            if count == 0 {
                continue;
            }
            amount.memory = part(need.memory, count.into(), all.into());
            let threads = cores.iter().zip(topology.kind_threads).map(|(count, each)| count * each.min(need.threads));
            left.cpus = left.cpus.saturating_sub(threads.sum());
            self.0[*node] = self.0[*node].less(&amount);
            parts.push((*node, amount));
        }
        parts
    }
}

//! The machine as placement sees it: cores grouped in domains (one NUMA node within one socket), GPUs by kind, and the
//! parts of it that can be switched. Made once from [`model::Machine`]; must not know what is in use or on.

use std::ops::Range;

use model::{CpuSet, Machine};

use crate::power::Node;
use crate::resources::{Amount, CORE_KINDS, GPU_KINDS};

/// The machine, prepared for counting and placing.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Topology {
    /// In the machine's order.
    pub cores: Vec<CorePlace>,
    /// Ascending by node, then socket, then NUMA node.
    pub domains: Vec<Domain>,
    /// The cores of each domain, ascending.
    pub cores_in: Vec<Vec<u32>>,
    /// The domains of each socket.
    pub sockets: Vec<Range<usize>>,
    /// In the machine's order.
    pub gpus: Vec<GpuPlace>,
    /// Names of the kinds of GPUs.
    pub gpu_kinds: Vec<String>,
    /// Threads of each kind of core, most first; 0 for kinds that are not there.
    pub kind_threads: [u32; CORE_KINDS],
    /// All there is.
    pub total: Amount,
    /// What is switched as one; none where nothing can be switched.
    pub nodes: Vec<NodePlace>,
    /// The least memory that a node has for each of its cores, MiB.
    pub memory_each: u64,
    core_of: Vec<Option<u32>>,
}

/// A part of the machine that is switched as one: some cores and GPUs next to each other, and some memory.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NodePlace {
    /// Positions in [`Topology::cores`].
    pub cores: Range<usize>,
    /// Positions in [`Topology::gpus`].
    pub gpus: Range<usize>,
    /// All it has.
    pub amount: Amount,
}

/// One core.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct CorePlace {
    /// Index into [`Topology::domains`].
    pub domain: u32,
    /// Index into [`Topology::nodes`]; 0 where there are none.
    pub node: u32,
    /// Index into [`Topology::kind_threads`].
    pub kind: u8,
    /// Hardware threads.
    pub threads: Vec<u32>,
}

/// The cores of one NUMA node within one socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Domain {
    /// The node.
    pub node: u32,
    /// Socket.
    pub socket: u32,
    /// NUMA node.
    pub numa: u32,
}

/// One GPU.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GpuPlace {
    /// The number that jobs see.
    pub index: u32,
    /// Index into [`Topology::gpu_kinds`].
    pub kind: u8,
    /// Index into [`Topology::nodes`]; 0 where there are none.
    pub node: u32,
    /// The NUMA node it hangs on.
    pub numa: Option<u32>,
}

/// Cuts `0..all` in pieces of these sizes; the last takes what is left, and who comes late gets less.
fn cut(all: usize, sizes: impl Iterator<Item = u32>) -> Vec<Range<usize>> {
    let mut from = 0;
    let mut pieces: Vec<Range<usize>> = sizes
        .map(|size| {
            let until = all.min(from + size as usize);
            std::mem::replace(&mut from, until)..until
        })
        .collect();
    if let Some(last) = pieces.last_mut() {
        last.end = all;
    }
    pieces
}

/// Which of some neighbouring ranges a position lies in; 0 where there are none.
fn piece_of(pieces: &[Range<usize>], position: usize) -> u32 {
    pieces.partition_point(|piece| piece.end <= position) as u32
}

impl Topology {
    /// Prepares a machine that consists of these nodes, in the order of its cores and GPUs.
    pub fn new(machine: &Machine, nodes: &[Node]) -> Self {
        let cores = cut(machine.cores.len(), nodes.iter().map(|node| node.cores));
        let gpus = cut(machine.gpus.len(), nodes.iter().map(|node| node.gpus));
        let place = |(at, core): (usize, &model::Core)| Domain {
            node: piece_of(&cores, at),
            socket: core.socket,
            numa: core.numa,
        };
        let places: Vec<Domain> = machine.cores.iter().enumerate().map(place).collect();
        let mut domains = places.clone();
        domains.sort_unstable();
        domains.dedup();
        let mut counts: Vec<u32> = machine.cores.iter().map(|core| core.threads.len() as u32).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.dedup();
        let mut kind_threads = [0; CORE_KINDS];
        for (kind, count) in counts.iter().enumerate() {
            // Machines with more kinds of cores than we tell apart count the last ones as the smallest of them.
            kind_threads[kind.min(CORE_KINDS - 1)] = *count;
        }
        let mut topology = Topology {
            cores: Vec::new(),
            cores_in: vec![Vec::new(); domains.len()],
            sockets: sockets(&domains),
            domains,
            gpus: Vec::new(),
            gpu_kinds: Vec::new(),
            kind_threads,
            total: Amount { memory: machine.memory_mib, ..Amount::default() },
            nodes: Vec::new(),
            memory_each: u64::MAX,
            core_of: Vec::new(),
        };
        for (core, place) in machine.cores.iter().zip(places) {
            topology.add_core(core, place);
        }
        for (at, gpu) in machine.gpus.iter().enumerate() {
            topology.add_gpu(gpu, piece_of(&gpus, at));
        }
        topology.note_nodes(cores, gpus, nodes);
        topology
    }

    /// Notes the nodes. Memory that no node claims goes with the last.
    fn note_nodes(&mut self, cores: Vec<Range<usize>>, gpus: Vec<Range<usize>>, nodes: &[Node]) {
        let mut memory_left = self.total.memory;
        for (at, (cores, gpus)) in cores.into_iter().zip(gpus).enumerate() {
            let last = at + 1 == nodes.len();
            let memory = if last { memory_left } else { nodes[at].memory_mib.min(memory_left) };
            memory_left -= memory;
            let mut amount = Amount { memory, ..Amount::default() };
            self.cores[cores.clone()].iter().for_each(|core| amount.cores[core.kind as usize] += 1);
            self.gpus[gpus.clone()].iter().for_each(|gpu| amount.gpus[gpu.kind as usize] += 1);
            self.memory_each = self.memory_each.min(memory / u64::from(amount.core_count().max(1)));
            self.nodes.push(NodePlace { cores, gpus, amount });
        }
    }

    fn add_core(&mut self, core: &model::Core, place: Domain) {
        let domain = self.domains.binary_search(&place).unwrap_or_default();
        let threads = core.threads.len() as u32;
        let kind = self.kind_threads.iter().position(|count| *count <= threads).unwrap_or(CORE_KINDS - 1);
        for thread in &core.threads {
            let slot = *thread as usize;
            if self.core_of.len() <= slot {
                self.core_of.resize(slot + 1, None);
            }
            self.core_of[slot] = Some(self.cores.len() as u32);
        }
        self.total.cores[kind] += 1;
        self.cores_in[domain].push(self.cores.len() as u32);
        let (domain, node) = (domain as u32, place.node);
        self.cores.push(CorePlace { domain, node, kind: kind as u8, threads: core.threads.clone() });
    }

    fn add_gpu(&mut self, gpu: &model::Gpu, node: u32) {
        let known = self.gpu_kinds.iter().position(|kind| *kind == gpu.kind);
        let kind = known.unwrap_or_else(|| {
            self.gpu_kinds.push(gpu.kind.clone());
            self.gpu_kinds.len() - 1
        });
        // More kinds than we tell apart share the last number.
        let kind = kind.min(GPU_KINDS - 1);
        self.total.gpus[kind] += 1;
        self.gpus.push(GpuPlace { index: gpu.index, kind: kind as u8, node, numa: gpu.numa });
    }

    /// The number of a kind of GPU, as jobs name it.
    pub fn gpu_kind(&self, name: &str) -> Option<u8> {
        let at = self.gpu_kinds.iter().position(|kind| kind.eq_ignore_ascii_case(name))?;
        Some(at.min(GPU_KINDS - 1) as u8)
    }

    /// The cores that these hardware threads belong to, ascending; threads that are not there have none.
    pub fn cores_of(&self, cpus: &CpuSet) -> Vec<u32> {
        let mut cores: Vec<u32> =
            cpus.iter().filter_map(|cpu| self.core_of.get(cpu as usize).copied().flatten()).collect();
        cores.sort_unstable();
        cores.dedup();
        cores
    }

    /// Where these GPUs stand in [`Topology::gpus`]; those that are not there stand nowhere.
    pub fn gpu_places(&self, indices: &[u32]) -> Vec<usize> {
        indices.iter().filter_map(|index| self.gpus.iter().position(|gpu| gpu.index == *index)).collect()
    }

    /// The nodes that these cores and GPUs belong to, ascending; none where nothing can be switched.
    pub fn nodes_of(&self, cores: &[u32], gpus: &[usize]) -> Vec<usize> {
        if self.nodes.is_empty() {
            return Vec::new();
        }
        let of_cores = cores.iter().map(|core| self.cores[*core as usize].node as usize);
        let mut nodes: Vec<usize> = of_cores.chain(gpus.iter().map(|gpu| self.gpus[*gpu].node as usize)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Whether memory belongs to nodes: where there is but one, or none, it is one sum.
    pub fn binds_memory(&self) -> bool {
        self.nodes.len() > 1
    }

    /// The memory of a node, MiB.
    pub fn memory_of(&self, node: u32) -> u64 {
        self.nodes[node as usize].amount.memory
    }

    /// Hardware threads in all.
    pub fn cpus(&self) -> u32 {
        self.cores.iter().map(|core| core.threads.len() as u32).sum()
    }
}

/// The domains of each socket: neighbours, as domains are in order.
fn sockets(domains: &[Domain]) -> Vec<Range<usize>> {
    let mut sockets = Vec::new();
    for chunk in domains.chunk_by(|a, b| (a.node, a.socket) == (b.node, b.socket)) {
        let from = sockets.last().map_or(0, |last: &Range<usize>| last.end);
        sockets.push(from..from + chunk.len());
    }
    sockets
}

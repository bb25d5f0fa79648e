//! The machine as placement sees it: cores grouped in domains (one NUMA node within one socket), GPUs by kind.
//! Made once from [`model::Machine`]; must not know what is in use.

use model::{CpuSet, Machine};

use crate::resources::{Amount, CORE_KINDS, GPU_KINDS};

/// The machine, prepared for counting and placing.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Topology {
    /// In the machine's order.
    pub cores: Vec<CorePlace>,
    /// Ascending by socket, then NUMA node.
    pub domains: Vec<Domain>,
    /// In the machine's order.
    pub gpus: Vec<GpuPlace>,
    /// Names of the kinds of GPUs.
    pub gpu_kinds: Vec<String>,
    /// Threads of each kind of core, most first; 0 for kinds that are not there.
    pub kind_threads: [u32; CORE_KINDS],
    /// All there is.
    pub total: Amount,
    core_of: Vec<Option<u16>>,
}

/// One core.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct CorePlace {
    /// Index into [`Topology::domains`].
    pub domain: u16,
    /// Index into [`Topology::kind_threads`].
    pub kind: u8,
    /// Hardware threads.
    pub threads: Vec<u32>,
}

/// The cores of one NUMA node within one socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Domain {
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
    /// The NUMA node it hangs on.
    pub numa: Option<u32>,
}

impl Topology {
    /// Prepares a machine.
    pub fn new(machine: &Machine) -> Self {
        let mut domains: Vec<Domain> =
            machine.cores.iter().map(|core| Domain { socket: core.socket, numa: core.numa }).collect();
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
            domains,
            gpus: Vec::new(),
            gpu_kinds: Vec::new(),
            kind_threads,
            total: Amount { memory: machine.memory_mib, ..Amount::default() },
            core_of: Vec::new(),
        };
        for core in &machine.cores {
            topology.add_core(core);
        }
        for gpu in &machine.gpus {
            topology.add_gpu(gpu);
        }
        topology
    }

    fn add_core(&mut self, core: &model::Core) {
        let place = Domain { socket: core.socket, numa: core.numa };
        let domain = self.domains.binary_search(&place).unwrap_or_default() as u16;
        let threads = core.threads.len() as u32;
        let kind = self.kind_threads.iter().position(|count| *count <= threads).unwrap_or(CORE_KINDS - 1);
        for thread in &core.threads {
            let slot = *thread as usize;
            if self.core_of.len() <= slot {
                self.core_of.resize(slot + 1, None);
            }
            self.core_of[slot] = Some(self.cores.len() as u16);
        }
        self.total.cores[kind] += 1;
        self.cores.push(CorePlace { domain, kind: kind as u8, threads: core.threads.clone() });
    }

    fn add_gpu(&mut self, gpu: &model::Gpu) {
        let known = self.gpu_kinds.iter().position(|kind| *kind == gpu.kind);
        let kind = known.unwrap_or_else(|| {
            self.gpu_kinds.push(gpu.kind.clone());
            self.gpu_kinds.len() - 1
        });
        // More kinds than we tell apart share the last number.
        let kind = kind.min(GPU_KINDS - 1);
        self.total.gpus[kind] += 1;
        self.gpus.push(GpuPlace { index: gpu.index, kind: kind as u8, numa: gpu.numa });
    }

    /// The number of a kind of GPU, as jobs name it.
    pub fn gpu_kind(&self, name: &str) -> Option<u8> {
        let at = self.gpu_kinds.iter().position(|kind| kind.eq_ignore_ascii_case(name))?;
        Some(at.min(GPU_KINDS - 1) as u8)
    }

    /// The cores that these hardware threads belong to, ascending; threads that are not there have none.
    pub fn cores_of(&self, cpus: &CpuSet) -> Vec<u16> {
        let mut cores: Vec<u16> =
            cpus.iter().filter_map(|cpu| self.core_of.get(cpu as usize).copied().flatten()).collect();
        cores.sort_unstable();
        cores.dedup();
        cores
    }

    /// Where these GPUs stand in [`Topology::gpus`]; those that are not there stand nowhere.
    pub fn gpu_places(&self, indices: &[u32]) -> Vec<usize> {
        indices.iter().filter_map(|index| self.gpus.iter().position(|gpu| gpu.index == *index)).collect()
    }

    /// Hardware threads in all.
    pub fn cpus(&self) -> u32 {
        self.cores.iter().map(|core| core.threads.len() as u32).sum()
    }
}

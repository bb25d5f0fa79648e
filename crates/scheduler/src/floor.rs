//! What of the machine is in use and by whom. Must not know why.
//!
//! A core has at most one run that uses it (more only where the machine was declared anew around what runs), and any
//! number of stopped ones that will want it back. A run that was stopped to make place lends its cores: only what may
//! displace it too may use them meanwhile. What is off is dark: nobody has it, and nobody may.

use model::JobId;

use crate::by_node::{ByNode, parts};
use crate::resources::Amount;
use crate::topology::{NodePlace, Topology};

/// The machine in use.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Floor {
    users: Vec<Vec<JobId>>,
    lenders: Vec<Vec<JobId>>,
    gpus: Vec<Option<JobId>>,
    memory: u64,
    /// Memory in use on each node.
    memory_on: Vec<u64>,
    /// Which cores and GPUs are off.
    dark: Vec<bool>,
    dark_gpus: Vec<bool>,
    /// The memory that is on.
    lit: u64,
    /// What is on and neither used nor lent.
    free: Amount,
}

impl Floor {
    /// Nothing is in use.
    pub fn new(topology: &Topology) -> Self {
        Floor {
            users: vec![Vec::new(); topology.cores.len()],
            lenders: vec![Vec::new(); topology.cores.len()],
            gpus: vec![None; topology.gpus.len()],
            memory: 0,
            memory_on: vec![0; topology.nodes.len()],
            dark: vec![false; topology.cores.len()],
            dark_gpus: vec![false; topology.gpus.len()],
            lit: topology.total.memory,
            free: topology.total,
        }
    }

    /// What anybody may have.
    pub fn free(&self) -> &Amount {
        &self.free
    }

    /// Memory in use, MiB.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Memory, MiB, that anybody may have on each node.
    pub fn memory_left(&self, topology: &Topology) -> Vec<u64> {
        let left = |(place, used): (&NodePlace, &u64)| match self.dark.get(place.cores.start) {
            Some(true) => 0,
            _ => place.amount.memory.saturating_sub(*used),
        };
        topology.nodes.iter().zip(&self.memory_on).map(left).collect()
    }

    /// What anybody may have on each node.
    pub fn by_node(&self, topology: &Topology) -> ByNode {
        let mut free = ByNode::of(topology, |_| false);
        for (node, (place, memory)) in topology.nodes.iter().zip(self.memory_left(topology)).enumerate() {
            let mut amount = Amount { memory, ..Amount::default() };
            for core in place.cores.clone().filter(|core| self.is_free(*core)) {
                amount.cores[topology.cores[core].kind as usize] += 1;
            }
            free.add(node, &amount);
        }
        free
    }

    /// Who uses a core.
    pub fn users(&self, core: usize) -> &[JobId] {
        &self.users[core]
    }

    /// Whether somebody uses a core.
    pub fn is_used(&self, core: usize) -> bool {
        !self.users[core].is_empty()
    }

    /// Who lends a core.
    pub fn lenders(&self, core: usize) -> &[JobId] {
        &self.lenders[core]
    }

    /// Whether a core is not used, but somebody wants it back.
    pub fn is_lent(&self, core: usize) -> bool {
        self.users[core].is_empty() && !self.lenders[core].is_empty()
    }

    /// Whether any core is lent, used or not.
    pub fn has_lenders(&self) -> bool {
        self.lenders.iter().any(|lenders| !lenders.is_empty())
    }

    /// Who has a GPU.
    pub fn gpu_user(&self, gpu: usize) -> Option<JobId> {
        self.gpus[gpu]
    }

    /// Which GPUs are free.
    pub fn free_gpus(&self) -> Vec<bool> {
        self.gpus.iter().zip(&self.dark_gpus).map(|(user, dark)| user.is_none() && !dark).collect()
    }

    /// Whether a core is off.
    pub fn is_dark(&self, core: usize) -> bool {
        self.dark[core]
    }

    /// Whether none of these cores is used.
    pub fn are_unused(&self, cores: &[u32]) -> bool {
        cores.iter().all(|core| !self.is_used(*core as usize))
    }

    /// Whether anybody may have a core.
    pub fn is_free(&self, core: usize) -> bool {
        self.users[core].is_empty() && self.lenders[core].is_empty() && !self.dark[core]
    }

    fn change_core(&mut self, topology: &Topology, core: u32, how: impl FnOnce(&mut Self, usize)) {
        let (core, kind) = (core as usize, topology.cores[core as usize].kind as usize);
        let was = self.is_free(core);
        how(self, core);
        match (was, self.is_free(core)) {
            (true, false) => self.free.cores[kind] -= 1,
            (false, true) => self.free.cores[kind] += 1,
            _ => {}
        }
    }

    /// A node is on from now on, or off. Nobody has any of it when it goes off.
    pub fn switch(&mut self, topology: &Topology, node: usize, on: bool) {
        let place = &topology.nodes[node];
        for core in place.cores.clone() {
            self.change_core(topology, core as u32, |floor, core| floor.dark[core] = !on);
        }
        for gpu in place.gpus.clone() {
            let news = std::mem::replace(&mut self.dark_gpus[gpu], !on) == on;
            let free = &mut self.free.gpus[topology.gpus[gpu].kind as usize];
            match self.gpus[gpu] {
                None if news && on => *free += 1,
                None if news => *free -= 1,
                _ => {}
            }
        }
        let dark = topology.nodes.iter().filter(|place| self.dark.get(place.cores.start) == Some(&true));
        self.lit = topology.total.memory.saturating_sub(dark.map(|place| place.amount.memory).sum());
        self.free.memory = self.lit.saturating_sub(self.memory);
    }

    /// A run uses these cores.
    pub fn use_cores(&mut self, topology: &Topology, job: JobId, cores: &[u32]) {
        for core in cores {
            self.change_core(topology, *core, |floor, core| floor.users[core].push(job));
        }
    }

    /// A run uses these cores no longer.
    pub fn leave_cores(&mut self, topology: &Topology, job: JobId, cores: &[u32]) {
        for core in cores {
            self.change_core(topology, *core, |floor, core| floor.users[core].retain(|user| *user != job));
        }
    }

    /// A run lends these cores.
    pub fn lend(&mut self, topology: &Topology, job: JobId, cores: &[u32]) {
        for core in cores {
            self.change_core(topology, *core, |floor, core| floor.lenders[core].push(job));
        }
    }

    /// A run lends these cores no longer.
    pub fn take_back(&mut self, topology: &Topology, job: JobId, cores: &[u32]) {
        for core in cores {
            self.change_core(topology, *core, |floor, core| floor.lenders[core].retain(|lender| *lender != job));
        }
    }

    /// A run takes memory, on the nodes of its cores, and GPUs (by position).
    pub fn take(&mut self, topology: &Topology, job: JobId, memory: u64, (cores, gpus): (&[u32], &[usize])) {
        self.memory = self.memory.saturating_add(memory);
        for (node, amount) in parts(memory, cores, topology) {
            self.memory_on[node] = self.memory_on[node].saturating_add(amount.memory);
        }
        self.free.memory = self.lit.saturating_sub(self.memory);
        for gpu in gpus {
            if self.gpus[*gpu].replace(job).is_none() {
                self.free.gpus[topology.gpus[*gpu].kind as usize] -= 1;
            }
        }
    }

    /// A run gives memory and GPUs back.
    pub fn give_back(&mut self, topology: &Topology, job: JobId, memory: u64, (cores, gpus): (&[u32], &[usize])) {
        self.memory = self.memory.saturating_sub(memory);
        for (node, amount) in parts(memory, cores, topology) {
            self.memory_on[node] = self.memory_on[node].saturating_sub(amount.memory);
        }
        self.free.memory = self.lit.saturating_sub(self.memory);
        for gpu in gpus {
            if self.gpus[*gpu] == Some(job) {
                self.gpus[*gpu] = None;
                self.free.gpus[topology.gpus[*gpu].kind as usize] += 1;
            }
        }
    }

    /// Whether both say the same, in whatever order.
    pub fn agrees_with(&self, other: &Floor) -> bool {
        let sorted = |floor: &Floor| -> Floor {
            let mut floor = floor.clone();
            floor.lenders.iter_mut().chain(&mut floor.users).for_each(|list| list.sort_unstable());
            floor
        };
        sorted(self) == sorted(other)
    }
}

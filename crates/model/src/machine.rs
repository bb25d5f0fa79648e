//! What a machine is to the scheduler: cores with their hardware threads, in NUMA nodes, in sockets; memory; GPUs.

use serde::{Deserialize, Serialize};

/// A set of hardware threads ("CPUs" of the operating system), by number.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CpuSet(Vec<u64>);

impl CpuSet {
    /// Puts one in; says whether it was new.
    pub fn insert(&mut self, cpu: u32) -> bool {
        let (word, bit) = (cpu as usize / 64, cpu % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let fresh = self.0[word] & (1 << bit) == 0;
        self.0[word] |= 1 << bit;
        fresh
    }

    /// Takes one out; says whether it was in.
    pub fn remove(&mut self, cpu: u32) -> bool {
        let (word, bit) = (cpu as usize / 64, cpu % 64);
        let Some(slot) = self.0.get_mut(word) else { return false };
        let was = *slot & (1 << bit) != 0;
        *slot &= !(1 << bit);
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        was
    }

    /// Whether it is in.
    pub fn contains(&self, cpu: u32) -> bool {
        self.0.get(cpu as usize / 64).is_some_and(|word| word & (1 << (cpu % 64)) != 0)
    }

    /// How many are in.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether none is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Ascending numbers.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| index as u32 * 64 + bit)
        })
    }
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(cpus: I) -> Self {
        let mut set = CpuSet::default();
        for cpu in cpus {
            set.insert(cpu);
        }
        set
    }
}

/// Ranges as the kernel writes them in `cpuset.cpus`: `0-3,8`.
impl std::fmt::Display for CpuSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut cpus = self.iter().peekable();
        let mut first = true;
        while let Some(start) = cpus.next() {
            let mut end = start;
            while cpus.peek() == Some(&(end + 1)) {
                end += 1;
                cpus.next();
            }
            if !first {
                f.write_str(",")?;
            }
            first = false;
            if start == end { write!(f, "{start}")? } else { write!(f, "{start}-{end}")? }
        }
        Ok(())
    }
}

/// One physical core.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Core {
    /// Its hardware threads, by the operating system's number; at least one.
    pub threads: Vec<u32>,
    /// The socket it sits in, counted from 0.
    pub socket: u32,
    /// The NUMA node whose memory is nearest, by the operating system's number.
    pub numa: u32,
}

/// One GPU.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gpu {
    /// The number that `CUDA_VISIBLE_DEVICES` takes.
    pub index: u32,
    /// What it calls itself, lower case, without spaces (`tesla_k80`); may be empty.
    pub kind: String,
    /// The NUMA node it hangs on, where known.
    pub numa: Option<u32>,
}

/// One machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Host name, short.
    pub name: String,
    /// All cores that jobs may have, in the order socket, NUMA node, number.
    pub cores: Vec<Core>,
    /// Memory that jobs may have, MiB.
    pub memory_mib: u64,
    /// GPUs that jobs may have.
    pub gpus: Vec<Gpu>,
    /// True when the operator declared more CPUs than there are (tests and courses): nothing is bound then.
    pub simulated: bool,
}

/// What is wrong with a description of a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// No core, or a core without a thread.
    #[error("a machine needs at least one core, and each core at least one thread")]
    Empty,
    /// The same hardware thread twice.
    #[error("hardware thread {0} stands in two cores")]
    Twice(u32),
}

impl Machine {
    /// A machine of `sockets` x `cores` x `threads`, one NUMA node a socket, numbered as Linux mostly does: first one
    /// thread of every core, then the second threads.
    pub fn regular(name: &str, sockets: u32, cores: u32, threads: u32, memory_mib: u64) -> Self {
        let total = sockets * cores;
        let cores = (0..total)
            .map(|core| Core {
                threads: (0..threads).map(|thread| thread * total + core).collect(),
                socket: core / cores,
                numa: core / cores,
            })
            .collect();
        Self { name: name.to_owned(), cores, memory_mib, gpus: Vec::new(), simulated: false }
    }

    /// Hardware threads in all: what Slurm calls CPUs.
    pub fn cpus(&self) -> u32 {
        self.cores.iter().map(|core| core.threads.len() as u32).sum()
    }

    /// Threads of the core that has most.
    pub fn threads_per_core(&self) -> u32 {
        self.cores.iter().map(|core| core.threads.len() as u32).max().unwrap_or(1)
    }

    /// Sockets that have a core.
    pub fn sockets(&self) -> u32 {
        let mut sockets: Vec<u32> = self.cores.iter().map(|core| core.socket).collect();
        sockets.sort_unstable();
        sockets.dedup();
        sockets.len() as u32
    }

    /// Says what makes no sense, if anything does.
    ///
    /// # Errors
    /// [`TopologyError`] for the first fault found.
    pub fn check(&self) -> Result<(), TopologyError> {
        let mut seen = CpuSet::default();
        if self.cores.is_empty() || self.cores.iter().any(|core| core.threads.is_empty()) {
            return Err(TopologyError::Empty);
        }
        for thread in self.cores.iter().flat_map(|core| &core.threads) {
            if !seen.insert(*thread) {
                return Err(TopologyError::Twice(*thread));
            }
        }
        Ok(())
    }
}

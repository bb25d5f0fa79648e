//! Amounts: what a machine has, what a job needs, counted by kind of core and of GPU. Must not know where on the
//! machine anything is: that is [`crate::topology`] and [`crate::placement`].

use crate::topology::Topology;

/// Kinds of cores told apart, by their number of hardware threads.
pub(crate) const CORE_KINDS: usize = 4;
/// Kinds of GPUs told apart.
pub(crate) const GPU_KINDS: usize = 8;

/// An amount of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Amount {
    /// Cores, by kind.
    pub cores: [u32; CORE_KINDS],
    /// Memory, MiB.
    pub memory: u64,
    /// GPUs, by kind.
    pub gpus: [u32; GPU_KINDS],
}

impl Amount {
    /// Both together.
    pub fn plus(mut self, other: &Amount) -> Amount {
        for (mine, more) in self.cores.iter_mut().zip(other.cores) {
            *mine = mine.saturating_add(more);
        }
        for (mine, more) in self.gpus.iter_mut().zip(other.gpus) {
            *mine = mine.saturating_add(more);
        }
        self.memory = self.memory.saturating_add(other.memory);
        self
    }

    /// What is left; nothing goes below zero. Cores that are missing in one kind are taken from the others.
    pub fn less(mut self, other: &Amount) -> Amount {
        let mut missing = 0;
        for (mine, less) in self.cores.iter_mut().zip(other.cores) {
            missing = less.saturating_sub(*mine).saturating_add(missing);
            *mine = mine.saturating_sub(less);
        }
        for (mine, less) in self.gpus.iter_mut().zip(other.gpus) {
            *mine = mine.saturating_sub(less);
        }
        self.memory = self.memory.saturating_sub(other.memory);
        self.without_cores(missing)
    }

    /// The lesser of each.
    pub fn least(mut self, other: &Amount) -> Amount {
        self.cores.iter_mut().zip(other.cores).for_each(|(mine, theirs)| *mine = theirs.min(*mine));
        self.gpus.iter_mut().zip(other.gpus).for_each(|(mine, theirs)| *mine = theirs.min(*mine));
        self.memory = self.memory.min(other.memory);
        self
    }

    /// Whether it is nothing at all.
    pub fn is_nothing(&self) -> bool {
        *self == Amount::default()
    }

    /// Cores of all kinds.
    pub fn core_count(&self) -> u32 {
        self.cores.iter().sum()
    }

    /// GPUs of all kinds.
    pub fn gpu_count(&self) -> u32 {
        self.gpus.iter().sum()
    }

    /// So many cores less, those with most threads first (the careful guess when nobody knows which).
    pub fn without_cores(mut self, mut count: u32) -> Amount {
        for kind in &mut self.cores {
            let take = count.min(*kind);
            *kind -= take;
            count -= take;
        }
        self
    }

    /// At most so many cores, those with fewest threads first (the careful guess again).
    pub fn at_most_cores(self, count: u32) -> Amount {
        let surplus = self.core_count().saturating_sub(count);
        self.without_cores(surplus)
    }
}

/// What a job needs to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Need {
    /// CPUs.
    pub cpus: u32,
    /// Threads of a core that count, `u32::MAX` for all.
    pub threads: u32,
    /// Memory, MiB: at most what its placement will have.
    pub memory: u64,
    /// GPUs.
    pub gpus: u32,
    /// Their kind, where one was named.
    pub gpu_kind: Option<u8>,
    /// All cores.
    pub whole: bool,
}

impl Need {
    /// Whether this amount is enough.
    pub fn fits(&self, amount: &Amount, topology: &Topology) -> bool {
        let gpus = match self.gpu_kind {
            Some(kind) => amount.gpus[kind as usize],
            None => amount.gpu_count(),
        };
        self.memory <= amount.memory && self.gpus <= gpus && self.cores_fit(amount, topology)
    }

    /// Whether its cores are enough.
    pub fn cores_fit(&self, amount: &Amount, topology: &Topology) -> bool {
        if self.whole {
            return amount.cores == topology.total.cores;
        }
        let capacity: u32 = (amount.cores.iter().zip(topology.kind_threads))
            .map(|(count, threads)| count * threads.min(self.threads))
            .sum();
        self.cpus <= capacity
    }

    /// The cores it would take of this amount: the counted twin of what placement does core by core.
    pub fn cores_of(&self, amount: &Amount, topology: &Topology) -> [u32; CORE_KINDS] {
        if self.whole {
            return topology.total.cores;
        }
        let (mut left, mut taken) = (self.cpus, [0; CORE_KINDS]);
        for (kind, count) in amount.cores.iter().enumerate() {
            let each = topology.kind_threads[kind].min(self.threads).max(1);
            taken[kind] = (*count).min(left / each);
            left -= taken[kind] * each;
        }
        for kind in (0..taken.len()).rev() {
            let each = topology.kind_threads[kind].min(self.threads).max(1);
            while left > 0 && taken[kind] < amount.cores[kind] {
                taken[kind] += 1;
                left = left.saturating_sub(each);
            }
        }
        taken
    }

    /// The cores it takes on an empty machine.
    pub fn core_count(&self, topology: &Topology) -> u32 {
        self.cores_of(&topology.total, topology).iter().sum()
    }

    /// The CPUs it is given on an empty machine: those of whole cores.
    pub fn cpus_given(&self, topology: &Topology) -> u32 {
        let cores = self.cores_of(&topology.total, topology);
        cores.iter().zip(topology.kind_threads).map(|(count, each)| count * each.min(self.threads)).sum()
    }

    /// All that it would take of this amount.
    pub fn amount_of(&self, amount: &Amount, topology: &Topology) -> Amount {
        let mut taken = Amount { cores: self.cores_of(amount, topology), memory: self.memory, ..Amount::default() };
        let mut left = self.gpus;
        for (kind, count) in amount.gpus.iter().enumerate() {
            if self.gpu_kind.is_none_or(|wanted| wanted as usize == kind) {
                let take = left.min(*count);
                taken.gpus[kind] = take;
                left -= take;
            }
        }
        taken
    }
}

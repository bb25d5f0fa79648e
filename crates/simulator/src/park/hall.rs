//! Machines as a plan sees them: how many cores and how much memory each has left, and which of them a job would get.
//! The order is that of the [`yard`](super::yard). Must not know when anything is, nor what machines draw.

use super::{Park, fit};

/// Some cores of a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Which: kind by kind, they are counted from 0.
    pub machine: u32,
    /// How many.
    pub cores: u32,
}

/// What somebody uses of a machine, or several do together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    pub cores: u64,
    pub kib: u128,
}

impl Used {
    /// Both together.
    pub fn plus(self, other: Used) -> Used {
        Used { cores: self.cores + other.cores, kib: self.kib + other.kib }
    }

    /// What is left when another leaves, who is in it.
    pub fn less(self, other: Used) -> Used {
        Used { cores: self.cores - other.cores, kib: self.kib - other.kib }
    }

    /// The greater of each.
    pub fn most(self, other: Used) -> Used {
        Used { cores: self.cores.max(other.cores), kib: self.kib.max(other.kib) }
    }
}

impl Place {
    /// What a job uses here that needs so much memory for each core.
    pub fn used(&self, each_kib: u64) -> Used {
        Used { cores: u64::from(self.cores), kib: u128::from(self.cores) * u128::from(each_kib) }
    }
}

#[derive(Clone, Copy, Debug)]
struct Machine {
    kind: u32,
    cores: u32,
    kib: u64,
    used: Used,
    /// It counts machines as they came to be used.
    since: u32,
    /// It is not on, or not yet.
    cold: bool,
}

impl Machine {
    /// How many cores a job can use beside others.
    fn fit(&self, others: Used, each_kib: u64) -> u32 {
        let cores = u64::from(self.cores).saturating_sub(others.cores) as u32;
        // Less than before, so it is 64 bits wide.
        let kib = u128::from(self.kib).saturating_sub(others.kib) as u64;
        fit(cores, kib, each_kib)
    }

    fn is_empty(&self) -> bool {
        self.used.cores == 0
    }
}

/// All machines of a park.
#[derive(Clone, Debug)]
pub struct Hall {
    machines: Vec<Machine>,
    uses: u32,
}

/// As many cores as are needed, of the first machines first.
fn gather(mut chosen: Vec<(impl Ord, Place)>, mut need: u32) -> Option<Vec<Place>> {
    chosen.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut places = Vec::new();
    for (_, place) in chosen {
        let cores = place.cores.min(need);
        need -= cores;
        places.push(Place { cores, ..place });
        if need == 0 {
            return Some(places);
        }
    }
    None
}

impl Hall {
    /// Nobody is there.
    pub fn new(park: &Park) -> Hall {
        let machine = |(at, kind): (u32, &super::Kind)| Machine {
            kind: at,
            cores: kind.cores,
            kib: kind.memory_kib(),
            used: Used::default(),
            since: 0,
            cold: false,
        };
        let kinds = (0..).zip(&park.kinds);
        Hall { machines: kinds.flat_map(|kind| vec![machine(kind); kind.1.count as usize]).collect(), uses: 0 }
    }

    /// How many machines there are.
    pub fn count(&self) -> usize {
        self.machines.len()
    }

    /// The kind of a machine, by its place in the park.
    pub fn kind(&self, machine: u32) -> u32 {
        self.machines[machine as usize].kind
    }

    /// Whether a machine has no job.
    pub fn is_empty(&self, machine: u32) -> bool {
        self.machines[machine as usize].is_empty()
    }

    /// So many of the empty machines of each kind are on.
    pub fn note_idle(&mut self, mut idle: Vec<u32>) {
        for machine in self.machines.iter_mut().filter(|machine| machine.is_empty()) {
            let left = &mut idle[machine.kind as usize];
            machine.cold = *left == 0;
            *left = left.saturating_sub(1);
        }
    }

    /// Where a job would be placed now, if there is room.
    pub fn find(&self, cores: u32, each_kib: u64) -> Option<Vec<Place>> {
        let place = |(number, machine): (u32, &Machine)| {
            let most = machine.fit(machine.used, each_kib);
            let free = u64::from(machine.cores).saturating_sub(machine.used.cores);
            let order = if machine.is_empty() { (0, 0) } else { (free, machine.since) };
            let rank = (machine.is_empty(), machine.cold, machine.kind, order, number);
            (most > 0).then_some((rank, Place { machine: number, cores: most }))
        };
        gather((0..).zip(&self.machines).filter_map(place).collect(), cores)
    }

    /// Where a job could be if machines were used so much: in use first, kind by kind, and those that have least for it.
    pub fn find_beside(&self, used: &[Used], cores: u32, each_kib: u64) -> Option<Vec<Place>> {
        let place = |((number, machine), used): ((u32, &Machine), &Used)| {
            let most = machine.fit(*used, each_kib);
            let rank = (used.cores == 0, machine.kind, most, number);
            (most > 0).then_some((rank, Place { machine: number, cores: most }))
        };
        gather((0..).zip(&self.machines).zip(used).filter_map(place).collect(), cores)
    }

    /// Whether there is room at these places.
    pub fn has(&self, places: &[Place], each_kib: u64) -> bool {
        let fits = |place: &Place| {
            let machine = &self.machines[place.machine as usize];
            machine.fit(machine.used, each_kib) >= place.cores
        };
        places.iter().all(fits)
    }

    /// A job is placed.
    pub fn take(&mut self, places: &[Place], each_kib: u64) {
        for place in places {
            let machine = &mut self.machines[place.machine as usize];
            if machine.is_empty() {
                (machine.since, machine.cold) = (self.uses, false);
                self.uses += 1;
            }
            machine.used = machine.used.plus(place.used(each_kib));
        }
    }

    /// A job leaves.
    pub fn give_back(&mut self, places: &[Place], each_kib: u64) {
        for place in places {
            let machine = &mut self.machines[place.machine as usize];
            machine.used = machine.used.less(place.used(each_kib));
        }
    }
}

//! How much runs at once by partition, QOS and user: what limits are about. Must not know the limits.

use std::collections::BTreeMap;

use model::Uid;

use crate::names::Name;

/// Counters of what has a place on the machine.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Uses {
    partitions: BTreeMap<Name, u32>,
    qos: BTreeMap<Name, u32>,
    users: BTreeMap<(Name, Uid), (u32, u32)>,
}

/// What one run adds to the counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Its partition.
    pub partition: Name,
    /// Its QOS.
    pub qos: Name,
    /// Its user.
    pub uid: Uid,
    /// Its cores.
    pub cores: u32,
    /// Its CPUs.
    pub cpus: u32,
}

impl Uses {
    /// Cores that jobs have.
    pub fn cores(&self) -> u32 {
        self.partitions.values().sum()
    }

    /// A run begins.
    pub fn add(&mut self, share: &Share) {
        *self.partitions.entry(share.partition).or_default() += share.cores;
        *self.qos.entry(share.qos).or_default() += share.cpus;
        let user = self.users.entry((share.qos, share.uid)).or_default();
        *user = (user.0 + 1, user.1 + share.cpus);
    }

    /// A run is over.
    pub fn remove(&mut self, share: &Share) {
        if let Some(cores) = self.partitions.get_mut(&share.partition) {
            *cores = cores.saturating_sub(share.cores);
        }
        if let Some(cpus) = self.qos.get_mut(&share.qos) {
            *cpus = cpus.saturating_sub(share.cpus);
        }
        let key = (share.qos, share.uid);
        if let Some(user) = self.users.get_mut(&key) {
            *user = (user.0.saturating_sub(1), user.1.saturating_sub(share.cpus));
            if *user == (0, 0) {
                self.users.remove(&key);
            }
        }
    }

    /// Cores that a partition's jobs have.
    pub fn cores_of_partition(&self, partition: Name) -> u32 {
        self.partitions.get(&partition).copied().unwrap_or(0)
    }

    /// CPUs that a QOS's jobs have.
    pub fn cpus_of_qos(&self, qos: Name) -> u32 {
        self.qos.get(&qos).copied().unwrap_or(0)
    }

    /// Jobs and CPUs that a user has in a QOS.
    pub fn of_user(&self, qos: Name, uid: Uid) -> (u32, u32) {
        self.users.get(&(qos, uid)).copied().unwrap_or((0, 0))
    }

    /// Whether both count the same; a counter at zero is as good as none.
    pub fn agrees_with(&self, other: &Uses) -> bool {
        fn counted<K: Ord + Copy>(map: &BTreeMap<K, u32>) -> Vec<(K, u32)> {
            map.iter().map(|(key, count)| (*key, *count)).filter(|(_, count)| *count > 0).collect()
        }
        counted(&self.partitions) == counted(&other.partitions)
            && counted(&self.qos) == counted(&other.qos)
            && self.users == other.users
    }
}

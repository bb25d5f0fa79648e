//! What a machine said it is. Must not know how it was asked, nor what it is for.

use serde::{Deserialize, Serialize};

/// One machine as it was found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What it calls itself, without its domain.
    pub hostname: String,
    /// Its operating system: `debian 12`.
    pub os: String,
    /// The version of Slurm that is installed, or could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm: Option<String>,
    /// Sockets that have a core.
    pub sockets: u32,
    /// Cores of each socket.
    pub cores_per_socket: u32,
    /// Hardware threads of each core.
    pub threads_per_core: u32,
    /// Memory that the kernel has, MiB.
    pub memory_mib: u64,
    /// Which control groups.
    pub cgroup: Cgroup,
    /// Where homes come from: kind and source of the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Address of the controller that switches it on and off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bmc: Option<String>,
    /// Numbers of the accounts and groups of its system: a new one is to be none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<u32>,
    /// The user `munge`, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub munge: Option<Identity>,
    /// The user `slurm`, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm_user: Option<Identity>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu: Vec<Gpu>,
    /// Disks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disk: Vec<Disk>,
    /// Network cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub card: Vec<Card>,
}

/// Which control groups a kernel was started with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cgroup {
    /// Those of old, or both.
    V1,
    /// The unified tree.
    #[default]
    V2,
}

/// Numbers of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Of the user.
    pub uid: u32,
    /// Of its group.
    pub gid: u32,
}

/// A GPU.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// What it calls itself, in letters that Slurm takes: `tesla_k80`.
    pub kind: String,
    /// Its file; without a driver it has none, and cannot be given to jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A disk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// `sda`.
    pub name: String,
    /// GiB, rounded down.
    pub gib: u64,
    /// Whether it turns.
    pub rotates: bool,
}

/// A network card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// `eno1`.
    pub name: String,
    /// Its number, by which it is woken.
    pub mac: String,
    /// Megabits a second, where a cable says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbit: Option<u32>,
}

impl Measured {
    /// Hardware threads.
    pub fn cpus(&self) -> u32 {
        self.sockets * self.cores_per_socket * self.threads_per_core
    }

    /// Memory that jobs may have, MiB: without what the system and its services need, in steps of 256, so that a machine
    /// that finds itself some megabytes smaller after an update is not taken for broken.
    pub fn memory_for_jobs(&self, serves: bool) -> u64 {
        let services = if serves { 1024 } else { 0 };
        let system = (self.memory_mib / 32).clamp(512, 8192) + services;
        (self.memory_mib - system.min(self.memory_mib / 4)) / 256 * 256
    }
}

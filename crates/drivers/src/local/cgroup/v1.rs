//! Version 1: one tree for each controller. A supervisor sits in most of its slot's groups itself, so that its jobs are
//! born there: moving a process from group to group costs up to a quarter of a millisecond for each tree.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;

use model::CpuSet;

use super::{Has, LEFT_OVER, again, field, get, limit_tasks, make, mounts, put, remove_soon};

/// Stands for no limit.
const UNLIMITED: u64 = i64::MAX as u64;

/// Counts CPU time.
const ACCOUNT: &str = "cpuacct.usage";

/// Our group in each tree that there is.
#[derive(Clone, Debug)]
pub(crate) struct Trees {
    memory: Option<PathBuf>,
    cpuset: Option<PathBuf>,
    cpuacct: Option<PathBuf>,
    pids: Option<PathBuf>,
    /// CPUs and memory nodes of our cpuset.
    cpus: String,
    mems: String,
}

impl Trees {
    /// Makes our group at the top of each tree (only root can); `None` if there is no tree for it.
    pub(super) fn find(mountinfo: &str, name: &str, root: bool, notes: &mut Vec<String>) -> Option<Self> {
        let mut trees =
            Self { memory: None, cpuset: None, cpuacct: None, pids: None, cpus: String::new(), mems: String::new() };
        let all: Vec<_> = mounts(mountinfo).filter(|mount| mount.kind == "cgroup").collect();
        if all.is_empty() {
            return None;
        }
        if !root {
            notes.push("cgroup v1 can be used by root only".to_owned());
            return None;
        }
        for (controller, place) in [
            ("memory", &mut trees.memory),
            ("cpuset", &mut trees.cpuset),
            ("cpuacct", &mut trees.cpuacct),
            ("pids", &mut trees.pids),
        ] {
            let mount = all.iter().find(|mount| mount.options.split(',').any(|option| option == controller));
            let made = mount.ok_or_else(|| "not mounted".to_owned()).and_then(|mount| {
                let base = mount.point.join(name);
                make(&base).map(|()| base).map_err(|error| error.to_string())
            });
            match made {
                Ok(base) => *place = Some(base),
                Err(error) => notes.push(format!("cgroup v1 {controller}: {error}")),
            }
        }
        if let Err(error) = trees.settle_cpuset() {
            notes.push(format!("cgroup v1 cpuset: {error}"));
            trees.cpuset = None;
        }
        if trees.bases().is_empty() {
            return None;
        }
        notes.push(format!(
            "cgroup v1: {}",
            trees.bases().iter().map(|base| base.display().to_string()).collect::<Vec<_>>().join(", ")
        ));
        Some(trees)
    }

    /// A new cpuset is empty, and nobody can enter it: it gets what its parent has.
    fn settle_cpuset(&mut self) -> io::Result<()> {
        let Some(base) = &self.cpuset else { return Ok(()) };
        let parent = base.parent().ok_or(io::ErrorKind::NotFound)?;
        self.cpus = get(parent, "cpuset.cpus")?;
        self.mems = get(parent, "cpuset.mems")?;
        put(base, "cpuset.cpus", &self.cpus)?;
        put(base, "cpuset.mems", &self.mems)
    }

    pub(super) fn has(&self) -> Has {
        Has { cpuset: self.cpuset.is_some(), memory: self.memory.is_some(), cpu_time: self.cpuacct.is_some() }
    }

    pub(super) fn limits_swap(&self) -> bool {
        self.memory.as_ref().is_some_and(|base| base.join("memory.memsw.limit_in_bytes").exists())
    }

    /// Our groups, each once.
    pub(super) fn bases(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> =
            [&self.pids, &self.memory, &self.cpuset, &self.cpuacct].into_iter().flatten().cloned().collect();
        all.dedup();
        all
    }

    pub(super) fn slot_directories(&self, slot: u32) -> Vec<PathBuf> {
        self.bases().into_iter().map(|base| base.join(format!("slot-{slot}"))).collect()
    }

    /// The file that counts a slot's CPU time.
    pub(super) fn account(&self, slot: u32) -> Option<PathBuf> {
        Some(self.cpuacct.as_ref()?.join(format!("slot-{slot}")).join(ACCOUNT))
    }

    pub(super) fn box_of(&self, slot: u32) -> PathBuf {
        self.slot_directories(slot).into_iter().next().unwrap_or_default()
    }
}

/// The groups of one slot. We are in all of them but the memory's: who takes part there can be killed for want of
/// memory, so that is where the job goes alone.
#[derive(Debug)]
pub(crate) struct Cage {
    trees: Trees,
    cpuset: Option<PathBuf>,
    cpuacct: Option<File>,
    memory: Option<Memory>,
    /// As last written.
    cpus: String,
}

#[derive(Debug)]
struct Memory {
    directory: PathBuf,
    /// Where a child goes in by itself. `tasks`, not `cgroup.procs`: a thread that moves itself is the one case in which
    /// the kernel takes no lock over all processes of the machine; for the others it waits until every processor has
    /// been through its scheduler, 13 ms on an idle machine.
    tasks: File,
    usage: File,
    oom: File,
    swap: bool,
    /// As last written.
    limit: Option<u64>,
    kills: u64,
}

impl Cage {
    pub(super) fn open(trees: &Trees, slot: u32) -> io::Result<Self> {
        let name = format!("slot-{slot}");
        let join = |base: &Option<PathBuf>| base.as_ref().map(|base| base.join(&name));
        for directory in trees.slot_directories(slot) {
            make(&directory)?;
            limit_tasks(&directory);
        }
        let (cpuset, memory, cpuacct) = (join(&trees.cpuset), join(&trees.memory), join(&trees.cpuacct));
        if let Some(directory) = &cpuset {
            put(directory, "cpuset.mems", &trees.mems)?;
            put(directory, "cpuset.cpus", &trees.cpus)?;
        }
        for directory in trees.slot_directories(slot).iter().filter(|directory| Some(*directory) != memory.as_ref()) {
            put(directory, "cgroup.procs", "0")?;
        }
        Ok(Self {
            trees: trees.clone(),
            cpuset,
            cpuacct: cpuacct.map(|directory| File::open(directory.join(ACCOUNT))).transpose()?,
            memory: memory.map(Memory::open).transpose()?,
            cpus: trees.cpus.clone(),
        })
    }

    pub(super) fn has(&self) -> Has {
        self.trees.has()
    }

    pub(super) fn door(&self) -> Option<BorrowedFd<'_>> {
        self.memory.as_ref().map(|memory| memory.tasks.as_fd())
    }

    pub(super) fn set(&mut self, cpus: &CpuSet, memory_mib: Option<u64>) -> io::Result<()> {
        if let Some(directory) = &self.cpuset {
            let wanted = if cpus.is_empty() { self.trees.cpus.clone() } else { cpus.to_string() };
            if self.cpus != wanted {
                put(directory, "cpuset.cpus", &wanted)?;
                self.cpus = wanted;
            }
        }
        if let Some(memory) = &mut self.memory {
            let wanted = memory_mib.map_or(UNLIMITED, |mib| mib.saturating_mul(1 << 20).min(UNLIMITED));
            if memory.limit(wanted).is_err() {
                // Too much of an earlier run is still charged, and cannot be dropped.
                memory.renew()?;
                memory.limit(wanted)?;
            }
        }
        Ok(())
    }

    pub(super) fn cpu_time(&self) -> Option<Duration> {
        cpu_time(self.cpuacct.as_ref()?)
    }

    pub(super) fn new_kills(&mut self) -> u64 {
        let Some(memory) = &mut self.memory else { return 0 };
        let now = again(&memory.oom).and_then(|text| field(&text, "oom_kill")).unwrap_or(memory.kills);
        now.saturating_sub(std::mem::replace(&mut memory.kills, now))
    }

    pub(super) fn resident_kib(&self) -> Option<u64> {
        let text = get(&self.memory.as_ref()?.directory, "memory.stat").ok()?;
        Some((field(&text, "total_rss")? + field(&text, "total_mapped_file")?) / 1024)
    }

    pub(super) fn renew_if_dirty(&mut self) -> io::Result<()> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        let left: u64 = again(&memory.usage).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if left > LEFT_OVER { memory.renew() } else { Ok(()) }
    }
}

/// What such a file says.
pub(super) fn cpu_time(account: &File) -> Option<Duration> {
    again(account)?.trim().parse().ok().map(Duration::from_nanos)
}

impl Memory {
    fn open(directory: PathBuf) -> io::Result<Self> {
        let tasks = File::options().write(true).open(directory.join("tasks"))?;
        let usage = File::open(directory.join("memory.usage_in_bytes"))?;
        let oom = File::open(directory.join("memory.oom_control"))?;
        let swap = directory.join("memory.memsw.limit_in_bytes").exists();
        let kills = again(&oom).and_then(|text| field(&text, "oom_kill")).unwrap_or(0);
        let mut memory = Self { directory, tasks, usage, oom, swap, limit: None, kills };
        // What limits an earlier supervisor left.
        memory.limit(UNLIMITED)?;
        Ok(memory)
    }

    /// A fresh group: what stays charged goes with the old one.
    fn renew(&mut self) -> io::Result<()> {
        remove_soon(&self.directory)?;
        make(&self.directory)?;
        *self = Self::open(std::mem::take(&mut self.directory))?;
        Ok(())
    }

    /// Memory and memory with swap have the same limit: no swap for jobs. The first must never be the greater one.
    fn limit(&mut self, bytes: u64) -> io::Result<()> {
        if self.limit == Some(bytes) {
            return Ok(());
        }
        let mut files = ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"];
        if self.limit.is_some_and(|old| old > bytes) {
            files.reverse();
        }
        // Half written is not known.
        self.limit = None;
        for file in files.into_iter().filter(|file| self.swap || !file.contains("memsw")) {
            put(&self.directory, file, &if bytes == UNLIMITED { "-1".to_owned() } else { bytes.to_string() })?;
        }
        self.limit = Some(bytes);
        Ok(())
    }
}

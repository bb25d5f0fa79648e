//! What the kernel says of the machine's processors: sockets, cores, hardware threads, NUMA nodes
//! (Documentation/admin-guide/cputopology.rst and ABI/stable/sysfs-devices-node of the kernel).
//!
//! Reads below a path that is an argument, so that machines which are not here can be read, too. Must not know what the
//! cores are used for.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use model::{Core, CpuSet, Gpu, Machine};
use nix::sched::sched_getaffinity;
use nix::unistd::Pid;

/// Why a machine could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TopologyReadError {
    /// A file that must be there.
    #[error("reading {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A list of numbers that is none.
    #[error("{}: `{text}` is no list of CPU numbers", path.display())]
    List {
        /// In which file.
        path: PathBuf,
        /// What stands there.
        text: String,
    },
    /// None of the processors that are switched on may be used.
    #[error("no processor may be used: {online} are switched on, {allowed} are allowed")]
    Nothing {
        /// Switched on.
        online: CpuSet,
        /// Allowed to us.
        allowed: CpuSet,
    },
}

/// The CPUs that this process may use: what a cpuset or an affinity leaves of the machine.
pub fn allowed() -> CpuSet {
    let Ok(mask) = sched_getaffinity(Pid::from_raw(0)) else { return CpuSet::default() };
    (0..nix::sched::CpuSet::count()).filter(|cpu| mask.is_set(*cpu).unwrap_or(false)).map(|cpu| cpu as u32).collect()
}

/// The whole machine, of what is below `sys` (`/sys`) and what else is known of it.
///
/// # Errors
/// As [`cores`].
pub fn machine(
    sys: &Path,
    allowed: &CpuSet,
    name: &str,
    memory_mib: u64,
    gpus: Vec<Gpu>,
) -> Result<Machine, TopologyReadError> {
    Ok(Machine { name: name.to_owned(), cores: cores(sys, allowed)?, memory_mib, gpus, simulated: false })
}

/// The cores whose threads are switched on and allowed, in the order socket, NUMA node, number. Sockets are counted
/// from 0 in the order of the kernel's package numbers.
///
/// # Errors
/// [`TopologyReadError`] when the list of CPUs cannot be read, or nothing is left of it. What else is missing (a
/// virtual machine without topology, a kernel without NUMA) is taken as one socket, one node, one thread a core.
pub fn cores(sys: &Path, allowed: &CpuSet) -> Result<Vec<Core>, TopologyReadError> {
    let online = list(&sys.join("devices/system/cpu/online"))?;
    let nodes = numa_nodes(sys)?;
    let mut found: BTreeMap<(i64, u32, u32), Vec<u32>> = BTreeMap::new();
    for cpu in online.iter().filter(|cpu| allowed.contains(*cpu)) {
        let topology = sys.join(format!("devices/system/cpu/cpu{cpu}/topology"));
        let package = number(&topology.join("physical_package_id")).unwrap_or(0).max(0);
        let node = nodes.iter().find(|(_, cpus)| cpus.contains(cpu)).map_or(0, |(node, _)| *node);
        found.entry((package, node, first_sibling(&topology, cpu))).or_default().push(cpu);
    }
    if found.is_empty() {
        return Err(TopologyReadError::Nothing { online, allowed: allowed.clone() });
    }
    let mut packages: Vec<i64> = found.keys().map(|(package, _, _)| *package).collect();
    packages.dedup();
    let socket = |package| packages.iter().position(|other| *other == package).unwrap_or(0) as u32;
    Ok(found.into_iter().map(|((package, numa, _), threads)| Core { threads, socket: socket(package), numa }).collect())
}

/// The least number among the threads of a CPU's core, switched on or not allowed as they may be: names the core.
fn first_sibling(topology: &Path, cpu: u32) -> u32 {
    // The newer name first (Linux 5.3).
    let siblings = ["core_cpus_list", "thread_siblings_list"].iter().find_map(|file| list(&topology.join(file)).ok());
    siblings.and_then(|siblings| siblings.iter().next()).unwrap_or(cpu)
}

/// NUMA nodes that have CPUs; none where the kernel knows no nodes.
fn numa_nodes(sys: &Path) -> Result<Vec<(u32, CpuSet)>, TopologyReadError> {
    let directory = sys.join("devices/system/node");
    let Ok(online) = list(&directory.join("online")) else { return Ok(Vec::new()) };
    online.iter().map(|node| Ok((node, list(&directory.join(format!("node{node}/cpulist")))?))).collect()
}

fn number(path: &Path) -> Option<i64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn list(path: &Path) -> Result<CpuSet, TopologyReadError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| TopologyReadError::Io { path: path.to_owned(), source })?;
    let text = text.trim();
    parse_list(text).ok_or_else(|| TopologyReadError::List { path: path.to_owned(), text: text.to_owned() })
}

/// `0-3,8`, as the kernel writes sets of CPUs (cpuset(7), "List format"); `None`: it is no such list.
pub fn parse_list(text: &str) -> Option<CpuSet> {
    /// More CPUs than any kernel is built for.
    const MOST: u32 = 65_536;
    let mut set = CpuSet::default();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || last >= MOST {
            return None;
        }
        (first..=last).for_each(|cpu| {
            set.insert(cpu);
        });
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists() {
        for (text, cpus) in [
            ("", Some(vec![])),
            ("0", Some(vec![0])),
            ("0-2,5", Some(vec![0, 1, 2, 5])),
            ("3-1", None),
            ("x", None),
            ("0-99999999", None),
        ] {
            assert_eq!(parse_list(text).map(|set| set.iter().collect::<Vec<_>>()), cpus, "{text}");
        }
    }

    #[test]
    fn this_machine_can_be_read() {
        let allowed = allowed();
        let cores = cores(Path::new("/sys"), &allowed).unwrap();
        assert_eq!(cores.iter().map(|core| core.threads.len()).sum::<usize>(), allowed.len());
    }
}

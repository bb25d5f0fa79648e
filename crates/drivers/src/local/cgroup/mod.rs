//! Control groups: limits that the kernel keeps, and boxes that no process leaves. Version 2 or 1, whichever can be
//! used here (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel).
//!
//! Each slot has its groups, `algoric-CENTRE/slot-N`, used again from run to run: making one and moving a process into
//! it costs as much as a short script, while another limit is one write. Must not know what a run is.

mod v1;
mod v2;

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::CpuSet;
use nix::unistd::Pid;

use super::launcher::Cgroups;
use super::protocol::{CgroupVersion, Guarantees};
use super::tree::{self, Process};

/// What the last run left charged to a group (files in memory, mostly) may be so much; when it is more, the next run
/// gets a fresh group.
const LEFT_OVER: u64 = 8 << 20;

/// Where groups are made, for all slots.
#[derive(Clone, Debug)]
pub(crate) enum Kit {
    None,
    V1(v1::Trees),
    V2(v2::Tree),
}

impl Kit {
    /// Finds out what can be used, prepares it, and says in words what it found.
    pub(crate) fn find(wanted: &Cgroups, centre_id: &str, root: bool) -> (Kit, Vec<String>) {
        let mut notes = Vec::new();
        if *wanted == Cgroups::Off {
            notes.push("cgroups are switched off".to_owned());
            return (Kit::None, notes);
        }
        let name = format!("algoric-{centre_id}");
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        if let Some(tree) = v2::Tree::find(wanted, &mounts, &own, &name, root, &mut notes) {
            return (Kit::V2(tree), notes);
        }
        if let Some(trees) = v1::Trees::find(&mounts, &name, root, &mut notes) {
            return (Kit::V1(trees), notes);
        }
        (Kit::None, notes)
    }

    /// How limits are kept with this.
    pub(crate) fn guarantees(&self, root: bool, notes: Vec<String>) -> Guarantees {
        let (cgroup, has) = match self {
            Kit::None => (CgroupVersion::None, Has::default()),
            Kit::V1(trees) => (CgroupVersion::V1, trees.has()),
            Kit::V2(tree) => (CgroupVersion::V2, tree.has()),
        };
        Guarantees {
            cgroup,
            cpuset: has.cpuset,
            memory: has.memory,
            containment: !matches!(self, Kit::None),
            cpu_time: has.cpu_time,
            freezer: matches!(self, Kit::V2(_)),
            every_user: root,
            notes,
        }
    }

    /// Whether a job over its memory is kept from swap.
    pub(crate) fn limits_swap(&self) -> bool {
        match self {
            Kit::None => false,
            Kit::V1(trees) => trees.limits_swap(),
            Kit::V2(tree) => tree.limits_swap(),
        }
    }

    /// Opens a slot's groups, making them where they are missing.
    pub(crate) fn open(&self, slot: u32) -> io::Result<Option<Cage>> {
        Ok(match self {
            Kit::None => None,
            Kit::V1(trees) => Some(Cage::V1(v1::Cage::open(trees, slot)?)),
            Kit::V2(tree) => Some(Cage::V2(v2::Cage::open(tree, slot)?)),
        })
    }

    /// The group in which every process of a slot's job is, for whoever has to find them later; empty: none.
    pub(crate) fn box_of(&self, slot: u32) -> PathBuf {
        match self {
            Kit::None => PathBuf::new(),
            Kit::V1(trees) => trees.box_of(slot),
            Kit::V2(tree) => tree.slot(slot),
        }
    }

    /// What the account of a slot's group says now: CPU time of all who were ever in it.
    pub(crate) fn cpu_time(&self, slot: u32) -> Option<Duration> {
        match self {
            Kit::None => None,
            Kit::V1(trees) => v1::cpu_time(&File::open(trees.account(slot)?).ok()?),
            Kit::V2(tree) => v2::cpu_time(&File::open(tree.account(slot)).ok()?),
        }
    }

    /// Removes a slot's groups, if nobody is in them.
    pub(crate) fn remove(&self, slot: u32) {
        let directories = match self {
            Kit::None => Vec::new(),
            Kit::V1(trees) => trees.slot_directories(slot),
            Kit::V2(tree) => vec![tree.slot(slot)],
        };
        directories.iter().for_each(|directory| std::fs::remove_dir(directory).unwrap_or_default());
    }

    /// Removes what holds the slots' groups, if none is left.
    pub(crate) fn remove_all(&self) {
        let directories = match self {
            Kit::None => Vec::new(),
            Kit::V1(trees) => trees.bases(),
            Kit::V2(tree) => vec![tree.base()],
        };
        directories.iter().for_each(|directory| std::fs::remove_dir(directory).unwrap_or_default());
    }
}

/// Which controllers can be used.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Has {
    pub(crate) cpuset: bool,
    pub(crate) memory: bool,
    pub(crate) cpu_time: bool,
}

/// The groups of one slot.
#[derive(Debug)]
pub(crate) enum Cage {
    V1(v1::Cage),
    V2(v2::Cage),
}

impl Cage {
    /// Which limits it keeps.
    pub(crate) fn has(&self) -> Has {
        match self {
            Cage::V1(cage) => cage.has(),
            Cage::V2(cage) => cage.has(),
        }
    }

    /// Sets the limits for the next run; no CPU: all, no memory: unlimited.
    pub(crate) fn set(&mut self, cpus: &CpuSet, memory_mib: Option<u64>) -> io::Result<()> {
        match self {
            Cage::V1(cage) => cage.set(cpus, memory_mib),
            Cage::V2(cage) => cage.set(cpus, memory_mib),
        }
    }

    /// Where a child is to be born; `None`: it is born where its parent is, and that is right.
    pub(crate) fn birthplace(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Cage::V1(_) => None,
            Cage::V2(cage) => Some(cage.directory()),
        }
    }

    /// Where a child has to go by itself, writing `0`, beside where it is born.
    pub(crate) fn door(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Cage::V1(cage) => cage.door(),
            Cage::V2(_) => None,
        }
    }

    /// Whether our own process is bound and counted with the job.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Cage::V1(_))
    }

    /// CPU time of all who were ever in the group.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        match self {
            Cage::V1(cage) => cage.cpu_time(),
            Cage::V2(cage) => cage.cpu_time(),
        }
    }

    /// How often the kernel has killed somebody in the group for want of memory, since it was last asked.
    pub(crate) fn new_kills(&mut self) -> u64 {
        match self {
            Cage::V1(cage) => cage.new_kills(),
            Cage::V2(cage) => cage.new_kills(),
        }
    }

    /// Resident memory of the group's processes, KiB: what is theirs alone and files they have
    /// mapped; not what the system keeps in memory for later.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        match self {
            Cage::V1(cage) => cage.resident_kib(),
            Cage::V2(cage) => cage.resident_kib(),
        }
    }

    /// Kills everybody in the group at once; `false` where that has to be done one by one.
    pub(crate) fn kill(&self) -> bool {
        match self {
            Cage::V1(_) => false,
            Cage::V2(cage) => cage.kill(),
        }
    }

    /// Stops (or lets go on) everybody in the group; `false` where that has to be done one by one.
    pub(crate) fn freeze(&self, still: bool) -> bool {
        match self {
            Cage::V1(_) => false,
            Cage::V2(cage) => cage.freeze(still),
        }
    }

    /// Between runs: whether so much is left charged that the next run should have a fresh group.
    pub(crate) fn renew_if_dirty(&mut self) -> io::Result<()> {
        match self {
            Cage::V1(cage) => cage.renew_if_dirty(),
            Cage::V2(cage) => cage.renew_if_dirty(),
        }
    }
}

/// No job has more processes and threads than this: a job that forks without end must not take the machine's last
/// number, and no honest one comes near.
const MOST_TASKS: u64 = 32768;

/// How many tasks a job may have here: at most a quarter of the numbers that there are.
fn most_tasks() -> u64 {
    let there_are = std::fs::read_to_string("/proc/sys/kernel/pid_max").ok().and_then(|text| text.trim().parse().ok());
    there_are.map_or(MOST_TASKS, |there_are: u64| MOST_TASKS.min(there_are / 4))
}

/// Limits a group's tasks, where there is a controller for it; a group without one is used all the same.
fn limit_tasks(directory: &Path) {
    if directory.join("pids.max").exists() {
        put(directory, "pids.max", &most_tasks().to_string()).unwrap_or_default();
    }
}

/// Kills everybody in a group whose supervisor is dead; says how many there were.
pub(crate) fn empty_box(group: &Path) -> usize {
    let Ok(text) = std::fs::read_to_string(group.join("cgroup.procs")) else { return 0 };
    let pids: Vec<Pid> = text.lines().filter_map(|line| line.parse().ok().map(Pid::from_raw)).collect();
    if !pids.is_empty() && std::fs::write(group.join("cgroup.kill"), "1").is_err() {
        for pid in &pids {
            if let Some(stat) = tree::stat(*pid) {
                tree::signal(Process { pid: *pid, born: stat.born }, libc::SIGKILL).unwrap_or_default();
            }
        }
    }
    pids.len()
}

/// Writes a value to a group's file; the error says which.
fn put(directory: &Path, file: &str, value: &str) -> io::Result<()> {
    let path = directory.join(file);
    std::fs::write(&path, value)
        .map_err(|error| io::Error::new(error.kind(), format!("writing {value} to {}: {error}", path.display())))
}

/// Reads a group's file.
fn get(directory: &Path, file: &str) -> io::Result<String> {
    let path = directory.join(file);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("reading {}: {error}", path.display())))?;
    Ok(text.trim_end().to_owned())
}

/// Makes a group if it is not there.
fn make(directory: &Path) -> io::Result<()> {
    match std::fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(error.kind(), format!("making {}: {error}", directory.display())))
        }
        _ => Ok(()),
    }
}

/// Removes a group that has just been left: its last processes may still be on their way out of the kernel.
fn remove_soon(directory: &Path) -> io::Result<()> {
    let mut last = std::fs::remove_dir(directory);
    for _ in 0..50 {
        match &last {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
            _ => break,
        }
        std::thread::sleep(Duration::from_millis(2));
        last = std::fs::remove_dir(directory);
    }
    last
}

/// Reads a file that is kept open, from its beginning.
fn again(file: &File) -> Option<String> {
    let mut buffer = [0; 4096];
    let length = file.read_at(&mut buffer, 0).ok()?;
    Some(String::from_utf8_lossy(buffer.get(..length)?).into_owned())
}

/// The number behind a name, in a file of `name number` lines.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// One line of `/proc/self/mountinfo` (proc(5)), as far as it is needed.
#[derive(Debug, PartialEq, Eq)]
struct Mount<'a> {
    root: &'a str,
    point: PathBuf,
    kind: &'a str,
    options: &'a str,
}

fn mounts(text: &str) -> impl Iterator<Item = Mount<'_>> {
    text.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, point) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        // Blanks in a mount point are written as octal.
        let point = PathBuf::from(point.replace("\\040", " "));
        Some(Mount { root, point, kind: right.next()?, options: right.nth(1)? })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn mount_lines() {
        let text = "34 24 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup rw,memory\n\
                    35 24 0:30 /a /sys/fs/my\\040group rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let all: Vec<_> = mounts(text).collect();
        assert_eq!(
            (all[0].kind, all[0].options, all[0].point.as_path()),
            ("cgroup", "rw,memory", Path::new("/sys/fs/cgroup/memory"))
        );
        assert_eq!(
            (all[1].root, all[1].kind, all[1].point.as_path()),
            ("/a", "cgroup2", Path::new("/sys/fs/my group"))
        );
    }

    #[test]
    fn fields() {
        assert_eq!(field("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", "oom_kill"), Some(7));
        assert_eq!(field("oom_kill_disable 0\n", "oom_kill"), None);
    }
}

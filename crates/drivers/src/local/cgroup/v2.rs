//! Version 2: one tree. Jobs are born in their slot's group (clone3(2)), supervisors stay outside.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::CpuSet;

use super::super::launcher::Cgroups;
use super::{Has, LEFT_OVER, Mount, again, field, get, limit_tasks, make, mounts, put, remove_soon};

/// Where those go who were in the group that jobs' groups are made in.
const BESIDE: &str = "algoric-own";
/// Controllers that are wanted, and used where they are.
const WANTED: [&str; 5] = ["cpuset", "cpu", "memory", "pids", "io"];

/// Counts CPU time.
const ACCOUNT: &str = "cpu.stat";

/// Our part of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    base: PathBuf,
    has: Has,
    /// CPUs that our part has.
    cpus: String,
}

impl Tree {
    /// Looks for a place: where it was told, in our own group if that was delegated to us, else (as root) at the top.
    pub(super) fn find(
        wanted: &Cgroups,
        mountinfo: &str,
        own: &str,
        name: &str,
        root: bool,
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let mount = mounts(mountinfo).find(|mount| mount.kind == "cgroup2")?;
        let mut parents = Vec::new();
        if let Cgroups::Below(path) = wanted {
            parents.push(path.clone());
        }
        parents.extend(own_group(&mount, own).filter(|own| *own != mount.point && is_delegated(own)));
        if root {
            parents.push(mount.point.clone());
        }
        for parent in parents {
            match Self::settle(&parent, &mount.point, name) {
                Ok(tree) => {
                    notes.push(format!("cgroup v2: {}", tree.base.display()));
                    return Some(tree);
                }
                Err(error) => notes.push(format!("cgroup v2 in {}: {error}", parent.display())),
            }
        }
        if notes.is_empty() {
            notes.push("no part of the cgroup v2 tree was delegated to this user".to_owned());
        }
        None
    }

    /// Makes our group and hands controllers down to it; fails if a slot's group would not keep memory or cores.
    fn settle(parent: &Path, top: &Path, name: &str) -> io::Result<Self> {
        let available = get(parent, "cgroup.controllers")?;
        if !available.split(' ').any(|controller| controller == "memory" || controller == "cpuset") {
            return Err(io::Error::other(format!("neither memory nor cpuset is among its controllers ({available})")));
        }
        let base = parent.join(name);
        make(&base)?;
        if parent != top {
            // Processes and controllers do not live in one group: who is here moves into one beside the jobs'. Before
            // anything is handed down: some controllers could be, and the group would be one of threads for ever.
            move_out(parent)?;
        }
        hand_down(parent)?;
        hand_down(&base)?;
        let probe = base.join("probe");
        make(&probe)?;
        let handed = get(&probe, "cgroup.controllers");
        std::fs::remove_dir(&probe)?;
        let handed = handed?;
        let has = |wanted: &str| handed.split(' ').any(|controller| controller == wanted);
        let has = Has { cpuset: has("cpuset"), memory: has("memory"), cpu_time: true };
        let cpus = get(&base, "cpuset.cpus.effective").unwrap_or_default();
        Ok(Self { base, has, cpus })
    }

    pub(super) fn has(&self) -> Has {
        self.has
    }

    pub(super) fn limits_swap(&self) -> bool {
        self.base.join("memory.swap.max").exists()
    }

    pub(super) fn base(&self) -> PathBuf {
        self.base.clone()
    }

    pub(super) fn slot(&self, slot: u32) -> PathBuf {
        self.base.join(format!("slot-{slot}"))
    }

    /// The file that counts a slot's CPU time.
    pub(super) fn account(&self, slot: u32) -> PathBuf {
        self.slot(slot).join(ACCOUNT)
    }
}

/// Our own group, as a path here.
fn own_group(mount: &Mount<'_>, own: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below = path.strip_prefix(mount.root.trim_end_matches('/')).unwrap_or(path);
    // Where an earlier launcher put us, or who started us.
    let below = below.strip_suffix(BESIDE).and_then(|above| above.strip_suffix('/')).unwrap_or(below);
    Some(mount.point.join(below.trim_start_matches('/')))
}

/// Whether a manager has said that this group is its processes' own affair: the mark that systemd sets, or else that
/// an ordinary user may write there.
fn is_delegated(group: &Path) -> bool {
    let Ok(path) = super::super::places::c_path(group) else { return false };
    let marked = |name: &std::ffi::CStr| {
        let mut value = [0_u8; 8];
        // SAFETY: both strings end with NUL, the buffer is as long as is said.
        let length = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
        length > 0 && value[0] == b'1'
    };
    marked(c"trusted.delegate") || marked(c"user.delegate") || (!nix::unistd::geteuid().is_root() && writable(group))
}

fn writable(group: &Path) -> bool {
    nix::unistd::access(&group.join("cgroup.procs"), nix::unistd::AccessFlags::W_OK).is_ok()
}

/// Lets groups below have each controller that there is.
fn hand_down(group: &Path) -> io::Result<()> {
    let available = get(group, "cgroup.controllers")?;
    let already = get(group, "cgroup.subtree_control")?;
    let has = |list: &str, wanted: &str| list.split(' ').any(|word| word == wanted);
    for controller in WANTED.iter().filter(|wanted| has(&available, wanted) && !has(&already, wanted)) {
        match put(group, "cgroup.subtree_control", &format!("+{controller}")) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Err(error),
            // One that cannot be handed down (a cpu controller with realtime processes about) is done without.
            _ => {}
        }
    }
    Ok(())
}

fn move_out(group: &Path) -> io::Result<()> {
    let here = get(group, "cgroup.procs")?;
    if here.is_empty() {
        return Ok(());
    }
    let beside = group.join(BESIDE);
    make(&beside)?;
    here.lines().try_for_each(|pid| put(&beside, "cgroup.procs", pid))
}

/// One slot's group.
#[derive(Debug)]
pub(crate) struct Cage {
    tree: Tree,
    path: PathBuf,
    directory: File,
    cpu: File,
    memory: Option<Memory>,
    /// As last written.
    cpus: Option<String>,
}

#[derive(Debug)]
struct Memory {
    current: File,
    events: File,
    /// As last written.
    limit: Option<Option<u64>>,
    kills: u64,
}

impl Cage {
    pub(super) fn open(tree: &Tree, slot: u32) -> io::Result<Self> {
        let path = tree.slot(slot);
        make(&path)?;
        limit_tasks(&path);
        let memory = tree.has.memory.then(|| Memory::open(&path)).transpose()?;
        let cpu = File::open(path.join(ACCOUNT))?;
        // Frozen by a supervisor that died.
        put(&path, "cgroup.freeze", "0")?;
        Ok(Self { tree: tree.clone(), directory: File::open(&path)?, path, cpu, memory, cpus: None })
    }

    pub(super) fn has(&self) -> Has {
        self.tree.has
    }

    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    pub(super) fn set(&mut self, cpus: &CpuSet, memory_mib: Option<u64>) -> io::Result<()> {
        if self.tree.has.cpuset {
            let wanted = if cpus.is_empty() { self.tree.cpus.clone() } else { cpus.to_string() };
            if self.cpus.as_ref() != Some(&wanted) {
                put(&self.path, "cpuset.cpus", &wanted)?;
                self.cpus = Some(wanted);
            }
        }
        if let Some(memory) = &mut self.memory
            && memory.limit != Some(memory_mib)
        {
            let bytes = memory_mib.map_or("max".to_owned(), |mib| mib.saturating_mul(1 << 20).to_string());
            put(&self.path, "memory.max", &bytes)?;
            if self.path.join("memory.swap.max").exists() {
                put(&self.path, "memory.swap.max", if memory_mib.is_some() { "0" } else { "max" })?;
            }
            memory.limit = Some(memory_mib);
        }
        Ok(())
    }

    pub(super) fn cpu_time(&self) -> Option<Duration> {
        cpu_time(&self.cpu)
    }

    pub(super) fn new_kills(&mut self) -> u64 {
        let Some(memory) = &mut self.memory else { return 0 };
        let now = again(&memory.events).and_then(|text| field(&text, "oom_kill")).unwrap_or(memory.kills);
        now.saturating_sub(std::mem::replace(&mut memory.kills, now))
    }

    pub(super) fn resident_kib(&self) -> Option<u64> {
        self.memory.as_ref()?;
        let text = get(&self.path, "memory.stat").ok()?;
        Some((field(&text, "anon")? + field(&text, "file_mapped")?) / 1024)
    }

    /// Since Linux 5.14.
    pub(super) fn kill(&self) -> bool {
        put(&self.path, "cgroup.kill", "1").is_ok()
    }

    pub(super) fn freeze(&self, still: bool) -> bool {
        if put(&self.path, "cgroup.freeze", if still { "1" } else { "0" }).is_err() {
            return false;
        }
        // It takes as long as each process takes to leave the kernel.
        for _ in 0..100 {
            let state = get(&self.path, "cgroup.events").ok().and_then(|text| field(&text, "frozen"));
            if state.is_none_or(|state| (state == 1) == still) {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    pub(super) fn renew_if_dirty(&mut self) -> io::Result<()> {
        let left = self.memory.as_ref().and_then(|memory| again(&memory.current)?.trim().parse::<u64>().ok());
        if left.unwrap_or(0) <= LEFT_OVER {
            return Ok(());
        }
        remove_soon(&self.path)?;
        make(&self.path)?;
        limit_tasks(&self.path);
        self.memory = self.tree.has.memory.then(|| Memory::open(&self.path)).transpose()?;
        self.cpu = File::open(self.path.join(ACCOUNT))?;
        self.directory = File::open(&self.path)?;
        self.cpus = None;
        Ok(())
    }
}

/// What such a file says.
pub(super) fn cpu_time(account: &File) -> Option<Duration> {
    field(&again(account)?, "usage_usec").map(Duration::from_micros)
}

impl Memory {
    fn open(path: &Path) -> io::Result<Self> {
        let events = File::open(path.join("memory.events"))?;
        let kills = again(&events).and_then(|text| field(&text, "oom_kill")).unwrap_or(0);
        Ok(Self { current: File::open(path.join("memory.current"))?, events, limit: None, kills })
    }
}

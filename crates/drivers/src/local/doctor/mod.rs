//! Looks whether this machine is fit for a centre, and says what to do where it is not. Findings are data: each has a
//! stable key and the parts of its sentence, for whoever shows them in another language.
//!
//! Changes nothing but for a probe file and probe cgroups, which are removed again.

mod sayings;

use std::fs::File;
use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Instant;

use nix::sys::statfs::{NFS_SUPER_MAGIC, TMPFS_MAGIC, statfs};
use nix::unistd::geteuid;

use self::sayings::SAYINGS;
use super::cgroup::Kit;
use super::launcher::Cgroups;
use super::protocol::CgroupVersion;
use super::{gpu, system, topology};

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was looked at: `clock`, `disk`.
    pub id: &'static str,
    /// How it is.
    pub state: State,
    /// Which of the things that can be said about it: `clock-free`. Texts in other languages are found by it.
    pub key: &'static str,
    /// The parts that stand in the texts as `{name}`.
    pub parts: Vec<(&'static str, String)>,
    /// What was found, in English.
    pub found: String,
    /// What to do about it, in English; empty when nothing has to be done.
    pub advice: String,
}

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// As it should be.
    Good,
    /// The centre works, with less than it could give.
    Weak,
    /// The centre does not work, or not safely.
    Bad,
}

/// Looks at everything that concerns a centre with its data below `data` (which need not be there yet).
pub fn examine(data: &Path, cgroups: &Cgroups) -> Vec<Check> {
    let root = geteuid().is_root();
    let (kit_checks, swap) = check_cgroups(cgroups, root);
    let there = data.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let mut checks = kit_checks;
    checks.push(check_kernel());
    checks.push(check_clock());
    checks.push(check_disk(there));
    checks.extend(root.then(|| check_data(there)));
    checks.push(check_processors());
    checks.push(check_gpus());
    checks.push(check_counters(Path::new("/sys"), root));
    checks.push(check_name());
    checks.push(check_user(root));
    checks.extend(root.then(|| check_privacy(&std::fs::read_to_string("/proc/self/mounts").unwrap_or_default())));
    checks.push(check_processes());
    checks.push(check_files());
    checks.push(swap);
    checks
}

/// Fills a saying's parts in.
fn say(key: &'static str, parts: Vec<(&'static str, String)>) -> Check {
    let unknown = (key, key, State::Bad, key, "");
    let (key, id, state, found, advice) = *SAYINGS.iter().find(|saying| saying.0 == key).unwrap_or(&unknown);
    let fill = |text: &str| {
        parts.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    };
    Check { id, state, key, found: fill(found), advice: fill(advice), parts }
}

fn check_cgroups(wanted: &Cgroups, root: bool) -> (Vec<Check>, Check) {
    let (kit, notes) = Kit::find(wanted, &format!("doctor-{}", std::process::id()), root);
    let swap = check_swap(&kit);
    kit.remove_all();
    let guarantees = kit.guarantees(root, Vec::new());
    let all = [
        ("cpuset", guarantees.cpuset),
        ("memory", guarantees.memory),
        ("cpuacct", guarantees.cpu_time),
        ("freezer", guarantees.freezer),
    ];
    let named = |wanted: bool| {
        let names = all.iter().filter(|(name, has)| *has == wanted && (wanted || *name != "freezer"));
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let notes = ("notes", notes.join("; "));
    let check = match guarantees.cgroup {
        CgroupVersion::None => say("cgroups-none", vec![notes]),
        _ if !named(false).is_empty() => say("cgroups-part", vec![("lacks", named(false)), notes]),
        CgroupVersion::V2 => say("cgroups-v2", vec![("has", named(true))]),
        CgroupVersion::V1 => say("cgroups-v1", vec![("has", named(true))]),
    };
    (vec![check], swap)
}

fn check_swap(kit: &Kit) -> Check {
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    if swaps.lines().count() <= 1 {
        say("swap-none", Vec::new())
    } else if kit.limits_swap() {
        say("swap-held", Vec::new())
    } else {
        say("swap-free", Vec::new())
    }
}

fn check_kernel() -> Check {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
    let mut numbers = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    say(if version >= (5, 7) { "kernel" } else { "kernel-old" }, vec![("release", release)])
}

/// adjtimex(2) says whether somebody has lately told the kernel how good its clock is.
fn check_clock() -> Check {
    // SAFETY: all zero asks for nothing to be changed.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, writable variable of the right type.
    let answer = unsafe { libc::adjtimex(&mut state) };
    let kept = answer >= 0 && answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0;
    say(if kept { "clock" } else { "clock-free" }, Vec::new())
}

fn check_disk(path: &Path) -> Check {
    const GIB: u64 = 1 << 30;
    let shown = || ("path", path.display().to_string());
    let failed = |error: io::Error| say("disk-error", vec![shown(), ("error", error.to_string())]);
    let free = match system::disk(path) {
        Ok((free, _)) => free,
        Err(error) => return failed(error),
    };
    let gib = ("free", (free / GIB).to_string());
    if free < GIB {
        return say("disk-full", vec![gib, shown()]);
    }
    match statfs(path).map(|about| about.filesystem_type()) {
        Ok(TMPFS_MAGIC) => return say("disk-lost", vec![shown()]),
        Ok(NFS_SUPER_MAGIC) => return say("disk-remote", vec![shown()]),
        _ => {}
    }
    match force_a_file(path) {
        Ok(ms) => {
            let parts = vec![gib, shown(), ("ms", ms.to_string())];
            say(if ms > 100 { "disk-slow" } else { "disk" }, parts)
        }
        Err(error) => failed(error),
    }
}

fn force_a_file(directory: &Path) -> io::Result<u128> {
    let path = directory.join(format!(".algoric-doctor-{}", std::process::id()));
    let probe = || {
        let mut file = File::options().write(true).create_new(true).open(&path)?;
        let begin = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        Ok(begin.elapsed().as_millis())
    };
    let answer = probe();
    std::fs::remove_file(&path).or_else(|error| if answer.is_ok() { Err(error) } else { Ok(()) })?;
    answer
}

/// Members must be able to walk to their scripts, and nobody else to change the way.
fn check_data(path: &Path) -> Check {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shown = || ("path", path.display().to_string());
    for step in real.ancestors() {
        let Ok(about) = step.metadata() else { continue };
        let mode = about.permissions().mode();
        let step = step.display().to_string();
        if mode & 0o001 == 0 {
            return say("data-closed", vec![("closed", step), shown()]);
        }
        // The sticky bit keeps others from renaming what is ours.
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            return say("data-open", vec![("open", step)]);
        }
    }
    let flags = nix::sys::statvfs::statvfs(&real).map(|about| about.flags());
    if flags.is_ok_and(|flags| flags.contains(nix::sys::statvfs::FsFlags::ST_NOEXEC)) {
        return say("noexec", vec![shown()]);
    }
    say("data", vec![shown()])
}

fn check_processors() -> Check {
    let allowed = topology::allowed();
    let sys = Path::new("/sys");
    let machine = match topology::machine(sys, &allowed, "", 0, Vec::new()) {
        Ok(machine) => machine,
        Err(error) => return say("processors-unknown", vec![("error", error.to_string())]),
    };
    let online = std::fs::read_to_string(sys.join("devices/system/cpu/online")).unwrap_or_default();
    let online = topology::parse_list(online.trim()).map_or(0, |list| list.len());
    let cpus = ("cpus", machine.cpus().to_string());
    if (machine.cpus() as usize) < online {
        return say("processors-part", vec![cpus, ("online", online.to_string())]);
    }
    let (sockets, cores) = (machine.sockets().to_string(), machine.cores.len().to_string());
    say("processors", vec![("sockets", sockets), ("cores", cores), cpus])
}

fn check_gpus() -> Check {
    let gpus = gpu::find(Path::new("/"));
    if gpus.is_empty() {
        return say("gpus-none", Vec::new());
    }
    let mut kinds: Vec<String> = gpus.iter().map(|gpu| gpu.kind.clone()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    say("gpus", vec![("count", gpus.len().to_string()), ("kinds", kinds.join(", "))])
}

/// Who serves is the group `algoric` where root asks, else whoever asks.
fn check_counters(sys: &Path, root: bool) -> Check {
    let counters = crate::meters::counters(sys);
    let group = nix::unistd::Group::from_name("algoric").ok().flatten().map(|group| group.gid.as_raw());
    let is_open = |path: &std::path::PathBuf| {
        let about = std::fs::metadata(path).ok();
        let by_group = about.is_some_and(|about| about.mode() & 0o040 != 0 && Some(about.gid()) == group);
        by_group || (!root && File::open(path).is_ok())
    };
    match counters.iter().find(|path| !is_open(path)) {
        _ if counters.is_empty() => say("counters-none", Vec::new()),
        None => say("counters", vec![("count", counters.len().to_string())]),
        Some(closed) => say("counters-closed", vec![("path", closed.display().to_string())]),
    }
}

fn check_name() -> Check {
    let name = system::host_name().unwrap_or_default();
    let address = (name.as_str(), 0).to_socket_addrs().ok().and_then(|mut all| all.next());
    match address {
        Some(address) => say("name", vec![("address", address.ip().to_string()), ("name", name)]),
        None => say("name-unknown", vec![("name", name)]),
    }
}

fn check_user(root: bool) -> Check {
    if !root {
        return say("user-single", vec![("uid", geteuid().to_string())]);
    }
    let there = matches!(system::account("algoric"), Ok(Some(_)));
    say(if there { "user" } else { "user-nobody" }, Vec::new())
}

/// How `/proc` is mounted (proc(5)): with `hidepid` from 1 (`noaccess`) on, command lines are their owners' own.
fn check_privacy(mounts: &str) -> Check {
    let of_proc = mounts.lines().rev().map(|line| line.split(' ').collect::<Vec<_>>());
    let options =
        of_proc.into_iter().find(|words| words.get(1) == Some(&"/proc")).and_then(|words| words.get(3).copied());
    let option = options.and_then(|all| all.split(',').find_map(|option| option.strip_prefix("hidepid=")));
    match option {
        None | Some("0" | "off") => say("privacy-none", Vec::new()),
        Some(option) => say("privacy", vec![("option", option.to_owned())]),
    }
}

fn check_processes() -> Check {
    let text = std::fs::read_to_string("/proc/sys/kernel/pid_max").unwrap_or_default();
    let max: u64 = text.trim().parse().unwrap_or(0);
    let cpus = topology::allowed().len() as u64;
    let parts = vec![("max", max.to_string()), ("cpus", cpus.to_string())];
    say(if max < 32_768.max(cpus * 1024) { "processes-few" } else { "processes" }, parts)
}

fn check_files() -> Check {
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let hard = limit.map_or(0, |(_, hard)| hard);
    say(if hard < 8192 { "files-few" } else { "files" }, vec![("max", hard.to_string())])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_part_of_every_text_is_filled() {
        let dir = tempfile::tempdir().unwrap();
        for check in examine(dir.path(), &Cgroups::Auto) {
            assert!(!check.found.contains(['{', '}']) && !check.advice.contains(['{', '}']), "{check:?}");
            assert_eq!(check.advice.is_empty(), check.state == State::Good, "{check:?}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn whose_processes_are_seen() {
        for (options, key) in [
            ("rw,nosuid", "privacy-none"),
            ("rw,hidepid=0", "privacy-none"),
            ("rw,hidepid=2,gid=4", "privacy"),
            ("rw,hidepid=invisible", "privacy"),
        ] {
            let mounts =
                format!("sysfs /sys sysfs rw 0 0\nproc /proc proc {options} 0 0\n/dev/x /proc/y ext4 rw 0 0\n");
            assert_eq!(check_privacy(&mounts).key, key, "{options}");
        }
    }

    #[test]
    fn counters_that_are_roots_alone_are_named() {
        let sys = tempfile::tempdir().unwrap();
        assert_eq!(check_counters(sys.path(), true).key, "counters-none");
        let zone = sys.path().join("class/powercap/intel-rapl:0");
        std::fs::create_dir_all(&zone).unwrap();
        std::fs::write(zone.join("energy_uj"), "1").unwrap();
        std::fs::set_permissions(zone.join("energy_uj"), std::fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(check_counters(sys.path(), true).key, "counters-closed");
        assert_eq!(check_counters(sys.path(), false).key, "counters");
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<&str> = SAYINGS.iter().map(|saying| saying.0).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn a_closed_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        for (mode, key) in [(0o700, "data-closed"), (0o755, "data"), (0o757, "data-open"), (0o1757, "data")] {
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(check_data(&inner).key, key, "{mode:o}");
        }
    }

    #[test]
    fn a_place_that_is_not_there() {
        assert_eq!(check_disk(Path::new("/proc/self/nothing")).key, "disk-error");
    }
}

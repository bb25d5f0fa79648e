//! Short questions to the system: how busy it is, since when it runs, who somebody is. Nothing is kept.

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use model::{Gid, Owner, Time, Uid};
use nix::unistd::{Group, User, getgrouplist};

/// Memory in MiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// What the kernel manages.
    pub total_mib: u64,
    /// What could be given out without swapping.
    pub available_mib: u64,
}

/// One account of the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Its number.
    pub uid: Uid,
    /// Its primary group.
    pub gid: Gid,
    /// Name of that group; its number where it has none.
    pub group: String,
    /// Home directory.
    pub home: PathBuf,
    /// Login shell.
    pub shell: PathBuf,
}

impl Account {
    /// As jobs know their owner.
    pub fn owner(&self) -> Owner {
        Owner { uid: self.uid, gid: self.gid, user: self.name.clone(), group: self.group.clone() }
    }
}

/// One-minute load, in hundredths.
///
/// # Errors
/// `/proc/loadavg` cannot be read.
pub fn load_centi() -> io::Result<u32> {
    parse_load(&std::fs::read_to_string("/proc/loadavg")?).ok_or_else(|| malformed("/proc/loadavg"))
}

fn parse_load(text: &str) -> Option<u32> {
    let (whole, parts) = text.split(' ').next()?.split_once('.')?;
    let hundredths: u32 = parts.get(..2)?.parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(hundredths)
}

/// Memory as the kernel counts it (proc(5), `/proc/meminfo`).
///
/// # Errors
/// It cannot be read.
pub fn memory() -> io::Result<Memory> {
    parse_memory(&std::fs::read_to_string("/proc/meminfo")?).ok_or_else(|| malformed("/proc/meminfo"))
}

fn parse_memory(text: &str) -> Option<Memory> {
    let field = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
    };
    let total_mib = field("MemTotal")?;
    Some(Memory { total_mib, available_mib: field("MemAvailable").or_else(|| field("MemFree"))? })
}

/// Names this boot; another one has another name.
///
/// # Errors
/// The kernel does not say.
pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// When the machine was booted, by its clock of now.
///
/// # Errors
/// `/proc/stat` cannot be read.
pub fn boot_time() -> io::Result<Time> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    seconds.map(Time::from_seconds).ok_or_else(|| malformed("/proc/stat"))
}

/// Kernel name, release and version: `Linux 6.1.0-18-amd64 #1 SMP …`.
///
/// # Errors
/// uname(2) fails.
pub fn os() -> io::Result<String> {
    let name = nix::sys::utsname::uname()?;
    let words = [name.sysname(), name.release(), name.version()];
    Ok(words.map(|word| word.to_string_lossy().into_owned()).join(" "))
}

/// The host name up to its first dot.
///
/// # Errors
/// gethostname(2) fails.
pub fn host_name() -> io::Result<String> {
    let name = nix::unistd::gethostname()?;
    Ok(name.to_string_lossy().split('.').next().unwrap_or_default().to_owned())
}

/// Free and total bytes where `path` is.
///
/// # Errors
/// statvfs(3) fails.
pub fn disk(path: &Path) -> io::Result<(u64, u64)> {
    let about = nix::sys::statvfs::statvfs(path)?;
    let block = about.fragment_size();
    Ok((about.blocks_available().saturating_mul(block), about.blocks().saturating_mul(block)))
}

/// The account of a name; `None`: there is none.
///
/// # Errors
/// The database of users cannot be asked.
pub fn account(name: &str) -> io::Result<Option<Account>> {
    Ok(User::from_name(name)?.map(to_account))
}

/// The account of a number; `None`: there is none.
///
/// # Errors
/// The database of users cannot be asked.
pub fn account_of(uid: Uid) -> io::Result<Option<Account>> {
    Ok(User::from_uid(uid.0.into())?.map(to_account))
}

/// The number of a group's name; `None`: there is none.
///
/// # Errors
/// The database of groups cannot be asked.
pub fn group(name: &str) -> io::Result<Option<Gid>> {
    Ok(Group::from_name(name)?.map(|group| Gid(group.gid.as_raw())))
}

/// The name of a group; its number as text where it has none.
pub fn group_name(gid: Gid) -> String {
    Group::from_gid(gid.0.into()).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
}

/// All groups of a user.
///
/// # Errors
/// The name holds a NUL, or the database of groups cannot be asked.
pub fn groups_of(name: &str, gid: Gid) -> io::Result<Vec<Gid>> {
    let name = CString::new(name).map_err(io::Error::other)?;
    Ok(getgrouplist(&name, gid.0.into())?.into_iter().map(|gid| Gid(gid.as_raw())).collect())
}

fn to_account(user: User) -> Account {
    let gid = Gid(user.gid.as_raw());
    let (uid, group) = (Uid(user.uid.as_raw()), group_name(gid));
    Account { name: user.name, uid, gid, group, home: user.dir, shell: user.shell }
}

fn malformed(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{path} is not as expected"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_of_the_kernel() {
        for (text, load) in [("0.02 0.22 0.19 1/91 19098\n", Some(2)), ("12.50 1 1", Some(1250)), ("", None)] {
            assert_eq!(parse_load(text), load, "{text}");
        }
        let text = "MemTotal:       24683812 kB\nMemFree:          1024 kB\nMemAvailable:   23787520 kB\n";
        assert_eq!(parse_memory(text), Some(Memory { total_mib: 24105, available_mib: 23230 }));
        assert_eq!(
            parse_memory("MemTotal: 2048 kB\nMemFree: 1024 kB\n"),
            Some(Memory { total_mib: 2, available_mib: 1 })
        );
        assert_eq!(parse_memory("MemTotal: much\n"), None);
    }

    #[test]
    fn this_machine_answers() {
        assert!(memory().unwrap().total_mib > 0);
        assert_eq!(boot_id().unwrap().len(), 36);
        assert!(boot_time().unwrap() < super::super::clock::now());
        assert!(os().unwrap().starts_with("Linux "));
        assert!(!host_name().unwrap().contains('.'));
        let root = account_of(Uid::ROOT).unwrap().unwrap();
        assert_eq!((root.name.as_str(), account("root").unwrap().unwrap()), ("root", root.clone()));
        assert!(groups_of("root", Gid(0)).unwrap().contains(&Gid(0)));
        assert_eq!(account("nobody of this name").unwrap(), None);
        assert_eq!(group_name(Gid(3_999_999_999)), "3999999999");
        assert!(disk(Path::new("/")).unwrap().1 > 0);
    }
}

//! From the launcher's fork to a process that is the member's own. Must not know what it is asked afterwards.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use files::Order;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, User, alarm, chdir, dup2_stdin, dup2_stdout, geteuid, getgrouplist, setsid};

use super::super::sys;
use super::serve;

/// The user that the kernel takes for nobody.
const NOBODY: u32 = 65534;
/// Finding out who a member is and reaching the web process may take so long.
const PATIENCE: u32 = 20;
/// Memory for one servant: a folder of a million names fits.
const MEMORY: u64 = 1 << 30;
/// Seconds of computing after which something is wrong.
const COMPUTING: u64 = 4 * 3600;
/// Open files: folders within folders are open while they are walked.
const OPEN: u64 = 1024;

/// What a new servant is given by the launcher that forks it.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) order: Order,
    /// The directory with the web process's socket, opened by the launcher.
    pub(crate) run: OwnedFd,
    /// We can become somebody else.
    pub(crate) root: bool,
}

/// The name of the web process's socket.
const SOCKET: &str = "files.sock";

/// Whether files may be served for that user by a process like this one.
///
/// # Errors
/// Why not.
pub(crate) fn permitted(uid: u32) -> Result<(), String> {
    permitted_for(uid, geteuid().as_raw(), geteuid().is_root())
}

/// Whether files may be served for that user: of a member's account by a launcher that is root (`every_user`), else only
/// those of the user `own`, as whom everything runs.
///
/// # Errors
/// Why not.
pub fn permitted_for(uid: u32, own: u32, every_user: bool) -> Result<(), String> {
    if !every_user {
        return match uid == own {
            true => Ok(()),
            false => Err(format!("files of uid {uid} need a launcher that is root")),
        };
    }
    let people = uids_of_people(&std::fs::read_to_string("/etc/login.defs").unwrap_or_default());
    if !people.contains(&uid) || uid == NOBODY {
        let (least, most) = people.into_inner();
        return Err(format!(
            "uid {uid} is no member's account: those are {least} to {most} (UID_MIN and UID_MAX of /etc/login.defs)"
        ));
    }
    Ok(())
}

/// `UID_MIN` to `UID_MAX` of login.defs(5): below are the accounts of the system, above those of some programs.
fn uids_of_people(login_defs: &str) -> RangeInclusive<u32> {
    let set = |key: &str| {
        login_defs.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            words.next().filter(|word| *word == key).and_then(|_| words.next()?.parse::<u32>().ok())
        })
    };
    set("UID_MIN").unwrap_or(1000).max(1)..=set("UID_MAX").unwrap_or(60_000)
}

/// Lives as a servant; never comes back.
pub(crate) fn live(birth: Birth) -> ! {
    let uid = birth.order.uid;
    let code = match settle(birth).and_then(|(socket, home, order)| serve::serve(socket.into(), &home, &order)) {
        Ok(()) => 0,
        Err(error) => {
            use std::io::Write;
            writeln!(io::stderr(), "algoric: files of uid {uid}: {error}").unwrap_or_default();
            1
        }
    };
    // SAFETY: leaves without running what the launcher has registered for its own exit.
    unsafe { libc::_exit(code) }
}

fn settle(birth: Birth) -> io::Result<(OwnedFd, PathBuf, Order)> {
    let Birth { order, run, root } = birth;
    setsid()?;
    sys::close_all_but(3, &[run.as_raw_fd()]);
    let null = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    // Directories of users can be far away and silent: then the kernel ends us.
    alarm::set(PATIENCE);
    let user = User::from_uid(Uid::from_raw(order.uid))?;
    let home = match (&user, root) {
        (Some(user), true) => user.dir.clone(),
        // In a centre of one's own what that user calls home is home.
        (user, false) => match std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute()) {
            Some(home) => home,
            None => user.as_ref().map(|user| user.dir.clone()).unwrap_or_default(),
        },
        (None, true) => return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such user")),
    };
    limit()?;
    if let (Some(user), true) = (&user, root) {
        let name = CString::new(user.name.as_str()).map_err(io::Error::other)?;
        let groups: Vec<libc::gid_t> = getgrouplist(&name, user.gid)?.into_iter().map(|gid| gid.as_raw()).collect();
        sys::become_user(order.uid, user.gid.as_raw(), &groups)?;
        if sys::become_user(0, 0, &[]).is_ok() {
            return Err(io::Error::other("privilege came back after it was dropped"));
        }
    }
    prctl::set_no_new_privs()?;
    // What the launcher had in its memory is nobody else's to look at.
    prctl::set_dumpable(false)?;
    umask(Mode::from_bits_truncate(0o022));
    chdir("/")?;
    let socket = reach_web(&run)?;
    alarm::cancel();
    Ok((socket, home, order))
}

/// By way of its directory, as a path can be longer than a socket's address, and lead through what is closed to members.
fn reach_web(run: &OwnedFd) -> io::Result<OwnedFd> {
    let address = Path::new("/proc/self/fd").join(run.as_raw_fd().to_string()).join(SOCKET);
    let web = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    connect(web.as_raw_fd(), &UnixAddr::new(&address)?)?;
    Ok(web)
}

fn limit() -> io::Result<()> {
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, OPEN),
        (Resource::RLIMIT_CPU, COMPUTING),
        (Resource::RLIMIT_AS, MEMORY),
        // It starts no process, ever.
        (Resource::RLIMIT_NPROC, 0),
    ];
    for (resource, most) in limits {
        let (_, hard) = getrlimit(resource)?;
        setrlimit(resource, most.min(hard), most.min(hard))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_accounts_begin_and_end() {
        for (text, people) in [
            ("", 1000..=60_000),
            ("# UID_MIN 5\nUID_MIN\t\t 500\n", 500..=60_000),
            ("UID_MIN x\nUID_MAX -1", 1000..=60_000),
            ("UID_MIN 0", 1..=60_000),
            ("UID_MAX 2000000000 # a directory's\nSUB_UID_MIN 100000\nSYS_UID_MIN 101", 1000..=2_000_000_000),
        ] {
            assert_eq!(uids_of_people(text), people, "{text:?}");
        }
    }

    #[test]
    fn accounts_of_programs_are_nobodys() {
        for (uid, own, every_user, good) in [
            (0, 0, true, false),
            (999, 0, true, false),
            (NOBODY, 0, true, false),
            (u32::MAX, 0, true, false),
            (0, 0, false, true),
            (1001, 1000, false, false),
        ] {
            assert_eq!(permitted_for(uid, own, every_user).is_ok(), good, "{uid} {own} {every_user}");
        }
    }
}

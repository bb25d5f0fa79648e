//! System calls that no crate wraps the way they are needed here. Must not know what they are needed for.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::Pid;

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Exited(u8),
    Killed(u8),
}

/// CPU time, memory and storage I/O of a process and of those that it waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    pub(crate) max_rss_kib: u64,
    pub(crate) blocks_read: u64,
    pub(crate) blocks_written: u64,
}

impl Spent {
    /// Adds another process: times and blocks add up, the greater memory stays.
    pub(crate) fn add(&mut self, other: Spent) {
        self.user += other.user;
        self.system += other.system;
        self.max_rss_kib = self.max_rss_kib.max(other.max_rss_kib);
        self.blocks_read += other.blocks_read;
        self.blocks_written += other.blocks_written;
    }

    fn from_raw(usage: &libc::rusage) -> Self {
        let duration = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec.max(0) as u64) + Duration::from_micros(time.tv_usec.max(0) as u64)
        };
        Self {
            user: duration(usage.ru_utime),
            system: duration(usage.ru_stime),
            max_rss_kib: usage.ru_maxrss.max(0) as u64,
            blocks_read: usage.ru_inblock.max(0) as u64,
            blocks_written: usage.ru_oublock.max(0) as u64,
        }
    }
}

/// Bytes that processes moved by read(2) and write(2) and the like, wherever they came from and went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Moved {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

/// The kernel's accounts of a process with one thread (`/proc/self/io`, proc(5)): one includes the children that it
/// waited for, the other does not.
#[derive(Debug)]
pub(crate) struct Accounts {
    whole: File,
    own: File,
}

impl Accounts {
    /// Of this very process.
    pub(crate) fn open() -> io::Result<Self> {
        let own = File::open(format!("/proc/self/task/{}/io", std::process::id()))?;
        Ok(Self { whole: File::open("/proc/self/io")?, own })
    }

    /// Of the children that it waited for, and of theirs.
    pub(crate) fn of_children(&self) -> Option<Moved> {
        let (whole, own) = (read_moved(&self.whole)?, read_moved(&self.own)?);
        Some(Moved { read: whole.read.saturating_sub(own.read), written: whole.written.saturating_sub(own.written) })
    }
}

fn read_moved(file: &File) -> Option<Moved> {
    let mut buffer = [0; 512];
    let count = file.read_at(&mut buffer, 0).ok()?;
    parse_moved(std::str::from_utf8(&buffer[..count]).ok()?)
}

fn parse_moved(text: &str) -> Option<Moved> {
    let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some(Moved { read: number("rchar:")?, written: number("wchar:")? })
}

/// What [`wait_any`] found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waited {
    /// This child has ended, and is gone.
    Ended(Pid, Fate, Spent),
    /// There are children, none has ended.
    StillRunning,
    /// There is no child.
    Childless,
}

/// CPU time of this very process.
pub(crate) fn own_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live, writable variable of the right type.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.max(0) as u32)
}

/// So many clock ticks, as the kernel shows CPU times.
pub(crate) fn ticks(count: u64) -> Duration {
    // SAFETY: a plain question.
    let hertz = u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100).max(1);
    Duration::from_micros(count.saturating_mul(1_000_000 / hertz))
}

/// KiB in a page.
pub(crate) fn page_kib() -> u64 {
    // SAFETY: a plain question.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096) / 1024
}

/// Takes leave of one ended child, without waiting for one.
pub(crate) fn wait_any() -> Waited {
    loop {
        let mut status = 0;
        // SAFETY: an all-zero rusage is a valid one.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live, writable variables of the right types.
        let pid = unsafe { libc::wait4(-1, &mut status, libc::WNOHANG, &mut usage) };
        match pid {
            0 => return Waited::StillRunning,
            -1 if Errno::last() == Errno::EINTR => {}
            -1 => return Waited::Childless,
            pid if libc::WIFEXITED(status) => {
                let fate = Fate::Exited(libc::WEXITSTATUS(status) as u8);
                return Waited::Ended(Pid::from_raw(pid), fate, Spent::from_raw(&usage));
            }
            pid => {
                let fate = Fate::Killed(libc::WTERMSIG(status) as u8);
                return Waited::Ended(Pid::from_raw(pid), fate, Spent::from_raw(&usage));
            }
        }
    }
}

/// Closes every descriptor from `first` on but these, which are in ascending order.
pub(crate) fn close_all_but(first: RawFd, kept: &[RawFd]) {
    let mut from = first;
    for fd in kept.iter().copied().filter(|fd| *fd >= first) {
        if from < fd {
            close_range(from, fd - 1, false);
        }
        from = fd + 1;
    }
    close_range(from, RawFd::MAX, false);
}

/// Has every descriptor from `first` on closed on exec.
pub(crate) fn close_on_exec_from(first: RawFd) {
    close_range(first, RawFd::MAX, true);
}

/// Kernels before 5.11 know only the slow way.
fn close_range(first: RawFd, last: RawFd, on_exec: bool) {
    const CLOEXEC: libc::c_uint = 1 << 2;
    let flags = if on_exec { CLOEXEC } else { 0 };
    // SAFETY: the call takes three numbers; descriptors closed here are owned by nobody who goes on.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, last as libc::c_uint, flags) };
    if answer == 0 {
        return;
    }
    let Ok(listing) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<RawFd> =
        listing.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok())).collect();
    for fd in open.into_iter().filter(|fd| (first..=last).contains(fd)) {
        // SAFETY: acting on a number that may be no descriptor any more is an error the kernel answers.
        unsafe {
            if on_exec {
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC)
            } else {
                libc::close(fd)
            };
        }
    }
}

/// Replaces the program. Returns only if that failed.
///
/// # Safety
/// `argv` and `envp` end with a null pointer; what else they hold points to NUL-terminated strings.
pub(crate) unsafe fn execve(path: &CStr, argv: &[*const libc::c_char], envp: &[*const libc::c_char]) -> Errno {
    // SAFETY: promised by the caller.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    Errno::last()
}

/// Becomes that user for good. The calls go to the kernel directly: there is one thread only.
pub(crate) fn become_user(uid: u32, gid: u32, groups: &[libc::gid_t]) -> Result<(), Errno> {
    // SAFETY: the group list's pointer and length belong together; the other arguments are numbers.
    unsafe {
        Errno::result(libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()))?;
        Errno::result(libc::syscall(libc::SYS_setresgid, gid, gid, gid))?;
        Errno::result(libc::syscall(libc::SYS_setresuid, uid, uid, uid))?;
    }
    Ok(())
}

/// What was allocated for something great (a script of 4 MiB) goes back to the system when it is freed, and is not
/// copied at each fork.
pub(crate) fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: a plain setting of the allocator, made before there is anything great.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
    }
}

/// Every signal does again what it does by default, also in what we start; also the two that libc keeps to itself.
pub(crate) fn default_signals() {
    // The kernel's own structure: handler, flags, restorer, mask. All zero is the default action.
    let default = [0_u64; 4];
    for signal in 1..=64 {
        let none = std::ptr::null::<u64>();
        // SAFETY: the structure is as long as the kernel reads; a signal that cannot be changed answers an error.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), none, 8) };
    }
}

/// Writes all of `bytes` at `offset`. Does not allocate.
pub(crate) fn write_at(fd: BorrowedFd<'_>, bytes: &[u8], offset: u64) -> Result<(), Errno> {
    let mut done = 0;
    while done < bytes.len() {
        // SAFETY: pointer and length are those of a live slice.
        let count = unsafe {
            let rest = &bytes[done..];
            libc::pwrite(fd.as_raw_fd(), rest.as_ptr().cast(), rest.len(), (offset + done as u64) as libc::off_t)
        };
        match count {
            -1 if Errno::last() == Errno::EINTR => {}
            -1 => return Err(Errno::last()),
            0 => return Err(Errno::ENOSPC),
            count => done += count as usize,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn accounts_as_the_kernel_writes_them() {
        let text = "rchar: 3980\nwchar: 17\nsyscr: 9\nsyscw: 1\nread_bytes: 0\nwrite_bytes: 4096\n";
        assert_eq!(parse_moved(text), Some(Moved { read: 3980, written: 17 }));
        assert_eq!(parse_moved("rchar: 1\n"), None);
    }
}

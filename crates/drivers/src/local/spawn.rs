//! Starting a process without copying our memory: the child borrows it, on a stack of its own, until it becomes
//! another program or exits, while the parent stands still (clone3(2) with `CLONE_VM | CLONE_VFORK`, as `posix_spawn`
//! does it). A third of the price of a fork; and the child can be born in its cgroup, which spares a migration.
//!
//! A child that may have to wait for somebody (opening a pipe) gets a copy instead, so that its parent goes on.
//! Must not know what the child does.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid, fork};

/// Bytes of stack for a child.
const STACK: usize = 256 << 10;
/// Not to be touched, below it.
const GUARD: usize = 4096;

/// A stack for one child at a time; stays mapped until the process ends.
#[derive(Debug)]
pub(crate) struct Stack {
    base: NonNull<libc::c_void>,
}

impl Stack {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: a fresh mapping at an address of the kernel's choice changes nobody's memory; its first page is then
        // made inaccessible before anybody has seen it.
        let base = unsafe {
            let base =
                libc::mmap(std::ptr::null_mut(), GUARD + STACK, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            if base == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            libc::mprotect(base, GUARD, libc::PROT_NONE);
            base
        };
        Ok(Self { base: NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)? })
    }
}

/// How the child gets its memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    /// Ours; we stand still until it is done with it.
    Borrowed,
    /// A copy.
    Copied,
}

/// The kernel's `struct clone_args`, version 2 (Linux 5.7).
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Runs `entry(argument)` in a new process, which is born in `cgroup` if one is given (cgroup v2 only).
///
/// # Safety
/// The process has one thread. `entry` never returns, and leaves nothing behind in memory that is ours to free.
/// `argument` is valid until the child has left (borrowed memory: until this returns).
pub(crate) unsafe fn spawn<T>(
    stack: &Stack,
    memory: Memory,
    cgroup: Option<BorrowedFd<'_>>,
    entry: extern "C" fn(*mut T) -> !,
    argument: *mut T,
) -> Result<Pid, Errno> {
    let mut flags = match memory {
        Memory::Borrowed => (libc::CLONE_VM | libc::CLONE_VFORK) as u64,
        Memory::Copied => 0,
    };
    if cgroup.is_some() {
        flags |= CLONE_INTO_CGROUP;
    }
    let args = CloneArgs {
        flags,
        exit_signal: libc::SIGCHLD as u64,
        stack: stack.base.as_ptr() as u64 + GUARD as u64,
        stack_size: STACK as u64,
        cgroup: cgroup.map_or(0, |fd| fd.as_raw_fd() as u64),
        ..CloneArgs::default()
    };
    // Kernels before 5.7 know a shorter structure and no cgroup in it.
    let size = if cgroup.is_some() { size_of::<CloneArgs>() } else { 64 };
    // SAFETY: promised by our caller; the arguments outlive the call.
    let answer = unsafe { clone3(&args, size, entry as *const (), argument.cast()) };
    match answer {
        0.. => Ok(Pid::from_raw(answer as i32)),
        // A container's filter may know only the older calls.
        _ if Errno::from_raw(-answer as i32) == Errno::ENOSYS && cgroup.is_none() => {
            // SAFETY: as promised by our caller.
            match unsafe { fork()? } {
                ForkResult::Parent { child } => Ok(child),
                ForkResult::Child => entry(argument),
            }
        }
        _ => Err(Errno::from_raw(-answer as i32)),
    }
}

/// The system call; the child goes on at `entry` with nothing but its new stack. It cannot be made through libc: the
/// child would return into a frame that is not on its stack.
#[cfg(target_arch = "x86_64")]
unsafe fn clone3(args: &CloneArgs, size: usize, entry: *const (), argument: *mut libc::c_void) -> isize {
    let mut answer = libc::SYS_clone3 as isize;
    // SAFETY: the parent sees an ordinary system call, which clobbers rcx and r11; the child never leaves the block.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, {argument}",
            "call {entry}",
            "ud2",
            "2:",
            argument = in(reg) argument,
            entry = in(reg) entry,
            inout("rax") answer,
            in("rdi") args,
            in("rsi") size,
            out("rcx") _,
            out("r11") _,
        );
    }
    answer
}

/// As above.
#[cfg(target_arch = "aarch64")]
unsafe fn clone3(args: &CloneArgs, size: usize, entry: *const (), argument: *mut libc::c_void) -> isize {
    let mut answer = std::ptr::from_ref(args) as isize;
    // SAFETY: the parent sees an ordinary system call; the child never leaves the block.
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, {argument}",
            "blr {entry}",
            "brk #1",
            "2:",
            argument = in(reg) argument,
            entry = in(reg) entry,
            inout("x0") answer,
            in("x1") size,
            in("x8") libc::SYS_clone3,
            out("x30") _,
        );
    }
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Talk {
        from_child: u32,
        code: i32,
    }

    extern "C" fn child(talk: *mut Talk) -> ! {
        // SAFETY: the parent's argument; in borrowed memory the parent stands still.
        unsafe {
            (*talk).from_child = std::hint::black_box([7_u32; 1000]).iter().sum();
            libc::_exit((*talk).code)
        }
    }

    #[test]
    fn a_borrower_is_seen_and_a_copy_is_not() {
        let stack = Stack::new().unwrap();
        for (memory, seen, code) in [(Memory::Borrowed, 7000, 3), (Memory::Copied, 0, 4)] {
            let mut talk = Talk { from_child: 0, code };
            // SAFETY: the child only writes to its argument and exits. The other threads of the test's process do not
            // matter to it: it takes no lock.
            let pid = unsafe { spawn(&stack, memory, None, child, &raw mut talk) }.unwrap();
            let mut status = 0;
            // SAFETY: a plain wait for our own child.
            assert_eq!(unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) }, pid.as_raw());
            assert_eq!((libc::WEXITSTATUS(status), talk.from_child), (code, seen));
        }
    }

    #[test]
    fn errors_are_errors() {
        let stack = Stack::new().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut talk = Talk { from_child: 0, code: 0 };
        let cgroup = std::os::fd::AsFd::as_fd(&file);
        // SAFETY: as above; and no child is made.
        let answer = unsafe { spawn(&stack, Memory::Borrowed, Some(cgroup), child, &raw mut talk) };
        assert_eq!(answer, Err(Errno::EBADF));
    }
}

//! One task of a step: its process, from fork to the last word about it.
//!
//! Forked by hand, because `SLURM_TASK_PID` stands in the task's own environment and is known only between fork and
//! exec. What happens there is safe after fork: no allocation, no lock, only system calls and prepared memory.

use std::{
    ffi::{CString, c_char},
    io,
    os::fd::RawFd,
    ptr,
    time::Duration,
};

use dialect::environ::Variable;
use model::{CpuSet, Usage};
use nix::{
    errno::Errno,
    sched::{CpuSet as Affinity, sched_setaffinity},
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask},
    unistd::{ForkResult, Pid, fork, getpid, getppid, setpgid, setsid},
};

use super::endings::Ending;

/// The variable that holds the task's process number.
const PID_VARIABLE: &[u8] = b"SLURM_TASK_PID";

/// Room for the digits of any process number.
const PID_DIGITS: usize = 10;

/// The descriptor of the socket that an MPI program is served at.
pub const EXTRA: RawFd = 3;

/// What a task begins with in their default action.
const RESTORED: [Signal; 11] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGALRM,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// What a task is started with.
pub struct Start<'a> {
    /// Program and arguments; the program is looked for in `PATH`.
    pub command: &'a [Vec<u8>],
    /// Its whole environment.
    pub environment: &'a [Variable],
    /// Where it runs.
    pub workdir: &'a [u8],
    /// The CPUs it may use; none: all that `srun` may.
    pub cpus: &'a CpuSet,
    /// Descriptors that become standard input, output, error; each is above 3, or the very one it becomes.
    pub files: [RawFd; 3],
    /// One that becomes [`EXTRA`].
    pub extra: Option<RawFd>,
    /// Its files are a terminal, which shall be its own.
    pub terminal: bool,
    /// Who speaks when the program cannot be started: `slurmstepd-vm`.
    pub speaker: &'a str,
}

/// Everything the child touches, made before the fork.
struct Prepared {
    argv: Vec<CString>,
    env: Vec<Vec<u8>>,
    workdir: CString,
    affinity: Option<Affinity>,
    exec_failed: Vec<u8>,
    chdir_failed: Vec<u8>,
}

/// Starts the task in a process group of its own. A program that cannot be executed is the task's failure, told on its
/// standard error, with the error's number as exit code, as Slurm has it.
///
/// # Errors
/// When no process can be made, or a word holds a NUL.
pub fn start(plan: &Start<'_>) -> io::Result<Pid> {
    let mut prepared = prepare(plan)?;
    let argv: Vec<*const c_char> =
        prepared.argv.iter().map(|word| word.as_ptr()).chain(std::iter::once(ptr::null())).collect();
    let pid_slot = prepared.env.iter().position(|entry| entry.starts_with(PID_VARIABLE));
    let env: Vec<*mut c_char> = prepared
        .env
        .iter_mut()
        .map(|entry| entry.as_mut_ptr().cast())
        .chain(std::iter::once(ptr::null_mut()))
        .collect();
    let parent = getpid();
    // SAFETY: srun has one thread; the child allocates nothing and only uses what was prepared.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => {
            // Both sides do it, so that the group is there for whoever comes first.
            if !plan.terminal {
                setpgid(child, child).ok();
            }
            Ok(child)
        }
        ForkResult::Child => {
            let code = become_task(plan, &prepared, &argv, &env, pid_slot, parent);
            // SAFETY: ends the child without running the parent's exit handlers.
            unsafe { libc::_exit(code) }
        }
    }
}

fn prepare(plan: &Start<'_>) -> io::Result<Prepared> {
    let no_nul = |bytes: &[u8]| CString::new(bytes).map_err(io::Error::from);
    let argv: Vec<CString> = plan.command.iter().map(|word| no_nul(word)).collect::<Result<_, _>>()?;
    let program = String::from_utf8_lossy(plan.command.first().map_or(b"".as_slice(), Vec::as_slice)).into_owned();
    let mut env: Vec<Vec<u8>> = Vec::with_capacity(plan.environment.len() + 1);
    for (name, value) in plan.environment.iter().filter(|(name, _)| name != PID_VARIABLE) {
        env.push([name, b"=".as_slice(), value, b"\0"].concat());
    }
    env.push([PID_VARIABLE, b"=", &[0; PID_DIGITS + 1]].concat());
    let mut affinity = None;
    if !plan.cpus.is_empty() {
        let mut set = Affinity::new();
        for cpu in plan.cpus.iter() {
            set.set(cpu as usize)?;
        }
        affinity = Some(set);
    }
    let workdir = String::from_utf8_lossy(plan.workdir);
    Ok(Prepared {
        argv,
        env,
        workdir: no_nul(plan.workdir)?,
        affinity,
        exec_failed: format!("{}: error: execve(): {program}: ", plan.speaker).into_bytes(),
        chdir_failed: format!("{}: error: couldn't chdir to `{workdir}': ", plan.speaker).into_bytes(),
    })
}

/// In the child. Returns only when the program could not be executed: what to exit with.
fn become_task(
    plan: &Start<'_>,
    prepared: &Prepared,
    argv: &[*const c_char],
    env: &[*mut c_char],
    pid_slot: Option<usize>,
    parent: Pid,
) -> i32 {
    if plan.terminal {
        setsid().ok();
    } else {
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).ok();
    }
    // The task dies with srun, also with an srun that was killed.
    // SAFETY: plain numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if getppid() != parent {
        return libc::SIGKILL;
    }
    // A shell's background jobs ignore Ctrl-C, Rust ignores SIGPIPE: the task shall do neither.
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in RESTORED {
        // SAFETY: the default action runs no code of ours.
        unsafe { sigaction(signal, &default).ok() };
    }
    if let Some(affinity) = &prepared.affinity {
        // Where the job's CPUs are bound by a cpuset, the kernel has the last word.
        sched_setaffinity(Pid::from_raw(0), affinity).ok();
    }
    for (number, file) in (0..).zip(plan.files) {
        // SAFETY: plain numbers.
        if unsafe { libc::dup2(file, number) } < 0 {
            return libc::EBADF;
        }
    }
    if let Some(extra) = plan.extra {
        // SAFETY: plain numbers.
        unsafe { libc::dup2(extra, EXTRA) };
    }
    if plan.terminal {
        // SAFETY: plain numbers; without it the program still has the terminal for its files.
        unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) };
    }
    // SAFETY: a C string.
    if unsafe { libc::chdir(prepared.workdir.as_ptr()) } != 0 {
        complain(&prepared.chdir_failed, Errno::last(), b": going to /tmp instead\n");
        // SAFETY: a C string.
        unsafe { libc::chdir(c"/tmp".as_ptr()) };
    }
    if let Some(entry) = pid_slot.and_then(|slot| env.get(slot)) {
        // SAFETY: the entry was made with room for the digits and a NUL after the equals sign.
        unsafe { write_number(entry.cast::<u8>().add(PID_VARIABLE.len() + 1), getpid().as_raw() as u32) };
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).ok();
    // SAFETY: arrays of C strings, ended by null.
    unsafe { libc::execvpe(argv[0], argv.as_ptr(), env.as_ptr().cast()) };
    let error = Errno::last();
    complain(&prepared.exec_failed, error, b"\n");
    error as i32
}

/// Decimal digits and a NUL.
///
/// # Safety
/// `at` has room for [`PID_DIGITS`] and one.
unsafe fn write_number(at: *mut u8, number: u32) {
    let mut divisor = 1_000_000_000;
    let mut length = 0;
    while divisor > 0 {
        let digit = number / divisor % 10;
        if digit > 0 || length > 0 || divisor == 1 {
            // SAFETY: at most ten digits.
            unsafe { at.add(length).write(b'0' + digit as u8) };
            length += 1;
        }
        divisor /= 10;
    }
    // SAFETY: the place after the digits.
    unsafe { at.add(length).write(0) };
}

/// Straight to the task's standard error.
fn complain(what: &[u8], error: Errno, end: &[u8]) {
    // In one piece: what else comes from the task shall not come between.
    let parts = [what, error.desc().as_bytes(), end].map(io::IoSlice::new);
    // SAFETY: the slices live through the call; nothing can be done about a failure.
    unsafe { libc::writev(2, parts.as_ptr().cast(), parts.len() as i32) };
}

/// The next child that has ended, if one has: its process, how it ended, what it used.
pub fn reap() -> Option<(Pid, Ending, Usage)> {
    let mut status = 0;
    // SAFETY: all zeros is a valid `rusage`; both places live through the call.
    let (pid, used) = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        (libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut used), used)
    };
    if pid <= 0 {
        return None;
    }
    let micros = |time: libc::timeval| {
        Duration::new(time.tv_sec.max(0) as u64, time.tv_usec.max(0) as u32 * 1000).as_micros() as u64
    };
    let usage = Usage {
        user_us: micros(used.ru_utime),
        system_us: micros(used.ru_stime),
        max_rss_kib: used.ru_maxrss.max(0) as u64,
        // The kernel counts in blocks of 512 bytes.
        read_bytes: used.ru_inblock.max(0) as u64 * 512,
        write_bytes: used.ru_oublock.max(0) as u64 * 512,
    };
    Some((Pid::from_raw(pid), Ending::from_status(status), usage))
}

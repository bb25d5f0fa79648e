//! The job's own process, from the fork to the moment it becomes the batch script. Everything that touches the owner's
//! files is done as the owner. Must not know what happens to it afterwards.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{Exit, NamedLimit, OpenMode, Text};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CpuSet as Affinity, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setsid};

use super::protocol::{Environment, Launch};
use super::slot::{Phase, Record, SlotFile, Started, Taken};
use super::{clock, sys};

/// Where the child says why it could not become the script: one page that it shares with its supervisor.
#[derive(Debug)]
pub(crate) struct Confession {
    page: std::ptr::NonNull<libc::c_void>,
}

const PAGE: usize = 4096;
/// Length of the text and exit code, before the text.
const TEXT_AT: usize = 8;

impl Confession {
    /// Maps the page; it stays until the process ends.
    pub(crate) fn new() -> io::Result<Self> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping at an address of the kernel's choice changes nobody's memory.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, protection, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { page: std::ptr::NonNull::new(page).ok_or(io::ErrorKind::OutOfMemory)? })
    }

    /// The mark: 0 while nothing is said, else the text's length plus one.
    fn mark(&self) -> &AtomicU32 {
        // SAFETY: the page is mapped, aligned and as long as this object lives.
        unsafe { AtomicU32::from_ptr(self.page.as_ptr().cast()) }
    }

    pub(crate) fn clear(&self) {
        self.mark().store(0, Ordering::Release);
    }

    fn say(&self, exit: u8, text: &str) {
        let length = text.len().min(PAGE - TEXT_AT);
        // SAFETY: what is written lies within the page; the other side reads it only after the mark is set.
        unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            base.add(4).write(exit);
            std::ptr::copy_nonoverlapping(text.as_ptr(), base.add(TEXT_AT), length);
        }
        self.mark().store(length as u32 + 1, Ordering::Release);
    }

    /// What was said, after the child is gone.
    pub(crate) fn heard(&self) -> Option<(Exit, String)> {
        let length = (self.mark().load(Ordering::Acquire).checked_sub(1)? as usize).min(PAGE - TEXT_AT);
        // SAFETY: within the page; nobody writes any more.
        let (code, text) = unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            (base.add(4).read(), std::slice::from_raw_parts(base.add(TEXT_AT), length))
        };
        Some((Exit { code, signal: 0 }, String::from_utf8_lossy(text).into_owned()))
    }
}

/// What the child needs, all made ready before the fork.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) launch: &'a Launch,
    pub(crate) script: &'a Path,
    /// First line of the script, for a message about a missing interpreter.
    pub(crate) first_line: &'a [u8],
    /// `None`: stay who we are.
    pub(crate) groups: Option<&'a [libc::gid_t]>,
    /// Bind to the cores here, because no cpuset does.
    pub(crate) affinity: bool,
    pub(crate) slot: &'a SlotFile,
    pub(crate) taken: &'a Taken,
    pub(crate) confession: &'a Confession,
    pub(crate) supervisor: Pid,
    /// Time since boot before the fork, in milliseconds.
    pub(crate) born_after_ms: u64,
    /// Marks the job's processes, for a launcher that has to find them.
    pub(crate) mark: &'a str,
    pub(crate) oom_score_adj: Option<i32>,
}

/// Becomes the script, or says why not and exits.
pub(crate) fn become_script(start: &Start<'_>) -> ! {
    let (exit, text) = match prepare(start) {
        Ok(()) => execute(start),
        Err(Failure { exit, text }) => (exit, text),
    };
    start.confession.say(exit, &text);
    // SAFETY: leaves without running what the supervisor has registered for its own exit.
    unsafe { libc::_exit(i32::from(exit)) }
}

struct Failure {
    exit: u8,
    text: String,
}

fn failure(what: &str) -> impl Fn(Errno) -> Failure + '_ {
    move |error| Failure { exit: 1, text: format!("{what}: {}", error.desc()) }
}

fn prepare(start: &Start<'_>) -> Result<(), Failure> {
    let launch = start.launch;
    setsid().map_err(failure("setsid"))?;
    die_with(start.supervisor)?;
    if let Some(score) = start.oom_score_adj {
        // Refused when it is less than the launcher's own: then that one stays.
        std::fs::write("/proc/self/oom_score_adj", score.to_string()).unwrap_or_default();
    }
    limit(launch).map_err(failure("setrlimit"))?;
    if launch.nice != 0 {
        // SAFETY: a plain call; a negative value that is not allowed changes nothing.
        unsafe { libc::nice(launch.nice) };
    }
    if start.affinity && !launch.cpus.is_empty() {
        bind(launch).map_err(failure("sched_setaffinity"))?;
    }
    if let Some(groups) = start.groups {
        sys::become_user(launch.owner.uid.0, launch.owner.gid.0, groups).map_err(failure("setresuid"))?;
        // The kernel forgets the wish to die with the parent when a process changes user.
        die_with(start.supervisor)?;
    }
    umask(Mode::from_bits_truncate(launch.umask & 0o777));
    let lost = enter(launch);
    open_files(launch)?;
    if let Err(error) = lost {
        let path = launch.workdir.lossy();
        let line = format!("couldn't chdir to `{path}': {}: going to /tmp instead", error.desc());
        complain(launch, &line);
        chdir("/tmp").map_err(failure("/tmp"))?;
    }
    Ok(())
}

/// Has the kernel kill this process when its supervisor dies, and makes sure that it is not already too late.
fn die_with(supervisor: Pid) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL).map_err(failure("prctl"))?;
    if getppid() == supervisor { Ok(()) } else { Err(Failure { exit: 1, text: "the supervisor died".to_owned() }) }
}

fn enter(launch: &Launch) -> Result<(), Errno> {
    chdir(Path::new(OsStr::from_bytes(launch.workdir.as_bytes())))
}

fn bind(launch: &Launch) -> Result<(), Errno> {
    let mut affinity = Affinity::new();
    for cpu in launch.cpus.iter() {
        affinity.set(cpu as usize)?;
    }
    sched_setaffinity(Pid::from_raw(0), &affinity)
}

fn limit(launch: &Launch) -> Result<(), Errno> {
    for (name, wanted) in &launch.limits.0 {
        let resource = match name {
            NamedLimit::As => Resource::RLIMIT_AS,
            NamedLimit::Core => Resource::RLIMIT_CORE,
            NamedLimit::Cpu => Resource::RLIMIT_CPU,
            NamedLimit::Data => Resource::RLIMIT_DATA,
            NamedLimit::Fsize => Resource::RLIMIT_FSIZE,
            NamedLimit::Memlock => Resource::RLIMIT_MEMLOCK,
            NamedLimit::Nofile => Resource::RLIMIT_NOFILE,
            NamedLimit::Nproc => Resource::RLIMIT_NPROC,
            NamedLimit::Rss => Resource::RLIMIT_RSS,
            NamedLimit::Stack => Resource::RLIMIT_STACK,
        };
        let (soft, hard) = getrlimit(resource)?;
        let wanted = wanted.unwrap_or(libc::RLIM_INFINITY).min(hard);
        if wanted != soft {
            setrlimit(resource, wanted, hard)?;
        }
    }
    Ok(())
}

/// Opens the three files, as the owner: whatever a path leads to, it is the owner who goes there.
fn open_files(launch: &Launch) -> Result<(), Failure> {
    let truncate = match launch.open_mode {
        OpenMode::Truncate => OFlag::O_TRUNC,
        OpenMode::Append => OFlag::empty(),
    };
    // Always appending: the job's two outputs and our own messages may share one file.
    let writing = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | truncate;
    let stdin = open_one("stdin", launch.stdin.as_ref(), OFlag::O_RDONLY)?;
    dup2_stdin(stdin).map_err(failure("stdin"))?;
    let stdout = open_one("stdout", launch.stdout.as_ref(), writing)?;
    dup2_stdout(&stdout).map_err(failure("stdout"))?;
    match &launch.stderr {
        Some(path) if Some(path) != launch.stdout.as_ref() => {
            let stderr = open_one("stderr", Some(path), writing)?;
            dup2_stderr(stderr).map_err(failure("stderr"))
        }
        _ => dup2_stderr(stdout).map_err(failure("stderr")),
    }
}

fn open_one(name: &str, path: Option<&Text>, flags: OFlag) -> Result<OwnedFd, Failure> {
    let (path, flags) = match path {
        Some(path) => (path.as_bytes(), flags),
        None => (&b"/dev/null"[..], flags & OFlag::O_ACCMODE),
    };
    let mode = Mode::from_bits_truncate(0o666);
    open(Path::new(OsStr::from_bytes(path)), flags | OFlag::O_CLOEXEC | OFlag::O_NOCTTY, mode).map_err(|error| {
        let text = format!("Could not open {name} file {}: {}", String::from_utf8_lossy(path), error.desc());
        Failure { exit: 1, text }
    })
}

/// A line in the job's error file, from the child itself.
fn complain(launch: &Launch, line: &str) {
    let whole = format!("{}: error: {line}\n", launch.speaker);
    // SAFETY: the job's standard error is open; nothing can be done about a full disk here.
    unsafe { libc::write(2, whole.as_ptr().cast(), whole.len()) };
}

/// Passes the gate and becomes the script; returns only if that fails.
fn execute(start: &Start<'_>) -> (u8, String) {
    let launch = start.launch;
    let pid = getpid();
    let Ok(script) = super::places::c_path(start.script) else {
        return (1, "the script's path holds a NUL".to_owned());
    };
    let args: Vec<CString> = launch.args.iter().filter_map(|arg| CString::new(arg.as_bytes()).ok()).collect();
    let argv: Vec<_> =
        std::iter::once(script.as_ptr()).chain(args.iter().map(|arg| arg.as_ptr())).chain([std::ptr::null()]).collect();
    let own = own_variables(launch, pid, start.mark);
    let inherited = c_strings(&launch.env);
    let envp: Vec<_> = own
        .iter()
        .map(|entry| entry.as_ptr())
        .chain(inherited.iter().map(|entry| entry.as_ptr()))
        .chain([std::ptr::null()])
        .collect();
    if let Err(error) = pass_gate(start, pid) {
        return (1, format!("writing the slot file: {error}"));
    }
    sys::close_on_exec_from(3);
    // SAFETY: both lists end with null, their strings live until the call returns.
    let error = unsafe { sys::execve(&script, &argv, &envp) };
    let text = explain(error, start.first_line, start.script);
    complain(launch, &text);
    (error as i32 as u8, text)
}

/// Records this process as the run's, while the supervisor lives. The gate: whoever finds no such record knows that
/// the script did not start; and if the supervisor dies, the kernel kills this process on either side of it.
fn pass_gate(start: &Start<'_>, pid: Pid) -> io::Result<()> {
    let now = clock::since_boot().as_millis() as u64;
    let started = Started { pid: pid.as_raw() as u32, at: clock::now(), born_ms: (start.born_after_ms, now) };
    let record = Record::Taken(Taken { phase: Phase::Started(started), ..start.taken.clone() });
    start.slot.write(&record)?;
    if getppid() != start.supervisor {
        return Err(io::Error::other("the supervisor died"));
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

fn own_variables(launch: &Launch, pid: Pid, mark: &str) -> Vec<CString> {
    let pids = launch.pid_variables.iter().map(|name| format!("{name}={pid}"));
    pids.chain([mark.to_owned()]).filter_map(|entry| CString::new(entry).ok()).collect()
}

fn c_strings(env: &Environment) -> Vec<CString> {
    env.iter().filter_map(|entry| CString::new(entry).ok()).collect()
}

/// Why the kernel would not run the script, in the words that users of batch systems know.
fn explain(error: Errno, first_line: &[u8], script: &Path) -> String {
    if error == Errno::ENOENT
        && let Some(rest) = first_line.strip_prefix(b"#!")
    {
        let word = rest.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        return format!("execve(): bad interpreter({}): {}", String::from_utf8_lossy(word), error.desc());
    }
    format!("execve(): {}: {}", script.display(), error.desc())
}

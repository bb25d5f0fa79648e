//! The job's own process, from the fork to the moment it becomes the batch script. Everything that touches the owner's
//! files is done as the owner. Must not know what happens to it afterwards.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{Exit, NamedLimit, OpenMode, Text};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::{FileStat, Mode, SFlag, stat, umask};
use nix::unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setsid};

use super::protocol::Launch;
use super::slot::{Phase, Record, SlotFile, Started, Taken};
use super::{clock, sys};

/// Where the child says why it could not become the script: one page that it shares with its supervisor.
#[derive(Debug)]
pub(crate) struct Confession {
    page: std::ptr::NonNull<libc::c_void>,
}

const PAGE: usize = 4096;
/// Where the text begins: before it the mark, the exit code, and whether patience would help.
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

    fn say(&self, exit: u8, impatient: bool, text: &str) {
        let length = text.len().min(PAGE - TEXT_AT);
        // SAFETY: what is written lies within the page; the other side reads it only after the mark is set.
        unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            base.add(4).write(exit);
            base.add(5).write(u8::from(impatient));
            std::ptr::copy_nonoverlapping(text.as_ptr(), base.add(TEXT_AT), length);
        }
        self.mark().store(length as u32 + 1, Ordering::Release);
    }

    /// What was said, after the child is gone.
    pub(crate) fn heard(&self) -> Option<Heard> {
        let length = (self.mark().load(Ordering::Acquire).checked_sub(1)? as usize).min(PAGE - TEXT_AT);
        // SAFETY: within the page; nobody writes any more.
        let (code, impatient, text) = unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            (base.add(4).read(), base.add(5).read() != 0, std::slice::from_raw_parts(base.add(TEXT_AT), length))
        };
        if impatient {
            return Some(Heard::Patience);
        }
        Some(Heard::Failure(Exit { code, signal: 0 }, String::from_utf8_lossy(text).into_owned()))
    }
}

/// Why a child did not become the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// It would have had to wait for somebody: once more, with memory of its own.
    Patience,
    /// It cannot be.
    Failure(Exit, String),
}

/// What the child needs, all made ready before it is born: it may live in borrowed memory, where it must leave nothing
/// behind.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) launch: &'a Launch,
    pub(crate) program: Program,
    /// First line of the script, for a message about a missing interpreter.
    pub(crate) first_line: &'a [u8],
    /// `None`: stay who we are.
    pub(crate) groups: Option<&'a [libc::gid_t]>,
    pub(crate) slot: &'a SlotFile,
    pub(crate) taken: &'a Taken,
    pub(crate) confession: &'a Confession,
    pub(crate) supervisor: Pid,
    /// Time since boot before the child was born, in milliseconds.
    pub(crate) born_after_ms: u64,
    pub(crate) oom_score_adj: Option<i32>,
    /// A cgroup to go into.
    pub(crate) door: Option<BorrowedFd<'a>>,
    /// The child may wait when it opens files; else it says [`Heard::Patience`] where it would have to.
    pub(crate) patient: bool,
}

/// What to execute, laid out as the kernel wants it.
#[derive(Debug)]
pub(crate) struct Program {
    path: CString,
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    /// `NAME=` with room for a number, for each variable that gets the child's process id.
    pids: Vec<Vec<u8>>,
    /// What the pointers point into.
    _strings: Vec<CString>,
    _environment: Vec<u8>,
}

/// Room for the greatest process id and a NUL.
const DIGITS: usize = 11;

impl Program {
    /// A script with the launch's arguments and environment, marked.
    pub(crate) fn new(script: &Path, launch: &Launch, mark: &str) -> io::Result<Self> {
        let path = super::places::c_path(script)?;
        let mut strings = Vec::with_capacity(launch.args.len() + 1);
        for arg in &launch.args {
            strings.push(CString::new(arg.as_bytes()).map_err(io::Error::other)?);
        }
        let mut argv = vec![path.as_ptr()];
        argv.extend(strings.iter().map(|arg| arg.as_ptr()));
        argv.push(std::ptr::null());
        strings.push(CString::new(mark).map_err(io::Error::other)?);
        let mut pids: Vec<Vec<u8>> = Vec::new();
        for name in &launch.pid_variables {
            let mut entry = CString::new(name.as_str()).map_err(io::Error::other)?.into_bytes();
            entry.push(b'=');
            entry.extend_from_slice(&[0; DIGITS]);
            pids.push(entry);
        }
        let environment = launch.env.to_block();
        let mut envp: Vec<_> = pids.iter().map(|entry| entry.as_ptr().cast()).collect();
        envp.extend(strings.last().map(|mark| mark.as_ptr()));
        let mut at = 0;
        for entry in environment.split_inclusive(|byte| *byte == 0) {
            envp.push(environment[at..].as_ptr().cast());
            at += entry.len();
        }
        envp.push(std::ptr::null());
        Ok(Self { path, argv, envp, pids, _strings: strings, _environment: environment })
    }

    /// Fills in the child's process id. Without allocating, and in place: the environment points there.
    fn set_pid(&mut self, pid: Pid) {
        for entry in &mut self.pids {
            let (mut left, mut at) = (pid.as_raw(), entry.len() - DIGITS);
            let mut power = 1_000_000_000;
            while power > 1 && left / power == 0 {
                power /= 10;
            }
            while power > 0 {
                entry[at] = b'0' + (left / power % 10) as u8;
                left %= power;
                power /= 10;
                at += 1;
            }
        }
    }
}

/// Becomes the script, or says why not and exits.
pub(crate) extern "C" fn become_script(start: *mut Start<'_>) -> ! {
    // SAFETY: whoever spawns this gives a valid start, and nobody else uses it meanwhile.
    let start = unsafe { &mut *start };
    let exit = confess(start);
    // SAFETY: leaves without running what the supervisor has registered for its own exit.
    unsafe { libc::_exit(exit) }
}

/// Only returns when the script could not be started; nothing is left in memory then.
fn confess(start: &mut Start<'_>) -> i32 {
    let failure = match prepare(start) {
        Ok(()) => execute(start),
        Err(failure) => failure,
    };
    start.confession.say(failure.exit, failure.impatient, &failure.text);
    i32::from(failure.exit)
}

struct Failure {
    exit: u8,
    text: String,
    impatient: bool,
}

impl Failure {
    fn new(exit: u8, text: String) -> Self {
        Self { exit, text, impatient: false }
    }
}

fn failure(what: &str) -> impl Fn(Errno) -> Failure + '_ {
    move |error| Failure::new(1, format!("{what}: {}", error.desc()))
}

fn prepare(start: &Start<'_>) -> Result<(), Failure> {
    let launch = start.launch;
    setsid().map_err(failure("setsid"))?;
    die_with(start.supervisor)?;
    // From here on SIGTERM ends it: there may be a pipe to wait at.
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(failure("sigprocmask"))?;
    if let Some(door) = start.door {
        sys::write_at(door, b"0", 0).map_err(|error| Failure::new(1, format!("entering the cgroup: {error}")))?;
    }
    if let Some(score) = start.oom_score_adj {
        // Refused when it is less than the launcher's own: then that one stays.
        std::fs::write("/proc/self/oom_score_adj", score.to_string()).unwrap_or_default();
    }
    limit(launch).map_err(failure("setrlimit"))?;
    if launch.nice != 0 {
        // SAFETY: a plain call; a negative value that is not allowed changes nothing.
        unsafe { libc::nice(launch.nice) };
    }
    if let Some(groups) = start.groups {
        sys::become_user(launch.owner.uid.0, launch.owner.gid.0, groups).map_err(failure("setresuid"))?;
        // The kernel forgets the wish to die with the parent when a process changes user.
        die_with(start.supervisor)?;
    }
    umask(Mode::from_bits_truncate(launch.umask & 0o777));
    let lost = enter(launch);
    open_files(launch, start.patient)?;
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
    if getppid() == supervisor { Ok(()) } else { Err(Failure::new(1, "the supervisor died".to_owned())) }
}

fn enter(launch: &Launch) -> Result<(), Errno> {
    chdir(Path::new(OsStr::from_bytes(launch.workdir.as_bytes())))
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
fn open_files(launch: &Launch, patient: bool) -> Result<(), Failure> {
    let truncate = match launch.open_mode {
        OpenMode::Truncate => OFlag::O_TRUNC,
        OpenMode::Append => OFlag::empty(),
    };
    // Always appending: the job's two outputs and our own messages may share one file.
    let writing = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | truncate;
    let stdin = open_one("stdin", launch.stdin.as_ref(), OFlag::O_RDONLY, patient)?;
    dup2_stdin(stdin).map_err(failure("stdin"))?;
    let stdout = open_one("stdout", launch.stdout.as_ref(), writing, patient)?;
    dup2_stdout(&stdout).map_err(failure("stdout"))?;
    match &launch.stderr {
        Some(path) if Some(path) != launch.stdout.as_ref() => {
            let stderr = open_one("stderr", Some(path), writing, patient)?;
            dup2_stderr(stderr).map_err(failure("stderr"))
        }
        _ => dup2_stderr(stdout).map_err(failure("stderr")),
    }
}

fn open_one(name: &str, path: Option<&Text>, flags: OFlag, patient: bool) -> Result<OwnedFd, Failure> {
    let Some(path) = path else {
        return open("/dev/null", flags & OFlag::O_ACCMODE | OFlag::O_CLOEXEC, Mode::empty()).map_err(failure(name));
    };
    let waiting = if patient { OFlag::empty() } else { OFlag::O_NONBLOCK };
    let whole = flags | waiting | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    let path_as_given = Path::new(OsStr::from_bytes(path.as_bytes()));
    let failed = |error: Errno| Failure::new(1, format!("Could not open {name} file {path}: {}", error.desc()));
    // Nobody writes to it yet, maybe; opening it only to find out would be noticed on the other side.
    let reading = flags & OFlag::O_ACCMODE == OFlag::O_RDONLY;
    let is_pipe = |stat: FileStat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO;
    if !patient && reading && stat(path_as_given).is_ok_and(is_pipe) {
        return Err(Failure { impatient: true, ..failed(Errno::ENXIO) });
    }
    match open(path_as_given, whole, Mode::from_bits_truncate(0o666)) {
        Ok(file) => {
            if !patient {
                fcntl(&file, FcntlArg::F_SETFL(flags & OFlag::O_APPEND)).map_err(failed)?;
            }
            Ok(file)
        }
        // A pipe that nobody reads yet.
        Err(Errno::ENXIO) if !patient => Err(Failure { impatient: true, ..failed(Errno::ENXIO) }),
        Err(error) => Err(failed(error)),
    }
}

/// A line in the job's error file, from the child itself.
fn complain(launch: &Launch, line: &str) {
    let whole = format!("{}: error: {line}\n", launch.speaker);
    // SAFETY: the job's standard error is open; nothing can be done about a full disk here.
    unsafe { libc::write(2, whole.as_ptr().cast(), whole.len()) };
}

/// Passes the gate and becomes the script; returns only if that fails.
fn execute(start: &mut Start<'_>) -> Failure {
    let pid = getpid();
    start.program.set_pid(pid);
    if let Err(error) = pass_gate(start, pid) {
        return Failure::new(1, format!("writing the slot file: {error}"));
    }
    sys::close_on_exec_from(3);
    let program = &start.program;
    // SAFETY: both lists end with null, their strings live as long as the program.
    let error = unsafe { sys::execve(&program.path, &program.argv, &program.envp) };
    let text = explain(error, start.first_line, &program.path);
    complain(start.launch, &text);
    Failure::new(error as i32 as u8, text)
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
    Ok(())
}

/// Why the kernel would not run the script, in the words that users of batch systems know.
fn explain(error: Errno, first_line: &[u8], script: &CStr) -> String {
    if error == Errno::ENOENT
        && let Some(rest) = first_line.strip_prefix(b"#!")
    {
        let word = rest.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        return format!("execve(): bad interpreter({}): {}", String::from_utf8_lossy(word), error.desc());
    }
    format!("execve(): {}: {}", String::from_utf8_lossy(script.to_bytes()), error.desc())
}

//! The job's own process, from the fork to the moment it becomes the batch script. Everything that touches the owner's
//! files is done as the owner. Must not know what happens to it afterwards.

// Errors lie on the stack, because boxes would have to be allocated (see `Start`).
#![allow(clippy::result_large_err)]

mod confession;
mod program;

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use model::{Exit, NamedLimit, OpenMode};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::{FileStat, Mode, SFlag, stat, umask};
use nix::unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setsid};

pub(crate) use self::confession::{Confession, Heard};
use self::confession::{Line, Lossy};
pub(crate) use self::program::Program;
use self::program::or_null;
use super::protocol::Launch;
use super::slot::{NextRecord, Started};
use super::{clock, sys};

/// Programs submit a job, read its number, and then make the folder for its output, which they name by it (submitit
/// does): under Slurm they are in time, because a job takes a second to start. So a folder is waited for...
const FOLDER_SOON: Duration = Duration::from_secs(3);
/// ...and looked for so often.
const FOLDER_LOOK: Duration = Duration::from_millis(5);

/// What the child needs, all made ready before it is born: it may live in borrowed memory, where it must leave nothing
/// behind, and allocates nothing once its owner could kill it.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) launch: &'a Launch,
    pub(crate) program: Program,
    /// First line of the script, for a message about a missing interpreter.
    pub(crate) first_line: &'a [u8],
    /// `None`: stay who we are.
    pub(crate) groups: Option<&'a [libc::gid_t]>,
    /// The record that says that the script was let go; none for a process that joins it.
    pub(crate) gate: Option<NextRecord<'a>>,
    pub(crate) confession: &'a Confession,
    pub(crate) supervisor: Pid,
    /// Time since boot before the child was born, in milliseconds.
    pub(crate) born_after_ms: u64,
    pub(crate) oom_score_adj: Option<i32>,
    /// The soft limit of open files, where the launch has none.
    pub(crate) files: u64,
    /// A cgroup to go into.
    pub(crate) door: Option<BorrowedFd<'a>>,
    /// The child may wait when it opens files; else it says [`Heard::Patience`] where it would have to.
    pub(crate) patient: bool,
}

/// Becomes the script, or says why not and exits.
pub(crate) extern "C" fn become_script(start: *mut Start<'_>) -> ! {
    // SAFETY: whoever spawns this gives a valid start, and nobody else uses it meanwhile.
    let start = unsafe { &mut *start };
    let failure = match prepare(start) {
        Ok(()) => execute(start),
        Err(failure) => failure,
    };
    start.confession.say(failure.exit, failure.impatient, failure.text.as_bytes());
    // SAFETY: leaves without running what the supervisor has registered for its own exit.
    unsafe { libc::_exit(1) }
}

/// What Slurm accounts for a job whose files cannot be opened: a signal that there is not.
const NO_FILE: Exit = Exit { code: 0, signal: 53 };

struct Failure {
    exit: Exit,
    text: Line,
    impatient: bool,
}

impl Failure {
    fn new(exit: u8, text: std::fmt::Arguments<'_>) -> Self {
        Self { exit: Exit { code: exit, signal: 0 }, text: Line::new(text), impatient: false }
    }
}

fn failure(what: &str) -> impl Fn(Errno) -> Failure + '_ {
    move |error| Failure::new(1, format_args!("{what}: {}", error.desc()))
}

fn prepare(start: &Start<'_>) -> Result<(), Failure> {
    let launch = start.launch;
    setsid().map_err(failure("setsid"))?;
    die_with(start.supervisor)?;
    // From here on SIGTERM ends it: there may be a pipe to wait at.
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(failure("sigprocmask"))?;
    if let Some(door) = start.door {
        sys::write_at(door, b"0", 0).map_err(|error| Failure::new(1, format_args!("entering the cgroup: {error}")))?;
    }
    if let Some(score) = start.oom_score_adj {
        // Refused when it is less than the launcher's own: then that one stays.
        std::fs::write("/proc/self/oom_score_adj", score.to_string()).unwrap_or_default();
    }
    limit_files(start.files).and_then(|()| limit(launch)).map_err(failure("setrlimit"))?;
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
    let entered = chdir(start.program.workdir.as_c_str());
    open_files(start)?;
    if let Err(error) = entered {
        let path = Lossy(launch.workdir.as_bytes());
        complain(launch, format_args!("couldn't chdir to `{path}': {}: going to /tmp instead", error.desc()));
        chdir(c"/tmp").map_err(failure("/tmp"))?;
    }
    Ok(())
}

/// Has the kernel kill this process when its supervisor dies, and makes sure that it is not already too late.
fn die_with(supervisor: Pid) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL).map_err(failure("prctl"))?;
    if getppid() == supervisor { Ok(()) } else { Err(Failure::new(1, format_args!("the supervisor died"))) }
}

/// Takes back what the launcher has raised for itself.
pub(super) fn limit_files(soft: u64) -> Result<(), Errno> {
    let (now, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < now { setrlimit(Resource::RLIMIT_NOFILE, soft, hard) } else { Ok(()) }
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
fn open_files(start: &Start<'_>) -> Result<(), Failure> {
    let (program, patient) = (&start.program, start.patient);
    let truncate = match start.launch.open_mode {
        OpenMode::Truncate => OFlag::O_TRUNC,
        OpenMode::Append => OFlag::empty(),
    };
    // Always appending: the job's two outputs and our own messages may share one file.
    let writing = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | truncate;
    let stdin = open_one("stdin", or_null(program.stdin.as_ref()), OFlag::O_RDONLY, patient)?;
    dup2_stdin(stdin).map_err(failure("stdin"))?;
    let stdout = open_one("stdout", or_null(program.stdout.as_ref()), writing, patient)?;
    dup2_stdout(&stdout).map_err(failure("stdout"))?;
    match &program.stderr {
        Some(path) => {
            let stderr = open_one("stderr", path, writing, patient)?;
            dup2_stderr(stderr).map_err(failure("stderr"))
        }
        None => dup2_stderr(stdout).map_err(failure("stderr")),
    }
}

fn open_one(name: &str, path: &CStr, flags: OFlag, patient: bool) -> Result<OwnedFd, Failure> {
    let waiting = if patient { OFlag::empty() } else { OFlag::O_NONBLOCK };
    let whole = flags | waiting | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    let shown = Lossy(path.to_bytes());
    let failed = |error: Errno| Failure {
        exit: NO_FILE,
        ..Failure::new(1, format_args!("Could not open {name} file {shown}: {}", error.desc()))
    };
    // Nobody writes to it yet, maybe; opening it only to find out would be noticed on the other side.
    let reading = flags & OFlag::O_ACCMODE == OFlag::O_RDONLY;
    let is_pipe = |stat: FileStat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO;
    if !patient && reading && stat(path).is_ok_and(is_pipe) {
        return Err(Failure { impatient: true, ..failed(Errno::ENXIO) });
    }
    let begun = clock::since_boot();
    let opened = loop {
        match open(path, whole, Mode::from_bits_truncate(0o666)) {
            Err(Errno::ENOENT) if patient && !reading && clock::since_boot() < begun + FOLDER_SOON => {
                std::thread::sleep(FOLDER_LOOK);
            }
            opened => break opened,
        }
    };
    match opened {
        Ok(file) => {
            if !patient {
                fcntl(&file, FcntlArg::F_SETFL(flags & OFlag::O_APPEND)).map_err(failed)?;
            }
            Ok(file)
        }
        // A pipe that nobody reads yet; a folder that is not there yet.
        Err(error @ Errno::ENXIO) if !patient => Err(Failure { impatient: true, ..failed(error) }),
        Err(error @ Errno::ENOENT) if !patient && !reading => Err(Failure { impatient: true, ..failed(error) }),
        Err(error) => Err(failed(error)),
    }
}

/// A line in the job's error file, from the child itself.
fn complain(launch: &Launch, line: std::fmt::Arguments<'_>) {
    let whole = Line::new(format_args!("{}: error: {line}\n", launch.speaker));
    let bytes = whole.as_bytes();
    // SAFETY: the job's standard error is open; nothing can be done about a full disk here.
    unsafe { libc::write(2, bytes.as_ptr().cast(), bytes.len()) };
}

/// Passes the gate and becomes the script; returns only if that fails.
fn execute(start: &mut Start<'_>) -> Failure {
    let pid = getpid();
    start.program.set_pid(pid);
    if let Err(failure) = pass_gate(start, pid) {
        return failure;
    }
    sys::close_on_exec_from(3);
    let program = &start.program;
    // SAFETY: both lists end with null, their strings live as long as the program.
    let error = unsafe { sys::execve(&program.path, &program.argv, &program.envp) };
    let failure = explain(error, start.first_line, &program.path);
    complain(start.launch, format_args!("{}", failure.text));
    failure
}

/// Records this process as the run's, while the supervisor lives. The gate: whoever finds no such record knows that
/// the script did not start; and if the supervisor dies, the kernel kills this process on either side of it.
fn pass_gate(start: &mut Start<'_>, pid: Pid) -> Result<(), Failure> {
    let now = clock::since_boot().as_millis() as u64;
    let started = Started { pid: pid.as_raw() as u32, at: clock::now(), born_ms: (start.born_after_ms, now) };
    if let Some(gate) = &mut start.gate {
        gate.write(started).map_err(|error| Failure::new(1, format_args!("writing the slot file: {error}")))?;
    }
    if getppid() == start.supervisor { Ok(()) } else { Err(Failure::new(1, format_args!("the supervisor died"))) }
}

/// Why the kernel would not run the script, in the words that users of batch systems know; the exit code is the
/// error's number, as they know it, too.
fn explain(error: Errno, first_line: &[u8], script: &CStr) -> Failure {
    let exit = error as i32 as u8;
    if error == Errno::ENOENT
        && let Some(rest) = first_line.strip_prefix(b"#!")
    {
        let word = rest.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        return Failure::new(exit, format_args!("execve(): bad interpreter({}): {}", Lossy(word), error.desc()));
    }
    Failure::new(exit, format_args!("execve(): {}: {}", Lossy(script.to_bytes()), error.desc()))
}

//! The launcher: the one process that keeps privilege. It takes orders from the centre, hands runs to supervisors, and
//! buries what a dead supervisor left. It is small and has one thread, because it forks.
//!
//! It leaves as soon as its centre does; jobs go on, and the next launcher adopts their supervisors.
//! Must not know why a job is started or ended.

mod accounts;
mod burial;
mod commands;
mod machines;
mod servants;
mod slots;
mod talk;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use model::RunId;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, accept4, bind, getsockopt, listen, socket, sockopt,
};
use nix::unistd::{Pid, geteuid, getpid};

use super::cgroup::Kit;
use super::link::Scripts;
use super::parcel::{self, Content};
use super::places::Places;
use super::protocol::Guarantees;
use super::tree::{self, Process};
use super::wire::Wire;
use super::{Context, Error, clock, sys};
use slots::Slot;

/// What a launcher is told when it is started.
#[derive(Debug)]
pub struct LauncherConfig {
    /// The centre's data directory; the launcher works in its `spool`, which belongs to the launcher's user.
    pub data: PathBuf,
    /// Names the centre, so that several on one machine do not take each other's jobs for their own: letters, digits
    /// and `-`.
    pub centre_id: String,
    /// Where the centre speaks.
    pub centre: Centre,
    /// Whether and where cgroups are made.
    pub cgroups: Cgroups,
    /// Instead of the kernel's boot id, for tests.
    pub boot_id: Option<String>,
}

/// Where the centre speaks.
#[derive(Debug)]
pub enum Centre {
    /// A connected stream socket (see [`super::link::pair`]).
    Connected(OwnedFd),
    /// A path to listen at, for one centre at a time.
    Listen {
        /// Where; what is there is replaced.
        path: PathBuf,
        /// Who may connect, beside root and the launcher's own user.
        uids: Vec<u32>,
        /// Go on listening when the centre leaves, instead of leaving too.
        stay: bool,
    },
}

/// Whether and where cgroups are made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cgroups {
    /// Look for a place.
    Auto,
    /// In this cgroup (v2), which was delegated to us.
    Below(PathBuf),
    /// Nowhere.
    Off,
}

/// Why a launcher left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitReason {
    /// The centre closed its end.
    CentreGone,
    /// The centre said so.
    Quit,
    /// SIGTERM or SIGINT.
    Signal,
}

/// What launcher and supervisors agree on.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) boot_id: String,
    pub(crate) centre_id: String,
    /// Jobs run as their owners.
    pub(crate) root: bool,
    pub(crate) kit: Kit,
    /// Our own, which children inherit.
    pub(crate) oom_score_adj: i32,
    /// How many files a job may have open, if it has no limit of its own: as many as we might when we were started.
    pub(crate) job_files: u64,
}

impl Settings {
    /// The variable that marks the processes of a run.
    pub(crate) fn mark(&self, run: RunId) -> String {
        format!("ALGORIC_RUN={}/{}.{}", self.centre_id, run.job.0, run.attempt)
    }
}

/// Who has something to say, as epoll remembers it.
const CENTRE: u64 = 0;
const DOOR: u64 = 1;
const REUNION: u64 = 2;
const SIGNALS: u64 = 3;
/// A supervisor that has not said which it is, by descriptor.
const STRANGER: u64 = 1 << 32;
/// The supervisor of a slot, by number.
const SUPERVISOR: u64 = 2 << 32;

/// How often the dying are looked after.
const BURIAL: Duration = Duration::from_millis(10);
/// How often supervisors that have not come back yet are checked for life.
const AWAITED: Duration = Duration::from_millis(200);

struct Launcher {
    settings: Rc<Settings>,
    places: Rc<Places>,
    guarantees: Guarantees,
    /// Held until we die.
    _lock: File,
    epoll: Epoll,
    signals: SignalFd,
    reunion: OwnedFd,
    door: Option<Door>,
    centre: Option<Wire>,
    /// The centre could not take all; told when it can take more.
    centre_full: bool,
    strangers: Vec<OwnedFd>,
    slots: Vec<Slot>,
    /// Children that we had before we were a launcher (of a shell that became us): none of a supervisor's orphans.
    foreign: Vec<Process>,
    /// Processes that serve members' files: whose, and which.
    servants: Vec<(u32, Pid)>,
    /// Programs that run as members, for what they print.
    commands: Vec<commands::Running>,
    /// Accounts that are being made: the order's number, and the name.
    making: Vec<(u64, String)>,
    /// The directory of the web process's socket.
    run: PathBuf,
    /// Slot files that cannot be read, and why.
    unreadable: Vec<(u32, String)>,
    scripts: Scripts<Content>,
    buffer: Vec<u8>,
}

struct Door {
    socket: OwnedFd,
    uids: Vec<u32>,
    stay: bool,
}

/// Serves until the centre leaves. Must be called by a process with one thread.
///
/// # Errors
/// [`Error`] when it cannot set itself up, or can no longer wait for events.
pub fn run(config: LauncherConfig) -> Result<ExitReason, Error> {
    let mut launcher = Launcher::new(config)?;
    launcher.recover()?;
    if launcher.centre.is_some() {
        launcher.greet();
    }
    loop {
        if let Some(reason) = launcher.turn()? {
            launcher.leave();
            return Ok(reason);
        }
    }
}

impl Launcher {
    fn new(config: LauncherConfig) -> Result<Self, Error> {
        settle_process().context(|| "setting up the process".to_owned())?;
        let job_files = raise_files().context(|| "the limit of open files".to_owned())?;
        let places = Places::open(&config.data)?;
        let lock = places.open_file("launcher.lock").context(|| "launcher.lock".to_owned())?;
        if !lock_soon(&lock).context(|| "launcher.lock".to_owned())? {
            return Err(Error::Taken(config.data));
        }
        let boot_id = match config.boot_id {
            Some(boot_id) => boot_id,
            None => std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
                .context(|| "/proc/sys/kernel/random/boot_id".to_owned())?
                .trim()
                .to_owned(),
        };
        let root = geteuid().is_root();
        let (kit, notes) = Kit::find(&config.cgroups, &config.centre_id, root);
        let guarantees = kit.guarantees(root, notes);
        let score = std::fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
        let oom_score_adj = score.trim().parse().unwrap_or(0);
        let settings = Settings { boot_id, centre_id: config.centre_id, root, kit, oom_score_adj, job_files };
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context(|| "epoll".to_owned())?;
        let signals = watched_signals().context(|| "signalfd".to_owned())?;
        let reunion = open_reunion(&places).context(|| "supervisors.sock".to_owned())?;
        let (centre, door) = match config.centre {
            Centre::Connected(socket) => (Some(Wire::new(socket)), None),
            Centre::Listen { path, uids, stay } => {
                let socket = open_door(&path).context(|| format!("{}", path.display()))?;
                (None, Some(Door { socket, uids, stay }))
            }
        };
        let launcher = Self {
            guarantees,
            settings: Rc::new(settings),
            places: Rc::new(places),
            _lock: lock,
            epoll,
            signals,
            reunion,
            door,
            centre,
            centre_full: false,
            strangers: Vec::new(),
            slots: Vec::new(),
            foreign: tree::children_of(getpid()),
            servants: Vec::new(),
            commands: Vec::new(),
            making: Vec::new(),
            run: config.data.join("run"),
            unreadable: Vec::new(),
            scripts: Scripts::default(),
            buffer: vec![0; parcel::DATAGRAM],
        };
        // No mount is held back because we were started there.
        nix::unistd::chdir("/").context(|| "/".to_owned())?;
        launcher.watch(launcher.signals.as_fd(), SIGNALS)?;
        launcher.watch(launcher.reunion.as_fd(), REUNION)?;
        if let Some(door) = &launcher.door {
            launcher.watch(door.socket.as_fd(), DOOR)?;
        }
        if let Some(centre) = &launcher.centre {
            launcher.watch(centre.fd(), CENTRE)?;
        }
        Ok(launcher)
    }

    fn watch(&self, fd: BorrowedFd<'_>, token: u64) -> Result<(), Error> {
        self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, token)).context(|| "epoll".to_owned())
    }

    /// Waits once and serves what came.
    fn turn(&mut self) -> Result<Option<ExitReason>, Error> {
        let timeout = match self.due() {
            Some(wait) => EpollTimeout::try_from(wait).unwrap_or(EpollTimeout::MAX),
            None => EpollTimeout::NONE,
        };
        let mut events = [EpollEvent::empty(); 32];
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(error) => return Err(error).context(|| "epoll".to_owned()),
        };
        let mut leave = None;
        for event in &events[..count] {
            let reason = match event.data() {
                CENTRE => self.serve_centre(),
                DOOR => self.open_to_centre(),
                REUNION => self.admit_strangers(),
                SIGNALS => self.serve_signals(),
                token if token & SUPERVISOR != 0 => self.hear((token & 0xffff_ffff) as u32),
                token => self.recognise((token & 0xffff_ffff) as i32),
            };
            leave = leave.or(reason);
        }
        self.look_after();
        self.flush();
        Ok(leave)
    }

    /// How long nothing has to be done unasked; `None`: for ever.
    fn due(&self) -> Option<Duration> {
        if self.slots.iter().any(Slot::dying) {
            return Some(BURIAL);
        }
        let awaited = self.slots.iter().any(Slot::awaited).then_some(AWAITED);
        let now = clock::since_boot();
        let appointments = self.slots.iter().filter_map(|slot| slot.doom_at).chain(self.retirement());
        let next = appointments.min().map(|at| at.saturating_sub(now) + Duration::from_millis(1));
        awaited.into_iter().chain(next).min()
    }

    fn serve_signals(&mut self) -> Option<ExitReason> {
        let mut leave = None;
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo != Signal::SIGCHLD as u32 {
                leave = Some(ExitReason::Signal);
            }
        }
        self.reap();
        leave
    }

    /// A centre knocks: taken in if it may and none is there.
    fn open_to_centre(&mut self) -> Option<ExitReason> {
        let door = self.door.as_ref()?;
        let flags = SockFlag::SOCK_CLOEXEC;
        let fd = accept4(door.socket.as_raw_fd(), flags).ok()?;
        // SAFETY: the kernel has just made it, nobody else knows it.
        let socket = unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(fd) };
        let uid = getsockopt(&socket, sockopt::PeerCredentials).ok()?.uid();
        let welcome = uid == 0 || uid == geteuid().as_raw() || door.uids.contains(&uid);
        if !welcome || self.centre.is_some() {
            return None;
        }
        let wire = Wire::new(socket);
        self.watch(wire.fd(), CENTRE).ok()?;
        self.centre = Some(wire);
        self.scripts = Scripts::default();
        self.greet();
        None
    }
}

/// Takes a lock that a launcher which was just killed, or a supervisor it had just forked, may hold for a moment more.
fn lock_soon(lock: &File) -> io::Result<bool> {
    for _ in 0..100 {
        match lock.try_lock() {
            Ok(()) => return Ok(true),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// Signals as we and our children need them, descriptors closed on exec, and orphans come to us.
fn settle_process() -> io::Result<()> {
    while File::open("/dev/null")?.as_raw_fd() <= 2 {
        // Keeps 0, 1 and 2 occupied: whatever is opened later must not become somebody's standard output.
        std::mem::forget(File::open("/dev/null")?);
    }
    sys::close_on_exec_from(3);
    sys::give_memory_back();
    sys::default_signals();
    let mut blocked = watched();
    blocked.add(Signal::SIGPIPE);
    blocked.add(Signal::SIGHUP);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
    set_child_subreaper(true)?;
    // Members walk through directories that we make.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    Ok(())
}

/// We have descriptors for every job; the usual soft limit is one for programs that use select(2), as jobs may. Says
/// what it was.
fn raise_files() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(soft)
}

fn watched() -> SigSet {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT] {
        set.add(signal);
    }
    set
}

fn watched_signals() -> io::Result<SignalFd> {
    Ok(SignalFd::with_flags(&watched(), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}

fn open_reunion(places: &Places) -> io::Result<OwnedFd> {
    places.clear_reunion()?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let door = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
    bind(door.as_raw_fd(), &places.reunion()?)?;
    listen(&door, Backlog::new(64)?)?;
    Ok(door)
}

fn open_door(path: &std::path::Path) -> io::Result<OwnedFd> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let door = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    bind(door.as_raw_fd(), &UnixAddr::new(path)?)?;
    // Who may speak is the credentials' affair.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    listen(&door, Backlog::new(4)?)?;
    Ok(door)
}

//! A supervisor: a process that takes one run after the other from the launcher, starts its script, watches over it,
//! ends whatever the script leaves behind, and writes what it saw into its slot file.
//!
//! It outlives its launcher while a job runs: then it looks for the next one, and leaves when the job is over.
//! It adopts whatever its job's processes abandon (`PR_SET_CHILD_SUBREAPER`), so that a job is gone exactly when the
//! supervisor has no child left. Must not know why a job is started or ended.

mod hooks;
mod job;
mod notes;
mod orders;
mod parts;
mod scripts;
mod start;
mod watch;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, connect, getsockopt, socket, sockopt};
use nix::unistd::{Pid, geteuid, getpid, setsid};

use self::job::Job;
use self::scripts::Scripts;
use self::start::{Affinity, Groups};
use super::cgroup::Cage;
use super::child::Confession;
use super::clock;
use super::launcher::Settings;
use super::parcel::{self, Errand, Word};
use super::places::Places;
use super::slot::SlotFile;
use super::spawn::Stack;
use super::sys::{self, Accounts, Moved};

/// How often a supervisor without a launcher looks for one.
const SEARCH: Duration = Duration::from_millis(200);

/// What a new supervisor is given by the launcher that forks it.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) number: u32,
    /// Opened and locked by the launcher, so that there is no instant without the lock.
    pub(crate) slot: SlotFile,
    pub(crate) socket: OwnedFd,
    pub(crate) places: Rc<Places>,
    pub(crate) settings: Rc<Settings>,
}

/// What lasts from run to run.
#[derive(Debug)]
struct Supervisor {
    pid: Pid,
    number: u32,
    slot: SlotFile,
    places: Rc<Places>,
    settings: Rc<Settings>,
    signals: SignalFd,
    confession: Confession,
    /// The same for processes that join the script.
    visitor: Confession,
    /// The groups that hold its jobs; `Ok(None)`: there are none on this machine.
    cage: io::Result<Option<Cage>>,
    affinity: Affinity,
    groups: Groups,
    scripts: Scripts,
    stack: Stack,
    /// `None`: the launcher is dead.
    launcher: Option<OwnedFd>,
    /// The launcher is not the one that forked us: leave after the run, its successor has supervisors of its own.
    adopted: bool,
    /// The machine goes down: what dies now was not ended by the centre.
    shutdown: bool,
    search_at: Duration,
    /// There was an errand that could not be taken on.
    unserved: bool,
    /// What its children have read and written; none where the kernel does not count.
    accounts: Option<Accounts>,
    /// ...when that was last asked.
    moved: Moved,
    job: Option<Job>,
}

/// Lives as a supervisor; never comes back.
pub(crate) fn live(birth: Birth) -> ! {
    close_what_is_not_ours(&birth);
    // The launcher kills whom it can no longer speak to: open until the exit code is told.
    let mut held = birth.socket.try_clone().ok();
    let mut supervisor = Supervisor::new(birth);
    let served = match &mut supervisor {
        Ok(supervisor) => {
            drop(held.take());
            supervisor.serve()
        }
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    };
    let code = match served {
        Ok(()) => 0,
        Err(error) => {
            use std::io::Write;
            writeln!(io::stderr(), "algoric supervisor: {error}").unwrap_or_default();
            1
        }
    };
    // SAFETY: leaves without running what the launcher registered for its own exit.
    unsafe { libc::_exit(code) }
}

impl Supervisor {
    fn new(birth: Birth) -> io::Result<Self> {
        // What a terminal sends to the centre's processes is not meant for us.
        setsid()?;
        set_child_subreaper(true)?;
        let mut wanted = SigSet::empty();
        wanted.add(Signal::SIGCHLD);
        wanted.add(Signal::SIGTERM);
        let cage = birth.settings.kit.open(birth.number);
        Ok(Self {
            pid: getpid(),
            number: birth.number,
            slot: birth.slot,
            places: birth.places,
            settings: birth.settings,
            signals: SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?,
            confession: Confession::new()?,
            visitor: Confession::new()?,
            cage,
            affinity: Affinity::new()?,
            groups: Groups::default(),
            scripts: Scripts::default(),
            stack: Stack::new()?,
            launcher: Some(birth.socket),
            adopted: false,
            shutdown: false,
            search_at: Duration::ZERO,
            unserved: false,
            accounts: Accounts::open().ok(),
            moved: Moved::default(),
            job: None,
        })
    }

    /// Until there is neither a launcher nor a job.
    fn serve(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; parcel::DATAGRAM];
        while !self.unserved && (self.launcher.is_some() || self.job.is_some()) {
            self.wait()?;
            self.take_signals()?;
            self.take_errands(&mut buffer);
            match &self.job {
                Some(_) => self.tick(),
                None => self.scripts.tick(&self.places, self.number),
            }
            if self.launcher.is_none() {
                self.search();
            }
        }
        self.scripts.clear(&self.places, self.number);
        if self.unserved { Err(io::Error::other("an errand could not be taken on")) } else { Ok(()) }
    }

    /// Sleeps until something happens or is due.
    fn wait(&self) -> io::Result<()> {
        let mut due = match &self.job {
            Some(job) => job.due(),
            None => self.scripts.due(),
        };
        if self.launcher.is_none() {
            due = Some(due.map_or(self.search_at, |due| due.min(self.search_at)));
        }
        let timeout = match due {
            None => PollTimeout::NONE,
            Some(due) => {
                // Rounded up, else the last millisecond is spent turning.
                let left = due.saturating_sub(clock::since_boot()) + Duration::from_micros(999);
                PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX)
            }
        };
        let mut sources = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        sources.extend(self.launcher.as_ref().map(|launcher| PollFd::new(launcher.as_fd(), PollFlags::POLLIN)));
        match poll(&mut sources, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take_signals(&mut self) -> io::Result<()> {
        let mut child = false;
        while let Some(signal) = self.signals.read_signal()? {
            match i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok()) {
                Some(Signal::SIGTERM) => self.shutdown = true,
                _ => child = true,
            }
        }
        if child {
            self.reap();
        }
        Ok(())
    }

    fn take_errands(&mut self, buffer: &mut [u8]) {
        while let Some(launcher) = &self.launcher {
            match parcel::take(launcher.as_fd(), buffer) {
                Ok(parcel::Taken::Message(length, files)) => match postcard::from_bytes(&buffer[..length]) {
                    Ok(Errand::Launch { order, script }) => self.begin(&order, &script, files),
                    Ok(Errand::Order(order)) => self.obey(order),
                    Err(error) => self.say(&[Word::Fault { text: format!("supervisor {}: {error}", self.number) }]),
                },
                Ok(parcel::Taken::Nothing) => return,
                Ok(parcel::Taken::Closed) | Err(_) => self.launcher = None,
            }
        }
    }

    /// Tells the launcher. What cannot be told is in the slot file.
    fn say(&mut self, words: &[Word]) {
        if let Some(launcher) = &self.launcher
            && parcel::post(launcher.as_fd(), &words, &[]).is_err()
        {
            self.launcher = None;
        }
    }

    /// Looks for a launcher, as often as that is due.
    fn search(&mut self) {
        let now = clock::since_boot();
        let Some(job) = &self.job else { return };
        if now < self.search_at {
            return;
        }
        self.search_at = now + SEARCH;
        let words = job.introduction(self.number);
        if let Ok(launcher) = self.find_launcher() {
            self.adopted = true;
            self.launcher = Some(launcher);
            self.say(&words);
        }
    }

    fn find_launcher(&self) -> io::Result<OwnedFd> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let launcher = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
        connect(launcher.as_raw_fd(), &self.places.reunion()?)?;
        // Only our own kind may give orders.
        if getsockopt(&launcher, sockopt::PeerCredentials)?.uid() != geteuid().as_raw() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(launcher)
    }
}

/// The launcher's other descriptors came along with the fork: kept open here, they would hide its death from others.
fn close_what_is_not_ours(birth: &Birth) {
    let mut ours: Vec<i32> = birth.places.fds().iter().map(AsRawFd::as_raw_fd).collect();
    ours.extend([birth.slot.fd(), birth.socket.as_fd()].map(|fd: BorrowedFd<'_>| fd.as_raw_fd()));
    ours.sort_unstable();
    sys::close_all_but(3, &ours);
}

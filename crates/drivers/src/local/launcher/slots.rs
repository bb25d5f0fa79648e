//! The slots: which run each has, and the supervisor that works on it. Starting supervisors, finding them again.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use model::{CpuSet, RunId};
use nix::sys::socket::{SockFlag, accept4, getsockopt, sockopt};
use nix::unistd::{ForkResult, Pid, fork, geteuid};

use super::super::parcel::{self, WORDS, Word};
use super::super::protocol::{Order, Report, RunReport, RunState};
use super::super::slot::{Phase, Record, SlotFile, Taken};
use super::super::supervisor::{self, Birth};
use super::super::{Context, Error, clock};
use super::{ExitReason, Launcher, STRANGER, SUPERVISOR};

/// How long the end of a run may take when it was ordered: for supervisors of earlier launchers, whose epilogs are not
/// known, and beside the epilog's own limit.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Signals are left out when so many orders wait.
const MOST_WAITING: usize = 64;
pub(super) const MARGIN: Duration = Duration::from_secs(15);

/// One slot as the launcher sees it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) number: u32,
    /// Not the locked descriptor: that one is the supervisor's.
    pub(super) file: SlotFile,
    pub(super) record: Record,
    pub(super) worker: Worker,
    pub(super) suspended: bool,
    /// How long the run's end may take when it was ordered, beyond the wait that was ordered with it.
    pub(super) patience: Duration,
    /// When a supervisor that should have ended its run long ago is itself killed.
    pub(super) doom_at: Option<Duration>,
    /// Since when there is nothing to do.
    pub(super) idle_since: Duration,
    /// The cores of its supervisor's last run, which it is still bound to.
    pub(super) cpus: CpuSet,
    /// The supervisor said by its exit code that it could not serve.
    pub(super) failed: bool,
    /// For a supervisor that has not come back yet, or is slow to listen.
    pub(super) waiting: VecDeque<Order>,
}

/// Who works on a slot.
#[derive(Debug)]
pub(super) enum Worker {
    /// Nobody.
    Nobody,
    /// A supervisor; `ours`: forked by this launcher.
    Supervisor { socket: OwnedFd, pid: Pid, ours: bool },
    /// A supervisor of an earlier launcher, which lives and will come.
    Awaited,
    /// Nobody any more: its job's processes are being ended.
    Burial,
}

impl Slot {
    pub(super) fn dying(&self) -> bool {
        matches!(self.worker, Worker::Burial)
    }

    pub(super) fn awaited(&self) -> bool {
        matches!(self.worker, Worker::Awaited)
    }

    pub(super) fn taken(&self) -> Option<&Taken> {
        match &self.record {
            Record::Free => None,
            Record::Taken(taken) => Some(taken),
        }
    }

    pub(super) fn has(&self, run: RunId) -> bool {
        self.taken().is_some_and(|taken| taken.run == run)
    }

    fn new(number: u32, file: SlotFile, record: Record, worker: Worker) -> Self {
        Self {
            number,
            file,
            record,
            worker,
            suspended: false,
            failed: false,
            patience: PATIENCE,
            doom_at: None,
            idle_since: clock::since_boot(),
            cpus: CpuSet::default(),
            waiting: VecDeque::new(),
        }
    }

    /// Puts an order behind those that wait. No order for the run's own state is left out; of mere signals only so many
    /// are kept for somebody who does not listen, and a repetition says nothing new.
    pub(super) fn put_by(&mut self, order: Order) {
        let full = self.waiting.len() >= MOST_WAITING && matches!(order, Order::Signal { .. });
        if !full && self.waiting.back() != Some(&order) {
            self.waiting.push_back(order);
        }
    }

    /// A supervisor of ours without a run.
    pub(super) fn idle(&self) -> bool {
        self.free() && matches!(self.worker, Worker::Supervisor { ours: true, .. })
    }

    pub(super) fn free(&self) -> bool {
        self.record == Record::Free
    }

    /// Where its run is.
    pub(super) fn report(&self, boot_id: &str) -> Option<RunReport> {
        let taken = self.taken()?;
        let state = match &taken.phase {
            Phase::Ended(end) => RunState::Ended(end.clone()),
            _ if taken.boot_id != boot_id => RunState::Rebooted { started: taken.started() },
            Phase::Assigned => RunState::Starting,
            Phase::Started(started) => {
                RunState::Running { pid: started.pid, started: started.at, suspended: self.suspended }
            }
        };
        Some(RunReport { run: taken.run, state })
    }
}

impl Launcher {
    /// Reads what earlier launchers and supervisors left.
    pub(super) fn recover(&mut self) -> Result<(), Error> {
        for number in self.places.slot_numbers().context(|| "listing the slots".to_owned())? {
            match self.recover_slot(number) {
                Ok(slot) => self.slots.push(slot),
                // It may hold a run that only another version can read: it is left alone, and said.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.unreadable.push((number, "written by another version, or damaged".to_owned()));
                }
                Err(error) => self.unreadable.push((number, error.to_string())),
            }
        }
        if !self.unreadable.is_empty() {
            // Their runs may be running, with scripts whose names we do not know.
            return Ok(());
        }
        let known: Vec<_> = self.slots.iter().filter_map(|slot| slot.taken().map(|taken| taken.run.job)).collect();
        self.places.sweep_scripts(&known).context(|| "sweeping old scripts".to_owned())
    }

    fn recover_slot(&self, number: u32) -> io::Result<Slot> {
        let file = SlotFile::open(self.places.slots(), number)?;
        // Asked through another open file, so that the answer takes nothing away.
        let alive = !SlotFile::open(self.places.slots(), number)?.lock()?;
        let record = file.read()?;
        let worker = match &record {
            // A supervisor that has just lost its launcher and has no run is leaving.
            Record::Free => Worker::Nobody,
            Record::Taken(Taken { phase: Phase::Ended(_), .. }) => Worker::Nobody,
            Record::Taken(taken) if taken.boot_id != self.settings.boot_id => Worker::Nobody,
            Record::Taken(_) if alive => Worker::Awaited,
            Record::Taken(_) => Worker::Burial,
        };
        Ok(Slot::new(number, file, record, worker))
    }

    /// A slot with a supervisor that has nothing to do; made when there is none. Best one that is bound to these cores
    /// already: to be bound to others costs as much as the start of a shell.
    pub(super) fn idle_slot(&mut self, cpus: &CpuSet) -> Result<usize, Error> {
        let bound = self.slots.iter().position(|slot| slot.idle() && slot.cpus == *cpus);
        if let Some(at) = bound.or_else(|| self.slots.iter().position(Slot::idle)) {
            return Ok(at);
        }
        for at in 0..self.slots.len() {
            let vacant = self.slots[at].free() && matches!(self.slots[at].worker, Worker::Nobody);
            // A supervisor that is about to leave may still hold the lock.
            if vacant && self.hire(at)? {
                return Ok(at);
            }
        }
        let at = self.new_slot()?;
        if self.hire(at)? { Ok(at) } else { Err(Error::Protocol(format!("slot {} is in use", self.slots[at].number))) }
    }

    fn new_slot(&mut self) -> Result<usize, Error> {
        let used = |number: &u32| {
            self.slots.iter().any(|slot| slot.number == *number)
                || self.unreadable.iter().any(|(unreadable, _)| unreadable == number)
        };
        let number = (0..).find(|number| !used(number)).unwrap_or(u32::MAX);
        let file = SlotFile::open(self.places.slots(), number).context(|| format!("slot {number}"))?;
        self.slots.push(Slot::new(number, file, Record::Free, Worker::Nobody));
        Ok(self.slots.len() - 1)
    }

    /// Forks a supervisor for a slot; `false` when somebody else holds it.
    fn hire(&mut self, at: usize) -> Result<bool, Error> {
        let number = self.slots[at].number;
        let context = || format!("supervisor {number}");
        let slot = SlotFile::open(self.places.slots(), number).context(context)?;
        if !slot.lock().context(context)? {
            return Ok(false);
        }
        let (socket, theirs) = parcel::pair().context(context)?;
        // SAFETY: there is one thread only, so the child may do whatever the parent may.
        match unsafe { fork() }.context(context)? {
            ForkResult::Child => supervisor::live(Birth {
                number,
                slot,
                socket: theirs,
                places: self.places.clone(),
                settings: self.settings.clone(),
            }),
            ForkResult::Parent { child } => {
                self.watch(socket.as_fd(), SUPERVISOR | u64::from(number))?;
                self.slots[at].worker = Worker::Supervisor { socket, pid: child, ours: true };
                Ok(true)
            }
        }
    }

    pub(super) fn slot_at(&self, number: u32) -> Option<usize> {
        self.slots.iter().position(|slot| slot.number == number)
    }

    /// Supervisors of an earlier launcher knock.
    pub(super) fn admit_strangers(&mut self) -> Option<ExitReason> {
        while let Ok(fd) = accept4(self.reunion.as_raw_fd(), SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK) {
            // SAFETY: the kernel has just made it, nobody else knows it.
            let stranger = unsafe { OwnedFd::from_raw_fd(fd) };
            let uid = getsockopt(&stranger, sockopt::PeerCredentials).map(|peer| peer.uid());
            if uid == Ok(geteuid().as_raw()) && self.watch(stranger.as_fd(), STRANGER | fd as u64).is_ok() {
                self.strangers.push(stranger);
            }
        }
        None
    }

    /// A stranger says which supervisor it is.
    pub(super) fn recognise(&mut self, fd: i32) -> Option<ExitReason> {
        let at = self.strangers.iter().position(|stranger| stranger.as_raw_fd() == fd)?;
        let said = match parcel::take(self.strangers[at].as_fd(), &mut self.buffer) {
            Ok(parcel::Taken::Nothing) => return None,
            Ok(parcel::Taken::Message(length, _)) => postcard::from_bytes::<Vec<Word>>(&self.buffer[..length]).ok(),
            Ok(parcel::Taken::Closed) | Err(_) => None,
        };
        let stranger = self.strangers.swap_remove(at);
        self.epoll.delete(&stranger).ok();
        if let Some([Word::Iam { version: WORDS, slot, run }, rest @ ..]) = said.as_deref() {
            self.adopt(stranger, *slot, *run);
            if let Some(at) = self.slot_at(*slot) {
                rest.iter().for_each(|word| self.note(at, word.clone()));
            }
        }
        None
    }

    fn adopt(&mut self, socket: OwnedFd, number: u32, run: RunId) {
        let Some(at) = self.slot_at(number) else { return };
        if !self.slots[at].has(run) || !self.slots[at].awaited() {
            return;
        }
        let pid = getsockopt(&socket, sockopt::PeerCredentials).map_or(0, |peer| peer.pid());
        if self.watch(socket.as_fd(), SUPERVISOR | u64::from(number)).is_err() {
            return;
        }
        self.slots[at].worker = Worker::Supervisor { socket, pid: Pid::from_raw(pid), ours: false };
        self.hand_over(at);
        self.catch_up(at);
    }

    /// Reads a slot file again, and tells the centre what it had not heard.
    pub(super) fn catch_up(&mut self, at: usize) {
        let Ok(record) = self.slots[at].file.read() else { return };
        let old = std::mem::replace(&mut self.slots[at].record, record.clone());
        let (Record::Taken(old), Record::Taken(new)) = (old, record) else { return };
        match (&old.phase, new.phase) {
            (Phase::Assigned, Phase::Started(started)) => {
                self.tell(&Report::Started { run: new.run, pid: started.pid, at: started.at });
            }
            (Phase::Assigned | Phase::Started(_), Phase::Ended(end)) => self.tell(&Report::Ended { run: new.run, end }),
            _ => {}
        }
    }
}

//! When a supervisor dies: ends what is left of its job, and writes down that nobody saw how it ended.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use model::Outcome;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use super::super::cgroup;
use super::super::clock;
use super::super::protocol::{End, HookKind, Report};
use super::super::slot::{Phase, Record, SlotFile, Taken};
use super::super::sys::{self, Fate, Waited};
use super::super::tree::{self, Process};
use super::Launcher;
use super::slots::{MARGIN, Slot, Worker};

/// So many supervisors are kept ready when nothing runs.
const IDLE: usize = 2;
/// Others go home after so long.
const IDLE_FOR: Duration = Duration::from_secs(30);

impl Launcher {
    /// A supervisor's socket is closed: it left, or was killed.
    pub(super) fn lose_supervisor(&mut self, at: usize) {
        if let Worker::Supervisor { socket, .. } = std::mem::replace(&mut self.slots[at].worker, Worker::Nobody) {
            self.epoll.delete(&socket).unwrap_or_default();
        }
        self.catch_up(at);
        self.slots[at].doom_at = None;
        self.slots[at].waiting.clear();
        match self.slots[at].taken() {
            None | Some(Taken { phase: Phase::Ended(_), .. }) => {}
            Some(_) => self.slots[at].worker = Worker::Burial,
        }
        self.reap();
    }

    /// Kills supervisors that do not end a run although they should have long ago, also those that have not come back
    /// to us: whatever holds them (a stopped process, a dead file server), the run's limits are not theirs to stretch.
    fn doom(&mut self) {
        let now = clock::since_boot();
        for slot in self.slots.iter_mut().filter(|slot| slot.doom_at.is_some_and(|at| at <= now)) {
            slot.doom_at = None;
            match &slot.worker {
                // Its socket is open, so the number is still its own.
                Worker::Supervisor { pid, .. } => kill(*pid, Signal::SIGKILL).unwrap_or_default(),
                // It holds its slot file, so it is told from others by that.
                Worker::Awaited => {
                    let supervisor = slot.taken().map(|taken| Pid::from_raw(taken.supervisor as i32));
                    let found = supervisor.is_some_and(|pid| {
                        SlotFile::open(self.places.slots(), slot.number).is_ok_and(|file| file.kill_holder(pid))
                    });
                    // Once more, if it could not be looked for.
                    slot.doom_at = (!found).then_some(now + MARGIN);
                }
                Worker::Nobody | Worker::Burial => {}
            }
        }
    }

    /// When the next supervisor too many is sent home.
    pub(super) fn retirement(&self) -> Option<Duration> {
        let idle: Vec<Duration> = self.slots.iter().filter(|slot| slot.idle()).map(|slot| slot.idle_since).collect();
        if idle.len() <= IDLE { None } else { idle.into_iter().min().map(|since| since + IDLE_FOR) }
    }

    /// Sends home supervisors that have had nothing to do for long, but for a few.
    fn retire(&mut self) {
        while self.retirement().is_some_and(|at| at <= clock::since_boot()) {
            let oldest =
                (0..self.slots.len()).filter(|at| self.slots[*at].idle()).min_by_key(|at| self.slots[*at].idle_since);
            let Some(at) = oldest else { return };
            // It sees its socket closed, and leaves.
            let Worker::Supervisor { socket, .. } = std::mem::replace(&mut self.slots[at].worker, Worker::Nobody)
            else {
                return;
            };
            self.epoll.delete(&socket).unwrap_or_default();
        }
    }

    /// Sends home everybody who has nothing to do, and takes away what is then empty.
    pub(super) fn leave(&mut self) {
        for slot in self.slots.iter_mut().filter(|slot| slot.idle()) {
            slot.worker = Worker::Nobody;
        }
        for _ in 0..40 {
            self.reap();
            if self.orphans().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for slot in self.slots.iter().filter(|slot| matches!(slot.worker, Worker::Nobody)) {
            self.settings.kit.remove(slot.number);
        }
        self.settings.kit.remove_all();
    }

    /// Takes leave of our own children that ended. A supervisor that left with an error, or crashed, was not killed by
    /// somebody: it could not serve, and the next one could not either.
    pub(super) fn reap(&mut self) {
        const KILLED: u8 = Signal::SIGKILL as u8;
        while let Waited::Ended(pid, fate, _) = sys::wait_any() {
            self.servants.retain(|(_, servant)| *servant != pid);
            self.command_ended(pid, &fate);
            if !matches!(fate, Fate::Exited(0) | Fate::Killed(KILLED)) {
                let theirs =
                    |slot: &&mut Slot| slot.taken().is_some_and(|taken| taken.supervisor == pid.as_raw() as u32);
                self.slots.iter_mut().filter(theirs).for_each(|slot| slot.failed = true);
            }
        }
    }

    /// Goes on with burials, and looks whether those awaited still live.
    pub(super) fn look_after(&mut self) {
        for at in 0..self.slots.len() {
            if self.slots[at].awaited() && self.died_unseen(at) {
                self.lose_supervisor(at);
            }
        }
        self.doom();
        self.retire();
        if !self.slots.iter().any(|slot| slot.dying()) {
            return;
        }
        self.reap();
        let orphans = self.kill_orphans();
        for at in 0..self.slots.len() {
            if self.slots[at].dying() && self.empty_box(at) == 0 && orphans == 0 {
                self.bury(at);
            }
        }
    }

    fn died_unseen(&self, at: usize) -> bool {
        SlotFile::open(self.places.slots(), self.slots[at].number).and_then(|file| file.lock()).unwrap_or(false)
    }

    /// Children of ours that are neither supervisors nor serve members, and were not there before us: orphans of dead
    /// supervisors.
    fn orphans(&self) -> Vec<Process> {
        let mut all = tree::children_of(getpid());
        let serves = |pid| self.servants.iter().any(|(_, servant)| *servant == pid) || self.is_command(pid);
        all.retain(|child| !self.is_supervisor(child.pid) && !self.foreign.contains(child) && !serves(child.pid));
        all
    }

    /// Kills them and what is below them. Says how many there were.
    fn kill_orphans(&self) -> usize {
        let mut count = 0;
        for orphan in self.orphans() {
            let below = tree::descendants(orphan.pid).into_iter().map(|(process, _)| process);
            for process in [orphan].into_iter().chain(below) {
                tree::signal(process, libc::SIGKILL).unwrap_or_default();
                count += 1;
            }
        }
        count
    }

    /// Kills whoever is left of the slot's run. Says how many there were.
    fn empty_box(&self, at: usize) -> usize {
        match self.slots[at].taken() {
            None => 0,
            Some(taken) if taken.group.is_empty() => self.kill_marked(at),
            Some(taken) => cgroup::empty_box(Path::new(OsStr::from_bytes(taken.group.as_bytes()))),
        }
    }

    /// Kills what bears the mark of the slot's run and is its owner's: anybody can write anything into an environment.
    /// Says how many there were.
    fn kill_marked(&self, at: usize) -> usize {
        let Some(taken) = self.slots[at].taken() else { return 0 };
        let mark = self.settings.mark(taken.run);
        let mut count = 0;
        for pid in tree::all() {
            let Some(stat) = tree::stat(pid) else { continue };
            let marked = std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()));
            if marked && stat.state != b'Z' && tree::real_uid(pid) == Some(taken.uid) {
                tree::signal(Process { pid, born: stat.born }, libc::SIGKILL).unwrap_or_default();
                count += 1;
            }
        }
        count
    }

    fn bury(&mut self, at: usize) {
        self.slots[at].worker = Worker::Nobody;
        self.slots[at].doom_at = None;
        let Some(taken) = self.slots[at].taken().cloned() else { return };
        let started = taken.started();
        let end = End {
            started,
            at: clock::now().max(started.unwrap_or_default()),
            outcome: Outcome::Lost,
            usage: self.slots[at].file.last_use(taken.run).unwrap_or_default().0,
        };
        self.places.remove_script(taken.run.job).unwrap_or_default();
        let run = taken.run;
        let record = Record::Taken(Taken { phase: Phase::Ended(end.clone()), ..taken });
        if let Err(error) = self.slots[at].file.write(&record) {
            let text = format!("slot file {}: {error}", self.slots[at].number);
            self.tell(&Report::Fault { text });
        }
        self.slots[at].record = record;
        if std::mem::take(&mut self.slots[at].failed) && started.is_none() {
            let error = format!("the supervisor of slot {} could not serve", self.slots[at].number);
            self.tell(&Report::HookFailed { run, hook: HookKind::Launcher, error });
        }
        self.tell(&Report::Ended { run, end });
    }
}

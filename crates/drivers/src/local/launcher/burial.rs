//! When a supervisor dies: ends what is left of its job, and writes down that nobody saw how it ended.

use model::{Outcome, Usage};
use nix::sys::signal::Signal;
use nix::unistd::getpid;

use super::super::clock;
use super::super::protocol::{End, Report};
use super::super::slot::{Phase, Record, SlotFile, Taken};
use super::super::sys::{self, Waited};
use super::super::tree::{self, Process};
use super::Launcher;
use super::slots::Worker;

impl Launcher {
    /// A supervisor's socket is closed: it left, or was killed.
    pub(super) fn lose_supervisor(&mut self, at: usize) {
        if let Worker::Supervisor { socket, .. } = std::mem::replace(&mut self.slots[at].worker, Worker::Nobody) {
            self.epoll.delete(&socket).unwrap_or_default();
        }
        self.catch_up(at);
        match self.slots[at].taken() {
            None | Some(Taken { phase: Phase::Ended(_), .. }) => {}
            Some(_) => self.slots[at].worker = Worker::Burial,
        }
        self.reap();
    }

    /// Takes leave of our own children that ended.
    pub(super) fn reap(&mut self) {
        while let Waited::Ended(..) = sys::wait_any() {}
    }

    /// Goes on with burials, and looks whether those awaited still live.
    pub(super) fn look_after(&mut self) {
        for at in 0..self.slots.len() {
            if self.slots[at].awaited() && self.died_unseen(at) {
                self.lose_supervisor(at);
            }
        }
        if !self.slots.iter().any(|slot| slot.dying()) {
            return;
        }
        self.reap();
        let orphans = self.kill_orphans();
        for at in 0..self.slots.len() {
            if self.slots[at].dying() && self.kill_marked(at) == 0 && orphans == 0 {
                self.bury(at);
            }
        }
    }

    fn died_unseen(&self, at: usize) -> bool {
        SlotFile::open(self.places.slots(), self.slots[at].number).and_then(|file| file.lock()).unwrap_or(false)
    }

    /// A child of ours that is no supervisor is a dead supervisor's orphan. Says how many there were.
    fn kill_orphans(&self) -> usize {
        let mut count = 0;
        for child in tree::children(getpid()).into_iter().filter(|child| !self.is_supervisor(*child)) {
            let own = tree::stat(child).map(|stat| Process { pid: child, born: stat.born });
            for process in own.into_iter().chain(tree::descendants(child).into_iter().map(|(process, _)| process)) {
                tree::signal(process, Signal::SIGKILL).unwrap_or_default();
                count += 1;
            }
        }
        count
    }

    /// Kills what bears the mark of the slot's run, or is of its session. Says how many there were.
    fn kill_marked(&self, at: usize) -> usize {
        let Some(taken) = self.slots[at].taken() else { return 0 };
        let mark = self.settings.mark(taken.run);
        let mut count = 0;
        for pid in tree::all() {
            let Some(stat) = tree::stat(pid) else { continue };
            let marked = std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()));
            if marked && stat.state != b'Z' {
                tree::signal(Process { pid, born: stat.born }, Signal::SIGKILL).unwrap_or_default();
                count += 1;
            }
        }
        count
    }

    fn bury(&mut self, at: usize) {
        self.slots[at].worker = Worker::Nobody;
        let Some(taken) = self.slots[at].taken().cloned() else { return };
        let started = taken.started();
        let end = End {
            started,
            at: clock::now().max(started.unwrap_or_default()),
            outcome: Outcome::Lost,
            usage: Usage::default(),
        };
        self.places.remove_script(taken.run.job).unwrap_or_default();
        let run = taken.run;
        let record = Record::Taken(Taken { phase: Phase::Ended(end.clone()), ..taken });
        if let Err(error) = self.slots[at].file.write(&record) {
            let text = format!("slot file {}: {error}", self.slots[at].number);
            self.tell(&Report::Fault { text });
        }
        self.slots[at].record = record;
        self.tell(&Report::Ended { run, end });
    }
}

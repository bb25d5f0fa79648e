//! The run that a supervisor has: its orders, its end.

use std::time::Duration;

use model::{Exit, Outcome, Usage};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::super::clock;
use super::super::parcel::Word;
use super::super::protocol::{End, Launch, Order, Scope};
use super::super::slot::{Phase, Record, Taken};
use super::super::sys::{self, Fate, Spent, Waited};
use super::super::tree;
use super::Supervisor;

/// A start is told so long after it, or together with the end: jobs of a blink cost one message instead of two.
const ANNOUNCE: Duration = Duration::from_millis(3);
/// How often processes that do not go are killed again.
const AGAIN: Duration = Duration::from_millis(10);

/// Where the run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Not begun.
    Ready,
    /// The script runs, or is about to.
    Running { batch: Pid },
    /// What the script left is being ended.
    Clearing,
}

/// A run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) launch: Box<Launch>,
    /// As in the slot file, when the run was assigned.
    pub(super) taken: Taken,
    pub(super) stage: Stage,
    /// Known as soon as the script itself is over.
    pub(super) verdict: Option<Outcome>,
    spent: Spent,
    announce_at: Option<Duration>,
    kill_at: Option<Duration>,
    again_at: Option<Duration>,
    /// The centre has ordered the end.
    ordered: bool,
}

impl Job {
    pub(super) fn new(launch: Box<Launch>, taken: Taken) -> Self {
        Self {
            launch,
            taken,
            stage: Stage::Ready,
            verdict: None,
            spent: Spent::default(),
            announce_at: None,
            kill_at: None,
            again_at: None,
            ordered: false,
        }
    }

    pub(super) fn announce_soon(&mut self) {
        self.announce_at = Some(clock::since_boot() + ANNOUNCE);
    }

    /// When something is next to be done without being told.
    pub(super) fn due(&self) -> Option<Duration> {
        [self.announce_at, self.kill_at, self.again_at].into_iter().flatten().min()
    }

    /// What a new launcher is told first.
    pub(super) fn introduction(&self, slot: u32) -> Vec<Word> {
        vec![Word::Iam { slot, run: self.launch.run }]
    }
}

impl Supervisor {
    /// Does as the launcher says.
    pub(super) fn obey(&mut self, order: Order) {
        let Some(job) = &mut self.job else { return };
        let run = job.launch.run;
        match order {
            Order::Terminate { run: which, note: _, kill_wait } if which == run => {
                job.ordered = true;
                let wait = Duration::from_millis(u64::try_from(kill_wait.0).unwrap_or(0));
                job.kill_at.get_or_insert(clock::since_boot() + wait);
                self.signal_all(Signal::SIGTERM);
                self.signal_all(Signal::SIGCONT);
            }
            Order::Signal { run: which, signal, scope } if which == run => {
                if let (Ok(signal), Stage::Running { batch }) = (Signal::try_from(i32::from(signal)), job.stage) {
                    self.signal_some(signal, scope, batch);
                }
            }
            Order::Suspend { run: which } if which == run => {
                self.signal_all(Signal::SIGSTOP);
                self.say(&[Word::Suspended { run }]);
            }
            Order::Resume { run: which } if which == run => {
                self.signal_all(Signal::SIGCONT);
                self.say(&[Word::Resumed { run }]);
            }
            _ => {}
        }
    }

    fn signal_all(&self, signal: Signal) {
        for (process, _) in tree::descendants(self.pid) {
            tree::signal(process, signal).unwrap_or_default();
        }
    }

    fn signal_some(&self, signal: Signal, scope: Scope, batch: Pid) {
        for (process, _) in tree::descendants(self.pid) {
            let meant = match scope {
                Scope::All => true,
                Scope::Batch => process.pid == batch,
                Scope::Others => process.pid != batch,
            };
            if meant {
                tree::signal(process, signal).unwrap_or_default();
            }
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self) {
        let now = clock::since_boot();
        let Some(job) = &mut self.job else { return };
        if job.announce_at.is_some_and(|at| at <= now) {
            self.announce();
        }
        let Some(job) = &mut self.job else { return };
        if job.kill_at.is_some_and(|at| at <= now) {
            job.kill_at = None;
            self.signal_all(Signal::SIGKILL);
        }
        let Some(job) = &mut self.job else { return };
        if job.again_at.is_some_and(|at| at <= now) {
            job.again_at = None;
            self.reap();
        }
    }

    /// Tells of the start, once the child has written it down.
    fn announce(&mut self) {
        let started = self.started_word();
        let Some(job) = &mut self.job else { return };
        match started {
            Some(word) => {
                job.announce_at = None;
                self.say(&[word]);
            }
            None => job.announce_at = Some(clock::since_boot() + AGAIN),
        }
    }

    fn started_word(&self) -> Option<Word> {
        match self.slot.read() {
            Ok(Record::Taken(Taken { phase: Phase::Started(started), run, .. })) => {
                Some(Word::Started { run, started })
            }
            _ => None,
        }
    }

    /// Takes leave of children that ended; when the script is among them, ends what it left.
    pub(super) fn reap(&mut self) {
        loop {
            match sys::wait_any() {
                Waited::Ended(pid, fate, spent) => self.buried(pid, fate, spent),
                Waited::StillRunning => return self.clear(),
                Waited::Childless => return self.finish(),
            }
        }
    }

    fn buried(&mut self, pid: Pid, fate: Fate, spent: Spent) {
        let heard = self.confession.heard();
        let Some(job) = &mut self.job else { return };
        job.spent.add(spent);
        if job.stage == (Stage::Running { batch: pid }) {
            job.stage = Stage::Clearing;
            job.verdict = Some(match (heard, fate) {
                (Some((exit, error)), _) => Outcome::LaunchFailed { exit, error },
                (None, Fate::Exited(code)) => Outcome::Exited(Exit { code, signal: 0 }),
                (None, Fate::Killed(_)) if self.shutdown && !job.ordered => Outcome::Lost,
                (None, Fate::Killed(signal)) => Outcome::Exited(Exit { code: 0, signal }),
            });
        }
    }

    /// Kills what the script left, and comes back until nothing is left.
    fn clear(&mut self) {
        if self.job.as_ref().is_some_and(|job| job.stage == Stage::Clearing) {
            self.signal_all(Signal::SIGKILL);
            if let Some(job) = &mut self.job {
                job.again_at = Some(clock::since_boot() + AGAIN);
            }
        }
    }

    /// Nothing is left: writes the end down, and tells.
    fn finish(&mut self) {
        if self.job.as_ref().is_none_or(|job| job.stage != Stage::Clearing) {
            return;
        }
        let started = self.started_word();
        let Some(mut job) = self.job.take() else { return };
        let run = job.launch.run;
        let at = match &started {
            Some(Word::Started { started, .. }) => Some(started.at),
            _ => None,
        };
        let end = End {
            started: at,
            at: clock::now().max(at.unwrap_or_default()),
            outcome: job.verdict.take().unwrap_or(Outcome::Lost),
            usage: job.usage(),
        };
        let record = Record::Taken(Taken { phase: Phase::Ended(end.clone()), ..job.taken });
        let written = self.slot.write(&record);
        self.places.remove_script(run.job).unwrap_or_default();
        let mut words: Vec<Word> = started.filter(|_| job.announce_at.is_some()).into_iter().collect();
        words.push(Word::Ended { run, end });
        if let Err(error) = written {
            words.push(Word::Fault { text: format!("slot file {}: {error}", self.number) });
        }
        self.say(&words);
        if self.launcher.is_none() {
            self.slot.sync().unwrap_or_default();
        } else if self.adopted {
            self.launcher = None;
        }
    }
}

impl Job {
    fn usage(&self) -> Usage {
        Usage {
            user_us: self.spent.user.as_micros() as u64,
            system_us: self.spent.system.as_micros() as u64,
            max_rss_kib: self.spent.max_rss_kib,
            read_bytes: self.spent.blocks_read.saturating_mul(512),
            write_bytes: self.spent.blocks_written.saturating_mul(512),
        }
    }
}

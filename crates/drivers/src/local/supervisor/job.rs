//! The run that a supervisor has: its stages, from the prolog to the record of its end.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use model::{Exit, Outcome, Usage};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::super::child::Heard;
use super::super::clock;
use super::super::parcel::{WORDS, Word};
use super::super::protocol::{End, HookKind, Launch};
use super::super::slot::{Phase, Record, Started, Taken};
use super::super::spawn::Memory;
use super::super::sys::{self, Fate, Moved, Spent, Waited};
use super::Supervisor;
use super::watch::Watch;

/// A start is told so long after it, or together with the end: jobs of a blink cost one message instead of two.
const ANNOUNCE: Duration = Duration::from_millis(3);
/// Processes that do not go are killed again after so long, then after twice as long, and so on to the second.
const AGAIN: Duration = Duration::from_millis(5);
const AGAIN_AT_MOST: Duration = Duration::from_millis(500);
/// After so long without reaching anybody (whose user became another one), they are left behind.
const GIVE_UP: Duration = Duration::from_secs(5);

/// Why a run did not become a script.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It cannot be, here or elsewhere.
    Job(String),
    /// We could not.
    Ours(io::Error),
}

impl<E: Into<io::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// Where the run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Not begun.
    Ready,
    /// The operator's script before it runs.
    Prolog { pid: Pid, until: Duration },
    /// The script runs, or is about to.
    Running { batch: Pid },
    /// What was left is being ended.
    Clearing,
    /// The operator's script after it runs.
    Epilog { pid: Pid, until: Duration },
}

/// A run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) launch: Box<Launch>,
    /// As in the slot file, when the run was assigned.
    pub(super) taken: Taken,
    /// The script's content, until it is written.
    pub(super) content: Vec<u8>,
    /// The script's file, and its first line.
    pub(super) script: PathBuf,
    pub(super) first_line: Vec<u8>,
    pub(super) owner_groups: Option<Vec<libc::gid_t>>,
    pub(super) stage: Stage,
    /// Known as soon as the script itself is over.
    pub(super) verdict: Option<Outcome>,
    pub(super) watch: Watch,
    pub(super) suspended: bool,
    /// The centre has ordered the end.
    pub(super) ordered: bool,
    /// When those who did not follow are killed.
    pub(super) kill_at: Option<Duration>,
    /// Everybody is being killed.
    pub(super) killing: bool,
    again_at: Option<Duration>,
    again: Duration,
    /// Since when nobody could be signalled.
    unreachable_since: Option<Duration>,
    announce_at: Option<Duration>,
    spent: Spent,
    /// What its processes read and wrote, once nobody is left.
    moved: Option<Moved>,
    epilog_done: bool,
}

impl Job {
    pub(super) fn new(launch: Box<Launch>, taken: Taken, content: Vec<u8>, watch: Watch) -> Self {
        let epilog_done = launch.epilog.is_none();
        Self {
            launch,
            taken,
            content,
            script: PathBuf::new(),
            first_line: Vec::new(),
            owner_groups: None,
            stage: Stage::Ready,
            verdict: None,
            watch,
            suspended: false,
            ordered: false,
            kill_at: None,
            killing: false,
            again_at: None,
            again: AGAIN,
            unreachable_since: None,
            announce_at: None,
            spent: Spent::default(),
            moved: None,
            epilog_done,
        }
    }

    /// Its script has a process.
    pub(super) fn runs(&mut self, batch: Pid) {
        self.stage = Stage::Running { batch };
        self.announce_at = Some(clock::since_boot() + ANNOUNCE);
    }

    /// When something is next to be done without being told.
    pub(super) fn due(&self) -> Option<Duration> {
        let hook = match self.stage {
            Stage::Prolog { until, .. } | Stage::Epilog { until, .. } => Some(until),
            _ => None,
        };
        let watch = matches!(self.stage, Stage::Running { .. }).then(|| self.watch.due());
        [self.announce_at, self.kill_at, self.again_at, hook, watch].into_iter().flatten().min()
    }

    /// What a new launcher is told first.
    pub(super) fn introduction(&self, slot: u32) -> Vec<Word> {
        let run = self.launch.run;
        let mut words = vec![Word::Iam { version: WORDS, slot, run }];
        words.extend(self.suspended.then_some(Word::Suspended { run }));
        words
    }

    /// Whoever is being killed is looked after again, at growing intervals.
    pub(super) fn again_soon(&mut self) {
        self.again_at = Some(clock::since_boot() + self.again);
        self.again = (self.again * 2).min(AGAIN_AT_MOST);
    }

    /// Goes without an epilog.
    pub(super) fn skip_epilog(&mut self) {
        self.epilog_done = true;
    }

    /// CPU time of those that we have taken leave of.
    pub(super) fn waited_cpu(&self) -> Duration {
        self.spent.user + self.spent.system
    }

    /// All of it added up; `cpu`: what the group's account says.
    pub(super) fn usage(&self, cpu: Option<Duration>) -> Usage {
        let (mut user, mut system) = (self.spent.user, self.spent.system);
        let waited = self.waited_cpu();
        // What nobody waited for shows only in the group's account; it is shared out as the rest was.
        if let Some(missing) = cpu.and_then(|cpu| cpu.checked_sub(waited)) {
            let share = if waited.is_zero() { 1.0 } else { user.div_duration_f64(waited) };
            let more = missing.mul_f64(share);
            user += more;
            system += missing.saturating_sub(more);
        }
        Usage {
            user_us: user.as_micros() as u64,
            system_us: system.as_micros() as u64,
            max_rss_kib: self.spent.max_rss_kib.max(self.watch.peak_kib),
            read_bytes: self.moved.map_or(self.spent.blocks_read.saturating_mul(512), |moved| moved.read),
            write_bytes: self.moved.map_or(self.spent.blocks_written.saturating_mul(512), |moved| moved.written),
        }
    }
}

impl Supervisor {
    /// Does what is due.
    pub(super) fn tick(&mut self) {
        let now = clock::since_boot();
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        let Some(job) = &mut self.job else { return };
        if is_due(job.announce_at) {
            self.announce();
        }
        let Some(job) = &mut self.job else { return };
        if is_due(job.kill_at) {
            job.kill_at = None;
            job.killing = true;
            self.kill_everybody();
        }
        self.tick_hook(now);
        self.tick_watch(now);
        let Some(job) = &mut self.job else { return };
        if is_due(job.again_at) {
            job.again_at = None;
            let killing = job.killing;
            if killing {
                self.kill_everybody();
            }
            self.reap();
        }
    }

    /// Tells of the start, once the child has written it down.
    fn announce(&mut self) {
        let started = self.started();
        let Some(job) = &mut self.job else { return };
        match started {
            Some(started) => {
                job.announce_at = None;
                let run = job.launch.run;
                self.say(&[Word::Started { run, started }]);
            }
            None => job.announce_at = Some(clock::since_boot() + 2 * ANNOUNCE),
        }
    }

    /// What the child wrote when it passed the gate.
    fn started(&self) -> Option<Started> {
        match self.slot.read() {
            Ok(Record::Taken(Taken { phase: Phase::Started(started), .. })) => Some(started),
            _ => None,
        }
    }

    /// Takes leave of children that ended; goes on to the next stage where one of them made up the stage.
    pub(super) fn reap(&mut self) {
        loop {
            match sys::wait_any() {
                Waited::Ended(pid, fate, spent) => self.part_with(pid, fate, spent),
                Waited::StillRunning => return self.clear(),
                Waited::Childless => {
                    self.finish();
                    // The epilog may have been started by that.
                    if self.job.as_ref().is_none_or(|job| job.stage != Stage::Clearing) {
                        return;
                    }
                }
            }
        }
    }

    fn part_with(&mut self, pid: Pid, fate: Fate, spent: Spent) {
        let Some(job) = &mut self.job else { return };
        match job.stage {
            Stage::Prolog { pid: prolog, .. } if prolog == pid => self.prolog_ended(fate),
            Stage::Epilog { pid: epilog, .. } if epilog == pid => {
                job.stage = Stage::Clearing;
                job.epilog_done = true;
                self.judge_hook(HookKind::Epilog, fate);
            }
            Stage::Running { batch } if batch == pid => {
                job.spent.add(spent);
                self.script_ended(fate);
            }
            _ => job.spent.add(spent),
        }
    }

    fn script_ended(&mut self, fate: Fate) {
        let heard = self.confession.heard();
        let shutdown = self.shutdown;
        let Some(job) = &mut self.job else { return };
        job.stage = Stage::Clearing;
        if heard == Some(Heard::Patience) && !job.ordered {
            if let Err(trouble) = self.spawn_script(Memory::Copied) {
                self.fail_launch(trouble);
            }
            return;
        }
        job.verdict = Some(match (heard, fate) {
            (Some(Heard::Failure(exit, error)), _) => Outcome::LaunchFailed { exit, error },
            (Some(Heard::Patience), _) => Outcome::Exited(Exit { code: 0, signal: Signal::SIGTERM as u8 }),
            (None, Fate::Exited(code)) => Outcome::Exited(Exit { code, signal: 0 }),
            // Whoever shuts the machine down kills everybody: that is not how the script would have ended.
            (None, Fate::Killed(_)) if shutdown && !job.ordered => Outcome::Lost,
            (None, Fate::Killed(signal)) => Outcome::Exited(Exit { code: 0, signal }),
        });
    }

    /// Ends a run that did not become a script.
    pub(super) fn fail_launch(&mut self, trouble: Trouble) {
        let outcome = match trouble {
            Trouble::Job(error) => Outcome::LaunchFailed { exit: Exit { code: 1, signal: 0 }, error },
            Trouble::Ours(error) => {
                self.hook_failed(HookKind::Launcher, error.to_string());
                Outcome::Lost
            }
        };
        if let Some(job) = &mut self.job {
            job.verdict = Some(outcome);
            job.stage = Stage::Clearing;
        }
    }

    /// Kills what a stage left, and comes back until nothing is left.
    fn clear(&mut self) {
        if self.job.as_ref().is_none_or(|job| job.stage != Stage::Clearing) {
            return;
        }
        let reached = self.leave_steps_their_time() || self.kill_everybody();
        let now = clock::since_boot();
        let Some(job) = &mut self.job else { return };
        let since = if reached { None } else { Some(job.unreachable_since.unwrap_or(now)) };
        job.unreachable_since = since;
        if since.is_some_and(|since| now.saturating_sub(since) > GIVE_UP) {
            let text = format!("processes of job {} could not be ended: not permitted", job.launch.label);
            self.say(&[Word::Fault { text }]);
            self.finish();
            // They are our children, and would be the next run's.
            if self.job.is_none() {
                self.launcher = None;
            }
        }
    }

    /// Nobody is left: the epilog, or the end is written down and told.
    fn finish(&mut self) {
        let Some(job) = self.job.as_mut().filter(|job| job.stage == Stage::Clearing) else { return };
        (job.killing, job.kill_at, job.again_at, job.again) = (false, None, None, AGAIN);
        self.judge_memory();
        let moved = self.moved_by_children();
        if let Some(job) = self.job.as_mut().filter(|job| job.moved.is_none()) {
            // Before the epilog, which is not the job's.
            job.moved = moved;
        }
        if self.job.as_ref().is_some_and(|job| !job.epilog_done) {
            return self.start_epilog();
        }
        let started = self.started();
        let cpu = self.watched_cpu();
        let Some(mut job) = self.job.take() else { return };
        let run = job.launch.run;
        let began = started.map(|started| started.at);
        let end = End {
            started: began,
            at: clock::now().max(began.unwrap_or_default()),
            outcome: job.verdict.take().unwrap_or(Outcome::Lost),
            usage: job.usage(cpu),
        };
        self.scripts.lay_aside(&self.places, self.number);
        let record = Record::Taken(Taken { phase: Phase::Ended(end.clone()), ..job.taken });
        let written = self.slot.write(&record);
        let mut words = Vec::new();
        // The start, if it was not told yet.
        words.extend(started.filter(|_| job.announce_at.is_some()).map(|started| Word::Started { run, started }));
        words.push(Word::Ended { run, end });
        if let Err(error) = written {
            words.push(Word::Fault { text: format!("slot file {}: {error}", self.number) });
        }
        self.say(&words);
        self.rest();
    }

    /// Between runs.
    fn rest(&mut self) {
        if self.launcher.is_none() {
            self.slot.sync().unwrap_or_default();
        } else if self.adopted {
            self.launcher = None;
        } else if let Ok(Some(cage)) = &mut self.cage
            && let Err(error) = cage.renew_if_dirty()
        {
            self.cage = Err(error);
        }
    }
}

//! The thread that reads Slurm's accounting: what ended since the last look, and some of what was read before, again.
//! Every row comes out once: a known one that did not change is left out, a changed one is marked so. Must not know what
//! a run costs, nor write anything itself.
//!
//! # Why nothing is lost
//! The high-water mark goes on only with what is on disk, in the same transaction. It does not go on while slurmctld has
//! messages for its database that have not arrived (`sdiag`), nor past the clock; an accounting that is away for a day is
//! read from the mark on when it is back. Each look begins an overlap before the mark, and once a day a week before it:
//! rows that came late, or changed, are among them.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use dialect::cluster::{
    accounting::{self, Accounted, Reading, Which},
    nodes,
};
use drivers::slurm::{self, Slurm};
use model::{JobId, Span, Time};
use store::{ClusterRun, Reader};

use super::{Said, sight, told};
use crate::{complain::complain, service::clock};

/// What the loop tells this thread.
pub(crate) enum Nudge {
    /// Something ended: look soon.
    Ended,
    /// What was said is on disk, or is not.
    Written(bool),
}

/// Rows that go to the loop at once.
const PART: usize = 2_000;
/// A window of the past should hold about so many rows: it is made narrower or wider.
const WINDOW_ROWS: usize = 20_000;
/// How far back a history may go that is read for the first time,
const HISTORY: Span = Span::minutes(10 * 366 * 24 * 60);
/// in windows from so narrow
const LEAST_WINDOW: Span = Span::minutes(10);
/// to so wide,
const MOST_WINDOW: Span = Span::minutes(30 * 24 * 60);
/// beginning with this one.
const FIRST_WINDOW: Span = Span::minutes(24 * 60);
/// How far back the daily look goes.
const REVIEW: Span = Span::minutes(7 * 24 * 60);
/// And how often it is made.
const REVIEW_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Two looks are no closer to each other.
const LEAST_PAUSE: Duration = Duration::from_secs(2);
/// How often Slurm is asked whether it shows everything.
const SIGHT_EVERY: Duration = Duration::from_secs(60);
/// What ended longer ago is as whole as it will be.
const DAY: Span = Span::minutes(24 * 60);
/// So long Slurm may take to tell the rest of a row.
const REST_OF_A_ROW: Duration = Duration::from_secs(120);

/// The thread's body.
pub(crate) struct Usage<S> {
    pub(crate) slurm: Slurm,
    pub(crate) reader: Reader,
    pub(crate) overlap: Span,
    pub(crate) pause: Duration,
    pub(crate) nudges: Receiver<Nudge>,
    pub(crate) say: S,
    /// Whom Slurm takes this process for.
    pub(crate) user: String,
    /// What is remembered from look to look.
    pub(crate) seen: Seen,
}

/// What the thread remembers. Nothing of it needs to outlive it.
#[derive(Default)]
pub(crate) struct Seen {
    /// When the last long look was made.
    reviewed: Option<Instant>,
    /// When Slurm was last found to show everything.
    all: Option<Instant>,
    /// Rows that Slurm has not told whole yet, and since when.
    half_told: HashMap<String, Instant>,
}

impl Seen {
    /// Whether the rest of a row is still waited for.
    fn waits(&self) -> bool {
        self.half_told.values().any(|since| since.elapsed() < REST_OF_A_ROW)
    }
}

/// What kept a look from being whole.
enum Stop {
    /// Slurm, or what it said.
    Fault(String),
    /// What was read could not be written; it is read again.
    Unwritten,
    /// The centre ends.
    Over,
}

impl<S: Fn(Said)> Usage<S> {
    /// Looks until the centre ends.
    pub(crate) fn serve(mut self) {
        let mut last_fault = String::new();
        loop {
            let begun = Instant::now();
            match self.look() {
                Ok(()) => last_fault.clear(),
                Err(Stop::Over) => return,
                Err(Stop::Unwritten) => {}
                Err(Stop::Fault(fault)) => {
                    if fault != last_fault {
                        complain!(
                            "the cluster's accounting cannot be read: {fault}; it will be read from where it was left"
                        );
                    }
                    (self.say)(Said::UsageFault(fault.clone()));
                    last_fault = fault;
                }
            }
            if !self.rest(begun) {
                return;
            }
        }
    }

    /// Until the next look is due; `false`: the centre ends.
    fn rest(&self, begun: Instant) -> bool {
        let mut due = begun + self.pause;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match self.nudges.recv_timeout(left) {
                Ok(Nudge::Ended) => due = due.min(begun + LEAST_PAUSE.max(begun.elapsed())),
                Ok(Nudge::Written(_)) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// One look, over as many windows as it takes.
    fn look(&mut self) -> Result<(), Stop> {
        let began = clock();
        self.must_see_all()?;
        let fault = |fault: store::StoreError| Stop::Fault(fault.to_string());
        let mark = self.reader.cluster_read().map_err(fault)?;
        let is_review = self.seen.reviewed.is_none_or(|at| at.elapsed() >= REVIEW_EVERY);
        let before = if is_review { REVIEW.max(self.overlap) } else { self.overlap };
        // All that ended before this instant is in the database when slurmctld has nothing more for it.
        let all_there = self.nothing_on_its_way();
        let mut from = mark.map_or(began - HISTORY, |mark| mark.min(began) - before);
        let mut width = if mark.is_some() { MOST_WINDOW } else { FIRST_WINDOW };
        while from < began {
            let to = (from + width).min(began);
            // Whole seconds, and one more: Slurm's windows are of seconds.
            let rows = self.window(from, Time(to.0 + 1000))?;
            if all_there && !self.seen.waits() && mark.is_none_or(|mark| to > mark) {
                self.hand_over(Vec::new(), Some(to))?;
            }
            from = to;
            width = match rows {
                rows if rows > 2 * WINDOW_ROWS => Span((width.0 / 2).max(LEAST_WINDOW.0)),
                rows if rows < WINDOW_ROWS / 2 => Span((width.0 * 2).min(MOST_WINDOW.0)),
                _ => width,
            };
        }
        if is_review {
            self.seen.reviewed = Some(Instant::now());
        }
        (self.say)(Said::UsageRead(began));
        Ok(())
    }

    /// Who is shown less than everything reads nothing: jobs would be missed, and the mark would pass them.
    fn must_see_all(&mut self) -> Result<(), Stop> {
        if self.seen.all.is_some_and(|at| at.elapsed() < SIGHT_EVERY) {
            return Ok(());
        }
        match sight::hidden(&self.slurm, &self.user).map_err(|bad| Stop::Fault(bad.to_string()))? {
            None => self.seen.all = Some(Instant::now()),
            Some((why, mend)) => {
                self.seen.all = None;
                return Err(Stop::Fault(format!("Slurm does not show everybody's jobs here: {why}; {mend}")));
            }
        }
        Ok(())
    }

    /// Slurm's database hears of a short job's end before it hears of its beginning: until then its row has no partition, no
    /// limit, and root for its owner (22.05.8: for up to five seconds). It is left for a later look, but not for ever.
    fn is_whole(&mut self, job: &Accounted) -> bool {
        let is_old = job.end.is_some_and(|end| clock() - end > DAY);
        if !job.partition.is_empty() || is_old {
            self.seen.half_told.remove(&job.key);
            return true;
        }
        let since = *self.seen.half_told.entry(job.key.clone()).or_insert_with(Instant::now);
        since.elapsed() >= REST_OF_A_ROW
    }

    fn nothing_on_its_way(&self) -> bool {
        match self.slurm.ask::<&str>("sdiag", &[], &[]) {
            Ok(said) => nodes::messages_on_their_way(&String::from_utf8_lossy(&said)) == Some(0),
            Err(_) => false,
        }
    }

    /// Reads what ended from then to then; says how many rows there were.
    fn window(&mut self, from: Time, to: Time) -> Result<usize, Stop> {
        let fault = |fault: String| Stop::Fault(fault);
        let separator = slurm::separator().map_err(|bad| fault(bad.to_string()))?;
        let mut reading = Reading::new(&separator);
        let mut jobs: Vec<Accounted> = Vec::new();
        let mut bad = None;
        let arguments = accounting::arguments(&Which::Ended(from, to), &separator);
        self.slurm
            .stream("sacct", &arguments, &accounting::ENVIRONMENT, &mut |bytes| {
                if bad.is_none() {
                    bad = reading.push(bytes, &mut |job| jobs.push(job)).err();
                }
            })
            .map_err(|bad| fault(bad.to_string()))?;
        if let Some(bad) = bad {
            return Err(fault(format!("sacct: {bad}")));
        }
        reading.end(&mut |job| jobs.push(job)).map_err(|bad| fault(format!("sacct: {bad}")))?;
        let count = jobs.len();
        jobs.retain(|job| self.is_whole(job));
        let mut jobs = sorted(jobs).into_iter().peekable();
        while jobs.peek().is_some() {
            let part = sift(&self.reader, jobs.by_ref().take(PART)).map_err(|bad| fault(bad.to_string()))?;
            if !part.is_empty() {
                self.hand_over(part, None)?;
            }
        }
        Ok(count)
    }

    /// Gives rows to the loop and waits until they are on disk.
    fn hand_over(&self, runs: Vec<ClusterRun>, until: Option<Time>) -> Result<(), Stop> {
        (self.say)(Said::Usage { runs, until });
        loop {
            match self.nudges.recv() {
                Ok(Nudge::Written(true)) => return Ok(()),
                Ok(Nudge::Written(false)) => return Err(Stop::Unwritten),
                Ok(Nudge::Ended) => {}
                Err(_) => return Err(Stop::Over),
            }
        }
    }
}

/// What is new or changed, each with its attempt. What was said before is on disk, so the file knows it.
pub(super) fn sift(
    reader: &Reader,
    jobs: impl Iterator<Item = Accounted>,
) -> Result<Vec<ClusterRun>, store::StoreError> {
    let mut runs = Vec::new();
    let mut given: HashMap<JobId, Vec<(String, u32)>> = HashMap::new();
    for job in jobs {
        let known = reader.cluster_runs(job.job)?;
        let here = given.entry(job.job).or_default();
        if let Some(same) = known.iter().find(|one| one.key == job.key) {
            if same.mark != job.fingerprint && same.held.is_some() {
                runs.extend(told::run(job, same.attempt, true));
            }
            continue;
        }
        if here.iter().any(|(key, _)| *key == job.key) {
            continue;
        }
        if known.is_empty() && reader.is_taken(job.job)? {
            complain!("job {} of the cluster is left out: its number is a job's that ran here before", job.job);
            continue;
        }
        let last = known.iter().map(|one| one.attempt).chain(here.iter().map(|(_, attempt)| *attempt)).max();
        let attempt = last.map_or(0, |last| last + 1);
        let key = job.key.clone();
        if let Some(run) = told::run(job, attempt, false) {
            here.push((key, attempt));
            runs.push(run);
        }
    }
    Ok(runs)
}

/// As they ended, so that attempts have their order, and the ledger one that does not depend on the windows.
pub(super) fn sorted(mut jobs: Vec<Accounted>) -> Vec<Accounted> {
    jobs.sort_by(|one, other| order(one).cmp(&order(other)));
    jobs
}

/// Rows in the order in which they ended; keys that are numbers in theirs.
fn order(job: &Accounted) -> (Option<Time>, usize, &str) {
    (job.end, job.key.len(), &job.key)
}

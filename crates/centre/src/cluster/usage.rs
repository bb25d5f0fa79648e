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
    collections::{HashMap, HashSet, VecDeque},
    ops::ControlFlow,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use dialect::cluster::{
    accounting::{self, Accounted, Reading, Which},
    nodes, past,
};
use drivers::slurm::{self, Slurm};
use model::{JobId, Span, Time};
use store::{ClusterRun, KnownJob, Reader};

use super::{Said, sight, told};
use crate::complain::complain;

/// What the loop tells this thread.
pub(crate) enum Nudge {
    /// Something ended: look soon.
    Ended,
    /// What was said is on disk, or is not.
    Written(bool),
}

/// Rows that go to the loop at once.
const PART: usize = if cfg!(test) { 50 } else { 2_000 };
/// So many parts may be on their way to the disk at once.
const AHEAD: usize = 3;
/// A window of the past should hold about so many rows: it is made narrower or wider.
const WINDOW_ROWS: usize = 10_000;
/// One with more is left, and a narrower one read: rows are kept in memory until all of a window are there.
const MOST_ROWS: usize = if cfg!(test) { 150 } else { 4 * WINDOW_ROWS };
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
    /// The numbers in each part that was said and is not known to be on disk, in this order.
    pub(crate) unwritten: VecDeque<HashSet<JobId>>,
    /// What time it is.
    pub(crate) clock: fn() -> Time,
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

    /// One look, over as many windows as it takes. What was said of it is on disk afterwards, or is not and is said again.
    fn look(&mut self) -> Result<(), Stop> {
        let looked = self.look_ahead();
        let written = self.written(0);
        looked.and(written)
    }

    fn look_ahead(&mut self) -> Result<(), Stop> {
        let began = (self.clock)();
        self.must_see_all()?;
        let mark = self.reader.cluster_read().map_err(|bad| Stop::Fault(bad.to_string()))?;
        let is_review = self.seen.reviewed.is_none_or(|at| at.elapsed() >= REVIEW_EVERY);
        let before = if is_review { REVIEW.max(self.overlap) } else { self.overlap };
        // All that ended before this instant is in the database when slurmctld has nothing more for it.
        let all_there = self.nothing_on_its_way();
        let past = Past {
            from: mark.map_or(began - HISTORY, |mark| mark.min(began) - before),
            until: began,
            width: if mark.is_some() { MOST_WINDOW } else { FIRST_WINDOW },
        };
        let slurm = self.slurm.clone();
        std::thread::scope(|scope| {
            let (give, windows) = sync_channel(1);
            let ahead = std::thread::Builder::new().name("sacct".to_owned());
            ahead.spawn_scoped(scope, move || past.read(&slurm, &give)).map_err(|bad| Stop::Fault(bad.to_string()))?;
            for window in windows {
                let Window { to, jobs } = window.map_err(Stop::Fault)?;
                self.take_in(jobs)?;
                if all_there && !self.seen.waits() && mark.is_none_or(|mark| to > mark) {
                    self.written(0)?;
                    self.hand_over(Vec::new(), HashSet::new(), Some(to));
                }
            }
            Ok(())
        })?;
        self.written(0)?;
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
        let is_old = job.end.is_some_and(|end| (self.clock)() - end > DAY);
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

    /// Gives what is new or changed to the loop, in parts; the first are being written while the next are found.
    fn take_in(&mut self, mut jobs: Vec<Accounted>) -> Result<(), Stop> {
        jobs.retain(|job| self.is_whole(job));
        let mut jobs = sorted(jobs).into_iter().peekable();
        while jobs.peek().is_some() {
            let part: Vec<Accounted> = jobs.by_ref().take(PART).collect();
            let numbers: HashSet<JobId> = part.iter().map(|job| job.job).collect();
            // What is not written yet is not in the file: another attempt of it waits.
            let again = self.unwritten.iter().any(|part| !part.is_disjoint(&numbers));
            self.written(if again { 0 } else { AHEAD - 1 })?;
            let runs = sift(&self.reader, part).map_err(|bad| Stop::Fault(bad.to_string()))?;
            if !runs.is_empty() {
                self.hand_over(runs, numbers, None);
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, runs: Vec<ClusterRun>, numbers: HashSet<JobId>, until: Option<Time>) {
        (self.say)(Said::Usage { runs, until });
        self.unwritten.push_back(numbers);
    }

    /// Waits until no more parts than so many are unwritten; of one that could not be written, for all.
    fn written(&mut self, mut most: usize) -> Result<(), Stop> {
        let mut fate = Ok(());
        while self.unwritten.len() > most {
            match self.nudges.recv() {
                Ok(Nudge::Written(true)) => {}
                Ok(Nudge::Written(false)) => (most, fate) = (0, Err(Stop::Unwritten)),
                Ok(Nudge::Ended) => continue,
                Err(_) => return Err(Stop::Over),
            }
            self.unwritten.pop_front();
        }
        fate
    }
}

/// What is to be read of the past.
struct Past {
    from: Time,
    until: Time,
    /// Of the first window.
    width: Span,
}

/// What ended until then, since the window before.
struct Window {
    to: Time,
    jobs: Vec<Accounted>,
}

impl Past {
    /// Asks Slurm for one window after the other, one ahead of who takes them.
    fn read(mut self, slurm: &Slurm, give: &SyncSender<Result<Window, String>>) {
        while self.from < self.until {
            let to = (self.from + self.width).min(self.until);
            let width = to - self.from;
            let most = if width > LEAST_WINDOW { MOST_ROWS } else { usize::MAX };
            // Whole seconds, and one more: Slurm's windows are of seconds.
            let said = match window(slurm, self.from, Time(to.0 + 1000), most) {
                Ok(None) => {
                    self.width = Span((width.0 / 8).max(LEAST_WINDOW.0));
                    continue;
                }
                Ok(Some(jobs)) => Ok(Window { to, jobs }),
                Err(fault) => Err(fault),
            };
            self.width = match said.as_ref().map_or(0, |window| window.jobs.len()) {
                rows if rows > 2 * WINDOW_ROWS => Span((width.0 / 2).max(LEAST_WINDOW.0)),
                rows if rows < WINDOW_ROWS / 2 => Span((self.width.0 * 2).min(MOST_WINDOW.0)),
                _ => self.width,
            };
            self.from = to;
            let is_bad = said.is_err();
            if give.send(said).is_err() || is_bad {
                return;
            }
        }
    }
}

/// What ended from then to then; `None`: more than that.
fn window(slurm: &Slurm, from: Time, to: Time, most: usize) -> Result<Option<Vec<Accounted>>, String> {
    let separator = slurm::separator().map_err(|bad| bad.to_string())?;
    let mut reading = Reading::new(&separator);
    let mut jobs: Vec<Accounted> = Vec::new();
    let mut bad = None;
    let arguments = accounting::arguments(&Which::Ended(from, to), &separator);
    let keep = |job: Accounted, jobs: &mut Vec<Accounted>| {
        // What told Slurm of use of before is nobody's work.
        if !past::is_past(&job.partition) {
            jobs.push(job);
        }
    };
    let mut take = |bytes: &[u8]| {
        bad = reading.push(bytes, &mut |job| keep(job, &mut jobs)).err();
        if bad.is_some() || jobs.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    slurm.stream("sacct", &arguments, &accounting::ENVIRONMENT, &mut take).map_err(|bad| bad.to_string())?;
    if let Some(bad) = bad {
        return Err(format!("sacct: {bad}"));
    }
    if jobs.len() > most {
        return Ok(None);
    }
    reading.end(&mut |job| keep(job, &mut jobs)).map_err(|bad| format!("sacct: {bad}"))?;
    Ok(Some(jobs))
}

/// What is new or changed, each with its attempt. What was said before is on disk, so the file knows it.
pub(super) fn sift(reader: &Reader, jobs: Vec<Accounted>) -> Result<Vec<ClusterRun>, store::StoreError> {
    let in_file = reader.known_jobs(jobs.iter().map(|job| job.job))?;
    let nothing = KnownJob::default();
    let mut runs = Vec::with_capacity(jobs.len());
    let mut given: HashMap<JobId, Vec<(String, u32)>> = HashMap::new();
    for job in jobs {
        let KnownJob { runs: known, is_taken } = in_file.get(&job.job).unwrap_or(&nothing);
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
        if *is_taken {
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

#[cfg(test)]
mod tests;

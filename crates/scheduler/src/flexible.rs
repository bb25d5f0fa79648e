//! Jobs that fear no delay wait for cheap hours: which those are, and until when each is held.
//!
//! A held job is out of the queue, like one that waits for its `--begin`: it is promised nothing and holds up nobody.
//! Until when follows from the job and from what is known of prices, never from the clock, so that asking again gives
//! the same. Must not know contracts, nor what a job draws: a price is a number that changes with time.

use model::{JobId, JobSpec, Span, Time};

use crate::config::Qos;
use crate::job::Job;
use crate::state::State;

/// How much flexible jobs may be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flexible {
    /// A job without a deadline is held no longer than this after it was submitted.
    pub longest: Span,
    /// It is held only for a start that saves so many thousandths of what its electricity would cost now.
    pub least_permille: u32,
    /// A job with a deadline is flexible without saying so.
    pub deadlines: bool,
}

impl Default for Flexible {
    fn default() -> Self {
        Flexible { longest: Span::minutes(16 * 60), least_permille: 50, deadlines: true }
    }
}

/// What electricity costs from an instant on, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prices {
    /// From when on which price, micro-euros per kilowatt-hour; in order.
    steps: Vec<(Time, i64)>,
    /// Nothing is known from here on.
    until: Time,
}

/// A start later than the first possible one, and what it saves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Better {
    /// The start.
    pub at: Time,
    /// Mean price of the run at the first possible start, micro-euros per kilowatt-hour.
    pub plain: i64,
    /// Mean price of the run at [`Better::at`].
    pub price: i64,
}

/// Of all starts that save nearly as much as the best, the earliest is taken: nine tenths.
const NEARLY: (i128, i128) = (9, 10);

impl Prices {
    /// Steps (from when, micro-euros per kilowatt-hour), known until an instant.
    pub fn new(mut steps: Vec<(Time, i64)>, until: Time) -> Self {
        steps.sort_by_key(|(from, _)| *from);
        steps.dedup_by_key(|(_, price)| *price);
        steps.retain(|(from, _)| *from < until);
        Prices { steps, until }
    }

    /// From when on which price, micro-euros per kilowatt-hour; in order.
    pub fn steps(&self) -> impl Iterator<Item = (Time, i64)> {
        self.steps.iter().copied()
    }

    /// Since when anything is known; `None`: nothing is.
    pub fn since(&self) -> Option<Time> {
        self.steps.first().map(|(from, _)| *from)
    }

    /// Until when prices are known.
    pub fn until(&self) -> Time {
        self.until
    }

    /// Whether some hours are cheaper than others.
    pub fn differ(&self) -> bool {
        self.steps.len() > 1
    }

    /// The price at an instant, micro-euros per kilowatt-hour.
    pub fn at(&self, at: Time) -> Option<i64> {
        let after = self.steps.partition_point(|(from, _)| *from <= at);
        (at < self.until).then(|| self.steps.get(after.checked_sub(1)?)).flatten().map(|(_, price)| *price)
    }

    /// The mean price of the next day by the price now: above 1 it is cheap now. 1 where prices are not known.
    pub fn cheapness(&self, now: Time) -> f64 {
        let day = Span::minutes(24 * 60);
        let price = self.at(now).zip(self.mean(now, day)).filter(|(price, _)| *price > 0);
        price.map_or(1.0, |(price, mean)| mean as f64 / price as f64)
    }

    /// The mean price of a run, micro-euros per kilowatt-hour; `None` where part of it is not known.
    pub fn mean(&self, start: Time, run: Span) -> Option<i64> {
        let run = run.max(Span(1));
        Some((self.sum(start, run)? / i128::from(run.0)) as i64)
    }

    /// Price times milliseconds of a run.
    fn sum(&self, start: Time, run: Span) -> Option<i128> {
        let end = start + run;
        if self.since()? > start || end > self.until {
            return None;
        }
        let first = self.steps.partition_point(|(from, _)| *from <= start).max(1) - 1;
        let ends = self.steps[first + 1..].iter().map(|(from, _)| *from).chain([self.until]);
        let parts = self.steps[first..].iter().zip(ends).take_while(|((from, _), _)| *from < end);
        Some(parts.map(|((from, price), to)| part(*from, to, start, end) * i128::from(*price)).sum())
    }

    /// The later start, no later than `last`, that is worth waiting for: the earliest of those that save nearly the
    /// most, if that is at least so many thousandths of the cost at `first`. `None`: start when there is room.
    pub fn better_start(&self, first: Time, last: Time, run: Span, least_permille: u32) -> Option<Better> {
        let run = run.max(Span(1));
        let plain = self.sum(first, run)?;
        // A mean over a moving window is a broken line: it is least where an end of the window meets a step, or at last.
        let edges = self.steps.iter().flat_map(|(from, _)| [*from, *from - run]);
        let starts = edges.chain([last]).filter(|at| first < *at && *at <= last);
        let mut gains: Vec<(Time, i128)> =
            starts.filter_map(|at| Some((at, plain - self.sum(at, run)?))).filter(|(_, gain)| *gain > 0).collect();
        gains.sort_unstable();
        let most = gains.iter().map(|(_, gain)| *gain).max()?;
        let (at, gain) = gains.into_iter().find(|(_, gain)| *gain * NEARLY.1 >= most * NEARLY.0)?;
        let enough = gain.saturating_mul(1000) >= plain.abs().saturating_mul(i128::from(least_permille));
        let mean = |sum: i128| (sum / i128::from(run.0)) as i64;
        enough.then(|| Better { at, plain: mean(plain), price: mean(plain - gain) })
    }
}

/// Milliseconds that two spans of time share.
fn part(from: Time, to: Time, start: Time, end: Time) -> i128 {
    i128::from((to.min(end) - from.max(start)).0.max(0))
}

impl State {
    /// Takes what is known of prices from now on, and holds or lets go flexible jobs accordingly.
    pub fn set_prices(&mut self, prices: Prices) {
        self.prices = prices;
        let jobs: Vec<JobId> = self.flexible_jobs().collect();
        for id in jobs {
            self.revise(id, |_| ());
        }
    }

    /// What is known of prices.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// How long a waiting job is expected to run, as somebody has learned: the cheap hours are chosen by that. Forgotten
    /// at a restart, and to be said again.
    pub fn expect_run(&mut self, id: JobId, run: Span) {
        let flexible = |job: &&Job| job.is_pending() && self.is_flexible(job);
        if self.jobs.get(&id).filter(flexible).is_some() {
            self.revise(id, |job| job.extra_mut().expected = Some(run));
        }
    }

    /// Jobs that wait for an instant (their `--begin`, a requeue, cheap hours) and for nothing else, with that instant,
    /// in order: who switches machines on needs to know.
    pub fn planned_starts(&self) -> impl Iterator<Item = (Time, JobId)> {
        let begins = self.index.timers.iter().filter(|(_, due, _)| *due == crate::state::Due::Begin);
        begins.map(|(at, _, id)| (*at, *id))
    }

    /// The jobs that may wait for cheap hours and have not started.
    pub fn flexible_jobs(&self) -> impl Iterator<Item = JobId> {
        self.jobs.values().filter(|job| job.is_pending() && self.is_flexible(job)).map(|job| job.id)
    }

    /// Whether a submission may wait for cheap hours.
    pub fn may_wait(&self, spec: &JobSpec) -> bool {
        self.is_patient(wish(spec), spec.deadline, self.rules.qos(&spec.qos))
    }

    /// Whether a job may wait for cheap hours.
    fn is_flexible(&self, job: &Job) -> bool {
        let says = job.extra.as_ref().and_then(|extra| extra.flexible);
        self.is_patient(says, job.deadline(), self.rules.qos_of(&self.class_of(job).standing))
    }

    /// As it says itself; else its QOS, or a deadline, says so.
    fn is_patient(&self, says: Option<bool>, deadline: Option<Time>, qos: Option<&Qos>) -> bool {
        let by_deadline = self.rules.config.flexible.deadlines && deadline.is_some();
        says.unwrap_or(by_deadline || qos.is_some_and(|qos| qos.flexible))
    }

    /// The better start of a waiting job, if there is one, and the run time that it was chosen for. Nobody waits who may
    /// displace others, has a reservation, was put back into the queue, or may run for ever.
    pub(crate) fn better_start(&self, job: &Job) -> Option<(Better, Span)> {
        if !self.prices.differ() || !job.is_pending() || job.restarts > 0 || !self.is_flexible(job) {
            return None;
        }
        let class = self.class_of(job);
        if class.standing.displaces || class.traits.reservation.is_some() {
            return None;
        }
        let limit = class.traits.duration()?;
        let expected = job.extra.as_ref().and_then(|extra| extra.expected);
        let rules = &self.rules.config.flexible;
        let last = match job.deadline() {
            Some(deadline) => deadline - limit - margin(limit),
            None => job.submit + rules.longest,
        };
        let first = job.eligible?.max(self.prices.since()?);
        let run = expected.unwrap_or(guess(limit)).min(limit);
        self.prices.better_start(first, last, run, rules.least_permille).map(|better| (better, run))
    }

    /// Notes until when a waiting job is held for cheap hours, by what is known now; whether that is over is not asked.
    pub(crate) fn hold_flexible(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let held = self.better_start(job).map(|(better, _)| better.at);
        if held != job.extra.as_ref().and_then(|extra| extra.held)
            && let Some(job) = self.jobs.get_mut(&id)
        {
            job.extra_mut().held = held;
        }
    }
}

/// What a submission says of its patience. Nobody sits before a job of `sbatch`; of the others somebody does.
pub(crate) fn wish(spec: &JobSpec) -> Option<bool> {
    if spec.batch { spec.comment.as_ref().and_then(model::says_flexible) } else { Some(false) }
}

/// How much earlier than at the last moment a job with a deadline is let go, as others may run just then: half its time
/// limit, and a minute.
fn margin(limit: Span) -> Span {
    Span(limit.0 / 2) + Span::minutes(1)
}

/// How long a job of which nothing was learned is taken to run: people ask for twice as much as they need.
fn guess(limit: Span) -> Span {
    Span(limit.0 / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Dear by day (06 to 22), cheap by night, for two days from midnight.
    fn nights() -> Prices {
        let steps = [(0, 100), (6, 200), (22, 100), (30, 200), (46, 100)];
        Prices::new(steps.map(|(hour, price)| (Time(hour * HOUR), price)).into(), Time(48 * HOUR))
    }

    #[test]
    fn the_cheap_hours_are_found() {
        let check = |first: i64, last: i64, run: i64, expected: Option<(i64, i64, i64)>| {
            let found = nights().better_start(Time(first * HOUR), Time(last * HOUR), Span(run * HOUR), 50);
            let found = found.map(|better| (better.at.0 / HOUR, better.plain, better.price));
            assert_eq!(found, expected, "{run} h from {first} to {last}");
        };
        check(12, 40, 2, Some((22, 200, 100)));
        check(12, 21, 2, Some((21, 200, 150)));
        check(12, 15, 2, None);
        check(23, 40, 2, None);
        check(5, 40, 2, Some((22, 150, 100)));
        // Longer than a night: as much of it as there is.
        check(12, 30, 10, Some((20, 200, 120)));
        // Little would be saved.
        check(0, 40, 6, None);
        // What is not known is not waited for.
        check(12, 60, 40, None);
        check(47, 60, 2, None);
    }

    #[test]
    fn small_differences_matter_to_nobody() {
        let prices = |night| Prices::new(vec![(Time(0), 100), (Time(HOUR), night)], Time(9 * HOUR));
        let found = |night| prices(night).better_start(Time(0), Time(2 * HOUR), Span(HOUR), 50).is_some();
        assert_eq!([found(94), found(95), found(96), found(100)], [true, true, false, false]);
    }

    #[test]
    fn prices_are_known_between_their_ends() {
        let prices = nights();
        assert_eq!(prices.at(Time(-1)), None);
        assert_eq!(prices.at(Time(6 * HOUR)), Some(200));
        assert_eq!(prices.at(Time(48 * HOUR)), None);
        assert_eq!(prices.mean(Time(5 * HOUR), Span(2 * HOUR)), Some(150));
        assert_eq!(prices.mean(Time(47 * HOUR), Span(2 * HOUR)), None);
        assert_eq!(Prices::default().better_start(Time(0), Time(1), Span(1), 0), None);
    }
}

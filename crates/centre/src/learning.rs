//! What the centre learns from jobs that are over, and what of it and of prices the scheduler is told. Must not know
//! how anything is learned, nor what a contract is.

use std::collections::BTreeMap;

use energy::contract::Book;
use jiff::tz::TimeZone;
use model::{JobId, JobSpec, JobState, Request, Span, Time, TimeLimit, Uid};
use scheduler::{
    Finished, Prices,
    learn::{Asked, Expectation, Learned, application},
    power::Power,
    thrift::{Reserve, Worth},
};
use store::{Reader, StoreError};

use crate::core::Centre;

/// So many of the latest runs are remembered over a restart.
const REMEMBERED: u32 = 5000;

/// Prices are told so far ahead, and back: a start that was chosen at submission stays the chosen one...
const AHEAD: Span = Span::minutes(48 * 60);
/// ...anew when fewer hours are left...
const LEFT: Span = Span::minutes(36 * 60);
/// ...and looked at this often, as colours and lists come in at any time.
const LOOK: Span = Span::minutes(1);

/// Run times of jobs that ended by themselves or by their limit say something; others do not.
fn counts(state: JobState) -> bool {
    matches!(state, JobState::Completed | JobState::Timeout)
}

/// What a run time may depend on.
fn asked<'a>(user: Uid, application: &'a [u8], request: &Request, limit: TimeLimit) -> Asked<'a> {
    Asked { user, application, cpus: request.cpus(), limit: limit.span() }
}

/// What was learned before this start.
pub(crate) fn remembered(reader: &Reader) -> Result<Learned, StoreError> {
    let mut learned = Learned::default();
    reader.latest_runs(REMEMBERED, &[JobState::Completed, JobState::Timeout], &mut |spec, run| {
        let application = application(spec.name.as_bytes());
        learned.note(&asked(spec.owner.uid, &application, &spec.request, spec.time_limit), run);
    })?;
    Ok(learned)
}

/// So much of the past says when machines are needed.
const PAST: Span = Span::minutes(8 * 7 * 24 * 60);

/// From when until when runs of the last weeks had how many CPUs.
pub(crate) fn past_uses(reader: &Reader, now: Time) -> Result<Vec<(Time, Time, u32)>, StoreError> {
    reader.uses_since(now - PAST)
}

/// From which instants on how many of so many cores were in use.
pub(crate) fn uses(past: Vec<(Time, Time, u32)>, cores: u32, threads: u32) -> Vec<(i64, u32)> {
    let mut changes: BTreeMap<i64, i64> = BTreeMap::new();
    for (start, end, cpus) in past {
        let held = i64::from(cpus.div_ceil(threads.max(1)));
        *changes.entry(start.seconds()).or_default() += held;
        *changes.entry(end.seconds()).or_default() -= held;
    }
    let mut used = 0;
    let at = |(at, change): (i64, i64)| {
        used += change;
        (at, u32::try_from(used).unwrap_or(0).min(cores))
    };
    changes.into_iter().map(at).collect()
}

/// The local second at second 0, as it is now.
pub(crate) fn local0(zone: &TimeZone, now: Time) -> i64 {
    jiff::Timestamp::from_millisecond(now.0).map_or(0, |at| zone.to_offset(at).seconds()).into()
}

/// What is known of when machines are needed, where the operator wants them switched by forecast.
pub(crate) fn reserve(
    reader: &Reader,
    config: &scheduler::Config,
    zone: &TimeZone,
    now: Time,
) -> Result<Option<Reserve>, StoreError> {
    let Power::Predictive { patience_s } = config.power else { return Ok(None) };
    let (cores, threads) =
        (config.machine.cores.len() as u32, config.machine.cpus() / config.machine.cores.len().max(1) as u32);
    let boot_s = config.nodes.iter().map(|node| node.boot.0 / 1000).max().unwrap_or(0);
    let mut reserve = Reserve::new(cores, boot_s, Worth::new(patience_s), now.seconds(), local0(zone, now));
    reserve.learn(uses(past_uses(reader, now)?, cores, threads), now.seconds());
    Ok(Some(reserve))
}

/// What a contract says of the hours around an instant, as far as it is known without a hole.
fn prices_around(book: &Book, now: Time) -> Prices {
    if !book.at(now).rate.is_known {
        return Prices::default();
    }
    let slices = book.slices(now - AHEAD, now + AHEAD);
    let hole = slices.iter().rposition(|slice| slice.start <= now && !slice.rate.is_known);
    let known: Vec<_> =
        slices[hole.map_or(0, |hole| hole + 1)..].iter().take_while(|slice| slice.rate.is_known).collect();
    let until = known.last().map_or(now, |slice| slice.end);
    Prices::new(known.iter().map(|slice| (slice.start, slice.rate.microeur_per_kwh)).collect(), until)
}

/// Whether one says another price than the other at a step of its own that both know.
fn contradict(one: &Prices, other: &Prices) -> bool {
    one.steps().any(|(at, price)| other.at(at).is_some_and(|known| known != price))
}

impl Centre {
    /// A run is over.
    pub(crate) fn learn(&mut self, run: &Finished) {
        let Some((start, job)) = run.start.zip(self.state.job(run.run.job)).filter(|_| counts(run.state)) else {
            return;
        };
        let application = application(job.name().as_bytes());
        let asked = asked(job.owner().uid, &application, job.request(), job.time_limit());
        let ran = Span((run.end - start).0.saturating_sub(run.suspended.0).max(0));
        self.learned.note(&asked, ran);
    }

    /// A run of a cluster is over.
    pub(crate) fn learn_told(&mut self, run: &store::ClusterRun) {
        let Some(start) = run.finished.start.filter(|_| counts(run.finished.state)) else { return };
        let (spec, over) = (&run.spec, &run.finished);
        let application = application(spec.name.as_bytes());
        let ran = Span((over.end - start).0.saturating_sub(over.suspended.0).max(0));
        self.learned.note(&asked(spec.owner.uid, &application, &spec.request, spec.time_limit), ran);
    }

    /// How long a job is expected to run.
    pub(crate) fn expectation(&self, spec: &JobSpec) -> Option<Expectation> {
        let application = application(spec.name.as_bytes());
        self.learned.expect(&asked(spec.owner.uid, &application, &spec.request, spec.time_limit))
    }

    /// How long a job that is here is expected to run.
    pub(crate) fn expected_run(&self, id: JobId) -> Option<Expectation> {
        let job = self.state.job(id)?;
        let application = application(job.name().as_bytes());
        self.learned.expect(&asked(job.owner().uid, &application, job.request(), job.time_limit()))
    }

    /// The scheduler chooses the cheap hours of a waiting job by how long it is expected to run.
    pub(crate) fn hint(&mut self, id: JobId) {
        if let Some(expected) = self.expected_run(id) {
            self.state.expect_run(id, expected.middle);
        }
    }

    /// As [`Centre::hint`], for all that may wait: after a restart.
    pub(crate) fn hint_all(&mut self) {
        let jobs: Vec<JobId> = self.state.flexible_jobs().collect();
        jobs.into_iter().for_each(|id| self.hint(id));
    }

    /// The scheduler knows the prices of the next days; none where the operator named no contract.
    pub(crate) fn tell_prices(&mut self) {
        if self.electricity.is_assumed || (self.now - self.prices_seen).0.abs() < LOOK.0 {
            return;
        }
        self.prices_seen = self.now;
        let (fresh, known) = (prices_around(&self.electricity.book, self.now), self.state.prices());
        let went_back = known.since().is_some_and(|since| since > self.now);
        let runs_out = known.until() - self.now < LEFT && fresh.until() > known.until();
        if went_back || runs_out || contradict(&fresh, known) || contradict(known, &fresh) {
            self.state.set_prices(fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use energy::contract::{Colours, Slots, parse};

    const HOUR: i64 = 3_600_000;

    /// The price in cents now, those that follow by the hour from now, and until when they are known.
    fn hours(contract: &str, colours: &str, now: &str) -> (Option<i64>, Vec<(i64, i64)>, i64) {
        let text = format!("[[contract]]\nname = 'x'\nfrom = '2026-01-01'\n[contract.price]\n{contract}");
        let mut days = Colours::default();
        if !colours.is_empty() {
            days.import(colours).unwrap();
        }
        let book = Book::new(TimeZone::UTC, parse(&text).unwrap(), days, Slots::default()).unwrap();
        let now = Time(now.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let prices = prices_around(&book, now);
        let coming = prices.steps().filter(|(at, _)| *at > now);
        let steps = coming.map(|(at, price)| ((at - now).0 / HOUR, price / 10_000)).collect();
        (prices.at(now).map(|price| price / 10_000), steps, ((prices.until() - now).0 / HOUR).max(0))
    }

    #[test]
    fn the_past_is_summed() {
        let at = Time::from_seconds;
        let past = vec![(at(0), at(10), 4), (at(5), at(20), 3), (at(10), at(30), 100)];
        assert_eq!(uses(past, 16, 2), [(0, 2), (5, 4), (10, 16), (20, 16), (30, 0)]);
    }

    #[test]
    fn the_scheduler_is_told_what_is_known() {
        let noon = "2026-11-20T12:00:00Z";
        let nights = "kind = 'off_peak'\npeak_eur_per_kwh = 0.2\noff_peak_eur_per_kwh = 0.1\nwindows = ['22:00-06:00']";
        assert_eq!(hours(nights, "", noon), (Some(20), vec![(10, 10), (18, 20), (34, 10), (42, 20)], 48));
        assert_eq!(hours("kind = 'base'\neur_per_kwh = 0.3", "", noon), (Some(30), vec![], 48));
        // Nothing before the contract's first day.
        assert_eq!(hours(nights, "", "2025-11-20T12:00:00Z"), (None, vec![], 0));
        let price =
            |name: &str, peak: u32| format!("{name} = {{ peak_eur_per_kwh = 0.{peak}, off_peak_eur_per_kwh = 0.1 }}\n");
        let tempo = [
            "kind = 'tempo'\nday_starts = '06:00'\nwindows = ['22:00-06:00']\n",
            &price("blue", 2),
            &price("white", 3),
            &price("red", 7),
        ];
        // Tomorrow has no colour yet.
        let today = "date,colour\n2026-11-20,red\n";
        assert_eq!(hours(&tempo.concat(), today, noon), (Some(70), vec![(10, 10)], 18));
    }
}

//! What each run uses over time, thinned: some hundred points a run however long it runs, written down now and then. Only
//! pictures are made of it; what counts is in the accounts. Must not know pages.

use std::collections::HashMap;

use api::SeriesPoint;
use drivers::local::protocol::Order;
use model::{RunId, Span, Time};
use store::{SeriesWrite, Settled, Write};

use crate::core::Centre;

/// Points of a run at most: then every second one goes.
const MOST: usize = 240;
/// From point to point at first.
const EVERY: Span = Span::seconds(5);
/// Where no meter asks for CPU times, they are asked for so often.
const ASK: Span = Span::seconds(5);
/// Written down so often.
const WRITE: Span = Span::seconds(30);
/// And kept so long after the last point.
const KEPT: Span = Span::minutes(90 * 24 * 60);

/// One run.
#[derive(Debug)]
struct Track {
    points: Vec<SeriesPoint>,
    every: Span,
    /// CPU time at the last point, and when that was.
    cpu_us: u64,
    since: Time,
    /// Energy as it was last shared, when that was, and the mean power until then.
    shared: (i64, Time),
    power_mw: Option<i64>,
    fresh: bool,
}

/// All runs that are not over.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    runs: HashMap<RunId, Track>,
    asked: Option<Time>,
    written: Option<Time>,
}

/// What came of it in a millisecond.
fn mean(now: i64, before: i64, length: Span) -> i64 {
    (now - before).max(0) / length.0.max(1)
}

impl Track {
    fn new(at: Time, cpu_us: u64) -> Self {
        Self { points: Vec::new(), every: EVERY, cpu_us, since: at, shared: (0, at), power_mw: None, fresh: false }
    }

    fn look(&mut self, at: Time, cpu_us: u64, memory_kib: u64) {
        let length = at - self.since;
        if length < self.every {
            return;
        }
        self.points.push(SeriesPoint {
            at,
            // Microseconds a millisecond are thousandths.
            cpus_milli: mean(cpu_us.cast_signed(), self.cpu_us.cast_signed(), length),
            memory_kib: i64::try_from(memory_kib).ok().filter(|kib| *kib > 0),
            power_mw: self.power_mw,
        });
        (self.since, self.cpu_us, self.fresh) = (at, cpu_us, true);
        if self.points.len() >= MOST {
            self.thin();
        }
    }

    /// It is answerable for so much by now; that is told more seldom than CPU times.
    fn shared(&mut self, at: Time, energy_uj: i64) {
        let (before, since) = self.shared;
        if at > since {
            // Microjoules a millisecond are milliwatts.
            self.power_mw = Some(mean(energy_uj, before, at - since));
            self.shared = (energy_uj, at);
        }
    }

    /// Two neighbours become one: the mean of what is a mean, the greatest of what is a height.
    fn thin(&mut self) {
        let half = |pair: &[SeriesPoint]| match pair {
            [a, b] => SeriesPoint {
                at: b.at,
                cpus_milli: i64::midpoint(a.cpus_milli, b.cpus_milli),
                memory_kib: a.memory_kib.max(b.memory_kib),
                power_mw: a.power_mw.zip(b.power_mw).map(|(a, b)| i64::midpoint(a, b)).or(a.power_mw).or(b.power_mw),
            },
            all => all[0],
        };
        self.points = self.points.chunks(2).map(half).collect();
        self.every = Span(self.every.0 * 2);
    }
}

impl Tracks {
    /// The launcher told what the runs have used.
    pub(crate) fn look(&mut self, at: Time, runs: &[(RunId, u64, u64)]) {
        for (run, cpu_us, memory_kib) in runs {
            self.runs.entry(*run).or_insert_with(|| Track::new(at, *cpu_us)).look(at, *cpu_us, *memory_kib);
        }
    }

    /// Energy was shared between them.
    pub(crate) fn shared(&mut self, at: Time, settled: &Settled) {
        for energy in &settled.jobs {
            let run = RunId { job: energy.job, attempt: energy.attempt };
            if let Some(track) = self.runs.get_mut(&run) {
                track.shared(at, energy.account.total().0);
            }
        }
    }

    /// What is new, to be written.
    fn take(&mut self, now: Time, runs: impl Fn(RunId) -> bool) -> Option<SeriesWrite> {
        let mut put = Vec::new();
        for (run, track) in &mut self.runs {
            if std::mem::take(&mut track.fresh)
                && let (Some(last), Ok(text)) = (track.points.last(), serde_json::to_string(&track.points))
            {
                put.push((*run, last.at, text));
            }
        }
        self.runs.retain(|run, _| runs(*run));
        (!put.is_empty()).then_some(SeriesWrite { put, before: now - KEPT })
    }
}

impl Centre {
    /// Asks for what runs use where no meter does, and writes down what is new, when it is time.
    pub(crate) fn keep_series(&mut self) {
        let since = |last: Option<Time>| last.map_or(Span(i64::MAX), |last| Span((self.now - last).0.abs()));
        let (asked, written) = (since(self.tracks.asked), since(self.tracks.written));
        if self.metering.is_none() && asked >= ASK && self.state.runs().next().is_some() {
            self.tracks.asked = Some(self.now);
            self.order(&Order::Measure { number: 0 });
        }
        if written >= WRITE && self.degraded.is_none() {
            self.tracks.written = Some(self.now);
            let state = &self.state;
            let running: std::collections::HashSet<RunId> = state.runs().map(|(run, _, _)| run).collect();
            if let Some(write) = self.tracks.take(self.now, |run| running.contains(&run)) {
                self.journal.write(Write::Series(Box::new(write)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::JobId;

    use super::*;

    #[test]
    fn a_long_run_has_few_points_and_the_right_means() {
        let run = RunId { job: JobId(1), attempt: 0 };
        let mut tracks = Tracks::default();
        // Two CPUs compute for a week, looked at every five seconds.
        for look in 0..120_960_u64 {
            tracks.look(Time(look.cast_signed() * 5000), &[(run, look * 10_000_000, 1000 + look)]);
        }
        let track = &tracks.runs[&run];
        assert!(track.points.len() < MOST && track.points.len() > MOST / 3, "{}", track.points.len());
        assert!(track.points.iter().all(|point| point.cpus_milli == 2000), "{:?}", &track.points[..3]);
        assert!(track.points.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].memory_kib < pair[1].memory_kib));
        let write = tracks.take(Time(0), |_| false).map(|write| write.put.len());
        assert_eq!(write, Some(1));
        assert!(tracks.runs.is_empty());
    }
}

//! What was played as curves: how many waited, how many cores were used, how long jobs waited, what machines drew at which
//! time of the day, over what that cost then. Must not know what they are called, nor how they are drawn.

mod picture;

use crate::clock::Played;
use crate::tariff::Tariff;
use crate::workload::Workload;

pub use picture::{Across, Ground, Marks, Picture};

/// Points of a curve: about one a pixel.
const POINTS: usize = 800;
/// A curve with a name.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
}

/// Means over equal parts of the time from the first submission to the last end, in days from the first: how many jobs
/// waited, and how many cores were in use.
pub fn over_time(name: &str, workload: &Workload, played: &Played) -> (Curve, Curve) {
    let first = workload.jobs.first().map_or(0, |job| job.submit);
    let last = played.ends.iter().copied().max().unwrap_or(first).max(first + 1);
    let mut waiting = Means::new(first, last);
    let mut used = Means::new(first, last);
    for ((job, start), end) in workload.jobs.iter().zip(&played.starts).zip(&played.ends) {
        waiting.add(job.submit, *start, 1.0);
        used.add(*start, *end, f64::from(job.cores));
    }
    (waiting.curve(name), used.curve(name))
}

/// Seconds of a day, and of the parts that it is drawn in.
const DAY: i64 = 86_400;
const PART: i64 = 900;

/// What machines drew in the mean at each time of the day, in kilowatts over hours; from draws, that is from when until
/// when how many watts, and the second of the local day at second 0.
pub fn over_the_day(name: &str, draws: &[(i64, i64, i64)], local0: i64) -> Curve {
    let first = draws.iter().map(|draw| draw.0).min().unwrap_or(0);
    let last = draws.iter().map(|draw| draw.1).max().unwrap_or(0);
    let mut watt_seconds = [0i128; (DAY / PART) as usize];
    let mut seconds = [0i128; (DAY / PART) as usize];
    let add = |sums: &mut [i128], (from, until, watts): (i64, i64, i64)| {
        let whole = (until - from) / DAY;
        sums.iter_mut().for_each(|sum| *sum += i128::from(watts) * i128::from(whole * PART));
        let mut at = from + whole * DAY;
        while at < until {
            let local = (at + local0).rem_euclid(DAY);
            let next = until.min(at + PART - local % PART);
            sums[(local / PART) as usize] += i128::from(watts) * i128::from(next - at);
            at = next;
        }
    };
    draws.iter().for_each(|draw| add(&mut watt_seconds, *draw));
    add(&mut seconds, (first, last, 1));
    let parts = watt_seconds.iter().zip(seconds).enumerate();
    let hour = |part: usize| (part as f64 + 0.5) * PART as f64 / 3600.0;
    let points = parts.map(|(part, (sum, seconds))| (hour(part), *sum as f64 / seconds.max(1) as f64 / 1000.0));
    Curve { name: name.to_owned(), points: points.collect() }
}

/// Waits that are named below [`waits`], seconds: each about ten times as long as the one before.
const NAMED_WAITS: [i64; 9] = [1, 10, 60, 600, 3_600, 36_000, DAY, 10 * DAY, 100 * DAY];

/// The marks below [`waits`], where somebody calls so many seconds as they are called.
pub fn wait_marks(name: impl Fn(i64) -> String) -> Marks {
    Marks::Named(NAMED_WAITS.iter().map(|seconds| (tenfold(*seconds), name(*seconds))).collect())
}

/// Where so many seconds stand. One is as good as none.
fn tenfold(seconds: i64) -> f64 {
    (seconds.max(1) as f64).log10()
}

/// What electricity costs for some hours of each day.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Price {
    /// From which hour of the day.
    pub from: f64,
    /// Until which.
    pub until: f64,
    /// For a kilowatt-hour, in micro-euros.
    pub microeur: i64,
}

/// What electricity costs at each time of the day.
pub fn prices(tariff: &Tariff) -> Vec<Price> {
    let (tariff, hour) = (tariff.at(0), |second: i64| second as f64 / 3600.0);
    let mut prices: Vec<Price> = Vec::new();
    let mut at = 0;
    while at < DAY {
        let next = tariff.next_change(at).unwrap_or(DAY).min(DAY);
        prices.push(Price { from: hour(at), until: hour(next), microeur: tariff.price(at) });
        at = next;
    }
    prices
}

/// The ground of [`over_the_day`]: the dearer the darker, and what somebody writes there of a price in micro-euros.
pub fn grounds(prices: &[Price], label: impl Fn(i64) -> String) -> Vec<Ground> {
    let dearest = prices.iter().map(|price| price.microeur).max().unwrap_or(0).max(1) as f64;
    let ground = |price: &Price| Ground {
        across: (price.from, price.until),
        height: price.microeur as f64 / dearest,
        label: label(price.microeur),
    };
    prices.iter().map(ground).collect()
}

/// The part of all jobs that waited at most so long, over how long that is: see [`wait_marks`].
pub fn waits(name: &str, workload: &Workload, played: &Played) -> Curve {
    let mut waits: Vec<i64> = workload.jobs.iter().zip(&played.starts).map(|(job, start)| start - job.submit).collect();
    waits.sort_unstable();
    let count = waits.len().max(1);
    let point = |step: usize| {
        let place = (step * (count - 1)) / POINTS;
        (tenfold(waits.get(place).copied().unwrap_or(0)), (place + 1) as f64 / count as f64)
    };
    Curve { name: name.to_owned(), points: (0..=POINTS).map(point).collect() }
}

/// Sums of rectangles over equal parts of time, in parts that are begun and ended as differences.
struct Means {
    first: i64,
    width: f64,
    sums: Vec<f64>,
    /// What changes at the beginning of each part, for those covered whole.
    steps: Vec<f64>,
}

impl Means {
    fn new(first: i64, last: i64) -> Self {
        let width = (last - first) as f64 / POINTS as f64;
        Means { first, width, sums: vec![0.0; POINTS + 1], steps: vec![0.0; POINTS + 2] }
    }

    fn add(&mut self, from: i64, until: i64, height: f64) {
        if until <= from {
            return;
        }
        let place = |instant: i64| ((instant - self.first) as f64 / self.width).clamp(0.0, POINTS as f64);
        let (from, until) = (place(from), place(until));
        let (begin, end) = (from as usize, until as usize);
        if begin == end {
            self.sums[begin] += (until - from) * height;
            return;
        }
        self.sums[begin] += (begin as f64 + 1.0 - from) * height;
        self.sums[end] += (until - end as f64) * height;
        self.steps[begin + 1] += height;
        self.steps[end] -= height;
    }

    fn curve(&self, name: &str) -> Curve {
        let mut level = 0.0;
        let mut points = Vec::with_capacity(POINTS);
        for part in 0..POINTS {
            level += self.steps[part];
            let days = (part as f64 + 0.5) * self.width / 86_400.0;
            points.push((days, self.sums[part] + level));
        }
        Curve { name: name.to_owned(), points }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Dropped, Job};

    #[test]
    fn means_add_up() {
        let job = |submit, cores| Job { submit, run: 3_600, estimate: 3_600, cores, line: 0 };
        let workload = Workload { jobs: vec![job(0, 2), job(100, 3)], dropped: Dropped::default(), procs: 4 };
        let played = Played { starts: vec![0, 3_600], ends: vec![3_600, 7_200] };
        let (waiting, used) = over_time("a", &workload, &played);
        let area = |curve: &Curve| curve.points.iter().map(|point| point.1).sum::<f64>() * 7_200.0 / POINTS as f64;
        assert!((area(&waiting) - 3_500.0).abs() < 1e-6);
        assert!((area(&used) - 18_000.0).abs() < 1e-6);
        // One waits for nothing, the other 3 500 seconds.
        let across = Across { name: String::new(), marks: wait_marks(|seconds| format!("{seconds} s")) };
        let curves = [waits("w", &workload, &played)];
        let picture = Picture { title: "w", across, upright: "part", curves: &curves, grounds: &[], point: '.' }.svg();
        assert!([1, 10, 60, 600].iter().all(|seconds| picture.contains(&format!(">{seconds} s<"))));
        assert!(!picture.contains(">3600 s<"), "{picture}");
    }

    #[test]
    fn days_add_up() {
        let draws = [(100, 3 * DAY + 5_000, 200), (50_000, 51_000, 1_000)];
        let curve = over_the_day("a", &draws, 3_600);
        // All day 200 W; from 14:53:20 to 15:10 on one of three days 1000 W more.
        let at = |hour: f64| curve.points.iter().find(|point| point.0 > hour).map(|point| point.1);
        assert_eq!(at(3.0), Some(0.2));
        assert!((at(15.0).unwrap() - (0.2 + 600.0 / 2_700.0)).abs() < 1e-9, "{:?}", at(15.0));
        let tariff = Tariff::new(String::new(), 200_000, &[(22 * 3600, 6 * 3600, 100_000)]);
        let prices: Vec<_> = prices(&tariff).iter().map(|price| (price.from, price.until, price.microeur)).collect();
        assert_eq!(prices, [(0.0, 6.0, 100_000), (6.0, 22.0, 200_000), (22.0, 24.0, 100_000)]);
        let grounds = grounds(&super::prices(&tariff), |price| price.to_string());
        let heights: Vec<_> = grounds.iter().map(|ground| (ground.height, ground.label.as_str())).collect();
        assert_eq!(heights, [(0.5, "100000"), (1.0, "200000"), (0.5, "100000")]);
    }
}

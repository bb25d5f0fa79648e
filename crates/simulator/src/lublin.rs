//! Workloads by the model of Lublin and Feitelson: "The workload on parallel supercomputers: modeling the
//! characteristics of rigid jobs", J. Parallel and Distributed Computing 63(11), 2003. The parameters are those of the
//! article for jobs that are not told apart (neither batch nor interactive), the size of the machine aside.

use crate::random::{Random, gamma_cdf};
use crate::workload::{Line, Trace};

/// Share of serial jobs, and of jobs whose size is a power of two.
const SERIAL: f64 = 0.244;
const POWER_OF_TWO: f64 = 0.576;
/// Sizes of parallel jobs, as exponents of two: uniform from `LOW` to the middle with a probability of `LOWER`, else from
/// there to the machine's. The middle lies `BELOW` below the machine's (1.5 to 3.5 by the article).
const LOW: f64 = 0.8;
const BELOW: f64 = 2.5;
const LOWER: f64 = 0.86;
/// Run times: e to the power of one gamma or another; the first with a probability that falls with the size.
const SHORT: (f64, f64) = (4.2, 0.94);
const LONG: (f64, f64) = (312.0, 0.03);
const SHORT_BY_SIZE: (f64, f64) = (-0.0054, 0.78);
/// Arrivals: e to the power of a gamma is the pause at a mean hour...
const PAUSE: (f64, f64) = (10.2303 * 1.0225, 0.4871);
/// ...and another gamma says how many come in which half hour, counted from 5:30 in the morning.
const HALF_HOURS: (f64, f64) = (8.1737, 3.9631);
const FIRST_HALF_HOUR: usize = 11;
const IN_A_DAY: usize = 48;
const HALF_HOUR_S: f64 = 1800.0;
/// No run takes longer than e to the power of this (45 hours), and no pause than that (five days).
const LONGEST: f64 = 12.0;
const LONGEST_PAUSE: f64 = 13.0;

/// What to make.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wish {
    /// Jobs.
    pub jobs: u32,
    /// Cores of the machine; the largest jobs need all.
    pub procs: u32,
    /// The same seed makes the same workload.
    pub seed: u64,
    /// The work that comes, as a part of what the machine can do; `None`: as the model has it.
    pub load: Option<f64>,
}

/// Makes a trace. Jobs have no estimates.
pub fn generate(wish: Wish) -> Trace {
    let mut random = Random::new(wish.seed);
    let day = Day::new();
    let mut points = 0.0;
    let mut lines = Vec::with_capacity(wish.jobs as usize);
    for number in 0..wish.jobs {
        points += at_most(&mut random, PAUSE, LONGEST_PAUSE).exp() / HALF_HOUR_S;
        let cores = size(&mut random, wish.procs);
        let run = run_time(&mut random, cores);
        lines.push(Line {
            id: i64::from(number) + 1,
            submit: day.second_at(points),
            wait: -1,
            run,
            cores: i64::from(cores),
            estimate: -1,
            memory_kib: -1,
            user: -1,
            group: -1,
            queue: -1,
        });
    }
    if let Some(load) = wish.load {
        squeeze(&mut lines, wish.procs, load);
    }
    let procs = i64::from(wish.procs);
    Trace { lines, max_procs: Some(procs), max_nodes: Some(procs), malformed: 0 }
}

fn at_most(random: &mut Random, (shape, scale): (f64, f64), most: f64) -> f64 {
    loop {
        let draw = random.gamma(shape, scale);
        if draw <= most {
            return draw;
        }
    }
}

fn size(random: &mut Random, procs: u32) -> u32 {
    let kind = random.unit();
    let high = f64::from(procs).log2();
    if kind <= SERIAL || high <= LOW {
        return 1;
    }
    let middle = (high - BELOW).max(LOW);
    let (from, to) = if random.unit() <= LOWER { (LOW, middle) } else { (middle, high) };
    let exponent = from + random.unit() * (to - from);
    let exponent = if kind <= SERIAL + POWER_OF_TWO { exponent.round() } else { exponent };
    (exponent.exp2().round() as u32).clamp(1, procs)
}

fn run_time(random: &mut Random, cores: u32) -> i64 {
    let short = SHORT_BY_SIZE.0 * f64::from(cores) + SHORT_BY_SIZE.1;
    let kind = if random.unit() <= short { SHORT } else { LONG };
    // A job of less than a second takes one.
    (at_most(random, kind, LONGEST).exp() as i64).max(1)
}

/// Moves all arrivals closer together, or apart, so that the work fills so much of the machine until the last comes.
fn squeeze(lines: &mut [Line], procs: u32, load: f64) {
    let work: f64 = lines.iter().map(|line| line.run as f64 * line.cores as f64).sum();
    let (Some(first), Some(last)) = (lines.first().map(|line| line.submit), lines.last().map(|line| line.submit))
    else {
        return;
    };
    let factor = work / (f64::from(procs) * load) / ((last - first) as f64).max(1.0);
    for line in lines {
        line.submit = ((line.submit - first) as f64 * factor) as i64;
    }
}

/// How a day's arrivals are spread: the points that have gone by at the end of each half hour, a mean one counting 1.
struct Day {
    until: [f64; IN_A_DAY],
}

impl Day {
    fn new() -> Self {
        let (shape, scale) = HALF_HOURS;
        let mut weights = [0.0; IN_A_DAY];
        for count in FIRST_HALF_HOUR..FIRST_HALF_HOUR + IN_A_DAY {
            let middle = count as f64;
            weights[(count - 1) % IN_A_DAY] =
                gamma_cdf(middle + 0.5, shape, scale) - gamma_cdf(middle - 0.5, shape, scale);
        }
        let sum: f64 = weights.iter().sum();
        let mut until = weights;
        let mut gone = 0.0;
        for weight in &mut until {
            gone += *weight / sum * IN_A_DAY as f64;
            *weight = gone;
        }
        Day { until }
    }

    /// The second, from the first midnight, by which so many points have gone by.
    fn second_at(&self, points: f64) -> i64 {
        let days = (points / IN_A_DAY as f64).floor();
        let rest = points - days * IN_A_DAY as f64;
        let bucket = self.until.partition_point(|until| *until <= rest).min(IN_A_DAY - 1);
        let before = if bucket == 0 { 0.0 } else { self.until[bucket - 1] };
        let part = (rest - before) / (self.until[bucket] - before);
        (days * 86_400.0 + (bucket as f64 + part) * HALF_HOUR_S) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_the_model() {
        let wish = Wish { jobs: 20_000, procs: 256, seed: 7, load: None };
        let trace = generate(wish);
        assert_eq!(generate(wish), trace);
        assert_ne!(generate(Wish { seed: 8, ..wish }), trace);
        let part =
            |which: &dyn Fn(&Line) -> bool| trace.lines.iter().filter(|line| which(line)).count() as f64 / 20_000.0;
        let serial = part(&|line| line.cores == 1);
        let powers = part(&|line| line.cores > 1 && (line.cores as u64).is_power_of_two());
        assert!((0.22..0.30).contains(&serial), "{serial}");
        assert!((0.57..0.68).contains(&powers), "{powers}");
        let by_day = part(&|line| (8..20).contains(&(line.submit % 86_400 / 3600)));
        assert!((0.6..0.8).contains(&by_day), "{by_day}");
        let span = trace.lines.last().unwrap().submit as f64 / 20_000.0;
        // The archive's own sample of the model (lublin_256) has one job in 769 seconds.
        assert!((600.0..1_000.0).contains(&span), "{span}");
        assert!(trace.lines.is_sorted_by_key(|line| line.submit));
    }

    #[test]
    fn load_is_as_wished() {
        let trace = generate(Wish { jobs: 5_000, procs: 1_000, seed: 1, load: Some(0.8) });
        let work: i64 = trace.lines.iter().map(|line| line.run * line.cores).sum();
        let load = work as f64 / (1_000.0 * trace.lines.last().unwrap().submit as f64);
        assert!((0.79..0.81).contains(&load), "{load}");
    }
}

//! What follows the end of a job: how soon after it cores are taken again, and how many, by the hour of the day. At night
//! batches run one behind the other, by day people look at what came out and go on. Learned from how many cores had a job
//! when. Must not know whose jobs they are, nor what switching costs.
//!
//! The rate at which cores are taken is its mean for the time since the last end, times what the hour is to that, and
//! what both together are to it: each as often as it was seen against how often it was to be expected. It is worked out
//! once an hour, from what was seen until then.

/// Classes of how many cores are taken at once: up to 1, 2, 4, and so on.
const SIZES: usize = 32;
/// Classes of the time since, each twice as long as the one before.
const AGES: usize = 18;
/// The length of the first of them, seconds.
const FIRST: i64 = 8;
const HOURS: usize = 24;
/// How many events are imagined of each factor, so that it is 1 before anything is known.
const IMAGINED: f64 = 2.0;

/// How often at least as many cores as of a class are taken, in 1/s.
type Rates = [f64; SIZES];

/// What was seen in an hour of the day, by the time since the last end.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    seconds: f64,
    /// How often so many cores were taken.
    taken: Rates,
}

/// What will be free soon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextEnd {
    /// When the next job is expected to end.
    pub at: i64,
    /// How many cores it, and others that end then, leave.
    pub cores: u32,
}

/// What was learned.
#[derive(Clone, Debug)]
pub struct Succession {
    /// The local second at instant 0.
    local0: i64,
    used: u32,
    /// When cores were left last.
    since: i64,
    /// Up to when time is counted.
    counted: i64,
    seen: Box<[[Seen; AGES]; HOURS]>,
    /// The same of all hours together.
    ever: Box<[Seen; AGES]>,
    /// Worked out for this hour.
    rates: Box<[Rates; AGES]>,
}

/// What is to be expected within some time.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// How often cores are taken that are free now.
    now: Rates,
    /// How often they are taken after the next end...
    after: Rates,
    /// ...which leaves so many.
    freed: u32,
}

fn class(cores: u32) -> usize {
    (u32::BITS - cores.saturating_sub(1).leading_zeros()) as usize
}

fn age(seconds: i64) -> usize {
    let doubled = (seconds.max(0) / FIRST + 1) as u64;
    (doubled.ilog2() as usize).min(AGES - 1)
}

/// When the time since is no longer of a class.
fn end_of(age: usize) -> i64 {
    if age + 1 < AGES { FIRST * ((1 << (age + 1)) - 1) } else { i64::MAX }
}

/// How much more often something was seen than was to be expected.
fn factor(seen: f64, expected: f64) -> f64 {
    (seen + IMAGINED) / (expected + IMAGINED)
}

impl Succession {
    /// Nothing is known yet, nothing is used.
    pub fn new(now: i64, local0: i64) -> Succession {
        Succession {
            local0,
            used: 0,
            since: now,
            counted: now,
            seen: Box::new([[Seen::default(); AGES]; HOURS]),
            ever: Box::new([Seen::default(); AGES]),
            rates: Box::new([[0.0; SIZES]; AGES]),
        }
    }

    fn hour(&self, at: i64) -> usize {
        ((at + self.local0).rem_euclid(86_400) / 3600) as usize
    }

    /// Time goes by until now.
    fn count(&mut self, now: i64) {
        while self.counted < now {
            let (from, age, hour) = (self.counted, age(self.counted - self.since), self.hour(self.counted));
            let full = from + 3600 - (from + self.local0).rem_euclid(3600);
            let until = now.min(full).min(self.since.saturating_add(end_of(age)));
            for seen in [&mut self.seen[hour][age], &mut self.ever[age]] {
                seen.seconds += (until - from) as f64;
            }
            self.counted = until;
        }
    }

    /// So many cores are used from now on.
    pub fn note(&mut self, now: i64, used: u32) {
        let before = std::mem::replace(&mut self.used, used);
        if used == before {
            return;
        }
        self.count(now);
        if used < before {
            self.since = now;
        } else {
            let (hour, age) = (self.hour(now), age(now - self.since));
            for seen in [&mut self.seen[hour][age], &mut self.ever[age]] {
                seen.taken[class(used - before)] += 1.0;
            }
        }
    }

    /// Works out what is to be expected in this hour: to be called at each full one.
    pub fn tick(&mut self, now: i64) {
        self.count(now);
        let (mut all, mut this) = (*self.ever, self.seen[self.hour(now)]);
        all.iter_mut().chain(&mut this).for_each(|seen| at_least(&mut seen.taken));
        let seconds: f64 = all.iter().map(|seen| seen.seconds).sum();
        let mut means = [0.0; AGES];
        for size in 0..SIZES {
            let ever: f64 = all.iter().map(|seen| seen.taken[size]).sum();
            let ever = (ever + 0.5) / (seconds + 3600.0);
            for (mean, seen) in means.iter_mut().zip(&all) {
                *mean = ever * factor(seen.taken[size], ever * seen.seconds);
            }
            let expected: f64 = means.iter().zip(&this).map(|(mean, seen)| mean * seen.seconds).sum();
            let hour = factor(this.iter().map(|seen| seen.taken[size]).sum(), expected);
            for (rates, (mean, seen)) in self.rates.iter_mut().zip(means.iter().zip(&this)) {
                let rate = mean * hour;
                rates[size] = rate * factor(seen.taken[size], rate * seen.seconds);
            }
        }
    }

    /// What is to be expected within so many seconds.
    pub fn outlook(&self, now: i64, within: i64, next_end: Option<NextEnd>) -> Outlook {
        let mut now_rates = self.rates[age(now - self.since)];
        let next_end = next_end.filter(|end| end.at < now + within);
        let Some(end) = next_end else { return Outlook { now: now_rates, after: [0.0; SIZES], freed: 0 } };
        let left = now + within - end.at.max(now);
        let mut after = [0.0; SIZES];
        let mut from = 0;
        while from < left {
            let until = end_of(age(from)).min(left);
            let part = (until - from) as f64 / within as f64;
            after.iter_mut().zip(&self.rates[age(from)]).for_each(|(sum, rate)| *sum += rate * part);
            from = until;
        }
        let part = (within - left) as f64 / within as f64;
        now_rates.iter_mut().for_each(|rate| *rate *= part);
        Outlook { now: now_rates, after, freed: end.cores }
    }
}

impl Outlook {
    /// How often, in 1/s, more than so many cores are taken.
    pub fn beyond(&self, cores: u32) -> f64 {
        let of = |rates: &Rates, cores: u32| {
            rates[if cores == 0 { 0 } else { class(cores.saturating_add(1)) }.min(SIZES - 1)]
        };
        of(&self.now, cores) + of(&self.after, cores.saturating_add(self.freed))
    }
}

/// From how often so many are taken to how often at least so many are.
fn at_least(taken: &mut Rates) {
    for size in (0..SIZES - 1).rev() {
        taken[size] += taken[size + 1];
    }
}

//! How soon more cores are needed, learned from when they were: for some levels of use, how often use has risen above
//! the level, by the hour of the day, by the day of the week and by how long ago it last was above. Must not know what
//! switching costs.
//!
//! The rate of a level is its mean rate times what the hour, the day and the time since have been to it.

/// Levels of use, and one more: any rise at all.
pub const LEVELS: usize = 32;
/// Classes of the time since, each twice as long as the one before.
const AGES: usize = 18;
/// The length of the first of them, seconds.
const FIRST: i64 = 15;
/// How many imagined events a factor starts from, so that it is 1 before anything is known.
const IMAGINED: f64 = 3.0;

/// Events, and the seconds in which they could have happened.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    events: f64,
    seconds: f64,
}

/// What is known of a level.
#[derive(Clone, Debug)]
struct Level {
    above: u32,
    last: i64,
    mean: Rate,
    hours: [Rate; 24],
    days: [Rate; 7],
    ages: [Rate; AGES],
}

/// All levels.
#[derive(Clone, Debug)]
pub struct Demand {
    levels: Vec<Level>,
    used: u32,
    seen: i64,
    /// The local second at instant 0.
    local0: i64,
}

impl Rate {
    /// Against a mean rate: below 1 is rarer.
    fn factor(&self, mean: f64) -> f64 {
        (self.events + IMAGINED) / (self.seconds + IMAGINED / mean) / mean
    }
}

impl Level {
    fn new(above: u32, now: i64) -> Level {
        let none = Rate::default();
        Level { above, last: now - 3600, mean: none, hours: [none; 24], days: [none; 7], ages: [none; AGES] }
    }

    /// The classes of an instant.
    fn classes(&mut self, at: i64, local0: i64) -> [&mut Rate; 4] {
        let (hour, day, age) = (hour(at + local0), day(at + local0), age(at - self.last));
        [&mut self.mean, &mut self.hours[hour], &mut self.days[day], &mut self.ages[age]]
    }

    fn rate(&self, at: i64, local0: i64) -> f64 {
        let mean = (self.mean.events + 0.5) / (self.mean.seconds + 3600.0);
        let factors = [
            self.hours[hour(at + local0)].factor(mean),
            self.days[day(at + local0)].factor(mean),
            self.ages[age(at - self.last)].factor(mean),
        ];
        mean * factors[0] * factors[1] * factors[2]
    }
}

fn hour(local: i64) -> usize {
    (local.rem_euclid(86_400) / 3600) as usize
}

fn day(local: i64) -> usize {
    local.div_euclid(86_400).rem_euclid(7) as usize
}

fn age(seconds: i64) -> usize {
    let doubled = (seconds.max(0) / FIRST + 1) as u64;
    ((u64::BITS - doubled.leading_zeros()) as usize).min(AGES - 1)
}

impl Demand {
    /// Nothing is known yet, nothing is used.
    pub fn new(cores: u32, now: i64, local0: i64) -> Demand {
        let above = |level: usize| (u64::from(cores) * level as u64 / LEVELS as u64) as u32;
        let levels = (0..=LEVELS).map(|level| Level::new(above(level), now)).collect();
        Demand { levels, used: 0, seen: now, local0 }
    }

    /// Whether a level, or the one that stands for any rise, lies above what is used.
    fn waits(level: usize, above: u32, used: u32) -> bool {
        level == LEVELS || used <= above
    }

    /// So many cores are used from now on.
    pub fn note(&mut self, now: i64, used: u32) {
        let (seconds, seen) = ((now - self.seen) as f64, self.seen);
        let (before, local0) = (self.used, self.local0);
        for (number, level) in self.levels.iter_mut().enumerate() {
            if !Self::waits(number, level.above, before) {
                level.last = now;
            } else if seconds > 0.0 {
                for rate in level.classes(seen, local0) {
                    rate.seconds += seconds;
                }
            }
            let rose = if number == LEVELS { used > before } else { before <= level.above && used > level.above };
            if rose {
                for rate in level.classes(now, local0) {
                    rate.events += 1.0;
                }
                level.last = now;
            }
        }
        (self.used, self.seen) = (used, now);
    }

    /// For growing numbers of cores beyond those used, from none on: how often, in 1/s, a start would need more.
    pub fn beyond(&self, now: i64) -> impl Iterator<Item = (u32, f64)> {
        let any = self.levels[LEVELS].rate(now, self.local0);
        let mut least = any;
        let levels = self.levels.iter().enumerate().filter(|(_, level)| level.above >= self.used);
        let rates = levels.map(move |(number, level)| {
            // With all cores on nobody waits.
            let rate = if number == LEVELS { 0.0 } else { level.rate(now, self.local0) };
            least = rate.min(least);
            (level.above - self.used, least)
        });
        std::iter::once((0, any)).chain(rates)
    }
}

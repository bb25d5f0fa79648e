//! How soon more cores are needed, learned from when they were: for some levels of use, how often use has risen above
//! the level, by the hour of the day, by the day of the week and by how long ago it last was above. Must not know what
//! switching costs.
//!
//! The rate of a level is its mean rate times what the hour, the day and the time since have been to it. What those are
//! is worked out once an hour, from what was seen until then.

/// Levels of use, and one more: any rise at all.
pub const LEVELS: usize = 32;
/// Classes of the time since, each twice as long as the one before.
const AGES: usize = 18;
/// The length of the first of them, seconds.
const FIRST: i64 = 15;
/// How many events are imagined of each factor, so that it is 1 before anything is known.
const IMAGINED: f64 = 1.0;

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
    /// When use was last above it.
    last: i64,
    /// Up to when the time for which it waits is counted.
    counted: i64,
    mean: Rate,
    hours: [Rate; 24],
    days: [Rate; 7],
    ages: [Rate; AGES],
    /// In 1/s, this hour...
    now: f64,
    /// ...and what the time since makes of it.
    factors: [f64; AGES],
}

/// All levels.
#[derive(Clone, Debug)]
pub struct Demand {
    levels: Vec<Level>,
    used: u32,
    /// The local second at instant 0.
    local0: i64,
    /// The hour for which rates are worked out.
    hour: i64,
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
        Level {
            above,
            last: now - 3600,
            counted: now,
            mean: none,
            hours: [none; 24],
            days: [none; 7],
            ages: [none; AGES],
            now: 0.0,
            factors: [1.0; AGES],
        }
    }

    /// It has waited until now, within an hour.
    fn count(&mut self, now: i64, local0: i64) {
        let from = std::mem::replace(&mut self.counted, now);
        if from >= now {
            return;
        }
        let (seconds, local) = ((now - from) as f64, from + local0);
        self.mean.seconds += seconds;
        self.hours[hour_of_day(local)].seconds += seconds;
        self.days[day(local)].seconds += seconds;
        let (mut past, all) = (from - self.last, now - self.last);
        while past < all {
            let class = age(past);
            let next = if class + 1 < AGES { all.min(FIRST * ((1 << class) - 1)) } else { all };
            self.ages[class].seconds += (next - past) as f64;
            past = next;
        }
    }

    /// Use rises above it.
    fn rise(&mut self, now: i64, local0: i64) {
        self.count(now, local0);
        let (hour, day, age) = (hour_of_day(now + local0), day(now + local0), age(now - self.last));
        for rate in [&mut self.mean, &mut self.hours[hour], &mut self.days[day], &mut self.ages[age]] {
            rate.events += 1.0;
        }
        self.last = now;
    }

    fn work_out(&mut self, at: i64, local0: i64) {
        let mean = (self.mean.events + 0.5) / (self.mean.seconds + 3600.0);
        let hour = self.hours[hour_of_day(at + local0)].factor(mean);
        self.now = mean * hour * self.days[day(at + local0)].factor(mean);
        for (factor, age) in self.factors.iter_mut().zip(&self.ages) {
            *factor = age.factor(mean);
        }
    }

    fn rate(&self, at: i64) -> f64 {
        self.now * self.factors[age(at - self.last)]
    }
}

fn hour_of_day(local: i64) -> usize {
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
        Demand { levels, used: 0, local0, hour: i64::MIN }
    }

    /// The levels above what is used lie from here on.
    fn waiting(&self, used: u32) -> usize {
        self.levels[..LEVELS].partition_point(|level| level.above < used)
    }

    /// How many cores there are.
    pub fn cores(&self) -> u32 {
        self.levels[LEVELS].above
    }

    /// How many cores are used.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// So many cores are used from now on. Says whether that is above a level that it was not above before.
    pub fn note(&mut self, now: i64, used: u32) -> bool {
        let (before, local0) = (self.waiting(self.used), self.local0);
        let (after, rose) = (self.waiting(used), used > self.used);
        self.used = used;
        for level in &mut self.levels[before.min(after)..before] {
            (level.last, level.counted) = (now, now);
        }
        let any = LEVELS..LEVELS + usize::from(rose);
        for number in (before..after).chain(any) {
            self.levels[number].rise(now, local0);
        }
        after > before
    }

    /// Time goes by: to be called at each full hour. Says whether it is another one.
    pub fn tick(&mut self, now: i64) -> bool {
        let hour = (now + self.local0).div_euclid(3600);
        if hour == self.hour {
            return false;
        }
        self.hour = hour;
        let (waiting, local0) = (self.waiting(self.used), self.local0);
        for level in &mut self.levels[waiting..] {
            level.count(now, local0);
        }
        self.levels.iter_mut().for_each(|level| level.work_out(now, local0));
        true
    }

    /// For growing numbers of cores beyond those used, from none on: how often, in 1/s, a start would need more.
    pub fn beyond(&self, now: i64) -> impl Iterator<Item = (u32, f64)> {
        let any = self.levels[LEVELS].rate(now);
        let mut least = any;
        let rates = self.levels[self.waiting(self.used)..LEVELS].iter().map(move |level| {
            least = level.rate(now).min(least);
            (level.above - self.used, least)
        });
        // With all cores on nobody waits.
        let all = (self.levels[LEVELS].above - self.used, 0.0);
        std::iter::once((0, any)).chain(rates).chain([all])
    }
}

//! What follows the end of a job, counted second by second.

use std::collections::BTreeMap;

use super::HOUR;

const AGES: usize = 18;

/// An hour of the day, and how long ago cores were left.
type Place = (i64, usize);

pub struct Succession {
    /// When cores were left last.
    since: i64,
    seconds: BTreeMap<Place, f64>,
    /// When how many cores were taken.
    taken: Vec<(Place, u32)>,
    /// As of the last full hour: how often so many or more, by age.
    rates: Vec<BTreeMap<u32, f64>>,
}

fn age(seconds: i64) -> usize {
    (0..17).find(|class| seconds < 8 * ((1 << (class + 1)) - 1)).unwrap_or(17)
}

fn hour(local: i64) -> i64 {
    local.rem_euclid(24 * HOUR) / HOUR
}

impl Succession {
    pub fn new(now: i64) -> Succession {
        Succession { since: now, seconds: BTreeMap::new(), taken: Vec::new(), rates: vec![BTreeMap::new(); AGES] }
    }

    pub fn note(&mut self, now: i64, local: i64, before: u32, used: u32) {
        if used < before {
            self.since = now;
        }
        if used > before {
            self.taken.push(((hour(local), age(now - self.since)), (used - before).next_power_of_two()));
        }
    }

    pub fn count_second(&mut self, now: i64, local: i64) {
        *self.seconds.entry((hour(local), age(now - self.since))).or_default() += 1.0;
    }

    pub fn work_out(&mut self, local: i64) {
        let this = hour(local);
        let seconds = |is: &dyn Fn(Place) -> bool| -> f64 {
            self.seconds.iter().filter(|(place, _)| is(**place)).map(|(_, seconds)| seconds).sum()
        };
        let mut rates = vec![BTreeMap::new(); AGES];
        for size in (0..=10).map(|power| 1u32 << power) {
            let taken = |is: &dyn Fn(Place) -> bool| -> f64 {
                self.taken.iter().filter(|(place, cores)| is(*place) && *cores >= size).count() as f64
            };
            let ever = (taken(&|_| true) + 0.5) / (seconds(&|_| true) + 3600.0);
            let mean = |age: usize| {
                let (seen, expected) = (taken(&|place| place.1 == age), ever * seconds(&|place| place.1 == age));
                ever * ((seen + 2.0) / (expected + 2.0))
            };
            let expected: f64 = (0..AGES).map(|age| mean(age) * seconds(&|place| place == (this, age))).sum();
            let factor = (taken(&|place| place.0 == this) + 2.0) / (expected + 2.0);
            for (age, rates) in rates.iter_mut().enumerate() {
                let rate = mean(age) * factor;
                let (seen, expected) =
                    (taken(&|place| place == (this, age)), rate * seconds(&|place| place == (this, age)));
                rates.insert(size, rate * ((seen + 2.0) / (expected + 2.0)));
            }
        }
        self.rates = rates;
    }

    /// How often more than so many cores are taken within some seconds, in which others may be left.
    pub fn beyond(&self, now: i64, within: i64, next_end: Option<(i64, u32)>, cores: u32) -> f64 {
        let rate = |age: usize, cores: u32| {
            let size = if cores == 0 { 1 } else { (cores + 1).next_power_of_two() };
            self.rates[age].get(&size).copied().unwrap_or(0.0)
        };
        let this = rate(age(now - self.since), cores);
        let Some((end, freed)) = next_end.filter(|end| end.0 < now + within) else { return this };
        let left = now + within - end;
        let mut after = 0.0;
        for class in 0..AGES {
            let seconds = (0..left).filter(|second| age(*second) == class).count();
            after += rate(class, cores + freed) * (seconds as f64 / within as f64);
        }
        this * ((within - left) as f64 / within as f64) + after
    }
}

//! How many cores should be on beyond those that have jobs: as many idle ones as cost less than the waits that they spare,
//! and those that are known to be needed as soon as a machine takes to boot. Must not know jobs, nor machines.

use super::demand::Demand;
use super::succession::{NextEnd, Succession};
use super::worth::Worth;

/// How soon it is looked at again, seconds; less often the longer nothing happens, but once an hour.
const GLANCE: i64 = 60;
const HOUR: i64 = 3600;
/// What of the waits that it spares may be spent on a core that has to boot first: while it does, it draws and spares
/// nobody anything. One that is on already may cost all of it.
const BOOT_EARNS: f64 = 0.5;

/// How many cores should be on without a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Warm {
    /// Fewer are not enough.
    pub least: u32,
    /// More can be switched off.
    pub most: u32,
}

/// What is to be kept ready, and what was learned for that.
#[derive(Clone, Debug)]
pub struct Reserve {
    demand: Demand,
    succession: Succession,
    worth: Worth,
    /// Seconds.
    boot_s: i64,
    /// How many cores should be on, with and without jobs.
    on: Warm,
    /// When that is looked at again at the latest.
    glance: i64,
    /// When use last changed.
    changed: i64,
    /// The local second at instant 0.
    local0: i64,
    /// Up to when the past was learned.
    seen: Option<i64>,
}

impl Reserve {
    /// Nothing is known yet of so many cores, which take so long to boot. `local0` is the local second at instant 0.
    pub fn new(cores: u32, boot_s: i64, worth: Worth, now: i64, local0: i64) -> Reserve {
        let demand = Demand::new(cores, now, local0);
        Reserve {
            demand,
            succession: Succession::new(now, local0),
            worth,
            boot_s,
            on: Warm::default(),
            glance: now,
            changed: now,
            local0,
            seen: None,
        }
    }

    /// How many cores should be on without a job, where so many have one now and so many more are known to be needed
    /// within a boot. `cheap` is the mean price by the price now: a second of waiting is worth as much in cheap hours, and
    /// buys more.
    pub fn warm(
        &mut self,
        now: i64,
        used: u32,
        needed: u32,
        next_end: impl FnOnce() -> Option<NextEnd>,
        cheap: impl FnOnce() -> f64,
    ) -> Warm {
        let glance = now >= self.glance;
        if used != self.demand.used() {
            (self.changed, self.glance) = (now, self.glance.min(now + GLANCE));
        }
        let rose = self.demand.note(now, used);
        self.succession.note(now, used);
        if glance {
            if self.demand.tick(now) {
                self.succession.tick(now);
            }
            let hour = HOUR - (now + self.local0).rem_euclid(HOUR);
            self.glance = now + ((now - self.changed) / 2).max(GLANCE).min(hour);
        }
        if rose || glance {
            let spares = self.spares(now, next_end(), cheap());
            self.on = Warm { least: used + spares.least, most: used + spares.most };
        }
        let beside = |on: u32| needed.max(on.saturating_sub(used));
        Warm { least: beside(self.on.least), most: beside(self.on.most) }
    }

    /// What is known of the past until now is learned: from which instants on how many cores had jobs, in order.
    pub fn learn(&mut self, uses: impl IntoIterator<Item = (i64, u32)>, now: i64) {
        for (at, used) in uses {
            if self.seen.is_none() {
                // Nothing is known of the time before.
                self.demand = Demand::new(self.demand.cores(), at, self.local0);
                self.succession = Succession::new(at, self.local0);
            }
            self.pass_hours(at);
            self.demand.note(at, used);
            self.succession.note(at, used);
        }
        if self.seen.is_some() {
            self.pass_hours(now);
        }
    }

    /// Rates are worked out at each full hour.
    fn pass_hours(&mut self, until: i64) {
        let mut at = self.seen.unwrap_or(until);
        loop {
            let next = at + HOUR - (at + self.local0).rem_euclid(HOUR);
            if next > until {
                break;
            }
            self.demand.tick(next);
            self.succession.tick(next);
            at = next;
        }
        self.seen = Some(until);
    }

    /// As many cores as cost less than the waits that they spare.
    fn spares(&self, now: i64, next_end: Option<NextEnd>, cheap: f64) -> Warm {
        let worth = self.boot_s as f64 * self.worth.cores() * cheap;
        let outlook = self.succession.outlook(now, self.boot_s, next_end);
        let free = self.demand.cores() - self.demand.used();
        let (mut least, mut most) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for (cores, rate) in self.demand.beyond(now) {
            // Two opinions, each of which sees what the other does not: their mean. With all cores on nobody waits.
            let rate = if cores < free { (rate + outlook.beyond(cores)) / 2.0 } else { 0.0 };
            for (best, worth) in [(&mut least, worth * BOOT_EARNS), (&mut most, worth)] {
                let cost = f64::from(cores) + rate * worth;
                if cost < best.0 {
                    *best = (cost, cores);
                }
            }
        }
        Warm { least: least.1, most: most.1 }
    }

    /// A job waited so long, and would have waited so long had all machines been on.
    pub fn note_wait(&mut self, waited_s: i64, plain_s: i64) {
        self.worth.note(waited_s, plain_s);
    }

    /// What a second of waiting is worth now.
    pub fn worth(&self) -> Worth {
        self.worth
    }

    /// When it wants to be asked next though nothing happens to jobs.
    pub fn glance(&self) -> i64 {
        self.glance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR;

    #[test]
    fn what_comes_every_day_is_expected() {
        // For two weeks eight of sixteen cores are needed at half a minute past nine, for two hours.
        let days = (0..14).map(|day| day * DAY + 9 * HOUR + 30);
        let uses: Vec<(i64, u32)> = days.flat_map(|at| [(at, 8), (at + 2 * HOUR, 0)]).collect();
        let warm = |at: i64| {
            let mut reserve = Reserve::new(16, 600, Worth::new(60), at, 0);
            reserve.learn(uses.iter().copied(), at);
            reserve.warm(at, 0, 0, || None, || 1.0).least
        };
        assert_eq!(warm(14 * DAY + 3 * HOUR), 0);
        assert_eq!(warm(14 * DAY + 9 * HOUR + 10), 8);
        assert_eq!(warm(14 * DAY + 15 * HOUR), 0);
        // Who is known to come is waited for in any case.
        let mut reserve = Reserve::new(16, 600, Worth::new(60), 0, 0);
        reserve.learn([], 0);
        assert_eq!(reserve.warm(0, 4, 12, || None, || 1.0).least, 12);
    }
}

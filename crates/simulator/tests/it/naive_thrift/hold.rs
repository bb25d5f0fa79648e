//! Who is held for cheaper hours: every start at which a price changes is tried out.

use super::{DAY, HOUR, Phase, World};

/// The next cheaper hours, and what room there was when that was last looked at.
pub struct Room {
    dear: i64,
    stale: i64,
    from: i64,
    until: i64,
    left: i64,
}

impl World<'_> {
    pub fn mean_price(&self) -> f64 {
        self.prices.sum(self.now, self.now + DAY) as f64 / DAY as f64
    }

    /// Holds a job for cheaper hours, if that saves enough and they have room.
    pub fn hold(&mut self, job: usize) -> bool {
        let (now, expected, cores) = (self.now, self.expected(job), self.cores(job));
        let run = (expected + self.estimate(job)) / 2;
        let last = self.workload.jobs[job].submit + 16 * HOUR;
        let [over, idle] = self.draws;
        let least = self.worth.cores() * idle * self.mean_price();
        let mut best: Option<(f64, i64)> = None;
        let changes = std::iter::successors(self.prices.next_change(now), |at| self.prices.next_change(*at));
        for change in changes.take_while(|change| *change <= last + run) {
            for start in [change - run, change].into_iter().filter(|start| *start > now && *start <= last) {
                let saved = self.prices.sum(now, now + run) - self.prices.sum(start, start + run);
                let gain = saved as f64 / (start - now) as f64;
                if best.is_none_or(|best| gain > best.0) {
                    best = Some((gain, start));
                }
            }
        }
        let Some((gain, until)) = best else { return false };
        if gain * (cores as f64 * over) <= least || !self.has_room(expected, cores) {
            return false;
        }
        self.phases[job] = Phase::Held { until };
        true
    }

    /// Whether the next cheaper hours have room; what room there is, is looked at every ten minutes.
    fn has_room(&mut self, expected: i64, cores: i64) -> bool {
        let (now, dear) = (self.now, self.prices.price(self.now));
        if self.room.as_ref().is_none_or(|room| now >= room.stale || room.dear != dear) {
            let cheap = |at: &i64| self.prices.price(*at) < dear;
            let Some(from) = (now..now + 2 * DAY).find(cheap) else { return false };
            let until = (from..).find(|at| !cheap(at)).unwrap();
            let mut left = i64::from(self.count) * (until - from);
            for job in self.all(|phase| matches!(phase, Phase::Held { .. })) {
                left -= self.expected(job).min(until - from) * self.cores(job);
            }
            for (job, since) in self.running() {
                let ends = since + self.expected(job).max(now - since + 1);
                left -= (ends.min(until) - from).max(0) * self.cores(job);
            }
            self.room = Some(Room { dear, stale: from.min(now + 600), from, until, left });
        }
        let room = self.room.as_mut().unwrap();
        let share = expected.min(room.until - room.from) * cores;
        let fits = share <= room.left;
        room.left -= if fits { share } else { 0 };
        fits
    }
}

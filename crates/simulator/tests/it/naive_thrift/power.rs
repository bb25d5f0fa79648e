//! How many machines should be on: levels of use counted second by second, and the cheapest reserve.

use super::{Cores, DAY, HOUR, LEVELS, Level, Machine, Phase, World, age};

impl World<'_> {
    /// Use is from now on what it is: levels that it rose above learn that.
    fn note_use(&mut self) -> bool {
        let (now, before, local) = (self.now, self.used, self.now + self.local0);
        let used = (i64::from(self.count) - self.free()) as u32;
        let mut rose = false;
        for (number, level) in self.levels.iter_mut().enumerate() {
            let rises = if number == LEVELS { used > before } else { before <= level.above && level.above < used };
            if rises {
                let rates = [
                    &mut level.mean,
                    level.hours.entry(local.rem_euclid(DAY) / HOUR).or_default(),
                    level.days.entry(local.div_euclid(DAY).rem_euclid(7)).or_default(),
                    level.ages.entry(age(now - level.last)).or_default(),
                ];
                rates.into_iter().for_each(|rate| rate[0] += 1.0);
                rose |= number < LEVELS;
            }
            if rises || (number < LEVELS && used <= level.above && level.above < before) {
                level.last = now;
            }
        }
        self.succession.note(now, local, before, used);
        self.used = used;
        rose
    }

    /// A second goes by in which levels that are not below use wait.
    pub fn count_second(&mut self) {
        let (now, used, local) = (self.now, self.used, self.now + self.local0);
        self.succession.count_second(now, local);
        for (number, level) in self.levels.iter_mut().enumerate() {
            if number == LEVELS || used <= level.above {
                level.mean[1] += 1.0;
                level.hours.entry(local.rem_euclid(DAY) / HOUR).or_default()[1] += 1.0;
                level.days.entry(local.div_euclid(DAY).rem_euclid(7)).or_default()[1] += 1.0;
                level.ages.entry(age(now - level.last)).or_default()[1] += 1.0;
            }
        }
    }

    fn work_out_rates(&mut self) {
        let local = self.now + self.local0;
        self.succession.work_out(local);
        for level in &mut self.levels {
            let mean = (level.mean[0] + 0.5) / (level.mean[1] + 3600.0);
            let factor = |rate: Option<&[f64; 2]>| {
                let [events, seconds] = rate.copied().unwrap_or_default();
                (events + 1.0) / (seconds + 1.0 / mean) / mean
            };
            let hour = factor(level.hours.get(&(local.rem_euclid(DAY) / HOUR)));
            level.rate = mean * hour * factor(level.days.get(&local.div_euclid(DAY).rem_euclid(7)));
            level.factors = (0..18).map(|age| factor(level.ages.get(&age))).collect();
        }
    }

    /// Cores that should be on without a job.
    pub fn warm(&mut self, head: Option<usize>) -> Cores {
        let (now, glance, before) = (self.now, self.now >= self.glance, self.used);
        let rose = self.note_use();
        if self.used != before {
            (self.changed, self.glance) = (now, self.glance.min(now + 60));
        }
        if glance {
            let hour = (now + self.local0).div_euclid(HOUR);
            if hour != self.hour {
                self.hour = hour;
                self.work_out_rates();
            }
            let until_hour = HOUR - (now + self.local0).rem_euclid(HOUR);
            self.glance = now + ((now - self.changed) / 2).max(60).min(until_hour);
        }
        if rose || glance {
            self.on = self.reserve();
        }
        let soon = now + self.boot_s;
        let held = self.all(|phase| matches!(phase, Phase::Held { until } if until <= soon));
        let mut needed: i64 = held.into_iter().map(|job| self.cores(job)).sum();
        if let Some(head) = head
            && self.turn(head) <= soon
        {
            needed = needed.max(self.cores(head) - self.freed(self.turn(head)));
        }
        let beside = |on: i64| needed.min(self.free()).max(on - i64::from(self.used)).max(0);
        Cores { least: beside(self.on.least), most: beside(self.on.most) }
    }

    /// How many cores should be on, with and without jobs.
    fn reserve(&self) -> Cores {
        let cheap = self.mean_price() / self.prices.price(self.now).max(1) as f64;
        let worth = self.boot_s as f64 * self.worth.cores() * cheap;
        let rate = |level: &Level| level.rate * level.factors[age(self.now - level.last)];
        let free = self.count - self.used;
        let mut least = rate(&self.levels[LEVELS]);
        let mut needs = vec![(0, least)];
        for (number, level) in self.levels.iter().enumerate().filter(|(_, level)| level.above >= self.used) {
            least = if number == LEVELS { 0.0 } else { least.min(rate(level)) };
            needs.push((level.above - self.used, least));
        }
        let next_end = self.next_end();
        let best = |worth: f64| {
            let mut best = (f64::INFINITY, 0);
            for (cores, rate) in &needs {
                let follow = self.succession.beyond(self.now, self.boot_s, next_end, *cores);
                let rate = if *cores < free { (rate + follow) / 2.0 } else { 0.0 };
                let cost = f64::from(*cores) + rate * worth;
                if cost < best.0 {
                    best = (cost, *cores);
                }
            }
            i64::from(self.used) + i64::from(best.1)
        };
        Cores { least: best(worth * 0.5), most: best(worth) }
    }

    /// When the next job is over by its estimate, and the cores of all that are then.
    fn next_end(&self) -> Option<(i64, u32)> {
        let running = self.running();
        let ends = running.iter().map(|(job, since)| (since + self.estimate(*job), self.cores(*job) as u32));
        let at = ends.clone().map(|end| end.0).filter(|at| *at > self.now).min()?;
        Some((at, ends.filter(|end| end.0 == at).map(|end| end.1).sum()))
    }

    /// Switches machines off, the longest idle first, or boots some.
    pub fn switch(&mut self, warm: &Cores) {
        let now = self.now;
        let ready = |machine: &&Machine| matches!(machine, Machine::Idle { .. } | Machine::Booting { .. });
        let on = self.machines.iter().filter(ready).count() as i64;
        for _ in warm.most..on {
            let idle = |machine: &&mut Machine| matches!(machine, Machine::Idle { since } if since + 60 <= now);
            let since = |machine: &&mut Machine| match machine {
                Machine::Idle { since } => *since,
                _ => i64::MAX,
            };
            if let Some(machine) = self.machines.iter_mut().filter(idle).min_by_key(since) {
                *machine = Machine::Off;
            }
        }
        let off = self.machines.iter_mut().filter(|machine| **machine == Machine::Off);
        let up = now + self.boot_s;
        off.take((warm.least - on).max(0) as usize).for_each(|machine| *machine = Machine::Booting { up });
    }
}

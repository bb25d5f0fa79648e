//! How many cores are free when, if everything runs as planned: a skyline of steps. Must not know who takes them.

/// Steps: from each instant to the next, so many cores are free; after the last one, for ever.
#[derive(Clone, Debug)]
pub struct Skyline {
    times: Vec<i64>,
    free: Vec<i64>,
    /// Steps before this one are over.
    front: usize,
}

impl Skyline {
    /// Everything is free for ever.
    pub fn new(cores: u32) -> Self {
        Skyline { times: vec![i64::MIN], free: vec![i64::from(cores)], front: 0 }
    }

    /// Forgets what is before `now`.
    #[inline]
    pub fn advance(&mut self, now: i64) {
        while self.front + 1 < self.times.len() && self.times[self.front + 1] <= now {
            self.front += 1;
        }
        if self.front >= 256 && self.front * 2 > self.times.len() {
            self.times.drain(..self.front);
            self.free.drain(..self.front);
            self.front = 0;
        }
    }

    /// The step that an instant is in.
    #[inline]
    fn step(&self, instant: i64) -> usize {
        self.front + self.times[self.front..].partition_point(|time| *time <= instant).max(1) - 1
    }

    fn end(&self, step: usize) -> i64 {
        self.times.get(step + 1).copied().unwrap_or(i64::MAX)
    }

    /// Makes a step begin at an instant.
    fn cut(&mut self, instant: i64) -> usize {
        let step = self.step(instant);
        if self.times[step] >= instant {
            return step;
        }
        self.times.insert(step + 1, instant);
        self.free.insert(step + 1, self.free[step]);
        step + 1
    }

    /// So many cores more (or less) are free from `from` until before `until`.
    pub fn change(&mut self, from: i64, until: i64, cores: i64) {
        let first = self.cut(from);
        let last = self.cut(until);
        self.free[first..last].iter_mut().for_each(|free| *free += cores);
        for step in [last, first] {
            if step > self.front && step < self.free.len() && self.free[step] == self.free[step - 1] {
                self.times.remove(step);
                self.free.remove(step);
            }
        }
    }

    /// The first instant from `from` on at which so many cores are free for so long.
    pub fn earliest(&self, from: i64, cores: i64, long: i64) -> i64 {
        let mut step = self.step(from);
        let mut start = from;
        loop {
            if self.free[step] < cores {
                start = self.end(step);
                if start == i64::MAX {
                    return start;
                }
            } else if self.end(step) >= start.saturating_add(long) {
                return start;
            }
            step += 1;
        }
    }

    /// Where a stay of so many cores that is planned for `planned` could begin earlier, from `now` on. From `planned` on
    /// the stay's own cores are there anyway.
    pub fn earlier(&self, now: i64, planned: i64, cores: i64, long: i64) -> Option<i64> {
        let mut step = self.step(now);
        let mut start = now;
        while start < planned {
            if self.free[step] < cores {
                start = self.end(step);
            } else if self.end(step) >= planned.min(start.saturating_add(long)) {
                return Some(start);
            }
            step += 1;
        }
        None
    }

    /// Each instant from `now` on at which less is free than ever since `now`, and how much; `now` itself first. `go_on`
    /// says whether to look further.
    pub fn falls(&self, now: i64, mut go_on: impl FnMut(i64, i64) -> bool) {
        let first = self.step(now);
        let mut least = self.free[first];
        if !go_on(now, least) {
            return;
        }
        for step in first + 1..self.free.len() {
            if self.free[step] < least {
                least = self.free[step];
                if !go_on(self.times[step], least) {
                    return;
                }
            }
        }
    }
}

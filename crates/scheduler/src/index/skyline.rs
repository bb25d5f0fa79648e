//! How many cores are free when, if everything runs as planned: a skyline of steps, each with a mark of whatever the
//! caller hangs there. Must not know who takes the cores.

use std::ops::Range;

/// From an instant to the next step's, so many cores are free; after the last one, for ever.
#[derive(Clone, Copy, Debug)]
pub struct Step<M> {
    /// When it begins.
    pub at: i64,
    /// Cores.
    pub free: i64,
    /// What is hung there. A step without any is joined with the one before if as much is free.
    pub mark: M,
}

/// Room between two instants: never fewer cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Cores.
    pub cores: i64,
}

/// Steps.
#[derive(Clone, Debug)]
pub struct Skyline<M> {
    steps: Vec<Step<M>>,
    /// Steps before this one are over.
    front: usize,
}

impl<M: Copy + Default + PartialEq> Skyline<M> {
    /// Everything is free for ever.
    pub fn new(cores: u32) -> Self {
        Skyline { steps: vec![Step { at: i64::MIN, free: i64::from(cores), mark: M::default() }], front: 0 }
    }

    /// Goes to the step that `now` is in, and forgets what is before. `passed` is given the marks of all steps on the
    /// way, which are taken off.
    #[inline]
    pub fn advance(&mut self, now: i64, mut passed: impl FnMut(M)) {
        while let Some(next) = self.steps.get_mut(self.front + 1).filter(|next| next.at <= now) {
            self.front += 1;
            if next.mark != M::default() {
                passed(std::mem::take(&mut next.mark));
            }
        }
        if self.front >= 256 && self.front * 2 > self.steps.len() {
            self.steps.drain(..self.front);
            self.front = 0;
        }
    }

    /// All steps; those before [`Skyline::front`] are over.
    #[inline]
    pub fn steps(&self) -> &[Step<M>] {
        &self.steps
    }

    /// The step that was last advanced to.
    #[inline]
    pub fn front(&self) -> usize {
        self.front
    }

    /// What is hung at a step.
    #[inline]
    pub fn mark(&mut self, step: usize) -> &mut M {
        &mut self.steps[step].mark
    }

    /// The step that an instant is in.
    #[inline]
    pub fn step(&self, instant: i64) -> usize {
        self.front + self.steps[self.front..].partition_point(|step| step.at <= instant).max(1) - 1
    }

    /// Where a step ends.
    #[inline]
    pub fn end(&self, step: usize) -> i64 {
        self.steps.get(step + 1).map_or(i64::MAX, |next| next.at)
    }

    /// The same, if that is this step or one behind it, most likely near.
    #[inline]
    fn step_from(&self, first: usize, instant: i64) -> usize {
        let rest = &self.steps[first..];
        let mut reach = 4;
        while rest.get(reach).is_some_and(|step| step.at <= instant) {
            reach *= 2;
        }
        first + rest[..reach.min(rest.len())].partition_point(|step| step.at <= instant).max(1) - 1
    }

    /// Makes a step begin at an instant.
    #[inline]
    pub fn cut(&mut self, instant: i64) -> usize {
        let step = self.step(instant);
        self.cut_step(step, instant)
    }

    #[inline]
    fn cut_step(&mut self, step: usize, instant: i64) -> usize {
        let Step { at, free, .. } = self.steps[step];
        if at >= instant {
            return step;
        }
        self.steps.insert(step + 1, Step { at: instant, free, mark: M::default() });
        step + 1
    }

    /// Joins a step with the one before it, if nothing tells them apart. Says which one it is in then.
    #[inline]
    pub fn join(&mut self, step: usize) -> usize {
        if step <= self.front || step >= self.steps.len() {
            return step;
        }
        let (before, this) = (self.steps[step - 1], self.steps[step]);
        if this.free == before.free && this.mark == M::default() {
            self.steps.remove(step);
            return step - 1;
        }
        step
    }

    /// So many cores more (or less) are free from `from` until before `until`. Says which step `from` is in then.
    #[inline]
    pub fn change(&mut self, from: i64, until: i64, cores: i64) -> usize {
        let first = self.cut(from);
        let last = self.cut_step(self.step_from(first, until), until);
        self.steps[first..last].iter_mut().for_each(|step| step.free += cores);
        self.join(last);
        self.join(first)
    }

    /// The first instant from `from` on at which so many cores are free for so long.
    #[inline]
    pub fn earliest(&self, from: i64, cores: i64, long: i64) -> i64 {
        self.earlier(from, i64::MAX, cores, long).unwrap_or(i64::MAX)
    }

    /// Where a stay of so many cores that is planned for `planned` could begin earlier, from `now` on. From `planned` on
    /// the stay's own cores are there anyway.
    #[inline]
    pub fn earlier(&self, now: i64, planned: i64, cores: i64, long: i64) -> Option<i64> {
        let mut step = self.step(now);
        let mut start = now;
        while start < planned {
            if self.steps[step].free < cores {
                start = self.end(step);
            } else if self.end(step) >= planned.min(start.saturating_add(long)) {
                return Some(start);
            }
            step += 1;
        }
        None
    }

    /// How far back from a step, but not before `now`, so many cores are free without a gap.
    #[inline]
    pub fn back(&self, now: i64, step: usize, cores: i64) -> i64 {
        let behind = self.steps[self.front..step].iter().rev().take_while(|before| before.free >= cores).count();
        self.steps[step - behind].at.max(now)
    }

    /// The steps around some others in which never fewer cores are free.
    #[inline]
    pub fn around(&self, steps: Range<usize>, cores: i64) -> Range<usize> {
        let roomy = |step: &&Step<M>| step.free >= cores;
        let before = self.steps[self.front..steps.start].iter().rev().take_while(roomy).count();
        let behind = self.steps[steps.end..].iter().take_while(roomy).count();
        steps.start - before..steps.end + behind
    }

    /// The holes in some steps, none before `from`: each as long as its cores allow, and as high as its length allows,
    /// of at least so many cores. `stack` is only there to be reused.
    pub fn holes(
        &self,
        steps: Range<usize>,
        from: i64,
        cores: i64,
        stack: &mut Vec<(i64, i64)>,
        mut found: impl FnMut(Hole),
    ) {
        stack.clear();
        let end = self.end(steps.end - 1);
        let mut close = |stack: &mut Vec<(i64, i64)>, until: i64, free: i64| {
            let mut begin = until;
            while let Some((from, high)) = stack.pop_if(|(_, high)| *high > free) {
                begin = from;
                found(Hole { from, until, cores: high });
            }
            begin
        };
        for step in &self.steps[steps] {
            let begin = close(stack, step.at.max(from), step.free);
            if step.free >= cores && stack.last().is_none_or(|(_, high)| *high < step.free) {
                stack.push((begin, step.free));
            }
        }
        close(stack, end, i64::MIN);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same answers as an array of seconds.
        #[test]
        fn answers_as_an_array_does(
            changes in proptest::collection::vec((0i64..60, 1i64..30, -3i64..4), 1..40),
            (now, planned, cores, long) in (0i64..20, 20i64..60, 0i64..12, 1i64..20),
        ) {
            let mut skyline: Skyline<u8> = Skyline::new(8);
            let mut free = vec![8i64; 200];
            for (from, long, cores) in changes {
                skyline.change(from, from + long, cores);
                free[from as usize..(from + long) as usize].iter_mut().for_each(|free| *free += cores);
            }
            skyline.advance(now, |_| ());
            for (second, free) in free.iter().enumerate().skip(now as usize) {
                prop_assert_eq!(skyline.steps()[skyline.step(second as i64)].free, *free);
            }
            let roomy = |from: i64, until: i64| free[from as usize..until as usize].iter().all(|free| *free >= cores);
            let earlier = (now..planned).find(|start| roomy(*start, planned.min(start + long)));
            prop_assert_eq!(skyline.earlier(now, planned, cores, long), earlier);
            let mut holes = Vec::new();
            let all = skyline.front()..skyline.steps().len();
            skyline.holes(all, now, cores, &mut Vec::new(), |hole| holes.push(hole));
            for from in now..100 {
                for until in from + 1..101 {
                    let least = free[from as usize..until as usize].iter().copied().min().unwrap();
                    let wider = (from > now && free[from as usize - 1] >= least) || free[until as usize] >= least;
                    let known = holes.iter().filter(|hole| (hole.from, hole.until, hole.cores) == (from, until, least));
                    prop_assert_eq!(known.count(), usize::from(!wider && least >= cores), "{} {} {:?}", from, until, holes);
                }
            }
        }
    }
}

//! How many cores are free when, if everything runs as planned: a skyline of steps, each with a mark of whatever the
//! caller hangs there. Must not know who takes the cores.
//!
//! Steps are a chain, and each keeps its place for as long as anybody [holds](Skyline::hold) it: a stay that becomes a
//! bit earlier, of which plans are full, changes a few steps near those that it holds, wherever in the chain they are.

/// A step's place.
pub type Place = u32;

/// Before the first step and behind the last: it begins never, and nothing is free there.
const OUTSIDE: Place = 0;

/// From an instant to the next step's, so many cores are free; after the last one, for ever.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// When it begins.
    pub at: i64,
    /// Cores.
    pub free: i64,
    next: Place,
    before: Place,
}

/// What is needed of a step less often.
#[derive(Clone, Copy, Debug)]
struct Hook<M> {
    mark: M,
    /// By how many the step is held.
    held: u32,
}

/// From when until when holes are looked for, and in which steps.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The [reach](Skyline::reach) of `step` for the fewest cores that are asked for.
    pub first: Place,
    /// The step that `from` is in.
    pub step: Place,
    /// Holes that end by then, and...
    pub from: i64,
    /// ...those that do not begin before that, have nothing to do with it.
    pub until: i64,
    /// No hole is followed beyond that.
    pub before: i64,
}

/// Steps.
#[derive(Clone, Debug)]
pub struct Skyline<M> {
    steps: Vec<Step>,
    /// What is hung at each of them: elsewhere, as most who go along the chain do not ask.
    hooks: Vec<Hook<M>>,
    /// Places of steps that are no more.
    spare: Vec<Place>,
}

impl<M: Copy + Default> Skyline<M> {
    /// Everything is free for ever.
    pub fn new(cores: u32) -> Self {
        let outside = Step { at: i64::MAX, free: i64::MIN, next: 1, before: 1 };
        let first = Step { at: i64::MIN, free: i64::from(cores), next: OUTSIDE, before: OUTSIDE };
        let hook = Hook { mark: M::default(), held: 1 };
        Skyline { steps: vec![outside, first], hooks: vec![hook; 2], spare: Vec::new() }
    }

    /// So many cores are free from now on, of which there are [more](Skyline::rise) later.
    pub fn rising(now: i64, free: i64) -> Self {
        let mut skyline = Skyline::new(0);
        let front = skyline.front();
        (skyline.steps[front as usize].at, skyline.steps[front as usize].free) = (now, free);
        skyline
    }

    /// From an instant on, which is not before the last step's, so many cores more are free. Says which step begins then.
    pub fn rise(&mut self, instant: i64, cores: i64) -> Place {
        let last = self.last();
        let place = if self.step(last).at == instant { last } else { self.insert(last, instant) };
        self.steps[place as usize].free += cores;
        place
    }

    /// Goes on to an instant, which the first step then begins at, and forgets what is before, whoever holds it.
    /// `passed` is given the marks of all steps on the way.
    #[inline]
    pub fn advance(&mut self, now: i64, mut passed: impl FnMut(M)) {
        let mut front = self.front();
        while self.step(self.next(front)).at <= now {
            self.drop(front);
            front = self.front();
            passed(std::mem::take(self.mark(front)));
        }
        self.steps[front as usize].at = now;
        self.hooks[front as usize].held = 1;
    }

    /// The first step.
    #[inline]
    pub fn front(&self) -> Place {
        self.next(OUTSIDE)
    }

    /// The last step.
    #[inline]
    pub fn last(&self) -> Place {
        self.before(OUTSIDE)
    }

    /// When the first step behind the front begins whose mark is such a one.
    pub fn first_marked(&self, is_such: impl Fn(&M) -> bool) -> Option<i64> {
        let mut place = self.next(self.front());
        while place != OUTSIDE && !is_such(&self.hooks[place as usize].mark) {
            place = self.next(place);
        }
        (place != OUTSIDE).then(|| self.step(place).at)
    }

    /// A step.
    #[inline]
    pub fn step(&self, place: Place) -> &Step {
        &self.steps[place as usize]
    }

    /// What is hung at a step.
    #[inline]
    pub fn mark(&mut self, place: Place) -> &mut M {
        &mut self.hooks[place as usize].mark
    }

    /// The step behind one.
    #[inline]
    pub fn next(&self, place: Place) -> Place {
        self.step(place).next
    }

    /// The step before one.
    #[inline]
    pub fn before(&self, place: Place) -> Place {
        self.step(place).before
    }

    /// From now on the step has its place until it is [let go](Skyline::release), or over.
    #[inline]
    pub fn hold(&mut self, place: Place) {
        self.hooks[place as usize].held += 1;
    }

    /// Who held a step needs it no more. There are as many cores free in it as before it once nobody does.
    #[inline]
    pub fn release(&mut self, place: Place) {
        let hook = &mut self.hooks[place as usize];
        hook.held -= 1;
        if hook.held == 0 {
            debug_assert_eq!(self.step(self.before(place)).free, self.step(place).free);
            self.drop(place);
        }
    }

    fn drop(&mut self, place: Place) {
        let Step { next, before, .. } = *self.step(place);
        self.steps[before as usize].next = next;
        self.steps[next as usize].before = before;
        self.spare.push(place);
    }

    /// Puts a step behind another, with as many cores free.
    #[inline]
    fn insert(&mut self, before: Place, at: i64) -> Place {
        let Step { free, next, .. } = *self.step(before);
        let (step, hook) = (Step { at, free, next, before }, Hook { mark: M::default(), held: 0 });
        let place = match self.spare.pop() {
            Some(place) => {
                (self.steps[place as usize], self.hooks[place as usize]) = (step, hook);
                place
            }
            None => {
                self.steps.push(step);
                self.hooks.push(hook);
                self.steps.len() as Place - 1
            }
        };
        self.steps[before as usize].next = place;
        self.steps[next as usize].before = place;
        place
    }

    /// The step that an instant is in; it is that one or one behind it.
    #[inline]
    pub fn find(&self, mut place: Place, instant: i64) -> Place {
        while self.step(self.next(place)).at <= instant {
            place = self.next(place);
        }
        place
    }

    /// The step that begins at an instant, which is made if there is none; somewhere before that one, or that one.
    #[inline]
    pub fn cut_before(&mut self, mut place: Place, instant: i64) -> Place {
        while self.step(place).at > instant {
            place = self.before(place);
        }
        if self.step(place).at == instant { place } else { self.insert(place, instant) }
    }

    /// Takes cores from one step on until an instant; says which step begins then, which is made if there is none.
    #[inline]
    pub fn take_until(&mut self, mut place: Place, until: i64, cores: i64) -> Place {
        while self.step(place).at < until {
            let next = self.next(place);
            if self.step(next).at > until {
                self.insert(place, until);
            }
            self.steps[place as usize].free -= cores;
            place = self.next(place);
        }
        place
    }

    /// Takes cores from one step on until before another.
    #[inline]
    pub fn take(&mut self, mut place: Place, until: Place, cores: i64) {
        while place != until {
            let step = &mut self.steps[place as usize];
            step.free -= cores;
            place = step.next;
        }
    }

    /// Gives cores back from one step on until before another. `given` is told what is free in each step, and
    /// what is hung at the next one.
    #[inline]
    pub fn give(&mut self, mut place: Place, until: Place, cores: i64, mut given: impl FnMut(i64, &mut M)) {
        while place != until {
            let step = &mut self.steps[place as usize];
            step.free += cores;
            let free = step.free;
            place = step.next;
            given(free, &mut self.hooks[place as usize].mark);
        }
    }

    /// The step from whose begin on so many cores are free for so long, the first from some step on and not behind the
    /// instant `last`, if it is before the one at which the stay begins that is planned. From there on the stay's own cores
    /// are there anyway.
    #[inline]
    pub fn earlier(&self, from: Place, last: i64, planned: i64, cores: i64, long: i64) -> Option<Place> {
        let last = last.min(planned - 1);
        let mut begin = from;
        let mut place = from;
        let mut enough = planned.min(self.step(begin).at.saturating_add(long));
        while self.step(begin).at <= last {
            let Step { free, next, .. } = *self.step(place);
            let end = self.step(next).at;
            if free < cores {
                begin = next;
                enough = planned.min(end.saturating_add(long));
            } else if end >= enough {
                return Some(begin);
            }
            place = next;
        }
        None
    }

    /// How far back from a step so many cores are free without a gap.
    #[inline]
    pub fn back(&self, mut place: Place, cores: i64) -> Place {
        loop {
            let before = self.before(place);
            if self.step(before).free < cores {
                return place;
            }
            place = before;
        }
    }

    /// Where the span begins in which so many cores are free around a step; that step itself if there are fewer.
    #[inline]
    pub fn reach(&self, place: Place, cores: i64) -> Place {
        if self.step(place).free < cores { place } else { self.back(place, cores) }
    }

    /// Whether so many cores are free for so long without a gap in a span that has to do with a [`Stretch`].
    #[inline]
    pub fn has_span(&self, stretch: Stretch, cores: i64, long: i64) -> bool {
        let Stretch { first, from, until, before, .. } = stretch;
        let mut place = stretch.step;
        // From when so many have been free; there is no such instant as the last one.
        let mut begin = if self.step(place).free < cores { i64::MAX } else { self.step(first).at };
        loop {
            let Step { at, free, next, .. } = *self.step(place);
            if at > from && at.min(before).saturating_sub(begin) >= long {
                return true;
            }
            let is_gap = free < cores;
            if at >= before || at >= until && (is_gap || begin == i64::MAX) {
                return false;
            }
            begin = if is_gap { i64::MAX } else { begin.min(at) };
            place = next;
        }
    }

    /// For each of some levels, which rise: the spans of time in which never fewer cores are free, as far as they have to
    /// do with a [`Stretch`]. `begins` is only there to be reused.
    #[inline]
    pub fn spans<L>(
        &self,
        Stretch { first, from, until, before, .. }: Stretch,
        levels: &[L],
        cores: impl Fn(&L) -> i64,
        begins: &mut Vec<i64>,
        mut found: impl FnMut(&L, (i64, i64)),
    ) {
        begins.clear();
        // What the highest level needs that has room, and what the one above it does.
        let (mut has, mut wants) = (i64::MIN, levels.first().map_or(i64::MAX, &cores));
        let mut place = first;
        loop {
            let Step { at, free, next, .. } = *self.step(place);
            let free = if at < before { free } else { i64::MIN };
            if free < has {
                while let Some(level) = begins.len().checked_sub(1).filter(|level| cores(&levels[*level]) > free) {
                    let begin = begins.pop().unwrap_or(at);
                    if at > from {
                        found(&levels[level], (begin, at.min(before)));
                    }
                }
                has = begins.len().checked_sub(1).map_or(i64::MIN, |level| cores(&levels[level]));
                wants = levels.get(begins.len()).map_or(i64::MAX, &cores);
            }
            if at >= until {
                if begins.is_empty() {
                    return;
                }
            } else if free >= wants {
                while let Some(level) = levels.get(begins.len()).filter(|level| cores(level) <= free) {
                    has = cores(level);
                    begins.push(at);
                }
                wants = levels.get(begins.len()).map_or(i64::MAX, &cores);
            }
            place = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The steps that begin at an instant and at another one, held.
    fn cut(skyline: &mut Skyline<u8>, from: i64, until: i64) -> (Place, Place) {
        let begin = skyline.find(skyline.front(), from);
        let begin = skyline.take_until(begin, from, 0);
        skyline.hold(begin);
        let end = skyline.cut_before(skyline.last(), until);
        skyline.hold(end);
        (begin, end)
    }

    proptest! {
        /// The same answers as an array of seconds.
        #[test]
        fn answers_as_an_array_does(
            changes in proptest::collection::vec((1i64..60, 1i64..30, -3i64..4, any::<bool>()), 1..40),
            (now, planned, cores, long) in (0i64..20, 20i64..60, 0i64..12, 1i64..20),
        ) {
            let mut skyline: Skyline<u8> = Skyline::new(8);
            skyline.advance(0, |_| ());
            let mut free = vec![8i64; 200];
            for (from, length, cores, is_undone) in changes {
                let (begin, end) = cut(&mut skyline, from, from + length);
                let mut told = Vec::new();
                skyline.give(begin, end, cores, |free, _| told.push(free));
                if is_undone {
                    skyline.take(begin, end, cores);
                    skyline.release(begin);
                    skyline.release(end);
                    continue;
                }
                let seconds = &mut free[from as usize..(from + length) as usize];
                seconds.iter_mut().for_each(|free| *free += cores);
                seconds.iter().for_each(|free| assert!(told.contains(free)));
            }
            skyline.advance(now, |_| ());
            prop_assert_eq!(skyline.step(skyline.front()).at, now);
            let at = |instant: i64| skyline.find(skyline.front(), instant);
            for (second, free) in free.iter().enumerate().skip(now as usize) {
                prop_assert_eq!(skyline.step(at(second as i64)).free, *free);
            }
            let roomy = |from: i64, until: i64| free[from as usize..until as usize].iter().all(|free| *free >= cores);
            let earlier = skyline.earlier(skyline.front(), i64::MAX, planned, cores, long);
            let expected = (now..planned).find(|start| roomy(*start, planned.min(start + long)));
            prop_assert_eq!(earlier.map(|place| skyline.step(place).at), expected);
            let place = at(planned);
            let back = skyline.step(skyline.back(place, cores)).at;
            let begin = skyline.step(place).at;
            prop_assert_eq!(back, (now..=begin).rev().take_while(|from| roomy(*from, begin)).last().unwrap_or(begin));
            let stretch = Stretch { first: skyline.reach(place, 1), step: place, from: planned, until: planned + long, before: 150 };
            let mut spans = Vec::new();
            skyline.spans(stretch, &[1, 4, 9], |level| *level, &mut Vec::new(), |level, span| spans.push((*level, span)));
            let mut expected = Vec::new();
            for level in [1, 4, 9] {
                for from in now..planned + long {
                    let before = from == now || free[from as usize - 1] < level;
                    let until = (from..150).find(|second| free[*second as usize] < level).unwrap_or(150);
                    if before && until > from && until > planned {
                        expected.push((level, (from, until)));
                    }
                }
            }
            spans.sort_unstable();
            prop_assert_eq!(&spans, &expected);
            let longest = spans.iter().filter(|span| span.0 == 1).map(|(_, span)| span.1 - span.0).max().unwrap_or(0);
            for long in 1..=150 {
                prop_assert_eq!(skyline.has_span(stretch, 1, long), long <= longest, "{} {:?}", long, spans);
            }
        }
    }
}

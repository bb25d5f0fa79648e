//! Who waits, by how many cores for how long: jobs of one size fit into the same holes, so that only one of them need be
//! asked. Must not know who is promised what; it is told when it asks.

use super::Ask;

/// Those who ask for the same.
#[derive(Clone, Debug)]
struct Size {
    /// For how long.
    estimate: u32,
    /// None of them is promised a later start: that was so once, since when promises may have become earlier.
    latest: i64,
    /// Their numbers, in the order of the queue.
    jobs: Vec<u32>,
}

/// Those who ask for the same number of cores.
#[derive(Clone, Debug)]
struct Level {
    /// So many.
    cores: i64,
    /// None of them is promised a later start...
    latest: i64,
    /// ...or needs less time.
    shortest: i64,
    /// The shortest first.
    sizes: Vec<Size>,
}

/// By cores, then by estimate.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    levels: Vec<Level>,
}

/// Who fits into a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Fitting {
    /// The first before some number.
    pub before: Option<u32>,
    /// The first from that number on.
    pub behind: Option<u32>,
}

/// What is known of some levels together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// Nobody needs fewer cores...
    pub least: i64,
    /// ...or less time...
    pub shortest: i64,
    /// ...or is promised a later start.
    pub latest: i64,
}

impl Size {
    /// Who of them would begin earlier in a hole, and be over before the promised start.
    fn fitting(&mut self, (from, until): (i64, i64), next: u32, starts: &[i64]) -> Fitting {
        let over = from + i64::from(self.estimate);
        let mut found = Fitting::default();
        if over > until.min(self.latest) {
            return found;
        }
        let mut latest = i64::MIN;
        for job in &self.jobs {
            let start = starts[*job as usize];
            latest = latest.max(start);
            if start < over {
                continue;
            }
            if *job >= next {
                found.behind = Some(*job);
                return found;
            }
            found.before = found.before.or(Some(*job));
        }
        self.latest = latest;
        found
    }
}

impl Sizes {
    #[inline]
    fn level(&self, cores: u32) -> Result<usize, usize> {
        self.levels.binary_search_by_key(&i64::from(cores), |level| level.cores)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// A job comes, with a higher number than all before.
    pub fn push(&mut self, number: u32, ask: Ask, start: i64) {
        let level = self.level(ask.cores).unwrap_or_else(|place| {
            let level = Level { cores: i64::from(ask.cores), latest: i64::MIN, shortest: i64::MAX, sizes: Vec::new() };
            self.levels.insert(place, level);
            place
        });
        let level = &mut self.levels[level];
        let size = level.sizes.binary_search_by_key(&ask.estimate, |size| size.estimate).unwrap_or_else(|place| {
            level.sizes.insert(place, Size { estimate: ask.estimate, latest: i64::MIN, jobs: Vec::new() });
            place
        });
        let size = &mut level.sizes[size];
        size.latest = size.latest.max(start);
        level.latest = level.latest.max(start);
        level.shortest = level.shortest.min(i64::from(ask.estimate));
        size.jobs.push(number);
    }

    /// A job waits no more.
    pub fn remove(&mut self, number: u32, ask: Ask) {
        let Ok(at) = self.level(ask.cores) else { return };
        let sizes = &mut self.levels[at].sizes;
        let Ok(size) = sizes.binary_search_by_key(&ask.estimate, |size| size.estimate) else { return };
        let jobs = &mut sizes[size].jobs;
        if let Ok(job) = jobs.binary_search(&number) {
            jobs.remove(job);
        }
        if jobs.is_empty() {
            sizes.remove(size);
        }
        match sizes.first() {
            Some(first) => self.levels[at].shortest = i64::from(first.estimate),
            None => _ = self.levels.remove(at),
        }
    }

    /// The levels of those that need more than `low` cores, but not more than `high`, of whom somebody may be promised a
    /// start behind an instant: the cores and the place of each, for [`Sizes::fitting`].
    #[inline]
    pub fn between(&self, low: i64, high: i64, instant: i64, levels: &mut Vec<(i64, usize)>) -> Option<Known> {
        levels.clear();
        let first = self.levels.partition_point(|level| level.cores <= low);
        let (mut shortest, mut latest) = (i64::MAX, i64::MIN);
        for (place, level) in self.levels.iter().enumerate().skip(first) {
            if level.cores > high {
                break;
            }
            if level.latest > instant {
                levels.push((level.cores, place));
                shortest = shortest.min(level.shortest);
                latest = latest.max(level.latest);
            }
        }
        levels.first().map(|(least, _)| Known { least: *least, shortest, latest })
    }

    /// Who of a level would begin earlier in a hole and be over before the promised start, of each size.
    #[inline]
    pub fn fitting(
        &mut self,
        level: usize,
        hole: (i64, i64),
        next: u32,
        starts: &[i64],
        mut found: impl FnMut(Fitting),
    ) {
        let level = &mut self.levels[level];
        let long = hole.1.min(level.latest) - hole.0;
        if level.shortest > long {
            return;
        }
        for size in level.sizes.iter_mut().take_while(|size| i64::from(size.estimate) <= long) {
            found(size.fitting(hole, next, starts));
        }
        level.latest = level.sizes.iter().map(|size| size.latest).max().unwrap_or(i64::MIN);
    }

    /// The next who might fit into what is left of a hole, of those that are of the same size as a job that did.
    pub fn next(&mut self, ask: Ask, hole: (i64, i64), next: u32, starts: &[i64]) -> Option<u32> {
        let level = self.level(ask.cores).ok()?;
        let sizes = &mut self.levels[level].sizes;
        let size = sizes.binary_search_by_key(&ask.estimate, |size| size.estimate).ok()?;
        sizes[size].fitting(hole, next, starts).behind
    }
}

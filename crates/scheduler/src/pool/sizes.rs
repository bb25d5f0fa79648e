//! Who waits, by how many cores for how long: jobs of one size fit into the same holes, so that only one of them need be
//! asked. Must not know who is promised what; it is told the latest of it.

use std::ops::RangeInclusive;

use super::Ask;
use crate::index::Hole;

/// Those who ask for the same.
#[derive(Clone, Debug)]
struct Size {
    ask: Ask,
    /// The latest start that one of them is promised.
    latest: i64,
    /// Their numbers, in the order of the queue.
    jobs: Vec<u32>,
}

/// By cores, then by estimate.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    sizes: Vec<Size>,
}

/// Who fits into a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Fitting {
    /// The first from some number on.
    pub first: Option<u32>,
    /// Whether anybody before that number does.
    pub before: bool,
}

impl Sizes {
    #[inline]
    fn place(&self, ask: Ask) -> Result<usize, usize> {
        let key = |ask: Ask| u64::from(ask.cores) << 32 | u64::from(ask.estimate);
        self.sizes.binary_search_by_key(&key(ask), |size| key(size.ask))
    }

    /// A job comes, with a higher number than all before.
    pub fn push(&mut self, number: u32, ask: Ask, start: i64) {
        let place = self.place(ask).unwrap_or_else(|place| {
            self.sizes.insert(place, Size { ask, latest: i64::MIN, jobs: Vec::new() });
            place
        });
        let size = &mut self.sizes[place];
        size.latest = size.latest.max(start);
        size.jobs.push(number);
    }

    /// A job waits no more.
    pub fn remove(&mut self, number: u32, ask: Ask) {
        let Ok(place) = self.place(ask) else { return };
        let jobs = &mut self.sizes[place].jobs;
        if let Ok(at) = jobs.binary_search(&number) {
            jobs.remove(at);
        }
        if jobs.is_empty() {
            self.sizes.remove(place);
        }
    }

    /// A job is promised something earlier than this.
    #[inline]
    pub fn moved(&mut self, ask: Ask, old: i64, start_of: impl Fn(u32) -> i64) {
        let Ok(place) = self.place(ask) else { return };
        let size = &mut self.sizes[place];
        if size.latest == old {
            size.latest = size.jobs.iter().map(|job| start_of(*job)).max().unwrap_or(i64::MIN);
        }
    }

    /// The least cores that anybody needs who needs as many as that.
    #[inline]
    pub fn at_least(&self, cores: i64) -> Option<i64> {
        let place = self.sizes.partition_point(|size| i64::from(size.ask.cores) < cores);
        self.sizes.get(place).map(|size| i64::from(size.ask.cores))
    }

    /// Who of those with so many cores would begin earlier in a hole, and be over before the promised start.
    #[inline]
    pub fn fitting(&self, hole: Hole, cores: RangeInclusive<i64>, next: u32, start_of: impl Fn(u32) -> i64) -> Fitting {
        let mut found = Fitting::default();
        let first = self.sizes.partition_point(|size| i64::from(size.ask.cores) < *cores.start());
        for size in &self.sizes[first..] {
            if i64::from(size.ask.cores) > *cores.end() {
                break;
            }
            let until = hole.from + i64::from(size.ask.estimate);
            if until > hole.until.min(size.latest) {
                continue;
            }
            for job in size.jobs.iter().filter(|job| start_of(**job) >= until) {
                if *job >= next {
                    found.first = Some(found.first.map_or(*job, |first| first.min(*job)));
                    break;
                }
                found.before = true;
            }
        }
        found
    }
}

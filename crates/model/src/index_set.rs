//! Sets of array task numbers, kept as ranges: an array of 100 000 tasks takes a few bytes until it is torn apart.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of task numbers as ascending, disjoint ranges `first..=last` by `step`.
///
/// Stored and sent as a list of `(first, last, step)`. What comes in so was written by a program, so ranges that overlap
/// are refused there, while those that a person types are put in order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, u32, u32)>", into = "Vec<(u32, u32, u32)>")]
pub struct IndexSet {
    ranges: Vec<Range>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    first: u32,
    last: u32,
    step: u32,
}

impl Range {
    fn count(self) -> u64 {
        u64::from((self.last - self.first) / self.step) + 1
    }
    fn contains(self, index: u32) -> bool {
        (self.first..=self.last).contains(&index) && (index - self.first).is_multiple_of(self.step)
    }
}

/// Why a list of ranges is not a set of task numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexSetError {
    /// `5-2`, or a step of 0.
    #[error("{first}-{last}:{step} is no range of task numbers")]
    BadRange {
        /// Left end.
        first: u32,
        /// Right end.
        last: u32,
        /// Step.
        step: u32,
    },
    /// Sent ranges that overlap; no program of ours writes them.
    #[error("the range of task numbers from {0} on overlaps another")]
    Overlapping(u32),
    /// Typed ranges that overlap, with more numbers than anybody can mean.
    #[error("these ranges overlap and hold {0} task numbers, more than {MOST_OVERLAPPING}")]
    TooMany(u64),
}

/// Overlapping ranges are taken apart, so they must not be endless.
const MOST_OVERLAPPING: u64 = 1 << 17;

impl TryFrom<Vec<(u32, u32, u32)>> for IndexSet {
    type Error = IndexSetError;
    fn try_from(ranges: Vec<(u32, u32, u32)>) -> Result<Self, IndexSetError> {
        let list = sorted(ranges)?;
        match first_overlap(&list) {
            Some(range) => Err(IndexSetError::Overlapping(range.first)),
            None => Ok(Self { ranges: list }),
        }
    }
}

impl From<IndexSet> for Vec<(u32, u32, u32)> {
    fn from(set: IndexSet) -> Self {
        set.ranges.into_iter().map(|range| (range.first, range.last, range.step)).collect()
    }
}

/// Each range checked and cut to its last number, in the order of their first numbers.
fn sorted(ranges: impl IntoIterator<Item = (u32, u32, u32)>) -> Result<Vec<Range>, IndexSetError> {
    let mut list: Vec<Range> = Vec::new();
    for (first, last, step) in ranges {
        if last < first || step == 0 {
            return Err(IndexSetError::BadRange { first, last, step });
        }
        list.push(Range { first, last: last - (last - first) % step, step });
    }
    list.sort_unstable_by_key(|range| range.first);
    Ok(list)
}

/// The first range that begins before the one in front of it has ended.
fn first_overlap(sorted: &[Range]) -> Option<Range> {
    sorted.windows(2).find(|pair| pair[1].first <= pair[0].last).map(|pair| pair[1])
}

impl IndexSet {
    /// From ranges `(first, last, step)` in any order; what overlaps is taken once.
    ///
    /// # Errors
    /// [`IndexSetError::BadRange`] when a range runs backwards or its step is 0, [`IndexSetError::TooMany`].
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32, u32)>) -> Result<Self, IndexSetError> {
        let list = sorted(ranges)?;
        if first_overlap(&list).is_none() {
            return Ok(Self { ranges: list });
        }
        let count = list.iter().map(|range| range.count()).sum();
        if count > MOST_OVERLAPPING {
            return Err(IndexSetError::TooMany(count));
        }
        // Overlaps are rare and such lists short, so the plain way is good enough.
        let mut all: Vec<u32> =
            list.iter().flat_map(|range| (range.first..=range.last).step_by(range.step as usize)).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all.into_iter().collect())
    }

    /// How many task numbers.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|range| range.count()).sum()
    }

    /// How many ranges it is kept as: what it weighs when stored or sent.
    pub fn range_count(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The least one.
    pub fn first(&self) -> Option<u32> {
        self.ranges.first().map(|range| range.first)
    }

    /// The greatest one.
    pub fn last(&self) -> Option<u32> {
        self.ranges.last().map(|range| range.last)
    }

    /// The step, where the set is one range with more than one number; else 1 (`SLURM_ARRAY_TASK_STEP`).
    pub fn step(&self) -> u32 {
        match self.ranges.as_slice() {
            [only] if only.last > only.first => only.step,
            _ => 1,
        }
    }

    /// Whether this number is in.
    pub fn contains(&self, index: u32) -> bool {
        self.find(index).is_some()
    }

    fn find(&self, index: u32) -> Option<usize> {
        let at = self.ranges.partition_point(|range| range.last < index);
        self.ranges.get(at).filter(|range| range.contains(index)).map(|_| at)
    }

    /// Takes one out; says whether it was in. Cheap at the ends, where tasks are taken in order.
    pub fn remove(&mut self, index: u32) -> bool {
        let Some(at) = self.find(index) else { return false };
        let Range { first, last, step } = self.ranges[at];
        let mut rest = Vec::with_capacity(2);
        if first < index {
            rest.push(Range { first, last: index - step, step });
        }
        if index < last {
            rest.push(Range { first: index + step, last, step });
        }
        match rest.as_slice() {
            [one] => self.ranges[at] = *one,
            _ => {
                self.ranges.splice(at..=at, rest);
            }
        }
        true
    }

    /// Ascending numbers.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ranges.iter().flat_map(|range| (range.first..=range.last).step_by(range.step as usize))
    }
}

impl FromIterator<u32> for IndexSet {
    fn from_iter<I: IntoIterator<Item = u32>>(indices: I) -> Self {
        let mut all: Vec<u32> = indices.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut ranges: Vec<Range> = Vec::new();
        for index in all {
            match ranges.last_mut() {
                Some(range) if range.last.checked_add(1) == Some(index) => range.last = index,
                _ => ranges.push(Range { first: index, last: index, step: 1 }),
            }
        }
        Self { ranges }
    }
}

/// As `squeue` shows pending tasks: `1-3,7,10-20:5`.
impl fmt::Display for IndexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, range) in self.ranges.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            match *range {
                Range { first, last, .. } if first == last => write!(f, "{first}")?,
                Range { first, last, step: 1 } => write!(f, "{first}-{last}")?,
                Range { first, last, step } => write!(f, "{first}-{last}:{step}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn shows_ranges() {
        for (ranges, text, count) in [
            (vec![(1, 4, 1)], "1-4", 4),
            (vec![(3, 5, 2)], "3-5:2", 2),
            (vec![(7, 7, 1), (1, 3, 1)], "1-3,7", 4),
            (vec![(1, 5, 1), (3, 8, 1)], "1-8", 8),
            (vec![(0, 10, 4)], "0-8:4", 3),
        ] {
            let set = IndexSet::from_ranges(ranges).unwrap();
            assert_eq!((set.to_string().as_str(), set.len()), (text, count));
        }
        assert!(IndexSet::from_ranges([(5, 2, 1)]).is_err());
        assert!(IndexSet::from_ranges([(0, 2, 0)]).is_err());
        assert!(IndexSet::from_ranges([(0, u32::MAX, 1), (5, u32::MAX, 1)]).is_err());
        assert_eq!(IndexSet::from_ranges([(0, u32::MAX, 1)]).unwrap().len(), 1 << 32);
    }

    /// A message of fifteen bytes must not make anybody write out millions of numbers.
    #[test]
    fn overlaps_are_never_taken_apart_at_length() {
        for (ranges, sent, typed) in [
            (vec![(1, 3, 1), (7, 7, 1)], Ok("1-3,7"), Ok("1-3,7")),
            (vec![(7, 7, 1), (1, 3, 1)], Ok("1-3,7"), Ok("1-3,7")),
            (vec![(1, 3, 1), (3, 5, 1)], Err(IndexSetError::Overlapping(3)), Ok("1-5")),
            (vec![(0, 4, 2), (1, 5, 2)], Err(IndexSetError::Overlapping(1)), Ok("0-5")),
            (
                vec![(0, 1 << 17, 1), (5, 5, 1)],
                Err(IndexSetError::Overlapping(5)),
                Err(IndexSetError::TooMany((1 << 17) + 2)),
            ),
        ] {
            let text = |set: Result<IndexSet, IndexSetError>| set.map(|set| set.to_string());
            assert_eq!(text(IndexSet::try_from(ranges.clone())), sent.map(str::to_owned));
            assert_eq!(text(IndexSet::from_ranges(ranges)), typed.map(str::to_owned));
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_plain_set(
            ranges in proptest::collection::vec((0u32..200, 0u32..60, 1u32..7), 1..5),
            out in proptest::collection::vec(0u32..260, 0..80),
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(first, more, step)| (first, first + more, step)).collect();
            let mut plain: BTreeSet<u32> = ranges.iter()
                .flat_map(|(first, last, step)| (*first..=*last).step_by(*step as usize)).collect();
            let mut set = IndexSet::from_ranges(ranges).unwrap();
            assert_eq!(IndexSet::try_from(Vec::from(set.clone())), Ok(set.clone()));
            for index in out {
                assert_eq!(set.remove(index), plain.remove(&index));
                assert_eq!(set.len(), plain.len() as u64);
                assert_eq!((set.first(), set.last()), (plain.first().copied(), plain.last().copied()));
            }
            assert_eq!(set.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
            assert!((0..260).all(|index| set.contains(index) == plain.contains(&index)));
        }
    }
}

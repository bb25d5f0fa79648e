//! Who waits, in order of arrival: a tree that finds the next one that fits without looking at those that do not.
//! Must not know why one fits: the caller's question is asked of the least cores and the least estimate of many.

/// Children of a node: what fits in two cache lines, so that few jobs cost no more than a list would.
const WIDTH: usize = 16;
const SHIFT: u32 = WIDTH.trailing_zeros();

/// What is known of some jobs together.
pub trait Summary: Copy + PartialEq {
    /// Of nobody.
    const NOBODY: Self;
    /// Of these and those.
    fn and(self, other: Self) -> Self;
    /// Whether these would be the same without some of theirs of whom this is true.
    fn adds_nothing_to(self, all: Self) -> bool;
}

/// The least cores and the least estimate of some jobs (not always of the same job).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Least {
    /// Cores.
    pub cores: u32,
    /// Estimated run time, in whatever unit the caller counts.
    pub estimate: u32,
}

impl Summary for Least {
    const NOBODY: Least = Least { cores: u32::MAX, estimate: u32::MAX };
    #[inline]
    fn and(self, other: Least) -> Least {
        Least { cores: self.cores.min(other.cores), estimate: self.estimate.min(other.estimate) }
    }

    #[inline]
    fn adds_nothing_to(self, all: Least) -> bool {
        self.cores > all.cores && self.estimate > all.estimate
    }
}

/// A window over the numbers of jobs, which rise: from the first that waits to the last that came.
#[derive(Clone, Debug)]
pub struct Line<S> {
    /// The number that the first leaf stands for; a multiple of [`WIDTH`].
    base: u32,
    /// One past the number that came last.
    end: u32,
    /// Nobody before this number waits.
    first: u32,
    len: usize,
    /// The leaves, then the least of every [`WIDTH`] of them, and so on up to at most [`WIDTH`] nodes.
    levels: Vec<Vec<S>>,
}

impl<S: Summary> Default for Line<S> {
    fn default() -> Self {
        Line { base: 0, end: 0, first: 0, len: 0, levels: Vec::new() }
    }
}

impl<S: Summary> Line<S> {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is known of a number: `None` if it does not wait.
    pub fn get(&self, number: u32) -> Option<S> {
        let at = number.checked_sub(self.base)? as usize;
        let leaf = *self.levels.first()?.get(at)?;
        (leaf != S::NOBODY).then_some(leaf)
    }

    /// What is known of all together.
    pub fn all(&self) -> S {
        self.levels.last().map_or(S::NOBODY, |top| top.iter().fold(S::NOBODY, |all, node| all.and(*node)))
    }

    /// A job comes; its number is greater than all before.
    pub fn push(&mut self, number: u32, job: S) {
        if self.len == 0 {
            (self.first, self.end) = (number, number);
        }
        let capacity = self.levels.first().map_or(0, Vec::len);
        if self.base > number || (number - self.base) as usize >= capacity {
            self.make_room(number);
        }
        self.end = number + 1;
        self.len += 1;
        let mut at = (number - self.base) as usize;
        for level in &mut self.levels {
            level[at] = level[at].and(job);
            at >>= SHIFT;
        }
    }

    /// A job waits no more.
    pub fn remove(&mut self, number: u32) {
        self.replace(number, S::NOBODY);
        self.len -= 1;
    }

    /// Something else is true of a job that waits.
    pub fn replace(&mut self, number: u32, job: S) {
        let mut at = (number - self.base) as usize;
        let mut old = std::mem::replace(&mut self.levels[0][at], job);
        let mut new = job;
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            at >>= SHIFT;
            let node = above[0][at];
            // What told nothing of the node, and tells nothing now, changes nothing above.
            if old.adds_nothing_to(node) && new.adds_nothing_to(node) {
                break;
            }
            let children = &below[level - 1][at << SHIFT..(at + 1) << SHIFT];
            let least = children.iter().fold(S::NOBODY, |least, child| least.and(*child));
            if node == least {
                break;
            }
            above[0][at] = least;
            (old, new) = (node, least);
        }
    }

    /// The first who waits.
    pub fn first(&mut self) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        self.first = self.next(self.first, |job| job != S::NOBODY)?;
        Some(self.first)
    }

    /// The first from this number on that passes. What passes must also pass with fewer cores or a lower estimate.
    #[inline]
    pub fn next(&self, from: u32, passes: impl Fn(S) -> bool) -> Option<u32> {
        let top = self.levels.len().checked_sub(1)?;
        let (mut level, mut at) = (0, from.max(self.first).saturating_sub(self.base) as usize);
        loop {
            let nodes = &self.levels[level];
            let block = nodes.get(at..(at / WIDTH + 1) * WIDTH)?;
            match block.iter().position(|node| passes(*node)) {
                Some(place) if level == 0 => return Some(self.base + (at + place) as u32),
                Some(place) => {
                    at = (at + place) << SHIFT;
                    level -= 1;
                }
                None if level == top => return None,
                None => {
                    at = (at >> SHIFT) + 1;
                    level += 1;
                    while at & (WIDTH - 1) == 0 && level < top {
                        at >>= SHIFT;
                        level += 1;
                    }
                }
            }
        }
    }

    /// Moves the window to who waits now, twice as large if it is still more than half full.
    fn make_room(&mut self, number: u32) {
        let first = if self.len == 0 { number } else { self.first().unwrap_or(number) };
        let old_base = std::mem::replace(&mut self.base, first & !(WIDTH as u32 - 1));
        let wanted = ((number - self.base) as usize + 1) * 2;
        let capacity = wanted.next_power_of_two().max(WIDTH * WIDTH);
        let old = self.levels.first_mut().map(std::mem::take).unwrap_or_default();
        let skip = (self.base.saturating_sub(old_base) as usize).min(old.len());
        let mut leaves = Vec::with_capacity(capacity);
        leaves.extend_from_slice(&old[skip..]);
        leaves.resize(capacity, S::NOBODY);
        leaves.truncate(capacity);
        self.levels = vec![leaves];
        while self.levels[self.levels.len() - 1].len() > WIDTH {
            let below = &self.levels[self.levels.len() - 1];
            let least = |nodes: &[S]| nodes.iter().fold(S::NOBODY, |least, node| least.and(*node));
            let mut level: Vec<S> = below.chunks(WIDTH).map(least).collect();
            level.resize(level.len().next_multiple_of(WIDTH), S::NOBODY);
            self.levels.push(level);
        }
    }

    /// All who wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let leaves = self.levels.first().map_or(&[][..], Vec::as_slice);
        (self.base..).zip(leaves).filter(|(_, leaf)| **leaf != S::NOBODY).map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same answers as a list.
        #[test]
        fn finds_what_a_list_finds(steps in proptest::collection::vec((0u8..4, 0u32..900, 1u32..40, 1u32..40), 1..250)) {
            let mut line = Line::default();
            let mut list: Vec<(u32, Least)> = Vec::new();
            let mut number = 7;
            for (what, pick, cores, estimate) in steps {
                if what < 2 {
                    number += 1 + pick % 40 / 39 * 500;
                    line.push(number, Least { cores, estimate });
                    list.push((number, Least { cores, estimate }));
                } else if what == 2 && !list.is_empty() {
                    let (gone, _) = list.remove(pick as usize % list.len());
                    line.remove(gone);
                }
                let passes = |job: Least| job.cores <= cores && (job.estimate <= estimate || job.cores <= pick % 9);
                let from = if pick % 3 == 0 { 0 } else { number.saturating_sub(pick) };
                let expected = list.iter().find(|(number, job)| *number >= from && passes(*job)).map(|(number, _)| *number);
                prop_assert_eq!(line.next(from, passes), expected);
                prop_assert_eq!(line.first(), list.first().map(|(number, _)| *number));
                prop_assert!(line.iter().eq(list.iter().map(|(number, _)| *number)));
                prop_assert_eq!(line.len(), list.len());
            }
        }
    }
}

//! What is due when: a queue by time whose nearest entries lie in order, so that on machines with few runs at once nothing
//! is ever sifted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An instant, and two numbers that tell entries of the same instant apart, the first of which says who comes first.
pub type Entry = (i64, u32, u32);

/// As many lie in order.
const NEAR: usize = 64;

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// In order; those before `head` are gone.
    near: Vec<Entry>,
    head: usize,
    /// None of them comes before any of the near ones.
    far: BinaryHeap<Reverse<Entry>>,
}

impl Due {
    /// Who comes first.
    #[inline]
    pub fn first(&self) -> Option<Entry> {
        self.near.get(self.head).copied()
    }

    /// One more.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        if self.head >= NEAR {
            self.near.drain(..self.head);
            self.head = 0;
        }
        let near = &self.near[self.head..];
        if !self.far.is_empty() && near.last().is_none_or(|last| *last < entry) {
            self.far.push(Reverse(entry));
        } else {
            let place = near.partition_point(|other| *other < entry);
            self.near.insert(self.head + place, entry);
            if self.near.len() - self.head > NEAR
                && let Some(last) = self.near.pop()
            {
                self.far.push(Reverse(last));
            }
        }
    }

    /// Takes the first out.
    #[inline]
    pub fn pop(&mut self) {
        self.head += 1;
        if self.head >= self.near.len() {
            self.refill();
        }
    }

    fn refill(&mut self) {
        self.near.clear();
        self.head = 0;
        self.near.extend(std::iter::from_fn(|| self.far.pop()).take(NEAR / 2).map(|Reverse(entry)| entry));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same answers as a sorted set.
        #[test]
        fn answers_as_a_set_does(steps in proptest::collection::vec((0u8..8, 0i64..200), 1..2_000), few in 2u8..8) {
            let (mut due, mut set) = (Due::default(), BTreeSet::new());
            for (number, (what, at)) in (0..).zip(steps) {
                if what < few {
                    due.push((at, number, 0));
                    set.insert((at, number, 0));
                } else if set.pop_first().is_some() {
                    due.pop();
                }
                prop_assert_eq!(due.first(), set.first().copied());
            }
        }
    }
}

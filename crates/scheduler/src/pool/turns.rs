//! Whose turn is to come, in the order of the queue: a bit for each number, and above it one for each word of bits that
//! has any, so that noting somebody twice costs nothing and the next is found at once. Must not know what a turn is.

/// Numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    bits: Vec<u64>,
    /// Which words of [`Turns::bits`] are not empty.
    words: Vec<u64>,
}

/// The first bit of a word from one on.
#[inline]
fn bit_from(word: u64, from: usize) -> Option<usize> {
    let rest = word & (u64::MAX << from);
    (rest != 0).then(|| rest.trailing_zeros() as usize)
}

impl Turns {
    /// Somebody is to have a turn.
    #[inline]
    pub fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if word >= self.bits.len() {
            self.bits.resize((word + 1).next_power_of_two(), 0);
            self.words.resize(self.bits.len().div_ceil(64), 0);
        }
        self.bits[word] |= 1 << (number % 64);
        self.words[word / 64] |= 1 << (word % 64);
    }

    /// The first from a number on, who is taken out.
    #[inline]
    pub fn take(&mut self, from: u32) -> Option<u32> {
        let first = from as usize / 64;
        let here = bit_from(*self.bits.get(first)?, from as usize % 64);
        let (word, bit) = match here {
            Some(bit) => (first, bit),
            None => {
                let word = self.word_from(first + 1)?;
                (word, self.bits[word].trailing_zeros() as usize)
            }
        };
        self.bits[word] &= !(1 << bit);
        if self.bits[word] == 0 {
            self.words[word / 64] &= !(1 << (word % 64));
        }
        Some((word * 64 + bit) as u32)
    }

    /// The first word from one on that is not empty.
    #[inline]
    fn word_from(&self, from: usize) -> Option<usize> {
        let first = from / 64;
        if let Some(bit) = bit_from(*self.words.get(first)?, from % 64) {
            return Some(first * 64 + bit);
        }
        let behind = self.words[first + 1..].iter().position(|word| *word != 0)?;
        let at = first + 1 + behind;
        Some(at * 64 + self.words[at].trailing_zeros() as usize)
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
        fn answers_as_a_set_does(steps in proptest::collection::vec((any::<bool>(), 0u32..20_000), 1..300)) {
            let (mut turns, mut set) = (Turns::default(), BTreeSet::new());
            for (comes, number) in steps {
                if comes {
                    turns.insert(number);
                    set.insert(number);
                } else {
                    let first = set.range(number..).next().copied();
                    prop_assert_eq!(turns.take(number), first);
                    first.map(|first| set.remove(&first));
                }
            }
            while let Some(first) = set.pop_first() {
                prop_assert_eq!(turns.take(0), Some(first));
            }
            prop_assert_eq!(turns.take(0), None);
        }
    }
}

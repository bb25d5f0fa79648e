//! Jobs in the order of an instant or a length of time, on shelves of a few dozen: each shelf knows the sum and the
//! least of its cores, so that "when are so many cores free" and "who is the shortest that fits" look at shelves first.
//! Must not know what the key means.

/// Jobs on a full shelf. A shelf that overflows becomes two.
const FULL: usize = 64;

/// What the order is by: an instant or a length of time, then the job's number.
pub type Key = (i64, u32);

#[derive(Clone, Copy, Debug)]
struct Item {
    by: i64,
    number: u32,
    cores: u32,
}

impl Item {
    fn key(&self) -> Key {
        (self.by, self.number)
    }
}

/// A key as one number: comparing two of them takes no branch that the processor could guess wrong.
#[inline(always)]
fn rank(key: Key) -> i128 {
    i128::from(key.0) << 32 | i128::from(key.1)
}

#[derive(Clone, Debug)]
struct Shelf {
    items: [Item; FULL],
    len: usize,
}

/// What is known of a shelf without looking at it.
#[derive(Clone, Copy, Debug)]
struct Label {
    last: Key,
    sum: u64,
    least: u32,
    shelf: u32,
}

/// Jobs in order.
#[derive(Clone, Debug, Default)]
pub struct Shelves {
    labels: Vec<Label>,
    shelves: Vec<Shelf>,
    spare: Vec<u32>,
    len: usize,
}

impl Shelf {
    fn items(&self) -> &[Item] {
        &self.items[..self.len]
    }

    fn label(&self, shelf: u32) -> Label {
        let cores = || self.items().iter().map(|item| item.cores);
        Label {
            last: self.items[self.len - 1].key(),
            sum: cores().map(u64::from).sum(),
            least: cores().min().unwrap_or(u32::MAX),
            shelf,
        }
    }

    /// The least cores on it, where it is known that nobody has fewer than so many: whoever has as few ends the search.
    fn least(&self, floor: u32) -> u32 {
        let mut least = u32::MAX;
        for item in self.items() {
            least = least.min(item.cores);
            if least == floor {
                break;
            }
        }
        least
    }

    fn find(&self, key: Key) -> usize {
        let wanted = rank(key);
        self.items().partition_point(|item| rank(item.key()) < wanted)
    }
}

impl Shelves {
    /// How many jobs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a job in.
    pub fn insert(&mut self, key: Key, cores: u32) {
        self.len += 1;
        if self.labels.is_empty() {
            let shelf = self.fresh();
            self.labels.push(Label { last: key, sum: 0, least: u32::MAX, shelf });
        }
        let mut at = self.label_of(key).min(self.labels.len() - 1);
        if self.shelves[self.labels[at].shelf as usize].len == FULL {
            self.split(at);
            at += usize::from(self.labels[at].last < key);
        }
        let label = &mut self.labels[at];
        let shelf = &mut self.shelves[label.shelf as usize];
        let place = shelf.find(key);
        shelf.items.copy_within(place..shelf.len, place + 1);
        shelf.items[place] = Item { by: key.0, number: key.1, cores };
        shelf.len += 1;
        label.last = label.last.max(key);
        label.sum += u64::from(cores);
        label.least = label.least.min(cores);
    }

    /// Takes a job out; says whether it was in.
    pub fn remove(&mut self, key: Key) -> bool {
        let at = self.label_of(key);
        let Some(label) = self.labels.get_mut(at) else { return false };
        let shelf = &mut self.shelves[label.shelf as usize];
        let place = shelf.find(key);
        let Some(Item { cores, .. }) = shelf.items().get(place).copied().filter(|item| item.key() == key) else {
            return false;
        };
        shelf.items.copy_within(place + 1..shelf.len, place);
        shelf.len -= 1;
        self.len -= 1;
        if shelf.len == 0 {
            self.spare.push(label.shelf);
            self.labels.remove(at);
            return true;
        }
        label.last = shelf.items[shelf.len - 1].key();
        label.sum -= u64::from(cores);
        if cores == label.least {
            label.least = shelf.least(cores);
        }
        true
    }

    /// The shelf that a key is on, if it is on any.
    fn label_of(&self, key: Key) -> usize {
        let wanted = rank(key);
        self.labels.partition_point(|label| rank(label.last) < wanted)
    }

    fn fresh(&mut self) -> u32 {
        self.spare.pop().unwrap_or_else(|| {
            self.shelves.push(Shelf { items: [Item { by: 0, number: 0, cores: 0 }; FULL], len: 0 });
            self.shelves.len() as u32 - 1
        })
    }

    fn split(&mut self, at: usize) {
        let (old, new) = (self.labels[at].shelf, self.fresh());
        let mut upper = self.shelves[old as usize].clone();
        let lower = &mut self.shelves[old as usize];
        lower.len = FULL / 2;
        upper.items.copy_within(FULL / 2.., 0);
        upper.len = FULL / 2;
        self.labels[at] = lower.label(old);
        self.labels.insert(at + 1, upper.label(new));
        self.shelves[new as usize] = upper;
    }

    /// The first key.
    pub fn first(&self) -> Option<Key> {
        self.labels.first().map(|label| self.shelves[label.shelf as usize].items[0].key())
    }

    /// The lowest key part (instant) by which the jobs up to it have so many cores together, and how many they have by
    /// the end of that instant; `None`: all together have less.
    pub fn when(&self, cores: u64) -> Option<(i64, u64)> {
        let (mut sum, mut at) = (0, 0);
        while sum + self.labels.get(at)?.sum < cores {
            sum += self.labels[at].sum;
            at += 1;
        }
        let shelf = &self.shelves[self.labels[at].shelf as usize];
        let mut place = 0;
        while sum < cores {
            sum += u64::from(shelf.items().get(place)?.cores);
            place += 1;
        }
        let instant = shelf.items[place.max(1) - 1].by;
        // Those of the same instant, on this shelf and the next ones.
        let same = |shelf: &Shelf, from: usize| -> u64 {
            let rest = shelf.items()[from..].iter();
            rest.take_while(|item| item.by == instant).map(|item| u64::from(item.cores)).sum()
        };
        sum += same(shelf, place);
        while self.labels[at].last.0 == instant && at + 1 < self.labels.len() {
            at += 1;
            sum += same(&self.shelves[self.labels[at].shelf as usize], 0);
        }
        Some((instant, sum))
    }

    /// Cores of all whose key is at most this instant.
    pub fn until(&self, instant: i64) -> u64 {
        let full = self.labels.partition_point(|label| label.last.0 <= instant);
        let sum: u64 = self.labels[..full].iter().map(|label| label.sum).sum();
        let Some(label) = self.labels.get(full) else { return sum };
        let shelf = &self.shelves[label.shelf as usize];
        let early = shelf.items().iter().take_while(|item| item.by <= instant);
        sum + early.map(|item| u64::from(item.cores)).sum::<u64>()
    }

    /// The first after a key that passes; asked of the cores and the key's first part. What passes must also pass with
    /// fewer cores or a lower key.
    pub fn next(&self, after: Option<Key>, passes: impl Fn(u32, i64) -> bool) -> Option<Key> {
        let mut at = after.map_or(0, |after| self.labels.partition_point(|label| label.last <= after));
        let mut place = match (after, self.labels.get(at)) {
            (Some(after), Some(label)) => {
                let shelf = &self.shelves[label.shelf as usize];
                shelf.items().partition_point(|item| item.key() <= after)
            }
            _ => 0,
        };
        while let Some(label) = self.labels.get(at) {
            let shelf = &self.shelves[label.shelf as usize];
            if passes(label.least, shelf.items[place.min(shelf.len - 1)].by)
                && let Some(item) = shelf.items()[place..].iter().find(|item| passes(item.cores, item.by))
            {
                return Some(item.key());
            }
            (at, place) = (at + 1, 0);
        }
        None
    }

    /// Those whose key is after an instant, in order.
    pub fn after(&self, instant: i64) -> impl Iterator<Item = (Key, u32)> + '_ {
        let full = self.labels.partition_point(|label| label.last.0 <= instant);
        let items = self.labels[full..].iter().flat_map(|label| self.shelves[label.shelf as usize].items());
        items.filter(move |item| item.by > instant).map(|item| (item.key(), item.cores))
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Key, u32)> + '_ {
        self.labels.iter().flat_map(|label| {
            let shelf = &self.shelves[label.shelf as usize];
            shelf.items().iter().map(|item| (item.key(), item.cores))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same answers as a sorted map.
        #[test]
        fn answers_as_a_map_does(steps in proptest::collection::vec((0u8..5, 0i64..60, 0u32..60, 1u32..20), 1..250)) {
            let mut shelves = Shelves::default();
            let mut map: BTreeMap<Key, u32> = BTreeMap::new();
            for (what, instant, number, cores) in steps {
                if what < 4 {
                    if map.insert((instant, number), cores).is_some() {
                        shelves.remove((instant, number));
                    }
                    shelves.insert((instant, number), cores);
                } else {
                    let key = map.range((instant, number)..).next().map(|(key, _)| *key);
                    if let Some(key) = key {
                        map.remove(&key);
                        prop_assert!(shelves.remove(key));
                    }
                    prop_assert!(!shelves.remove((instant, 1_000)));
                }
                prop_assert!(shelves.iter().eq(map.iter().map(|(key, cores)| (*key, *cores))));
                prop_assert_eq!(shelves.len(), map.len());
                let until = |instant: i64| map.range(..(instant + 1, 0)).map(|(_, cores)| u64::from(*cores)).sum::<u64>();
                prop_assert_eq!(shelves.until(instant), until(instant));
                let after = map.range((instant + 1, 0)..).map(|(key, cores)| (*key, *cores));
                prop_assert!(shelves.after(instant).eq(after));
                let wanted = u64::from(cores * number) + 1;
                let when = map.keys().map(|key| key.0).find(|instant| until(*instant) >= wanted);
                prop_assert_eq!(shelves.when(wanted), when.map(|instant| (instant, until(instant))));
                let passes = |cores: u32, key: i64| cores <= number && (key <= instant || cores <= number / 3);
                let after = (number % 4 != 0).then_some((instant / 2, number));
                let next = map.iter().find(|(key, cores)| after.is_none_or(|after| **key > after) && passes(**cores, key.0));
                prop_assert_eq!(shelves.next(after, passes), next.map(|(key, _)| *key));
            }
        }
    }
}

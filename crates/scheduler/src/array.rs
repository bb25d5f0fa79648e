//! What is known of an array as a whole: how many of its tasks run, how those ended that are over, which records it
//! has. Must not know the records themselves.

use std::collections::{BTreeMap, BTreeSet};

use model::{IndexSet, JobId, Time};

/// An array.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Array {
    /// Its task numbers, as submitted.
    pub all: IndexSet,
    /// `%N`.
    pub limit: Option<u32>,
    /// Tasks that have a place on the machine.
    pub active: u32,
    /// Tasks that have neither started nor ended yet.
    pub fresh: u64,
    /// Tasks that ended well.
    pub ok: Bits,
    /// Tasks that ended otherwise.
    pub bad: Bits,
    /// When the last of the first starts was.
    pub last_start: Time,
    /// Its records, the array's own included.
    pub records: BTreeSet<JobId>,
    /// Which record each task has that has one.
    pub tasks: BTreeMap<u32, JobId>,
    /// Its records that could start but for the throttle, whether it is full or not.
    pub waiting: BTreeSet<JobId>,
}

impl Array {
    /// An array none of whose tasks has started.
    pub fn new(id: JobId, all: IndexSet, limit: Option<u32>) -> Self {
        Array {
            limit: limit.filter(|limit| *limit > 0),
            active: 0,
            fresh: all.len(),
            ok: Bits::default(),
            bad: Bits::default(),
            last_start: Time(i64::MIN),
            records: BTreeSet::from([id]),
            tasks: BTreeMap::new(),
            waiting: BTreeSet::new(),
            all,
        }
    }

    /// Whether as many tasks run as may.
    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.active >= limit)
    }

    /// Whether all tasks are over.
    pub fn is_over(&self) -> bool {
        (self.ok.count + self.bad.count) as u64 >= self.all.len()
    }

    /// Notes how a task ended.
    pub fn note_end(&mut self, index: u32, ok: bool) {
        self.forget_end(index);
        if ok { self.ok.insert(index) } else { self.bad.insert(index) }
    }

    /// A task is not over after all.
    pub fn forget_end(&mut self, index: u32) {
        self.ok.remove(index);
        self.bad.remove(index);
    }
}

/// A set of task numbers with a bit for each.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    /// How many.
    pub count: usize,
}

impl Bits {
    /// Whether it is in.
    pub fn contains(&self, index: u32) -> bool {
        self.words.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    fn insert(&mut self, index: u32) {
        if !self.contains(index) {
            let word = index as usize / 64;
            if self.words.len() <= word {
                self.words.resize(word + 1, 0);
            }
            self.words[word] |= 1 << (index % 64);
            self.count += 1;
        }
    }

    fn remove(&mut self, index: u32) {
        if self.contains(index) {
            self.words[index as usize / 64] &= !(1 << (index % 64));
            self.count -= 1;
        }
    }
}

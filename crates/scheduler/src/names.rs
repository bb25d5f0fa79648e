//! Small numbers for what many jobs have in common (projects, partitions, owners, job names), so that a waiting job
//! costs bytes and not strings. Must not know what the names mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Owner, Text, Uid};

/// A name that was seen before, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Name(u32);

/// All names seen so far. They stay: projects, partitions, QOS and reservations are few.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    numbers: BTreeMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

impl Default for Names {
    /// Only the empty name.
    fn default() -> Self {
        let empty: Arc<str> = "".into();
        Names { numbers: BTreeMap::from([(empty.clone(), Name(0))]), texts: vec![empty] }
    }
}

impl Names {
    /// The empty name, shared.
    pub fn empty(&self) -> &Arc<str> {
        &self.texts[0]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The number of a name, a new one if needed.
    pub fn number(&mut self, text: &str) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let (text, name): (Arc<str>, _) = (text.into(), Name(self.texts.len() as u32));
        self.texts.push(text.clone());
        self.numbers.insert(text, name);
        name
    }

    /// The number of a name, if it was ever seen.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// The name.
    pub fn text(&self, name: Name) -> &Arc<str> {
        &self.texts[name.0 as usize]
    }
}

/// An owner that was seen before, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct OwnerNumber(u32);

/// All owners seen so far: as many as the centre has members.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    list: Vec<Arc<Owner>>,
    by_uid: BTreeMap<Uid, Vec<OwnerNumber>>,
}

impl Owners {
    /// The number of an owner, a new one if needed. The same user with another group or name is another owner.
    pub fn number(&mut self, owner: &Owner) -> OwnerNumber {
        let numbers = self.by_uid.entry(owner.uid).or_default();
        if let Some(number) = numbers.iter().find(|number| *self.list[number.0 as usize] == *owner) {
            return *number;
        }
        let number = OwnerNumber(self.list.len() as u32);
        numbers.push(number);
        self.list.push(Arc::new(owner.clone()));
        number
    }

    /// The owner.
    pub fn get(&self, number: OwnerNumber) -> &Arc<Owner> {
        &self.list[number.0 as usize]
    }
}

/// The names of the jobs in the state, each stored once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Titles(BTreeSet<Arc<Text>>);

impl Titles {
    /// The shared form of a job's name.
    pub fn share(&mut self, title: &Text) -> Arc<Text> {
        if let Some(known) = self.0.get(title) {
            return known.clone();
        }
        let title = Arc::new(title.clone());
        self.0.insert(title.clone());
        title
    }

    /// A job gives its name back; the last one to do so frees it.
    pub fn release(&mut self, title: Arc<Text>) {
        // One reference is the set's, one is ours.
        if Arc::strong_count(&title) == 2 {
            self.0.remove(&*title);
        }
    }
}

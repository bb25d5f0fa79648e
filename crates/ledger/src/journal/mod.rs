//! The state that all entries add up to, and what it refuses. Must not know how an entry comes about, nor where it is
//! kept.
//!
//! [`Journal::seal`] checks what happened against the state and gives the next entry; [`Journal::apply`] folds it in,
//! live and on replay, by the same checks. Between the two the entry is put on disk: what is not there did not happen.

mod apply;
mod error;
mod invoices;
mod kept;
mod projects;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use model::{Money, RunId, Time};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::chain::{Broken, FORMAT, Hash, Head, Sealed};
use crate::day::Day;
use crate::posting::{BillKind, Entry, Key, What, lines};

pub(crate) use apply::cover;
pub use error::JournalError;
pub use invoices::Invoice;
pub use projects::{Held, Hours, Project};

/// What is worked and not billed yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unbilled {
    /// Whose.
    pub project: String,
    /// How much, negative for what is given back.
    pub amount: Money,
    /// The day it belongs to.
    pub day: Day,
    /// Whether it is paid before it is used.
    pub is_advance: bool,
    /// The invoice that a credit note for it must name; `None`: it belongs on the next invoice.
    pub credits: Option<String>,
}

/// The ledger's state. It can be kept ([`Journal::keep`]), so that a start reads only the entries after
/// [`Journal::head`]; [`Journal::replay`] shows whether what was kept is right.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Journal {
    head: Head,
    keys: HashSet<Key>,
    balances: BTreeMap<Account, BTreeMap<String, Money>>,
    projects: BTreeMap<String, Project>,
    held: BTreeMap<RunId, Held>,
    unbilled: BTreeMap<u64, Unbilled>,
    /// The same by project, so that one customer's invoice does not look at all others' work.
    unbilled_of: BTreeMap<String, BTreeSet<u64>>,
    invoices: BTreeMap<String, Invoice>,
    /// By kind and year: the last number, and its day.
    series: BTreeMap<(BillKind, i16), (u32, Day)>,
}

impl Journal {
    /// From stored lines and hashes, in their order. Checks the chain and every rule.
    ///
    /// # Errors
    /// The first entry that is not what it was, or that no rule allows.
    pub fn replay<'a>(entries: impl IntoIterator<Item = (&'a str, Hash)>) -> Result<Self, Broken> {
        let mut journal = Self::default();
        journal.follow(entries)?;
        Ok(journal)
    }

    /// Folds in the stored entries after its own, in their order.
    ///
    /// # Errors
    /// As [`Journal::replay`]; what came before the bad entry is folded in.
    pub fn follow<'a>(&mut self, entries: impl IntoIterator<Item = (&'a str, Hash)>) -> Result<(), Broken> {
        for (text, hash) in entries {
            let sealed = self.head.open(text, hash)?;
            let number = sealed.entry.number;
            self.accept(&sealed).map_err(|error| Broken { number, what: error.to_string() })?;
        }
        Ok(())
    }

    /// The entry that says what happened, if it may be said. The state stays as it is: put the entry on disk, then
    /// [`Journal::apply`] it.
    ///
    /// # Errors
    /// [`JournalError`]; [`JournalError::Already`] for what has been said before, which mostly is no fault.
    pub fn seal(&self, at: Time, day: Day, what: What) -> Result<Sealed, JournalError> {
        let lines = lines::of(&what);
        let entry = Entry { format: FORMAT, number: self.head.count + 1, at, day, what, lines };
        self.check(&entry)?;
        self.head.seal(entry).map_err(|fault| JournalError::Unreadable(fault.to_string()))
    }

    /// Folds an entry in. It must be the next one.
    ///
    /// # Errors
    /// [`JournalError`]; the state is as it was then.
    pub fn apply(&mut self, sealed: &Sealed) -> Result<(), JournalError> {
        let entry = &sealed.entry;
        if entry.number != self.head.count + 1 || Hash::of(self.head.hash, &sealed.text) != sealed.hash {
            return Err(JournalError::Stale { number: entry.number, count: self.head.count });
        }
        self.accept(sealed)
    }

    /// An entry whose place in the chain is right.
    fn accept(&mut self, sealed: &Sealed) -> Result<(), JournalError> {
        let entry = &sealed.entry;
        if entry.lines != lines::of(&entry.what) {
            return Err(JournalError::Lines(entry.number));
        }
        self.check(entry)?;
        self.fold(entry);
        self.head = Head::after(sealed);
        Ok(())
    }

    /// [`Journal::seal`] and [`Journal::apply`] in one: where nothing has to be put on disk in between.
    ///
    /// # Errors
    /// As they.
    pub fn post(&mut self, at: Time, day: Day, what: What) -> Result<Sealed, JournalError> {
        let sealed = self.seal(at, day, what)?;
        self.apply(&sealed)?;
        Ok(sealed)
    }

    /// Where the chain ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Whether this has been said.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.contains(key)
    }

    /// Debits less credits of an account, of one project or customer.
    pub fn balance(&self, account: Account, party: &str) -> Money {
        let of = self.balances.get(&account).and_then(|parties| parties.get(party));
        of.copied().unwrap_or_default()
    }

    /// Debits less credits of all of an account.
    pub fn total(&self, account: Account) -> Money {
        self.balances.get(&account).into_iter().flat_map(BTreeMap::values).copied().sum()
    }

    /// What a project used, holds and may draw on. Empty for one that is not known.
    pub fn project(&self, name: &str) -> &Project {
        static NONE: LazyLock<Project> = LazyLock::new(Project::default);
        self.projects.get(name).unwrap_or(&NONE)
    }

    /// All projects that have an entry.
    pub fn projects(&self) -> impl Iterator<Item = (&str, &Project)> {
        self.projects.iter().map(|(name, project)| (name.as_str(), project))
    }

    /// What is set aside for a run that has not been settled.
    pub fn held(&self, run: RunId) -> Option<&Held> {
        self.held.get(&run)
    }

    /// All runs for which something is set aside: what the end of a centre's outage must look at.
    pub fn all_held(&self) -> impl Iterator<Item = (RunId, &Held)> {
        self.held.iter().map(|(run, held)| (*run, held))
    }

    /// What is not billed yet, by the number of its entry.
    pub fn unbilled(&self) -> impl Iterator<Item = (u64, &Unbilled)> {
        self.unbilled.iter().map(|(number, one)| (*number, one))
    }

    /// The same of one project.
    pub fn unbilled_of(&self, project: &str) -> impl Iterator<Item = (u64, &Unbilled)> {
        let numbers = self.unbilled_of.get(project).into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.unbilled.get(number)?)))
    }

    /// An invoice or credit note by its number.
    pub fn invoice(&self, number: &str) -> Option<&Invoice> {
        self.invoices.get(number)
    }

    /// All of them, by number.
    pub fn invoices(&self) -> impl Iterator<Item = (&str, &Invoice)> {
        self.invoices.iter().map(|(number, invoice)| (number.as_str(), invoice))
    }

    /// The number that the next document of a day must have.
    ///
    /// # Errors
    /// [`JournalError::Backdated`] where a later one has been issued in that year.
    pub fn next_number(&self, kind: BillKind, day: Day) -> Result<String, JournalError> {
        let last = self.series.get(&(kind, day.year())).copied();
        match last.filter(|(_, before)| *before > day) {
            Some((_, before)) => Err(JournalError::Backdated { day, before }),
            None => Ok(invoices::number(kind, day.year(), last.map_or(1, |(number, _)| number + 1))),
        }
    }
}

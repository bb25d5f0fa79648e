//! What a journal refuses. Must not know why it was asked.

use model::{Money, RunId};

use crate::day::Day;
use crate::posting::Key;

/// Why an entry may not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It was said before: nothing is to be done again.
    #[error("this is in the ledger already: {0}")]
    Already(Key),
    /// Two wrote at once.
    #[error(
        "entry {number} was made for another state of the ledger, which has {count} entries: somebody else wrote meanwhile; do it again"
    )]
    Stale {
        /// Of the entry.
        number: u64,
        /// Of the ledger.
        count: u64,
    },
    /// It does not post what it says.
    #[error("entry {0} posts other lines than what it says happened")]
    Lines(u64),
    /// Debits and credits differ.
    #[error(
        "the lines do not balance: debits less credits are {books} EUR in the books and {work} EUR in the account of work"
    )]
    Unbalanced {
        /// Classes 1 to 7.
        books: Money,
        /// Class 9.
        work: Money,
    },
    /// An amount that makes no sense.
    #[error("{what} is {amount} EUR: {rule}")]
    Amount {
        /// Which.
        what: &'static str,
        /// How much.
        amount: Money,
        /// What it must be.
        rule: &'static str,
    },
    /// A run that is over, or for which nothing is set aside.
    #[error("run {run}: {what}")]
    Run {
        /// Which.
        run: RunId,
        /// What does not fit.
        what: &'static str,
    },
    /// More than a pot has.
    #[error("project {project}: {what} has less left than this would use")]
    Pot {
        /// Whose.
        project: String,
        /// Which.
        what: &'static str,
    },
    /// An entry that is not there, is billed, or belongs to somebody else.
    #[error("entry {0} is not waiting to be billed: it was billed meanwhile; prepare the invoice again")]
    NotUnbilled(u64),
    /// The sums of a bill are not those of its entries.
    #[error("the bill says {said} EUR for project {project}, and its entries {found} EUR: prepare it again")]
    Sums {
        /// Whose.
        project: String,
        /// By the bill.
        said: Money,
        /// By the entries.
        found: Money,
    },
    /// A hole in the numbering, or a number twice.
    #[error(
        "the next number is {expected}, not {found}: somebody else issued meanwhile, or one would be missing; issue it again"
    )]
    Numbering {
        /// The next.
        expected: String,
        /// Of the bill.
        found: String,
    },
    /// Numbers grow with days.
    #[error(
        "a document of {before} has been issued already: one of {day} would have a greater number and an earlier day; issue it on {before} or later"
    )]
    Backdated {
        /// Asked for.
        day: Day,
        /// Of the last.
        before: Day,
    },
    /// No such invoice, or of another customer.
    #[error("invoice {number}: {what}")]
    Invoice {
        /// Which.
        number: String,
        /// What does not fit.
        what: String,
    },
    /// What serde cannot write.
    #[error("the entry cannot be written: {0}")]
    Unreadable(String),
}

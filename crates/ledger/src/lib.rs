//! What a job costs before it runs, who pays for it afterwards, and the papers that an accountant accepts.
//!
//! 1. [`tariff`] and [`mod@price`]: dated prices by category and resource; what was used becomes lines with all their
//!    terms, each rounded once. [`derive`] says what a core-hour costs the centre, [`mod@quote`] what a job will cost.
//! 2. [`posting`], [`chain`] and [`journal`]: balanced entries that are never edited, each sealed by a hash that holds
//!    the one before; the journal is the state that they add up to, and refuses what does not fit.
//! 3. [`book`]: which entry an end of a job, a refund, a credit becomes. [`budget`]: what a project may still spend.
//! 4. [`invoice`]: from what is not billed yet to drafts, numbers, credit notes, payments and reminders, as data.
//! 5. [`mod@fec`] and [`csv`]: what goes to the accountant and to whoever checks. [`privacy`]: what is kept how long.
//!
//! Money is whole micro-euros, energy whole microjoules, time whole milliseconds; sums are exact, and nothing is
//! computed with floats. The crate must not know the scheduler, a file, a clock, or how an invoice looks.

pub mod account;
pub mod book;
pub mod budget;
pub mod chain;
pub mod csv;
pub mod day;
pub mod derive;
mod exact;
pub mod fec;
pub mod invoice;
pub mod journal;
pub mod posting;
pub mod price;
pub mod privacy;
pub mod quote;
mod read;
pub mod tariff;
mod words;

pub use exact::{Exact, Overflow};
pub use words::UnknownWord;

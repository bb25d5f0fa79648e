//! What a job costs before it runs, who pays for it afterwards, and the papers that an accountant accepts.
//!
//! - [`tariff`] and [`mod@price`]: dated prices by category and resource; what was used becomes lines with all their
//!   terms, each rounded once. [`derive`] says what a core-hour costs the centre, [`mod@quote`] what a job will cost.
//!
//! Money is whole micro-euros, energy whole microjoules, time whole milliseconds; sums are exact, and nothing is
//! computed with floats. The crate must not know the scheduler, a file, a clock, or how an invoice looks.

pub mod day;
pub mod derive;
mod exact;
mod nearest;
pub mod price;
pub mod quote;
mod read;
pub mod tariff;

pub use exact::{Exact, Overflow};
pub use nearest::nearest;

//! What a machine's meter said becomes energy, energy becomes shares of jobs, and shares become euros and carbon.
//!
//! 1. [`meter`]: readings of counters and of watts become [`Interval`]s that tile the time, with a mark where they are
//!    not measured.
//! 2. [`attribute`]: the energy of an interval is shared between jobs, `system`, `unallocated` and `unmeasured`, and
//!    the shares sum to the meter to the microjoule.
//! 3. [`contract`] and [`carbon`]: what a kilowatt-hour cost and emitted when it was used.
//! 4. [`account`] and [`export`]: sums by job and account, and the tables that others check them by.
//! 5. [`live`]: the same while jobs come and go, so that it can be kept and taken up again.
//! 6. [`calibrate`]: idle power, and so much more for each CPU that computes.
//! 7. [`rollup`] and [`reconcile`]: minutes and hours of intervals; a month against the site's meter and the bill.
//! 7. [`calendar`]: the lines of imported calendars. [`period`]: years, months and days. [`advice`]: what a job's next run should ask for.
//!
//! Energy is whole microjoules, power whole milliwatts, money whole micro-euros. The crate must not know how a meter is
//! read, where figures are kept, or who pays: no file, no clock, no socket. Local time comes by a zone in an argument.

pub mod account;
pub mod advice;
pub mod attribute;
pub mod calendar;
pub mod calibrate;
pub mod carbon;
pub mod contract;
pub mod export;
pub mod live;
pub mod meter;
pub mod period;
pub mod reconcile;
pub mod rollup;
mod share;
mod table;
mod units;

pub use meter::{Flag, Interval};
pub use share::share;
pub use table::millionths;
pub use units::{Energy, PerKwh, Power, UJ_PER_KWH};

//! What a machine of a cluster says of itself: the report that its agent sends, what of it waits while nobody listens, and
//! whether the machine is well.
//!
//! 1. [`report`]: one report and its answer, versioned and bounded; where its readings lie in the centre's time.
//! 2. [`outbox`]: readings that the centre has not got yet, each with a number that is never given twice.
//! 3. [`health`]: probes as `{name, command, ok_exitcode, timeout}`, and what the system's own files tell without any.
//! 4. [`settings`]: `node.toml`, what the agent of a machine is to do.
//!
//! It is a crate of its own as both ends need all of it, and neither needs the other: the agent must not know what a run
//! is, the centre not how a file of `/sys` looks. The crate must not know a file, a socket, a key, or what time it is.

pub mod health;
pub mod outbox;
pub mod report;
pub mod settings;

pub use outbox::Outbox;
pub use report::{About, Answer, MeterAbout, Report, Sample, Unfit};
pub use settings::Settings;

//! Replays workloads by a virtual clock, with the scheduler of the real centre. Pure: what is in a file is given as
//! bytes, what takes long tells how far it is, and nobody looks at a clock.
//!
//! [`swf`] reads a trace into [`workload::Trace`], which becomes a [`workload::Workload`]; [`clock::run`] plays it to a
//! [`clock::Scheduler`]; [`metrics::Metrics`] says what came of it.

pub mod bound;
pub mod centre;
pub mod clock;
pub mod export;
pub mod lublin;
pub mod metrics;
pub mod park;
pub mod plot;
pub mod pool;
pub mod power;
pub mod random;
pub mod swf;
pub mod tariff;
mod text;
pub mod workload;

pub use text::TextError;

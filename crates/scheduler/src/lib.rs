//! Decides which job runs when and where. Pure: no clock, no I/O, no Slurm text; the real centre, the simulator and the
//! courses call the very same functions.
//!
//! [`State::admit`] lets a submission in, [`State::apply`] folds what happened, [`State::decide`] says what should
//! happen. Everything else shows what is known.

pub mod backfill;
pub mod config;
pub mod event;
pub mod index;
pub mod learn;
pub mod pool;
pub mod power;
pub mod thrift;

mod admit;
mod apply;
mod array;
mod by_node;
mod check;
mod class;
mod decide;
mod dependency;
mod fair;
mod flexible;
mod floor;
mod foresee;
mod job;
mod names;
mod parts;
mod pick;
mod placement;
mod queue;
mod reason;
mod refusal;
mod resources;
mod rows;
mod rules;
mod state;
mod topology;
mod uses;
mod view;
mod why;

pub use config::{Config, Partition, PreemptMode, Qos, Weights};
pub use decide::Decision;
pub use dependency::TermState;
pub use event::{Change, Event, Finished, Placement, RequeueCause, Reservation, What};
pub use flexible::{Better, Flexible, Prices};
pub use foresee::Patience;
pub use job::{Ending, Hold};
pub use parts::{Parts, Share};
pub use refusal::{Impossible, Refusal};
pub use rows::RowFilter;
pub use state::State;
pub use view::{FairUsage, JobView, MachineUse, NodeUse, TaskPlace, UsageRow};
pub use why::{Cause, Shortage, Why};

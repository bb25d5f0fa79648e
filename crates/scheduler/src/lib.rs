//! Decides which job runs when and where. Pure: no clock, no I/O, no Slurm text; the real centre, the simulator and the
//! courses call the very same functions.

pub mod config;
pub mod event;

pub use config::{Config, Partition, PreemptMode, Qos, Weights};
pub use event::{Change, Event, Finished, Placement, RequeueCause, Reservation, What};

//! From one machine to several: what each machine is, what a Slurm cluster of them is to look like, and how to get there.
//!
//! 1. [`probe`]: a small shell script says what a machine is; its output becomes a [`Measured`].
//! 2. [`park`]: `park.toml`, the operator's few decisions, with the measurements below them.
//! 3. [`slurm`]: from a park the files of a cluster: `slurm.conf` and its companions.
//! 4. [`plan()`]: those files and ordered steps as immutable data, each with its check and its undo.
//! 5. [`drift`]: what machines are, against what they were when the plan was made.
//!
//! The crate must not know how a machine is reached, a file, a clock, or chance: secrets are given to it.

pub mod drift;
mod measured;
pub mod park;
mod plan;
pub mod probe;
mod secrets;
pub mod shell;
pub mod slurm;
mod steps;

pub use measured::{Card, Cgroup, Disk, Gpu, Identity, Measured};
pub use park::{Park, ParkError};
pub use plan::{FORMAT, File, Note, Plan, PlanError, SCRIPTS, Step, Target, plan};
pub use secrets::{CHANCE, Secrets};
pub use steps::Work;

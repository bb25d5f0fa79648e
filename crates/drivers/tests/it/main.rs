//! The launcher and its supervisors as real processes, and what is read of the machine.
//!
//! As root each test runs with cgroups, without, and as an ordinary user; as an ordinary user, as that user.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod crashes;
mod failures;
mod files;
mod limits;
mod machines;
mod outcomes;
mod power;
mod quota;
mod rig;
mod slurm;
mod trees;
mod users;

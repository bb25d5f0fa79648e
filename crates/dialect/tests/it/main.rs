//! What this crate prints and refuses, compared with what Slurm printed and refused (`tests/facts`).
#![allow(clippy::unwrap_used)]

mod accounts;
mod cluster;
mod commands;
mod control;
mod facts;
mod fields;
mod fuzz;
mod info;
mod queue;
mod refusals;
mod rows;
mod submit;
mod variables;

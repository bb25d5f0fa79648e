//! The scheduler from outside: events in, decisions out.
#![allow(clippy::unwrap_used)]

mod admission;
mod arrays;
mod backfill;
mod basic;
mod clock;
mod dependencies;
mod endings;
mod flexible;
mod history;
mod life_cycle;
mod make;
mod memory;
mod power;
mod priority;
mod random;
mod topologies;
mod urgent;

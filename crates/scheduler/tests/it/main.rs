//! The scheduler from outside: events in, decisions out.
#![allow(clippy::unwrap_used)]

mod basic;
mod life_cycle;
mod make;

//! The scheduler from outside: events in, decisions out.
#![allow(clippy::unwrap_used)]

mod basic;
mod make;

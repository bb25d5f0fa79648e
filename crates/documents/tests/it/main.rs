//! Papers from outside: what a reader sees, what other people's programs find inside.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod checkers;
mod papers;
mod sample;

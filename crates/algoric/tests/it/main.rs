//! The program as people and programs call it.
#![allow(clippy::unwrap_used, missing_docs)]

mod commands;
mod help;
mod no_centre;
mod program;

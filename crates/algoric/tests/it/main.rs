//! The program as people and programs call it.
#![allow(clippy::unwrap_used, missing_docs)]

mod allocations;
mod clock;
mod commands;
mod crash;
mod documents;
mod emergency;
mod flows;
mod help;
mod hostile;
mod no_centre;
mod odd_days;
mod parity;
mod program;
mod replay;
mod slurm_doc;
mod steering;
mod steps;
mod storage;
mod structures;
mod two_users;
mod ward;

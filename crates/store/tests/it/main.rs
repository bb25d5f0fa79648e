//! The data file: what is written comes back, also after a crash, an upgrade, a backup.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod accounts;
mod copies;
mod energy;
mod ingest;
mod known;
mod latest;
mod money;
mod price;
mod replay;
mod support;
mod usage;

//! The centre's memory: one SQLite file, and the only SQL of the house.
//!
//! Writing goes through one [`Writer`] thread, which puts everything that came meanwhile into one transaction and says
//! when it is on disk. Reading goes through [`Reader`]s. This crate must not know sockets, drivers, or who may see what.

mod accounts;
mod admin;
mod agents;
mod cluster;
mod copy;
mod db;
mod energy;
mod error;
mod fact;
mod jobs;
mod known;
mod latest;
mod money;
mod people;
mod price;
mod replay;
mod usage;
mod wishes;
mod write;
mod writer;

pub use accounts::{AccountFilter, LiveFacts};
pub use admin::{Member, Project};
pub use agents::{AgentWrite, EndedThere, Heard, StoredAgent};
pub use cluster::{ClusterRun, ClusterWrite, HeldThen, KnownJob, KnownRun};
pub use copy::{CheckReport, backup, check, restore};
pub use db::{Db, FORMAT, Opened};
pub use energy::{Calibration, EndedRun, EnergyWrite, Hour, JobEnergy, Settled, StoredSample};
pub use error::StoreError;
pub use fact::{Fact, StoredEvent};
pub use jobs::{Listed, SeriesWrite, Sought, Wanted};
pub use money::{MoneyWrite, RunOver};
pub use people::{Folk, Link, LinkKind, PeopleWrite, Person, Promise, SecretHash, Session, Standing, Token, Trace};
pub use price::ArrayUsed;
pub use replay::{Reader, Replay, StoredSubmission};
pub use usage::{Used, UsedDay};
pub use write::{BlobId, StepRecord, Write};
pub use writer::{Batch, Committed, Writer};

//! The words that every room of Algoric shares: identifiers, times, what a job asks for, what it used, what a machine is.
//!
//! Data only. This crate must not know anybody else: no I/O, no clock, no Slurm text, no SQL.

mod bytes;
mod ids;
mod index_set;
mod job;
mod machine;
mod money;
mod nearest;
mod outcome;
mod rows;
mod state;
mod time;

pub use bytes::Text;
pub use ids::{Gid, JobId, RunId, StepId, Uid};
pub use index_set::{IndexSet, IndexSetError};
pub use job::{
    ArraySpec, Dependency, DependencyKind, DependencyTerm, JobSpec, Limits, MailEvents, Memory, NamedLimit, OpenMode,
    Owner, Request, SignalSpec, TimeLimit, says_flexible,
};
pub use machine::{Core, CpuSet, Gpu, Machine, TopologyError};
pub use money::{Money, MoneyError};
pub use nearest::{distance, hint, hinted, nearest};
pub use outcome::{Exit, Outcome, Usage, busy_milli};
pub use rows::{
    AccountRow, ArrayPlace, NodePower, NodeRow, PartitionRow, PriorityRow, PriorityWeights, QosRow, QueueDetail,
    QueueRecord, QueueRow, ShareRow, StepRow, WishedRequest, Wishes,
};
pub use state::{JobState, Reason};
pub use time::{Span, Time};

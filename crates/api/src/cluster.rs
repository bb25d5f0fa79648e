//! What operators ask about the Slurm that runs a centre's jobs.

use serde::{Deserialize, Serialize};

/// An order or a question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClusterRequest {
    /// Makes Slurm's associations what the centre's projects, members and budgets say; with `dry_run` says what that
    /// would take. Answered by [`ClusterReply`].
    Reconcile {
        /// Change nothing.
        dry_run: bool,
    },
    /// How the centre sees the cluster. Answered by [`ClusterState`].
    State,
}

/// How the centre sees the cluster: what is in it, and how old what is shown of it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ClusterState {
    /// The cluster's name; empty: it was not seen yet.
    pub name: String,
    /// Slurm's version.
    pub version: String,
    /// Machines that are up,
    pub up: u32,
    /// of so many.
    pub nodes: u32,
    /// Jobs that run.
    pub running: u32,
    /// Jobs that wait, each task of an array counted.
    pub waiting: u64,
    /// Jobs that wait here to be submitted there.
    pub moving: u32,
    /// Milliseconds since the queue was read; `None`: never.
    pub queue_age: Option<i64>,
    /// Milliseconds since the accounting was read; `None`: never.
    pub usage_age: Option<i64>,
    /// Why the queue cannot be read.
    pub queue_fault: Option<String>,
    /// Why the accounting cannot be.
    pub usage_fault: Option<String>,
}

/// What it takes to make Slurm's associations what they should be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ClusterReply {
    /// Commands of `sacctmgr`, in their order.
    pub changes: Vec<String>,
    /// What somebody made in Slurm by hand, which is left as it is.
    pub reports: Vec<String>,
    /// How many of the commands were run.
    pub done: u32,
    /// What the next one said.
    pub fault: Option<String>,
}

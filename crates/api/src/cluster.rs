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

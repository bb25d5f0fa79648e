//! Why something was not done, for whatever was asked.

use serde::{Deserialize, Serialize};

/// Why something was not done: a kind that programs can tell apart, and what exactly.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The kind.
    pub code: RefusalCode,
    /// The name or number at fault, or a full text for `Other`; may be empty.
    pub detail: String,
}

/// The kinds of refusal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum RefusalCode {
    /// No such partition.
    InvalidPartition,
    /// No such project, or the asker is no member of it.
    InvalidAccount,
    /// No such QOS, or not for the asker.
    InvalidQos,
    /// No such job.
    InvalidJobId,
    /// Not the asker's, or operators only.
    AccessDenied,
    /// Only for members, and nobody has logged in.
    LogInFirst,
    /// The machine can never provide that.
    NodeConfigUnavailable,
    /// The same, because of memory.
    MemoryUnavailable,
    /// The dependency makes no sense.
    DependencyProblem,
    /// The job is over.
    AlreadyDone,
    /// The job is over, said of holds.
    JobFinished,
    /// The job is pending.
    JobPending,
    /// The job does not run.
    JobNotRunning,
    /// More tasks than an array may have.
    ArrayTooLarge,
    /// The queue is full.
    TooManyJobs,
    /// The asker has as many jobs as a user may have.
    TooManyOfUser,
    /// No such reservation, or not for the asker.
    InvalidReservation,
    /// No such feature.
    InvalidFeature,
    /// No such machine.
    InvalidNode,
    /// No such generic resource, or too many.
    InvalidGres,
    /// No such licence.
    InvalidLicense,
    /// Negative values are for operators.
    InvalidNice,
    /// The limit is longer than allowed.
    InvalidTimeLimit,
    /// Times that contradict each other.
    InvalidTime,
    /// The script is too big.
    ScriptTooLarge,
    /// The environment is too big.
    EnvironmentTooLarge,
    /// Not allowed for this job (no requeue).
    Disabled,
    /// The step asks for more than the job has.
    StepTooBig,
    /// No room for the step just now.
    StepBusy,
    /// The data file cannot be written: disk full, read-only.
    StorageFailed,
    /// The centre is ending.
    ShuttingDown,
    /// Another version of the program talks to us.
    WrongVersion,
    /// The text says it.
    Other,
}

//! What the scheduler answers when something cannot be: a submission that can never be accepted, an event that cannot
//! have happened. Typed; the words for people are others' work.

use model::{JobId, RunId};

/// Why a submission or a change is refused at once.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// No partition of this name.
    #[error("no partition is called {0}")]
    InvalidPartition(String),
    /// The partition is for others.
    #[error("partition {0} is not for this user or project")]
    PartitionDenied(String),
    /// No QOS of this name.
    #[error("no QOS is called {0}")]
    InvalidQos(String),
    /// Only operators give this QOS.
    #[error("only operators give QOS {0}")]
    QosDenied(String),
    /// The partition is not for this project.
    #[error("project {0} may not be used here")]
    InvalidAccount(String),
    /// The machine can never give this.
    #[error("the machine can never give what is asked for")]
    NodeConfigUnavailable {
        /// It is the memory that is too much.
        memory: bool,
    },
    /// Too many tasks, or a task number too great, or none.
    #[error("an array has at least one task and task numbers below {limit}")]
    ArrayTooLarge {
        /// [`crate::Config::max_array`].
        limit: u32,
    },
    /// The queue is full.
    #[error("the queue holds {limit} jobs already")]
    TooManyJobs {
        /// [`crate::Config::max_jobs`].
        limit: u32,
    },
    /// The user has as many jobs as a user may have.
    #[error("a user may have {limit} jobs in the queue")]
    TooManyOfUser {
        /// [`crate::Config::max_submit_per_user`].
        limit: u32,
    },
    /// A negative nice value, from somebody who is no operator.
    #[error("only operators give a negative nice value")]
    InvalidNice,
    /// A priority, from somebody who is no operator.
    #[error("only operators set priorities")]
    PriorityDenied,
    /// No GPUs of this kind, or not so many.
    #[error("the machine has no such GPUs")]
    InvalidGres,
    /// A time limit or a least time that makes no sense, or one that only operators may give.
    #[error("this time limit cannot be given")]
    TimeLimit,
    /// No reservation of this name.
    #[error("no reservation is called {0}")]
    ReservationInvalid(String),
    /// The reservation is for others.
    #[error("reservation {0} is for others")]
    ReservationDenied(String),
    /// A feature that the machine does not have.
    #[error("the machine has no feature {0}")]
    InvalidFeature(String),
    /// The change cannot be made to this job any more, or by its owner.
    #[error("job {0} cannot be changed like this")]
    ChangeDenied(JobId),
}

/// Why an event cannot be folded into the state: it contradicts what is known. The state is as before.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Impossible {
    /// Nobody has this number, or no more.
    #[error("there is no job {0}")]
    UnknownJob(JobId),
    /// The number is given already.
    #[error("job number {0} is taken")]
    IdTaken(JobId),
    /// The submission was not put back beside its event.
    #[error("the submission of job {0} is missing")]
    NoSpec(JobId),
    /// Only a waiting job can do this.
    #[error("job {0} is not waiting")]
    NotPending(JobId),
    /// The job waits and cannot be started: it is held.
    #[error("job {0} is held")]
    Held(JobId),
    /// The run is not on the machine (any more, or yet).
    #[error("run {0} is not on the machine")]
    NotRunning(RunId),
    /// The job is over.
    #[error("job {0} is over")]
    Finished(JobId),
    /// The run is being ended already.
    #[error("job {0} is ending already")]
    Ending(JobId),
    /// The job does not allow to be run again.
    #[error("job {0} does not allow to be requeued")]
    NotRequeueable(JobId),
    /// Only running processes can be stopped, only stopped ones go on.
    #[error("run {0} is suspended already, or is not")]
    Suspension(RunId),
    /// The place is taken, or is not there at all.
    #[error("run {0} cannot have this place")]
    Occupied(RunId),
    /// The array's record holds no such task, or it is the only one left and needs no record of its own.
    #[error("task {index} cannot leave the record of array {array}")]
    NoTask {
        /// The array.
        array: JobId,
        /// The task's number.
        index: u32,
    },
    /// The signal was sent already.
    #[error("run {0} was signalled already")]
    Signalled(RunId),
    /// No node of this name, or one that cannot do this now.
    #[error("node {0} is unknown, or cannot be switched like this now")]
    Switching(String),
    /// No reservation of this name, or one that ends before it begins.
    #[error("reservation {0} is unknown or empty")]
    Reservation(String),
}

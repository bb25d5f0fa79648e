//! What happens to jobs, as facts with a date. Folding them in order gives the [`crate::State`]; the centre writes
//! each to disk before anybody acts on it or is told of it.

use std::sync::Arc;

use model::{CpuSet, JobId, JobSpec, JobState, Outcome, RunId, Span, Text, Time, TimeLimit, Uid, Usage};
use serde::{Deserialize, Serialize};

/// A fact and when the machine's clock says it happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// The facts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum What {
    /// A submission was accepted. Its defaults are filled in (see [`crate::State::admit`]).
    Submitted {
        /// The number given to it.
        id: JobId,
        /// The submission. Stored by the centre beside the event, and put back before the event is applied again:
        /// `None` only in between.
        #[serde(skip)]
        spec: Option<Arc<JobSpec>>,
        /// How jobs that it depends on ended, where they had left the state already: what is neither here nor in the
        /// state never existed, and its condition is taken as fulfilled (as Slurm does).
        known: Vec<(JobId, Option<u32>, JobState)>,
    },
    /// A run was given its place. Made by [`crate::State::decide`]; performed by launching it.
    Started {
        /// The record and the attempt.
        run: RunId,
        /// For a task that leaves an array's record with this event: the array and the task's number.
        task: Option<(JobId, u32)>,
        /// Where.
        placement: Placement,
    },
    /// A task leaves its array's record without starting (held, changed or requeued alone).
    Split {
        /// The array's record.
        array: JobId,
        /// The task's number.
        index: u32,
        /// The new record.
        id: JobId,
    },
    /// A run is over, and nothing of it is left on the machine.
    Ended {
        /// Which.
        run: RunId,
        /// What was seen.
        outcome: Outcome,
        /// What it used.
        usage: Usage,
    },
    /// A job is to end: a waiting one is over at once, a running one when it is gone ([`What::Ended`] follows).
    /// Performed by terminating what runs.
    Cancelled {
        /// The record; tasks of an array's record that have not started go with it.
        id: JobId,
        /// Only these tasks of an array's record.
        tasks: Option<model::IndexSet>,
        /// Who wanted it.
        by: Uid,
    },
    /// Its time is over. Performed by terminating it.
    TimeLimitReached {
        /// Which.
        run: RunId,
    },
    /// The moment of its `--signal` has come. Performed by sending it.
    SignalDue {
        /// Which.
        run: RunId,
    },
    /// It can no longer end before its deadline.
    DeadlineMissed {
        /// The record, waiting or running.
        id: JobId,
    },
    /// What it waits for can no longer happen, and it asked to be cancelled then.
    DependencyFailed {
        /// The record.
        id: JobId,
    },
    /// It goes back to the queue: at once if it is over (node failure), else when its run has ended.
    /// Performed by terminating what runs.
    Requeued {
        /// The record.
        id: JobId,
        /// Why.
        cause: RequeueCause,
        /// Held there.
        hold: bool,
    },
    /// It ends to make place, and is not tried again: its QOS says so, or it does not allow to be requeued.
    /// Performed by terminating it.
    Preempted {
        /// The record.
        id: JobId,
        /// The more important job.
        by: JobId,
    },
    /// Held.
    Held {
        /// The record.
        id: JobId,
        /// By an operator: its owner cannot release it.
        by_operator: bool,
    },
    /// No longer held.
    Released {
        /// The record.
        id: JobId,
    },
    /// Its processes stop, its cores are free for others.
    Suspended {
        /// Which.
        run: RunId,
        /// For whom, when it made place.
        cause: Option<JobId>,
    },
    /// Its processes go on.
    Resumed {
        /// Which.
        run: RunId,
    },
    /// Some of its wishes changed.
    Updated {
        /// The record.
        id: JobId,
        /// How.
        change: Change,
        /// By whom.
        by: Uid,
    },
    /// A public emergency: this job may displace others.
    MadeUrgent {
        /// The record.
        id: JobId,
        /// The operator who answers for it.
        by: Uid,
        /// What for.
        why: String,
    },
    /// The machine takes no new jobs.
    Drained {
        /// Why.
        reason: String,
        /// Who.
        by: Uid,
    },
    /// The machine takes jobs again.
    Undrained {
        /// Who.
        by: Uid,
    },
    /// Part or all of the machine is kept for some.
    Reserved(Reservation),
    /// A reservation is over or taken back.
    Unreserved {
        /// Its name.
        name: String,
    },
    /// A node is to come up. Performed by switching it on.
    SwitchedOn {
        /// Its name.
        node: String,
    },
    /// A node is to go off. Performed by switching it off.
    SwitchedOff {
        /// Its name.
        node: String,
    },
    /// A node is up: it takes jobs.
    CameUp {
        /// Its name.
        node: String,
    },
    /// A node is off.
    WentOff {
        /// Its name.
        node: String,
    },
    /// A node that should have come up did not.
    BootFailed {
        /// Its name.
        node: String,
        /// What was seen.
        reason: String,
    },
    /// A node that was given up is in order again.
    Mended {
        /// Its name.
        node: String,
        /// Who says so.
        by: Uid,
    },
}

/// What a job is given on the machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Placement {
    /// Hardware threads, by the operating system's numbers.
    pub cpus: CpuSet,
    /// Memory limit in MiB; `None`: not limited.
    pub memory_mib: Option<u64>,
    /// GPUs by index.
    pub gpus: Vec<u32>,
}

/// Why a job goes back to the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RequeueCause {
    /// Somebody asked.
    Asked(Uid),
    /// It made place for a more important job.
    Preempted(JobId),
    /// The machine failed under it.
    NodeFailure,
}

/// A change of one wish of a job (`scontrol update`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Change {
    /// `TimeLimit=`; a member may only shorten it.
    TimeLimit(TimeLimit),
    /// `Priority=`; 0 holds.
    Priority(u32),
    /// `Nice=`.
    Nice(i32),
    /// `JobName=`.
    Name(Text),
    /// `StartTime=`; `None`: now.
    Begin(Option<Time>),
    /// `Partition=`.
    Partition(String),
    /// `QOS=`.
    Qos(String),
    /// `Account=`.
    Account(String),
    /// `Dependency=`.
    Dependency {
        /// `None`: none any more.
        wish: Option<model::Dependency>,
        /// As in [`What::Submitted`].
        known: Vec<(JobId, Option<u32>, JobState)>,
    },
    /// `ArrayTaskThrottle=`; `None`: no limit.
    ArrayLimit(Option<u32>),
    /// `Comment=`.
    Comment(Text),
    /// `Requeue=`.
    Requeue(bool),
    /// `Deadline=`.
    Deadline(Option<Time>),
    /// `ReservationName=`.
    Reservation(Option<String>),
    /// `NumTasks=`, `NumCPUs=`, `MinMemoryNode=` and the like: all that a waiting job asks for, anew.
    Needs(model::Request),
    /// `TimeMin=`.
    TimeMin(Span),
}

/// Part or all of the machine, kept for some people for some time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// Its name, unique.
    pub name: String,
    /// From.
    pub start: Time,
    /// Until.
    pub end: Time,
    /// So many cores; `None`: the whole machine.
    pub cores: Option<u32>,
    /// Users who may use it (login names).
    pub users: Vec<String>,
    /// Projects that may use it.
    pub accounts: Vec<String>,
    /// `FLAGS=MAINT` and the like, as given.
    pub flags: Vec<String>,
}

/// A run or a record that is over: what accounting keeps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// Record and attempt.
    pub run: RunId,
    /// The array and the task's number, for a task.
    pub task: Option<(JobId, u32)>,
    /// The tasks that ended with an array's record before they started.
    pub tasks: Option<model::IndexSet>,
    /// How: always a final state ([`JobState::Requeued`] for an attempt that is tried again).
    pub state: JobState,
    /// Why.
    pub reason: model::Reason,
    /// `ExitCode` of the job as `sacct` shows it (0:0 for a timeout or a cancellation).
    pub exit: model::Exit,
    /// The batch script's own exit, as `scontrol` shows it.
    pub script_exit: model::Exit,
    /// Who cancelled it.
    pub cancelled_by: Option<Uid>,
    /// When it could have started.
    pub eligible: Option<Time>,
    /// When it started; `None`: never.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Time,
    /// How long it was suspended.
    pub suspended: Span,
    /// Where it was.
    pub placement: Placement,
    /// What it used.
    pub usage: Usage,
    /// Its priority when it started.
    pub priority: u32,
    /// What it was displaced by, if it was.
    pub displaced_by: Option<JobId>,
}

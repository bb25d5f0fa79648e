//! What a command asks.

use model::{CpuSet, Exit, IndexSet, JobId, JobSpec, JobState, StepId, Text, Time, TimeLimit, Usage};
use serde::{Deserialize, Serialize};

use crate::{Admin, EnergyRequest, JobForm, MoneyRequest, PeopleRequest, PortalRequest, ReservationSpec};

/// One question or order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Are you there? Answered by `Done`.
    Ping,
    /// The centre at a glance. Answered by `Status`.
    Status,
    /// A job. Answered by `Submitted` once it is on disk.
    Submit(Box<Submission>),
    /// Answered by `Ended` when the job (all tasks of an array) is over.
    Wait(JobId),
    /// Answered by `Queue` parts, then `End`.
    Queue(QueueQuery),
    /// Everything about these jobs. Answered by `Details` parts, then `End`.
    Details(Vec<JobTarget>),
    /// Running steps. Answered by `Steps`.
    Steps(Vec<JobTarget>),
    /// Answered by `Accounts` parts, then `End`.
    Accounts(AccountQuery),
    /// The machine. Answered by `Nodes`.
    Nodes,
    /// Answered by `Partitions`.
    Partitions,
    /// Settings by name, as `scontrol show config` lists them. Answered by `Settings`.
    Settings,
    /// Ends jobs or sends them a signal. Answered by `Matched`.
    Cancel(CancelFilter),
    /// Answered by `Done`.
    Hold(JobTarget),
    /// Answered by `Done`.
    Release(JobTarget),
    /// Answered by `Done`.
    Requeue {
        /// Which.
        target: JobTarget,
        /// Hold it then.
        hold: bool,
    },
    /// Operators. Answered by `Done`.
    Suspend(JobTarget),
    /// Operators. Answered by `Done`.
    Resume(JobTarget),
    /// Answered by `Done`.
    Update {
        /// Which.
        target: JobTarget,
        /// All of it or nothing.
        changes: Vec<UpdateChange>,
    },
    /// Why does it wait? Answered by `Why`.
    Why(JobTarget),
    /// Every change of its state. Answered by `History`.
    History(JobId),
    /// Operators: a public emergency. Answered by `Done`.
    Urgent {
        /// The job that goes first.
        target: JobTarget,
        /// What for; kept.
        why: String,
    },
    /// Operators: the machine takes no new jobs (`Some(reason)`), or takes them again. Answered by `Done`.
    Drain(Option<String>),
    /// Operators. Answered by `Done`.
    Reserve(ReservationSpec),
    /// Operators: `scontrol update reservation`. Answered by `Done`.
    Unreserve(String),
    /// Reservations. Answered by `Reservations`.
    Reservations,
    /// Projects, members, operators: list or change. Answered by `Admin` or `Done`.
    Admin(Admin),
    /// A step of `srun` wants to start. Answered by `Step` when there is room in the job.
    StepBegin(Box<StepRequest>),
    /// A step of `srun` is over. Answered by `Done`.
    StepEnd(Box<StepResult>),
    /// Operators: end the centre, leaving jobs running, or after they have ended.
    /// Answered by `Done` when all is on disk.
    Stop {
        /// Start nothing more, wait for what runs.
        drain: bool,
    },
    /// A job without a script (`srun` outside a job, `salloc`). Answered by `Queued`, then by `Granted` when it starts or
    /// by `Ended` when it will not. Whoever asked owns it: the job ends when this connection does.
    Allocate(Box<Allocation>),
    /// As the rest of `Allocate`, after the connection was lost.
    Attend {
        /// The job.
        job: JobId,
        /// The step that begins with it.
        step: Option<Box<StepRequest>>,
    },
    /// The owner of an allocation ends it: losing the connection is no accident any more. Answered by `Done`.
    Relinquish(JobId),
    /// Where `sattach` finds a running step. Answered by `Attach`.
    Attach {
        /// The job.
        job: JobTarget,
        /// The step.
        step: StepId,
    },
    /// Jobs as programs ask for them. Answered by `Records` parts, then `End`.
    Records(QueueQuery),
    /// What was handed in with a job. Answered by `Papers`.
    Papers(JobTarget),
    /// What the priorities of waiting jobs are made of. Answered by `Priorities`.
    Priorities(QueueQuery),
    /// Who may use and has used what. Answered by `Shares`.
    Shares,
    /// How the centre itself does. Answered by `Diagnostics`.
    Diagnostics,
    /// Qualities of service. Answered by `Qos`.
    Qos,
    /// What this job would take, cost and wait, if it were submitted now. Answered by `Quote`.
    Quote(Box<Submission>),
    /// `scontrol top`: these go before the other waiting jobs of their owner. Answered by `Done`.
    Top(Vec<JobTarget>),
    /// Operators: a partition starts jobs or does not, until the centre is started again. Answered by `Done`.
    Partition {
        /// Its name.
        name: String,
        /// Whether it starts jobs.
        up: bool,
    },
    /// Electricity. Answered by `Energy` or `Done`.
    Energy(EnergyRequest),
    /// Money. Answered by `Money` or `Done`.
    Money(Box<MoneyRequest>),
    /// Operators: the Slurm that runs the jobs. Answered by `Cluster`.
    Cluster(crate::ClusterRequest),
    /// Machines of a cluster that report by themselves. Answered by `Agents`, or `Done`.
    Agents(crate::AgentsRequest),
    /// The web process, on behalf of somebody. Answered by `Portal`, or as the command that it carries.
    Portal(Box<PortalRequest>),
    /// Members of the portal, asked for by an account of this machine. Answered by `Portal`.
    People(Box<PeopleRequest>),
}

/// A job without a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Allocation {
    /// The wishes, as for a batch job. The first argument names the socket of whoever waits for it.
    pub submission: Submission,
    /// The step that begins with it; its job is not known yet and not read.
    pub step: Option<StepRequest>,
    /// Now or never.
    pub immediate: bool,
}

/// A submission as the command made it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submission {
    /// The wishes. The centre overwrites the owner with what the kernel says, and fills in defaults.
    pub spec: JobSpec,
    /// The batch script.
    pub script: Vec<u8>,
    /// The environment that goes along.
    pub environment: Vec<(Text, Text)>,
    /// The form that it was filled in on.
    pub form: Option<JobForm>,
    /// Say what would happen, start nothing (`--test-only`).
    pub test_only: bool,
}

/// A job, an array, or one task or some tasks of an array.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobTarget {
    /// The number before the underscore.
    pub id: JobId,
    /// The numbers after it; `None`: all of it.
    pub tasks: Option<IndexSet>,
}

/// Which jobs of the queue; the centre shows what the reader may see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct QueueQuery {
    /// Only these.
    pub targets: Option<Vec<JobTarget>>,
    /// Only of these users, by name.
    pub users: Option<Vec<String>>,
    /// Also those that ended in the last minutes.
    pub finished: bool,
}

/// Which runs and steps; the centre shows what the reader may see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AccountQuery {
    /// Only these.
    pub targets: Option<Vec<JobTarget>>,
    /// Only of these users, by name; `None`: the asker's own, or everybody's with `all_users`.
    pub users: Option<Vec<String>>,
    /// Everybody's that the asker may see.
    pub all_users: bool,
    /// In one of the states wanted at or after this time...
    pub since: Option<Time>,
    /// ...and at or before this one.
    pub until: Option<Time>,
    /// With their steps.
    pub steps: bool,
    /// Also earlier attempts of requeued jobs.
    pub duplicates: bool,
}

/// What `scancel` is to hit, all conditions together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CancelFilter {
    /// These, or with an empty list all that the conditions match.
    pub targets: Vec<JobTarget>,
    /// Only this step of the (single) target.
    pub step: Option<StepId>,
    /// `-u`
    pub user: Option<String>,
    /// `-n`
    pub names: Vec<Text>,
    /// `-p`
    pub partition: Option<String>,
    /// `-A`
    pub account: Option<String>,
    /// `-q`
    pub qos: Option<String>,
    /// `-t`
    pub states: Vec<JobState>,
    /// Send this signal instead of ending the job.
    pub signal: Option<u8>,
    /// To the batch shell only.
    pub batch_only: bool,
    /// To the batch shell and the steps.
    pub full: bool,
}

/// `scontrol update job`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum UpdateChange {
    /// `TimeLimit=`
    TimeLimit(TimeLimit),
    /// `Priority=`
    Priority(u32),
    /// `Nice=`
    Nice(i32),
    /// `JobName=`
    Name(Text),
    /// `StartTime=`; `None`: now
    Begin(Option<Time>),
    /// `Partition=`
    Partition(String),
    /// `QOS=`
    Qos(String),
    /// `Account=`
    Account(String),
    /// `Dependency=`; `None`: none
    Dependency(Option<model::Dependency>),
    /// `ArrayTaskThrottle=`; 0: none
    ArrayLimit(u32),
    /// `Comment=`
    Comment(Text),
    /// `Requeue=`
    Requeue(bool),
    /// `Deadline=`
    Deadline(Option<Time>),
    /// `ReservationName=`
    Reservation(Option<String>),
    /// `NumTasks=`, `NumCPUs=`, `CPUsPerTask=`, `MinMemoryNode=`, `MinMemoryCPU=`
    Needs(NeedsChange),
    /// `MailType=`
    Mail(model::MailEvents),
    /// `MailUser=`
    MailUser(String),
    /// `StdOut=`
    StdOut(Text),
    /// `StdErr=`
    StdErr(Text),
    /// `StdIn=`
    StdIn(Text),
    /// `WorkDir=`
    Workdir(Text),
    /// `WCKey=`
    Wckey(String),
    /// `TimeMin=`
    TimeMin(model::Span),
}

/// One number of what a waiting job asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NeedsChange {
    /// Tasks.
    Tasks(u32),
    /// CPUs a task.
    CpusPerTask(u32),
    /// CPUs in all: tasks of one CPU.
    Cpus(u32),
    /// Nodes, least and greatest.
    Nodes(u32, u32),
    /// Memory.
    Memory(model::Memory),
}

/// A step of `srun` that wants to start inside a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRequest {
    /// The job.
    pub job: JobId,
    /// The step's name: the program's.
    pub name: Text,
    /// Tasks.
    pub tasks: u32,
    /// CPUs a task.
    pub cpus_per_task: u32,
    /// Tasks may share the CPUs that there are (`--overcommit`).
    pub overcommit: bool,
    /// Take CPUs that other steps have too (`--overlap`).
    pub overlap: bool,
    /// Take only what the tasks need (`--exact`); else all of the job's free CPUs.
    pub exact: bool,
    /// Answer at once, refused, when there is no room (`--immediate`).
    pub immediate: bool,
    /// The socket of an `srun` that is not inside the job: a process shall be started there that calls back.
    pub runner: Option<Text>,
    /// The socket where `sattach` finds the step.
    pub attach: Option<Text>,
}

/// How a step ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepResult {
    /// The job.
    pub job: JobId,
    /// The step.
    pub step: StepId,
    /// State it ended in.
    pub state: JobState,
    /// Its worst exit.
    pub exit: Exit,
    /// What it used.
    pub usage: Usage,
    /// The CPUs it had.
    pub cpus: CpuSet,
    /// With it ends the allocation that the asker owns.
    pub last: bool,
}

//! What the listing commands show, one row a thing: facts only, already allowed for the reader, not yet formatted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    CpuSet, Exit, IndexSet, JobId, JobSpec, JobState, Memory, Owner, Reason, Span, StepId, Text, Time, TimeLimit, Uid,
    Usage,
};

/// What a job record is to an array.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ArrayPlace {
    /// No array.
    Single,
    /// One task, with a record of its own.
    Task {
        /// The array's id (`%A`).
        base: JobId,
        /// The task's number (`%a`).
        index: u32,
    },
    /// The record of the array: the tasks that have not started.
    Pending {
        /// The array's id.
        base: JobId,
        /// Tasks left.
        tasks: IndexSet,
        /// `%N`.
        limit: Option<u32>,
    },
}

/// A job in the queue or just out of it (`squeue`, `scontrol show job`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueRow {
    /// The record's number (`%A` of squeue is this one).
    pub id: JobId,
    /// Its place in an array.
    pub array: ArrayPlace,
    /// Name.
    pub name: Text,
    /// Owner; shared between rows.
    pub owner: Arc<Owner>,
    /// Project.
    pub account: Arc<str>,
    /// Partition.
    pub partition: Arc<str>,
    /// QOS.
    pub qos: Arc<str>,
    /// State.
    pub state: JobState,
    /// Reason.
    pub reason: Reason,
    /// Priority, 0 when held.
    pub priority: u32,
    /// Nice value.
    pub nice: i32,
    /// CPUs allocated, or asked for while pending.
    pub cpus: u32,
    /// Tasks.
    pub tasks: u32,
    /// CPUs a task; 1 when not asked for.
    pub cpus_per_task: u32,
    /// Nodes asked for or allocated.
    pub nodes: u32,
    /// Memory asked for.
    pub memory: Memory,
    /// GPUs.
    pub gpus: u32,
    /// Time limit.
    pub time_limit: TimeLimit,
    /// When it was submitted (or requeued).
    pub submit: Time,
    /// When it could have started; `None`: not yet known (held, dependency).
    pub eligible: Option<Time>,
    /// When it started, or is expected to.
    pub start: Option<Time>,
    /// When it ended, or will at its limit.
    pub end: Option<Time>,
    /// How long it was suspended so far.
    pub suspended: Span,
    /// How it ended (`scontrol`'s view: the script's own).
    pub exit: Exit,
    /// How often it was requeued.
    pub restarts: u32,
    /// What it still waits for, as `squeue %E` shows it; empty: nothing.
    pub dependency: String,
    /// The machine it runs or ran on; empty while pending.
    pub node: Arc<str>,
}

impl QueueRow {
    /// Running time so far or in all, without suspensions.
    pub fn elapsed(&self, now: Time) -> Span {
        if self.state == JobState::Pending {
            return Span::ZERO;
        }
        let end = match self.end {
            Some(end) if self.state.is_final() || self.state == JobState::Completing => end,
            _ => now,
        };
        match self.start {
            Some(start) => Span(((end - start).0 - self.suspended.0).max(0)),
            None => Span::ZERO,
        }
    }
}

/// Everything about one job (`scontrol show job`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueDetail {
    /// The short facts.
    pub row: QueueRow,
    /// The submission.
    pub spec: Arc<JobSpec>,
    /// The CPUs it has, by the operating system's numbers.
    pub cpu_ids: CpuSet,
    /// The GPUs it has.
    pub gpu_ids: Vec<u32>,
    /// Output, error and input files, patterns filled in.
    pub files: [Text; 3],
    /// When its last suspension began.
    pub suspended_since: Option<Time>,
    /// When it was last looked at by the scheduler.
    pub considered: Option<Time>,
}

/// One job run, one step, or one job that has not run (`sacct`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountRow {
    /// The record's number (`JobIDRaw`).
    pub id: JobId,
    /// Its place in an array.
    pub array: ArrayPlace,
    /// `None`: the job itself.
    pub step: Option<StepId>,
    /// Which start (0: the first).
    pub attempt: u32,
    /// Name.
    pub name: Text,
    /// Owner.
    pub owner: Arc<Owner>,
    /// Project.
    pub account: Arc<str>,
    /// Partition.
    pub partition: Arc<str>,
    /// QOS.
    pub qos: Arc<str>,
    /// State.
    pub state: JobState,
    /// Who cancelled it.
    pub cancelled_by: Option<Uid>,
    /// Reason.
    pub reason: Reason,
    /// How it ended (`sacct`'s view).
    pub exit: Exit,
    /// The highest exit of its steps.
    pub derived_exit: Exit,
    /// When it was submitted.
    pub submit: Time,
    /// When it could have started.
    pub eligible: Option<Time>,
    /// When it started.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// How long it was suspended.
    pub suspended: Span,
    /// CPUs asked for.
    pub cpus_requested: u32,
    /// CPUs it had.
    pub cpus: u32,
    /// Tasks.
    pub tasks: u32,
    /// Nodes asked for.
    pub nodes: u32,
    /// Memory asked for.
    pub memory: Memory,
    /// Memory it had in MiB, when limited.
    pub memory_mib: Option<u64>,
    /// GPUs it had.
    pub gpus: u32,
    /// Time limit.
    pub time_limit: TimeLimit,
    /// Priority when it started or now.
    pub priority: u32,
    /// What it used; `None`: not measured (yet).
    pub usage: Option<Usage>,
    /// The machine; empty: none.
    pub node: Arc<str>,
    /// Working directory.
    pub workdir: Text,
    /// The command line.
    pub submit_line: Text,
    /// `--comment`.
    pub comment: Option<Text>,
    /// `--wckey`.
    pub wckey: Option<String>,
    /// Reservation it ran in.
    pub reservation: Option<String>,
}

/// A running step (`squeue -s`, `scontrol show step`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepRow {
    /// The job's record.
    pub job: JobId,
    /// The job's place in an array.
    pub array: ArrayPlace,
    /// The step.
    pub step: StepId,
    /// Its name.
    pub name: Text,
    /// Owner of the job.
    pub owner: Arc<Owner>,
    /// The job's partition.
    pub partition: Arc<str>,
    /// When it started.
    pub start: Time,
    /// CPUs.
    pub cpus: u32,
    /// Tasks.
    pub tasks: u32,
    /// The machine.
    pub node: Arc<str>,
    /// The process of `srun`, where there is one.
    pub pid: Option<u32>,
}

/// A machine (`sinfo`, `scontrol show node`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NodeRow {
    /// Name.
    pub name: String,
    /// Sockets.
    pub sockets: u32,
    /// Cores a socket.
    pub cores_per_socket: u32,
    /// Threads a core.
    pub threads_per_core: u32,
    /// CPUs in all.
    pub cpus: u32,
    /// CPUs given to jobs.
    pub cpus_allocated: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Memory given to jobs.
    pub memory_allocated_mib: u64,
    /// Memory that is free just now.
    pub memory_free_mib: u64,
    /// One-minute load in hundredths.
    pub load_centi: u32,
    /// GPUs.
    pub gpus: u32,
    /// GPUs given to jobs.
    pub gpus_allocated: u32,
    /// `None`: in service. Else: drained, why, by whom, since when.
    pub drained: Option<(String, Uid, Time)>,
    /// The launcher answers.
    pub up: bool,
    /// A reservation of the whole machine is in force.
    pub reserved: bool,
    /// Declared bigger than it is, for tests and courses.
    pub simulated: bool,
    /// Partitions it belongs to.
    pub partitions: Vec<String>,
    /// When the machine booted.
    pub boot: Option<Time>,
    /// When the centre started.
    pub started: Option<Time>,
    /// Kernel name, release, architecture.
    pub os: String,
}

/// A partition (`sinfo`, `scontrol show partition`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartitionRow {
    /// Name.
    pub name: String,
    /// Submissions without `-p` go here.
    pub default: bool,
    /// Starts jobs (up) or not.
    pub up: bool,
    /// Greatest time limit.
    pub max_time: TimeLimit,
    /// Time limit of who asks for none.
    pub default_time: TimeLimit,
    /// Memory of who asks for none.
    pub default_memory: Memory,
    /// Its machines.
    pub nodes: Vec<String>,
    /// CPUs in all.
    pub cpus: u32,
    /// Memory in all, MiB.
    pub memory_mib: u64,
}

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
    /// Energy that it is answerable for, in microjoules; `None`: not measured. Of a step of `srun` it is not known.
    pub energy_uj: Option<i64>,
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

/// Whether a machine is on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum NodePower {
    /// It takes jobs.
    #[default]
    On,
    /// It was told to go off.
    GoingOff,
    /// It is off.
    Off,
    /// It was told to come up.
    Booting,
    /// It does not come up.
    Failed {
        /// What was seen.
        reason: String,
        /// Since when.
        since: Time,
    },
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
    /// What it draws now, and has drawn on average since the centre started, in watts; `None`: no meter tells.
    pub watts: Option<(u32, u32)>,
    /// GPUs.
    pub gpus: u32,
    /// GPUs given to jobs.
    pub gpus_allocated: u32,
    /// `None`: in service. Else: drained, why, by whom, since when.
    pub drained: Option<(String, Uid, Time)>,
    /// Whether it is on, where it can be switched.
    pub power: NodePower,
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

/// What a submission says beyond its [`QueueRow`], as far as programs ask for it: a part of [`JobSpec`], by the same
/// names, so that it can be read from where that is kept without reading all of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// `--comment`.
    pub comment: Option<Text>,
    /// `--wckey`.
    pub wckey: Option<String>,
    /// The script's path; `None` for `--wrap` and standard input.
    pub command: Option<Text>,
    /// Arguments after the script.
    pub args: Vec<Text>,
    /// `-D`.
    pub workdir: Text,
    /// `-i`, as given.
    pub stdin: Option<Text>,
    /// `-o`, as given.
    pub stdout: Option<Text>,
    /// `-e`, as given.
    pub stderr: Option<Text>,
    /// `--constraint`.
    pub features: Option<String>,
    /// `--reservation`.
    pub reservation: Option<String>,
    /// `--deadline`.
    pub deadline: Option<Time>,
    /// `--time-min`.
    pub time_min: Option<Span>,
    /// `--requeue`.
    pub requeue: bool,
    /// It has a script.
    pub batch: bool,
    /// `--kill-on-invalid-dep`.
    pub kill_on_invalid_dep: Option<bool>,
    /// What it needs of the machine, as far as the row does not say it.
    pub request: WishedRequest,
}

/// A part of [`crate::Request`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WishedRequest {
    /// `--ntasks-per-node`.
    pub tasks_per_node: Option<u32>,
    /// `-N` (least, greatest).
    pub nodes: Option<(u32, u32)>,
    /// `--exclusive`.
    pub exclusive: bool,
    /// `--threads-per-core`.
    pub threads_per_core: Option<u32>,
}

impl From<&JobSpec> for Wishes {
    fn from(spec: &JobSpec) -> Self {
        Self {
            comment: spec.comment.clone(),
            wckey: spec.wckey.clone(),
            command: spec.command.clone(),
            args: spec.args.clone(),
            workdir: spec.workdir.clone(),
            stdin: spec.stdin.clone(),
            stdout: spec.stdout.clone(),
            stderr: spec.stderr.clone(),
            features: spec.features.clone(),
            reservation: spec.reservation.clone(),
            deadline: spec.deadline,
            time_min: spec.time_min,
            requeue: spec.requeue,
            batch: spec.batch,
            kill_on_invalid_dep: spec.kill_on_invalid_dep,
            request: WishedRequest {
                tasks_per_node: spec.request.tasks_per_node,
                nodes: spec.request.nodes,
                exclusive: spec.request.exclusive,
                threads_per_core: spec.request.threads_per_core,
            },
        }
    }
}

/// A job as programs ask for it (`squeue --json`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueRecord {
    /// The short facts.
    pub row: QueueRow,
    /// The rest.
    pub wishes: Wishes,
    /// The cores it has or had: socket, and core within it, both from 0.
    pub cores: Vec<(u32, u32)>,
}

/// The parts of a waiting job's priority, each already weighted (`sprio`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriorityRow {
    /// The job.
    pub row: QueueRow,
    /// For its time in the queue.
    pub age: i64,
    /// For using little lately.
    pub fair_share: i64,
    /// For its size.
    pub size: i64,
    /// For its partition.
    pub partition: i64,
    /// For its QOS.
    pub qos: i64,
    /// A priority that an operator gave instead of all that.
    pub fixed: Option<u32>,
}

/// What each part of a priority may count for at most (`sprio -w`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PriorityWeights {
    /// Time in the queue.
    pub age: u32,
    /// Little use lately.
    pub fair_share: u32,
    /// Size.
    pub size: u32,
    /// Partition.
    pub partition: u32,
    /// QOS.
    pub qos: u32,
}

/// What a project, or one of its users, may use and has used (`sshare`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShareRow {
    /// The project.
    pub account: String,
    /// The user; `None`: the project as a whole.
    pub user: Option<String>,
    /// Shares of the project; of a user always 1.
    pub shares: u32,
    /// CPU-milliseconds used, faded.
    pub used_cpu_ms: u64,
    /// Fair-share factor, 0 to 65536; of a user only.
    pub factor: Option<u32>,
    /// CPU-minutes that running jobs may still take, if each takes its whole limit.
    pub running_cpu_minutes: u64,
}

/// A quality of service (`sacctmgr show qos`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QosRow {
    /// Name.
    pub name: String,
    /// Adds to priority, 0 to 1000 thousandths.
    pub priority: u32,
    /// QOS whose running jobs its jobs may displace.
    pub preempts: Vec<String>,
    /// How its own jobs are displaced, in Slurm's word.
    pub preempt_mode: String,
    /// CPUs at once for all.
    pub max_cpus: Option<u32>,
    /// CPUs at once for one user.
    pub max_cpus_per_user: Option<u32>,
    /// Running jobs at once for one user.
    pub max_jobs_per_user: Option<u32>,
    /// Greatest time limit.
    pub max_time: TimeLimit,
}

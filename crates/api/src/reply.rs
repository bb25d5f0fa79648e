//! What the centre answers.

use model::{
    AccountRow, CpuSet, Exit, JobId, JobState, NodePower, NodeRow, PartitionRow, PriorityRow, PriorityWeights, QosRow,
    QueueDetail, QueueRecord, QueueRow, Reason, ShareRow, StepRow, Text, Time, Uid,
};
use serde::{Deserialize, Serialize};

use crate::{AdminRow, EnergyReply, MoneyReply, PortalReply, Quote, Refusal, ReservationSpec};

/// One answer, or part of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It is done, and on disk.
    Done,
    /// It is not done, and why.
    Refused(Refusal),
    /// The job has this number and will not be forgotten.
    Submitted(JobId),
    /// `--test-only`: it would have this number and start then with so many CPUs in that partition.
    WouldStart {
        /// Number.
        id: JobId,
        /// Expected start, if it can be told.
        start: Option<Time>,
        /// CPUs.
        cpus: u32,
        /// Partition.
        partition: String,
        /// Machine.
        node: String,
    },
    /// The job (all of it) is over.
    Ended {
        /// The worst state.
        state: JobState,
        /// The worst exit.
        exit: Exit,
    },
    /// Part of the queue.
    Queue(Vec<QueueRow>),
    /// Some jobs in full.
    Details(Vec<QueueDetail>),
    /// Running steps.
    Steps(Vec<StepRow>),
    /// Part of the accounts.
    Accounts(Vec<AccountRow>),
    /// Nothing more follows.
    End,
    /// Machines.
    Nodes(Vec<NodeRow>),
    /// Partitions.
    Partitions(Vec<PartitionRow>),
    /// Settings by name.
    Settings(Vec<(String, String)>),
    /// What a cancellation hit, and what it could not.
    Matched {
        /// How many records.
        hit: u32,
        /// What was refused, by the number asked for.
        refused: Vec<(JobId, Refusal)>,
    },
    /// Why a job waits.
    Why(Box<WhyReport>),
    /// What happened to a job.
    History(Vec<HistoryRow>),
    /// The centre at a glance.
    Status(Box<StatusReport>),
    /// Reservations.
    Reservations(Vec<ReservationSpec>),
    /// Projects, members or operators.
    Admin(Vec<AdminRow>),
    /// The step may start.
    Step {
        /// Its number.
        step: u32,
        /// CPUs it has, by the operating system's numbers; empty: not bound.
        cpus: CpuSet,
        /// What describes the job, for an `srun` that is not inside it.
        environment: Vec<(Text, Text)>,
        /// Seconds between the first signal that ends a job and SIGKILL.
        kill_wait: u32,
    },
    /// The allocation waits.
    Queued {
        /// Its number.
        id: JobId,
        /// Why.
        reason: Reason,
    },
    /// The allocation has started.
    Granted(Box<Granted>),
    /// Where the step is found.
    Attach {
        /// Name of its socket.
        socket: Text,
        /// Its tasks.
        tasks: u32,
    },
    /// To the `srun` of a running step, unasked: send this signal to the tasks; 0: end them.
    Signal(u8),
    /// Part of the queue, for programs.
    Records(Vec<QueueRecord>),
    /// What was handed in with a job.
    Papers {
        /// The number of the submission.
        id: JobId,
        /// The batch script; empty: there is none.
        script: Vec<u8>,
        /// `NAME=value`, each ended by a NUL.
        environment: Vec<u8>,
    },
    /// Priorities of waiting jobs.
    Priorities {
        /// What each part may count for at most.
        weights: PriorityWeights,
        /// The jobs.
        rows: Vec<PriorityRow>,
    },
    /// Projects, each followed by its users.
    Shares(Vec<ShareRow>),
    /// How the centre does.
    Diagnostics(Box<Diagnostics>),
    /// Qualities of service.
    Qos(Vec<QosRow>),
    /// What a job would take.
    Quote(Box<Quote>),
    /// Electricity.
    Energy(EnergyReply),
    /// Money.
    Money(MoneyReply),
    /// About the Slurm that runs the jobs.
    Cluster(Box<crate::ClusterReply>),
    /// How the cluster is seen.
    ClusterState(Box<crate::ClusterState>),
    /// To [`crate::Request::Agents`].
    Agents(crate::AgentsReply),
    /// What the web process asked.
    Portal(Box<PortalReply>),
}

impl Reply {
    /// Whether the request is fully answered by this.
    pub fn is_last(&self) -> bool {
        let more = matches!(self, Reply::Queue(_) | Reply::Records(_) | Reply::Details(_) | Reply::Accounts(_));
        let pages = matches!(self, Reply::Money(MoneyReply::Entries(_) | MoneyReply::Document(..)));
        !more && !pages && !matches!(self, Reply::Queued { .. } | Reply::Signal(_))
    }
}

/// An allocation that has started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The job.
    pub job: JobId,
    /// Number and CPUs of the step that began with it.
    pub step: Option<(u32, CpuSet)>,
    /// What describes the job to its processes (`SLURM_*`).
    pub environment: Vec<(Text, Text)>,
    /// Login name of its owner.
    pub user: String,
    /// The machine.
    pub node: String,
    /// CPUs of the job.
    pub cpus: u32,
    /// Seconds between the first signal that ends a job and SIGKILL.
    pub kill_wait: u32,
}

/// Why a job waits, as facts; the command puts them into words in the reader's language.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhyReport {
    /// The job as asked for.
    pub shown: String,
    /// Its state.
    pub state: JobState,
    /// Slurm's reason.
    pub reason: Reason,
    /// Its priority.
    pub priority: u32,
    /// Waiting jobs that go before it: how many in all.
    pub ahead: u32,
    /// The first of them that the reader may see.
    pub ahead_ids: Vec<JobId>,
    /// Running jobs whose end it waits for, those that the reader may see.
    pub running_ids: Vec<JobId>,
    /// Running jobs in all.
    pub running: u32,
    /// CPUs it needs.
    pub needs_cpus: u32,
    /// CPUs free now.
    pub free_cpus: u32,
    /// Memory it needs, MiB.
    pub needs_memory_mib: u64,
    /// Memory free now, MiB.
    pub free_memory_mib: u64,
    /// GPUs it needs.
    pub needs_gpus: u32,
    /// GPUs free now.
    pub free_gpus: u32,
    /// CPUs of the whole machine or partition.
    pub total_cpus: u32,
    /// What it still depends on, in Slurm's words.
    pub dependency: String,
    /// Not before.
    pub eligible: Option<Time>,
    /// When it should start if all jobs ahead take their full time.
    pub expected_start: Option<Time>,
    /// Why the machine is drained.
    pub drained: Option<String>,
    /// The limit of a QOS, partition, array or reservation that holds it, by name and value.
    pub limit: Option<(String, String)>,
    /// Every cause that holds.
    pub causes: Vec<WhyCause>,
}

/// A cause of waiting, with what a sentence about it needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WhyCause {
    /// Held by its owner.
    Held,
    /// Held by an operator.
    HeldByOperator,
    /// Put back in the queue, held.
    HeldAfterRequeue,
    /// Other jobs come first, by its own wish: [`WhyReport::dependency`].
    Dependency,
    /// Not before.
    Begin(Time),
    /// It fears no delay, and waits for cheap hours.
    CheapHours {
        /// Their begin for it: its start, if there is room then.
        start: Time,
        /// What it saves of the cost of its electricity, in thousandths.
        saving_permille: u32,
        /// The same in micro-euros, where it is known what the machine draws: of all its tasks.
        saving_microeur: Option<i64>,
        /// How long it is taken to run.
        run_s: i64,
    },
    /// As many tasks of its array run as may.
    ArrayLimit {
        /// Run now.
        running: u32,
        /// May run.
        limit: u32,
    },
    /// Its partition is down or not there.
    PartitionDown(String),
    /// It asks for more than its partition has.
    TooBig {
        /// CPUs asked for.
        cpus: u32,
        /// CPUs that there are.
        of: u32,
    },
    /// It asks for longer than it may: the longest, as Slurm writes it.
    TooLong(String),
    /// The machine takes no new jobs.
    Drained {
        /// Why.
        reason: String,
        /// Who said so, by name.
        by: String,
        /// Since when.
        since: Time,
    },
    /// Its reservation has not begun, is over, is not there, or is too short or too small for it.
    Reservation {
        /// Its name.
        name: String,
        /// From when to when, if it is there.
        span: Option<(Time, Time)>,
    },
    /// A limit of its QOS is reached.
    QosLimit {
        /// The QOS.
        qos: String,
        /// Which limit.
        limit: Reason,
    },
    /// Its partition may use no more cores at once.
    PartitionFull {
        /// The partition.
        partition: String,
        /// Cores it may use.
        cores: u32,
    },
    /// Part of the machine is kept for others while it would run.
    Kept {
        /// The reservation.
        name: String,
        /// From.
        start: Time,
        /// Until.
        end: Time,
    },
    /// Nodes are on their way to come up.
    Booting {
        /// Which, as a list of hosts.
        nodes: String,
        /// When the last of them should be up.
        up: Time,
    },
    /// It needs more than there is without a node that does not come up.
    NodeFailed {
        /// Which.
        node: String,
        /// Why.
        reason: String,
    },
    /// Others go first.
    Priority,
    /// It is next, but there is no room.
    Resources,
}

/// One change of state of a job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryRow {
    /// When.
    pub at: Time,
    /// The record concerned.
    pub id: JobId,
    /// What happened, one word (`submitted`, `started`, `ended`, …).
    pub what: String,
    /// Who, why, where.
    pub detail: String,
}

/// The centre at a glance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusReport {
    /// Name of the centre.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// Process of the centre.
    pub pid: u32,
    /// Process of the launcher.
    pub launcher_pid: u32,
    /// Where its pages are served; empty until there are pages.
    pub url: String,
    /// Data directory.
    pub data: String,
    /// It answers and can start jobs.
    pub ready: bool,
    /// Why it is not ready.
    pub not_ready: String,
    /// When it started.
    pub started: Time,
    /// Its clock.
    pub now: Time,
    /// The machine.
    pub node: NodeRow,
    /// What of it can be switched, by name; nothing where it is always on.
    pub nodes: Vec<(String, NodePower)>,
    /// What limits hold on this machine, in words.
    pub guarantees: String,
    /// Running jobs.
    pub running: u32,
    /// Waiting jobs, tasks of arrays counted one by one.
    pub pending: u64,
    /// Suspended jobs.
    pub suspended: u32,
    /// Who runs and waits; only what the reader may see.
    pub users: Vec<LoadRow>,
    /// Projects of the reader whose running jobs come near the end of a budget, with the thousandths of it that are used.
    pub budgets: Vec<(String, u64)>,
    /// Resident memory of the centre, KiB.
    pub rss_kib: u64,
}

/// One user's share of the moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoadRow {
    /// Login name.
    pub user: String,
    /// User.
    pub uid: Uid,
    /// Running jobs.
    pub running: u32,
    /// CPUs they have.
    pub cpus: u32,
    /// Waiting jobs.
    pub pending: u64,
}

/// What the centre has done since it was started (`sdiag`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Its clock.
    pub now: Time,
    /// When it was started.
    pub since: Time,
    /// Commands that are connected.
    pub connections: u32,
    /// Submissions taken in.
    pub submitted: u64,
    /// Runs started.
    pub started: u64,
    /// Runs that ended well.
    pub completed: u64,
    /// Jobs that people ended.
    pub cancelled: u64,
    /// Runs that ended otherwise.
    pub failed: u64,
    /// Records that wait.
    pub pending: u32,
    /// Runs on the machine.
    pub running: u32,
    /// Passes over the queue.
    pub passes: u64,
    /// All of them together, microseconds.
    pub passes_us: u64,
    /// The last one.
    pub last_pass_us: u64,
    /// The longest one.
    pub longest_pass_us: u64,
    /// Questions and orders by kind: how often, microseconds until answered or handed on.
    pub by_kind: Vec<(String, u64, u64)>,
    /// The same by user.
    pub by_user: Vec<(String, Uid, u64, u64)>,
}

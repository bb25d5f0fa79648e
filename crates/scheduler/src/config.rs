//! What the centre's owner decides: partitions, QOS, weights, limits. Plain data; the centre reads it from a file.

use std::collections::BTreeMap;

use model::{Machine, Memory, Span, TimeLimit};

use crate::flexible::Flexible;
use crate::power::{Node, Power};

/// Everything the scheduler is told about the centre.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// The machine.
    pub machine: Machine,
    /// At least one; the first is the default unless another says so.
    pub partitions: Vec<Partition>,
    /// At least `normal`.
    pub qos: Vec<Qos>,
    /// What counts how much in a priority.
    pub weights: Weights,
    /// Past use counts half after so long.
    pub half_life: Span,
    /// A waiting job's age counts no more after so long.
    pub max_age: Span,
    /// Shares of projects; all who are not named have 1 together.
    pub shares: BTreeMap<String, u32>,
    /// After a requeue a job waits so long (Slurm: 120 s).
    pub requeue_delay: Span,
    /// Greatest number of tasks in one array, and greatest task number plus one.
    pub max_array: u32,
    /// Greatest number of jobs in the queue.
    pub max_jobs: u32,
    /// Greatest number of jobs that a user may have waiting and running, each task of an array counted; operators may
    /// have more.
    pub max_submit_per_user: u32,
    /// Cancel jobs whose dependency can no longer be fulfilled.
    pub kill_on_invalid_dep: bool,
    /// Finished jobs stay in the state so long (Slurm's `MinJobAge`: 300 s)...
    pub min_job_age: Span,
    /// ...but no more than so many.
    pub max_finished: usize,
    /// Let later jobs go first where they delay nobody (EASY backfilling).
    pub backfill: bool,
    /// Look at no more than so many candidates for backfilling in one pass.
    pub backfill_depth: usize,
    /// How much jobs that fear no delay may be moved to cheap hours.
    pub flexible: Flexible,
    /// What of the machine can be switched: together all of it, each node with the next cores, memory and GPUs in order.
    /// None: the machine is always on.
    pub nodes: Vec<Node>,
    /// When nodes without a job are off.
    pub power: Power,
}

/// A partition of the one machine.
#[derive(Clone, PartialEq, Debug)]
pub struct Partition {
    /// Name.
    pub name: String,
    /// The default one.
    pub default: bool,
    /// Whether it starts jobs.
    pub up: bool,
    /// Greatest time limit.
    pub max_time: TimeLimit,
    /// Time limit of who asks for none.
    pub default_time: TimeLimit,
    /// Memory of who asks for none.
    pub default_memory: Memory,
    /// So many cores at most; `None`: all.
    pub max_cores: Option<u32>,
    /// Adds to priority, 0 to 1000 thousandths of its weight.
    pub priority: u32,
    /// Users who may use it (login names); empty: everybody.
    pub allow_users: Vec<String>,
    /// Projects that may use it; empty: all.
    pub allow_accounts: Vec<String>,
}

/// A quality of service.
#[derive(Clone, PartialEq, Debug)]
pub struct Qos {
    /// Name.
    pub name: String,
    /// Adds to priority, 0 to 1000 thousandths of its weight.
    pub priority: u32,
    /// QOS whose running jobs its jobs may displace.
    pub preempts: Vec<String>,
    /// How its own jobs are displaced.
    pub preempt_mode: PreemptMode,
    /// CPUs at once for one user.
    pub max_cpus_per_user: Option<u32>,
    /// Running jobs at once for one user.
    pub max_jobs_per_user: Option<u32>,
    /// CPUs at once for all.
    pub max_cpus: Option<u32>,
    /// Greatest time limit.
    pub max_time: TimeLimit,
    /// Only operators give it (`urgent`).
    pub operators_only: bool,
    /// Its jobs fear no delay: they may wait for cheap hours.
    pub flexible: bool,
}

/// What happens to a running job that must make place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PreemptMode {
    /// It never must.
    Off,
    /// Its processes stop and go on later; its memory stays taken.
    Suspend,
    /// It goes back to the queue, or is cancelled if it does not allow that.
    Requeue,
    /// It is cancelled.
    Cancel,
}

/// Weights of the factors of a priority; each factor runs from 0 to 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Time waited, up to `max_age`.
    pub age: u32,
    /// Little used lately, for the shares.
    pub fair_share: u32,
    /// Bigger first.
    pub size: u32,
    /// The partition's.
    pub partition: u32,
    /// The QOS's.
    pub qos: u32,
}

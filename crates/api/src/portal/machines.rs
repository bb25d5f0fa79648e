//! The machines that compute, and those that only report, one by one. What everybody may see of each, and what only those
//! who run the centre do.

use model::Time;
use serde::{Deserialize, Serialize};

use super::{BoardJob, BoardState};
use crate::AgentRow;

/// Machines at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MachinesBoard {
    /// When this was.
    pub now: Time,
    /// The cluster's name; empty: the centre runs jobs itself.
    pub cluster: String,
    /// How many there are in all, by what they do.
    pub states: Vec<(Option<BoardState>, u32)>,
    /// Those that were asked for, by name.
    pub machines: Vec<MachineShown>,
    /// There are more behind the last.
    pub more: bool,
}

/// A machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MachineShown {
    /// Its name.
    pub name: String,
    /// What it is doing; `None`: no jobs are sent there, it only reports.
    pub state: Option<BoardState>,
    /// Its cores,
    pub cores: u32,
    /// and how many of them jobs have.
    pub busy: u32,
    /// Memory for jobs, MiB,
    pub memory_mib: u64,
    /// and how much of it they have; `None`: nobody knows.
    pub memory_used_mib: Option<u64>,
    /// GPUs for jobs,
    pub gpus: u32,
    /// and how many of them they have.
    pub gpus_used: u32,
    /// What runs there; of very many the greatest. Cores are those of the whole job, on all of its machines.
    pub jobs: Vec<BoardJob>,
    /// How many run there.
    pub running: u32,
    /// What it draws now, if anything tells it, milliwatts.
    pub power_mw: Option<i64>,
    /// Whether it is well.
    pub health: MachineHealth,
    /// For those who run the centre.
    pub inside: Option<Box<MachineInside>>,
}

/// Whether a machine is well, as its own probes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum MachineHealth {
    /// Nobody looks.
    #[default]
    Unknown,
    /// All that was looked at is as it should be.
    Good,
    /// Something is not.
    Bad,
    /// It should report, and says nothing.
    Silent,
}

/// What only those who run the centre see of a machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MachineInside {
    /// Slurm's words for its state; empty: no Slurm has it.
    pub slurm: String,
    /// Why it takes no jobs.
    pub reason: Option<String>,
    /// What it says of itself; `None`: it does not report.
    pub report: Option<AgentRow>,
}

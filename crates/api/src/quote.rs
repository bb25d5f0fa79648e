//! What a job would take, cost and wait. Must not know how that is found out.

use model::Time;
use serde::{Deserialize, Serialize};

/// The answer to "what if I submitted this now?". Of an array, all tasks together, as if they ran at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quote {
    /// Partition.
    pub partition: String,
    /// QOS.
    pub qos: String,
    /// Tasks of an array; 1 for a job.
    pub tasks: u64,
    /// CPUs of each.
    pub cpus: u32,
    /// Memory of each, MiB; `None`: not limited.
    pub memory_mib: Option<u64>,
    /// GPUs of each; what they draw is not in the figures.
    pub gpus: u32,
    /// The time limit; `None`: it has none.
    pub greatest_s: Option<i64>,
    /// How long similar jobs of the same member ran; `None`: too few, or the member's limits were nearer to the truth.
    pub expected: Option<Expected>,
    /// What each is taken to draw, milliwatts; `None`: nobody measured this machine.
    pub power_mw: Option<i64>,
    /// How that is known: `model` (a figure that the operator wrote down) or `calibration`.
    pub power_source: String,
    /// Microjoules.
    pub energy_uj: Amounts,
    /// Name of the contract that is in force.
    pub contract: String,
    /// Whether the contract, and all its prices that matter here, are known.
    pub price_is_known: bool,
    /// What its project pays for it; `None`: its jobs have no price.
    pub price: Option<Price>,
    /// Whether the job may wait for cheap hours, as it was submitted.
    pub is_flexible: bool,
    /// If it starts when there is room.
    pub now: Offer,
    /// If it may wait for cheap hours; `None`: waiting would not change its start.
    pub flexible: Option<Offer>,
}

/// What a project pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Price {
    /// Which tariff, as usage lines name it; empty: none.
    pub tariff: String,
    /// Micro-euros without tax.
    pub microeur: Amounts,
    /// Why it would be refused now.
    pub refusal: Option<String>,
}

/// A run time as history has it, in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expected {
    /// One of ten was shorter.
    pub low_s: i64,
    /// Half were shorter.
    pub middle_s: i64,
    /// One of ten was longer.
    pub high_s: i64,
    /// How many runs say so.
    pub runs: u32,
    /// Of which jobs of the member: `same` (application and CPUs), `application` or `member` (all).
    pub of: String,
}

/// A start and what it costs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// When it would start; `None`: nobody can say, and costs are those of a start now.
    pub start: Option<Time>,
    /// Micro-euros of electricity.
    pub cost_microeur: Amounts,
}

/// Something for each run time that matters; `None`: not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Amounts {
    /// For [`Expected::low_s`].
    pub low: Option<i64>,
    /// For [`Expected::middle_s`].
    pub expected: Option<i64>,
    /// For [`Expected::high_s`].
    pub high: Option<i64>,
    /// For the time limit.
    pub greatest: Option<i64>,
}

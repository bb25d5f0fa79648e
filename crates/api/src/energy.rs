//! What is asked and answered about electricity: microjoules, micro-euros and milligrams, all whole.

use model::{JobId, JobState, Time};
use serde::{Deserialize, Serialize};

use crate::JobTarget;

/// A question or an order about electricity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum EnergyRequest {
    /// How much was used. Answered by [`EnergyReply::Used`].
    Used {
        /// `2026`, `2026-11` or `2026-11-22`, local to the contract; `None`: this month.
        period: Option<String>,
        /// In which rows.
        by: EnergyBy,
    },
    /// A month against the site's meter and the bill. Answered by [`EnergyReply::Month`].
    Month {
        /// `2026-11`.
        month: String,
        /// The energy on the bill.
        billed_uj: Option<i64>,
    },
    /// What these runs are answerable for. Answered by [`EnergyReply::Runs`].
    Runs(JobTarget),
    /// The same in sum, without the single runs: of a great array, too, at once. Answered by [`EnergyReply::Runs`].
    Sum(JobTarget),
    /// The contract in force, and its prices from now on. Answered by [`EnergyReply::Contract`].
    Contract {
        /// For so many days.
        days: u32,
    },
    /// Operators: lines of a calendar (`tempo`, `spot`, `eco2mix`), key and line. Answered by [`EnergyReply::Imported`].
    Import {
        /// Which.
        calendar: String,
        /// Each replaces the one with its key.
        lines: Vec<(String, String)>,
    },
    /// Operators: indexes of the site's meter. Answered by `Done`.
    AddIndexes(Vec<SiteIndex>),
    /// Operators: there was no such index. Answered by `Done`.
    RemoveIndex(Time),
    /// All indexes. Answered by [`EnergyReply::Indexes`].
    Indexes,
    /// Operators: what a machine was measured to draw. Answered by `Done`.
    Calibrate(Box<CalibrationRow>),
    /// All calibrations of this machine, the last one last. Answered by [`EnergyReply::Calibrations`].
    Calibrations,
    /// In which zone days, months and prices are. Answered by [`EnergyReply::Zone`].
    Zone,
}

/// In which rows use is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum EnergyBy {
    /// The parts of the period: months of a year, days of a month, hours of a day.
    Part,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
    /// Machines.
    Machine,
    /// Projects: runs that ended in the period or have not ended, those that the reader may see.
    Project,
    /// Runs, likewise.
    Job,
}

/// An answer about electricity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum EnergyReply {
    /// How much was used.
    Used(EnergyReport),
    /// A month, settled.
    Month(Box<MonthReport>),
    /// What runs are answerable for.
    Runs(Box<RunsReport>),
    /// Prices.
    Contract(ContractReport),
    /// A calendar as it is now.
    Imported {
        /// Its lines.
        lines: u64,
        /// What in it breaks the rules of its kind: which rule, and the day or year.
        odd: Vec<(String, String)>,
    },
    /// Indexes of the site's meter, the oldest first.
    Indexes(Vec<SiteIndex>),
    /// Calibrations, the oldest first.
    Calibrations(Vec<CalibrationRow>),
    /// A name such as `Europe/Paris`, or rules as POSIX writes them; empty: the machine's own, which has no name.
    Zone(String),
}

/// An index of the site's meter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SiteIndex {
    /// When it was read.
    pub at: Time,
    /// What it showed.
    pub energy_uj: i64,
}

/// What tells what a machine draws.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MeterRow {
    /// The machine.
    pub machine: String,
    /// The meter, for people; empty: none.
    pub name: String,
    /// How far its figures may be off.
    pub uncertainty_permille: u32,
    /// It is not the one that the operator prefers: that one does not answer.
    pub is_fallback: bool,
    /// The idle power that is reckoned with.
    pub idle_mw: Option<i64>,
    /// When that was measured; `None`: it is assumed.
    pub calibrated: Option<Time>,
    /// Of a machine that reports by itself: for how long nothing was heard, where that is too long, ms;
    pub silent_ms: Option<i64>,
    /// what it drew last;
    pub power_mw: Option<i64>,
    /// and how many of its probes found something wrong.
    pub faults: u32,
}

/// Use over a period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnergyReport {
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// By time or machine.
    pub used: Vec<UsedRow>,
    /// By project or run; of very many runs the first are together in one row.
    pub owners: Vec<OwnerRow>,
    /// The meters in use now.
    pub meters: Vec<MeterRow>,
    /// The operator named no contract: all prices are a guess.
    pub is_assumed: bool,
}

/// The energy of machines: `energy_uj` is the sum of the four accounts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct UsedRow {
    /// The day, the month, the machine.
    pub name: String,
    /// All of it.
    pub energy_uj: i64,
    /// Of jobs.
    pub jobs_uj: i64,
    /// Of the operating system and the centre.
    pub system_uj: i64,
    /// Idle and not reserved.
    pub unallocated_uj: i64,
    /// Known only in sum, or estimated.
    pub unmeasured_uj: i64,
    /// Milliseconds that the meter knows of.
    pub covered_ms: i64,
    /// What all of it cost.
    pub microeur: i64,
    /// Energy whose price no calendar told.
    pub guessed_uj: i64,
    /// CO2e, production average.
    pub production_mg: i64,
    /// CO2e, consumption with its life cycle.
    pub lifecycle_mg: i64,
}

/// The energy of somebody's runs: `energy_uj` = dynamic + idle + GPU.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OwnerRow {
    /// The project, or the job as `squeue` names it.
    pub name: String,
    /// Login name; empty where it is about several.
    pub user: String,
    /// How many runs.
    pub runs: u64,
    /// All of it.
    pub energy_uj: i64,
    /// For the CPU time used.
    pub dynamic_uj: i64,
    /// For what was reserved.
    pub idle_uj: i64,
    /// Of GPUs.
    pub gpu_uj: i64,
    /// How long they held their parts, together.
    pub length_ms: i64,
    /// How much of that was measured.
    pub measured_ms: i64,
    /// What all of it cost.
    pub microeur: i64,
    /// Energy whose price no calendar told.
    pub guessed_uj: i64,
    /// CO2e, production average.
    pub production_mg: i64,
    /// CO2e, consumption with its life cycle.
    pub lifecycle_mg: i64,
}

/// What one run is answerable for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunEnergy {
    /// Its record.
    pub job: JobId,
    /// Which start of it.
    pub attempt: u32,
    /// Its state.
    pub state: JobState,
    /// Physical cores that it held.
    pub cores: u32,
    /// Its sums, under the name of the job.
    pub row: OwnerRow,
}

/// What several runs are answerable for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunsReport {
    /// All of them together.
    pub total: OwnerRow,
    /// Each; of a great array the last tasks.
    pub runs: Vec<RunEnergy>,
    /// The meters in use now.
    pub meters: Vec<MeterRow>,
    /// The operator named no contract.
    pub is_assumed: bool,
    /// What a next run should ask for; `None`: nothing of it is over.
    pub advice: Option<RunAdvice>,
}

/// What runs that are over used, and what a next one should ask for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunAdvice {
    /// So many runs were looked at.
    pub runs: u64,
    /// CPUs that computed, on average, in thousandths: the busiest run's.
    pub busy_milli: u64,
    /// The most memory that any of them was seen to have, MiB.
    pub memory_mib: u64,
    /// CPUs that would do; `None`: those that it had.
    pub next_cpus: Option<u32>,
    /// A time limit that would do, milliseconds; `None`: the one that it had.
    pub next_limit_ms: Option<i64>,
    /// What the next script should say, as lines of it; empty: what this one said.
    pub lines: Vec<String>,
    /// Energy that these runs would not have been answerable for, microjoules,
    pub saved_uj: i64,
    /// and what it cost, micro-euros.
    pub saved_microeur: i64,
    /// What else to know: `too-short`, `broken`, `out-of-time`, `out-of-memory`, `fits`.
    pub remarks: Vec<String>,
}

/// A month, settled: machines + overhead = the site's meter, machines = jobs + system + unallocated + unmeasured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MonthReport {
    /// `2026-11`.
    pub month: String,
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// The machines together.
    pub machines: UsedRow,
    /// How many of them there are.
    pub count: u32,
    /// The site's meter; `None`: no index before and after.
    pub site_uj: Option<i64>,
    /// An end of the month lies between two indexes.
    pub is_interpolated: bool,
    /// What the bill says.
    pub billed_uj: Option<i64>,
    /// Cooling, network, light, losses.
    pub overhead_uj: Option<i64>,
    /// Measured, in thousandths.
    pub pue_permille: Option<i64>,
    /// What the bill, or the site's meter, says beyond all of these.
    pub unexplained_uj: Option<i64>,
    /// How far the sum of the machines may be off, by their meters.
    pub uncertainty_uj: i64,
    /// What the site's energy (without it, the machines') cost at the machines' hours.
    pub microeur: i64,
    /// The subscription.
    pub subscription_microeur: i64,
    /// The meters in use now.
    pub meters: Vec<MeterRow>,
    /// The operator named no contract.
    pub is_assumed: bool,
}

/// A contract, and what it costs when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ContractReport {
    /// Its name.
    pub name: String,
    /// Where its figures come from.
    pub source: String,
    /// Its subscription.
    pub microeur_per_month: i64,
    /// The operator named no contract; this is the one that prices are taken from for want of better.
    pub is_assumed: bool,
    /// Prices from now on.
    pub steps: Vec<PriceStep>,
}

/// A time of one price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceStep {
    /// From,
    pub start: Time,
    /// up to.
    pub end: Time,
    /// The contract.
    pub contract: String,
    /// Its rate.
    pub rate: String,
    /// What a kilowatt-hour costs.
    pub microeur_per_kwh: i64,
    /// Whether the calendars say so.
    pub is_known: bool,
}

/// What a machine was measured to draw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CalibrationRow {
    /// When; the centre's clock fills it in.
    pub at: Time,
    /// With nothing to do.
    pub idle_mw: i64,
    /// More for each CPU that computes.
    pub per_cpu_mw: i64,
    /// How far both may be off.
    pub uncertainty_permille: u32,
    /// The thousandths by which the processors' own counters are the whole.
    pub factor_permille: Option<u32>,
    /// Against what.
    pub source: String,
}

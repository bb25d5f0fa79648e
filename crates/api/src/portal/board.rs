//! What everybody may see of the centre, and where its energy went: for the front page, the screen in the entrance and the
//! pages about energy. Microjoules, milliwatts, micro-euros and milligrams, all whole.

use model::Time;
use serde::{Deserialize, Serialize};

use super::MachinesBoard;
use crate::{MeterRow, PriceStep, UsedRow};

/// About the centre as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BoardRequest {
    /// The centre at this instant. For everybody. Answered by [`BoardReply::Now`].
    Now,
    /// The machines one by one, by name. For everybody; those who run the centre see more of each. Answered by
    /// [`BoardReply::Machines`].
    Machines {
        /// Only this one.
        name: Option<String>,
        /// Only those behind this one,
        after: Option<String>,
        /// and so many at most.
        limit: u32,
    },
    /// Where energy went over `2026`, `2026-11` or `2026-11-22`, local to the contract; `None`: today. For everybody.
    /// Answered by [`BoardReply::Energy`].
    Energy {
        /// Which time.
        period: Option<String>,
        /// Only this machine.
        machine: Option<String>,
    },
    /// The same of the projects that one belongs to; of all for operators. Answered by [`BoardReply::Projects`].
    EnergyOfProjects {
        /// Which time; `None`: this month.
        period: Option<String>,
    },
    /// The same of one of them, by its days or months. Answered by [`BoardReply::Project`].
    EnergyOfProject {
        /// Its name.
        project: String,
        /// Which time; `None`: this month.
        period: Option<String>,
    },
}

/// Answers about the centre as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BoardReply {
    /// The centre at this instant.
    Now(Box<Board>),
    /// Machines.
    Machines(Box<MachinesBoard>),
    /// Its energy over a time.
    Energy(Box<EnergyBoard>),
    /// That of projects.
    Projects(Box<ProjectsBoard>),
    /// That of one of them.
    Project(Box<ProjectBoard>),
}

/// The centre at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Board {
    /// Name of the centre.
    pub centre: String,
    /// When this was.
    pub now: Time,
    /// Name of the machine.
    pub machine: String,
    /// Its cores, in the order of sockets; none where a cluster runs the jobs.
    pub cores: Vec<BoardCore>,
    /// The machines of the cluster, if one runs the jobs.
    pub nodes: Vec<BoardNode>,
    /// Memory for jobs, MiB,
    pub memory_mib: u64,
    /// and how much of it they have.
    pub memory_used_mib: u64,
    /// GPUs for jobs,
    pub gpus: u32,
    /// and how many of them they have.
    pub gpus_used: u32,
    /// It takes no new jobs.
    pub is_drained: bool,
    /// What runs; of very many the greatest.
    pub jobs: Vec<BoardJob>,
    /// How many run,
    pub running: u32,
    /// and wait.
    pub waiting: u64,
    /// What the machine draws, if anything tells it.
    pub power_mw: Option<i64>,
    /// What a kilowatt-hour costs now.
    pub microeur_per_kwh: i64,
    /// What a core-hour costs, least and greatest; `None`: nothing.
    pub core_hour_microeur: Option<(i64, i64)>,
    /// How to become a member, in the operator's own words, French and English; empty: none.
    pub join: [String; 2],
    /// What is read from the file, some seconds old at most.
    pub past: BoardPast,
}

/// What the front page shows of the past.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BoardPast {
    /// Energy since local midnight.
    pub today: UsedRow,
    /// Power over the last 24 hours: the beginning of each stretch, its mean, `None` where nobody knows.
    pub power: Vec<(Time, Option<i64>)>,
    /// How long half of the latest jobs waited at most, milliseconds.
    pub wait_ms: Option<i64>,
    /// How many jobs ended since local midnight.
    pub ended: u64,
}

/// A core.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BoardCore {
    /// The socket it sits in, counted from 0.
    pub socket: u32,
    /// Which of [`Board::jobs`] has it; a number beyond them: one that is not listed. `None`: it is free.
    pub job: Option<u16>,
}

/// A machine of a cluster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BoardNode {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: BoardState,
    /// Its cores,
    pub cores: u32,
    /// and how many of them jobs have.
    pub busy: u32,
}

/// What a machine of a cluster is doing, as everybody understands it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BoardState {
    /// It computes, on some of its cores at least.
    Busy,
    /// It could.
    Free,
    /// It takes no new jobs: somebody looks after it.
    Drained,
    /// It is switched off, and comes when it is needed.
    Off,
    /// It is being switched on or off.
    Switching,
    /// It does not answer.
    Down,
}

/// A job that runs, as everybody may see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BoardJob {
    /// The project's name and what it is, if it agreed; `None`: nobody is to know.
    pub project: Option<(String, String)>,
    /// Cores it has.
    pub cores: u32,
    /// Since when it runs.
    pub since: Time,
    /// When it is over at the latest.
    pub until: Option<Time>,
    /// It is suspended.
    pub is_suspended: bool,
}

/// Energy over a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnergyBoard {
    /// `2026-11-22`
    pub period: String,
    /// The machine, if only that was asked for.
    pub machine: Option<String>,
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// When this was.
    pub now: Time,
    /// The first instant of which anything is known; `None`: nothing is.
    pub first: Option<Time>,
    /// All of it.
    pub total: UsedRow,
    /// Its parts in order, with their beginnings: hours of a day, days of a month, months of a year.
    pub parts: Vec<(Time, UsedRow)>,
    /// By machine.
    pub machines: Vec<UsedRow>,
    /// Mean power from each of these instants on: minutes of a day, hours of a month, nothing for a year. `None` where
    /// nobody knows.
    pub power: Vec<(Time, Option<i64>)>,
    /// Prices over the time, until the end of the day; nothing for a year.
    pub prices: Vec<PriceStep>,
    /// Energy and what it cost by rate; nothing for a year.
    pub rates: Vec<RateRow>,
    /// The meters in use now.
    pub meters: Vec<MeterRow>,
    /// The operator named no contract: all prices are a guess.
    pub is_assumed: bool,
    /// Where the carbon factors of the first day come from.
    pub carbon_source: String,
}

/// Energy at one rate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RateRow {
    /// As the contract calls it: `peak`, `blue off-peak`.
    pub rate: String,
    /// What a kilowatt-hour costs.
    pub microeur_per_kwh: i64,
    /// How much was used at it.
    pub energy_uj: i64,
    /// What that cost.
    pub microeur: i64,
}

/// What runs that ended in a time used.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProjectEnergy {
    /// The project, the application, or nothing where it is about a part of a time.
    pub name: String,
    /// How many runs.
    pub runs: i64,
    /// CPUs that they held, times milliseconds.
    pub cpu_ms: i64,
    /// All of it.
    pub energy_uj: i64,
    /// What that electricity cost.
    pub microeur: i64,
    /// CO2e, production average.
    pub production_mg: i64,
    /// CO2e, consumption with its life cycle.
    pub lifecycle_mg: i64,
}

/// Energy of projects over a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectsBoard {
    /// `2026-11`
    pub period: String,
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// When this was.
    pub now: Time,
    /// The first day of which anything is known; `None`: nothing is.
    pub first: Option<Time>,
    /// The greatest first.
    pub projects: Vec<ProjectEnergy>,
}

/// Energy of one project over a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectBoard {
    /// Its name,
    pub project: String,
    /// and what it is.
    pub description: String,
    /// `2026-11`
    pub period: String,
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// When this was.
    pub now: Time,
    /// The first instant of which anything is known; `None`: nothing is.
    pub first: Option<Time>,
    /// All of it.
    pub total: ProjectEnergy,
    /// Days of a month or months of a year in which something ended, with their beginnings.
    pub parts: Vec<(Time, ProjectEnergy)>,
    /// By application, the greatest first; of very many the rest together.
    pub applications: Vec<ProjectEnergy>,
}

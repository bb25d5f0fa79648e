//! The centre, its energy, and who asks.

use api::{EnergyBy, EnergyReply, EnergyRequest, Reply, Request, UsedRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Asker, Json},
    problem::Trap,
    stamp,
};
use crate::door::DoorError;

/// The centre at a glance.
#[derive(Serialize, ToSchema)]
pub struct CentreNow {
    /// Its name.
    name: String,
    /// Version of the program.
    version: String,
    /// It answers and can start jobs.
    ready: bool,
    /// Why it cannot; empty where it can.
    not_ready: String,
    /// Its clock.
    #[schema(format = DateTime)]
    now: String,
    /// The machine's name.
    machine: String,
    /// It takes no new jobs, for this reason.
    drained: Option<String>,
    /// CPUs,
    cpus: u32,
    /// and those that jobs have.
    cpus_allocated: u32,
    /// Memory,
    memory_mib: u64,
    /// and what of it jobs have.
    memory_allocated_mib: u64,
    /// GPUs,
    gpus: u32,
    /// and those that jobs have.
    gpus_allocated: u32,
    /// What the machine draws; `null`: no meter tells.
    watts: Option<u32>,
    /// Jobs that run,
    running: u32,
    /// and wait, each task of an array counted.
    pending: u64,
}

/// The centre: what it has, what runs, what it draws.
#[utoipa::path(get, path = "/api/v1/centre", tag = "centre", responses((status = 200, body = CentreNow)))]
pub async fn centre(Asker(visit): Asker) -> Result<Json<CentreNow>, Trap> {
    let Reply::Status(status) = visit.command(Request::Status).await? else { return Err(DoorError::Unfit.into()) };
    let node = status.node;
    Ok(Json(CentreNow {
        name: status.name,
        version: status.version,
        ready: status.ready,
        not_ready: status.not_ready,
        now: stamp(status.now),
        machine: node.name,
        drained: node.drained.map(|(reason, ..)| reason),
        cpus: node.cpus,
        cpus_allocated: node.cpus_allocated,
        memory_mib: node.memory_mib,
        memory_allocated_mib: node.memory_allocated_mib,
        gpus: node.gpus,
        gpus_allocated: node.gpus_allocated,
        watts: node.watts.map(|(now, _)| now),
        running: status.running,
        pending: status.pending,
    }))
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub struct Person {
    /// What they log in by.
    login: String,
    /// What they are called.
    name: String,
    /// Their account of the machine; without it they look but do not compute.
    account: Option<String>,
    /// `visitor`, `member`, `lead`, `treasurer`, `trainer`, `operator`.
    roles: Vec<String>,
    /// `fr`, `en`; empty: as the browser says.
    language: String,
    /// Their projects.
    projects: Vec<Membership>,
}

/// What somebody is to a project.
#[derive(Serialize, ToSchema)]
pub struct Membership {
    /// The project.
    project: String,
    /// `manager`, `member`, `viewer`.
    role: String,
    /// Waits until an account of the machine is linked to them.
    promised: bool,
}

/// Who asks, and what they may.
#[utoipa::path(get, path = "/api/v1/me", tag = "centre", responses((status = 200, body = Person)))]
pub async fn me(Asker(visit): Asker) -> Result<Json<Person>, Trap> {
    let me = &visit.me;
    if me.member.is_none() {
        return Err(Trap::new("token", ""));
    }
    Ok(Json(Person {
        login: me.login.clone(),
        name: me.name.clone(),
        account: me.account.clone(),
        roles: me.roles.iter().map(|role| role.name().to_owned()).collect(),
        language: me.language.clone(),
        projects: (me.projects.iter())
            .map(|one| Membership { project: one.name.clone(), role: one.role.clone(), promised: one.promised })
            .collect(),
    }))
}

/// Which energy.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnergyQuery {
    /// `2026`, `2026-11` or `2026-11-22`, local to the contract; without it this month.
    #[param(pattern = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
    period: Option<String>,
    /// In which rows: parts of the period (months of a year, days of a month, hours of a day), or machines.
    #[param(inline)]
    by: Option<Rows>,
}

/// In which rows energy is shown.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Parts of the period.
    #[default]
    Part,
    /// Machines.
    Machine,
}

/// Energy over a period.
#[derive(Serialize, ToSchema)]
pub struct EnergyUsed {
    /// From,
    #[schema(format = DateTime)]
    from: String,
    /// up to.
    #[schema(format = DateTime)]
    until: String,
    /// No contract was named: all prices are a guess.
    prices_are_guessed: bool,
    /// One for each part or machine.
    rows: Vec<EnergyRow>,
}

/// Energy of machines: the four accounts sum to all of it.
#[derive(Serialize, ToSchema)]
pub struct EnergyRow {
    /// The part of the period, or the machine.
    name: String,
    /// All of it.
    energy_uj: i64,
    /// Of jobs.
    jobs_uj: i64,
    /// Of the operating system and the centre.
    system_uj: i64,
    /// Idle and not reserved.
    unallocated_uj: i64,
    /// Known only in sum, or estimated.
    unmeasured_uj: i64,
    /// How long a meter knows of.
    covered_ms: i64,
    /// What all of it cost.
    cost_microeur: i64,
    /// CO2e, production average.
    carbon_production_mg: i64,
    /// CO2e, consumption with its life cycle. Never to be added to the other one.
    carbon_lifecycle_mg: i64,
}

impl From<UsedRow> for EnergyRow {
    fn from(row: UsedRow) -> Self {
        Self {
            name: row.name,
            energy_uj: row.energy_uj,
            jobs_uj: row.jobs_uj,
            system_uj: row.system_uj,
            unallocated_uj: row.unallocated_uj,
            unmeasured_uj: row.unmeasured_uj,
            covered_ms: row.covered_ms,
            cost_microeur: row.microeur,
            carbon_production_mg: row.production_mg,
            carbon_lifecycle_mg: row.lifecycle_mg,
        }
    }
}

/// Where the electricity went.
#[utoipa::path(get, path = "/api/v1/energy", tag = "energy", params(EnergyQuery),
    responses((status = 200, body = EnergyUsed)))]
pub async fn energy(Asker(visit): Asker, Asked(query): Asked<EnergyQuery>) -> Result<Json<EnergyUsed>, Trap> {
    let by = match query.by.unwrap_or_default() {
        Rows::Part => EnergyBy::Part,
        Rows::Machine => EnergyBy::Machine,
    };
    let request = Request::Energy(EnergyRequest::Used { period: query.period, by });
    let Reply::Energy(EnergyReply::Used(report)) = visit.command(request).await? else {
        return Err(DoorError::Unfit.into());
    };
    Ok(Json(EnergyUsed {
        from: stamp(report.from),
        until: stamp(report.until),
        prices_are_guessed: report.is_assumed,
        rows: report.used.into_iter().map(EnergyRow::from).collect(),
    }))
}

/// What electricity costs from now on.
#[derive(Serialize, ToSchema)]
pub struct Prices {
    /// Name of the contract.
    contract: String,
    /// Where its figures come from.
    source: String,
    /// No contract was named: all prices are a guess.
    prices_are_guessed: bool,
    /// In order.
    steps: Vec<Step>,
}

/// A time of one price.
#[derive(Serialize, ToSchema)]
pub struct Step {
    /// From,
    #[schema(format = DateTime)]
    from: String,
    /// up to.
    #[schema(format = DateTime)]
    until: String,
    /// As the contract calls it.
    rate: String,
    /// What a kilowatt-hour costs.
    kwh_microeur: i64,
    /// Whether calendars say so; else it is a guess.
    known: bool,
}

/// How far ahead.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PricesQuery {
    /// So many days, 1 to 31; without it 2.
    #[param(minimum = 1, maximum = 31)]
    days: Option<u32>,
}

/// What a kilowatt-hour costs in the days to come.
#[utoipa::path(get, path = "/api/v1/energy/prices", tag = "energy", params(PricesQuery),
    responses((status = 200, body = Prices)))]
pub async fn prices(Asker(visit): Asker, Asked(query): Asked<PricesQuery>) -> Result<Json<Prices>, Trap> {
    let request = Request::Energy(EnergyRequest::Contract { days: query.days.unwrap_or(2) });
    let Reply::Energy(EnergyReply::Contract(contract)) = visit.command(request).await? else {
        return Err(DoorError::Unfit.into());
    };
    let steps = contract.steps.into_iter().map(|step| Step {
        from: stamp(step.start),
        until: stamp(step.end),
        rate: step.rate,
        kwh_microeur: step.microeur_per_kwh,
        known: step.is_known,
    });
    Ok(Json(Prices {
        contract: contract.name,
        source: contract.source,
        prices_are_guessed: contract.is_assumed,
        steps: steps.collect(),
    }))
}

//! What a job's project pays for it, and what its next run should ask for.

use api::{EnergyReply, EnergyRequest, JobPrice, MoneyReply, MoneyRequest, Reply, Request, RunAdvice};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::{Asker, At, Json},
    problem::Trap,
    stamp,
};
use crate::{door::DoorError, jobs::Named};

/// What a job's project pays for it, in micro-euros without tax; and its energy and advice.
#[derive(Serialize, ToSchema)]
pub struct Paid {
    /// The project; empty: none.
    project: String,
    /// Somebody pays for its jobs; else they are free.
    is_paid_for: bool,
    /// Runs that have their price.
    priced: u64,
    /// What they used by tariff; of an array of very many tasks none.
    lines: Vec<PaidLine>,
    /// Their price before anything is taken off.
    work_microeur: i64,
    /// What the project does not pay of it: `in_kind`, `prepaid`, `credit`, `overrun`.
    deductions: Vec<Amount>,
    /// What was given back afterwards: `failure`, `displaced`, `adjustment`.
    returned: Vec<Amount>,
    /// What the project pays for them.
    paid_microeur: i64,
    /// Runs that are over and get their price in a while.
    due: u64,
    /// Runs that go on.
    running: u64,
    /// What they cost so far; `null`: nothing runs, or nobody can say.
    running_microeur: Option<i64>,
    /// What all that is not over may cost at most.
    held_microeur: i64,
    /// Tax that an invoice adds, in thousandths; 0: none.
    vat_permille: u32,
    /// Energy of its runs, as far as it was measured.
    energy_uj: i64,
    /// What that electricity cost.
    electricity_microeur: i64,
    /// What a next run should ask for; `null`: nothing of it is over.
    advice: Option<Advised>,
}

/// An amount, and why.
#[derive(Serialize, ToSchema)]
pub struct Amount {
    /// Why.
    reason: String,
    /// How much.
    microeur: i64,
}

/// What was used at one tariff.
#[derive(Serialize, ToSchema)]
pub struct PaidLine {
    /// `VERSION/CATEGORY/MACHINE`.
    tariff: String,
    /// From,
    #[schema(format = DateTime)]
    from: String,
    /// up to.
    #[schema(format = DateTime)]
    until: String,
    /// What it is made of.
    terms: Vec<PaidTerm>,
    /// The sum, rounded once for each run.
    microeur: i64,
}

/// So much of something at so much.
#[derive(Serialize, ToSchema)]
pub struct PaidTerm {
    /// `core_hour`, `memory_gib_hour`, `gpu_hour`, `machine_hour`, `kwh`, `gib_month`.
    resource: String,
    /// How much, in base units:
    quantity: i64,
    /// so many of them are what the price is for.
    unit: i64,
    /// Micro-euros for that.
    microeur: i64,
}

/// What a next run should ask for.
#[derive(Serialize, ToSchema)]
pub struct Advised {
    /// So many runs were looked at.
    runs: u64,
    /// CPUs that computed, on average, in thousandths.
    busy_milli: u64,
    /// The most memory that was seen.
    memory_mib: u64,
    /// Lines of the next script; empty: what this one said.
    lines: Vec<String>,
    /// Energy that these runs would not have been answerable for.
    saved_uj: i64,
    /// What that cost.
    saved_microeur: i64,
    /// `too-short`, `broken`, `out-of-time`, `out-of-memory`, `fits`.
    remarks: Vec<String>,
}

impl From<RunAdvice> for Advised {
    fn from(advice: RunAdvice) -> Self {
        let RunAdvice { runs, busy_milli, memory_mib, lines, saved_uj, saved_microeur, remarks, .. } = advice;
        Self { runs, busy_milli, memory_mib, lines, saved_uj, saved_microeur, remarks }
    }
}

fn amounts(all: Vec<(String, i64)>) -> Vec<Amount> {
    all.into_iter().map(|(reason, microeur)| Amount { reason, microeur }).collect()
}

fn line(line: api::PriceLine) -> PaidLine {
    let term = |term: api::PriceTerm| PaidTerm {
        resource: term.resource,
        quantity: term.quantity,
        unit: term.unit,
        microeur: term.microeur,
    };
    PaidLine {
        tariff: line.tariff,
        from: stamp(line.from),
        until: stamp(line.until),
        terms: line.terms.into_iter().map(term).collect(),
        microeur: line.microeur,
    }
}

/// What a job's project pays for it.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/price", tag = "jobs", operation_id = "price",
    params(("job" = String, Path, description = "Its number, or `12_3`")), responses((status = 200, body = Paid)))]
pub async fn one(Asker(visit): Asker, At(job): At<String>) -> Result<Json<Paid>, Trap> {
    let target = Named::of(&job).map_err(|_| Trap::missing(job))?.target();
    let money = Request::Money(Box::new(MoneyRequest::Job(target.clone())));
    let Reply::Money(MoneyReply::Job(price)) = visit.command(money).await? else {
        return Err(DoorError::Unfit.into());
    };
    let energy = Request::Energy(EnergyRequest::Sum(target));
    let Reply::Energy(EnergyReply::Runs(runs)) = visit.command(energy).await? else {
        return Err(DoorError::Unfit.into());
    };
    let JobPrice { project, is_paid_for, priced, lines, work_microeur, paid_microeur, due, running, .. } = *price;
    Ok(Json(Paid {
        project,
        is_paid_for,
        priced,
        lines: lines.into_iter().map(line).collect(),
        work_microeur,
        deductions: amounts(price.deductions),
        returned: amounts(price.returned),
        paid_microeur,
        due,
        running,
        running_microeur: price.running_microeur,
        held_microeur: price.held_microeur,
        vat_permille: price.vat_permille,
        energy_uj: runs.total.energy_uj,
        electricity_microeur: runs.total.microeur,
        advice: runs.advice.map(Advised::from),
    }))
}

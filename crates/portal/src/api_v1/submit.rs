//! Jobs to be: looked over, quoted, submitted.

use api::{Amounts, Offer, Quote, Reply, Request};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asked::{Asker, Json, Sent},
    problem::Trap,
    stamp,
};
use crate::{
    door::DoorError,
    jobs::make::{Faulty, Home, submission},
    visit::Visit,
};

/// A job to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// A batch script, with its `#SBATCH` lines.
    #[schema(example = "#!/bin/sh\n#SBATCH --time=10\nhostname\n")]
    script: String,
    /// Its folder; without it one's home.
    folder: Option<String>,
}

/// The number of a job that was taken in.
#[derive(Serialize, ToSchema)]
pub struct Submitted {
    /// It will not be forgotten.
    id: u32,
}

pub(super) fn home(visit: &Visit) -> Result<Home, Trap> {
    let account = visit.me.account.as_deref().filter(|_| visit.me.member.is_some());
    let missing = || Trap::new(if visit.me.member.is_some() { "forbidden" } else { "token" }, "account");
    account.and_then(Home::of).ok_or_else(missing)
}

fn made(visit: &Visit, job: &NewJob) -> Result<api::Submission, Trap> {
    let home = home(visit)?;
    let folder = job.folder.clone().unwrap_or_else(|| home.folder.clone());
    if !folder.starts_with('/') {
        return Err(Trap::unreadable(format!("folder: {folder}")));
    }
    submission(&job.script, &home, &folder).map_err(|faults| Trap::new("refused", faults_told(&faults)))
}

pub(super) fn faults_told(faults: &[Faulty]) -> String {
    let line = |fault: &Faulty| match fault.line {
        Some(line) => format!("script:{line}: {}", fault.text),
        None => fault.text.clone(),
    };
    faults.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// Submits a job. The answer is a promise: the job is on disk.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", operation_id = "submit", request_body = NewJob,
    responses((status = 201, body = Submitted, headers(("location" = String, description = "The job")))))]
pub async fn submit(Asker(visit): Asker, Sent(job): Sent<NewJob>) -> Result<Response, Trap> {
    let submission = made(&visit, &job)?;
    let Reply::Submitted(id) = visit.command(Request::Submit(Box::new(submission))).await? else {
        return Err(DoorError::Unfit.into());
    };
    Ok(taken_in(id))
}

/// A job was taken in.
pub(super) fn taken_in(id: model::JobId) -> Response {
    let mut response = (StatusCode::CREATED, Json(Submitted { id: id.0 })).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/jobs/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// What is wrong with a script.
#[derive(Serialize, ToSchema)]
pub struct Checked {
    /// Nothing is.
    sound: bool,
    /// What is, line by line.
    faults: Vec<LineFault>,
}

/// What is wrong with a line.
#[derive(Serialize, ToSchema)]
pub struct LineFault {
    /// Which, from 1 on; `null`: the whole script.
    line: Option<usize>,
    /// What.
    text: String,
}

/// Looks a script over, and submits nothing.
#[utoipa::path(post, path = "/api/v1/jobs/check", tag = "jobs", operation_id = "check_script", request_body = NewJob,
    responses((status = 200, body = Checked)))]
pub async fn check(Asker(visit): Asker, Sent(job): Sent<NewJob>) -> Result<Json<Checked>, Trap> {
    let home = home(&visit)?;
    let faults = submission(&job.script, &home, &home.folder).err().unwrap_or_default();
    let faults: Vec<LineFault> = faults.into_iter().map(|Faulty { line, text }| LineFault { line, text }).collect();
    Ok(Json(Checked { sound: faults.is_empty(), faults }))
}

/// What a job would take, cost and wait, if it were submitted now.
#[derive(Serialize, ToSchema)]
pub struct QuoteShown {
    /// Partition.
    partition: String,
    /// Tasks of an array; 1 for a job. Figures are of all of them.
    tasks: u64,
    /// CPUs of each.
    cpus: u32,
    /// Memory of each; `null`: not limited.
    memory_mib: Option<u64>,
    /// The time limit; `null`: it has none.
    time_limit_s: Option<i64>,
    /// How long half of similar jobs ran at most; `null`: too few are known.
    expected_s: Option<i64>,
    /// Microjoules.
    energy_uj: Four,
    /// Whether the prices of electricity are known.
    price_is_known: bool,
    /// What its project pays, in micro-euros without tax; `null`: it has no price.
    price_microeur: Option<Four>,
    /// Why it would be refused now.
    refusal: Option<String>,
    /// If it starts when there is room.
    now: OfferShown,
    /// If it waits for cheap hours; `null`: waiting would change nothing.
    flexible: Option<OfferShown>,
}

/// A start and what its electricity costs.
#[derive(Serialize, ToSchema)]
pub struct OfferShown {
    /// When; `null`: nobody can say.
    #[schema(format = DateTime)]
    start: Option<String>,
    /// Micro-euros.
    electricity_microeur: Four,
}

/// Something for four run times; `null`: not known.
#[derive(Serialize, ToSchema)]
pub struct Four {
    /// One of ten similar jobs was shorter.
    low: Option<i64>,
    /// Half were.
    expected: Option<i64>,
    /// Nine of ten were.
    high: Option<i64>,
    /// It takes all of its time limit.
    greatest: Option<i64>,
}

impl From<Amounts> for Four {
    fn from(Amounts { low, expected, high, greatest }: Amounts) -> Self {
        Self { low, expected, high, greatest }
    }
}

impl From<Offer> for OfferShown {
    fn from(offer: Offer) -> Self {
        Self { start: offer.start.map(stamp), electricity_microeur: offer.cost_microeur.into() }
    }
}

impl From<Quote> for QuoteShown {
    fn from(quote: Quote) -> Self {
        let (price_microeur, refusal) =
            quote.price.map_or((None, None), |price| (Some(price.microeur.into()), price.refusal));
        Self {
            partition: quote.partition,
            tasks: quote.tasks,
            cpus: quote.cpus,
            memory_mib: quote.memory_mib,
            time_limit_s: quote.greatest_s,
            expected_s: quote.expected.map(|expected| expected.middle_s),
            energy_uj: quote.energy_uj.into(),
            price_is_known: quote.price_is_known,
            price_microeur,
            refusal,
            now: quote.now.into(),
            flexible: quote.flexible.map(OfferShown::from),
        }
    }
}

/// What a job would take, cost and wait. Submits nothing.
#[utoipa::path(post, path = "/api/v1/jobs/quote", tag = "jobs", operation_id = "quote", request_body = NewJob,
    responses((status = 200, body = QuoteShown)))]
pub async fn quote(Asker(visit): Asker, Sent(job): Sent<NewJob>) -> Result<Json<QuoteShown>, Trap> {
    let submission = made(&visit, &job)?;
    let Reply::Quote(quote) = visit.command(Request::Quote(Box::new(submission))).await? else {
        return Err(DoorError::Unfit.into());
    };
    Ok(Json((*quote).into()))
}

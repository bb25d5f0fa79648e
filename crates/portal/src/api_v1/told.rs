//! What a job tells: why it waits, what happened to it, what it has printed.

use api::{HistoryRow, Reply, Request, WhyReport};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use files::Place;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Asker, At, Json},
    jobs::{named, query, report},
    problem::Trap,
    stamp,
};
use crate::{door::DoorError, files::client::Client, jobs::file_of};

/// Why a job waits.
#[derive(Serialize, ToSchema)]
pub struct Why {
    /// Its state, as Slurm calls it.
    state: String,
    /// Slurm's reason.
    reason: String,
    /// Waiting jobs that go before it.
    ahead: u32,
    /// Running jobs.
    running: u32,
    /// CPUs it needs,
    needs_cpus: u32,
    /// and those that are free.
    free_cpus: u32,
    /// Memory it needs,
    needs_memory_mib: u64,
    /// and what is free.
    free_memory_mib: u64,
    /// What it still depends on, in Slurm's words; empty: nothing.
    dependency: String,
    /// Not before.
    #[schema(format = DateTime)]
    eligible: Option<String>,
    /// When it should start if all jobs ahead take their full time.
    #[schema(format = DateTime)]
    expected_start: Option<String>,
}

/// Why a job waits, and until when.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/why", tag = "jobs", operation_id = "why",
    params(("job" = String, Path, description = "Its number, or `12_3`")), responses((status = 200, body = Why)))]
pub async fn why(Asker(visit): Asker, At(job): At<String>) -> Result<Json<Why>, Trap> {
    let Reply::Why(report) = visit.command(Request::Why(named(&job)?.target())).await? else {
        return Err(DoorError::Unfit.into());
    };
    let WhyReport { state, reason, ahead, running, needs_cpus, free_cpus, .. } = &*report;
    Ok(Json(Why {
        state: state.text().to_owned(),
        reason: reason.text().to_owned(),
        ahead: *ahead,
        running: *running,
        needs_cpus: *needs_cpus,
        free_cpus: *free_cpus,
        needs_memory_mib: report.needs_memory_mib,
        free_memory_mib: report.free_memory_mib,
        dependency: report.dependency.clone(),
        eligible: report.eligible.map(stamp),
        expected_start: report.expected_start.map(stamp),
    }))
}

/// A change of a job's state.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The record concerned.
    job: u32,
    /// What happened, in a word.
    what: String,
    /// Who, why, where.
    detail: String,
}

/// Everything that happened to a job.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/history", tag = "jobs", operation_id = "history",
    params(("job" = String, Path, description = "Its number")), responses((status = 200, body = Vec<Change>)))]
pub async fn history(Asker(visit): Asker, At(job): At<String>) -> Result<Json<Vec<Change>>, Trap> {
    let Reply::History(rows) = visit.command(Request::History(named(&job)?.id)).await? else {
        return Err(DoorError::Unfit.into());
    };
    let change = |row: HistoryRow| Change { at: stamp(row.at), job: row.id.0, what: row.what, detail: row.detail };
    Ok(Json(rows.into_iter().map(change).collect()))
}

/// Which part of an output.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutputQuery {
    /// `output` or `error`; without it `output`.
    #[param(inline)]
    stream: Option<Stream>,
    /// From which byte on; without it from the first.
    from: Option<u64>,
}

/// What a job prints, and its errors.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Its output.
    Output,
    /// Its errors.
    Error,
}

/// What a job has printed, at most 256 KiB of it: ask again `from` where this ended. For its owner.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/output", tag = "jobs", operation_id = "output",
    params(("job" = String, Path, description = "Its number, or `12_3`"), OutputQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn output(
    Asker(visit): Asker,
    At(job): At<String>,
    Asked(asked): Asked<OutputQuery>,
) -> Result<Response, Trap> {
    let named = named(&job)?;
    let report = report(&visit, query(named)).await?;
    let place = usize::from(matches!(asked.stream, Some(Stream::Error)));
    let path = file_of(&visit, named, &report, place).await.ok_or_else(|| Trap::missing(job))?;
    let place = Place::of_machine(path.as_bytes()).map_err(|wrong| Trap::missing(wrong.to_string()))?;
    let client = Client::of(&visit).await?;
    let (bytes, _) = client.read(&place, asked.from.unwrap_or(0), files::CHUNK as u64, None).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

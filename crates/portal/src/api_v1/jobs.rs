//! Jobs: lists, one of them; steering them.

use api::{CancelFilter, JobLine, JobQuery, JobReport, JobsQuery, JobsReply, JobsRequest, JobsWhich, Reply, Request};
use axum::response::Response;
use model::{AccountRow, ArrayPlace, JobId, JobState, TimeLimit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    MOST, Page, USUAL,
    asked::{Asked, Asker, At, Json},
    done,
    problem::Trap,
    stamp,
};
use crate::{
    door::DoorError,
    jobs::{Named, ask},
    visit::Visit,
};

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The `next` of the part before: jobs older than this one.
    after: Option<u32>,
    /// So many at most, 1 to 500; without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// In which state; without it all.
    #[param(inline)]
    state: Option<Which>,
    /// Of which something is in this state, or ended in it, as Slurm calls it: `RUNNING`, `TIMEOUT`.
    task_state: Option<String>,
    /// With this in their name.
    name: Option<String>,
    /// Of this project.
    project: Option<String>,
    /// Of this application: the name without digits.
    application: Option<String>,
    /// Submitted on this day or later, local to the centre: `2026-11-22`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    since: Option<String>,
    /// Submitted on this day or before.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    until: Option<String>,
    /// Everybody's that one may see, not only one's own.
    everybody: Option<bool>,
}

/// States that people look for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All.
    All,
    /// Something of it waits or runs.
    Open,
    /// Over, and all of it went well.
    Well,
    /// Over, and not all of it went well.
    Badly,
}

/// A submission in a list.
#[derive(Serialize, ToSchema)]
pub struct JobShort {
    /// Its number.
    id: u32,
    /// When it was submitted.
    #[schema(format = DateTime)]
    submitted: String,
    /// What it is called.
    name: String,
    /// Whose.
    user: String,
    /// The project.
    project: String,
    /// CPUs asked for, of each task.
    cpus: u32,
    /// Tasks of its array; `null`: it is none.
    tasks: Option<u64>,
    /// Something of it waits or runs.
    open: bool,
    /// What is over, by state.
    states: Vec<Count>,
    /// When it started, where it is over and no array.
    #[schema(format = DateTime)]
    start: Option<String>,
    /// When it ended, likewise.
    #[schema(format = DateTime)]
    end: Option<String>,
    /// Its energy, where it was measured.
    energy_uj: Option<i64>,
}

/// How many are in a state.
#[derive(Serialize, ToSchema)]
pub struct Count {
    /// As Slurm calls it: `COMPLETED`, `FAILED`.
    state: String,
    /// How many.
    count: u64,
}

fn counts(states: Vec<(JobState, u64)>) -> Vec<Count> {
    states.into_iter().map(|(state, count)| Count { state: state.text().to_owned(), count }).collect()
}

impl From<JobLine> for JobShort {
    fn from(line: JobLine) -> Self {
        Self {
            id: line.id.0,
            submitted: stamp(line.submitted),
            name: line.name.lossy().into_owned(),
            user: line.user,
            project: line.account,
            cpus: line.cpus,
            tasks: line.tasks,
            open: line.open,
            states: counts(line.states),
            start: line.start.map(stamp),
            end: line.end.map(stamp),
            energy_uj: line.energy_uj,
        }
    }
}

/// Jobs, the newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", operation_id = "jobs", params(ListQuery),
    responses((status = 200, body = Page<JobShort>)))]
pub async fn list(Asker(visit): Asker, Asked(query): Asked<ListQuery>) -> Result<Json<Page<JobShort>>, Trap> {
    let which = match query.state.unwrap_or(Which::All) {
        Which::All => JobsWhich::All,
        Which::Open => JobsWhich::Open,
        Which::Well => JobsWhich::Well,
        Which::Badly => JobsWhich::Badly,
    };
    let state = query.task_state.map(|text| known_state(&text)).transpose()?;
    let request = JobsRequest::List(JobsQuery {
        before: query.after.map(JobId),
        which,
        name: query.name.unwrap_or_default(),
        state,
        project: query.project.unwrap_or_default(),
        application: query.application.unwrap_or_default(),
        since: query.since.map(day).transpose()?,
        until: query.until.map(day).transpose()?,
        everybody: query.everybody.unwrap_or(false),
        count: query.limit.unwrap_or(USUAL).clamp(1, MOST),
    });
    let JobsReply::List { lines, next } = ask(&visit, request).await? else { return Err(DoorError::Unfit.into()) };
    Ok(Json(Page { items: lines.into_iter().map(JobShort::from).collect(), next: next.map(|id| id.to_string()) }))
}

/// A job with everything about it.
#[derive(Serialize, ToSchema)]
pub struct Job {
    /// Its number.
    id: u32,
    /// When it was submitted.
    #[schema(format = DateTime)]
    submitted: String,
    /// What it is called.
    name: String,
    /// Whose.
    user: String,
    /// The project.
    project: String,
    /// Partition.
    partition: String,
    /// Quality of service.
    qos: String,
    /// CPUs asked for, of each task.
    cpus: u32,
    /// Its time limit, in seconds; `null`: it has none.
    time_limit_s: Option<i64>,
    /// Tasks of its array; `null`: it is none.
    tasks: Option<u64>,
    /// Its folder.
    folder: String,
    /// Where its output goes; `null`: nowhere, or nobody knows yet.
    output: Option<String>,
    /// Where its errors go, likewise.
    error: Option<String>,
    /// Something of it waits or runs.
    open: bool,
    /// It is the asker's own.
    own: bool,
    /// What is over, by state.
    states: Vec<Count>,
    /// Of a job: its runs that are over, and what runs or waits. Of an array: see its tasks.
    runs: Vec<Run>,
    /// Its script.
    script: String,
}

/// A run: a start of a job or of a task.
#[derive(Serialize, ToSchema)]
pub struct Run {
    /// The job, or the task of an array: `12`, `12_3`.
    job: String,
    /// Its step; `null`: the job itself.
    step: Option<String>,
    /// Which start, from 0 on.
    attempt: u32,
    /// As Slurm calls it.
    state: String,
    /// Why, as Slurm calls it; empty: for no reason.
    reason: String,
    /// With which code it ended.
    exit_code: u32,
    /// By which signal it ended; 0: none.
    exit_signal: u32,
    /// When it started.
    #[schema(format = DateTime)]
    start: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    end: Option<String>,
    /// CPUs that it had.
    cpus: u32,
    /// CPU time, where it was measured.
    cpu_us: Option<u64>,
    /// Greatest memory, likewise.
    max_rss_kib: Option<u64>,
    /// Energy that it is answerable for, likewise.
    energy_uj: Option<i64>,
}

impl From<AccountRow> for Run {
    fn from(row: AccountRow) -> Self {
        let job = match &row.array {
            ArrayPlace::Task { base, index } => format!("{base}_{index}"),
            ArrayPlace::Pending { base, tasks, .. } => format!("{base}_[{tasks}]"),
            ArrayPlace::Single => row.id.to_string(),
        };
        Self {
            job,
            step: row.step.map(|step| step.to_string()),
            attempt: row.attempt,
            state: row.state.text().to_owned(),
            reason: if row.reason == model::Reason::None { String::new() } else { row.reason.text().to_owned() },
            exit_code: u32::from(row.exit.code),
            exit_signal: u32::from(row.exit.signal),
            start: row.start.map(stamp),
            end: row.end.map(stamp),
            cpus: row.cpus,
            cpu_us: row.usage.map(|usage| usage.user_us + usage.system_us),
            max_rss_kib: row.usage.map(|usage| usage.max_rss_kib),
            energy_uj: row.energy_uj,
        }
    }
}

pub(super) fn named(text: &str) -> Result<Named, Trap> {
    Named::of(text).map_err(|_| Trap::missing(text))
}

pub(super) async fn report(visit: &Visit, query: JobQuery) -> Result<JobReport, Trap> {
    match ask(visit, JobsRequest::Job(query)).await? {
        JobsReply::Job(report) => Ok(*report),
        _ => Err(DoorError::Unfit.into()),
    }
}

pub(super) fn query(named: Named) -> JobQuery {
    JobQuery { id: named.id, task: named.task, state: None, from: 0, count: USUAL }
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "job",
    params(("job" = String, Path, description = "Its number, or `12_3` for a task of an array")),
    responses((status = 200, body = Job)))]
pub async fn one(Asker(visit): Asker, At(job): At<String>) -> Result<Json<Job>, Trap> {
    let report = report(&visit, query(named(&job)?)).await?;
    let [output, error] = report.files.map(|file| file.map(|path| path.lossy().into_owned()));
    let spec = &report.spec;
    let time_limit_s = match spec.time_limit {
        TimeLimit::Span(span) => Some(span.as_seconds()),
        TimeLimit::Default | TimeLimit::Unlimited => None,
    };
    Ok(Json(Job {
        id: report.id.0,
        submitted: stamp(report.submitted),
        name: spec.name.lossy().into_owned(),
        user: spec.owner.user.clone(),
        project: spec.account.clone(),
        partition: spec.partition.clone(),
        qos: spec.qos.clone(),
        cpus: spec.request.cpus(),
        time_limit_s,
        tasks: spec.array.as_ref().map(|array| array.tasks.len()),
        folder: spec.workdir.lossy().into_owned(),
        output,
        error,
        open: report.open,
        own: report.own,
        states: counts(report.states),
        runs: report.rows.into_iter().map(Run::from).collect(),
        script: String::from_utf8_lossy(&report.script).into_owned(),
    }))
}

fn known_state(text: &str) -> Result<JobState, Trap> {
    let known = JobState::ALL.iter().copied().find(|state| state.text() == text);
    known.ok_or_else(|| Trap::unreadable(format!("state: {text}")))
}

fn day(text: String) -> Result<String, Trap> {
    match text.parse::<jiff::civil::Date>() {
        Ok(_) => Ok(text),
        Err(_) => Err(Trap::unreadable(format!("a day: {text}"))),
    }
}

/// Which tasks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// The `next` of the part before.
    after: Option<u32>,
    /// So many at most, 1 to 500; without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Those that ended in this state, as Slurm calls it; without it the state in which fewest did.
    state: Option<String>,
}

/// Tasks of an array that are over, by number.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/tasks", tag = "jobs", operation_id = "tasks",
    params(("job" = String, Path, description = "The number of the array"), TasksQuery),
    responses((status = 200, body = Page<Run>)))]
pub async fn tasks(
    Asker(visit): Asker,
    At(job): At<String>,
    Asked(asked): Asked<TasksQuery>,
) -> Result<Json<Page<Run>>, Trap> {
    let query = JobQuery {
        state: asked.state.map(|text| known_state(&text)).transpose()?,
        from: asked.after.unwrap_or(0),
        count: asked.limit.unwrap_or(USUAL).clamp(1, MOST),
        ..query(named(&job)?)
    };
    let report = report(&visit, query).await?;
    Ok(Json(Page {
        items: report.rows.into_iter().map(Run::from).collect(),
        next: report.next.map(|next| next.to_string()),
    }))
}

/// Ends a job, an array, or a task of one.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/cancel", tag = "jobs", operation_id = "cancel",
    params(("job" = String, Path, description = "Its number, or `12_3`")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn cancel(Asker(visit): Asker, At(job): At<String>) -> Result<Response, Trap> {
    let targets = vec![named(&job)?.target()];
    let request = Request::Cancel(CancelFilter { targets, ..CancelFilter::default() });
    let Reply::Matched { refused, .. } = visit.command(request).await? else { return Err(DoorError::Unfit.into()) };
    match refused.into_iter().next() {
        Some((_, refusal)) => Err(DoorError::Refused(refusal).into()),
        None => Ok(done()),
    }
}

/// A job that waits does not start.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/hold", tag = "jobs", operation_id = "hold",
    params(("job" = String, Path, description = "Its number, or `12_3`")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn hold(Asker(visit): Asker, At(job): At<String>) -> Result<Response, Trap> {
    visit.command(Request::Hold(named(&job)?.target())).await?;
    Ok(done())
}

/// A job that is held may start again.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/release", tag = "jobs", operation_id = "release",
    params(("job" = String, Path, description = "Its number, or `12_3`")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn release(Asker(visit): Asker, At(job): At<String>) -> Result<Response, Trap> {
    visit.command(Request::Release(named(&job)?.target())).await?;
    Ok(done())
}

//! Jobs: lists, a job's page, new jobs. What is allowed is decided in the centre.

mod act;
mod advice;
pub(crate) mod form;
mod list;
pub(crate) mod make;
mod national;
mod new;
mod one;
mod output;
mod quote;
mod series;
mod shelf;
mod tasks;

use std::sync::Arc;

use api::{JobTarget, JobsReply, JobsRequest, PortalReply};
use axum::{
    Router,
    routing::{get, post},
};
use model::{ArrayPlace, JobId, JobState, QueueRow, Reason, Time};

use crate::{door::DoorError, fault::Fault, house::House, visit::Visit};

pub(crate) use advice::{Tip, tips};
pub(crate) use list::{Line, lines};
pub(crate) use new::no_account;
pub(crate) use one::file_of;
pub(crate) use shelf::Shelf;

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/jobs", get(list::page))
        .route("/jobs/new", get(new::choose))
        .route("/jobs/new/quote", post(new::fragment))
        .route("/jobs/new/{app}", get(new::form).post(new::posted))
        .route("/jobs/{id}", get(one::page))
        .route("/jobs/{id}/again", get(new::again))
        .route("/jobs/{id}/act", post(act::act))
        .route("/jobs/{id}/national", get(national::page))
        .route("/jobs/{id}/output", get(output::stream))
        .route("/jobs/{id}/script", get(one::script))
}

/// A job as pages name it: `12`, or `12_3` for a task of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// The number.
    pub id: JobId,
    /// The task.
    pub task: Option<u32>,
}

impl Named {
    /// Of an address.
    ///
    /// # Errors
    /// There is no such job.
    pub fn of(text: &str) -> Result<Self, Fault> {
        let (id, task) = match text.split_once('_') {
            Some((id, task)) => (id, Some(task.parse().map_err(|_| Fault::missing())?)),
            None => (text, None),
        };
        Ok(Self { id: JobId(id.parse().map_err(|_| Fault::missing())?), task })
    }

    /// As the centre takes it.
    pub fn target(self) -> JobTarget {
        JobTarget { id: self.id, tasks: self.task.map(|task| [task].into_iter().collect()) }
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.task {
            Some(task) => write!(out, "{}_{task}", self.id),
            None => write!(out, "{}", self.id),
        }
    }
}

/// A state as a badge: what class it has, and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Badge {
    pub class: String,
    pub text: String,
}

impl Badge {
    pub fn new(visit: &Visit, state: JobState) -> Self {
        Self::named(visit, &state.text().to_lowercase())
    }

    /// Of a record of the queue: one that waits may be held.
    pub fn of_row(visit: &Visit, row: &QueueRow) -> Self {
        let is_held = matches!(row.reason, Reason::JobHeldUser | Reason::JobHeldAdmin | Reason::RequeuedHeld);
        if row.state == JobState::Pending && is_held { Self::named(visit, "held") } else { Self::new(visit, row.state) }
    }

    pub fn named(visit: &Visit, class: &str) -> Self {
        Self { class: class.to_owned(), text: visit.t(&format!("job-state-{}", class.replace('_', "-"))) }
    }
}

/// A record as its owner names it, without the tasks that wait.
pub(crate) fn address(row: &QueueRow) -> String {
    match &row.array {
        ArrayPlace::Single => row.id.to_string(),
        ArrayPlace::Task { base, index } => format!("{base}_{index}"),
        ArrayPlace::Pending { base, .. } => base.to_string(),
    }
}

/// Asks about jobs.
///
/// # Errors
/// [`DoorError`].
pub(crate) async fn ask(visit: &Visit, request: JobsRequest) -> Result<JobsReply, DoorError> {
    match visit.ask(api::Ask::Jobs(request)).await? {
        PortalReply::Jobs(reply) => Ok(reply),
        _ => Err(DoorError::Unfit),
    }
}

/// This moment.
pub(crate) fn now() -> Time {
    Time(jiff::Timestamp::now().as_millisecond())
}

//! Projects: how they stand, who is in them, what they used, their papers. Everything shown is what the centre says to
//! whoever asks; every change is a question to the centre.

mod bills;
mod members;
pub mod papers;
mod report;
mod show;

use std::sync::Arc;

use api::{Ask, PortalReply, ProjectShown, ProjectUsed, ProjectsReply, ProjectsRequest, RefusalCode};
use askama::Template;
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use crate::{
    door::DoorError,
    fault::Fault,
    house::House,
    page::{self, quoted},
    visit::Visit,
    words::Words,
};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/projects", get(list))
        .route("/projects/{project}", get(show::page))
        .route("/projects/{project}/words", post(show::describe))
        .route("/projects/{project}/consent", post(show::consent))
        .route("/projects/{project}/members", get(members::page))
        .route("/projects/{project}/members/invite", post(members::invite))
        .route("/projects/{project}/members/role", post(members::role))
        .route("/projects/{project}/invoices", get(bills::page))
        .route("/projects/{project}/invoices/{file}", get(bills::file))
        .route("/projects/{project}/report", get(report::page))
        .route("/projects/{project}/report.pdf", get(report::pdf))
}

/// What is no project to somebody is not there.
fn fault(error: DoorError) -> Fault {
    match error {
        DoorError::Refused(refusal) if refusal.code == RefusalCode::InvalidAccount => Fault::missing(),
        error => error.into(),
    }
}

async fn ask(visit: &Visit, request: ProjectsRequest) -> Result<ProjectsReply, Fault> {
    match visit.ask(Ask::Projects(request)).await.map_err(fault)? {
        PortalReply::Projects(reply) => Ok(reply),
        _ => Err(DoorError::Unfit.into()),
    }
}

async fn one(visit: &Visit, name: &str) -> Result<ProjectShown, Fault> {
    match ask(visit, ProjectsRequest::Show(name.to_owned())).await? {
        ProjectsReply::One(shown) => Ok(*shown),
        _ => Err(DoorError::Unfit.into()),
    }
}

async fn used(visit: &Visit, project: &str, period: Option<String>) -> Result<ProjectUsed, Fault> {
    match ask(visit, ProjectsRequest::Used { project: project.to_owned(), period }).await? {
        ProjectsReply::Used(used) => Ok(*used),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// The address of a project.
fn place(project: &str) -> String {
    format!("/projects/{}", quoted(project))
}

/// Back to a project's page, which says what was done.
fn back(project: &str, at: &str, done: &str) -> Response {
    Redirect::to(&format!("{}{at}?done={done}", place(project))).into_response()
}

/// Core-hours, to a tenth; fewer than ten to a hundredth.
fn core_hours(words: &Words, core_ms: i64) -> String {
    let hundredths = (i128::from(core_ms) + 18_000) / 36_000;
    if hundredths < 1000 { words.decimal(hundredths, 2) } else { words.decimal((hundredths + 5) / 10, 1) }
}

/// Core-hours in a picture: thousandths.
fn drawn_hours(core_ms: i64) -> i64 {
    core_ms / 3600
}

/// A budget's amount in its unit.
fn amount(words: &Words, unit: &str, value: i64) -> String {
    match unit {
        "euros" => words.money(value),
        "kwh" => words.energy(value),
        _ => words.with("project-core-hours", &[("hours", core_hours(words, value).into())]),
    }
}

#[derive(Template)]
#[template(path = "project/list.html")]
struct List<'a> {
    visit: &'a Visit,
    rows: &'a [api::ProjectRow],
}

async fn list(visit: Visit) -> Result<Response, Fault> {
    visit.members_only()?;
    let ProjectsReply::List(rows) = ask(&visit, ProjectsRequest::List).await? else {
        return Err(DoorError::Unfit.into());
    };
    page::show(&List { visit: &visit, rows: &rows })
}

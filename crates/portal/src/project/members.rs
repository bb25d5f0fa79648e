//! Who is in a project, and how others come in: a link that is sent, or a code on paper.

use api::{Ask, PeopleReply, PeopleRequest, PortalReply, ProjectShown, ProjectsRequest, Secret};
use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;

use super::{ask, back, one, place};
use crate::{
    door::DoorError,
    fault::Fault,
    page,
    visit::{Posted, Visit},
};

/// An invitation is good for so many days where nothing else is said.
const DAYS: u32 = 14;

/// An invitation that was just made: shown once.
struct Made {
    address: String,
    code: String,
    expires: i64,
    sent: Option<String>,
}

#[derive(Template)]
#[template(path = "project/members.html")]
struct Members<'a> {
    visit: &'a Visit,
    shown: &'a ProjectShown,
    place: String,
    roles: [&'static str; 3],
    made: Option<Made>,
    no: Option<String>,
}

fn show(visit: &Visit, shown: &ProjectShown, made: Option<Made>, no: Option<String>) -> Result<Response, Fault> {
    page::show(&Members {
        visit,
        shown,
        place: place(&shown.row.name),
        roles: ["member", "manager", "viewer"],
        made,
        no,
    })
}

pub(super) async fn page(visit: Visit, Path(name): Path<String>) -> Result<Response, Fault> {
    visit.members_only()?;
    let shown = one(&visit, &name).await?;
    show(&visit, &shown, None, None)
}

#[derive(Deserialize)]
pub(super) struct Invitation {
    #[serde(default)]
    email: String,
    role: String,
}

pub(super) async fn invite(
    Path(project): Path<String>,
    Posted(visit, form): Posted<Invitation>,
) -> Result<Response, Fault> {
    let request = PeopleRequest::Invite {
        email: form.email.trim().to_owned(),
        roles: Vec::new(),
        project: Some((project.clone(), form.role)),
        days: DAYS,
    };
    let reply = visit.ask(Ask::People(request)).await.map_err(super::fault)?;
    let shown = one(&visit, &project).await?;
    match reply {
        PortalReply::People(PeopleReply::Code { code: Secret(code), address: Secret(address), expires, sent }) => {
            show(&visit, &shown, Some(Made { address, code, expires: expires.0, sent }), None)
        }
        PortalReply::People(PeopleReply::No(no)) => {
            show(&visit, &shown, None, Some(visit.t(&format!("people-no-{}", no.word()))))
        }
        _ => Err(DoorError::Unfit.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct RoleChange {
    user: String,
    /// Empty: they leave the project.
    role: String,
}

pub(super) async fn role(
    Path(project): Path<String>,
    Posted(visit, form): Posted<RoleChange>,
) -> Result<Response, Fault> {
    let role = Some(form.role).filter(|role| !role.is_empty());
    ask(&visit, ProjectsRequest::Role { project: project.clone(), user: form.user, role }).await?;
    Ok(back(&project, "/members", "saved"))
}

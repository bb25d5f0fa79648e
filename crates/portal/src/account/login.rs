//! `/login` and `/logout`.

use std::sync::Arc;

use api::{Ask, No, PeopleReply, PeopleRequest, PortalReply, Secret};
use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{agent, go_on, own_path};
use crate::{
    door::DoorError,
    fault::Fault,
    house::House,
    page::show,
    visit::{Posted, Visit},
};

#[derive(Template)]
#[template(path = "account/login.html")]
struct LoginPage<'a> {
    visit: &'a Visit,
    next: &'a str,
    login: &'a str,
    no: Option<String>,
}

/// Where one wanted to go.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    next: String,
}

/// The form.
pub async fn page(visit: Visit, asked: Result<Query<Asked>, QueryRejection>) -> Result<Response, Fault> {
    let next = asked.map(|Query(asked)| asked.next).unwrap_or_default();
    if visit.is_member() {
        return Ok(Redirect::to(own_path(&next)).into_response());
    }
    show(&LoginPage { visit: &visit, next: own_path(&next), login: "", no: None })
}

/// What is sent.
#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: Secret,
    #[serde(default)]
    next: String,
}

/// Begins a session.
pub async fn post(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Posted(visit, form): Posted<LoginForm>,
) -> Result<Response, Fault> {
    let LoginForm { login, password, next } = form;
    let request = PeopleRequest::LogIn { login: login.clone(), password, agent: agent(&headers) };
    let no = match visit.ask(Ask::People(request)).await? {
        PortalReply::People(PeopleReply::Session { secret, seconds }) => {
            return Ok(go_on(&house, own_path(&next), Some((&secret.0, seconds))));
        }
        PortalReply::People(PeopleReply::No(no)) => no,
        _ => return Err(DoorError::Unfit.into()),
    };
    let status = match no {
        No::Wait(_) | No::Busy => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = LoginPage { visit: &visit, next: own_path(&next), login: &login, no: Some(visit.no(&no)) };
    Ok((status, show(&page)?).into_response())
}

/// An empty form.
#[derive(Deserialize)]
pub struct Nothing {}

/// Ends the session.
pub async fn out(
    State(house): State<Arc<House>>,
    Posted(visit, Nothing {}): Posted<Nothing>,
) -> Result<Response, Fault> {
    visit.ask(Ask::People(PeopleRequest::LogOut)).await?;
    Ok(go_on(&house, "/", None))
}

impl Visit {
    /// Why something about people was not done, in words.
    pub fn no(&self, no: &No) -> String {
        let seconds = if let No::Wait(seconds) = no { i64::from(*seconds) } else { 0 };
        let wait = self.words().span(seconds * 1000);
        self.tw(&format!("people-no-{}", no.word()), &[("wait", wait.into())])
    }
}

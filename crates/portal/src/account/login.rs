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
    /// A time, as the reader writes it.
    pub fn when(&self, time: &model::Time) -> String {
        self.words().time(time.0)
    }

    /// Asks about people, on their behalf.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn people(&self, request: PeopleRequest) -> Result<PeopleReply, Fault> {
        match self.ask(Ask::People(request)).await? {
            PortalReply::People(reply) => Ok(reply),
            _ => Err(DoorError::Unfit.into()),
        }
    }

    /// Why something about people was not done, in words.
    pub fn no(&self, no: &No) -> String {
        let (seconds, why) = match no {
            No::Wait(seconds) => (i64::from(*seconds), ""),
            No::AccountFailed(why) => (0, why.as_str()),
            _ => (0, ""),
        };
        let wait = self.words().span(seconds * 1000);
        self.tw(&format!("people-no-{}", no.word()), &[("wait", wait.into()), ("why", why.into())])
    }
}

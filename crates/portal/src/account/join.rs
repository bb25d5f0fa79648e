//! `/join`: asking to become a member. An operator answers.

use api::{No, PeopleReply, PeopleRequest, Secret, TakeLink};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    door::DoorError,
    fault::Fault,
    page::show,
    visit::{Posted, Visit},
};

#[derive(Template)]
#[template(path = "account/join.html")]
struct JoinPage<'a> {
    visit: &'a Visit,
    form: &'a JoinForm,
    done: bool,
    no: Option<String>,
}

/// What somebody says of themselves.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct JoinForm {
    login: String,
    name: String,
    email: String,
    note: String,
    password: Secret,
    again: Secret,
}

/// The form.
pub async fn page(visit: Visit) -> Result<Response, Fault> {
    if visit.is_member() {
        return Ok(Redirect::to("/home").into_response());
    }
    show(&JoinPage { visit: &visit, form: &JoinForm::default(), done: false, no: None })
}

/// Asks.
pub async fn post(Posted(visit, form): Posted<JoinForm>) -> Result<Response, Fault> {
    let reply = if form.password != form.again {
        PeopleReply::No(No::NotTheSame)
    } else {
        let who = TakeLink {
            code: Secret::default(),
            login: form.login.clone(),
            name: form.name.clone(),
            email: form.email.clone(),
            language: visit.lang().to_owned(),
            password: form.password.clone(),
            agent: String::new(),
        };
        visit.people(PeopleRequest::Join { who: Box::new(who), note: form.note.clone() }).await?
    };
    match reply {
        PeopleReply::Done => show(&JoinPage { visit: &visit, form: &form, done: true, no: None }),
        PeopleReply::No(no) => {
            let page = JoinPage { visit: &visit, form: &form, done: false, no: Some(visit.no(&no)) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&page)?).into_response())
        }
        _ => Err(DoorError::Unfit.into()),
    }
}

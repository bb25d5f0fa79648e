//! `/forgotten`: a link for a new password, where letters are sent.

use api::{PeopleReply, PeopleRequest};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    door::DoorError,
    fault::Fault,
    page::show,
    visit::{Posted, Visit},
};

#[derive(Template)]
#[template(path = "account/forgotten.html")]
struct ForgottenPage<'a> {
    visit: &'a Visit,
    asked: bool,
    no: Option<String>,
}

/// The form.
pub async fn page(visit: Visit) -> Result<Response, Fault> {
    show(&ForgottenPage { visit: &visit, asked: false, no: None })
}

/// Who forgot.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Forgotten {
    login: String,
}

/// Asks for the link; the answer is the same for everybody.
pub async fn post(Posted(visit, form): Posted<Forgotten>) -> Result<Response, Fault> {
    match visit.people(PeopleRequest::AskReset(form.login)).await? {
        PeopleReply::Done => show(&ForgottenPage { visit: &visit, asked: true, no: None }),
        PeopleReply::No(no) => {
            let page = ForgottenPage { visit: &visit, asked: false, no: Some(visit.no(&no)) };
            Ok((StatusCode::TOO_MANY_REQUESTS, show(&page)?).into_response())
        }
        _ => Err(DoorError::Unfit.into()),
    }
}

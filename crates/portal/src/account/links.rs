//! `/first/CODE`, `/invite/CODE`, `/reset/CODE`: links that are good once.

use std::sync::Arc;

use api::{Ask, LinkShown, No, PeopleReply, PeopleRequest, PortalReply, Secret, TakeLink};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{agent, go_on};
use crate::{
    door::DoorError,
    fault::Fault,
    house::House,
    page::show,
    visit::{Posted, Visit},
};

#[derive(Template)]
#[template(path = "account/link.html")]
struct LinkPage<'a> {
    visit: &'a Visit,
    link: &'a LinkShown,
    form: &'a LinkForm,
    no: Option<String>,
}

impl LinkPage<'_> {
    /// The words of this kind of link.
    fn said(&self, what: &str) -> String {
        self.visit.t(&format!("link-{}-{what}", self.link.kind))
    }
}

#[derive(Template)]
#[template(path = "account/no_link.html")]
struct NoLinkPage<'a> {
    visit: &'a Visit,
    no: String,
}

/// What somebody says of themselves.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct LinkForm {
    login: String,
    name: String,
    email: String,
    password: Secret,
    again: Secret,
}

/// What the link is for, and the form that uses it.
pub async fn page(visit: Visit, Path(code): Path<String>) -> Result<Response, Fault> {
    match see(&visit, &code).await? {
        Ok(link) => {
            let form = LinkForm { email: link.email.clone(), ..LinkForm::default() };
            show(&LinkPage { visit: &visit, link: &link, form: &form, no: None })
        }
        Err(no) => no_link(&visit, &no),
    }
}

async fn see(visit: &Visit, code: &str) -> Result<Result<LinkShown, No>, Fault> {
    match visit.ask(Ask::People(PeopleRequest::SeeLink(Secret(code.to_owned())))).await? {
        PortalReply::People(PeopleReply::Link(link)) => Ok(Ok(link)),
        PortalReply::People(PeopleReply::No(no)) => Ok(Err(no)),
        _ => Err(DoorError::Unfit.into()),
    }
}

fn no_link(visit: &Visit, no: &No) -> Result<Response, Fault> {
    let status = if *no == No::NoLink { StatusCode::NOT_FOUND } else { StatusCode::TOO_MANY_REQUESTS };
    Ok((status, show(&NoLinkPage { visit, no: visit.no(no) })?).into_response())
}

/// Uses it.
pub async fn post(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Path(code): Path<String>,
    Posted(visit, form): Posted<LinkForm>,
) -> Result<Response, Fault> {
    let link = match see(&visit, &code).await? {
        Ok(link) => link,
        Err(no) => return no_link(&visit, &no),
    };
    let again = |no: String| {
        let page = LinkPage { visit: &visit, link: &link, form: &form, no: Some(no) };
        Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&page)?).into_response())
    };
    if form.password != form.again {
        return again(visit.no(&No::NotTheSame));
    }
    let take = TakeLink {
        code: Secret(code),
        login: form.login.clone(),
        name: form.name.clone(),
        email: form.email.clone(),
        language: visit.lang().to_owned(),
        password: form.password.clone(),
        agent: agent(&headers),
    };
    match visit.ask(Ask::People(PeopleRequest::TakeLink(Box::new(take)))).await? {
        // A member has accepted what an invitation gives.
        PortalReply::People(PeopleReply::Done) => Ok(Redirect::to("/projects?done=saved").into_response()),
        PortalReply::People(PeopleReply::Session { secret, seconds }) => {
            Ok(go_on(&house, "/home", Some((&secret.0, seconds))))
        }
        PortalReply::People(PeopleReply::No(No::NoLink)) => no_link(&visit, &No::NoLink),
        PortalReply::People(PeopleReply::No(no)) => again(visit.no(&no)),
        _ => Err(DoorError::Unfit.into()),
    }
}

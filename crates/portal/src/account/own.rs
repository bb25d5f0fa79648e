//! `/account`: profile, language, password, sessions, tokens.

use std::sync::Arc;

use api::{AccountShown, No, PeopleReply, PeopleRequest, Secret};
use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{agent, go_on};
use crate::{
    door::DoorError,
    fault::Fault,
    house::House,
    page::show,
    visit::{LANGUAGE, Posted, Visit},
};

/// Its addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/account", get(page))
        .route("/account/profile", post(profile))
        .route("/account/password", post(password))
        .route("/account/sessions", post(end_session))
        .route("/account/tokens", post(make_token))
        .route("/account/tokens/end", post(end_token))
}

/// What a token can be good for.
pub const SCOPES: [&str; 4] = ["read", "submit", "files", "manage"];

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage<'a> {
    visit: &'a Visit,
    account: &'a AccountShown,
    /// A token that was just made.
    token: Option<&'a str>,
    no: Option<String>,
}

impl AccountPage<'_> {
    /// What a token is good for, in words.
    fn scope(&self, scope: &str) -> String {
        self.visit.t(&format!("scope-{scope}"))
    }
}

async fn shown(visit: &Visit) -> Result<Box<AccountShown>, Fault> {
    visit.members_only()?;
    match visit.people(PeopleRequest::Account).await? {
        PeopleReply::Account(account) => Ok(account),
        _ => Err(DoorError::Unfit.into()),
    }
}

async fn page(visit: Visit) -> Result<Response, Fault> {
    let account = shown(&visit).await?;
    show(&AccountPage { visit: &visit, account: &account, token: None, no: None })
}

/// The page again, with what was wrong.
async fn again(visit: &Visit, no: &No) -> Result<Response, Fault> {
    let account = shown(visit).await?;
    let page = AccountPage { visit, account: &account, token: None, no: Some(visit.no(no)) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&page)?).into_response())
}

/// Back to the page, or there with what was wrong.
async fn done(visit: &Visit, reply: PeopleReply) -> Result<Response, Fault> {
    match reply {
        PeopleReply::Done => Ok(Redirect::to("/account?done=saved").into_response()),
        PeopleReply::No(no) => again(visit, &no).await,
        _ => Err(DoorError::Unfit.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    name: String,
    email: String,
    language: String,
}

async fn profile(State(house): State<Arc<House>>, Posted(visit, form): Posted<Profile>) -> Result<Response, Fault> {
    let Profile { name, email, language } = form;
    let reply = visit.people(PeopleRequest::SetProfile { name, email, language }).await?;
    let mut response = done(&visit, reply).await?;
    // What this browser chose before gives way to what was chosen here.
    if let Some(cookie) = crate::guard::cookie(&house.way, LANGUAGE, "", "Lax", Some(0)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Passwords {
    old: Secret,
    password: Secret,
    again: Secret,
}

async fn password(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Posted(visit, form): Posted<Passwords>,
) -> Result<Response, Fault> {
    let Passwords { old, password: new, again: repeated } = form;
    if new != repeated {
        return again(&visit, &No::NotTheSame).await;
    }
    let reply = visit.people(PeopleRequest::SetPassword { old, new, agent: agent(&headers) }).await?;
    match reply {
        PeopleReply::Session { secret, seconds } => {
            Ok(go_on(&house, "/account?done=saved", Some((&secret.0, seconds))))
        }
        other => done(&visit, other).await,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Numbered {
    id: String,
}

async fn end_session(Posted(visit, form): Posted<Numbered>) -> Result<Response, Fault> {
    let reply = visit.people(PeopleRequest::EndSession(form.id.parse().ok())).await?;
    done(&visit, reply).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewToken {
    name: String,
    days: String,
    read: String,
    submit: String,
    files: String,
    manage: String,
}

async fn make_token(Posted(visit, form): Posted<NewToken>) -> Result<Response, Fault> {
    let ticked = [&form.read, &form.submit, &form.files, &form.manage];
    let scopes = SCOPES.iter().zip(ticked).filter(|(_, tick)| !tick.is_empty()).map(|(scope, _)| (*scope).to_owned());
    let request =
        PeopleRequest::CreateToken { name: form.name, scopes: scopes.collect(), days: form.days.parse().unwrap_or(0) };
    match visit.people(request).await? {
        PeopleReply::Token { token, .. } => {
            let account = shown(&visit).await?;
            show(&AccountPage { visit: &visit, account: &account, token: Some(&token.0), no: None })
        }
        other => done(&visit, other).await,
    }
}

async fn end_token(Posted(visit, form): Posted<Numbered>) -> Result<Response, Fault> {
    let Ok(id) = form.id.parse() else { return Err(Fault::unreadable()) };
    let reply = visit.people(PeopleRequest::EndToken(id)).await?;
    done(&visit, reply).await
}

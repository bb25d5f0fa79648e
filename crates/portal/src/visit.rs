//! Who is here, in which language, and what they send: what handlers extract from a request.

use std::sync::Arc;

use api::{Ask, Me, PeopleReply, PeopleRequest, PortalReply, Who};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use fluent_bundle::FluentValue;
use serde::de::DeserializeOwned;

use crate::{
    door::{Door, DoorError},
    fault::Fault,
    house::House,
    words::{Language, Words},
};

/// The cookie with the secret of a session.
pub const SESSION: &str = "algoric_session";
/// The cookie with the chosen language.
pub const LANGUAGE: &str = "algoric_lang";

/// One request of somebody.
pub struct Visit {
    house: Arc<House>,
    /// Its language.
    pub language: Language,
    /// On whose behalf.
    pub who: Who,
    /// Who that is, as the centre says.
    pub me: Me,
    /// The page's own address, with its question.
    pub path: String,
}

impl Visit {
    /// The words of its language.
    pub fn words(&self) -> &Words {
        self.house.words(self.language)
    }

    /// The way to the centre.
    pub fn door(&self) -> &Door {
        &self.house.door
    }

    /// A text without gaps.
    pub fn t(&self, key: &str) -> String {
        self.words().say(key)
    }

    /// A text with its gaps filled.
    pub fn tw(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        self.words().with(key, gaps)
    }

    /// `fr` or `en`.
    pub fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// Whether this is somebody whom the centre knows.
    pub fn is_member(&self) -> bool {
        self.me.member.is_some()
    }

    /// Asks the centre as a command, on their behalf.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn command(&self, request: api::Request) -> Result<api::Reply, DoorError> {
        self.door().command(&self.who, request).await
    }

    /// Asks the centre what only pages ask, on their behalf.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn ask(&self, ask: Ask) -> Result<PortalReply, DoorError> {
        self.door().portal(&self.who, ask).await
    }
}

/// The language of a request: what was chosen, else what the browser prefers.
pub fn language(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE).and_then(Language::of_tag);
    let browser = headers.get(header::ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok());
    chosen.unwrap_or_else(|| Language::of_browser(browser.unwrap_or_default()))
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

impl FromRequestParts<Arc<House>> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Fault> {
        let who = match cookie(&parts.headers, SESSION) {
            Some(secret) => Who::Session(secret.to_owned()),
            None => Who::Visitor,
        };
        let reply = house.door.portal(&who, Ask::People(PeopleRequest::WhoAmI)).await?;
        let PortalReply::People(PeopleReply::Me(me)) = reply else { return Err(DoorError::Unfit.into()) };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { house: house.clone(), language: language(&parts.headers), who, me: *me, path })
    }
}

/// A form that was sent, together with who sent it: taken only with the session's own mark (`csrf`), so that no other
/// site can send it in a member's name.
pub struct Posted<T>(pub Visit, pub T);

/// Forms are short; files come another way.
const MOST: usize = 1 << 20;

impl<T: DeserializeOwned> FromRequest<Arc<House>> for Posted<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, house).await?;
        let bytes = axum::body::to_bytes(body, MOST).await.map_err(|_| Fault::unreadable())?;
        let form = axum::http::Request::from_parts(parts, axum::body::Body::from(bytes));
        let axum::Form(pairs) = axum::Form::<Vec<(String, String)>>::from_request(form, house).await?;
        let mark = pairs.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value);
        if !crate::guard::is_own(&visit, mark) {
            return Err(Fault::not_from_here());
        }
        let value = serde_json::Value::Object(
            pairs.into_iter().map(|(name, value)| (name, serde_json::Value::String(value))).collect(),
        );
        let sent = serde_json::from_value(value).map_err(|_| Fault::unreadable())?;
        Ok(Self(visit, sent))
    }
}

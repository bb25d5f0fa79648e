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
    guard::Mark,
    house::House,
    words::{Language, Words},
};

/// The cookie with the secret of a session.
pub const SESSION: &str = "algoric_session";
/// The cookie with the chosen language.
pub const LANGUAGE: &str = "algoric_lang";

/// One request of somebody.
pub struct Visit {
    pub(crate) house: Arc<House>,
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

    /// What all visits share.
    pub fn house(&self) -> &Arc<House> {
        &self.house
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

    /// Whoever this is must be a member: else they are asked to log in, and are brought back.
    ///
    /// # Errors
    /// It is a visitor.
    pub fn members_only(&self) -> Result<(), Fault> {
        if self.is_member() { Ok(()) } else { Err(Fault::login()) }
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

/// On whose behalf a request comes: of a session's cookie, or of a token.
pub fn who(headers: &HeaderMap) -> Who {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
    if let Some(token) = bearer.and_then(|line| line.strip_prefix("Bearer ")) {
        return Who::Token(token.trim().to_owned());
    }
    cookie(headers, SESSION).map_or(Who::Visitor, |secret| Who::Session(secret.to_owned()))
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
        let who = who(&parts.headers);
        let reply = house.door.portal(&who, Ask::People(PeopleRequest::WhoAmI)).await?;
        let PortalReply::People(PeopleReply::Me(mut me)) = reply else { return Err(DoorError::Unfit.into()) };
        if me.csrf.is_empty()
            && let Some(Mark(mark)) = parts.extensions.get()
        {
            me.csrf.clone_from(mark);
        }
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        // What a member chose in their account counts where this browser has not chosen another one.
        let chosen = cookie(&parts.headers, LANGUAGE).and_then(Language::of_tag);
        let language = chosen.or_else(|| Language::of_tag(&me.language)).unwrap_or_else(|| language(&parts.headers));
        Ok(Self { house: house.clone(), language, who, me: *me, path })
    }
}

/// A form that was sent, together with who sent it: taken only with the session's own mark (`csrf`), so that no other
/// site can send it in a member's name.
pub struct Posted<T>(pub Visit, pub T);

/// Forms are short; files come another way.
const MOST: usize = 1 << 20;
/// A form is sent at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

impl<T: DeserializeOwned> FromRequest<Arc<House>> for Posted<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, house).await?;
        // Whoever sends a form a byte at a time is not waited for.
        let sent = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MOST)).await;
        let bytes = sent.map_err(|_| Fault::unreadable())?.map_err(|_| Fault::unreadable())?;
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

//! What a call brings along: who calls, values in its address, its body. What cannot be understood is a [`Trap`].

use std::sync::Arc;

use api::Who;
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use super::problem::Trap;
use crate::{guard, house::House, visit::Visit};

/// Where a page that calls carries its session's mark.
pub const MARK: &str = "x-csrf";

/// A body is no longer: a script of 4 MiB, as JSON.
const MOST: usize = 6 << 20;
/// And is sent at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Who calls: by a token, or by a session, which changes things only with the mark that our own pages have.
pub struct Asker(pub Visit);

impl FromRequestParts<Arc<House>> for Asker {
    type Rejection = Trap;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Trap> {
        let visit = Visit::from_request_parts(parts, house).await?;
        let is_look = matches!(parts.method, Method::GET | Method::HEAD);
        if !is_look && matches!(visit.who, Who::Session(_)) {
            let mark = parts.headers.get(MARK).and_then(|mark| mark.to_str().ok()).unwrap_or_default();
            if !guard::is_own(&visit, mark) {
                return Err(Trap::new("forbidden", MARK));
            }
        }
        Ok(Self(visit))
    }
}

/// Values in the path.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<House>> for At<T> {
    type Rejection = Trap;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Trap> {
        let Path(value) = Path::from_request_parts(parts, house).await.map_err(|_| Trap::missing(parts.uri.path()))?;
        Ok(Self(value))
    }
}

/// Values behind the `?`.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<House>> for Asked<T> {
    type Rejection = Trap;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Trap> {
        let read = Query::from_request_parts(parts, house).await;
        read.map(|Query(value)| Self(value)).map_err(|wrong| Trap::unreadable(wrong.body_text()))
    }
}

/// A body of JSON.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<House>> for Sent<T> {
    type Rejection = Trap;

    async fn from_request(request: Request, _: &Arc<House>) -> Result<Self, Trap> {
        if !is_json(request.headers()) {
            return Err(Trap::new("no-json", "content-type"));
        }
        // Whoever sends it a byte at a time is not waited for.
        let sent = tokio::time::timeout(PATIENCE, axum::body::to_bytes(request.into_body(), MOST)).await;
        let body = sent.map_err(|_| Trap::unreadable("it comes too slowly".to_owned()))?;
        let body = body.map_err(|_| Trap::new("too-long", format!("{MOST}")))?;
        serde_json::from_slice(&body).map(Self).map_err(|wrong| Trap::unreadable(wrong.to_string()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// An answer as JSON.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(_) => Trap::new("inside", "").into_response(),
        }
    }
}

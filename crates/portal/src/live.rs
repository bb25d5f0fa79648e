//! Parts of pages that change: a browser asks for them every few seconds (`static/live.js`) and names the one it has, by
//! its mark; it gets another one, or nothing. Pages are whole without it.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::fault::Fault;

/// A part, or that it is the same still.
///
/// # Errors
/// A template that cannot be rendered, which none should.
pub fn part(headers: &HeaderMap, template: &impl Template) -> Result<Response, Fault> {
    let text = template.render().map_err(|_| Fault::missing())?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mark = format!("\"{:016x}\"", hasher.finish());
    let tag = [(header::ETAG, mark.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == mark.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Html(text)).into_response())
}

//! The other language: a link sets a cookie and goes back to where it was followed.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{guard, house::House, visit::LANGUAGE, words::Language};

/// A year.
const KEPT_S: u32 = 31_536_000;

#[derive(Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    to: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn switch(State(house): State<Arc<House>>, Query(switch): Query<Switch>) -> Response {
    let mut back = Redirect::to(own(&switch.back)).into_response();
    let language = Language::of_tag(&switch.to);
    let cookie = language.and_then(|to| guard::cookie(&house.way, LANGUAGE, to.tag(), "Lax", Some(KEPT_S)));
    if let Some(cookie) = cookie {
        back.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    back
}

/// An address of ours, never one of another site (`//elsewhere`, `/\elsewhere`), which a link could name.
fn own(address: &str) -> &str {
    let mut bytes = address.bytes();
    let is_ours = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    if is_ours && address.bytes().all(|byte| byte.is_ascii_graphic()) { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_site() {
        for (asked, gone) in [
            ("/jobs?page=2", "/jobs?page=2"),
            ("/", "/"),
            ("", "/"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("https://elsewhere.example", "/"),
            ("/jobs\r\nSet-Cookie: a=b", "/"),
        ] {
            assert_eq!(own(asked), gone, "{asked}");
        }
    }
}

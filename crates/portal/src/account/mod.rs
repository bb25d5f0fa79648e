//! Coming in and going: `/login`, `/logout`, and the links that are good once.

mod forgotten;
mod join;
mod links;
mod login;
mod own;

use std::sync::Arc;

use axum::{
    Router, middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use crate::{guard, house::House, visit::SESSION};

/// Their addresses.
pub fn routes(house: &Arc<House>) -> Router<Arc<House>> {
    // Pages with forms of people who have no session.
    let doors = Router::new()
        .route("/login", get(login::page).post(login::post))
        .route("/forgotten", get(forgotten::page).post(forgotten::post))
        .route("/join", get(join::page).post(join::post))
        .route("/first/{code}", get(links::page).post(links::post))
        .route("/invite/{code}", get(links::page).post(links::post))
        .route("/reset/{code}", get(links::page).post(links::post))
        .route_layer(middleware::from_fn_with_state(house.clone(), guard::mark));
    Router::new().route("/logout", post(login::out)).merge(own::routes()).merge(doors)
}

/// Goes on with a new session, or without one (`None`).
fn go_on(house: &House, to: &str, session: Option<(&str, u32)>) -> Response {
    let mut response = Redirect::to(to).into_response();
    let (value, seconds) = session.unwrap_or(("", 0));
    if let Some(cookie) = guard::cookie(&house.way, SESSION, value, "Lax", Some(seconds)) {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    response
}

/// What the browser says that it is.
fn agent(headers: &axum::http::HeaderMap) -> String {
    let said = headers.get(axum::http::header::USER_AGENT).and_then(|line| line.to_str().ok());
    said.unwrap_or_default().chars().take(200).collect()
}

/// An address of our own to go on to: a path, and nothing that a browser takes for another site.
fn own_path(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && next.is_ascii();
    if is_own { next } else { "/home" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, to) in [
            ("/jobs?state=running", "/jobs?state=running"),
            ("https://evil.example", "/home"),
            ("//evil.example", "/home"),
            ("/\\evil.example", "/home"),
            ("/\n/evil.example", "/home"),
            ("javascript:alert(1)", "/home"),
            ("", "/home"),
        ] {
            assert_eq!(own_path(next), to);
        }
    }
}

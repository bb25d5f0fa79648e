//! What the pages show, for programs: JSON under `/api/v1`, described by an OpenAPI document that is made from this code
//! (`/api/v1/openapi.json`, and for people `/api`). Every call is a question to the centre, as a page's is; who may what is
//! decided there.
//!
//! Numbers carry their unit in their name and are whole: micro-euros, microjoules, milligrams, milliseconds. Times are RFC
//! 3339 in UTC. Lists come in pages: `next` is what to ask `after`.

mod apps;
mod asked;
mod centre;
mod document;
mod files;
mod jobs;
mod machines;
mod page;
mod price;
mod problem;
mod projects;
mod submit;
mod tokens;
mod told;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde::Serialize;
use utoipa::ToSchema;

use self::problem::Trap;
use crate::{house::House, visit};

/// Their addresses.
pub fn routes(house: &Arc<House>) -> Router<Arc<House>> {
    let calls = Router::new()
        .route("/openapi.json", get(document::document))
        .route("/centre", get(centre::centre))
        .route("/machines", get(machines::list))
        .route("/machines/{machine}", get(machines::one))
        .route("/me", get(centre::me))
        .route("/energy", get(centre::energy))
        .route("/energy/prices", get(centre::prices))
        .route("/projects", get(projects::list))
        .route("/projects/{project}", get(projects::one).patch(projects::change))
        .route("/projects/{project}/members", get(projects::members))
        .route("/projects/{project}/members/{user}", put(projects::put_member).delete(projects::remove_member))
        .route("/projects/{project}/budgets", get(projects::budgets))
        .route("/projects/{project}/usage", get(projects::usage))
        .route("/projects/{project}/invoices", get(projects::invoices))
        .route("/projects/{project}/invoices/{number}/pdf", get(projects::invoice_pdf))
        .route("/projects/{project}/invoices/{number}/xml", get(projects::invoice_xml))
        .route("/jobs", get(jobs::list).post(submit::submit))
        .route("/jobs/check", post(submit::check))
        .route("/jobs/quote", post(submit::quote))
        .route("/jobs/{job}", get(jobs::one))
        .route("/jobs/{job}/tasks", get(jobs::tasks))
        .route("/jobs/{job}/why", get(told::why))
        .route("/jobs/{job}/history", get(told::history))
        .route("/jobs/{job}/output", get(told::output))
        .route("/jobs/{job}/cancel", post(jobs::cancel))
        .route("/jobs/{job}/hold", post(jobs::hold))
        .route("/jobs/{job}/release", post(jobs::release))
        .route("/jobs/{job}/price", get(price::one))
        .route("/apps", get(apps::list))
        .route("/apps/{app}", get(apps::one))
        .route("/apps/{app}/quote", post(apps::quote))
        .route("/apps/{app}/jobs", post(apps::submit))
        .route("/files", get(files::list))
        .route("/files/content", get(files::content))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{token}", delete(tokens::end))
        .fallback(async || Trap::missing(""))
        .method_not_allowed_fallback(async || Trap::new("method", ""))
        .layer(middleware::from_fn_with_state(house.clone(), in_words));
    Router::new().route("/api", get(page::page)).nest("/api/v1", calls)
}

/// Says a problem in the language of the request.
async fn in_words(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let language = visit::language(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Trap>() {
        None => response,
        Some(trap) => {
            let allow = response.headers().get(axum::http::header::ALLOW).cloned();
            let mut told = trap.clone().told(house.words(language));
            if let Some(allow) = allow {
                told.headers_mut().insert(axum::http::header::ALLOW, allow);
            }
            told
        }
    }
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// In order.
    items: Vec<T>,
    /// What to ask `after` for more; `null`: there is none.
    next: Option<String>,
}

/// So many at most in a part, and so many where nothing is said.
const MOST: u32 = 500;
const USUAL: u32 = 100;

impl<T> Page<T> {
    /// The part behind a key, of all of them in order.
    fn cut(all: impl Iterator<Item = T>, key: impl Fn(&T) -> String, after: Option<&str>, limit: Option<u32>) -> Self {
        let count = limit.unwrap_or(USUAL).clamp(1, MOST) as usize;
        let mut left = all.skip_while(|item| after.is_some_and(|after| key(item).as_str() <= after));
        let items: Vec<T> = left.by_ref().take(count).collect();
        let next = if left.next().is_some() { items.last().map(key) } else { None };
        Self { items, next }
    }
}

/// A time as programs read it.
fn stamp(at: model::Time) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}

/// Nothing is said but that it is done.
fn done() -> Response {
    axum::http::StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_pages_without_a_hole() {
        let all = ["a", "b", "c", "d", "e"];
        let part = |after: Option<&str>, limit| {
            let page = Page::cut(all.iter(), |item| (**item).to_owned(), after, limit);
            (page.items.into_iter().copied().collect::<String>(), page.next)
        };
        for (after, limit, items, next) in [
            (None, Some(2), "ab", Some("b")),
            (Some("b"), Some(2), "cd", Some("d")),
            (Some("d"), Some(2), "e", None),
            (Some("e"), Some(2), "", None),
            (Some("bb"), None, "cde", None),
            (None, Some(0), "a", Some("a")),
        ] {
            assert_eq!(part(after, limit), (items.to_owned(), next.map(str::to_owned)), "{after:?}");
        }
    }
}

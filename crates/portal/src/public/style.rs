//! The parts that pages are made of, each shown once: for whoever makes a page, and for whoever looks whether all still
//! fits together.

use askama::Template;
use axum::response::Response;

use crate::{fault::Fault, page::show, visit::Visit};

/// All that `.badge-STATE` knows.
const STATES: &[&str] = &[
    "pending",
    "held",
    "configuring",
    "running",
    "suspended",
    "completing",
    "completed",
    "failed",
    "timeout",
    "cancelled",
];

#[derive(Template)]
#[template(path = "style/style.html")]
struct Style<'a> {
    visit: &'a Visit,
}

pub(super) async fn page(visit: Visit) -> Result<Response, Fault> {
    show(&Style { visit: &visit })
}

//! What everybody may see.

mod lang;
mod style;

use std::sync::Arc;

use askama::Template;
use axum::{Router, response::Response, routing::get};

use crate::{fault::Fault, house::House, page::show, visit::Visit};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/", get(front)).route("/lang", get(lang::switch)).route("/style", get(style::page))
}

#[derive(Template)]
#[template(path = "public/front.html")]
struct Front<'a> {
    visit: &'a Visit,
}

async fn front(visit: Visit) -> Result<Response, Fault> {
    show(&Front { visit: &visit })
}

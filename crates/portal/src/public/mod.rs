//! What everybody may see.

use std::sync::Arc;

use askama::Template;
use axum::{Router, response::Response, routing::get};

use crate::{fault::Fault, house::House, page::show, visit::Visit};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/", get(front))
}

#[derive(Template)]
#[template(path = "public/front.html")]
struct Front<'a> {
    visit: &'a Visit,
}

async fn front(visit: Visit) -> Result<Response, Fault> {
    show(&Front { visit: &visit })
}

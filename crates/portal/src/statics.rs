//! Files that are the same for everybody: style, pictures, the few lines of JavaScript.

use std::sync::Arc;

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::house::House;

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/static/style.css", get(style))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../static/style.css"))
}

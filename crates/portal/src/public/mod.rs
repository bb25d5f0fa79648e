//! What everybody may see: the front page, visit mode, the parts that pages are made of.

mod equals;
mod front;
mod lang;
mod machine;
mod machines;
mod park;
mod screen;
mod style;

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::house::House;

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(front::page))
        .route("/live/now", get(front::now))
        .route("/machines", get(machines::page))
        .route("/live/machines", get(machines::now))
        .route("/machines/{name}", get(machines::one))
        .route("/visit", get(screen::page))
        .route("/lang", get(lang::switch))
        .route("/style", get(style::page))
}

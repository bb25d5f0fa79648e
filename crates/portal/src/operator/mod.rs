//! `/operator`: members and what was changed. Pages for who runs the centre; whether somebody may is decided there.

mod members;
mod trail;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::house::House;

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/operator", get(members::front))
        .route("/operator/members", get(members::page))
        .route("/operator/members/{id}", post(members::change))
        .route("/operator/invite", post(members::invite))
        .route("/operator/links/end", post(members::end_link))
        .route("/operator/audit", get(trail::page))
}

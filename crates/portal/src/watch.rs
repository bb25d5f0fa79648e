//! For programs that watch the centre: `/healthz` and `/metrics`.

use std::sync::Arc;

use api::{Ask, PortalReply, Who};
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};

use crate::{door::DoorError, fault::Fault, house::House};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/healthz", get(healthz)).route("/metrics", get(metrics))
}

/// `ok` when the centre answers.
async fn healthz(State(house): State<Arc<House>>) -> Result<&'static str, Fault> {
    house.door.ask(&Who::Visitor, Ask::Metrics).await?;
    Ok("ok\n")
}

async fn metrics(State(house): State<Arc<House>>) -> Result<impl IntoResponse, Fault> {
    match house.door.portal(&Who::Visitor, Ask::Metrics).await? {
        PortalReply::Text(text) => Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)),
        _ => Err(DoorError::Unfit.into()),
    }
}

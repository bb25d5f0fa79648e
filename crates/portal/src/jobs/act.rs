//! What one does with a job: cancel, hold, release it, run it again.

use api::{CancelFilter, Request};
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::Named;
use crate::{fault::Fault, visit::Posted};

#[derive(Deserialize)]
pub(super) struct Asked {
    what: String,
}

pub(super) async fn act(Path(id): Path<String>, Posted(visit, asked): Posted<Asked>) -> Result<Response, Fault> {
    visit.members_only()?;
    let named = Named::of(&id)?;
    let request = match asked.what.as_str() {
        "cancel" => Request::Cancel(CancelFilter { targets: vec![named.target()], ..CancelFilter::default() }),
        "hold" => Request::Hold(named.target()),
        "release" => Request::Release(named.target()),
        "again" => return Ok(Redirect::to(&format!("/jobs/{}/again", named.id)).into_response()),
        _ => return Err(Fault::unreadable()),
    };
    let reply = visit.command(request).await?;
    if let api::Reply::Matched { refused, .. } = reply
        && let Some((_, refusal)) = refused.into_iter().next()
    {
        return Err(crate::door::DoorError::Refused(refusal).into());
    }
    Ok(Redirect::to(&format!("/jobs/{named}?done=job-{}", asked.what)).into_response())
}

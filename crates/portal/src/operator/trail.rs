//! `/operator/audit`: what was changed, by whom, and from where.

use api::{PeopleReply, PeopleRequest, TrailRow};
use askama::Template;
use axum::{
    extract::{Query, rejection::QueryRejection},
    response::Response,
};
use serde::Deserialize;

use crate::{door::DoorError, fault::Fault, page::show, visit::Visit};

#[derive(Template)]
#[template(path = "operator/trail.html")]
struct TrailPage<'a> {
    visit: &'a Visit,
    rows: &'a [TrailRow],
    person: Option<i64>,
    /// Where older lines begin.
    older: Option<i64>,
}

impl TrailPage<'_> {
    /// What was done, in words.
    fn action(&self, row: &TrailRow) -> String {
        let key = format!("trail-{}", row.action);
        if self.visit.words().has(&key) { self.visit.t(&key) } else { row.action.clone() }
    }
}

/// Which part of the trail.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    before: Option<i64>,
    person: Option<i64>,
}

/// So many lines have more behind them.
const PAGE: usize = 100;

/// A part of it.
pub async fn page(visit: Visit, asked: Result<Query<Asked>, QueryRejection>) -> Result<Response, Fault> {
    let Asked { before, person } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let PeopleReply::Trail(rows) = visit.people(PeopleRequest::Trail { before, person }).await? else {
        return Err(DoorError::Unfit.into());
    };
    let older = rows.last().map(|row| row.id).filter(|_| rows.len() >= PAGE);
    show(&TrailPage { visit: &visit, rows: &rows, person, older })
}

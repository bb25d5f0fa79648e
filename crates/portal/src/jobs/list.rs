//! All that somebody ever submitted, the newest first, some at a time.

use std::collections::HashMap;

use api::{JobLine, JobsQuery, JobsReply, JobsRequest, JobsWhich, QueueQuery, Reply, Request, Role};
use askama::Template;
use axum::{extract::Query, response::Response};
use model::{ArrayPlace, JobId, JobState, QueueRow};
use serde::Deserialize;

use super::{Badge, ask, now};
use crate::{
    door::DoorError,
    fault::Fault,
    page::{quoted, show},
    visit::Visit,
};

/// Lines of a page.
const LINES: u32 = 25;

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    which: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    everybody: String,
}

/// A line of the table.
pub(crate) struct Line {
    pub id: JobId,
    pub name: String,
    pub user: String,
    pub project: String,
    pub badges: Vec<(Badge, u64)>,
    pub submitted: String,
    pub stamp: String,
    pub ran: String,
    pub energy: String,
    pub tasks: Option<u64>,
}

#[derive(Template)]
#[template(path = "jobs/list.html")]
struct List<'a> {
    visit: &'a Visit,
    lines: Vec<Line>,
    tabs: Vec<(&'static str, String, bool)>,
    name: String,
    which: String,
    everybody: bool,
    sees_all: bool,
    older: Option<String>,
    first: bool,
}

pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return super::new::no_account(&visit);
    }
    let which = match asked.which.as_str() {
        "open" => JobsWhich::Open,
        "well" => JobsWhich::Well,
        "badly" => JobsWhich::Badly,
        _ => JobsWhich::All,
    };
    let before = asked.before.parse().ok().map(JobId);
    let everybody = asked.everybody == "1";
    let name: String = asked.name.chars().take(80).collect();
    let query = JobsQuery { before, which, name: name.clone(), everybody, count: LINES };
    let (lines, next) = lines(&visit, query).await?;
    let address = |which: &str| {
        let others = if everybody { "&everybody=1" } else { "" };
        format!("/jobs?which={which}&name={}{others}", quoted(&name))
    };
    let tab = |key: &'static str, word: &'static str, is: JobsWhich| (word, address(key), which == is);
    let page = List {
        visit: &visit,
        lines,
        tabs: vec![
            tab("", "jobs-all", JobsWhich::All),
            tab("open", "jobs-open", JobsWhich::Open),
            tab("well", "jobs-well", JobsWhich::Well),
            tab("badly", "jobs-badly", JobsWhich::Badly),
        ],
        older: next.map(|next| format!("{}&before={next}", address(&asked.which))),
        which: asked.which,
        name,
        everybody,
        sees_all: visit.me.is(Role::Operator),
        first: before.is_none(),
    };
    show(&page)
}

/// Submissions with what is going on with those that are not over, and where to go on.
pub(crate) async fn lines(visit: &Visit, query: JobsQuery) -> Result<(Vec<Line>, Option<JobId>), DoorError> {
    let JobsReply::List { lines, next } = ask(visit, JobsRequest::List(query)).await? else {
        return Err(DoorError::Unfit);
    };
    let targets: Vec<_> =
        lines.iter().filter(|line| line.open).map(|line| api::JobTarget { id: line.id, tasks: None }).collect();
    let live = if targets.is_empty() { HashMap::new() } else { live(visit, targets).await };
    Ok((lines.into_iter().map(|line| told(visit, line, &live)).collect(), next))
}

/// What the queue has of these, by submission. What ended this moment is in no queue any more: that is no fault.
async fn live(visit: &Visit, targets: Vec<api::JobTarget>) -> HashMap<JobId, Vec<QueueRow>> {
    let mut live: HashMap<JobId, Vec<QueueRow>> = HashMap::new();
    let each = targets.into_iter().map(|target| QueueQuery { targets: Some(vec![target]), ..QueueQuery::default() });
    for query in each {
        let rows = visit.door().collect(&visit.who, Request::Queue(query), |reply| match reply {
            Reply::Queue(rows) => Some(rows),
            _ => None,
        });
        for row in rows.await.unwrap_or_default() {
            let base = match &row.array {
                ArrayPlace::Single => row.id,
                ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. } => *base,
            };
            live.entry(base).or_default().push(row);
        }
    }
    live
}

fn told(visit: &Visit, line: JobLine, live: &HashMap<JobId, Vec<QueueRow>>) -> Line {
    let words = visit.words();
    let mut badges: Vec<(Badge, u64)> = Vec::new();
    for row in live.get(&line.id).map(Vec::as_slice).unwrap_or_default() {
        let badge = Badge::of_row(visit, row);
        let count = match &row.array {
            ArrayPlace::Pending { tasks, .. } => tasks.len(),
            _ => 1,
        };
        match badges.iter_mut().find(|(known, _)| *known == badge) {
            Some((_, sum)) => *sum += count,
            None => badges.push((badge, count)),
        }
    }
    badges.extend(line.states.iter().map(|(state, count)| (Badge::new(visit, *state), *count)));
    if badges.is_empty() {
        badges.push((Badge::new(visit, if line.open { JobState::Pending } else { JobState::Completed }), 1));
    }
    let running = live.get(&line.id).and_then(|rows| rows.iter().find(|row| row.state == JobState::Running));
    let ran = match (line.start, line.end, running) {
        (_, _, Some(row)) => words.span(row.elapsed(now()).0),
        (Some(start), Some(end), None) => words.span((end - start).0),
        _ => String::new(),
    };
    Line {
        id: line.id,
        name: line.name.lossy().into_owned(),
        user: line.user,
        project: line.account,
        badges,
        submitted: words.when(line.submitted.0, now().0),
        stamp: words.stamp(line.submitted.0),
        ran,
        energy: line.energy_uj.map_or_else(String::new, |energy| words.energy(energy)),
        tasks: line.tasks,
    }
}

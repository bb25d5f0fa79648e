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
#[serde(default)]
pub(super) struct Asked {
    which: String,
    name: String,
    project: String,
    state: String,
    application: String,
    since: String,
    until: String,
    before: String,
    everybody: String,
}

impl Asked {
    /// Without what makes no sense: an address may be typed, too.
    fn cleaned(self) -> Self {
        let short = |text: String| text.trim().chars().take(80).collect::<String>();
        let day = |text: String| if text.parse::<jiff::civil::Date>().is_ok() { text } else { String::new() };
        let digits = |letter: &char| !letter.is_ascii_digit();
        Self {
            which: if ["open", "well", "badly"].contains(&self.which.as_str()) { self.which } else { String::new() },
            name: short(self.name),
            project: short(self.project),
            state: state_of(&self.state).map_or_else(String::new, |state| state.text().to_lowercase()),
            // Applications are names without digits: what is pasted from a job finds its like.
            application: short(self.application).chars().filter(digits).collect(),
            since: day(self.since),
            until: day(self.until),
            before: self.before,
            everybody: if self.everybody == "1" { self.everybody } else { String::new() },
        }
    }

    /// Whether something is looked for.
    fn is_filter(&self) -> bool {
        let all = [&self.which, &self.name, &self.project, &self.state, &self.application, &self.since, &self.until];
        all.iter().any(|text| !text.is_empty())
    }

    /// Where the same is looked for, in another state as a whole.
    fn address(&self, which: &str) -> String {
        let pairs = [
            ("which", which),
            ("name", &self.name),
            ("project", &self.project),
            ("state", &self.state),
            ("application", &self.application),
            ("since", &self.since),
            ("until", &self.until),
            ("everybody", &self.everybody),
        ];
        let given: Vec<String> = pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", quoted(value).replace('/', "%2F")))
            .collect();
        if given.is_empty() { "/jobs".to_owned() } else { format!("/jobs?{}", given.join("&")) }
    }

    fn query(&self) -> JobsQuery {
        let day = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        JobsQuery {
            before: self.before.parse().ok().map(JobId),
            which: match self.which.as_str() {
                "open" => JobsWhich::Open,
                "well" => JobsWhich::Well,
                "badly" => JobsWhich::Badly,
                _ => JobsWhich::All,
            },
            name: self.name.clone(),
            state: state_of(&self.state),
            project: self.project.clone(),
            application: self.application.clone(),
            since: day(&self.since),
            until: day(&self.until),
            everybody: !self.everybody.is_empty(),
            count: LINES,
        }
    }
}

/// States that one looks for.
const STATES: [JobState; 10] = [
    JobState::Pending,
    JobState::Running,
    JobState::Suspended,
    JobState::Completed,
    JobState::Failed,
    JobState::Timeout,
    JobState::OutOfMemory,
    JobState::Cancelled,
    JobState::NodeFail,
    JobState::Preempted,
];

fn state_of(text: &str) -> Option<JobState> {
    STATES.into_iter().find(|state| state.text().eq_ignore_ascii_case(text))
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
    /// Something of it waits or runs.
    pub open: bool,
}

#[derive(Template)]
#[template(path = "jobs/list.html")]
struct List<'a> {
    visit: &'a Visit,
    lines: Vec<Line>,
    tabs: Vec<(&'static str, String, bool)>,
    asked: &'a Asked,
    /// What can be chosen: values, what they are called, whether one is chosen.
    projects: Vec<(String, bool)>,
    states: Vec<(String, String, bool)>,
    everybody: bool,
    sees_all: bool,
    is_filter: bool,
    /// More is looked for than a name.
    is_open: bool,
    newest: String,
    older: Option<String>,
    first: bool,
}

pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return super::new::no_account(&visit);
    }
    let asked = asked.cleaned();
    let (lines, next) = lines(&visit, asked.query()).await?;
    let tab = |key: &'static str, word: &'static str| (word, asked.address(key), asked.which == key);
    let mut projects: Vec<String> = visit.me.projects.iter().map(|project| project.name.clone()).collect();
    if !asked.project.is_empty() && !projects.contains(&asked.project) {
        projects.push(asked.project.clone());
    }
    let state = |state: JobState| {
        let key = state.text().to_lowercase();
        let is_chosen = key == asked.state;
        (key, Badge::new(&visit, state).text, is_chosen)
    };
    let page = List {
        visit: &visit,
        lines,
        tabs: vec![tab("", "jobs-all"), tab("open", "jobs-open"), tab("well", "jobs-well"), tab("badly", "jobs-badly")],
        projects: projects.into_iter().map(|name| (name.clone(), name == asked.project)).collect(),
        states: STATES.into_iter().map(state).collect(),
        newest: asked.address(&asked.which),
        older: next.map(|next| {
            let address = asked.address(&asked.which);
            format!("{address}{}before={next}", if address.contains('?') { '&' } else { '?' })
        }),
        everybody: !asked.everybody.is_empty(),
        sees_all: visit.me.is(Role::Operator),
        is_filter: asked.is_filter(),
        is_open: [&asked.project, &asked.state, &asked.application, &asked.since, &asked.until]
            .iter()
            .any(|text| !text.is_empty()),
        first: asked.query().before.is_none(),
        asked: &asked,
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
        open: line.open,
    }
}

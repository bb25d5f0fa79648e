//! A member's home: what runs, what waits and why, what ended, what is left to spend.

use std::sync::Arc;

use api::{JobsQuery, JobsReply, JobsRequest, MoneyReply, MoneyRequest, PurseRow, Reply, Request};
use askama::Template;
use axum::{Router, response::Response, routing::get};
use model::{ArrayPlace, QueueRow, TimeLimit};

use crate::{
    door::DoorError,
    fault::Fault,
    house::House,
    jobs::{self, Badge, Line},
    page::show,
    phrases::why,
    visit::Visit,
};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/home", get(page))
}

/// Records of each kind.
const RECORDS: u32 = 8;
/// So many are explained.
const EXPLAINED: usize = 3;

/// A job that is not over.
struct Now {
    address: String,
    name: String,
    badge: Badge,
    text: String,
    /// How far it is in its time, in thousandths.
    share: Option<(i64, String)>,
    why: Vec<String>,
}

/// What a project may still spend.
struct Left {
    project: String,
    text: String,
    spent_permille: i64,
    shown: String,
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home<'a> {
    visit: &'a Visit,
    running: Vec<Now>,
    waiting: Vec<Now>,
    all_running: u64,
    all_waiting: u64,
    recent: Vec<Line>,
    left: Vec<Left>,
    tips: Vec<jobs::Tip>,
    /// Why there are none.
    no_tips: String,
    new_here: bool,
}

async fn page(visit: Visit) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return jobs::no_account(&visit);
    }
    let asked = JobsRequest::Mine { running: RECORDS, waiting: RECORDS };
    let JobsReply::Mine { running, waiting, all_running, all_waiting } = jobs::ask(&visit, asked).await? else {
        return Err(DoorError::Unfit.into());
    };
    let (recent, _) = jobs::lines(&visit, JobsQuery { count: 6, ..JobsQuery::default() }).await?;
    let mut waits: Vec<Now> = waiting.iter().map(|row| told(&visit, row)).collect();
    for (row, now) in waiting.iter().zip(&mut waits).take(EXPLAINED) {
        now.why = reasons(&visit, row).await?;
    }
    let (tips, no_tips) = jobs::tips(&visit, &recent).await;
    let page = Home {
        visit: &visit,
        running: running.iter().map(|row| told(&visit, row)).collect(),
        waiting: waits,
        all_running,
        all_waiting,
        tips,
        no_tips,
        new_here: recent.is_empty(),
        recent,
        left: left(&visit).await?,
    };
    show(&page)
}

fn told(visit: &Visit, row: &QueueRow) -> Now {
    let words = visit.words();
    let elapsed = row.elapsed(jobs::now()).0;
    let (text, share) = match (&row.array, row.time_limit, row.start) {
        (ArrayPlace::Pending { tasks, .. }, ..) => (visit.tw("job-tasks-wait", &[("count", tasks.len().into())]), None),
        (_, TimeLimit::Span(limit), Some(_)) if elapsed > 0 => {
            let gaps = [("elapsed", words.span(elapsed).into()), ("limit", words.span(limit.0).into())];
            let share = (i128::from(elapsed) * 1000 / i128::from(limit.0.max(1))) as i64;
            (visit.tw("home-runs", &gaps), Some((share, words.percent(share))))
        }
        _ if elapsed > 0 => (words.span(elapsed), None),
        _ => (String::new(), None),
    };
    Now {
        address: jobs::address(row),
        name: row.name.lossy().into_owned(),
        badge: Badge::of_row(visit, row),
        text,
        share,
        why: Vec::new(),
    }
}

/// Why it waits, and when it should start.
async fn reasons(visit: &Visit, row: &QueueRow) -> Result<Vec<String>, DoorError> {
    let named = jobs::Named::of(&jobs::address(row)).map_err(|_| DoorError::Unfit)?;
    match visit.command(Request::Why(named.target())).await {
        Ok(Reply::Why(facts)) => Ok(why::sentences(&facts, jobs::now(), visit.words())),
        // It started meanwhile.
        Ok(_) | Err(DoorError::Refused(_)) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

/// What the member's projects may still spend.
async fn left(visit: &Visit) -> Result<Vec<Left>, DoorError> {
    let purses = match visit.command(Request::Money(Box::new(MoneyRequest::Purses))).await {
        Ok(Reply::Money(MoneyReply::Purses(purses))) => purses,
        Ok(_) | Err(DoorError::Refused(_)) => Vec::new(),
        Err(other) => return Err(other),
    };
    let own = |purse: &&PurseRow| visit.me.projects.iter().any(|project| project.name == purse.project);
    let words = visit.words();
    let mut all = Vec::new();
    for purse in purses.iter().filter(own) {
        for budget in &purse.budgets {
            let amount = |value: i64| match budget.unit.as_str() {
                "euros" => words.money(value),
                "kwh" => words.energy(value),
                _ => visit.tw("home-core-hours", &[("hours", words.decimal((value / 36_000).into(), 2).into())]),
            };
            let gaps = [("left", amount(budget.left).into()), ("limit", amount(budget.limit).into())];
            let used = i128::from(budget.limit - budget.left).max(0) * 1000 / i128::from(budget.limit.max(1));
            all.push(Left {
                project: purse.project.clone(),
                text: visit.tw(&format!("home-budget-{}", budget.period), &gaps),
                spent_permille: used.min(1000) as i64,
                shown: words.percent(used as i64),
            });
        }
    }
    Ok(all)
}

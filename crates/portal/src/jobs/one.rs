//! A job's page: how it is and why, what it says, what it uses, what it costs, and what one can do with it.

use api::{JobQuery, JobReport, JobsReply, JobsRequest, Reply, Request, RunsReport};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use files::{Place, Root};
use model::{AccountRow, JobState, Memory, QueueRow, Span, Text, TimeLimit};
use serde::Deserialize;

use super::{Badge, Named, advice, ask, make::Home, now, output, series, tasks};
use crate::{
    door::DoorError,
    fault::Fault,
    page::show,
    phrases::{
        run::{Advised, Priced},
        why,
    },
    visit::Visit,
};

/// Tasks on a page.
const TASKS: u32 = 100;
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    from: u32,
}

/// One thing that is known about it.
struct Fact(String, String);

#[derive(Template)]
#[template(path = "jobs/job.html")]
struct Page<'a> {
    visit: &'a Visit,
    named: Named,
    base: String,
    name: String,
    badge: Badge,
    /// Whole sentences: how it is, and why.
    sentences: Vec<String>,
    facts: Vec<Fact>,
    used: Vec<Fact>,
    /// Something of it runs, or ran.
    begun: bool,
    price: Priced,
    /// What its next run should ask for, or why nobody can say.
    advice: Advised,
    folder: Option<(String, Option<String>)>,
    file: Option<(String, Option<String>)>,
    tail: Option<output::Tail>,
    live: bool,
    pictures: Vec<String>,
    rows: Vec<tasks::Told>,
    /// Of an array: states with their number, address, and whether this one is shown.
    states: Vec<(Badge, u64, String, bool)>,
    next: Option<String>,
    may: May,
    is_array: bool,
    script: String,
}

/// What can be done with it now.
#[derive(Default)]
struct May {
    cancel: bool,
    hold: bool,
    release: bool,
    again: bool,
}

pub(super) async fn page(visit: Visit, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    visit.members_only()?;
    let named = Named::of(&id)?;
    let state = JobState::ALL.iter().copied().find(|state| state.text().eq_ignore_ascii_case(&asked.state));
    let report = report(&visit, named, state, asked.from, TASKS).await?;
    let live = if report.open { rows_of(&visit, named).await? } else { Vec::new() };
    show(&whole(&visit, named, (state, asked.from), &report, &live).await?)
}

/// The script as a file.
pub(super) async fn script(visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
    visit.members_only()?;
    let report = report(&visit, Named::of(&id)?, None, 0, 1).await?;
    let about = [
        (header::CONTENT_TYPE, "text/x-shellscript; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"job-{}.sh\"", report.id)),
    ];
    Ok((about, report.script).into_response())
}

/// Everything about a job that is in the file.
///
/// # Errors
/// There is none, or it is somebody else's.
pub(super) async fn report(
    visit: &Visit,
    named: Named,
    state: Option<JobState>,
    from: u32,
    count: u32,
) -> Result<Box<JobReport>, DoorError> {
    let query = JobQuery { id: named.id, task: named.task, state, from, count };
    match ask(visit, JobsRequest::Job(query)).await? {
        JobsReply::Job(report) => Ok(report),
        _ => Err(DoorError::Unfit),
    }
}

/// Where it writes its output (0) or its errors (1): as its wishes say. Of one that was typed at Slurm's own `sbatch` the
/// centre has no wishes before its end; while it runs, Slurm says where it writes.
pub(crate) async fn file_of(visit: &Visit, named: Named, report: &JobReport, which: usize) -> Option<Text> {
    let known = report.files.get(which).cloned().flatten();
    if known.is_some() || !report.open || !report.own || report.spec.batch {
        return known;
    }
    let details = visit.door().collect(&visit.who, Request::Details(vec![named.target()]), |reply| match reply {
        Reply::Details(details) => Some(details),
        _ => None,
    });
    let running = details.await.ok()?.into_iter().find(|detail| detail.row.state == JobState::Running)?;
    let file = running.files.get(which).cloned();
    file.filter(|file| file.as_bytes().starts_with(b"/") && file.as_bytes() != b"/dev/null")
}

/// What the queue has of it.
async fn rows_of(visit: &Visit, named: Named) -> Result<Vec<QueueRow>, DoorError> {
    let query = api::QueueQuery { targets: Some(vec![named.target()]), ..api::QueueQuery::default() };
    let rows = visit.door().collect(&visit.who, Request::Queue(query), |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    });
    match rows.await {
        // It ended between the two questions.
        Err(DoorError::Refused(_)) => Ok(Vec::new()),
        rows => rows,
    }
}

async fn whole<'a>(
    visit: &'a Visit,
    named: Named,
    asked: (Option<JobState>, u32),
    report: &JobReport,
    live: &[QueueRow],
) -> Result<Page<'a>, DoorError> {
    let spec = &report.spec;
    let is_array = spec.array.is_some() && named.task.is_none();
    let last = report.rows.iter().rev().find(|row| row.step.is_none());
    let now_state = live.iter().find(|row| row.state == JobState::Running).or(live.first());
    let badge = match (now_state, last) {
        (Some(row), _) => Badge::of_row(visit, row),
        (None, _) if is_array => worst(visit, report),
        (None, Some(row)) => Badge::new(visit, row.state),
        (None, None) => Badge::new(visit, JobState::Pending),
    };
    let energy = advice::energy(visit, named).await;
    let file = file_of(visit, named, report, 0).await.map(|path| path.lossy().into_owned());
    let tail = match &file {
        Some(path) if report.own && !is_array => output::tail(visit, path).await,
        _ => None,
    };
    let home = Home::of(&spec.owner.user).map(|home| home.folder);
    let at =
        |path: &str, kind: &str| home.as_deref().and_then(|home| in_files(home, path, kind)).filter(|_| report.own);
    let workdir = spec.workdir.lossy().into_owned();
    let cpus = spec.request.cpus();
    let memory = last.and_then(|row| row.memory_mib).or(spec.request.memory_mib(cpus));
    let tasks = Tasks::of(visit, named, is_array, asked, report, live);
    Ok(Page {
        visit,
        named,
        base: report.id.to_string(),
        name: spec.name.lossy().into_owned(),
        badge,
        sentences: sentences(visit, named, report, live, last).await?,
        facts: facts(visit, report),
        used: used(visit, energy.as_ref(), last.filter(|_| !is_array), is_array),
        begun: has_begun(report, live),
        price: advice::price(visit, named).await,
        advice: advice::of_page(visit, energy.as_ref(), report.open),
        folder: Some((workdir.clone(), at(&workdir, "at"))),
        file: file.map(|path| (path.clone(), at(&path, "view"))),
        live: tail.is_some() && report.open,
        tail,
        pictures: series::pictures(visit, &report.series, cpus, memory),
        states: tasks.states,
        next: tasks.next,
        rows: tasks.rows,
        may: may(report, live),
        is_array,
        script: String::from_utf8_lossy(&report.script).into_owned(),
    })
}

/// Of an array that is over: the worst of what there was.
fn worst(visit: &Visit, report: &JobReport) -> Badge {
    let bad = report.states.iter().find(|(state, _)| *state != JobState::Completed);
    Badge::new(visit, bad.or(report.states.first()).map_or(JobState::Completed, |(state, _)| *state))
}

/// Where our pages show a file or a folder of the member's home.
fn in_files(home: &str, path: &str, kind: &str) -> Option<String> {
    let rest = path.strip_prefix(home.trim_end_matches('/'))?;
    let place = Place::new(Root::Home, rest.trim_matches('/')).ok()?;
    (rest.is_empty() || rest.starts_with('/')).then(|| format!("/files/{kind}/{}", place.address()))
}

async fn sentences(
    visit: &Visit,
    named: Named,
    report: &JobReport,
    live: &[QueueRow],
    last: Option<&AccountRow>,
) -> Result<Vec<String>, DoorError> {
    let words = visit.words();
    let waits = live.iter().any(|row| row.state == JobState::Pending);
    if waits {
        return Ok(match visit.command(Request::Why(named.target())).await {
            Ok(Reply::Why(facts)) => why::sentences(&facts, now(), words),
            Ok(_) => return Err(DoorError::Unfit),
            // It started meanwhile.
            Err(DoorError::Refused(_)) => Vec::new(),
            Err(other) => return Err(other),
        });
    }
    if let Some(row) = live.iter().find(|row| row.state == JobState::Running) {
        let mut gaps = vec![("elapsed", words.span(row.elapsed(now()).0).into())];
        let key = match row.time_limit {
            TimeLimit::Span(limit) => {
                gaps.push(("left", words.span((limit.0 - row.elapsed(now()).0).max(0)).into()));
                "job-runs"
            }
            _ => "job-runs-unlimited",
        };
        return Ok(vec![visit.tw(key, &gaps)]);
    }
    let Some(row) = last.filter(|_| report.spec.array.is_none() || named.task.is_some()) else { return Ok(Vec::new()) };
    let key = format!("job-ended-{}", row.state.text().to_lowercase().replace('_', "-"));
    let gaps = [
        ("code", row.exit.code.into()),
        ("signal", row.exit.signal.into()),
        ("when", row.end.map_or_else(String::new, |end| words.when(end.0, now().0)).into()),
    ];
    Ok(vec![visit.tw(&key, &gaps)])
}

fn facts(visit: &Visit, report: &JobReport) -> Vec<Fact> {
    let (words, spec) = (visit.words(), &report.spec);
    let fact = |key: &str, text: String| Fact(visit.t(key), text);
    let memory = match spec.request.memory {
        Memory::Unlimited => visit.t("quote-no-limit"),
        _ => spec.request.memory_mib(spec.request.cpus()).map_or_else(|| visit.t("job-usual"), |mib| words.memory(mib)),
    };
    let limit = match spec.time_limit {
        TimeLimit::Span(limit) => words.span(limit.0),
        _ => visit.t("quote-no-limit"),
    };
    let mut facts = vec![
        fact("job-submitted", words.when(report.submitted.0, now().0)),
        fact("job-project", spec.account.clone()),
        fact("job-cpus", spec.request.cpus().to_string()),
        fact("job-memory", memory),
        fact("job-limit", limit),
    ];
    if !report.own {
        facts.insert(0, fact("job-owner", spec.owner.user.clone()));
    }
    if spec.request.gpus > 0 {
        facts.push(fact("job-gpus", spec.request.gpus.to_string()));
    }
    if let Some(array) = &spec.array {
        facts.push(fact("job-tasks", words.number(array.tasks.len().cast_signed())));
    }
    facts
}

/// Whether something of it runs, or ran.
fn has_begun(report: &JobReport, live: &[QueueRow]) -> bool {
    live.iter().any(|row| row.state != JobState::Pending)
        || report.rows.iter().any(|row| row.start.is_some())
        || report.states.iter().any(|(state, _)| *state != JobState::Cancelled)
}

fn used(visit: &Visit, energy: Option<&RunsReport>, last: Option<&AccountRow>, is_array: bool) -> Vec<Fact> {
    let words = visit.words();
    let mut used = Vec::new();
    let mut add = |key: &str, text: String| used.push(Fact(visit.t(key), text));
    if let Some(row) = last
        && let Some(start) = row.start
    {
        let until = row.end.unwrap_or_else(now);
        let ran = (until - start).0.saturating_sub(row.suspended.0).max(0);
        add("job-ran", words.span(ran));
        if let Some(usage) = row.usage.filter(|_| row.end.is_some()) {
            let busy = i128::from(model::busy_milli(usage.user_us + usage.system_us, Span(ran)) / 10);
            add(
                "job-busy",
                visit.tw("job-busy-of", &[("busy", words.decimal(busy, 2).into()), ("cpus", row.cpus.into())]),
            );
            add("job-most-memory", words.memory(usage.max_rss_kib.div_ceil(1024)));
        }
    }
    // Of an array: what the runs that are over used at most, with a meter or without.
    if let Some(most) = energy.and_then(|energy| energy.advice.as_ref()).filter(|_| is_array) {
        add("job-runs-over", words.number(most.runs.cast_signed()));
        add("job-busiest", visit.tw("job-busiest-of", &[("busy", words.decimal(most.busy_milli.into(), 3).into())]));
        if most.memory_mib > 0 {
            add("job-most-memory", words.memory(most.memory_mib));
        }
    }
    if let Some(total) = energy.map(|energy| &energy.total).filter(|total| total.measured_ms > 0) {
        add("job-energy", words.energy(total.energy_uj));
        add("job-cost", words.money(total.microeur));
        add("job-carbon-production", words.carbon(total.production_mg));
        add("job-carbon-lifecycle", words.carbon(total.lifecycle_mg));
    }
    used
}

/// Tasks of an array on its page.
#[derive(Default)]
struct Tasks {
    states: Vec<(Badge, u64, String, bool)>,
    rows: Vec<tasks::Told>,
    next: Option<String>,
}

impl Tasks {
    /// Those of the state that was asked for; of none, those that ended as the fewest did, else those that run or wait.
    fn of(
        visit: &Visit,
        named: Named,
        is_array: bool,
        (state, from): (Option<JobState>, u32),
        report: &JobReport,
        live: &[QueueRow],
    ) -> Self {
        let over = || report.rows.iter().map(|row| tasks::told(visit, row)).collect();
        if !is_array {
            return Self { rows: over(), ..Self::default() };
        }
        let counts = tasks::counted(visit, live);
        let first = || counts.first().map(|(_, _, state)| *state).filter(|_| report.states.is_empty());
        let shown = state.or(report.shown).or_else(first);
        let word = |state: JobState| state.text().to_lowercase();
        let mut states: Vec<(Badge, u64, JobState)> = counts.clone();
        states.extend(report.states.iter().map(|(state, count)| (Badge::new(visit, *state), *count, *state)));
        let each = |(badge, count, state): (Badge, u64, JobState)| {
            (badge, count, format!("/jobs/{}?state={}#tasks", report.id, word(state)), shown == Some(state))
        };
        let live_state = shown.filter(|state| !state.is_final());
        let (rows, next) = match live_state {
            Some(state) => tasks::waiting(visit, live, state, from, TASKS as usize),
            None => (over(), report.next),
        };
        let more =
            next.zip(shown).map(|(next, state)| format!("/jobs/{named}?state={}&from={next}#tasks", word(state)));
        Self { states: states.into_iter().map(each).collect(), rows, next: more }
    }
}

fn may(report: &JobReport, live: &[QueueRow]) -> May {
    let waiting = live.iter().filter(|row| row.state == JobState::Pending);
    let held = waiting.clone().filter(|row| row.priority == 0).count();
    May {
        cancel: !live.is_empty(),
        hold: waiting.count() > held,
        release: held > 0,
        again: report.own && !report.script.is_empty(),
    }
}

//! A year of a project in one page, to be printed or kept: figures, months, members, applications. The page and the PDF
//! say the same, from one [`Year`].

use api::{ProjectShown, ProjectUsed, Sums};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use documents::{Sheet, Table};
use serde::Deserialize;

use super::{bills::download, core_hours, drawn_hours, one, place, show::around, used};
use crate::{
    chart::{Bar, Bars, Unit},
    door::DoorError,
    fault::Fault,
    page,
    visit::Visit,
};

/// So many members and applications fit on the page.
const ROWS: usize = 12;

#[derive(Deserialize)]
pub(super) struct Asked {
    year: Option<u16>,
}

/// What the page and the paper say, in words.
struct Year {
    heading: String,
    facts: Vec<(String, String)>,
    tables: Vec<Table>,
    notes: Vec<String>,
    /// Months and their core-milliseconds.
    months: Vec<(String, i64)>,
}

#[derive(Template)]
#[template(path = "project/report.html")]
struct Report<'a> {
    visit: &'a Visit,
    shown: &'a ProjectShown,
    used: &'a ProjectUsed,
    /// The years before and after, where there is something.
    around: [Option<String>; 3],
    place: String,
    heading: String,
    facts: Vec<(String, String)>,
    tables: Vec<Table>,
    notes: Vec<String>,
    chart: String,
}

async fn read(visit: &Visit, name: &str, asked: &Asked) -> Result<(ProjectShown, ProjectUsed), Fault> {
    visit.members_only()?;
    let shown = one(visit, name).await?;
    let year = match asked.year {
        Some(year) => format!("{year:04}"),
        None => used(visit, name, None).await?.period.split('-').next().unwrap_or_default().to_owned(),
    };
    let used = used(visit, name, Some(year)).await?;
    Ok((shown, used))
}

pub(super) async fn page(
    visit: Visit,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (shown, used) = read(&visit, &name, &asked).await?;
    let Year { heading, facts, tables, notes, months } = told(&visit, &shown, &used);
    let bar = |(label, core_ms): (String, i64)| Bar {
        name: label.clone(),
        label,
        values: vec![drawn_hours(core_ms)],
        shade: None,
    };
    let chart = Bars {
        id: "year",
        title: visit.t("project-hours-by-time"),
        series: vec![visit.t("project-hours")],
        what: visit.t("project-month"),
        bars: months.into_iter().map(bar).collect(),
        unit: Unit::Cores,
    };
    let chart = chart.draw(visit.words());
    page::show(&Report {
        visit: &visit,
        shown: &shown,
        used: &used,
        around: around(&used),
        place: place(&name),
        heading,
        facts,
        tables,
        notes,
        chart,
    })
}

pub(super) async fn pdf(visit: Visit, Path(name): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (shown, used) = read(&visit, &name, &asked).await?;
    let Year { heading, facts, tables, notes, months } = told(&visit, &shown, &used);
    let last = jiff::Timestamp::from_millisecond(used.until.0 - 1).unwrap_or_default();
    let columns = months.into_iter().map(|(name, core_ms)| {
        let shown = if core_ms > 0 { core_hours(visit.words(), core_ms) } else { String::new() };
        (name, core_ms, shown)
    });
    let columns = columns.collect();
    let sheet = Sheet {
        author: visit.me.centre.clone(),
        title: shown.row.name.clone(),
        heading,
        about: shown.row.description.clone(),
        facts,
        chart: (visit.t("project-hours-by-time"), columns),
        tables,
        notes,
        language: visit.lang().to_owned(),
        date: last.to_zoned(visit.words().local(0).time_zone().clone()).date(),
    };
    let drawn = tokio::task::spawn_blocking(move || documents::sheet(&sheet)).await;
    let bytes = drawn.ok().and_then(Result::ok).ok_or(Fault::from(DoorError::Unfit))?;
    Ok(download("application/pdf", &format!("{name}-{}.pdf", used.period), bytes))
}

fn told(visit: &Visit, shown: &ProjectShown, used: &ProjectUsed) -> Year {
    let words = visit.words();
    let total = &used.total;
    let runs = total.runs.max(1);
    let mut facts = vec![
        (visit.t("project-hours"), core_hours(words, total.core_ms)),
        (visit.t("project-jobs"), words.number(total.runs)),
        (visit.t("project-completed"), words.percent(total.completed * 1000 / runs)),
        (visit.t("project-active"), words.number(used.active.into())),
        (visit.t("project-wait"), words.span(total.waited_ms / runs)),
        (visit.t("nav-energy"), words.energy(total.energy_uj)),
        (visit.t("project-carbon-production"), words.carbon(total.production_mg)),
        (visit.t("project-carbon-lifecycle"), words.carbon(total.lifecycle_mg)),
        (visit.t("project-electricity"), words.money(total.electricity_microeur)),
    ];
    if !shown.customer.is_empty() || total.price_microeur != 0 {
        facts.push((visit.t("project-paid"), words.money(total.price_microeur)));
    }
    let month = |name: &str| {
        words.say(&format!("month-{}", name.rsplit('-').next().unwrap_or_default().trim_start_matches('0')))
    };
    let named = |name: &str, others: &str| if name.is_empty() { visit.t(others) } else { name.to_owned() };
    let rows = |rows: &[(String, Sums)], others: &str| {
        rows.iter().take(ROWS).map(|(name, sums)| cells(visit, named(name, others), sums)).collect::<Vec<_>>()
    };
    let months = used.parts.iter().filter(|(_, sums)| sums.runs > 0);
    let head = |first: &str| {
        [first, "project-hours", "project-jobs", "nav-energy", "project-wait", "project-cost"]
            .map(|key| visit.t(key))
            .to_vec()
    };
    let tables = vec![
        Table {
            title: visit.t("project-by-month"),
            head: head("project-month"),
            rows: months.map(|(name, sums)| cells(visit, month(name), sums)).collect(),
        },
        Table {
            title: visit.t("project-by-member"),
            head: head("project-by-member-who"),
            rows: rows(&used.members, "project-others"),
        },
        Table {
            title: visit.t("project-by-application"),
            head: head("project-by-application-who"),
            rows: rows(&used.applications, "project-other-applications"),
        },
    ];
    let short = |name: &str| {
        words.say(&format!("month-short-{}", name.rsplit('-').next().unwrap_or_default().trim_start_matches('0')))
    };
    Year {
        heading: visit.tw(
            "project-report-of",
            &[("year", used.period.as_str().into()), ("centre", visit.me.centre.as_str().into())],
        ),
        facts,
        tables,
        notes: vec![visit.t("project-use-note"), visit.t("project-carbon-note")],
        months: used.parts.iter().map(|(name, sums)| (short(name), sums.core_ms)).collect(),
    }
}

fn cells(visit: &Visit, name: String, sums: &Sums) -> Vec<String> {
    let words = visit.words();
    vec![
        name,
        core_hours(words, sums.core_ms),
        words.number(sums.runs),
        words.energy(sums.energy_uj),
        words.span(sums.waited_ms / sums.runs.max(1)),
        words.money(sums.price_microeur),
    ]
}

//! A project at a glance: budgets now and over time, what it used by member and application, how to thank the centre.

use api::{BudgetRow, HeldQuote, ProjectShown, ProjectUsed, ProjectsRequest, Sums};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use serde::Deserialize;

use super::{amount, ask, back, core_hours, drawn_hours, one, place, used};
use crate::{
    chart::{Bar, Bars, Curve, Look, Series, Unit},
    fault::Fault,
    page,
    visit::{Posted, Visit},
    words::Language,
};

#[derive(Deserialize)]
pub(super) struct Asked {
    period: Option<String>,
}

/// A table of use.
struct Rows<'a> {
    /// Its words.
    what: &'static str,
    rows: &'a [(String, Sums)],
    /// What the row without a name is called.
    others: &'static str,
}

#[derive(Template)]
#[template(path = "project/project.html")]
struct ProjectPage<'a> {
    visit: &'a Visit,
    shown: &'a ProjectShown,
    used: &'a ProjectUsed,
    /// Names of the period before and after, where there is something, and of the year around.
    around: [Option<String>; 3],
    place: String,
    title: String,
    budget: Option<String>,
    tables: [Rows<'a>; 2],
    chart: String,
    thanks: [(&'static str, String); 2],
}

impl ProjectPage<'_> {
    fn amount(&self, budget: &BudgetRow, value: i64) -> String {
        amount(self.visit.words(), &budget.unit, value)
    }

    fn hours(&self, sums: &Sums) -> String {
        core_hours(self.visit.words(), sums.core_ms)
    }

    fn name(&self, name: &str, others: &str) -> String {
        if name.is_empty() { self.visit.t(others) } else { name.to_owned() }
    }

    /// How many of it run and wait.
    fn state(&self, quote: &HeldQuote) -> String {
        let counts = [("project-held-running", quote.running), ("project-held-pending", quote.pending)];
        let told = counts.into_iter().filter(|(_, count)| *count > 0);
        told.map(|(key, count)| self.visit.tw(key, &[("count", count.into())])).collect::<Vec<_>>().join(", ")
    }

    /// When what is set aside is free again, at the latest.
    fn until(&self, quote: &HeldQuote) -> String {
        let words = self.visit.words();
        match (quote.pending, quote.until, quote.limit_ms) {
            (0, Some(until), _) => words.time(until.0),
            (1.., _, Some(limit)) => self.visit.tw("project-held-after", &[("limit", words.span(limit).into())]),
            _ => self.visit.t("project-held-end"),
        }
    }

    fn permille(budget: &BudgetRow) -> i64 {
        let taken = i128::from(budget.spent) + i128::from(budget.reserved);
        let permille = taken * 1000 / i128::from(budget.limit.max(1));
        i64::try_from(permille).unwrap_or(1000).clamp(0, 1000)
    }
}

pub(super) async fn page(
    visit: Visit,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    visit.members_only()?;
    let shown = one(&visit, &name).await?;
    let used = used(&visit, &name, asked.period).await?;
    let budget = shown.purse.budgets.iter().find(|budget| budget.limit > 0);
    let budget = budget.map(|budget| over_time(&visit, budget, &shown, &used));
    let chart = chart(&visit, &used);
    let thanks = [(Language::French, "fr"), (Language::English, "en")].map(|(language, tag)| {
        let gaps = [("centre", visit.me.centre.as_str().into()), ("project", shown.row.name.as_str().into())];
        (tag, visit.house().words(language).with("project-thanks", &gaps))
    });
    page::show(&ProjectPage {
        visit: &visit,
        shown: &shown,
        used: &used,
        around: around(&used),
        place: place(&name),
        title: period_title(&visit, &used),
        budget,
        tables: [
            Rows { what: "project-by-member", rows: &used.members, others: "project-others" },
            Rows { what: "project-by-application", rows: &used.applications, others: "project-other-applications" },
        ],
        chart,
        thanks,
    })
}

/// What a period is called.
pub(super) fn period_title(visit: &Visit, used: &ProjectUsed) -> String {
    match used.period.len() {
        4 => used.period.clone(),
        7 => visit.words().month(used.from.0),
        _ => visit.words().date(used.from.0),
    }
}

/// The period before and the one after, as far as anything is known of them, and the year of a month or a day.
pub(super) fn around(used: &ProjectUsed) -> [Option<String>; 3] {
    let [before, after, year] = neighbours(&used.period);
    let is_year = used.period == year;
    [used.has_before.then_some(before), used.has_after.then_some(after), (!is_year).then_some(year)]
}

/// The period before, the one after, and its year; of a day its month.
fn neighbours(period: &str) -> [String; 3] {
    let mut numbers = period.split('-').map(|part| part.parse::<i16>().unwrap_or(1));
    let (year, month, day) = (numbers.next().unwrap_or(1970), numbers.next(), numbers.next());
    let shown = |year: i16, month: i16| format!("{year:04}-{month:02}");
    let (before, after) = match (month, day) {
        (None, _) => (format!("{:04}", year - 1), format!("{:04}", year + 1)),
        (Some(month), None) => {
            let before = if month == 1 { shown(year - 1, 12) } else { shown(year, month - 1) };
            (before, if month == 12 { shown(year + 1, 1) } else { shown(year, month + 1) })
        }
        (Some(month), Some(_)) => (shown(year, month), shown(year, month)),
    };
    [before, after, format!("{year:04}")]
}

/// The unit of a budget, in a picture.
fn unit(budget: &BudgetRow) -> Unit {
    match budget.unit.as_str() {
        "euros" => Unit::Money,
        "kwh" => Unit::Energy,
        _ => Unit::Cores,
    }
}

/// What a budget counts of some runs, in what its picture shows.
fn counted(budget: &BudgetRow, sums: &Sums) -> i64 {
    match budget.unit.as_str() {
        "euros" => sums.price_microeur,
        "kwh" => sums.energy_uj,
        _ => drawn_hours(sums.core_ms),
    }
}

/// How a budget was spent, day by day or month by month, against its limit.
fn over_time(visit: &Visit, budget: &BudgetRow, shown: &ProjectShown, used: &ProjectUsed) -> String {
    let (mut times, mut values, mut sum) = (Vec::new(), Vec::new(), 0_i64);
    let (mut from, mut until) = (used.from.0, used.until.0);
    if budget.period == "once" {
        // As far back as the ledger's months are told.
        let months: Vec<(i64, i64)> = (shown.paid.iter())
            .filter_map(|paid| {
                let value = match budget.unit.as_str() {
                    "euros" => paid.microeur,
                    "kwh" => paid.energy_uj,
                    _ => drawn_hours(paid.core_ms),
                };
                Some((first_of(visit, &paid.month)?, value))
            })
            .collect();
        from = months.first().map_or(from, |(at, _)| *at);
        until = months.last().map_or(until, |(at, _)| until.max(*at));
        for (at, value) in months {
            sum = sum.saturating_add(value);
            times.push(at);
            values.push(Some(sum));
        }
        times.push(until);
        values.push(Some(sum));
    } else {
        let parts = used.parts.len().max(1) as i64;
        for ((_, sums), nth) in used.parts.iter().zip(1..) {
            sum = sum.saturating_add(counted(budget, sums));
            times.push(from + (until - from) * nth / parts);
            values.push(Some(sum));
        }
    }
    let limit = if matches!(unit(budget), Unit::Cores) { drawn_hours(budget.limit) } else { budget.limit };
    let is_whole = match budget.period.as_str() {
        "month" => used.period.len() == 7,
        "year" => used.period.len() == 4,
        _ => true,
    };
    Curve {
        id: "budget",
        title: visit.t(&format!("project-over-time-{}", budget.unit)),
        from,
        until,
        times,
        series: vec![Series { name: visit.t("project-spent"), values }],
        unit: unit(budget),
        look: Look::Lines,
        shades: Vec::new(),
        limit: is_whole.then(|| (limit, visit.t("project-limit"))),
    }
    .draw(visit.words())
}

/// The first instant of a month (`2026-11`), where pages tell time.
fn first_of(visit: &Visit, month: &str) -> Option<i64> {
    let zone = visit.words().local(0).time_zone().clone();
    let day: jiff::civil::Date = format!("{month}-01").parse().ok()?;
    day.to_zoned(zone).ok().map(|at| at.timestamp().as_millisecond())
}

/// Core-hours by part of the period.
fn chart(visit: &Visit, used: &ProjectUsed) -> String {
    let words = visit.words();
    let bar = |(name, sums): &(String, Sums)| {
        let number = name.rsplit('-').next().unwrap_or(name).trim_start_matches('0');
        let is_month = used.period.len() == 4;
        Bar {
            label: if is_month { words.say(&format!("month-short-{number}")) } else { number.to_owned() },
            name: name.clone(),
            values: vec![drawn_hours(sums.core_ms)],
            shade: None,
        }
    };
    Bars {
        id: "hours",
        title: visit.t("project-hours-by-time"),
        series: vec![visit.t("project-hours")],
        what: visit.t("chart-time"),
        bars: used.parts.iter().map(bar).collect(),
        unit: Unit::Cores,
    }
    .draw(words)
}

#[derive(Deserialize)]
pub(super) struct Words {
    description: String,
}

pub(super) async fn describe(
    Path(project): Path<String>,
    Posted(visit, form): Posted<Words>,
) -> Result<Response, Fault> {
    ask(&visit, ProjectsRequest::Describe { project: project.clone(), description: form.description }).await?;
    Ok(back(&project, "", "saved"))
}

#[derive(Deserialize)]
pub(super) struct Consent {
    #[serde(default)]
    public: String,
}

pub(super) async fn consent(
    Path(project): Path<String>,
    Posted(visit, form): Posted<Consent>,
) -> Result<Response, Fault> {
    let public = form.public == "yes";
    ask(&visit, ProjectsRequest::Consent { project: project.clone(), public }).await?;
    Ok(back(&project, "", "saved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_neighbours() {
        for (period, before, after, year) in [
            ("2026", "2025", "2027", "2026"),
            ("2026-01", "2025-12", "2026-02", "2026"),
            ("2026-12", "2026-11", "2027-01", "2026"),
            ("2026-11-22", "2026-11", "2026-11", "2026"),
        ] {
            assert_eq!(neighbours(period), [before, after, year].map(str::to_owned), "{period}");
        }
    }
}

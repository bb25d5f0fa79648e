//! Where energy went: of the centre, of a machine, of projects; by day, month and year. Who may see what is decided in the
//! centre.

pub mod meter;
mod when;

use std::sync::Arc;

use api::{
    Ask, BoardReply, BoardRequest, EnergyBoard, PortalReply, PriceStep, ProjectBoard, ProjectEnergy, ProjectsBoard,
    UsedRow,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use serde::Deserialize;

use crate::{
    chart::{Bar, Bars, Curve, Level, Look, Series, Shade, Unit},
    door::DoorError,
    fault::Fault,
    house::House,
    page::{quoted, show},
    visit::Visit,
};
use when::When;

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/energy", get(centre))
        .route("/energy/machine/{name}", get(machine))
        .route("/energy/projects", get(projects))
        .route("/energy/projects/{name}", get(project))
}

#[derive(Deserialize)]
struct Asked {
    /// `2026`, `2026-11` or `2026-11-22`.
    period: Option<String>,
}

impl Asked {
    /// As it was asked for; what a form leaves empty is not asked for.
    fn period(self) -> Option<String> {
        self.period.filter(|text| !text.is_empty())
    }
}

#[derive(Template)]
#[template(path = "energy/energy.html")]
struct Energy<'a> {
    visit: &'a Visit,
    board: &'a EnergyBoard,
    when: When,
    place: String,
    power: String,
    parts: String,
    rates: Vec<Rate>,
}

impl Energy<'_> {
    /// Whether anything tells what a machine draws.
    fn has_meter(&self) -> bool {
        self.board.meters.iter().any(|meter| !meter.name.is_empty())
    }

    /// How much of it was for jobs, in thousandths.
    fn share(&self) -> i64 {
        let (jobs, all) = (i128::from(self.board.total.jobs_uj), i128::from(self.board.total.energy_uj));
        i64::try_from(jobs * 1000 / all.max(1)).unwrap_or(0)
    }
}

/// A rate with its words.
struct Rate {
    name: String,
    microeur_per_kwh: i64,
    energy_uj: i64,
    microeur: i64,
}

#[derive(Template)]
#[template(path = "energy/projects.html")]
struct Projects<'a> {
    visit: &'a Visit,
    board: &'a ProjectsBoard,
    when: When,
    place: String,
    chart: String,
}

#[derive(Template)]
#[template(path = "energy/project.html")]
struct Project<'a> {
    visit: &'a Visit,
    board: &'a ProjectBoard,
    when: When,
    place: String,
    chart: String,
}

async fn ask(visit: &Visit, request: BoardRequest) -> Result<BoardReply, Fault> {
    match visit.ask(Ask::Board(request)).await? {
        PortalReply::Board(reply) => Ok(reply),
        _ => Err(DoorError::Unfit.into()),
    }
}

async fn centre(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    energy(visit, None, asked.period()).await
}

async fn machine(visit: Visit, Path(name): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    energy(visit, Some(name), asked.period()).await
}

async fn energy(visit: Visit, machine: Option<String>, period: Option<String>) -> Result<Response, Fault> {
    let BoardReply::Energy(board) = ask(&visit, BoardRequest::Energy { period, machine }).await? else {
        return Err(DoorError::Unfit.into());
    };
    let words = visit.words();
    let when = When::new(visit.words(), &board.period, (board.from, board.until), board.now, board.first);
    let is_empty = board.total.energy_uj == 0 && board.total.covered_ms == 0;
    let power = if board.power.iter().any(|(_, power)| power.is_some()) {
        curve(&visit, &board).draw(words)
    } else {
        String::new()
    };
    let parts = if is_empty { String::new() } else { bars(&visit, &board, &when).draw(words) };
    let rate = |row: &api::RateRow| Rate {
        name: rate_name(&visit, &row.rate),
        microeur_per_kwh: row.microeur_per_kwh,
        energy_uj: row.energy_uj,
        microeur: row.microeur,
    };
    let rates = board.rates.iter().map(rate).collect();
    let place = match &board.machine {
        Some(name) => format!("/energy/machine/{}", quoted(name)),
        None => "/energy".to_owned(),
    };
    show(&Energy { visit: &visit, board: &board, when, place, power, parts, rates })
}

/// What a rate is called; the contract's own name where we have no word for it.
fn rate_name(visit: &Visit, rate: &str) -> String {
    let key = format!("rate-{}", rate.replace(' ', "-"));
    if visit.words().has(&key) { visit.t(&key) } else { rate.to_owned() }
}

/// How dear each price is among the prices of the time; nothing where there is but one.
fn shades(visit: &Visit, prices: &[PriceStep]) -> Vec<Shade> {
    let all = || prices.iter().map(|step| step.microeur_per_kwh);
    let (Some(least), Some(most)) = (all().min(), all().max()) else { return Vec::new() };
    // Thirds of the way from the least to the greatest, as a market has a price for each hour.
    let level = |price: i64| match (price - least) * 3 / (most - least).max(1) {
        0 => Level::Low,
        1 => Level::Mid,
        _ => Level::High,
    };
    let is_market = prices.iter().any(|step| !visit.words().has(&format!("rate-{}", step.rate.replace(' ', "-"))));
    let name = |step: &PriceStep| match (is_market, level(step.microeur_per_kwh)) {
        (false, _) => rate_name(visit, &step.rate),
        (true, Level::Low) => visit.t("energy-cheap"),
        (true, Level::Mid) => visit.t("energy-middle"),
        (true, Level::High) => visit.t("energy-dear"),
    };
    if least == most {
        return Vec::new();
    }
    let shade = |step: &PriceStep| Shade {
        from: step.start.0,
        until: step.end.0,
        level: level(step.microeur_per_kwh),
        name: name(step),
    };
    prices.iter().map(shade).collect()
}

fn curve(visit: &Visit, board: &EnergyBoard) -> Curve<'static> {
    let (times, values): (Vec<i64>, Vec<Option<i64>>) = board.power.iter().map(|(at, power)| (at.0, *power)).unzip();
    Curve {
        id: "power",
        title: visit.t("energy-power"),
        from: board.from.0,
        until: board.until.0,
        times,
        series: vec![Series { name: visit.t("energy-measured"), values }],
        unit: Unit::Power,
        look: Look::Lines,
        shades: shades(visit, &board.prices),
        limit: None,
    }
}

/// Hours, days or months by account; those of a time that is not over, too, so that the picture has the whole of it.
fn bars(visit: &Visit, board: &EnergyBoard, when: &When) -> Bars<'static> {
    let shades = if when.is_day() { shades(visit, &board.prices) } else { Vec::new() };
    let bar = |start: i64, used: Option<&UsedRow>| {
        let shade = shades.iter().find(|shade| (shade.from..shade.until).contains(&start));
        let (label, name) = when.part(visit.words(), start);
        Bar {
            label,
            name,
            values: used.map_or_else(
                || vec![0; 4],
                |row| vec![row.jobs_uj, row.system_uj, row.unallocated_uj, row.unmeasured_uj],
            ),
            shade: shade.map(|shade| (shade.level, shade.name.clone())),
        }
    };
    let known = |start: i64| board.parts.iter().find(|(at, _)| at.0 == start).map(|(_, row)| row);
    let bars = when.starts(visit.words()).into_iter().map(|start| bar(start, known(start))).collect();
    Bars {
        id: "parts",
        title: visit.t("energy-parts"),
        series: ["energy-jobs", "energy-system", "energy-idle", "energy-unmeasured"].map(|key| visit.t(key)).into(),
        what: visit.t("chart-time"),
        bars,
        unit: Unit::Energy,
    }
}

async fn projects(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let BoardReply::Projects(board) = ask(&visit, BoardRequest::EnergyOfProjects { period: asked.period() }).await?
    else {
        return Err(DoorError::Unfit.into());
    };
    let when = When::new(visit.words(), &board.period, (board.from, board.until), board.now, board.first);
    let bar = |row: &ProjectEnergy| Bar {
        label: row.name.chars().take(10).collect(),
        name: row.name.clone(),
        values: vec![row.energy_uj],
        shade: None,
    };
    let chart = Bars {
        id: "projects",
        title: visit.t("energy-by-project"),
        series: vec![visit.t("nav-energy")],
        what: visit.t("energy-project"),
        bars: board.projects.iter().take(16).map(bar).collect(),
        unit: Unit::Energy,
    };
    let chart = if board.projects.is_empty() { String::new() } else { chart.draw(visit.words()) };
    show(&Projects { visit: &visit, board: &board, when, place: "/energy/projects".to_owned(), chart })
}

async fn project(visit: Visit, Path(name): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let request = BoardRequest::EnergyOfProject { project: name, period: asked.period() };
    let BoardReply::Project(board) = ask(&visit, request).await? else { return Err(DoorError::Unfit.into()) };
    let when = When::new(visit.words(), &board.period, (board.from, board.until), board.now, board.first);
    let words = visit.words();
    let known = |start: i64| board.parts.iter().find(|(at, _)| at.0 == start).map_or(0, |(_, row)| row.energy_uj);
    let bar = |start: i64| {
        let (label, name) = when.part(words, start);
        Bar { label, name, values: vec![known(start)], shade: None }
    };
    let chart = Bars {
        id: "parts",
        title: visit.t("energy-of-project-parts"),
        series: vec![visit.t("nav-energy")],
        what: visit.t("chart-time"),
        bars: when.starts(words).into_iter().map(bar).collect(),
        unit: Unit::Energy,
    };
    // A run counts where it ends, whole: a day has no hours of it.
    let chart = if board.total.runs == 0 || when.is_day() { String::new() } else { chart.draw(words) };
    let place = format!("/energy/projects/{}", quoted(&board.project));
    show(&Project { visit: &visit, board: &board, when, place, chart })
}

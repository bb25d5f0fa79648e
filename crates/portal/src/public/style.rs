//! The parts that pages are made of, each shown once: for whoever makes a page, and for whoever looks whether all still
//! fits together.

use askama::Template;
use axum::response::Response;

use crate::{
    chart::{Bar, Bars, Curve, Gauge, Level, Look, Series, Shade, Unit},
    fault::Fault,
    page::show,
    visit::Visit,
};

/// All that `.badge-STATE` knows.
const STATES: &[&str] = &[
    "pending",
    "held",
    "configuring",
    "running",
    "suspended",
    "completing",
    "completed",
    "failed",
    "timeout",
    "cancelled",
];

#[derive(Template)]
#[template(path = "style/style.html")]
struct Style<'a> {
    visit: &'a Visit,
    charts: [String; 3],
    gauge: String,
}

pub(super) async fn page(visit: Visit) -> Result<Response, Fault> {
    let words = visit.words();
    let charts =
        [day(&visit, Look::Lines).draw(words), day(&visit, Look::Stacked).draw(words), columns(&visit).draw(words)];
    let gauge =
        Gauge { id: "style-gauge", title: visit.t("style-gauge"), value: 12, whole: 32, shown: "12 / 32".to_owned() };
    show(&Style { visit: &visit, charts, gauge: gauge.draw(words) })
}

/// 2026-11-22T00:00:00 in France.
const MIDNIGHT: i64 = 1_795_302_000_000;
const HOUR: i64 = 3_600_000;

/// A day of two series with dear hours and a gap.
fn day(visit: &Visit, look: Look) -> Curve<'static> {
    let hours = || 0..=96_i64;
    let curve = |base: i64, swing: i64| hours().map(move |at| (at != 40).then_some(base + (at * at * swing) % 70_000));
    let shade = |from: i64, until: i64, level, name| Shade {
        from: MIDNIGHT + from * HOUR,
        until: MIDNIGHT + until * HOUR,
        level,
        name: visit.t(name),
    };
    Curve {
        id: if look == Look::Lines { "style-lines" } else { "style-areas" },
        title: visit.t(if look == Look::Lines { "style-lines" } else { "style-areas" }),
        from: MIDNIGHT,
        until: MIDNIGHT + 24 * HOUR,
        times: hours().map(|at| MIDNIGHT + at * HOUR / 4).collect(),
        series: vec![
            Series { name: visit.t("nav-jobs"), values: curve(60_000, 37).collect() },
            Series { name: visit.t("nav-operator"), values: curve(20_000, 11).collect() },
        ],
        unit: Unit::Power,
        look,
        shades: vec![
            shade(0, 6, Level::Low, "style-low"),
            shade(6, 22, Level::High, "style-high"),
            shade(22, 24, Level::Low, "style-low"),
        ],
        limit: (look == Look::Lines).then(|| (200_000, visit.t("style-limit"))),
    }
}

/// Three days of two parts.
fn columns(visit: &Visit) -> Bars<'static> {
    let bar = |day: i64| Bar {
        label: day.to_string(),
        name: visit.words().date(MIDNIGHT + (day - 22) * 24 * HOUR),
        values: vec![day % 7 * 900_000_000_000, 1_800_000_000_000],
        shade: None,
    };
    Bars {
        id: "style-bars",
        title: visit.t("nav-energy"),
        series: vec![visit.t("nav-jobs"), visit.t("nav-operator")],
        what: visit.t("chart-time"),
        bars: (1..=22).map(bar).collect(),
        unit: Unit::Energy,
    }
}

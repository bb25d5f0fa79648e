//! What pictures look like as text; and that they stay small and sound whatever they are given.
#![allow(clippy::unwrap_used)]

use jiff::tz::TimeZone;

use super::*;
use crate::words::{Language, Words};

/// 2026-11-22T00:00:00 in Paris.
const MIDNIGHT: i64 = 1_795_302_000_000;
const HOUR: i64 = 3_600_000;

fn words() -> Words {
    Words::new(Language::French, TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
}

/// One tag a line, so that a change shows where it is.
fn lines(svg: &str) -> String {
    svg.replace("><", ">\n<")
}

fn watts(points: impl IntoIterator<Item = Option<i64>>, every: i64) -> Curve<'static> {
    let values: Vec<_> = points.into_iter().collect();
    let times = (0..values.len() as i64).map(|at| MIDNIGHT + at * every).collect::<Vec<_>>();
    Curve {
        id: "power",
        title: "Puissance".to_owned(),
        from: MIDNIGHT,
        until: MIDNIGHT + values.len() as i64 * every,
        times,
        series: vec![Series { name: "machine".to_owned(), values }],
        unit: Unit::Power,
        look: Look::Lines,
        shades: Vec::new(),
        limit: None,
    }
}

/// Every tag is closed, in order: what a browser would otherwise repair by guessing.
fn check_sound(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name), "{svg}"),
            (_, false) => open.push(name),
            _ => {}
        }
    }
    assert_eq!(open, [""; 0]);
    assert!(!svg.contains("style="), "the policy of our pages forbids style within them");
}

#[test]
fn a_day_of_power() {
    let mut curve = watts((0..24).map(|hour| (hour != 5).then_some(60_000 + hour * 8_000)), HOUR);
    let shade = |from, until, level, name: &str| Shade {
        from: MIDNIGHT + from * HOUR,
        until: MIDNIGHT + until * HOUR,
        level,
        name: name.to_owned(),
    };
    curve.shades = vec![shade(0, 6, Level::Low, "heures creuses"), shade(6, 24, Level::High, "heures pleines")];
    curve.limit = Some((300_000, "limite".to_owned()));
    insta::assert_snapshot!(lines(&curve.draw(&words())));
}

#[test]
fn areas_lie_on_each_other() {
    let mut curve = watts([Some(10_000), Some(20_000), None, Some(30_000)], HOUR);
    curve.look = Look::Stacked;
    curve
        .series
        .push(Series { name: "<système>".to_owned(), values: vec![Some(5_000), Some(5_000), None, Some(5_000)] });
    insta::assert_snapshot!(lines(&curve.draw(&words())));
}

#[test]
fn columns_with_dear_hours() {
    let bar = |hour: i64| Bar {
        label: format!("{hour:02}"),
        name: format!("{hour:02}:00"),
        values: vec![hour * 3_600_000_000_000, 3_600_000_000_000],
        shade: Some(if hour < 2 { (Level::Low, "creuses".to_owned()) } else { (Level::High, "pleines".to_owned()) }),
    };
    let bars = Bars {
        id: "day",
        title: "Énergie".to_owned(),
        series: vec!["travaux".to_owned(), "repos".to_owned()],
        what: "Heure".to_owned(),
        bars: (0..4).map(bar).collect(),
        unit: Unit::Energy,
    };
    insta::assert_snapshot!(lines(&bars.draw(&words())));
}

#[test]
fn one_number_of_another() {
    let gauge = Gauge { id: "cores", title: "Cœurs".to_owned(), value: 12, whole: 32, shown: "12 sur 32".to_owned() };
    insta::assert_snapshot!(lines(&gauge.draw(&words())));
}

#[test]
fn a_month_of_samples_stays_small_and_keeps_its_peak() {
    let noise = |at: i64| Some(60_000 + at * 7_919 % 90_000);
    let mut curve = watts((0..44_640).map(|at| if at == 31_415 { Some(999_000) } else { noise(at) }), 60_000);
    let svg = curve.draw(&words());
    check_sound(&svg);
    assert!(svg.len() < 12_000, "{} bytes", svg.len());
    // 999 W under a grid up to 1 kW: the peak is at the very top.
    assert!(svg.contains("1\u{a0}kW") && svg.contains("v-1") && svg.contains("999\u{a0}W"), "{svg}");
    curve.look = Look::Stacked;
    let svg = curve.draw(&words());
    check_sound(&svg);
    assert!(svg.len() < 12_000, "{} bytes", svg.len());
}

#[test]
fn nothing_and_nonsense_are_drawn_as_well() {
    for values in [vec![], vec![None, None], vec![Some(0)], vec![Some(i64::MAX), Some(-5)], vec![Some(i64::MIN)]] {
        for look in [Look::Lines, Look::Stacked] {
            for unit in [Unit::Power, Unit::Energy, Unit::Memory, Unit::Cores, Unit::Money] {
                let mut curve = watts(values.clone(), HOUR);
                (curve.look, curve.unit) = (look, unit);
                curve.series.push(Series { name: "shorter".to_owned(), values: vec![] });
                check_sound(&curve.draw(&words()));
            }
        }
    }
    let bars = |bars| Bars {
        id: "b",
        title: "\"&<".to_owned(),
        series: vec![],
        what: String::new(),
        bars,
        unit: Unit::Memory,
    };
    check_sound(&bars(vec![]).draw(&words()));
    let odd = Bar { label: String::new(), name: String::new(), values: vec![i64::MIN, i64::MAX, 3], shade: None };
    check_sound(&bars(vec![odd]).draw(&words()));
    let gauge = Gauge { id: "g", title: String::new(), value: 5, whole: 0, shown: "<5>".to_owned() };
    check_sound(&gauge.draw(&words()));
}

#[test]
fn times_below_are_round_and_few() {
    let check = |hours: i64, expected: &[&str]| {
        let labels: Vec<_> = scale::times(&words(), MIDNIGHT, MIDNIGHT + hours * HOUR, 7)
            .into_iter()
            .map(|(_, label)| label.replace('\u{a0}', " "))
            .collect();
        assert_eq!(labels, expected, "{hours} h");
    };
    check(1, &["00:00", "00:10", "00:20", "00:30", "00:40", "00:50", "01:00"]);
    check(24, &["00:00", "04:00", "08:00", "12:00", "16:00", "20:00", "00:00"]);
    check(24 * 7, &["23 nov.", "25 nov.", "27 nov.", "29 nov."]);
    check(24 * 365, &["2027", "avr.", "juill.", "oct."]);
}

#[test]
fn grids_are_round() {
    let check = |unit: Unit, most: i64, step: i64| assert_eq!(unit.step(most, 4), step, "{unit:?} {most}");
    check(Unit::Power, 300_000, 100_000);
    check(Unit::Power, 0, 1);
    check(Unit::Memory, 65_536, 16_384);
    check(Unit::Cores, 4_000, 1_000);
    check(Unit::Energy, 36_000_000_000_000, 18_000_000_000_000);
}

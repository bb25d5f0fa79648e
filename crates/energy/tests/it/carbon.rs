//! Two figures of carbon: dated factors, the grid's quarter hours, and files that are none.

use energy::carbon::{Carbon, Factors, LifecycleMg, ProductionMg, SHIPPED};
use energy::{Energy, UJ_PER_KWH};
use jiff::civil::date;

use crate::{at, france, interval};

fn factors() -> Factors {
    Factors::parse(france(), SHIPPED).unwrap()
}

/// Two kilowatt-hours, evenly.
fn carbon(factors: &Factors, start: &str, end: &str) -> Carbon {
    let mut carbon = Carbon::default();
    factors.add(&interval(at(start), at(end), Energy::ZERO), Energy(2 * UJ_PER_KWH), &mut carbon);
    carbon
}

#[test]
fn factors_are_dated() {
    let factors = factors();
    let check = |start: &str, end: &str, production: i64| {
        let carbon = carbon(&factors, start, end);
        assert_eq!(carbon.production(), ProductionMg(production), "{start}");
        assert_eq!(carbon.lifecycle(), LifecycleMg(2 * 57_000));
        assert_eq!(carbon.by_grid, Energy::ZERO);
    };
    check("2025-06-01T00:00:00Z", "2025-06-01T01:00:00Z", 2 * 19_600);
    check("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", 2 * 19_600);
    check("2020-06-01T00:00:00Z", "2020-06-01T01:00:00Z", 2 * 32_000);
    // Across New Year's local midnight, half and half.
    check("2024-12-31T22:00:00Z", "2025-01-01T00:00:00Z", 21_700 + 19_600);
    assert!(factors.of_day(date(2025, 5, 5)).source.contains("2025"));
}

#[test]
fn quarter_hours_come_first_while_they_are_fresh() {
    let mut factors = factors();
    let file = r#"{"total_count":4,"results":[
        {"date_heure":"2026-11-22T10:00:00+00:00","taux_co2":30},
        {"date_heure":"2026-11-22T10:15:00+00:00","taux_co2":"ND"},
        {"date_heure":"2026-11-22T10:30:00+00:00","taux_co2":50},
        {"date_heure":"2026-11-22T10:45:00+00:00","taux_co2":null}]}"#;
    assert_eq!(factors.import_eco2mix(file).unwrap(), 2);
    let hour = carbon(&factors, "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z");
    assert_eq!((hour.production(), hour.by_grid), (ProductionMg(30_000 + 50_000), Energy(2 * UJ_PER_KWH)));
    // 11:30 is the end of what is fresh: half by the grid, half by the year.
    let later = carbon(&factors, "2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z");
    assert_eq!((later.production(), later.by_grid), (ProductionMg(50_000 + 19_600), Energy(UJ_PER_KWH)));
    let before = carbon(&factors, "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z");
    assert_eq!(before.production(), ProductionMg(2 * 19_600));
}

#[test]
fn yearly_files_have_columns() {
    let mut factors = factors();
    let lines = "perimetre;date_heure;consommation;taux_co2\nFrance;2025-01-01T00:00:00+01:00;55000;12\n\
        France;2025-01-01T00:15:00+01:00;;\nFrance;2025-01-01T00:30:00+01:00;54000;14\n";
    assert_eq!(factors.import_eco2mix(lines).unwrap(), 2);
    let check = |text: &str, part: &str| {
        let error = self::factors().import_eco2mix(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("<html>", "columns");
    check("{\"error\":1}", "no `results`");
    check("{", "no JSON");
}

#[test]
fn bad_factors_say_what_is_wrong() {
    let check = |text: &str, part: &str| {
        let error = Factors::parse(france(), text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("factor = []", "no factor");
    check("[[factor]]\nfrom = \"2025-01-01\"\nproduction = 1\nlifecycle = 2", "source");
    check("[[factor]]\nfrom = \"2025-01-01\"\nprod = 1", "prod");
}

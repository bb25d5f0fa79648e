//! What a project may still spend, and who may do what.

use ledger::budget::{Budget, Deed, OnFull, Period, Role, Unit, Watch, cover, watch};
use ledger::posting::Cost;
use model::{Money, Span};

use crate::world::{HOUR, KWH, World, day, month};

fn budget(unit: Unit, limit: i64, period: Period) -> Budget {
    Budget { unit, limit, period, from: None, on_full: OnFull::Stop, warn_permille: 800 }
}

#[test]
fn a_submission_that_no_budget_covers_is_refused_with_the_sum_missing() {
    let mut world = World::new();
    let budgets = [budget(Unit::Euros, 1_000_000, Period::Month)];
    world.submit("flood", 1, (4, 10 * HOUR, 0), &budgets).unwrap();
    let message = world.submit("flood", 2, (4, 10 * HOUR, 0), &budgets).unwrap_err();
    assert_eq!(
        message,
        "project flood has 0.40 EUR left of its 1.00 EUR a month, and this job may use 0.60 EUR: 0.20 EUR are missing. \
         Ask for less (--time, --ntasks), or ask the treasurer for a greater budget"
    );
    // What the first did not use is free again.
    world.end("flood", 1, (4, 5 * HOUR, 0)).unwrap();
    world.submit("flood", 2, (4, 10 * HOUR, 0), &budgets).unwrap();
}

#[test]
fn what_is_missing_is_rounded_up() {
    let mut world = World::new();
    let budgets = [budget(Unit::CoreHours, HOUR, Period::Once)];
    let message = world.submit("flood", 1, (1, HOUR + 1, 0), &budgets).unwrap_err();
    assert!(message.contains("0.001 core-hours are missing"), "{message}");
    let budgets = [budget(Unit::Kwh, KWH, Period::Once)];
    let message = world.submit("flood", 1, (1, HOUR, 3 * KWH / 2), &budgets).unwrap_err();
    assert!(message.contains("may use 1.500 kWh: 0.500 kWh are missing"), "{message}");
}

#[test]
fn a_budget_begins_anew_with_its_local_month_or_year() {
    let mut world = World::new();
    world.end("flood", 1, (4, 10 * HOUR, 0)).unwrap();
    let project = world.journal.project("flood");
    let spent = |period, from, today: &str| {
        Budget { from, ..budget(Unit::Euros, 1_000_000, period) }.standing(project, day(today)).spent
    };
    assert_eq!((spent(Period::Month, None, "2026-10-31"), spent(Period::Month, None, "2026-11-01")), (600_000, 0));
    assert_eq!((spent(Period::Year, None, "2026-12-31"), spent(Period::Year, None, "2027-01-01")), (600_000, 0));
    assert_eq!(spent(Period::Once, None, "2030-01-01"), 600_000);
    assert_eq!(spent(Period::Once, Some(month("2026-11")), "2030-01-01"), 0);
}

#[test]
fn a_job_that_ends_after_local_midnight_is_spent_in_the_new_month() {
    let mut world = World::new();
    world.now = ledger::day::Day(jiff::civil::date(2026, 11, 1)).start(&crate::france());
    world.end("flood", 1, (4, HOUR, 0)).unwrap();
    world.now = world.now - Span(1);
    world.end("flood", 2, (4, 2 * HOUR, 0)).unwrap();
    let project = world.journal.project("flood");
    let of = |text| project.spent[&month(text)].amount;
    // The second is priced from one millisecond before midnight on: the same tariff.
    assert_eq!((of("2026-11"), of("2026-10")), (Money(60_000), Money(120_000)));
}

#[test]
fn a_hard_cap_warns_at_80_percent_and_stops_at_all_of_it() {
    let mut world = World::new();
    world.end("flood", 1, (4, 10 * HOUR, 0)).unwrap(); // 0.60
    let (project, today) = (world.journal.project("flood"), world.today());
    let hard = budget(Unit::Euros, 1_000_000, Period::Month);
    let check = |budget: &Budget, running: i64, expected: Watch| {
        let running = Cost { amount: Money(running), ..Cost::default() };
        assert_eq!(watch(std::slice::from_ref(budget), project, running, today), expected, "{running:?}");
    };
    check(&hard, 199_999, Watch::Fine);
    check(&hard, 200_000, Watch::Warn(800));
    check(&hard, 399_999, Watch::Warn(999));
    check(&hard, 400_000, Watch::Stop);
    // A project that has chosen to be warned only.
    check(&Budget { on_full: OnFull::Warn, ..hard.clone() }, 400_000, Watch::Warn(1000));
    check(&Budget { limit: 0, ..hard.clone() }, 0, Watch::Stop);
    assert_eq!(watch(&[], project, Cost::default(), today), Watch::Fine);
    let lenient = Budget { on_full: OnFull::Warn, limit: 1, ..hard.clone() };
    let cost = Cost { amount: Money::euros(5), ..Cost::default() };
    assert!(cover("flood", &[lenient], project, cost, today).is_ok());
    // What costs nothing is covered by an empty budget.
    assert!(cover("flood", &[Budget { limit: 0, ..hard }], project, Cost::default(), today).is_ok());
}

#[test]
fn roles_may_what_they_may() {
    let may = |role: Role| Deed::ALL.iter().filter(|deed| role.may(**deed)).map(|deed| deed.name()).collect::<Vec<_>>();
    assert_eq!(may(Role::Viewer), ["see_usage"]);
    assert_eq!(may(Role::Member), ["submit", "see_usage"]);
    assert_eq!(may(Role::Manager).len(), Deed::ALL.len());
    assert!("menber".parse::<Role>().unwrap_err().to_string().contains("did you mean `member`?"));
}

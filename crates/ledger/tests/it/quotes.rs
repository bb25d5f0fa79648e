//! What a job will cost: never more than its greatest, and from the past where there is one.

use ledger::quote::{Past, Quote, Request, forecast, quote};
use ledger::tariff::Category;
use model::{Money, Span};
use proptest::prelude::*;

use crate::{at, shipped};

fn request() -> Request {
    let (machine, limit) = ("nehalem".to_owned(), Span::seconds(36_000));
    Request { machine, cores: 4, memory_mib: 4096, gpus: 0, exclusive: false, limit, most_mw: 200_000 }
}

fn past(minutes: i64, watts: i64) -> Past {
    let elapsed = Span::minutes(minutes);
    Past { elapsed, core_ms: 4 * elapsed.0, energy_uj: watts * 1000 * elapsed.0 }
}

fn quoted(past: &[Past]) -> Quote {
    let cases = forecast(&request(), past);
    quote(&shipped(), Category::Company, at("2026-11-22T12:00:00Z"), &request(), cases).unwrap()
}

#[test]
fn without_a_past_the_greatest_is_expected() {
    let quote = quoted(&[past(1, 1); 2]);
    // 40 core-hours at 0.015, and 10 h of 200 W at 0.25.
    assert_eq!(quote.greatest.amount, Money(600_000 + 500_000));
    assert_eq!(quote.expected, quote.greatest);
    assert_eq!((quote.greatest.core_ms, quote.greatest.case.energy_uj), (40 * 3_600_000, 7_200_000_000_000));
}

#[test]
fn with_a_past_its_ranks_are() {
    let history: Vec<Past> = (1..=10).map(|n| past(60 * n, 10 * n)).collect();
    let quote = quoted(&history);
    let hours = |case: ledger::quote::Case| (case.elapsed.0 / 3_600_000, case.energy_uj / 3_600_000_000);
    assert_eq!((hours(quote.low.case), hours(quote.expected.case)), ((1, 10), (5, 250)));
    assert_eq!((hours(quote.high.case), hours(quote.greatest.case)), ((9, 810), (10, 2000)));
    // 20 core-hours at 0.015 and 0.25 kWh at 0.25.
    assert_eq!(quote.expected.amount, Money(300_000 + 62_500));
}

proptest! {
    #[test]
    fn cases_are_in_order(history in prop::collection::vec((0..100_000_i64, 0..10_000_i64), 0..20)) {
        let history: Vec<Past> = history.into_iter().map(|(minutes, watts)| past(minutes, watts)).collect();
        let cases = forecast(&request(), &history);
        for pair in cases.windows(2) {
            prop_assert!(pair[0].elapsed <= pair[1].elapsed && pair[0].energy_uj <= pair[1].energy_uj);
        }
    }
}

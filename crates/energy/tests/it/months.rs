//! Minutes and hours of intervals, and a month against the site's meter and the bill.

use energy::reconcile::{Accounts, Index, parse_indexes, settle, site_energy};
use energy::rollup::{HOUR, MINUTE, from_intervals, from_rows};
use energy::{Energy, Flag, Interval, Power};
use model::{Span, Time};
use proptest::prelude::*;

use crate::at;

const KWH: Energy = Energy(energy::UJ_PER_KWH);

fn kwh(count: i64) -> Energy {
    Energy(KWH.0 * count)
}

#[test]
fn rows_divide_by_time() {
    let one =
        |start, end, uj, flag| Interval { start: Time(start), end: Time(end), energy: Energy(uj), flag, source: 0 };
    let intervals = [
        one(0, 50_000, 5_000_000_000, Flag::Measured),
        one(50_000, 70_000, 4_000_000_001, Flag::Measured),
        one(70_000, 250_000, 18_000_000_000, Flag::Gap),
    ];
    let rows = from_intervals(&intervals, MINUTE);
    let found: Vec<_> = rows.iter().map(|row| (row.start.0, row.energy.0, row.unmeasured.0, row.covered_ms)).collect();
    assert_eq!(
        found,
        [
            (0, 7_000_000_001, 0, 60_000),
            (60_000, 7_000_000_000, 5_000_000_000, 60_000),
            (120_000, 6_000_000_000, 6_000_000_000, 60_000),
            (180_000, 6_000_000_000, 6_000_000_000, 60_000),
            (240_000, 1_000_000_000, 1_000_000_000, 10_000),
        ]
    );
    assert_eq!(rows[0].most, Power::watts(200));
    assert!(rows[1].has(Flag::Gap) && rows[1].has(Flag::Measured) && !rows[0].has(Flag::Gap));
    let hours = from_rows(&rows, HOUR);
    assert_eq!(
        (hours.len(), hours[0].energy, hours[0].unmeasured),
        (1, Energy(27_000_000_001), Energy(18_000_000_000))
    );
}

#[test]
fn a_month_is_settled() {
    let accounts = Accounts { jobs: kwh(600), system: kwh(50), unallocated: kwh(300), unmeasured: kwh(50) };
    let settled = settle(accounts, Some(kwh(1300)), Some(kwh(1310)));
    assert_eq!(settled.overhead, Some(kwh(300)));
    assert_eq!((settled.pue_permille, settled.unexplained), (Some(1300), Some(kwh(10))));
    // Machines that claim more than the site had: no PUE below 1, but what does not fit.
    let wrong = settle(accounts, Some(kwh(900)), None);
    assert_eq!((wrong.overhead, wrong.pue_permille, wrong.unexplained), (None, None, Some(kwh(-100))));
    let alone = settle(accounts, None, None);
    assert_eq!((alone.overhead, alone.pue_permille, alone.unexplained), (None, None, None));
    let empty = settle(Accounts::default(), Some(kwh(5)), None);
    assert_eq!((empty.overhead, empty.pue_permille, empty.unexplained), (Some(kwh(5)), None, Some(Energy::ZERO)));
}

#[test]
fn indexes_are_interpolated() {
    let text =
        "at,kwh\n2026-10-31T12:00:00+01:00,1000\n2026-11-01T12:00:00+01:00,1024\n2026-12-01T00:00:00+01:00,1732\n";
    let indexes = parse_indexes(text).unwrap();
    let (november, december) = (at("2026-11-01T00:00:00+01:00"), at("2026-12-01T00:00:00+01:00"));
    let site = site_energy(&indexes, november, december).unwrap();
    assert_eq!((site.energy, site.is_interpolated), (kwh(720), true));
    let exact = site_energy(&indexes, indexes[0].at, december).unwrap();
    assert_eq!((exact.energy, exact.is_interpolated), (kwh(732), false));
    assert_eq!(site_energy(&indexes, november, december + Span(1)), None);
    assert_eq!(site_energy(&[], november, december), None);
    // A meter that was replaced.
    let replaced = [Index { at: november, energy: kwh(5000) }, Index { at: december, energy: kwh(3) }];
    assert_eq!(site_energy(&replaced, november, december), None);
    assert!(parse_indexes("at,kwh\nyesterday,5").unwrap_err().contains("line 2"));
    assert!(parse_indexes("date;valeur\n").unwrap_err().contains("columns"));
}

proptest! {
    #[test]
    fn rolling_up_loses_nothing(steps in proptest::collection::vec((1i64..400_000, 0i64..900_000_000_000, 0usize..5), 1..60), start in 0i64..4_000_000) {
        let mut at = Time(start);
        let intervals: Vec<Interval> = steps.iter().map(|(span, uj, flag)| {
            let begun = at;
            at = at + Span(*span);
            Interval { start: begun, end: at, energy: Energy(*uj), flag: Flag::ALL[*flag], source: 0 }
        }).collect();
        let all: Energy = intervals.iter().map(|interval| interval.energy).sum();
        let odd: Energy = intervals.iter().filter(|i| !i.flag.is_measured()).map(|i| i.energy).sum();
        let minutes = from_intervals(&intervals, MINUTE);
        for rows in [from_rows(&minutes, HOUR), from_intervals(&intervals, HOUR), minutes] {
            prop_assert_eq!(rows.iter().map(|row| row.energy).sum::<Energy>(), all);
            prop_assert_eq!(rows.iter().map(|row| row.unmeasured).sum::<Energy>(), odd);
            prop_assert_eq!(rows.iter().map(|row| row.covered_ms).sum::<i64>(), at.0 - start);
            prop_assert!(rows.is_sorted_by_key(|row| row.start));
        }
    }
}

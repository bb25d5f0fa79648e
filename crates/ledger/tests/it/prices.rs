//! What was used becomes an amount: known by hand, and the same however the time was cut.

use ledger::day::Day;
use ledger::price::{Line, Usage, price};
use ledger::tariff::{Book, Category, Resource};
use model::{Money, Time};
use proptest::prelude::*;

use crate::{at, france, shipped};

/// Two versions: the price doubles on 1 November, a two-part tariff with everything.
fn changing() -> Book {
    let one = |version: &str, from: &str, to: &str, core: &str, kwh: &str| {
        format!(
            "[[tariff]]\nversion = \"{version}\"\ncategory = \"company\"\nkind = \"two_part\"\nfrom = \"{from}\"\n{to}\
             share_mib_per_core = 2048\nprice = {{ core_hour = {core}, kwh = {kwh}, memory_gib_hour = 0.0015, \
             gpu_hour = 0.06, machine_hour = {{ smp = 0.30 }} }}\n"
        )
    };
    let text = format!(
        "currency = \"EUR\"\n{}{}",
        one("autumn", "2026-09-01", "to = \"2026-10-31\"\n", "0.010", "0.20"),
        one("winter", "2026-11-01", "", "0.020", "0.25"),
    );
    Book::parse(&text, france()).unwrap()
}

fn usage(start: Time, end: Time, cores: u32, memory_mib: u64, energy_uj: i64) -> Usage {
    Usage { machine: "nehalem".into(), start, end, cores, memory_mib, energy_uj, ..Usage::default() }
}

fn amounts(lines: &[Line]) -> Vec<(&str, i64)> {
    lines.iter().map(|line| (line.tariff.as_str(), line.amount.0)).collect()
}

const KWH: i64 = 3_600_000_000_000;

#[test]
fn an_hour_of_everything() {
    // 4 cores at 0.01; 12 GiB, 4 of them above the cores' share, at 0.0015; half a kilowatt-hour at 0.20.
    let hour = usage(at("2026-10-05T10:00:00Z"), at("2026-10-05T11:00:00Z"), 4, 12 * 1024, KWH / 2);
    let lines = price(&changing(), Category::Company, &[Usage { gpus: 1, ..hour.clone() }]).unwrap();
    assert_eq!(amounts(&lines), [("autumn/company/nehalem", 40_000 + 6_000 + 100_000 + 60_000)]);
    let terms: Vec<_> = lines[0].terms.iter().map(|term| (term.resource, term.quantity, term.price.0)).collect();
    let expected = [
        (Resource::CoreHour, 4 * 3_600_000, 10_000),
        (Resource::MemoryGibHour, 4 * 1024 * 3_600_000, 1_500),
        (Resource::GpuHour, 3_600_000, 60_000),
        (Resource::Kwh, i128::from(KWH / 2), 200_000),
    ];
    assert_eq!(terms, expected);
    // An exclusive machine with a price of its own pays that instead of its parts, and its energy.
    let whole = Usage { exclusive: true, machine: "smp".into(), gpus: 1, ..hour.clone() };
    let lines = price(&changing(), Category::Company, &[whole]).unwrap();
    assert_eq!(amounts(&lines), [("autumn/company/smp/exclusive", 300_000 + 100_000)]);
    // One without pays for what it holds.
    let lines = price(&changing(), Category::Company, &[Usage { exclusive: true, ..hour }]).unwrap();
    assert_eq!(amounts(&lines), [("autumn/company/nehalem", 40_000 + 6_000 + 100_000)]);
}

#[test]
fn a_job_across_midnight_is_one_line() {
    let night = usage(at("2026-10-05T20:00:00Z"), at("2026-10-06T04:00:00Z"), 1, 0, 0);
    assert_eq!(
        amounts(&price(&changing(), Category::Company, &[night]).unwrap()),
        [("autumn/company/nehalem", 80_000)]
    );
}

#[test]
fn a_job_across_a_tariff_change_and_a_month_end_is_split_at_local_midnight() {
    // Winter time since 25 October: midnight in France is 23:00 in Greenwich. Two hours before it, one after.
    let job = usage(at("2026-10-31T21:00:00Z"), at("2026-11-01T00:00:00Z"), 2, 0, KWH + 1);
    let lines = price(&changing(), Category::Company, &[job]).unwrap();
    let expected = [
        ("autumn/company/nehalem", 4 * 10_000 + 133_333),
        // A third of the energy, the odd microjoule included: 0.083333… EUR.
        ("winter/company/nehalem", 2 * 20_000 + 83_333),
    ];
    assert_eq!(amounts(&lines), expected);
    assert_eq!((lines[0].used.energy_uj, lines[1].used.energy_uj), (2 * KWH / 3, KWH / 3 + 1));
    assert_eq!(Day::of(lines[1].start, &france()).to_string(), "2026-11-01");
}

#[test]
fn the_hour_that_comes_twice_is_paid_twice() {
    // From 01:30 to 03:30 on the clock, but three hours passed.
    let job = usage(at("2026-10-24T23:30:00Z"), at("2026-10-25T02:30:00Z"), 1, 0, 0);
    assert_eq!(amounts(&price(&changing(), Category::Company, &[job]).unwrap()), [("autumn/company/nehalem", 30_000)]);
}

#[test]
fn what_has_no_price_is_said() {
    let check = |usage: Usage, category, expected: &[&str]| {
        let message = price(&changing(), category, &[usage]).unwrap_err().to_string();
        for words in expected {
            assert!(message.contains(words), "`{words}` is not in: {message}");
        }
    };
    let (early, hour) = (at("2026-08-01T00:00:00Z"), 3_600_000);
    let job = |start: Time| usage(start, Time(start.0 + hour), 1, 0, 0);
    check(job(early), Category::Company, &["no tariff for the category company on 2026-08-01", "version `autumn`"]);
    check(job(early), Category::School, &["no tariff for the category school"]);
    let only_smp = "currency = \"EUR\"\n[[tariff]]\nversion = \"1\"\ncategory = \"member\"\nkind = \"one_part\"\n\
                    from = \"2026-01-01\"\nprice = { core_hour = { smp = 0.02, nehalem = 0.01 } }";
    let book = Book::parse(only_smp, france()).unwrap();
    let job = Usage { machine: "nehalm".into(), ..job(early) };
    let message = price(&book, Category::Member, &[job]).unwrap_err().to_string();
    assert!(message.contains("no core_hour for machines of type `nehalm`: did you mean `nehalem`?"), "{message}");
    check(usage(early, Time(early.0 - 1), 1, 0, 0), Category::Company, &["makes no sense"]);
    let forever = usage(at("2026-10-01T00:00:00Z"), Time(i64::MAX), u32::MAX, u64::MAX, 0);
    check(forever, Category::Company, &["greater than can be counted"]);
}

#[test]
fn a_flat_tariff_counts_and_costs_nothing() {
    let job = usage(at("2026-10-05T10:00:00Z"), at("2026-10-05T11:00:00Z"), 4, 0, KWH);
    let lines = price(&shipped(), Category::School, &[job]).unwrap();
    assert_eq!((lines[0].amount, lines[0].terms.len(), lines[0].used.core_ms), (Money::ZERO, 0, 4 * 3_600_000));
}

/// What the rule of [`ledger::price`] gives, worked out with fractions of `i128` for one interval within one tariff.
fn by_hand(usage: &Usage, core: i128, memory: i128, kwh: i128) -> i64 {
    let ms = i128::from((usage.end - usage.start).0);
    let beyond = (i128::from(usage.memory_mib) - 2048 * i128::from(usage.cores)).max(0);
    // Over 1024 · 3.6e12, which all three divide.
    let sum = core * i128::from(usage.cores) * ms * 1_000_000 * 1024
        + memory * beyond * ms * 1_000_000
        + kwh * i128::from(usage.energy_uj) * 1024;
    let unit = 1024 * 3_600_000_000_000;
    ((sum + unit / 2) / unit) as i64
}

proptest! {
    #[test]
    fn an_amount_is_the_fraction_rounded_once(
        ms in 0..100_000_000_i64, cores in 1..64_u32, memory in 0..1_000_000_u64, energy in 0..100 * KWH,
    ) {
        let start = at("2026-10-05T10:00:00Z");
        let job = usage(start, Time(start.0 + ms), cores, memory, energy);
        let lines = price(&changing(), Category::Company, std::slice::from_ref(&job)).unwrap();
        prop_assert_eq!(lines[0].amount.0, by_hand(&job, 10_000, 1_500, 200_000));
    }

    #[test]
    fn an_amount_does_not_depend_on_the_cuts(
        cuts in prop::collection::vec(0..20_000_000_i64, 0..12), cores in 1..64_u32, memory in 0..1_000_000_u64,
        power_mw in 0..2_000_000_i64,
    ) {
        // Around the change of tariff; a constant power, so that each piece has whole microjoules.
        let start = at("2026-10-31T20:00:00Z");
        let piece = |from: i64, to: i64| {
            usage(Time(start.0 + from), Time(start.0 + to), cores, memory, power_mw * (to - from))
        };
        let mut edges: Vec<i64> = cuts.into_iter().chain([0, 20_000_000]).collect();
        edges.sort_unstable();
        let pieces: Vec<Usage> = edges.windows(2).map(|pair| piece(pair[0], pair[1])).collect();
        let whole = price(&changing(), Category::Company, &[piece(0, 20_000_000)]).unwrap();
        prop_assert_eq!(price(&changing(), Category::Company, &pieces).unwrap(), whole);
    }

    #[test]
    fn a_split_loses_no_energy(energy in 0..i64::MAX / 2, before in 0..100_000_000_i64, after in 0..100_000_000_i64) {
        let change = at("2026-10-31T23:00:00Z").0;
        let job = usage(Time(change - before), Time(change + after), 1, 0, energy);
        let lines = price(&changing(), Category::Company, &[job]).unwrap();
        prop_assert_eq!(lines.iter().map(|line| line.used.energy_uj).sum::<i64>(), energy);
        prop_assert_eq!(lines.iter().map(|line| line.used.core_ms).sum::<i64>(), before + after);
    }
}

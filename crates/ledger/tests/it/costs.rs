//! A break-even price from watts, against the same worked out by hand.

use ledger::derive::{Anchors, Costs, SHIPPED_ANCHORS, SHIPPED_COSTS};
use model::Money;

const ONE: &str = "eur_per_kwh = 0.15\npue_permille = 1300\nsubscription_eur_per_year = 87.60\n\
    [[machine]]\ntype = \"blade\"\ncount = 10\ncores = 8\nidle_watts = 100\nfull_watts = 600\nuse_permille = 500\n\
    spares_eur_per_year = 35.04\ntransport_eur = 140.16\ntransport_years = 4\n";

#[test]
fn every_term_is_shown() {
    let derived = Costs::parse(ONE).unwrap().derive().unwrap();
    // 10 machines of 8 cores, half used: 350 400 core-hours; 350 W in the mean: 30 660 kWh.
    assert_eq!((derived[0].core_hours, derived[0].watt_hours), (350_400, 30_660_000));
    let terms: Vec<_> =
        derived[0].terms.iter().map(|term| (term.name.as_str(), term.per_year, term.per_core_hour.0)).collect();
    let expected = [
        ("energy", Money::euros(4599), 13_125),
        ("overhead", Money::cents(137_970), 3_938),
        ("subscription", Money::cents(8_760), 250),
        ("spares", Money::cents(35_040), 1_000),
        ("transport", Money::cents(35_040), 1_000),
        ("volunteers", Money::ZERO, 0),
    ];
    assert_eq!(terms, expected);
    assert_eq!(derived[0].break_even, Money(19_313)); // 19 312.5, rounded up
    let off = ONE.replace("use_permille = 500", "use_permille = 500\noff_when_idle = true");
    assert_eq!(Costs::parse(&off).unwrap().derive().unwrap()[0].watt_hours, 26_280_000);
}

#[test]
fn shared_costs_are_spread_by_energy_and_sum() {
    let derived = Costs::parse(SHIPPED_COSTS).unwrap().derive().unwrap();
    let subscription: Money = derived.iter().map(|one| one.terms[2].per_year).sum();
    assert!((subscription - Money::cents(58_176)).abs() <= Money(3), "{subscription}");
    assert!(derived.iter().all(|one| one.break_even > Money::ZERO));
}

#[test]
fn figures_that_make_no_sense_are_refused() {
    let check = |from: &str, to: &str, expected: &str| {
        let message = Costs::parse(&ONE.replace(from, to)).and_then(|costs| costs.derive()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check("use_permille = 500", "use_permille = 0", "machine `blade`: use_permille is 1 to 1000");
    check("pue_permille = 1300", "pue_permille = 900", "a site uses no less than its machines");
    check("full_watts = 600", "full_watts = 60", "full_watts is idle_watts or more");
    check("transport_years = 4", "transport_years = 0", "transport_years is 1 or more");
    check("cores = 8", "cores = 0", "count and cores are 1 or more");
    check("spares", "spairs", "unknown field");
    check("0.15", "\"0.15 USD\"", "`USD` in `0.15 USD` is no currency");
}

#[test]
fn clouds_are_beside_it_and_dollars_need_a_rate() {
    let beside = Anchors::parse(SHIPPED_ANCHORS).unwrap().beside(Money(20_000));
    let of = |name: &str| beside.iter().find(|one| one.name == name).unwrap();
    // 0.0124 a vCPU-hour is 0.0248 a core-hour: ours is 806 thousandths of it.
    assert_eq!((of("Scaleway DEV1-L").per_core, of("Scaleway DEV1-L").ours_permille), (Some(Money(24_800)), Some(806)));
    assert_eq!((of("AWS c6a, on demand").per_core, of("AWS c6a, on demand").ours_permille), (None, None));
    let with_rate = format!("eur_per_usd = \"0.90\"\n{SHIPPED_ANCHORS}");
    let beside = Anchors::parse(&with_rate).unwrap().beside(Money(20_000));
    assert_eq!(beside[0].per_core, Some(Money(68_400)));
    let typo = Anchors::parse(&SHIPPED_ANCHORS.replace("\"USD\"", "\"UDS\"")).unwrap_err().to_string();
    assert!(typo.contains("currency `UDS`") && typo.contains("write EUR or USD"), "{typo}");
}

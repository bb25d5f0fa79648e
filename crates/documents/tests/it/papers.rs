//! What a paper says, and what refuses to become one.

use documents::{Cents, Fault, Kind, Paper, pdf, xml};

use crate::sample;

#[test]
fn the_same_data_gives_the_same_bytes() {
    for paper in [sample::franchise(), sample::credit_note(), sample::outside()] {
        assert!(pdf(&paper).unwrap() == pdf(&paper).unwrap());
    }
}

#[test]
fn the_data_inside_is_what_is_written() {
    insta::assert_snapshot!(xml(&sample::credit_note()).unwrap());
}

#[test]
fn what_breaks_a_rule_is_named_and_not_written() {
    let check = |change: fn(&mut Paper), rule: &str| {
        let mut paper = sample::franchise();
        change(&mut paper);
        let fault = pdf(&paper).unwrap_err();
        let Fault::Rules(rules) = &fault else { panic!("{fault}") };
        assert!(rules.iter().any(|line| line.contains(rule)), "{rule}: {fault}");
    };
    check(|paper| paper.net = Cents(1), "BR-CO-10");
    check(|paper| paper.total = Cents(1), "BR-CO-15");
    check(|paper| paper.buyer.name = String::new(), "BR-07");
    check(|paper| paper.number = String::new(), "BR-02");
    check(|paper| paper.lines.clear(), "BR-16");
    check(|paper| paper.vat[0].base = Cents(3), "BR-E-08");
    check(|paper| paper.vat.clear(), "BR-CO-18");
    check(|paper| (paper.seller.siren, paper.seller.rna) = (None, None), "BR-E-02");
    check(|paper| paper.kind = Kind::CreditNote { of: String::new(), dated: paper.issued }, "BR-55");
}

#[test]
fn a_country_that_does_not_exist_is_named() {
    let mut paper = sample::franchise();
    paper.buyer.country = "Breizh".to_owned();
    insta::assert_snapshot!(pdf(&paper).unwrap_err(), @r#"the customer's address: "Breizh" is not in ISO 3166-1 alpha-2 (BT-40 / BT-55 / BT-69 / BT-80, BR-CL-14)"#);
}

//! What is kept how long, and what is left of a member afterwards.

use ledger::privacy::{Fate, Kept, Retention, SHIPPED, Then, pseudonym};

use crate::world::{HOUR, World, day};

#[test]
fn each_kind_has_its_time() {
    let rules = Retention::parse(SHIPPED).unwrap();
    let check = |what, left: Option<&str>, today: &str, expected: Fate| {
        assert_eq!(rules.fate(what, day("2026-11-22"), left.map(day), day(today)), expected, "{what}");
    };
    check(Kept::Accounts, None, "2036-12-31", Fate::KeepUntil(day("2037-01-01")));
    check(Kept::Accounts, None, "2037-01-01", Fate::Due(Then::Remove, day("2037-01-01")));
    check(Kept::Identity, None, "2050-01-01", Fate::KeepWhileMember);
    check(Kept::Identity, Some("2027-03-31"), "2032-03-31", Fate::KeepUntil(day("2032-04-01")));
    check(Kept::Identity, Some("2027-03-31"), "2032-04-01", Fate::Due(Then::Pseudonymise, day("2032-04-01")));
    check(Kept::Connections, None, "2027-11-23", Fate::Due(Then::Remove, day("2027-11-23")));
}

#[test]
fn a_kind_without_a_rule_or_with_two_is_refused() {
    let without = SHIPPED.replace("\"connections\"", "\"jobs\"");
    let message = Retention::parse(&without).unwrap_err().to_string();
    assert!(message.contains("0 rules are for connections"), "{message}");
    assert!(Retention::parse(&SHIPPED.replace("\"remove\"", "\"forget\"")).is_err());
}

#[test]
fn an_erased_member_is_a_number_and_the_chain_stays_whole() {
    let mut world = World::new();
    world.end("flood", 1, (4, HOUR, 0)).unwrap();
    // No name is in what cannot be changed: members are numbers.
    assert!(world.entries[0].text.contains("\"member\":7"), "{}", world.entries[0].text);
    assert_eq!(pseudonym(7), "former-member-7");
}

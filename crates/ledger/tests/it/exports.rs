//! Files for the accountant and for whoever checks: their totals, worked out again from their text alone.

use std::collections::BTreeMap;

use ledger::csv::{self, INVOICES, POSTINGS, USAGE};
use ledger::fec::{COLUMNS, Separator, fec, file_name};
use ledger::posting::{Pot, Reason, What};
use model::{Money, Span};

use crate::at;
use crate::world::{HOUR, KWH, World, day, month};

/// October with all that can happen, its invoices, a credit note, a payment.
fn world() -> World {
    let mut world = World::new();
    world.grant("town", "a", Pot::InKind, 50 * HOUR, Money::ZERO).unwrap();
    world.grant("beams", "b", Pot::Prepaid, 500 * HOUR, Money::euros(6)).unwrap();
    world.grant("flood", "c", Pot::Credit, 0, Money::cents(33)).unwrap();
    for (job, project) in ["flood", "beams", "town", "flood", "town", "flood"].into_iter().enumerate() {
        let size = (4 + job as i64, 7 * HOUR * (job as i64 + 3) + 1234, KWH / 7 * job as i64);
        world.submit(project, job as u32, (size.0 as u32, size.1, size.2), &[]).unwrap();
        world.now = world.now + Span(HOUR);
        world.end(project, job as u32, (size.0 as u32, size.1 / 2, size.2)).unwrap();
    }
    world.refund(3, Reason::Failure, 100).unwrap();
    world.now = at("2026-11-02T09:00:00Z");
    for id in ["C1", "C2"] {
        let draft = world.draft(id, month("2026-10")).unwrap();
        world.issue(&draft).unwrap();
    }
    world.refund(4, Reason::Displaced, 0).unwrap();
    let draft = world.credit_draft("C2", "F2026-0002").unwrap();
    world.issue(&draft).unwrap();
    let open = world.journal.invoice("F2026-0001").unwrap().open;
    let pay = ledger::invoice::match_payment(&world.journal, "C1", "S1", "F2026-0001", open);
    world.post(What::Pay(pay)).unwrap();
    let project = world.journal.project("beams");
    world.post(ledger::book::recognise("beams", project, "C1", month("2026-10")).unwrap()).unwrap();
    world
}

fn rows(text: &str, between: char) -> Vec<Vec<String>> {
    text.lines().skip(1).map(|line| line.split(between).map(str::to_owned).collect()).collect()
}

fn usage(world: &World) -> String {
    USAGE.to_owned() + &world.plain().iter().map(|entry| csv::usage(entry, world)).collect::<String>()
}

fn postings(world: &World) -> String {
    POSTINGS.to_owned() + &world.plain().iter().map(|entry| csv::postings(entry, world)).collect::<String>()
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

#[test]
fn headers_are_those_that_are_promised() {
    assert_eq!(
        USAGE.trim_end(),
        "job,member,project,customer,category,start_ms,end_ms,core_s,memory_gib_s,gpu_s,energy_uj,tariff,amount_microeur,invoice"
    );
    assert_eq!(POSTINGS.trim_end(), "posting,date,account,debit_microeur,credit_microeur,job,invoice");
    assert_eq!(INVOICES.trim_end(), "number,date,customer,category,net_microeur,vat_microeur,total_microeur,credit_of");
    let columns = "JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef \
                   PieceDate EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise";
    assert_eq!(COLUMNS.join(" "), columns);
}

#[test]
fn invoices_follow_from_the_usage_to_the_cent() {
    let world = world();
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(&usage(&world), ',') {
        assert_eq!(row.len(), 14, "{row:?}");
        *sums.entry(row[13].clone()).or_default() += number(&row[12]);
    }
    let text: String = world.journal.invoices().map(|(number, one)| csv::invoice(number, one, &world)).collect();
    let invoices = rows(&(INVOICES.to_owned() + &text), ',');
    assert_eq!(
        invoices.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["A2026-0001", "F2026-0001", "F2026-0002"]
    );
    for row in &invoices {
        assert_eq!(Money(sums[&row[0]]).to_cents(), Money(number(&row[4])), "{row:?}");
        assert_eq!(number(&row[4]) + number(&row[5]), number(&row[6]));
        assert_eq!(Money(number(&row[4]) / 5).to_cents(), Money(number(&row[5])), "20 %");
    }
    assert_eq!(invoices[0][7], "F2026-0002");
}

#[test]
fn amounts_follow_from_the_tariff_table() {
    let world = world();
    let table: BTreeMap<String, _> =
        world.book.table(&["nehalem"]).into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut priced = 0;
    for row in rows(&usage(&world), ',').iter().filter(|row| table.contains_key(&row[11])) {
        let prices = &table[&row[11]].microeur;
        // Thousandths of core-seconds from the decimal text; all over 3.6e12.
        let (whole, fraction) = row[7].split_once('.').unwrap_or((&row[7], ""));
        let core_ms = i128::from(number(whole)) * 1000 + i128::from(number(&format!("{fraction:0<3}")));
        let energy = i128::from(number(&row[10]));
        let kwh = prices.get("kwh").map_or(0, |price| i128::from(price.0));
        let exact = core_ms * i128::from(prices["core_hour"].0) * 1_000_000 + energy * kwh;
        let half = 1_800_000_000_000;
        assert_eq!(((exact + half) / (2 * half)) as i64, number(&row[12]), "{row:?}");
        priced += 1;
    }
    assert_eq!(priced, 6);
}

#[test]
fn postings_balance_and_are_the_journals() {
    let world = world();
    let mut by_posting: BTreeMap<String, i64> = BTreeMap::new();
    let mut by_account: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(&postings(&world), ',') {
        assert_eq!(row.len(), 7, "{row:?}");
        let amount = number(&row[3]) - number(&row[4]);
        *by_posting.entry(row[0].clone()).or_default() += amount;
        *by_account.entry(row[2].clone()).or_default() += amount;
    }
    assert!(by_posting.values().all(|sum| *sum == 0));
    for account in ledger::account::Account::ALL {
        let sum = by_account.get(account.name()).copied().unwrap_or(0);
        assert_eq!(sum, world.journal.total(*account).0, "{account}");
    }
}

#[test]
fn the_accountants_file_is_the_books() {
    let world = world();
    let entries = world.plain();
    let year = (day("2026-01-01"), day("2026-12-31"));
    let text = fec(&entries, &world.journal, &world, year, Separator::Tab);
    let cents = |text: &str| number(&text.replace(',', ""));
    let mut by_entry: BTreeMap<i64, i64> = BTreeMap::new();
    let mut by_account: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(&text, '\t') {
        assert_eq!(row.len(), 18, "{row:?}");
        let amount = cents(&row[11]) - cents(&row[12]);
        assert!(row[11].split_once(',').is_some_and(|(_, cents)| cents.len() == 2), "{row:?}");
        *by_entry.entry(number(&row[2])).or_default() += amount;
        *by_account.entry(row[4].clone()).or_default() += amount;
    }
    assert!(by_entry.values().all(|sum| *sum == 0));
    assert_eq!(by_entry.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for account in ledger::account::Account::ALL.iter().filter(|account| account.is_legal()) {
        let sum = by_account.get(account.name()).copied().unwrap_or(0);
        assert_eq!(Money::cents(sum), world.journal.total(*account), "{account}");
    }
    // The paid invoice and its payment have the same letters, the open one has none.
    let letters = |piece: &str| {
        let found = rows(&text, '\t').into_iter().find(|row| row[8] == piece && row[4] == "411").unwrap();
        (found[13].clone(), found[14].clone())
    };
    assert_eq!(letters("F2026-0001"), letters("S1"));
    assert!(!letters("S1").0.is_empty() && letters("F2026-0002").0.is_empty());
    assert_eq!(
        fec(&entries, &world.journal, &world, (day("2027-01-01"), day("2027-12-31")), Separator::Pipe).lines().count(),
        1
    );
    assert_eq!(file_name("123456789", day("2026-12-31")), "123456789FEC20261231.txt");
    insta::assert_snapshot!("fec", fec(&entries, &world.journal, &world, year, Separator::Pipe));
}

#[test]
fn tables_are_as_they_are_shown() {
    let world = world();
    insta::assert_snapshot!("usage", usage(&world));
    insta::assert_snapshot!("postings", postings(&world));
}

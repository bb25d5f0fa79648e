//! From work to invoices, credit notes, payments: numbers without a hole, words of the day, cents that agree.

use ledger::account::Account;
use ledger::invoice::{
    Address, CustomerKind, Document, Fiscal, InvoiceError, Item, Language, SHIPPED, Status, issue, match_payment,
    prepare, reminders,
};
use ledger::journal::JournalError;
use ledger::posting::{BillKind, Correct, Cost, Pot, Reason, What};
use ledger::tariff::Category;
use model::{Money, Span};

use crate::at;
use crate::world::{CUSTOMERS, HOUR, KWH, World, customer, day, month, seller};

/// Two customers worked in October, and it is 2 November.
fn october() -> World {
    let mut world = World::new();
    world.end("flood", 1, (4, 10 * HOUR, KWH)).unwrap();
    world.end("beams", 2, (16, 7 * HOUR + 1, KWH / 3)).unwrap();
    world.end("town", 3, (8, 100 * HOUR, 2 * KWH)).unwrap();
    world.now = at("2026-11-02T09:00:00Z");
    world
}

fn issued(world: &mut World, id: &str) -> Document {
    let draft = world.draft(id, month("2026-10")).unwrap();
    world.issue(&draft).unwrap();
    world.documents.last().unwrap().clone()
}

#[test]
fn an_invoice_has_all_that_the_law_wants() {
    let mut world = october();
    let invoice = issued(&mut world, "C1");
    assert_eq!(
        (invoice.number.as_str(), invoice.issued, invoice.due),
        ("F2026-0001", day("2026-11-02"), day("2026-12-02"))
    );
    assert_eq!((invoice.from, invoice.to), (day("2026-10-01"), day("2026-10-31")));
    let lines: Vec<_> = invoice
        .lines
        .iter()
        .map(|line| (line.project.as_str(), &line.item, line.quantity_micro, line.price.0, line.net))
        .collect();
    let resource = |resource| Item::Resource(resource);
    use ledger::tariff::Resource::{CoreHour, Kwh};
    let expected = [
        ("beams", &resource(CoreHour), 112_000_004, 15_000, Money::cents(168)),
        ("beams", &resource(Kwh), 333_333, 250_000, Money::cents(8)),
        ("flood", &resource(CoreHour), 40_000_000, 15_000, Money::cents(60)),
        ("flood", &resource(Kwh), 1_000_000, 250_000, Money::cents(25)),
    ];
    assert_eq!(lines, expected);
    // 1.763333 + 0.85 = 2.613333: 2.61, and 20 % of it.
    assert_eq!(
        (invoice.net, invoice.vat_total, invoice.total),
        (Money::cents(261), Money::cents(52), Money::cents(313))
    );
    assert_eq!((invoice.vat[0].category.as_str(), invoice.vat[0].permille), ("S", 200));
    assert!(invoice.mentions.iter().any(|words| words.contains("40 €")), "{:?}", invoice.mentions);
    assert!(invoice.mentions.iter().any(|words| words.contains("prestation de services")));
    assert_eq!(invoice.head.count, 3);
    assert_eq!(invoice.annex.len(), 2);
}

#[test]
fn cents_agree_with_the_ledger_and_what_was_rounded_is_posted() {
    let mut world = october();
    let invoice = issued(&mut world, "C1");
    assert_eq!(
        world.journal.balance(Account::Unbilled, "flood") + world.journal.balance(Account::Unbilled, "beams"),
        Money::ZERO
    );
    assert_eq!(world.journal.balance(Account::Clients, "C1"), invoice.total);
    assert_eq!(-world.journal.total(Account::Services), invoice.net);
    assert_eq!(-world.journal.total(Account::Vat), invoice.vat_total);
    assert_eq!(world.journal.balance(Account::Billed, "C1"), invoice.net);
    // 2.613333… was worked and 2.61 billed.
    assert_eq!(world.journal.balance(Account::RoundingLoss, "C1"), Money(3_333));
}

#[test]
fn lines_that_do_not_sum_get_a_line_of_cents() {
    let mut world = World::new();
    // Three projects' worth of 0.004 each is 0.008 in sum: each line is 0, the invoice one cent.
    for (job, project) in ["flood", "beams"].into_iter().enumerate() {
        world.end(project, job as u32, (1, HOUR / 15 * 4, 0)).unwrap(); // 0.004
    }
    world.now = at("2026-11-02T09:00:00Z");
    let invoice = issued(&mut world, "C1");
    let lines: Vec<_> = invoice.lines.iter().map(|line| (line.item.clone(), line.net)).collect();
    use ledger::tariff::Resource::CoreHour;
    let core = || Item::Resource(CoreHour);
    assert_eq!(lines, [(core(), Money::ZERO), (core(), Money::ZERO), (Item::Rounding, Money::cents(1))]);
    assert_eq!(invoice.net, Money::cents(1));
}

#[test]
fn words_and_taxes_are_those_of_the_status_and_the_day() {
    let fiscal = Fiscal::parse(SHIPPED).unwrap();
    let check = |status, on: &str, language, words: &str, permille| {
        let regime = fiscal.regime(status, day(on)).unwrap();
        assert_eq!((regime.words(language), regime.permille), (words, permille));
    };
    check(Status::Franchise, "2026-12-31", Language::Fr, "TVA non applicable, article 293 B du CGI", 0);
    let later = "TVA non applicable, article 293 B du CGI (article L. 223-3 du CIBS)";
    check(Status::Franchise, "2027-01-01", Language::Fr, later, 0);
    check(Status::Vat, "2027-01-01", Language::En, "", 200);
    let mut world = october();
    world.status = Status::Franchise;
    let invoice = issued(&mut world, "C1");
    assert_eq!(invoice.mentions[0], "TVA non applicable, article 293 B du CGI");
    assert_eq!((invoice.vat_total, invoice.vat[0].exemption_code.as_str()), (Money::ZERO, "VATEX-FR-FRANCHISE"));
    let person = fiscal.mentions(Status::Vat, CustomerKind::Person, Language::Fr, day("2026-11-02"));
    assert!(person.iter().all(|words| !words.contains("40 €")), "{person:?}");
    let none = fiscal.regime(Status::Vat, day("2019-01-01")).unwrap_err().to_string();
    assert!(none.contains("0 regimes of status vat hold on 2019-01-01"), "{none}");
}

#[test]
fn a_customer_without_an_address_is_refused() {
    let world = october();
    let fiscal = Fiscal::parse(SHIPPED).unwrap();
    let regime = fiscal.regime(Status::Vat, world.today()).unwrap();
    let (entries, mut nowhere) = (world.plain(), customer("C1"));
    (nowhere.address, nowhere.siren) = (Address::default(), String::new());
    let asked = |customer| ledger::invoice::Asked {
        journal: &world.journal,
        entries: &entries,
        customer,
        projects: CUSTOMERS[0].1,
        regime,
    };
    let message = prepare(&asked(&nowhere), month("2026-10"), world.today()).unwrap_err().to_string();
    assert_eq!(
        message,
        "customer C1 cannot be on an invoice: address, postcode, town, country are missing. Add it with \
         `algoric customer add C1`, then prepare the invoice again"
    );
    let nowhere = ledger::invoice::Customer { address: crate::world::address(), ..nowhere.clone() };
    let message = prepare(&asked(&nowhere), month("2026-10"), world.today()).unwrap_err().to_string();
    assert!(message.contains("siren (nine digits) is missing"), "{message}");
    // Nor without the seller's.
    let mut anonymous = seller();
    anonymous.vat_number.clear();
    let draft = world.draft("C1", month("2026-10")).unwrap();
    let message =
        issue(&draft, &world.journal, &anonymous, &fiscal, Status::Vat, world.today()).unwrap_err().to_string();
    assert!(message.contains("the seller cannot be on an invoice: vat_number is missing"), "{message}");
    assert!(issue(&draft, &world.journal, &anonymous, &fiscal, Status::Franchise, world.today()).is_ok());
}

#[test]
fn a_month_closed_twice_posts_nothing_twice() {
    let mut world = october();
    issued(&mut world, "C1");
    let before = world.journal.clone();
    let again = world.draft("C1", month("2026-10")).unwrap_err();
    assert!(matches!(again, InvoiceError::Nothing { .. }), "{again}");
    assert!(again.to_string().contains("customer C1 has nothing to be billed until the end of 2026-10"), "{again}");
    assert!(world.journal == before);
    // What came late is on the next invoice, whatever its month.
    world.now = at("2026-10-31T20:00:00Z");
    world.end("flood", 9, (4, HOUR, 0)).unwrap();
    world.now = at("2026-12-01T09:00:00Z");
    assert_eq!(world.draft("C1", month("2026-11")).unwrap().net, Money::cents(6));
    // A flat month, too, is charged once.
    let tariff = "2026/school/any".to_owned();
    let flat = || ledger::book::flat("flood", month("2026-10"), tariff.clone(), world.now, Money::euros(15));
    let (first, second) = (flat(), flat());
    world.post(first).unwrap();
    assert!(matches!(world.post(second), Err(JournalError::Already(_))));
}

#[test]
fn a_month_that_runs_is_not_closed() {
    let mut world = october();
    world.now = at("2026-10-31T22:30:00Z"); // half an hour before its local end
    let message = world.draft("C1", month("2026-10")).unwrap_err().to_string();
    assert!(message.contains("2026-10 is not over") && message.contains("from 2026-11-01 on"), "{message}");
    world.now = at("2026-10-31T23:00:00Z");
    assert!(world.draft("C1", month("2026-10")).is_ok());
}

#[test]
fn a_run_killed_half_way_leaves_no_hole_and_goes_on() {
    let mut world = october();
    // The first is on disk; the second got its number, and the program died before its transaction.
    let first = issued(&mut world, "C1");
    let draft = world.draft("C2", month("2026-10")).unwrap();
    let fiscal = Fiscal::parse(SHIPPED).unwrap();
    let (what, _lost) = issue(&draft, &world.journal, &seller(), &fiscal, world.status, world.today()).unwrap();
    let _lost = world.journal.seal(world.now, world.today(), what).unwrap();
    // Started again from what is on disk.
    world.journal = world.replayed();
    assert!(matches!(world.draft("C1", month("2026-10")), Err(InvoiceError::Nothing { .. })));
    let second = issued(&mut world, "C2");
    assert_eq!((first.number.as_str(), second.number.as_str()), ("F2026-0001", "F2026-0002"));
}

#[test]
fn two_treasurers_at_once_issue_one_invoice() {
    let mut world = october();
    let fiscal = Fiscal::parse(SHIPPED).unwrap();
    let (one, other) = (world.draft("C1", month("2026-10")).unwrap(), world.draft("C1", month("2026-10")).unwrap());
    let c2 = world.draft("C2", month("2026-10")).unwrap();
    let (what, document) = issue(&other, &world.journal, &seller(), &fiscal, world.status, world.today()).unwrap();
    let (c2_what, _) = issue(&c2, &world.journal, &seller(), &fiscal, world.status, world.today()).unwrap();
    let sealed = world.journal.seal(world.now, world.today(), what.clone()).unwrap();
    world.issue(&one).unwrap();
    // The other had its number, its entry, even its hash: none of them fits any more.
    assert!(matches!(world.journal.apply(&sealed), Err(JournalError::Stale { .. })));
    assert!(matches!(world.post(what), Err(JournalError::Already(_))), "{}", document.number);
    // Another customer's invoice with the same number.
    assert!(matches!(world.post(c2_what), Err(JournalError::Already(_))));
    // Issued again it has the next number; the first customer's work is billed.
    assert!(matches!(world.issue(&other), Err(InvoiceError::Journal(JournalError::NotUnbilled(1)))));
    assert_eq!(world.issue(&c2).unwrap(), "F2026-0002");
}

#[test]
fn numbers_are_continuous_and_begin_anew_each_year() {
    let mut world = october();
    issued(&mut world, "C1");
    let draft = world.draft("C2", month("2026-10")).unwrap();
    world.now = world.now - Span(24 * HOUR);
    let message = world.issue(&draft).unwrap_err().to_string();
    assert!(message.contains("a document of 2026-11-02 has been issued already"), "{message}");
    world.now = at("2027-01-04T09:00:00Z");
    assert_eq!(world.issue(&draft).unwrap(), "F2027-0001");
    // A number by hand is refused.
    world.end("flood", 9, (4, HOUR, 0)).unwrap();
    world.now = at("2027-02-04T09:00:00Z");
    let draft = world.draft("C1", month("2027-01")).unwrap();
    let fiscal = Fiscal::parse(SHIPPED).unwrap();
    let (what, _) = issue(&draft, &world.journal, &seller(), &fiscal, world.status, world.today()).unwrap();
    let What::Bill(mut bill) = what else { unreachable!() };
    bill.number = "F2027-0003".into();
    let message = world.post(What::Bill(bill)).unwrap_err().to_string();
    assert!(message.contains("the next number is F2027-0002, not F2027-0003"), "{message}");
}

#[test]
fn a_refund_before_the_invoice_is_on_it() {
    let mut world = World::new();
    world.end("flood", 1, (4, 10 * HOUR, 0)).unwrap();
    world.end("flood", 2, (4, 10 * HOUR, 0)).unwrap();
    world.refund(1, Reason::Failure, 0).unwrap();
    world.now = at("2026-11-02T09:00:00Z");
    let invoice = issued(&mut world, "C1");
    let last = invoice.lines.last().unwrap();
    assert_eq!(
        (&last.item, last.quantity_micro, last.price, last.net),
        (&Item::Reason(Reason::Failure), -1_000_000, Money::cents(60), Money::cents(-60))
    );
    assert_eq!(invoice.net, Money::cents(60));
}

#[test]
fn a_refund_after_the_invoice_is_a_credit_note_that_names_it() {
    let mut world = october();
    let invoice = issued(&mut world, "C1");
    world.refund(1, Reason::Failure, 0).unwrap();
    // It is not taken off another month's invoice.
    world.now = at("2026-12-02T09:00:00Z");
    assert!(matches!(world.draft("C1", month("2026-11")), Err(InvoiceError::Nothing { .. })));
    let draft = world.credit_draft("C1", &invoice.number).unwrap();
    assert_eq!(world.issue(&draft).unwrap(), "A2026-0001");
    let note = world.documents.last().unwrap().clone();
    assert_eq!((note.kind, note.credit_of), (BillKind::CreditNote, Some(("F2026-0001".to_owned(), day("2026-11-02")))));
    assert_eq!((note.net, note.vat_total, note.total), (Money::cents(85), Money::cents(17), Money::cents(102)));
    // What is left to be paid is less by it.
    assert_eq!(world.journal.invoice("F2026-0001").unwrap().open, Money::cents(313 - 102));
    assert_eq!(world.journal.balance(Account::Clients, "C1"), Money::cents(211));
    assert!(matches!(world.credit_draft("C1", "F2026-0001"), Err(InvoiceError::Nothing { .. })));
    let unknown = world.credit_draft("C1", "F2026-0099").unwrap_err().to_string();
    assert!(unknown.contains("no invoice F2026-0099 was issued"), "{unknown}");
}

#[test]
fn a_correction_by_hand_may_take_back_a_whole_invoice() {
    let mut world = october();
    let invoice = issued(&mut world, "C2");
    let correct = |id: &str, amount| {
        What::Correct(Correct {
            project: "town".into(),
            run: None,
            id: id.into(),
            reason: Reason::Adjustment,
            counted: Cost { amount, ..Cost::default() },
            returned: vec![],
            bonus: Money::ZERO,
            credits: Some(invoice.number.clone()),
            note: "another customer's".into(),
        })
    };
    let worked: Money = world.documents[0].annex.iter().map(|row| row.amount).sum();
    world.post(correct("wrong customer", -worked)).unwrap();
    assert!(matches!(world.post(correct("wrong customer", -worked)), Err(JournalError::Already(_))));
    let draft = world.credit_draft("C2", &invoice.number).unwrap();
    world.issue(&draft).unwrap();
    let corrected = world.journal.invoice(&invoice.number).unwrap();
    assert_eq!((corrected.open, corrected.paid), (Money::ZERO, Some(world.today())));
}

#[test]
fn more_given_back_than_used_waits_for_the_next_invoice() {
    let mut world = World::new();
    world.end("flood", 1, (4, 10 * HOUR, 0)).unwrap();
    world.refund(1, Reason::Displaced, 0).unwrap();
    let correction = What::Correct(Correct {
        project: "flood".into(),
        run: None,
        id: "gesture".into(),
        reason: Reason::Adjustment,
        counted: Cost { amount: Money::cents(-10), ..Cost::default() },
        returned: vec![],
        bonus: Money::ZERO,
        credits: None,
        note: String::new(),
    });
    world.post(correction).unwrap();
    world.now = at("2026-11-02T09:00:00Z");
    let message = world.draft("C1", month("2026-10")).unwrap_err().to_string();
    assert!(message.contains("-0.10 EUR until the end of 2026-10: this is taken off the next invoice"), "{message}");
}

#[test]
fn prepaid_hours_are_an_advance_until_they_are_used() {
    let mut world = World::new();
    world.grant("flood", "carnet", Pot::Prepaid, 100 * HOUR, Money::euros(1)).unwrap();
    world.now = at("2026-11-02T09:00:00Z");
    let invoice = issued(&mut world, "C1");
    assert_eq!((invoice.net, &invoice.lines[0].item), (Money::euros(1), &Item::Prepaid));
    let legal =
        |world: &World| (world.journal.balance(Account::Advances, "C1"), world.journal.total(Account::Services));
    assert_eq!(legal(&world), (-Money::euros(1), Money::ZERO));
    world.end("flood", 1, (4, 10 * HOUR, 0)).unwrap();
    let project = world.journal.project("flood");
    let what = ledger::book::recognise("flood", project, "C1", month("2026-11")).unwrap();
    world.post(what).unwrap();
    assert_eq!(legal(&world), (Money::cents(-60), Money::cents(-40)));
    assert!(ledger::book::recognise("flood", world.journal.project("flood"), "C1", month("2026-12")).is_none());
    // The hours were paid: nothing is billed for them.
    world.now = at("2026-12-02T09:00:00Z");
    assert!(matches!(world.draft("C1", month("2026-11")), Err(InvoiceError::Nothing { .. })));
}

#[test]
fn payments_are_matched_and_the_rest_is_reminded_of() {
    let mut world = october();
    issued(&mut world, "C1");
    world.end("flood", 9, (100, 100 * HOUR, 0)).unwrap();
    world.now = at("2026-12-02T09:00:00Z");
    let draft = world.draft("C1", month("2026-11")).unwrap();
    world.issue(&draft).unwrap(); // 150.00 + 20 % = 180.00
    let pay = |world: &World, text: &str, amount| match_payment(&world.journal, "C1", text, text, amount).settles;
    let first = ("F2026-0001".to_owned(), Money::cents(313));
    let second = |cents| ("F2026-0002".to_owned(), Money::cents(cents));
    // The one that is named, the one of that amount, the oldest.
    assert_eq!(pay(&world, "VIR F2026-0002", Money::euros(10)), [second(1_000)]);
    assert_eq!(pay(&world, "VIR", Money::euros(180)), [second(18_000)]);
    assert_eq!(pay(&world, "VIR", Money::euros(100)), [first.clone(), second(9_687)]);
    let what = match_payment(&world.journal, "C1", "statement 4", "VIR", Money::euros(100));
    world.post(What::Pay(what.clone())).unwrap();
    assert!(matches!(world.post(What::Pay(what)), Err(JournalError::Already(_))), "one statement, one payment");
    assert_eq!(world.journal.invoice("F2026-0001").unwrap().paid, Some(world.today()));
    let late = |on: &str| {
        let late = reminders(&world.journal, day(on), &[7, 21]);
        late.into_iter().map(|one| (one.number, one.open, one.days_late, one.step)).collect::<Vec<_>>()
    };
    assert_eq!(late("2027-01-01"), []);
    let number = || "F2026-0002".to_owned();
    assert_eq!(late("2027-01-02"), [(number(), Money::cents(8_313), 1, 0)]);
    assert_eq!(late("2027-01-22"), [(number(), Money::cents(8_313), 21, 2)]);
    let message = world
        .post(What::Pay(ledger::posting::Pay {
            customer: "C1".into(),
            id: "too much".into(),
            amount: Money::euros(100),
            settles: vec![second(10_000)],
        }))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("invoice F2026-0002: 83.13 EUR of it are open, and 100.00 EUR would be paid"),
        "{message}"
    );
}

#[test]
fn another_customers_category_is_another_price() {
    assert_eq!((customer("C1").category, customer("C2").category), (Category::Company, Category::Member));
    let mut world = october();
    assert_eq!(issued(&mut world, "C2").net, Money::cents(1_440)); // 800 core-hours at 0.018
}

//! Whatever happens, in whatever order: the books balance, budgets are what was posted, and everything happens once.

use std::collections::BTreeMap;

use ledger::account::Account;
use ledger::book::{self, Overrun};
use ledger::budget::{Budget, OnFull, Period, Unit};
use ledger::invoice::match_payment;
use ledger::journal::{Journal, JournalError};
use ledger::posting::{Pot, Reason, What};
use model::{Money, Span};
use proptest::prelude::*;

use crate::world::{CUSTOMERS, HOUR, KWH, World, run};

#[derive(Clone, Debug)]
enum Op {
    Submit {
        project: usize,
        cores: u32,
        ms: i64,
        uj: i64,
    },
    /// The real use in thousandths of the greatest, more than all of it now and then.
    End {
        which: usize,
        permille: i64,
    },
    Cancel {
        which: usize,
    },
    Raise {
        which: usize,
        times: i64,
    },
    GiveBack {
        which: usize,
        reason: Reason,
        bonus: u32,
    },
    Grant {
        project: usize,
        pot: Pot,
        hours: i64,
        cents: i64,
    },
    Wait {
        hours: i64,
    },
    Bill {
        customer: usize,
    },
    CreditNote {
        which: usize,
    },
    Pay {
        customer: usize,
        cents: i64,
    },
    Recognise {
        project: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let (project, customer, which) = (0..3_usize, 0..2_usize, any::<usize>());
    let reason = prop_oneof![Just(Reason::Failure), Just(Reason::Displaced)];
    let pot = prop_oneof![Just(Pot::InKind), Just(Pot::Prepaid), Just(Pot::Credit)];
    prop_oneof![
        6 => (project.clone(), 1..33_u32, 0..100 * HOUR, 0..10 * KWH)
            .prop_map(|(project, cores, ms, uj)| Op::Submit { project, cores, ms, uj }),
        6 => (which, 0..1100_i64).prop_map(|(which, permille)| Op::End { which, permille }),
        1 => which.prop_map(|which| Op::Cancel { which }),
        1 => (which, 1..4_i64).prop_map(|(which, times)| Op::Raise { which, times }),
        2 => (which, reason, 0..300_u32)
            .prop_map(|(which, reason, bonus)| Op::GiveBack { which, reason, bonus }),
        1 => (project.clone(), pot, 1..500_i64, 1..5000_i64)
            .prop_map(|(project, pot, hours, cents)| Op::Grant { project, pot, hours, cents }),
        3 => (1..400_i64).prop_map(|hours| Op::Wait { hours }),
        2 => customer.clone().prop_map(|customer| Op::Bill { customer }),
        1 => which.prop_map(|which| Op::CreditNote { which }),
        1 => (customer, 1..10_000_i64).prop_map(|(customer, cents)| Op::Pay { customer, cents }),
        1 => project.prop_map(|project| Op::Recognise { project }),
    ]
}

/// What the world knows of jobs: project, greatest use, whether it is over.
#[derive(Default)]
struct Jobs(Vec<(&'static str, (u32, i64, i64), bool)>);

const PROJECTS: [&str; 3] = ["flood", "beams", "town"];

fn budgets() -> BTreeMap<&'static str, Vec<Budget>> {
    let budget =
        |unit, limit, period| Budget { unit, limit, period, from: None, on_full: OnFull::Stop, warn_permille: 800 };
    BTreeMap::from([
        ("flood", vec![budget(Unit::Euros, 40_000_000, Period::Once), budget(Unit::Kwh, 30 * KWH, Period::Month)]),
        ("town", vec![budget(Unit::CoreHours, 3000 * HOUR, Period::Year)]),
    ])
}

fn step(world: &mut World, jobs: &mut Jobs, op: &Op, count: usize) {
    let open = |jobs: &Jobs, which: usize, is_over: bool| {
        let fit: Vec<usize> = (0..jobs.0.len()).filter(|at| jobs.0[*at].2 == is_over).collect();
        (!fit.is_empty()).then(|| fit[which % fit.len()])
    };
    match *op {
        Op::Submit { project, cores, ms, uj } => {
            let (name, size) = (PROJECTS[project], (cores, ms, uj));
            let budgets = budgets().remove(name).unwrap_or_default();
            if world.submit(name, jobs.0.len() as u32, size, &budgets).is_ok() {
                jobs.0.push((name, size, false));
            }
        }
        Op::End { which, permille } => {
            let Some(at) = open(jobs, which, false) else { return };
            let (name, (cores, ms, uj), _) = jobs.0[at];
            world.end(name, at as u32, (cores, ms * permille / 1000, uj / 1000 * permille)).unwrap();
            jobs.0[at].2 = true;
            // Told twice, it is done once.
            let again = world.end(name, at as u32, (cores, ms, uj));
            assert!(matches!(again, Err(JournalError::Already(_))), "{again:?}");
        }
        Op::Cancel { which } => {
            let Some(at) = open(jobs, which, false) else { return };
            let what = book::release(&world.journal, run(at as u32)).unwrap();
            world.post(what).unwrap();
            jobs.0.remove(at);
            // Numbers of jobs are places in the list: the cancelled one keeps its place.
            jobs.0.insert(at, ("nobody", (0, 0, 0), true));
        }
        Op::Raise { which, times } => {
            let Some(at) = open(jobs, which, false) else { return };
            let (name, (cores, ms, uj), _) = jobs.0[at];
            let size = (cores, ms * times, uj * times);
            let budgets = budgets().remove(name).unwrap_or_default();
            if world.submit(name, at as u32, size, &budgets).is_ok() {
                jobs.0[at].1 = size;
            }
        }
        Op::GiveBack { which, reason, bonus } => {
            let Some(at) = open(jobs, which, true).filter(|at| jobs.0[*at].0 != "nobody") else { return };
            let _maybe_again = world.refund(at as u32, reason, bonus);
            let again = world.refund(at as u32, Reason::Failure, 0);
            assert!(matches!(again, Err(JournalError::Already(_))), "{again:?}");
        }
        Op::Grant { project, pot, hours, cents } => {
            let (core_ms, amount) = match pot {
                Pot::InKind => (hours * HOUR, Money::ZERO),
                Pot::Prepaid => (hours * HOUR, Money::cents(cents)),
                Pot::Credit => (0, Money::cents(cents)),
            };
            world.grant(PROJECTS[project], &format!("grant {count}"), pot, core_ms, amount).unwrap();
        }
        Op::Wait { hours } => world.now = world.now + Span(hours * HOUR),
        Op::Bill { customer } => {
            let last = world.today().month().first().plus(-1).month();
            if let Ok(draft) = world.draft(CUSTOMERS[customer].0, last) {
                world.issue(&draft).unwrap();
            }
        }
        Op::CreditNote { which } => {
            let numbers: Vec<String> = world.journal.invoices().map(|(number, _)| number.to_owned()).collect();
            let Some(number) = numbers.get(which % numbers.len().max(1)) else { return };
            let customer = world.journal.invoice(number).unwrap().customer.clone();
            if let Ok(draft) = world.credit_draft(&customer, number) {
                world.issue(&draft).unwrap();
            }
        }
        Op::Pay { customer, cents } => {
            let (customer, id) = (CUSTOMERS[customer].0, format!("statement {count}"));
            let pay = match_payment(&world.journal, customer, &id, "", Money::cents(cents));
            world.post(What::Pay(pay)).unwrap();
        }
        Op::Recognise { project } => {
            let (name, month) = (PROJECTS[project], world.today().month());
            let what = book::recognise(name, world.journal.project(name), "C1", month);
            if let Some(Err(error)) = what.map(|what| world.post(what)) {
                assert!(matches!(error, JournalError::Already(_)), "{error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_history_is_sound(ops in prop::collection::vec(op(), 1..80)) {
        let (mut world, mut jobs) = (World::new(), Jobs::default());
        for (count, op) in ops.iter().enumerate() {
            step(&mut world, &mut jobs, op, count);
            world.sound(&budgets());
        }
        prop_assert_eq!(&world.replayed(), &world.journal, "replay gives the same state");
        // A state that was kept goes on where it was.
        let half = world.entries.len() / 2;
        let stored = || world.entries.iter().map(|sealed| (sealed.text.as_str(), sealed.hash));
        let kept = Journal::replay(stored().take(half)).unwrap().keep().unwrap();
        let mut resumed = Journal::kept(&kept).unwrap();
        resumed.follow(stored().skip(half)).unwrap();
        prop_assert_eq!(&resumed, &world.journal);
        // Every entry again, all at once: nothing is posted.
        for entry in world.plain() {
            let again = world.post(entry.what);
            prop_assert!(matches!(again, Err(JournalError::Already(_))), "{:?}", again);
        }
        // Each document is its lines, its entries, and its place in the books.
        for document in &world.documents {
            let lines: Money = document.lines.iter().map(|line| line.net).sum();
            prop_assert_eq!(document.net, lines);
            let annex: Money = document.annex.iter().map(|row| row.amount).sum();
            prop_assert_eq!(annex.abs().to_cents(), document.net.abs());
            let invoice = world.journal.invoice(&document.number).unwrap();
            prop_assert_eq!(invoice.total().abs(), document.total);
        }
        let open: Money = world.journal.invoices().map(|(_, invoice)| invoice.open).sum();
        let overpaid: Money = world.entries.iter().map(|sealed| match &sealed.entry.what {
            What::Pay(it) => it.amount - it.settles.iter().map(|(_, amount)| *amount).sum(),
            _ => Money::ZERO,
        }).sum();
        prop_assert_eq!(world.journal.total(Account::Clients), open - overpaid);
    }
}

#[test]
fn a_run_costs_no_more_than_its_quote() {
    let mut world = World::new();
    world.submit("flood", 1, (4, 10 * HOUR, KWH), &[]).unwrap();
    let quoted = world.journal.project("flood").reserved.amount;
    assert_eq!(quoted, Money(40 * 15_000 + 250_000));
    // It drew three times what was foreseen.
    world.end("flood", 1, (4, 10 * HOUR, 3 * KWH)).unwrap();
    assert_eq!(world.journal.project("flood").spent_in(None, None).amount, quoted);
    assert_eq!(world.journal.balance(Account::Overruns, "flood"), Money(500_000));
    // A project that has chosen so pays all of it.
    world.overrun = Overrun::Project;
    world.submit("beams", 2, (4, 10 * HOUR, KWH), &[]).unwrap();
    world.end("beams", 2, (4, 10 * HOUR, 3 * KWH)).unwrap();
    assert_eq!(world.journal.project("beams").spent_in(None, None).amount, quoted + Money(500_000));
}

#[test]
fn pots_pay_in_their_order() {
    let mut world = World::new();
    world.grant("flood", "a", Pot::InKind, 10 * HOUR, Money::ZERO).unwrap();
    world.grant("flood", "b", Pot::Prepaid, 10 * HOUR, Money::cents(10)).unwrap();
    world.grant("flood", "c", Pot::Credit, 0, Money::cents(20)).unwrap();
    // 40 core-hours for 0.60 and 0.25 of energy: 0.15 in kind, 0.15 prepaid, 0.20 of credit, 0.35 are left.
    world.submit("flood", 1, (4, 10 * HOUR, KWH), &[]).unwrap();
    let project = world.journal.project("flood");
    assert_eq!((project.reserved.amount, project.free()), (Money::cents(35), Default::default()));
    world.end("flood", 1, (4, 5 * HOUR, 0)).unwrap();
    // Half of the time and no energy: 0.30, all of it paid by hours.
    let settled = world.settled(1).1;
    let taken: Vec<_> = settled.deductions.iter().map(|one| (one.reason, one.core_ms, one.amount)).collect();
    let expected = [(Reason::InKind, 10 * HOUR, Money::cents(15)), (Reason::Prepaid, 10 * HOUR, Money::cents(15))];
    assert_eq!((taken, settled.counted.amount), (expected.to_vec(), Money::ZERO));
    assert_eq!(world.journal.project("flood").free().credit, Money::cents(20));
    // The centre failed: hours go back to their pots, and a tenth comes on top as a credit.
    world.refund(1, Reason::Failure, 100).unwrap();
    let free = world.journal.project("flood").free();
    assert_eq!((free.in_kind_ms, free.prepaid_ms, free.credit), (10 * HOUR, 10 * HOUR, Money::cents(23)));
}

#[test]
fn more_than_a_pot_has_is_refused() {
    let mut world = World::new();
    world.grant("flood", "a", Pot::Credit, 0, Money::cents(20)).unwrap();
    world.submit("flood", 1, (4, 10 * HOUR, 0), &[]).unwrap();
    let (lines, project) = (world.lines("flood", 4, 10 * HOUR, 0), "flood");
    let mut reserve = book::reserve(&world.journal, project, run(2), &lines).unwrap();
    assert_eq!(reserve.cover.credit, Money::ZERO, "the first run holds all of it");
    reserve.cover.credit = Money::cents(1);
    let refused = world.post(What::Reserve(reserve)).unwrap_err().to_string();
    assert!(refused.contains("project flood: the credit has less left"), "{refused}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut world = World::new();
    let check = |world: &mut World, what: What, expected: &str| {
        let before = world.journal.clone();
        let message = world.post(what).unwrap_err().to_string();
        assert!(message.contains(expected), "`{expected}` is not in: {message}");
        assert!(world.journal == before, "a refusal changes nothing");
    };
    assert!(book::release(&world.journal, run(1)).is_none());
    world.submit("flood", 1, (4, 10 * HOUR, 0), &[]).unwrap();
    let release = book::release(&world.journal, run(1)).unwrap();
    world.end("flood", 1, (4, HOUR, 0)).unwrap();
    check(&mut world, release, "nothing is set aside for it");
    let lines = world.lines("flood", 1, HOUR, 0);
    let late = book::reserve(&world.journal, "flood", run(1), &lines).unwrap();
    check(&mut world, What::Reserve(ledger::posting::Reserve { nth: 1, ..late }), "settled or released already");
    let (_, mut settled) = world.settled(1);
    settled.run = run(9);
    let refund = book::refund(&settled, Reason::Failure, None, 0, "");
    check(&mut world, refund, "it is not settled, so that nothing can be given back");
    let pay =
        |settles, amount| What::Pay(ledger::posting::Pay { customer: "C1".into(), id: "x".into(), amount, settles });
    check(&mut world, pay(vec![("F2026-0007".into(), Money::cents(1))], Money::cents(1)), "no such invoice was issued");
    check(&mut world, pay(vec![], Money(15)), "whole cents");
}

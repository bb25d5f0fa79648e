//! The rules of a journal: what an entry must be, and what it changes. Must not know files.

use std::collections::BTreeMap;

use model::Money;

use super::{Invoice, Journal, JournalError, Unbilled};
use crate::account::Account;
use crate::day::Day;
use crate::posting::{
    Bill, BillKind, Correct, Cover, Deduction, Entry, Grant, Key, Pay, Posted, Pot, Reason, Recognise, Release,
    Reserve, Settle, What,
};

impl Journal {
    /// Whether the entry may be, in this state.
    pub(super) fn check(&self, entry: &Entry) -> Result<(), JournalError> {
        let key = entry.what.key();
        if self.keys.contains(&key) {
            return Err(JournalError::Already(key));
        }
        balanced(&entry.lines)?;
        match &entry.what {
            What::Reserve(it) => self.check_reserve(it),
            What::Release(it) => self.check_release(it),
            What::Settle(it) => self.check_settle(it),
            What::Charge(_) => Ok(()),
            What::Correct(it) => self.check_correct(it),
            What::Grant(it) => check_grant(it),
            What::Bill(it) => self.check_bill(it, entry.day),
            What::Pay(it) => self.check_pay(it),
            What::Recognise(it) => self.check_recognise(it),
        }
    }

    fn check_reserve(&self, it: &Reserve) -> Result<(), JournalError> {
        let wrong = |what| Err(JournalError::Run { run: it.run, what });
        if self.keys.contains(&Key::Settle(it.run)) || self.keys.contains(&Key::Release(it.run)) {
            return wrong("it is settled or released already, and nothing more can be set aside for it");
        }
        match self.held.get(&it.run) {
            None if it.nth != 0 => return wrong("nothing was set aside for it that could be raised"),
            Some(held) if held.raised + 1 != it.nth => return wrong("it was raised by somebody else meanwhile"),
            Some(held) if held.project != it.project => return wrong("another project set something aside for it"),
            _ => {}
        }
        if it.cost.core_ms < 0 || it.cost.energy_uj < 0 {
            return wrong("no negative hours or energy can be set aside for it");
        }
        not_negative("what is set aside", it.cost.amount)?;
        self.check_cover(&it.project, it.cover, Cover::default())
    }

    fn check_release(&self, it: &Release) -> Result<(), JournalError> {
        match self.held.get(&it.run) {
            Some(held) if held.project == it.project && held.cost == it.held => Ok(()),
            Some(_) => Err(JournalError::Run { run: it.run, what: "something else is set aside for it" }),
            None => Err(JournalError::Run { run: it.run, what: "nothing is set aside for it" }),
        }
    }

    fn check_settle(&self, it: &Settle) -> Result<(), JournalError> {
        let held = self.held.get(&it.run);
        let fits = match held {
            Some(held) => held.project == it.project && held.cost == it.held,
            None => it.held == Default::default(),
        };
        if !fits {
            return Err(JournalError::Run { run: it.run, what: "something else is set aside for it" });
        }
        not_negative("what a project pays for a run", it.counted.amount)?;
        it.deductions.iter().try_for_each(|deduction| not_negative("a deduction", deduction.amount))?;
        self.check_cover(&it.project, cover(&it.deductions), held.map(|held| held.cover).unwrap_or_default())
    }

    /// Pots must have what is drawn, beyond what they hold for this run.
    fn check_cover(&self, project: &str, drawn: Cover, held: Cover) -> Result<(), JournalError> {
        let free = self.project(project).free() + held;
        let pots = [
            ("the public interest's hours", drawn.in_kind_ms, free.in_kind_ms),
            ("the prepaid hours", drawn.prepaid_ms, free.prepaid_ms),
            ("the credit", drawn.credit.0, free.credit.0),
        ];
        match pots.into_iter().find(|(_, drawn, free)| *drawn < 0 || drawn > free) {
            Some((what, ..)) => Err(JournalError::Pot { project: project.to_owned(), what }),
            None => Ok(()),
        }
    }

    fn check_correct(&self, it: &Correct) -> Result<(), JournalError> {
        if let Some(run) = it.run.filter(|run| !self.keys.contains(&Key::Settle(*run))) {
            return Err(JournalError::Run { run, what: "it is not settled, so that nothing can be given back" });
        }
        not_negative("a bonus", it.bonus)?;
        it.returned.iter().try_for_each(|returned| not_negative("what goes back to a pot", returned.amount))?;
        match &it.credits {
            Some(number) => self.known_invoice(number).map(|_| ()),
            None => Ok(()),
        }
    }

    fn known_invoice(&self, number: &str) -> Result<&Invoice, JournalError> {
        let invoice = self.invoices.get(number).filter(|invoice| invoice.kind == BillKind::Invoice);
        let unknown = || JournalError::Invoice { number: number.to_owned(), what: "no such invoice was issued".into() };
        invoice.ok_or_else(unknown)
    }

    fn check_bill(&self, it: &Bill, day: Day) -> Result<(), JournalError> {
        let expected = self.next_number(it.kind, day)?;
        if expected != it.number {
            return Err(JournalError::Numbering { expected, found: it.number.clone() });
        }
        let is_right = if it.kind == BillKind::Invoice { it.net >= Money::ZERO } else { it.net <= Money::ZERO };
        let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
        let (mut advance, mut seen) = (Money::ZERO, std::collections::BTreeSet::new());
        for number in &it.bills {
            let one = self.unbilled.get(number).filter(|_| seen.insert(number));
            let one = one.filter(|one| one.credits == it.credit_of);
            let one = one.ok_or(JournalError::NotUnbilled(*number))?;
            *sums.entry(&one.project).or_default() += one.amount;
            advance += if one.is_advance { one.amount } else { Money::ZERO };
        }
        let said: BTreeMap<&str, Money> = it.projects.iter().map(|(name, amount)| (name.as_str(), *amount)).collect();
        for project in sums.keys().chain(said.keys()) {
            let of = |sums: &BTreeMap<&str, Money>| sums.get(project).copied().unwrap_or_default();
            let (said, found) = (of(&said), of(&sums));
            if said != found {
                return Err(JournalError::Sums { project: (*project).to_owned(), said, found });
            }
        }
        let is_whole = it.net.is_cents() && it.vat.is_cents() && it.advance.is_cents();
        let what = "an amount of a bill";
        if !(is_right
            && is_whole
            && it.advance == advance
            && it.net == sums.values().copied().sum::<Money>().to_cents())
        {
            let rule = "it is the sum of its entries in whole cents, negative on a credit note only";
            return Err(JournalError::Amount { what, amount: it.net, rule });
        }
        match &it.credit_of {
            Some(number) => {
                let invoice = self.known_invoice(number)?;
                let fits = it.kind == BillKind::CreditNote && invoice.customer == it.customer;
                let what = "a credit note for it goes to its own customer".to_owned();
                if fits { Ok(()) } else { Err(JournalError::Invoice { number: number.clone(), what }) }
            }
            None if it.kind == BillKind::CreditNote => {
                let what = "a credit note names the invoice that it corrects".to_owned();
                Err(JournalError::Invoice { number: it.number.clone(), what })
            }
            None => Ok(()),
        }
    }

    fn check_pay(&self, it: &Pay) -> Result<(), JournalError> {
        let what = "a payment";
        let matched: Money = it.settles.iter().map(|(_, amount)| *amount).sum();
        if it.amount <= Money::ZERO || !it.amount.is_cents() || matched > it.amount {
            let rule = "it is whole cents, more than nothing, and at least what it is matched with";
            return Err(JournalError::Amount { what, amount: it.amount, rule });
        }
        let mut taken: BTreeMap<&str, Money> = BTreeMap::new();
        for (number, amount) in &it.settles {
            let invoice = self.known_invoice(number)?;
            let taken = taken.entry(number).or_default();
            *taken += *amount;
            let wrong = |what: String| Err(JournalError::Invoice { number: number.clone(), what });
            if invoice.customer != it.customer {
                return wrong(format!("it is {}'s, and the payment {}'s", invoice.customer, it.customer));
            }
            if *amount <= Money::ZERO || *taken > invoice.open {
                return wrong(format!("{} EUR of it are open, and {taken} EUR would be paid", invoice.open));
            }
        }
        Ok(())
    }

    fn check_recognise(&self, it: &Recognise) -> Result<(), JournalError> {
        let project = self.project(&it.project);
        let left = project.prepaid_used() - project.prepaid_recognised;
        let rule = "it is what has been used of prepaid hours since the last time";
        let is_right = it.amount > Money::ZERO && it.amount == left;
        if is_right {
            Ok(())
        } else {
            Err(JournalError::Amount { what: "what is recognised", amount: it.amount, rule })
        }
    }

    /// Folds in what [`Journal::check`] allowed.
    pub(super) fn fold(&mut self, entry: &Entry) {
        self.keys.insert(entry.what.key());
        for line in &entry.lines {
            let parties = self.balances.entry(line.account).or_default();
            let amount = line.debit - line.credit;
            match parties.get_mut(&line.party) {
                Some(balance) => *balance += amount,
                None => drop(parties.insert(line.party.clone(), amount)),
            }
        }
        self.fold_unbilled(entry);
        match &entry.what {
            What::Bill(it) => return self.fold_bill(it, entry),
            What::Pay(it) => return self.fold_pay(it, entry.day),
            _ => {}
        }
        let Some(name) = entry.what.project() else { return };
        if !self.projects.contains_key(name) {
            self.projects.insert(name.to_owned(), Default::default());
        }
        let Some(project) = self.projects.get_mut(name) else { return };
        let mut spend = |cost| *project.spent.entry(entry.day.month()).or_default() += cost;
        match &entry.what {
            What::Reserve(it) => {
                project.hold(it.cost, it.cover);
                let new = super::Held { project: name.to_owned(), ..nothing_held() };
                let held = self.held.entry(it.run).or_insert(new);
                held.cost += it.cost;
                held.cover += it.cover;
                held.raised = it.nth;
            }
            What::Release(it) => {
                if let Some(held) = self.held.remove(&it.run) {
                    project.let_go(&held);
                }
            }
            What::Settle(it) => {
                spend(it.counted);
                if let Some(held) = self.held.remove(&it.run) {
                    project.let_go(&held);
                }
                project.draw(cover(&it.deductions));
            }
            What::Charge(_) => {
                spend(crate::posting::Cost { amount: entry.what.billable(), ..Default::default() });
            }
            What::Correct(it) => {
                spend(it.counted);
                project.draw(-cover(&it.returned));
                project.credit += it.bonus;
            }
            What::Grant(it) => match it.pot {
                Pot::InKind => project.in_kind.granted_ms += it.core_ms,
                Pot::Credit => project.credit += it.amount,
                Pot::Prepaid => {
                    project.prepaid.granted_ms += it.core_ms;
                    project.prepaid_paid += it.amount;
                }
            },
            What::Recognise(it) => project.prepaid_recognised += it.amount,
            What::Bill(_) | What::Pay(_) => {}
        }
    }

    fn fold_unbilled(&mut self, entry: &Entry) {
        let amount = entry.what.billable();
        if let (Some(project), true) = (entry.what.project(), amount != Money::ZERO) {
            let credits = match &entry.what {
                What::Correct(it) => it.credits.clone(),
                _ => None,
            };
            let is_advance = matches!(entry.what, What::Grant(_));
            let one = Unbilled { project: project.to_owned(), amount, day: entry.day, is_advance, credits };
            self.unbilled_of.entry(one.project.clone()).or_default().insert(entry.number);
            self.unbilled.insert(entry.number, one);
        }
    }

    fn fold_bill(&mut self, it: &Bill, entry: &Entry) {
        for number in &it.bills {
            let billed = self.unbilled.remove(number);
            if let Some(numbers) = billed.and_then(|billed| self.unbilled_of.get_mut(&billed.project)) {
                numbers.remove(number);
            }
        }
        let last = self.series.entry((it.kind, entry.day.year())).or_insert((0, entry.day));
        *last = (last.0 + 1, entry.day);
        if let Some(corrected) = it.credit_of.as_ref().and_then(|number| self.invoices.get_mut(number)) {
            corrected.take_off(-it.total(), &it.number, entry.day);
        }
        self.invoices.insert(it.number.clone(), Invoice::new(it, entry.day, entry.number));
    }

    fn fold_pay(&mut self, it: &Pay, day: Day) {
        for (number, amount) in &it.settles {
            if let Some(invoice) = self.invoices.get_mut(number) {
                invoice.take_off(*amount, &it.id, day);
            }
        }
    }
}

fn nothing_held() -> super::Held {
    super::Held { project: String::new(), cost: Default::default(), cover: Default::default(), raised: 0 }
}

/// What deductions draw from pots.
pub(crate) fn cover(deductions: &[Deduction]) -> Cover {
    let mut cover = Cover::default();
    for deduction in deductions {
        match deduction.reason {
            Reason::InKind => cover.in_kind_ms += deduction.core_ms,
            Reason::Prepaid => cover.prepaid_ms += deduction.core_ms,
            Reason::Credit => cover.credit += deduction.amount,
            Reason::Overrun | Reason::Failure | Reason::Displaced | Reason::Adjustment => {}
        }
    }
    cover
}

fn check_grant(it: &Grant) -> Result<(), JournalError> {
    let is_right = match it.pot {
        Pot::InKind => it.core_ms > 0 && it.amount == Money::ZERO,
        Pot::Prepaid => it.core_ms > 0 && it.amount >= Money::ZERO && it.amount.is_cents(),
        Pot::Credit => it.core_ms == 0 && it.amount > Money::ZERO,
    };
    let rule = "hours in kind cost nothing, prepaid hours whole cents, a credit is money only; all are more than none";
    if is_right { Ok(()) } else { Err(JournalError::Amount { what: "a grant", amount: it.amount, rule }) }
}

fn not_negative(what: &'static str, amount: Money) -> Result<(), JournalError> {
    let rule = "it cannot be negative";
    if amount >= Money::ZERO { Ok(()) } else { Err(JournalError::Amount { what, amount, rule }) }
}

/// Debits are credits, in the books and in the account of work; the books are whole cents.
fn balanced(lines: &[Posted]) -> Result<(), JournalError> {
    let sum = |is_legal: bool| {
        let lines = lines.iter().filter(|line| line.account.is_legal() == is_legal);
        lines.fold(0_i128, |sum, line| sum + i128::from(line.debit.0) - i128::from(line.credit.0))
    };
    let (books, work) = (sum(true), sum(false));
    if (books, work) != (0, 0) {
        return Err(JournalError::Unbalanced { books: Money(books as i64), work: Money(work as i64) });
    }
    let part = lines.iter().find(|line| line.account.is_legal() && !(line.debit - line.credit).is_cents());
    match part {
        Some(line) => {
            let rule = "the books are kept in whole cents";
            Err(JournalError::Amount { what: line.account.label(), amount: line.debit - line.credit, rule })
        }
        None if lines.iter().any(|line| line.account == Account::Bank && line.debit < line.credit) => {
            let rule = "money that goes back to a customer is not posted here";
            Err(JournalError::Amount { what: Account::Bank.label(), amount: Money::ZERO, rule })
        }
        None => Ok(()),
    }
}

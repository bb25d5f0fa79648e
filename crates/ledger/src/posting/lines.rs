//! How what happened is posted: debits and credits. Must not know any state: all amounts are in what happened.

use model::Money;
use serde::{Deserialize, Serialize};

use super::{Bill, Charge, Correct, Deduction, Grant, Pay, Pot, Reason, Settle, What};
use crate::account::Account;
use crate::price;

/// One line of an entry. Exactly one of debit and credit is not 0, and neither is negative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Posted {
    /// Where.
    pub account: Account,
    /// Whose part of it: a project in class 9, a customer in the books; may be empty.
    pub party: String,
    /// Micro-euros.
    pub debit: Money,
    /// Micro-euros.
    pub credit: Money,
    /// The tariff that the amount rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<String>,
}

/// Gathers lines; amounts of 0 are left out.
#[derive(Default)]
struct Lines(Vec<Posted>);

impl Lines {
    /// A debit, or a credit where the amount is negative.
    fn debit(&mut self, account: Account, party: &str, amount: Money) -> &mut Self {
        if amount != Money::ZERO {
            let (debit, credit) = if amount > Money::ZERO { (amount, Money::ZERO) } else { (Money::ZERO, -amount) };
            self.0.push(Posted { account, party: party.to_owned(), debit, credit, tariff: None });
        }
        self
    }

    fn credit(&mut self, account: Account, party: &str, amount: Money) -> &mut Self {
        self.debit(account, party, -amount)
    }

    /// Set aside, or free again where negative.
    fn reserve(&mut self, project: &str, amount: Money) -> &mut Self {
        self.debit(Account::Reserved, project, amount).credit(Account::ReservedAgainst, project, amount)
    }

    /// Work at its price, a line by tariff.
    fn work(&mut self, project: &str, usage: &[price::Line]) {
        for line in usage {
            let before = self.0.len();
            self.credit(Account::Work, project, line.amount);
            for posted in &mut self.0[before..] {
                posted.tariff = Some(line.tariff.clone());
            }
        }
    }

    fn deductions(&mut self, project: &str, deductions: &[Deduction], sign: fn(Money) -> Money) {
        for deduction in deductions {
            self.debit(deduction.reason.account(), project, sign(deduction.amount));
        }
    }
}

/// The lines of what happened.
pub fn of(what: &What) -> Vec<Posted> {
    let mut lines = Lines::default();
    match what {
        What::Reserve(it) => drop(lines.reserve(&it.project, it.cost.amount)),
        What::Release(it) => drop(lines.reserve(&it.project, -it.held.amount)),
        What::Settle(it) => settle(&mut lines, it),
        What::Charge(it) => charge(&mut lines, it),
        What::Correct(it) => correct(&mut lines, it),
        What::Grant(it) => grant(&mut lines, it),
        What::Bill(it) => bill(&mut lines, it),
        What::Pay(it) => pay(&mut lines, it),
        What::Recognise(it) => {
            lines.debit(Account::Advances, &it.customer, it.amount).credit(Account::Services, "", it.amount);
        }
    }
    lines.0
}

fn settle(lines: &mut Lines, it: &Settle) {
    lines.reserve(&it.project, -it.held.amount).debit(Account::Unbilled, &it.project, it.counted.amount);
    lines.deductions(&it.project, &it.deductions, |amount| amount);
    lines.work(&it.project, &it.usage);
}

fn charge(lines: &mut Lines, it: &Charge) {
    let amount = it.usage.iter().map(|line| line.amount).sum();
    lines.debit(Account::Unbilled, &it.project, amount);
    lines.work(&it.project, &it.usage);
}

/// The reason bears what the project, its pots and the credit on top of it get.
fn correct(lines: &mut Lines, it: &Correct) {
    let returned: Money = it.returned.iter().map(|deduction| deduction.amount).sum();
    lines.debit(it.reason.account(), &it.project, returned + it.bonus - it.counted.amount);
    lines.debit(Account::Unbilled, &it.project, it.counted.amount);
    lines.deductions(&it.project, &it.returned, |amount| -amount);
    lines.credit(Reason::Credit.account(), &it.project, it.bonus);
}

fn grant(lines: &mut Lines, it: &Grant) {
    match it.pot {
        // Hours that are given have their value when they are used.
        Pot::InKind => {}
        Pot::Prepaid => {
            lines.debit(Account::Unbilled, &it.project, it.amount).credit(Account::PrepaidSold, &it.project, it.amount);
        }
        Pot::Credit => {
            lines.debit(Account::Granted, &it.project, it.amount).credit(Account::Credits, &it.project, it.amount);
        }
    }
}

fn bill(lines: &mut Lines, it: &Bill) {
    let (customer, rounding) = (it.customer.as_str(), it.rounding());
    lines.debit(Account::Billed, customer, it.net);
    for (project, amount) in &it.projects {
        lines.credit(Account::Unbilled, project, *amount);
    }
    let account = if rounding > Money::ZERO { Account::RoundingGain } else { Account::RoundingLoss };
    lines.credit(account, customer, rounding);
    lines.debit(Account::Clients, customer, it.total());
    lines.credit(Account::Services, "", it.net - it.advance).credit(Account::Advances, customer, it.advance);
    lines.credit(Account::Vat, "", it.vat);
}

/// A line for each invoice that is paid, in their order, and one for what is left over.
fn pay(lines: &mut Lines, it: &Pay) {
    lines.debit(Account::Bank, "", it.amount);
    let mut left = it.amount;
    for (_, amount) in &it.settles {
        lines.credit(Account::Clients, &it.customer, *amount);
        left -= *amount;
    }
    lines.credit(Account::Clients, &it.customer, left);
}

//! Tables of separated values, from which anybody can recompute every total with a script of their own. Must not know
//! where they are written, nor who stands behind a number: names come from [`Names`].
//!
//! Amounts are whole micro-euros. Seconds are exact: as many decimals as it takes.

use std::fmt::Write;

use model::{Money, RunId, Time};
use serde::{Deserialize, Serialize};

use crate::journal::Invoice;
use crate::posting::{Cost, Deduction, Entry, What};
use crate::price::{self, Amounts};

/// First line of `usage.csv`: one line a run (or charge) and tariff, one for each deduction and correction. The amounts
/// of an invoice sum to its net amount, but for what makes whole cents of it.
pub const USAGE: &str = "job,member,project,customer,category,start_ms,end_ms,core_s,memory_gib_s,gpu_s,energy_uj,tariff,\
    amount_microeur,invoice\n";
/// First line of `postings.csv`: one line a line of an entry.
pub const POSTINGS: &str = "posting,date,account,debit_microeur,credit_microeur,job,invoice\n";
/// First line of `invoices.csv`: one line a document; amounts of credit notes are negative.
pub const INVOICES: &str = "number,date,customer,category,net_microeur,vat_microeur,total_microeur,credit_of\n";

/// Who stands behind numbers and codes: what the ledger does not know.
pub trait Names {
    /// A member by its number; a pseudonym once erased.
    fn member(&self, number: u32) -> String;
    /// The customer that pays for a project; empty where nobody does.
    fn customer_of(&self, project: &str) -> String;
    /// The category of a customer; empty where it is not known.
    fn category_of(&self, customer: &str) -> String;
    /// A customer's name on the letter box.
    fn customer_name(&self, customer: &str) -> String;
    /// The invoice that billed an entry; `None` where none did yet.
    fn invoice_of(&self, entry: u64) -> Option<String>;
}

/// What a row of an annex says: of a run at a tariff, of a deduction, of a correction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsageRow {
    /// Which run; `None`: no run's.
    pub run: Option<RunId>,
    /// Whose job, by number.
    pub member: Option<u32>,
    /// Whose budget.
    pub project: String,
    /// From,
    pub start: Time,
    /// up to.
    pub end: Time,
    /// How much; nothing for a deduction, negative for what is given back.
    pub used: Amounts,
    /// At which tariff; the reason of a deduction or correction.
    pub tariff: String,
    /// Micro-euros.
    pub amount: Money,
}

/// The rows of an entry; none for what bills nothing. Their amounts sum to what it bills.
pub fn usage_rows(entry: &Entry) -> Vec<UsageRow> {
    let blank = |project: &str| UsageRow {
        run: entry.what.run(),
        member: None,
        project: project.to_owned(),
        start: entry.at,
        end: entry.at,
        used: Amounts::default(),
        tariff: String::new(),
        amount: Money::ZERO,
    };
    let usage = |blank: &UsageRow, lines: &[price::Line]| -> Vec<UsageRow> {
        let row = |line: &price::Line| UsageRow {
            start: line.start,
            end: line.end,
            used: line.used,
            tariff: line.tariff.clone(),
            amount: line.amount,
            ..blank.clone()
        };
        lines.iter().map(row).collect()
    };
    match &entry.what {
        What::Settle(it) => {
            let blank = UsageRow { member: Some(it.member), ..blank(&it.project) };
            let mut rows = usage(&blank, &it.usage);
            let (start, end) = (first(&it.usage, entry.at), last(&it.usage, entry.at));
            let taken = |one: &Deduction| UsageRow {
                start,
                end,
                tariff: one.reason.name().to_owned(),
                amount: -one.amount,
                ..blank.clone()
            };
            rows.extend(it.deductions.iter().filter(|one| one.amount != Money::ZERO).map(taken));
            rows
        }
        What::Charge(it) => usage(&blank(&it.project), &it.usage),
        What::Correct(it) => {
            let Cost { amount, core_ms, energy_uj } = it.counted;
            let used = Amounts { core_ms, energy_uj, ..Amounts::default() };
            vec![UsageRow { used, tariff: it.reason.name().to_owned(), amount, ..blank(&it.project) }]
        }
        What::Grant(it) if it.amount == entry.what.billable() && it.amount != Money::ZERO => {
            vec![UsageRow { tariff: "prepaid".to_owned(), amount: it.amount, ..blank(&it.project) }]
        }
        _ => Vec::new(),
    }
}

fn first(lines: &[price::Line], otherwise: Time) -> Time {
    lines.iter().map(|line| line.start).min().unwrap_or(otherwise)
}

fn last(lines: &[price::Line], otherwise: Time) -> Time {
    lines.iter().map(|line| line.end).max().unwrap_or(otherwise)
}

/// The lines of [`USAGE`] of an entry.
pub fn usage(entry: &Entry, names: &dyn Names) -> String {
    let invoice = names.invoice_of(entry.number).unwrap_or_default();
    let mut text = String::new();
    for row in usage_rows(entry) {
        let customer = names.customer_of(&row.project);
        let category = names.category_of(&customer);
        let member = row.member.map(|number| names.member(number)).unwrap_or_default();
        let Amounts { core_ms, memory_mib_ms, gpu_ms, energy_uj } = row.used;
        let (core_s, gpu_s) = (decimal(core_ms.into(), 3), decimal(gpu_ms.into(), 3));
        // 10^13 / (1024 MiB a GiB x 1000 ms a second) is whole, so that thirteen decimals are exact.
        let memory_gib_s = decimal(memory_mib_ms.saturating_mul(9_765_625), 13);
        let _infallible = writeln!(
            text,
            "{},{},{},{},{category},{},{},{core_s},{memory_gib_s},{gpu_s},{energy_uj},{},{},{}",
            job(row.run),
            field(&member),
            field(&row.project),
            field(&customer),
            row.start.0,
            row.end.0,
            field(&row.tariff),
            row.amount.0,
            field(&invoice),
        );
    }
    text
}

/// The lines of [`POSTINGS`] of an entry.
pub fn postings(entry: &Entry, names: &dyn Names) -> String {
    let invoice = entry.what.invoice().map(str::to_owned).or_else(|| names.invoice_of(entry.number));
    let (job, invoice) = (job(entry.what.run()), field(&invoice.unwrap_or_default()));
    let mut text = String::new();
    for line in &entry.lines {
        let (account, debit, credit) = (line.account, line.debit.0, line.credit.0);
        let _infallible = writeln!(text, "{},{},{account},{debit},{credit},{job},{invoice}", entry.number, entry.day);
    }
    text
}

/// A line of [`INVOICES`].
pub fn invoice(number: &str, invoice: &Invoice, names: &dyn Names) -> String {
    let Invoice { customer, day, net, vat, .. } = invoice;
    let (category, total) = (names.category_of(customer), invoice.total().0);
    let credit_of = invoice.credit_of.as_deref().unwrap_or_default();
    format!("{},{day},{},{category},{},{},{total},{}\n", field(number), field(customer), net.0, vat.0, field(credit_of))
}

/// A run as its members know it: its job, and how often it was begun again.
fn job(run: Option<RunId>) -> String {
    match run {
        None => String::new(),
        Some(RunId { job, attempt: 0 }) => job.to_string(),
        Some(run) => run.to_string(),
    }
}

/// A whole number of 10^-`decimals`, without zeros at its end.
fn decimal(number: i128, decimals: usize) -> String {
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    let sign = if number < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A name that cannot break its line, nor be taken for a formula by a program for tables.
fn field(name: &str) -> String {
    let is_bad = |letter: char| [',', '"', ';'].contains(&letter) || letter.is_control();
    let name: String = name.chars().map(|letter| if is_bad(letter) { '_' } else { letter }).collect();
    if name.starts_with(['=', '+', '@']) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let check = |number, decimals, expected: &str| assert_eq!(decimal(number, decimals), expected);
        check(1_500, 3, "1.5");
        check(-7, 3, "-0.007");
        check(3_000, 3, "3");
        check(0, 13, "0");
        // One MiB for one millisecond.
        check(9_765_625, 13, "0.0000009765625");
    }

    #[test]
    fn a_name_cannot_break_its_line() {
        assert_eq!(field("a,b\n\"c\""), "a_b__c_");
        assert_eq!(field("=1+1"), "_=1+1");
    }
}

//! Drafts of invoices and credit notes, from what is not billed yet. Must not change anything.

use std::collections::BTreeMap;

use model::Money;

use super::{Customer, Draft, InvoiceError, Regime, lines};
use crate::csv::usage_rows;
use crate::day::{Day, Month};
use crate::journal::{Journal, Unbilled};
use crate::posting::{BillKind, Entry};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The ledger's state.
    pub journal: &'a Journal,
    /// All entries that [`Journal::unbilled`] names for the customer's projects; more do no harm.
    pub entries: &'a [Entry],
    /// Who pays.
    pub customer: &'a Customer,
    /// Its projects.
    pub projects: &'a [&'a str],
    /// The tax of the day on which it will be issued.
    pub regime: &'a Regime,
}

/// The invoice of a month: all that is not billed and belongs to a day until its end, older things too.
///
/// # Errors
/// [`InvoiceError`]: the month still runs, nothing is left, an address is missing.
pub fn prepare(asked: &Asked<'_>, month: Month, today: Day) -> Result<Draft, InvoiceError> {
    if today <= month.last() {
        return Err(InvoiceError::NotOver { month, from: month.next().first() });
    }
    let is_due = |one: &Unbilled| one.credits.is_none() && one.day <= month.last();
    let draft = draft(asked, month, BillKind::Invoice, None, is_due)?;
    if draft.bills.is_empty() {
        return Err(InvoiceError::Nothing { customer: asked.customer.id.clone(), month });
    }
    if draft.net < Money::ZERO {
        return Err(InvoiceError::Negative { customer: asked.customer.id.clone(), month, amount: draft.net });
    }
    Ok(draft)
}

/// The credit note for an invoice: all corrections of what it billed.
///
/// # Errors
/// [`InvoiceError`]: no such invoice, nothing to be corrected, an address is missing.
pub fn prepare_credit_note(asked: &Asked<'_>, invoice: &str) -> Result<Draft, InvoiceError> {
    let unknown = || InvoiceError::Unknown(invoice.to_owned());
    let corrected = asked.journal.invoice(invoice).filter(|one| one.kind == BillKind::Invoice).ok_or_else(unknown)?;
    let credit_of = Some((invoice.to_owned(), corrected.day));
    let belongs = |one: &Unbilled| one.credits.as_deref() == Some(invoice);
    let draft = draft(asked, corrected.month, BillKind::CreditNote, credit_of, belongs)?;
    // What is left is more for the customer to pay, or nothing.
    if draft.bills.is_empty() || draft.net <= Money::ZERO {
        return Err(InvoiceError::Nothing { customer: asked.customer.id.clone(), month: corrected.month });
    }
    Ok(draft)
}

fn draft(
    asked: &Asked<'_>,
    month: Month,
    kind: BillKind,
    credit_of: Option<(String, Day)>,
    is_meant: impl Fn(&Unbilled) -> bool,
) -> Result<Draft, InvoiceError> {
    let unbilled = asked.projects.iter().flat_map(|project| asked.journal.unbilled_of(project));
    let meant = unbilled.filter(|(_, one)| is_meant(one));
    let by_number: BTreeMap<u64, &Entry> = asked.entries.iter().map(|entry| (entry.number, entry)).collect();
    let (mut bills, mut entries) = (Vec::new(), Vec::new());
    let (mut projects, mut advance) = (BTreeMap::<String, Money>::new(), Money::ZERO);
    for (number, one) in meant {
        entries.push(*by_number.get(&number).ok_or(InvoiceError::MissingEntry(number))?);
        bills.push(number);
        *projects.entry(one.project.clone()).or_default() += one.amount;
        advance += if one.is_advance { one.amount } else { Money::ZERO };
    }
    // An address is needed only where there is something to send.
    if !bills.is_empty() {
        asked.customer.check()?;
    }
    let is_credit_note = kind == BillKind::CreditNote;
    let sum = projects.values().copied().sum::<Money>().to_cents();
    let net = if is_credit_note { -sum } else { sum };
    Ok(Draft {
        kind,
        customer: asked.customer.clone(),
        month,
        bills,
        projects: projects.into_iter().collect(),
        lines: lines::lines(&entries, net, is_credit_note, asked.regime)?,
        net,
        advance,
        annex: entries.iter().flat_map(|entry| usage_rows(entry)).collect(),
        credit_of,
    })
}

//! A draft gets its number, its taxes and its words. Must not put anything on disk: entry and document go there together.

use model::Money;

use super::{Document, Draft, Fiscal, InvoiceError, Line, Regime, Seller, Status, Vat};
use crate::day::Day;
use crate::journal::Journal;
use crate::posting::{Bill, BillKind, What};

/// Form of [`Document`] that this version writes.
const FORMAT: u32 = 1;

/// The entry that posts a draft, and the document that is sent. The number is the next one now: if somebody else issues
/// before the entry is sealed, the journal refuses it and nothing is lost; issue again.
///
/// # Errors
/// [`InvoiceError`]: the seller is incomplete, no regime holds on this day, a later document has been issued.
pub fn issue(
    draft: &Draft,
    journal: &Journal,
    seller: &Seller,
    fiscal: &Fiscal,
    status: Status,
    day: Day,
) -> Result<(What, Document), InvoiceError> {
    let regime = fiscal.regime(status, day)?;
    seller.check(regime.permille > 0)?;
    draft.customer.check()?;
    let number = journal.next_number(draft.kind, day)?;
    let customer = &draft.customer;
    let vat = taxes(&draft.lines, regime, regime.words(customer.language));
    let vat_total: Money = vat.iter().map(|vat| vat.amount).sum();
    let due = day.plus(i32::from(customer.terms_days));
    let signed = |amount: Money| if draft.kind == BillKind::CreditNote { -amount } else { amount };
    let bill = Bill {
        kind: draft.kind,
        number: number.clone(),
        customer: customer.id.clone(),
        month: draft.month,
        bills: draft.bills.clone(),
        projects: draft.projects.clone(),
        net: signed(draft.net),
        advance: draft.advance,
        vat: signed(vat_total),
        due,
        credit_of: draft.credit_of.as_ref().map(|(number, _)| number.clone()),
    };
    let mut mentions = fiscal.mentions(status, customer.kind, customer.language, day);
    let words = regime.words(customer.language);
    mentions.splice(0..0, (!words.is_empty()).then(|| words.to_owned()));
    if seller.vat_on_debits && regime.permille > 0 {
        mentions.push("Option pour le paiement de la taxe d'après les débits".to_owned());
    }
    let document = Document {
        format: FORMAT,
        kind: draft.kind,
        number,
        issued: day,
        from: draft.month.first(),
        to: draft.month.last(),
        due,
        seller: seller.clone(),
        customer: customer.clone(),
        lines: draft.lines.iter().cloned().map(|line| at_rate(line, regime)).collect(),
        vat,
        net: draft.net,
        vat_total,
        total: draft.net + vat_total,
        mentions,
        credit_of: draft.credit_of.clone(),
        annex: draft.annex.clone(),
        head: journal.head(),
    };
    Ok((What::Bill(bill), document))
}

/// A draft may have been prepared on a day of another regime: the day of issue counts.
fn at_rate(line: Line, regime: &Regime) -> Line {
    Line { vat_category: regime.category.clone(), vat_permille: regime.permille, ..line }
}

/// Tax by rate: of the sum of the lines, rounded once. All lines are services at the status's one rate.
fn taxes(lines: &[Line], regime: &Regime, exemption: &str) -> Vec<Vat> {
    let base: Money = lines.iter().map(|line| line.net).sum();
    vec![Vat {
        category: regime.category.clone(),
        permille: regime.permille,
        base,
        amount: base.permille(i64::from(regime.permille)).to_cents(),
        exemption_code: regime.exemption_code.clone(),
        exemption: exemption.to_owned(),
    }]
}

//! From entries to the lines of an invoice: what has one price is one line. Must not know whom they are for.
//!
//! # The rule
//! 1. The net amount of a document is the exact sum of its entries' micro-euros, rounded **once** to the cent.
//! 2. A line adds up one resource of one project at one tariff; its net amount is its price times its exact quantity,
//!    rounded to the cent.
//! 3. Where the lines do not sum to the net amount, a last line of some cents says so.

use std::collections::BTreeMap;

use model::Money;

use super::{Item, Line, Regime};
use crate::exact::{Exact, Overflow};
use crate::posting::{Entry, Pot, What};
use crate::price;

/// Lines in the making, by project, item, tariff and price: quantities and amounts.
#[derive(Default)]
struct Sums<'a>(BTreeMap<(&'a str, Item, &'a str, Money), (i128, Exact)>);

impl<'a> Sums<'a> {
    fn resource(&mut self, project: &'a str, usage: &'a price::Line, term: &price::Term) -> Result<(), Overflow> {
        let key = (project, Item::Resource(term.resource), usage.tariff.as_str(), term.price);
        let sum = self.0.entry(key).or_default();
        sum.0 = sum.0.checked_add(term.quantity).ok_or(Overflow)?;
        sum.1 += term.exact()?;
        Ok(())
    }

    /// An amount by itself.
    fn lump(&mut self, project: &'a str, item: Item, tariff: &'a str, amount: Money) {
        if amount != Money::ZERO {
            let sum = self.0.entry((project, item, tariff, Money::ZERO)).or_default();
            sum.1 += Exact::money(amount);
        }
    }

    fn usage(&mut self, project: &'a str, usage: &'a [price::Line]) -> Result<(), Overflow> {
        for line in usage {
            if line.terms.is_empty() {
                self.lump(project, Item::Charge, &line.tariff, line.amount);
            }
            line.terms.iter().try_for_each(|term| self.resource(project, line, term))?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &'a Entry) -> Result<(), Overflow> {
        match &entry.what {
            What::Settle(it) => {
                self.usage(&it.project, &it.usage)?;
                for deduction in &it.deductions {
                    self.lump(&it.project, Item::Reason(deduction.reason), "", -deduction.amount);
                }
            }
            What::Charge(it) => self.usage(&it.project, &it.usage)?,
            What::Correct(it) => self.lump(&it.project, Item::Reason(it.reason), "", it.counted.amount),
            What::Grant(it) if it.pot == Pot::Prepaid => self.lump(&it.project, Item::Prepaid, "", it.amount),
            _ => {}
        }
        Ok(())
    }
}

/// The lines of these entries, which sum to `net`. On a credit note all signs are turned.
pub(super) fn lines(
    entries: &[&Entry],
    net: Money,
    is_credit_note: bool,
    regime: &Regime,
) -> Result<Vec<Line>, Overflow> {
    let mut sums = Sums::default();
    entries.iter().try_for_each(|entry| sums.entry(entry))?;
    let signed = |amount: Money| if is_credit_note { -amount } else { amount };
    let line = |project: &str, item, tariff: &str, quantity_micro, price, net| Line {
        project: project.to_owned(),
        item,
        tariff: tariff.to_owned(),
        quantity_micro,
        price,
        net,
        vat_category: regime.category.clone(),
        vat_permille: regime.permille,
    };
    let mut lines = Vec::new();
    for ((project, item, tariff, price), (quantity, exact)) in sums.0 {
        let net = signed(exact.rounded()?.to_cents());
        let (quantity_micro, price) = match &item {
            Item::Resource(resource) => (signed(Money(micro(quantity, resource.unit())?)).0, price),
            _ => (net.0.signum() * 1_000_000, net.abs()),
        };
        if quantity_micro != 0 || net != Money::ZERO {
            lines.push(line(project, item, tariff, quantity_micro, price, net));
        }
    }
    let rounding = net - lines.iter().map(|line| line.net).sum();
    if rounding != Money::ZERO {
        let count = rounding.0.signum() * 1_000_000;
        lines.push(line("", Item::Rounding, "", count, rounding.abs(), rounding));
    }
    Ok(lines)
}

/// Millionths of a unit, to the nearest.
fn micro(quantity: i128, unit: i128) -> Result<i64, Overflow> {
    let scaled = quantity.checked_mul(1_000_000).ok_or(Overflow)?;
    i64::try_from((scaled + unit / 2) / unit).map_err(|_| Overflow)
}

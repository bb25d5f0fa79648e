//! Issued documents: what is open, and what they are numbered. Must not know what is written on them.

use model::Money;
use serde::{Deserialize, Serialize};

use crate::day::{Day, Month};
use crate::posting::{Bill, BillKind};

/// An issued invoice or credit note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invoice {
    /// Which of the two.
    pub kind: BillKind,
    /// To whom.
    pub customer: String,
    /// Which month it bills.
    pub month: Month,
    /// When it was issued.
    pub day: Day,
    /// To be paid until.
    pub due: Day,
    /// Without tax; negative on a credit note.
    pub net: Money,
    /// Tax.
    pub vat: Money,
    /// What payments and credit notes have left of its total. 0 for a credit note, which takes its own off its invoice's.
    pub open: Money,
    /// The payments and credit notes that are matched with it, in their order.
    pub matched: Vec<String>,
    /// When nothing was left open.
    pub paid: Option<Day>,
    /// The invoice that a credit note corrects.
    pub credit_of: Option<String>,
    /// The entry that issued it.
    pub entry: u64,
}

impl Invoice {
    pub(super) fn new(bill: &Bill, day: Day, entry: u64) -> Self {
        let open = if bill.kind == BillKind::Invoice { bill.total() } else { Money::ZERO };
        let paid = (bill.kind == BillKind::Invoice && open == Money::ZERO).then_some(day);
        Self {
            kind: bill.kind,
            customer: bill.customer.clone(),
            month: bill.month,
            day,
            due: bill.due,
            net: bill.net,
            vat: bill.vat,
            open,
            matched: Vec::new(),
            paid,
            credit_of: bill.credit_of.clone(),
            entry,
        }
    }

    /// With tax.
    pub fn total(&self) -> Money {
        self.net + self.vat
    }

    /// A payment or a credit note takes something off what is open.
    pub(super) fn take_off(&mut self, amount: Money, by: &str, day: Day) {
        self.open -= amount;
        self.matched.push(by.to_owned());
        self.paid = (self.open <= Money::ZERO).then_some(day);
    }
}

/// `F2026-0001`, `A2026-0001` (*avoir*): each kind counts by itself, from 1 in each year.
pub(super) fn number(kind: BillKind, year: i16, count: u32) -> String {
    let letter = match kind {
        BillKind::Invoice => 'F',
        BillKind::CreditNote => 'A',
    };
    format!("{letter}{year}-{count:04}")
}

//! Payments and what is late. Must not know how a reminder is sent.

use model::Money;
use serde::Serialize;

use crate::day::Day;
use crate::journal::{Invoice, Journal};
use crate::posting::{BillKind, Pay};

/// An invoice that is late.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reminder {
    /// Which.
    pub number: String,
    /// Whose.
    pub customer: String,
    /// How much of it.
    pub open: Money,
    /// Since when.
    pub due: Day,
    /// How many days.
    pub days_late: i64,
    /// Which reminder it is, from 1 on; 0: late, but not yet so late that a first one is due.
    pub step: usize,
}

/// All that is late on a day, the latest first. `steps` are days after which a first, second… reminder is due.
pub fn reminders(journal: &Journal, today: Day, steps: &[i64]) -> Vec<Reminder> {
    let late = journal.invoices().filter(|(_, invoice)| is_open(invoice) && invoice.due < today);
    let one = |(number, invoice): (&str, &Invoice)| {
        let days_late = i64::from((today.0 - invoice.due.0).get_days());
        Reminder {
            number: number.to_owned(),
            customer: invoice.customer.clone(),
            open: invoice.open,
            due: invoice.due,
            days_late,
            step: steps.iter().filter(|step| **step <= days_late).count(),
        }
    };
    let mut late: Vec<Reminder> = late.map(one).collect();
    late.sort_by_key(|reminder| (reminder.due, reminder.number.clone()));
    late
}

fn is_open(invoice: &Invoice) -> bool {
    invoice.kind == BillKind::Invoice && invoice.open > Money::ZERO
}

/// What a payment pays: first the open invoices that its text names, then one of exactly its amount, then the oldest.
/// What is left over stays the customer's.
pub fn match_payment(journal: &Journal, customer: &str, id: &str, text: &str, amount: Money) -> Pay {
    let mut open: Vec<(&str, &Invoice)> =
        journal.invoices().filter(|(_, invoice)| is_open(invoice) && invoice.customer == customer).collect();
    let rank = |number: &str, invoice: &Invoice| (!text.contains(number), invoice.open != amount, invoice.due);
    open.sort_by_key(|(number, invoice)| (rank(number, invoice), *number));
    let (mut left, mut settles) = (amount, Vec::new());
    for (number, invoice) in open {
        let part = left.min(invoice.open);
        if part > Money::ZERO {
            settles.push((number.to_owned(), part));
            left -= part;
        }
    }
    Pay { customer: customer.to_owned(), id: id.to_owned(), amount, settles }
}

//! Invoices and credit notes as data: prepared, looked at, issued, paid, reminded of. Must not know how they look, nor
//! where they are kept.
//!
//! [`prepare()`] makes a [`Draft`] from what is not billed yet and changes nothing. [`issue()`] gives it the next number,
//! the entry that posts it and the [`Document`] that is sent: entry and document go on disk in one transaction, so that a
//! run killed half way leaves each invoice whole or not begun. An issued document never changes: a credit note corrects it.

mod fiscal;
mod issue;
mod lines;
mod party;
mod pay;
mod prepare;

use model::Money;
use serde::{Deserialize, Serialize};

use crate::chain::Head;
use crate::csv::UsageRow;
use crate::day::{Day, Month};
use crate::posting::{BillKind, Reason};
use crate::tariff::Resource;

pub use fiscal::{Fiscal, FiscalError, Regime, SHIPPED, Status};
pub use issue::issue;
pub use party::{Address, Customer, CustomerKind, Language, Seller};
pub use pay::{Reminder, match_payment, reminders};
pub use prepare::{Asked, prepare, prepare_credit_note};

/// What a line of an invoice is for. Its words in a language are for whoever shows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// So much of a resource.
    Resource(Resource),
    /// A month at a flat price, or another charge with a price of its own.
    Charge,
    /// Hours that are paid before they are used.
    Prepaid,
    /// Something taken off, or corrected.
    Reason(Reason),
    /// What makes whole cents of the sum: the lines are rounded each, the sum once.
    Rounding,
}

/// A line: quantity times price is its net amount, to the cent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Of which project; empty for the rounding.
    pub project: String,
    /// What.
    pub item: Item,
    /// At which tariff ([`crate::tariff::TableRow::id`]); may be empty.
    pub tariff: String,
    /// Millionths of a unit. Negative for what is taken off.
    pub quantity_micro: i64,
    /// Of a unit, never negative.
    pub price: Money,
    /// Whole cents, without tax.
    pub net: Money,
    /// VAT category of EN 16931.
    pub vat_category: String,
    /// Rate in thousandths.
    pub vat_permille: u32,
}

/// Tax of one rate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vat {
    /// Of EN 16931: `S`, `E`.
    pub category: String,
    /// Rate in thousandths.
    pub permille: u32,
    /// Sum of its lines.
    pub base: Money,
    /// Of the sum, to the cent: not the sum of the lines' taxes (EN 16931, BR-CO-17).
    pub amount: Money,
    /// Code list VATEX; empty where there is a tax.
    pub exemption_code: String,
    /// Why there is none, in the customer's language.
    pub exemption: String,
}

/// What will be issued, to be looked at first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// What it becomes.
    pub kind: BillKind,
    /// To whom.
    pub customer: Customer,
    /// Which month it bills.
    pub month: Month,
    /// Numbers of the entries that it bills.
    pub bills: Vec<u64>,
    /// Their sums by project.
    pub projects: Vec<(String, Money)>,
    /// Its lines. Amounts of a credit note are positive here.
    pub lines: Vec<Line>,
    /// Sum of the lines.
    pub net: Money,
    /// The part of it that is paid before it is used.
    pub advance: Money,
    /// Job by job.
    pub annex: Vec<UsageRow>,
    /// The invoice that a credit note corrects, and its day.
    pub credit_of: Option<(String, Day)>,
}

/// An issued invoice or credit note: all that is printed on it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Form of this data.
    pub format: u32,
    /// Which of the two.
    pub kind: BillKind,
    /// `F2026-0001`.
    pub number: String,
    /// When it was issued.
    pub issued: Day,
    /// First day of what it bills.
    pub from: Day,
    /// Last day of what it bills.
    pub to: Day,
    /// To be paid until.
    pub due: Day,
    /// As it was on that day.
    pub seller: Seller,
    /// As it was on that day.
    pub customer: Customer,
    /// All positive on a credit note, but for what is taken off.
    pub lines: Vec<Line>,
    /// By rate.
    pub vat: Vec<Vat>,
    /// Sum of the lines.
    pub net: Money,
    /// Sum of the taxes.
    pub vat_total: Money,
    /// To be paid; to be given back on a credit note.
    pub total: Money,
    /// What the law wants to be written, in the customer's language.
    pub mentions: Vec<String>,
    /// The invoice that a credit note corrects, and its day.
    pub credit_of: Option<(String, Day)>,
    /// Job by job.
    pub annex: Vec<UsageRow>,
    /// Where the ledger ended before it: shows that nothing was changed since.
    pub head: Head,
}

/// Why there is no invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// What must be written on it is missing.
    #[error("{who} cannot be on an invoice: {missing} missing. Add it with {command}, then prepare the invoice again")]
    Party {
        /// Seller, or customer with its code.
        who: String,
        /// `address, postcode are`.
        missing: String,
        /// What to call.
        command: String,
    },
    /// Nothing is left to be billed: closed before, or nothing was used.
    #[error(
        "customer {customer} has nothing to be billed until the end of {month}: it was billed before, or nothing was used"
    )]
    Nothing {
        /// Who.
        customer: String,
        /// Until when.
        month: Month,
    },
    /// More was given back than used.
    #[error("customer {customer} has {amount} EUR until the end of {month}: this is taken off the next invoice")]
    Negative {
        /// Who.
        customer: String,
        /// Until when.
        month: Month,
        /// How much.
        amount: Money,
    },
    /// It still runs.
    #[error("{month} is not over: jobs may still end in it; close it from {from} on")]
    NotOver {
        /// Which.
        month: Month,
        /// The first day on which it is.
        from: Day,
    },
    /// The caller did not give all entries.
    #[error("entry {0} is to be billed and was not given: read all unbilled entries, then prepare again")]
    MissingEntry(u64),
    /// No such invoice.
    #[error("no invoice {0} was issued, so that no credit note can correct it")]
    Unknown(String),
    /// Mentions.
    #[error(transparent)]
    Fiscal(#[from] FiscalError),
    /// Numbers, entries of others.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    /// Too much.
    #[error(transparent)]
    Overflow(#[from] crate::exact::Overflow),
}

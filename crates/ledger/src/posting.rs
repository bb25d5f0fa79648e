//! Entries of the ledger: what happened, and the lines in which it is posted. Must not know what came before.
//!
//! An entry's lines follow from what happened ([`Entry::lines`] is [`lines::of`] of [`Entry::what`]), so that no entry
//! says one thing and posts another; [`crate::journal`] holds them to it. Names of people are not in it, because
//! nothing here is ever edited: members are numbers, customers codes, and who they are stands elsewhere
//! ([`crate::privacy`]).

pub mod lines;

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use model::{Money, RunId, Time};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::day::{Day, Month};
use crate::price;
use crate::words::words;

pub use lines::Posted;

/// Money, hours and energy together: what budgets count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Without tax.
    pub amount: Money,
    /// Core-milliseconds.
    pub core_ms: i64,
    /// Microjoules.
    pub energy_uj: i64,
}

/// What pots pay for a run instead of its project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cover {
    /// Core-milliseconds in the public interest.
    pub in_kind_ms: i64,
    /// Core-milliseconds paid before.
    pub prepaid_ms: i64,
    /// Credit.
    pub credit: Money,
}

macro_rules! sums {
    ($name:ident { $($field:ident),+ }) => {
        impl Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name { $($field: self.$field.add_it(other.$field)),+ }
            }
        }
        impl Neg for $name {
            type Output = $name;
            fn neg(self) -> $name {
                $name { $($field: self.$field.neg_it()),+ }
            }
        }
        impl Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                self + -other
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                *self = *self - other;
            }
        }
    };
}

/// Sums that stop at the end of their numbers and never wrap.
trait Summed: Copy {
    fn add_it(self, other: Self) -> Self;
    fn neg_it(self) -> Self;
}

impl Summed for i64 {
    fn add_it(self, other: i64) -> i64 {
        self.saturating_add(other)
    }
    fn neg_it(self) -> i64 {
        self.saturating_neg()
    }
}

impl Summed for Money {
    fn add_it(self, other: Money) -> Money {
        self + other
    }
    fn neg_it(self) -> Money {
        -self
    }
}

sums!(Cost { amount, core_ms, energy_uj });
sums!(Cover { in_kind_ms, prepaid_ms, credit });

words! {
    /// Why a project does not pay the price of the work.
    Reason, "reason for a deduction",
    /// Hours in the public interest.
    InKind = "in_kind",
    /// Hours paid before.
    Prepaid = "prepaid",
    /// A credit.
    Credit = "credit",
    /// More than was quoted.
    Overrun = "overrun",
    /// The centre's failure ended the run.
    Failure = "failure",
    /// An urgent job displaced the run.
    Displaced = "displaced",
    /// A correction by hand.
    Adjustment = "adjustment",
}

impl Reason {
    /// Where it is posted.
    pub const fn account(self) -> Account {
        match self {
            Reason::InKind => Account::InKind,
            Reason::Prepaid => Account::PrepaidUsed,
            Reason::Credit => Account::Credits,
            Reason::Overrun => Account::Overruns,
            Reason::Failure => Account::Failures,
            Reason::Displaced => Account::Displaced,
            Reason::Adjustment => Account::Adjustments,
        }
    }
}

/// A part of the price that the project does not pay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deduction {
    /// Why.
    pub reason: Reason,
    /// Hours of a pot, in core-milliseconds; 0 for what is no hours.
    pub core_ms: i64,
    /// How much.
    pub amount: Money,
}

/// A greatest cost is set aside, at submission or when a limit is raised.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reserve {
    /// Whose budget.
    pub project: String,
    /// For what.
    pub run: RunId,
    /// 0 at submission, one more each time that a limit is raised.
    pub nth: u32,
    /// How much, pots taken off.
    pub cost: Cost,
    /// What pots set aside.
    pub cover: Cover,
}

/// What was set aside is free again: the run never began, or was cancelled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Release {
    /// Whose budget.
    pub project: String,
    /// For what.
    pub run: RunId,
    /// All that was set aside.
    pub held: Cost,
}

/// A run is over and has its real price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settle {
    /// Whose budget.
    pub project: String,
    /// Whose job, by number.
    pub member: u32,
    /// Which run.
    pub run: RunId,
    /// What had been set aside for it, and is free again.
    pub held: Cost,
    /// What it used, by tariff.
    pub usage: Vec<price::Line>,
    /// What the project does not pay.
    pub deductions: Vec<Deduction>,
    /// What the project pays and its budgets count.
    pub counted: Cost,
}

/// Something other than a run has a price: a month of a flat tariff, disk space.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Charge {
    /// Whose budget.
    pub project: String,
    /// Which month.
    pub month: Month,
    /// `flat`, `storage`: once a project and month.
    pub id: String,
    /// What was used, by tariff.
    pub usage: Vec<price::Line>,
}

/// What was settled is wrong, or given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Correct {
    /// Whose budget.
    pub project: String,
    /// Of a run; a run is given back once, whatever the reason.
    pub run: Option<RunId>,
    /// Names a correction by hand; unique.
    pub id: String,
    /// Why.
    pub reason: Reason,
    /// What the project pays more, or less where negative, and its budgets count.
    pub counted: Cost,
    /// What goes back to pots.
    pub returned: Vec<Deduction>,
    /// A credit on top of it.
    pub bonus: Money,
    /// The invoice that had billed it, which a credit note must name.
    pub credits: Option<String>,
    /// For whoever reads it.
    pub note: String,
}

words! {
    /// What a grant gives.
    Pot, "kind of grant",
    /// Core-hours in the public interest.
    InKind = "in_kind",
    /// Core-hours that are paid now.
    Prepaid = "prepaid",
    /// Money.
    Credit = "credit",
}

/// A project gets hours or money to use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// Who.
    pub project: String,
    /// Unique.
    pub id: String,
    /// What.
    pub pot: Pot,
    /// How many core-milliseconds; 0 for a credit.
    pub core_ms: i64,
    /// A credit's amount; what prepaid hours cost; 0 for hours in kind.
    pub amount: Money,
    /// Why.
    pub note: String,
}

words! {
    /// What a document is.
    BillKind, "kind of document",
    /// An invoice.
    Invoice = "invoice",
    /// A credit note.
    CreditNote = "credit_note",
}

/// An invoice or a credit note is issued. All amounts of a credit note are negative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bill {
    /// Which.
    pub kind: BillKind,
    /// `F2026-0001`.
    pub number: String,
    /// To whom.
    pub customer: String,
    /// For which month.
    pub month: Month,
    /// Numbers of the entries that it bills.
    pub bills: Vec<u64>,
    /// Their sums by project, in micro-euros.
    pub projects: Vec<(String, Money)>,
    /// Without tax, whole cents.
    pub net: Money,
    /// The part of it that is paid before it is used.
    pub advance: Money,
    /// Tax, whole cents.
    pub vat: Money,
    /// To be paid until.
    pub due: Day,
    /// The invoice that a credit note corrects.
    pub credit_of: Option<String>,
}

impl Bill {
    /// To be paid.
    pub fn total(&self) -> Money {
        self.net + self.vat
    }

    /// What the cents are more than the work that they bill; less where negative.
    pub fn rounding(&self) -> Money {
        self.net - self.projects.iter().map(|(_, amount)| *amount).sum()
    }
}

/// Money came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pay {
    /// From whom.
    pub customer: String,
    /// What the bank's statement calls it; unique.
    pub id: String,
    /// Whole cents.
    pub amount: Money,
    /// Which invoices it pays, and how much of each. What is left stays the customer's.
    pub settles: Vec<(String, Money)>,
}

/// Hours paid before have been used: they are a service now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recognise {
    /// Who had paid.
    pub customer: String,
    /// Who used.
    pub project: String,
    /// Until the end of which month; once a project and month.
    pub month: Month,
    /// Whole cents.
    pub amount: Money,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// See [`Reserve`].
    Reserve(Reserve),
    /// See [`Release`].
    Release(Release),
    /// See [`Settle`].
    Settle(Settle),
    /// See [`Charge`].
    Charge(Charge),
    /// See [`Correct`].
    Correct(Correct),
    /// See [`Grant`].
    Grant(Grant),
    /// See [`Bill`].
    Bill(Bill),
    /// See [`Pay`].
    Pay(Pay),
    /// See [`Recognise`].
    Recognise(Recognise),
}

words! {
    /// What has a name of its own.
    Named, "kind of entry",
    /// A correction by hand.
    Correct = "correct",
    /// By its id, project and month.
    Charge = "charge",
    /// By its id.
    Grant = "grant",
    /// By its number.
    Bill = "bill",
    /// By its id.
    Pay = "pay",
    /// By its project and month.
    Recognise = "recognise",
}

/// What happens once. Two entries of one key are the same thing told twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Key {
    /// A reserve by its run and its count.
    Reserve(RunId, u32),
    /// By run.
    Release(RunId),
    /// By run.
    Settle(RunId),
    /// A run that is given back.
    Refund(RunId),
    /// Anything else, by what it is and its name.
    Named(Named, Box<str>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Reserve(run, nth) => write!(f, "reserve {run} {nth}"),
            Key::Release(run) => write!(f, "release {run}"),
            Key::Settle(run) => write!(f, "settle {run}"),
            Key::Refund(run) => write!(f, "refund {run}"),
            Key::Named(what, name) => write!(f, "{what} {name}"),
        }
    }
}

impl What {
    /// What makes it happen once.
    pub fn key(&self) -> Key {
        match self {
            What::Reserve(it) => Key::Reserve(it.run, it.nth),
            What::Release(it) => Key::Release(it.run),
            What::Settle(it) => Key::Settle(it.run),
            What::Correct(Correct { run: Some(run), .. }) => Key::Refund(*run),
            What::Correct(it) => Key::Named(Named::Correct, it.id.as_str().into()),
            What::Charge(it) => Key::Named(Named::Charge, format!("{} {} {}", it.id, it.project, it.month).into()),
            What::Grant(it) => Key::Named(Named::Grant, it.id.as_str().into()),
            What::Bill(it) => Key::Named(Named::Bill, it.number.as_str().into()),
            What::Pay(it) => Key::Named(Named::Pay, it.id.as_str().into()),
            What::Recognise(it) => Key::Named(Named::Recognise, format!("{} {}", it.project, it.month).into()),
        }
    }

    /// The run that it is about.
    pub fn run(&self) -> Option<RunId> {
        match self {
            What::Reserve(Reserve { run, .. }) | What::Release(Release { run, .. }) => Some(*run),
            What::Settle(Settle { run, .. }) => Some(*run),
            What::Correct(it) => it.run,
            _ => None,
        }
    }

    /// The invoice or credit note that it is about.
    pub fn invoice(&self) -> Option<&str> {
        match self {
            What::Bill(it) => Some(&it.number),
            What::Correct(it) => it.credits.as_deref(),
            // One that pays several is matched by `Pay::settles`.
            What::Pay(Pay { settles, .. }) if settles.len() == 1 => Some(&settles[0].0),
            _ => None,
        }
    }

    /// Its project, where it has one.
    pub fn project(&self) -> Option<&str> {
        match self {
            What::Reserve(Reserve { project, .. }) | What::Release(Release { project, .. }) => Some(project),
            What::Settle(Settle { project, .. }) | What::Charge(Charge { project, .. }) => Some(project),
            What::Correct(Correct { project, .. }) | What::Grant(Grant { project, .. }) => Some(project),
            What::Recognise(Recognise { project, .. }) => Some(project),
            What::Bill(_) | What::Pay(_) => None,
        }
    }

    /// What it changes of what its project owes: what the next bill bills. Advances included.
    pub fn billable(&self) -> Money {
        match self {
            What::Settle(it) => it.counted.amount,
            What::Charge(it) => it.usage.iter().map(|line| line.amount).sum(),
            What::Correct(it) => it.counted.amount,
            What::Grant(it) if it.pot == Pot::Prepaid => it.amount,
            _ => Money::ZERO,
        }
    }
}

/// One entry: sealed, it is never edited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Of this form; see [`crate::chain::FORMAT`].
    pub format: u32,
    /// From 1 on, without a hole.
    pub number: u64,
    /// When it was written.
    pub at: Time,
    /// The local day it belongs to.
    pub day: Day,
    /// What happened.
    pub what: What,
    /// How that is posted.
    pub lines: Vec<Posted>,
}

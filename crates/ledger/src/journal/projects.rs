//! What each project used, set aside and may draw on. Must not know budgets.

use std::collections::BTreeMap;

use model::Money;
use serde::{Deserialize, Serialize};

use crate::day::Month;
use crate::posting::{Cost, Cover};

/// Hours that somebody gave or paid, in core-milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Hours {
    /// In all.
    pub granted_ms: i64,
    /// Used.
    pub used_ms: i64,
    /// Set aside for runs.
    pub held_ms: i64,
}

impl Hours {
    /// What nobody has a claim on.
    pub fn free_ms(&self) -> i64 {
        self.granted_ms.saturating_sub(self.used_ms).saturating_sub(self.held_ms)
    }
}

/// What is set aside for a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Whose.
    pub project: String,
    /// Off its budgets.
    pub cost: Cost,
    /// Off its pots.
    pub cover: Cover,
    /// How often a limit was raised.
    pub raised: u32,
}

/// One project.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Project {
    /// Set aside for runs that are not settled.
    pub reserved: Cost,
    /// What it pays, by the local month of its entries; what was given back is taken off.
    pub spent: BTreeMap<Month, Cost>,
    /// Hours in the public interest.
    pub in_kind: Hours,
    /// Hours paid before they are used.
    pub prepaid: Hours,
    /// What these cost.
    pub prepaid_paid: Money,
    /// What of that is a service by now.
    pub prepaid_recognised: Money,
    /// Credit left, what is set aside included.
    pub credit: Money,
    /// Credit set aside for runs.
    pub credit_held: Money,
}

impl Project {
    /// Spent from a month on, until (not with) another.
    pub fn spent_in(&self, from: Option<Month>, until: Option<Month>) -> Cost {
        let months = self.spent.iter().filter(|(month, _)| from.is_none_or(|from| **month >= from));
        let months = months.filter(|(month, _)| until.is_none_or(|until| **month < until));
        months.fold(Cost::default(), |sum, (_, cost)| sum + *cost)
    }

    /// What pots could pay for one more run.
    pub fn free(&self) -> Cover {
        Cover {
            in_kind_ms: self.in_kind.free_ms().max(0),
            prepaid_ms: self.prepaid.free_ms().max(0),
            credit: (self.credit - self.credit_held).max(Money::ZERO),
        }
    }

    /// What of the prepaid hours is used by now, in whole cents of what they cost.
    pub fn prepaid_used(&self) -> Money {
        if self.prepaid.granted_ms <= 0 {
            return Money::ZERO;
        }
        let exact = i128::from(self.prepaid_paid.0) * i128::from(self.prepaid.used_ms);
        Money((exact / i128::from(self.prepaid.granted_ms)) as i64).to_cents().min(self.prepaid_paid)
    }

    pub(super) fn hold(&mut self, cost: Cost, cover: Cover) {
        self.reserved += cost;
        self.in_kind.held_ms += cover.in_kind_ms;
        self.prepaid.held_ms += cover.prepaid_ms;
        self.credit_held += cover.credit;
    }

    pub(super) fn let_go(&mut self, held: &Held) {
        self.hold(-held.cost, -held.cover);
    }

    /// Pots pay, or get back where negative.
    pub(super) fn draw(&mut self, cover: Cover) {
        self.in_kind.used_ms += cover.in_kind_ms;
        self.prepaid.used_ms += cover.prepaid_ms;
        self.credit -= cover.credit;
    }
}

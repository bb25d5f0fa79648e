//! What a project may still use, as another engine can hold it to: core-time. Must not know which engine.

use ledger::{
    book,
    budget::{OnFull, Unit},
    price::{Usage, price},
};
use model::Span;

use crate::core::Centre;

impl Centre {
    /// Core-milliseconds that the budgets of a project which stop it leave; `None`: none stops it. Euros are turned into
    /// hours of a core at today's price; energy cannot be.
    pub(crate) fn core_ms_left(&self, project: &str) -> Option<i64> {
        let (purse, customer) = self.money.payer(project)?;
        let book = self.money.tariffs.as_ref()?;
        let today = self.money.day(self.now);
        let used = self.money.ledger.project(project);
        let hour = Span::minutes(60);
        let usage =
            Usage { machine: self.machine_type(), start: self.now, end: self.now + hour, cores: 1, ..Usage::default() };
        let an_hour = price(book, customer.category, &[usage]).ok().map_or(0, |lines| book::gross(&lines).amount.0);
        let stops = purse.budgets.iter().filter(|budget| budget.on_full == OnFull::Stop);
        let left = stops.filter_map(|budget| {
            let left = budget.standing(used, today).left().max(0);
            match budget.unit {
                Unit::CoreHours => Some(left),
                Unit::Euros if an_hour > 0 => {
                    Some(i64::try_from(i128::from(left) * i128::from(hour.0) / i128::from(an_hour)).unwrap_or(i64::MAX))
                }
                _ => (left == 0).then_some(0),
            }
        });
        let pots = used.free();
        left.min().map(|left| left.saturating_add(pots.in_kind_ms).saturating_add(pots.prepaid_ms))
    }
}

//! A month against the site's meter and the bill. Must not know where the figures are kept.

use api::{MeterRow, MonthReport};
use energy::{
    Energy,
    reconcile::{Index, settle, site_energy},
};
use model::Time;

use super::report::Sum;
use crate::electricity::Electricity;

/// What is known of a month.
pub(super) struct Facts<'a> {
    pub(super) month: String,
    pub(super) from: Time,
    pub(super) until: Time,
    pub(super) billed: Option<Energy>,
    pub(super) sum: Sum,
    /// Machines.
    pub(super) count: u32,
    /// In order of time.
    pub(super) indexes: &'a [Index],
    pub(super) meters: Vec<MeterRow>,
}

/// Settles it.
pub(super) fn report(facts: Facts<'_>, electricity: &Electricity) -> MonthReport {
    let Facts { month, from, until, billed, sum, count, indexes, meters } = facts;
    let site = site_energy(indexes, from, until);
    let settled = settle(sum.accounts, site.map(|site| site.energy), billed);
    let machines = sum.row(month.clone());
    let all = site.map_or(machines.energy_uj, |site| site.energy.0);
    // Several meters err in both directions, but nobody knows how far they agree: the worst of them holds for the sum.
    let worst = meters.iter().map(|meter| meter.uncertainty_permille).max().unwrap_or(0);
    MonthReport {
        from,
        until,
        count,
        site_uj: site.map(|site| site.energy.0),
        is_interpolated: site.is_some_and(|site| site.is_interpolated),
        billed_uj: billed.map(|energy| energy.0),
        overhead_uj: settled.overhead.map(|energy| energy.0),
        pue_permille: settled.pue_permille,
        unexplained_uj: settled.unexplained.map(|energy| energy.0),
        uncertainty_uj: Energy(machines.energy_uj).permille(worst).0,
        microeur: in_proportion(machines.microeur, all, machines.energy_uj),
        subscription_microeur: electricity.book.at(from).rate.contract.microeur_per_month,
        is_assumed: electricity.is_assumed,
        month,
        machines,
        meters,
    }
}

/// `amount` x `all` / `part`; 0 of nothing.
fn in_proportion(amount: i64, all: i64, part: i64) -> i64 {
    let product = i128::from(amount) * i128::from(all);
    product.checked_div(i128::from(part)).and_then(|found| i64::try_from(found).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use energy::{UJ_PER_KWH, contract::Cost, reconcile::Accounts};

    use super::*;
    use crate::{config::File, electricity::Calendars};

    #[test]
    fn a_month_is_the_bill() {
        let electricity = Electricity::load("config.toml".as_ref(), &File::default(), &Calendars::default()).unwrap();
        let kwh = |count: i64| Energy(count * UJ_PER_KWH);
        let accounts = Accounts { jobs: kwh(600), system: kwh(50), unallocated: kwh(300), unmeasured: kwh(50) };
        let mut cost = Cost::default();
        cost.price.add(kwh(1000), 200_000);
        let sum = Sum { accounts, cost, ..Sum::default() };
        let meter = MeterRow {
            machine: "smp1".to_owned(),
            name: "plug".to_owned(),
            uncertainty_permille: 20,
            is_fallback: false,
            idle_mw: None,
            calibrated: None,
            silent_ms: None,
            power_mw: None,
            faults: 0,
        };
        let indexes = [Index { at: Time(0), energy: kwh(5000) }, Index { at: Time(1000), energy: kwh(6300) }];
        let check =
            |indexes: &[Index], billed: Option<Energy>, expected: (Option<i64>, Option<i64>, Option<i64>, i64)| {
                let (month, meters) = ("2026-11".to_owned(), vec![meter.clone()]);
                let (from, until) = (Time(0), Time(1000));
                let facts = Facts { month, from, until, billed, sum, count: 1, indexes, meters };
                let found = report(facts, &electricity);
                let whole = |energy: Option<i64>| energy.map(|energy| energy / UJ_PER_KWH);
                let seen = (whole(found.overhead_uj), found.pue_permille, whole(found.unexplained_uj), found.microeur);
                assert_eq!(seen, expected);
                assert_eq!(found.uncertainty_uj, kwh(20).0);
                // Whatever is known, the parts sum to the whole: to the bill, else to the site's meter.
                if let Some(whole) = found.billed_uj.or(found.site_uj) {
                    let explained = found.machines.energy_uj + found.overhead_uj.unwrap_or(0);
                    assert_eq!(explained + found.unexplained_uj.unwrap(), whole);
                }
            };
        check(&indexes, Some(kwh(1310)), (Some(300), Some(1300), Some(10), 260_000_000));
        check(&indexes, None, (Some(300), Some(1300), Some(0), 260_000_000));
        check(&[], None, (None, None, None, 200_000_000));
        check(&[], Some(kwh(990)), (None, None, Some(-10), 200_000_000));
    }
}

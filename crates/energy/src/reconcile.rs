//! A month against the site's meter and the bill: jobs + system + unallocated + unmeasured + overhead = the site, and
//! what the bill says beyond that. Must not know where any of it is kept.

use model::Time;

use crate::table::{Table, instant, millionths};
use crate::{Energy, UJ_PER_KWH};

/// The energy of all machines over a period, by account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Accounts {
    /// Of jobs.
    pub jobs: Energy,
    /// Of the operating systems and the centre.
    pub system: Energy,
    /// Idle capacity that nobody reserved.
    pub unallocated: Energy,
    /// Known only in sum, or estimated.
    pub unmeasured: Energy,
}

impl std::ops::AddAssign for Accounts {
    fn add_assign(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.system += other.system;
        self.unallocated += other.unallocated;
        self.unmeasured += other.unmeasured;
    }
}

impl Accounts {
    /// What the machines' meters say together.
    pub fn machines(&self) -> Energy {
        self.jobs + self.system + self.unallocated + self.unmeasured
    }
}

/// An index of the site's meter, as typed in or imported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Index {
    /// When it was read.
    pub at: Time,
    /// What it showed.
    pub energy: Energy,
}

/// The energy of the site over a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Site {
    /// By the difference of the indexes.
    pub energy: Energy,
    /// Whether an end of the period lies between two indexes, and its index was interpolated.
    pub is_interpolated: bool,
}

/// A period, settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// By account.
    pub accounts: Accounts,
    /// Cooling, network, light, losses: what the site used beyond its machines. `None` without a site meter, or where
    /// the machines claim more than the site had.
    pub overhead: Option<Energy>,
    /// Power usage effectiveness in thousandths, site / machines. `None` as above, or without any energy.
    pub pue_permille: Option<i64>,
    /// What the bill (or, without one, the site's meter) says beyond all of these; negative where they claim more.
    pub unexplained: Option<Energy>,
}

/// Settles a period. `billed` is the energy on the bill for the same period.
pub fn settle(accounts: Accounts, site: Option<Energy>, billed: Option<Energy>) -> Settlement {
    let machines = accounts.machines();
    let overhead = site.map(|site| site - machines).filter(|overhead| overhead.0 >= 0);
    let explained = machines + overhead.unwrap_or(Energy::ZERO);
    let pue = |_| {
        let thousandths = i128::from(explained.0) * 1000 / i128::from(machines.0.max(1));
        (machines.0 > 0).then(|| crate::units::narrow(thousandths))
    };
    Settlement {
        accounts,
        overhead,
        pue_permille: overhead.and_then(pue),
        unexplained: billed.or(site).map(|energy| energy - explained),
    }
}

/// The energy between two instants by the indexes, which must be in order of time. An instant between two indexes is
/// interpolated evenly. `None` outside them, or where the index went back (a meter was replaced: settle each part).
pub fn site_energy(indexes: &[Index], start: Time, end: Time) -> Option<Site> {
    let within = indexes.iter().filter(|index| index.at >= start && index.at <= end);
    let (first, last) = (index_at(indexes, start)?, index_at(indexes, end)?);
    let mut seen = vec![first.0];
    seen.extend(within.map(|index| index.energy));
    seen.push(last.0);
    let is_steady = seen.is_sorted() && start <= end;
    is_steady.then_some(Site { energy: last.0 - first.0, is_interpolated: first.1 || last.1 })
}

/// The index at an instant, and whether it had to be interpolated.
fn index_at(indexes: &[Index], at: Time) -> Option<(Energy, bool)> {
    let after = indexes.partition_point(|index| index.at < at);
    let next = indexes.get(after)?;
    if next.at == at {
        return Some((next.energy, false));
    }
    let before = indexes.get(after.checked_sub(1)?)?;
    let (whole, part) = (i128::from((next.at - before.at).0), i128::from((at - before.at).0));
    let more = i128::from((next.energy - before.energy).0) * part / whole;
    Some((before.energy + Energy(crate::units::narrow(more)), true))
}

/// Reads indexes from lines with the columns `at` (RFC 3339 with its offset) and `kwh` or `wh`. In order of time.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse_indexes(text: &str) -> Result<Vec<Index>, String> {
    let table = Table::new(text);
    let (kwh, wh) = (table.column(&["kwh"]), table.column(&["wh"]));
    let Some((at, figure)) = table.column(&["at", "horodate"]).zip(kwh.or(wh)) else {
        return Err("the first line must name the columns at and kwh (or wh)".into());
    };
    let unit_uj = if kwh.is_some() { UJ_PER_KWH } else { UJ_PER_KWH / 1000 };
    let row = |(line, fields): (usize, Vec<&str>)| {
        let read = (|| {
            let number = i128::from(millionths(fields.get(figure)?)?);
            let energy = Energy(i64::try_from(number * i128::from(unit_uj) / 1_000_000).ok()?);
            Some(Index { at: instant(fields.get(at)?)?, energy })
        })();
        read.ok_or_else(|| format!("line {line}: no time and index such as 2026-11-01T00:00:00+01:00,48213"))
    };
    let mut indexes: Vec<Index> = table.rows().map(row).collect::<Result<_, _>>()?;
    indexes.sort_unstable();
    Ok(indexes)
}

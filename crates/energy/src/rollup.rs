//! Samples become minutes, minutes become hours; no microjoule is lost on the way. Must not know where rows are kept.

use std::collections::BTreeMap;

use model::{Span, Time};

use crate::reconcile::Accounts;
use crate::{Energy, Flag, Interval, Power, share};

/// A minute.
pub const MINUTE: Span = Span::minutes(1);
/// An hour. Hours of UTC: where a zone is off by whole hours, local days and months are whole rows.
pub const HOUR: Span = Span::minutes(60);

/// The energy of a machine over a minute or an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its first instant, a multiple of its width since 1970.
    pub start: Time,
    /// All of it,
    pub energy: Energy,
    /// and what of it is not measured.
    pub unmeasured: Energy,
    /// Milliseconds that intervals cover, measured or not.
    pub covered_ms: i64,
    /// Greatest mean power of an interval.
    pub most: Power,
    /// A bit for each [`Flag`] that occurs, in the order of [`Flag::ALL`].
    pub flags: u8,
}

impl Row {
    /// Whether an interval in it has this flag.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & bit(flag) != 0
    }

    fn new(start: Time) -> Self {
        Row { start, energy: Energy(0), unmeasured: Energy(0), covered_ms: 0, most: Power(0), flags: 0 }
    }

    fn merge(&mut self, other: &Row) {
        self.energy += other.energy;
        self.unmeasured += other.unmeasured;
        self.covered_ms = self.covered_ms.saturating_add(other.covered_ms);
        self.most = self.most.max(other.most);
        self.flags |= other.flags;
    }
}

/// The first instant of the row of that width in which an instant is.
pub fn floor(at: Time, width: Span) -> Time {
    let width = width.0.max(1);
    Time(at.0.div_euclid(width).saturating_mul(width))
}

/// Rows of one width, in order. An interval over several is divided by time.
pub fn from_intervals<'a>(intervals: impl IntoIterator<Item = &'a Interval>, width: Span) -> Vec<Row> {
    let mut rows = BTreeMap::new();
    for interval in intervals {
        for (start, length, energy) in pieces(interval, width) {
            let mut piece = Row::new(start);
            piece.energy = energy;
            piece.covered_ms = length;
            piece.flags = bit(interval.flag);
            if interval.flag.is_measured() {
                piece.most = interval.energy.mean(interval.span());
            } else {
                piece.unmeasured = energy;
            }
            rows.entry(start).or_insert_with(|| Row::new(start)).merge(&piece);
        }
    }
    rows.into_values().collect()
}

/// Wider rows of narrower ones, in order.
pub fn from_rows<'a>(narrow: impl IntoIterator<Item = &'a Row>, width: Span) -> Vec<Row> {
    let mut rows = BTreeMap::new();
    for row in narrow {
        let start = floor(row.start, width);
        rows.entry(start).or_insert_with(|| Row::new(start)).merge(row);
    }
    rows.into_values().collect()
}

/// An interval by hour, each part with its accounts: the parts of an hour sum to what [`from_intervals`] and
/// [`from_rows`] give it, and those of an account to the account.
pub fn by_hour(interval: &Interval, accounts: &Accounts) -> Vec<(Interval, Accounts)> {
    let rows = from_rows(&from_intervals([interval], MINUTE), HOUR);
    let mut left = [accounts.jobs, accounts.system, accounts.unallocated, accounts.unmeasured];
    let part = |row: &Row| {
        let weights = left.map(|energy| energy.0.max(0) as u128);
        let parts = share(row.energy.0.max(0) as u64, &weights);
        let mut taken = [Energy::ZERO; 4];
        for (at, part) in parts.into_iter().enumerate() {
            taken[at] = Energy(part as i64);
            left[at] = left[at] - taken[at];
        }
        let [jobs, system, unallocated, unmeasured] = taken;
        let (start, end) = (row.start.max(interval.start), (row.start + HOUR).min(interval.end));
        (Interval { start, end, energy: row.energy, ..*interval }, Accounts { jobs, system, unallocated, unmeasured })
    };
    rows.iter().map(part).collect()
}

/// An interval by row: the row's start, how many milliseconds of it, and their energy.
fn pieces(interval: &Interval, width: Span) -> Vec<(Time, i64, Energy)> {
    let first = floor(interval.start, width);
    if interval.end <= first + width {
        return vec![(first, interval.span().0, interval.energy)];
    }
    let mut found = Vec::new();
    let mut at = interval.start;
    while at < interval.end {
        let start = floor(at, width);
        let end = (start + width).min(interval.end);
        found.push((start, (end - at).0));
        at = end;
    }
    let lengths: Vec<u128> = found.iter().map(|(_, length)| *length as u128).collect();
    let parts = share(interval.energy.0.max(0) as u64, &lengths);
    found.into_iter().zip(parts).map(|((start, length), part)| (start, length, Energy(part as i64))).collect()
}

fn bit(flag: Flag) -> u8 {
    1 << Flag::ALL.iter().position(|one| *one == flag).unwrap_or(0)
}

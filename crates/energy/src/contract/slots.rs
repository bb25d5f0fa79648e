//! Prices as a list of times: spot markets, contracts of one's own. Must not know contracts.

use std::collections::BTreeMap;

use model::Time;

use super::CalendarError;
use crate::table::{Table, instant, millionths};

/// Prices with their times, none of which overlap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Slots {
    /// By start: end, and micro-euros per kilowatt-hour.
    slots: BTreeMap<Time, (Time, i64)>,
}

impl Slots {
    /// Reads `start,end,eur_per_kwh` or `start,end,eur_per_mwh` (in any order, `;` and tabs as well, the end may be
    /// missing: then a slot lasts until the next, but no longer than an hour). Times are RFC 3339 with their offset, so
    /// that the hour that comes twice is no riddle.
    ///
    /// # Errors
    /// A header without those columns; a line that cannot be read, ends before it starts or overlaps another.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let table = Table::new(text);
        let (start, end) = (table.column(&["start"]), table.column(&["end"]));
        let (kwh, mwh) = (table.column(&["eur_per_kwh"]), table.column(&["eur_per_mwh"]));
        let Some((start, price)) = start.zip(kwh.or(mwh)) else {
            let what = "the first line must name the columns start, end and eur_per_kwh (or eur_per_mwh)";
            return Err(CalendarError::Format(what.into()));
        };
        let mut rows: Vec<(Time, Option<Time>, i64, usize)> = Vec::new();
        for (line, fields) in table.rows() {
            let field = |at: usize| fields.get(at).copied().unwrap_or("");
            let time = |at: usize| {
                let what = || format!("`{}` is no time such as 2026-11-22T18:00:00+01:00", field(at));
                instant(field(at)).ok_or_else(|| CalendarError::Line { line, what: what() })
            };
            let number = millionths(field(price));
            let number = number.ok_or_else(|| CalendarError::Line { line, what: "the price is no number".into() })?;
            let per_kwh = if kwh.is_some() { number } else { number / 1000 };
            let end = end.filter(|end| !field(*end).is_empty());
            rows.push((time(start)?, end.map(time).transpose()?, per_kwh, line));
        }
        Self::from_rows(rows)
    }

    fn from_rows(mut rows: Vec<(Time, Option<Time>, i64, usize)>) -> Result<Self, CalendarError> {
        rows.sort_unstable();
        let mut slots = BTreeMap::new();
        for (at, (start, end, price, line)) in rows.iter().enumerate() {
            let next = rows.get(at + 1).map(|row| row.0);
            let hour = *start + model::Span::seconds(3600);
            let end = end.unwrap_or(next.map_or(hour, |next| next.min(hour)));
            let wrong = |what: &str| Err(CalendarError::Line { line: *line, what: what.into() });
            if end <= *start {
                return wrong("it ends before it starts, or its start comes twice");
            }
            if next.is_some_and(|next| next < end) {
                return wrong("it ends after the next one starts");
            }
            slots.insert(*start, (end, *price));
        }
        Ok(Self { slots })
    }

    /// All of them, in order: start, end, micro-euros per kilowatt-hour.
    pub fn slots(&self) -> impl Iterator<Item = (Time, Time, i64)> + '_ {
        self.slots.iter().map(|(start, (end, price))| (*start, *end, *price))
    }

    /// The listed price, in micro-euros per kilowatt-hour.
    pub(super) fn price(&self, at: Time) -> Option<i64> {
        let (_, (end, price)) = self.slots.range(..=at).next_back()?;
        (at < *end).then_some(*price)
    }

    /// The next start or end of a slot after `at`.
    pub(super) fn next_edge(&self, at: Time) -> Option<Time> {
        let end = self.slots.range(..=at).next_back().map(|(_, (end, _))| *end).filter(|end| *end > at);
        let after = (std::ops::Bound::Excluded(at), std::ops::Bound::Unbounded);
        let start = self.slots.range(after).next().map(|(start, _)| *start);
        end.into_iter().chain(start).min()
    }
}

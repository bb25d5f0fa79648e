//! Local days and months: what is billed in November began and ended where the centre's clocks stand. Must not know
//! what happens on a day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::Time;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// A day of the calendar, `2026-11-22` in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(pub Date);

/// A month of the calendar, `2026-11` in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month {
    year: i16,
    /// 1 to 12.
    month: i8,
}

/// A text that is no day or no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}")]
pub struct DayError {
    text: String,
    what: &'static str,
}

impl Day {
    /// The local day of an instant. Instants beyond the calendar (years -9999 to 9999) are on its last day.
    pub fn of(at: Time, zone: &TimeZone) -> Self {
        let end = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(zone.to_datetime(Timestamp::from_millisecond(at.0).unwrap_or(end)).date())
    }

    /// Its first instant: local midnight, or the first one after it where clocks jump over midnight.
    pub fn start(self, zone: &TimeZone) -> Time {
        let midnight = zone.to_ambiguous_timestamp(self.0.at(0, 0, 0, 0)).compatible();
        Time(midnight.map_or(if self.0.year() < 0 { i64::MIN } else { i64::MAX }, |at| at.as_millisecond()))
    }

    /// So many days later, or earlier; at most the calendar's ends.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// So many years later: the last day of February for the 29th where there is none.
    pub fn plus_years(self, years: i16) -> Self {
        Self(self.0.saturating_add(i32::from(years).years()))
    }

    /// Its month.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }

    /// Its year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// `AAAAMMJJ`, as the French tax administration writes days.
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl Month {
    /// A month, `None` where there is no such month.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        Date::new(year, month, 1).is_ok().then_some(Self { year, month })
    }

    /// Its first day.
    pub fn first(self) -> Day {
        Day(Date::new(self.year, self.month, 1).unwrap_or(Date::MIN))
    }

    /// Its last day.
    pub fn last(self) -> Day {
        Day(self.first().0.last_of_month())
    }

    /// The month after it.
    pub fn next(self) -> Self {
        self.last().plus(1).month()
    }

    /// Its year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// Its first instant, and the first one of the month after it. 743 or 745 hours where clocks change.
    pub fn bounds(self, zone: &TimeZone) -> (Time, Time) {
        (self.first().start(zone), self.next().first().start(zone))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        text.parse().map(Self).map_err(|_| DayError { text: text.to_owned(), what: "day such as 2026-11-22" })
    }
}

impl FromStr for Month {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        let wrong = || DayError { text: text.to_owned(), what: "month such as 2026-11" };
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let is_whole = year.len() == 4 && month.len() == 2;
        let month = year.parse().ok().zip(month.parse().ok()).and_then(|(year, month)| Self::new(year, month));
        month.filter(|_| is_whole).ok_or_else(wrong)
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

as_text!(Day);
as_text!(Month);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn months_are_local_and_clocks_change() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let hours = |month: &str| {
            let (start, end) = month.parse::<Month>().unwrap().bounds(&zone);
            (end - start).0 / 3_600_000
        };
        assert_eq!((hours("2026-03"), hours("2026-10"), hours("2026-11")), (743, 745, 720));
        // Half an hour before midnight in Greenwich is the next month in France.
        let at = Time("2026-10-31T23:30:00Z".parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(Day::of(at, &zone).to_string(), "2026-11-01");
        assert_eq!("2026-12".parse::<Month>().unwrap().next().to_string(), "2027-01");
    }

    #[test]
    fn what_is_no_month_is_an_error() {
        for bad in ["", "2026", "2026-13", "2026-1", "26-01", "2026-01-01", "janvier"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
        assert!("2026-02-29".parse::<Day>().is_err());
        assert_eq!("2028-02-29".parse::<Day>().unwrap().plus_years(1).compact(), "20290228");
    }
}

//! Years, months and days as people name them, in local time: `2026`, `2026-11`, `2026-11-22`. Must not know what is summed
//! over them.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use model::Time;

use crate::contract::{first_instant, timestamp};

/// A year, a month or a day; the day is its first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// `2026`
    Year(Date),
    /// `2026-11`
    Month(Date),
    /// `2026-11-22`
    Day(Date),
}

/// What a sum is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grain {
    /// An hour.
    Hour,
    /// A local day, of 23 to 25 hours.
    Day,
    /// A local month.
    Month,
    /// A local year.
    Year,
}

impl Period {
    /// The month of an instant.
    pub fn month_of(at: Time, zone: &TimeZone) -> Self {
        Self::Month(zone.to_datetime(timestamp(at)).date().first_of_month())
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        match self {
            Self::Year(day) | Self::Month(day) | Self::Day(day) => day,
        }
    }

    /// Its first instant, and the first after it. `None` at the ends of the calendar.
    pub fn bounds(self, zone: &TimeZone) -> Option<(Time, Time)> {
        let length = match self {
            Self::Year(_) => 1.year(),
            Self::Month(_) => 1.month(),
            Self::Day(_) => 1.day(),
        };
        let next = self.first_day().checked_add(length).ok()?;
        Some((first_instant(zone, self.first_day())?, first_instant(zone, next)?))
    }

    /// The parts that it is usually shown in.
    pub fn grain(self) -> Grain {
        match self {
            Self::Year(_) => Grain::Month,
            Self::Month(_) => Grain::Day,
            Self::Day(_) => Grain::Hour,
        }
    }
}

impl FromStr for Period {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no year, month or day such as 2026, 2026-11 or 2026-11-22");
        let mut numbers = [0i16, 1, 1];
        let parts: Vec<&str> = text.split('-').collect();
        let widths: &[usize] = match parts.len() {
            1..=3 => &[4, 2, 2],
            _ => return Err(wrong()),
        };
        for ((part, width), number) in parts.iter().zip(widths).zip(&mut numbers) {
            let is_number = part.len() == *width && part.bytes().all(|byte| byte.is_ascii_digit());
            *number = part.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
        }
        let day = Date::new(numbers[0], numbers[1] as i8, numbers[2] as i8).map_err(|_| wrong())?;
        Ok(match parts.len() {
            1 => Self::Year(day),
            2 => Self::Month(day),
            _ => Self::Day(day),
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Grain::of(*self).of_day(self.first_day()))
    }
}

impl Grain {
    fn of(period: Period) -> Self {
        match period {
            Period::Year(_) => Self::Year,
            Period::Month(_) => Self::Month,
            Period::Day(_) => Self::Day,
        }
    }

    /// The name of the part in which an instant is; parts sort by it. An hour that comes twice has its offset.
    pub fn name(self, at: Time, zone: &TimeZone) -> String {
        let local = timestamp(at).to_zoned(zone.clone());
        match self {
            Self::Hour => local.strftime("%Y-%m-%d %H:00 %:z").to_string(),
            _ => self.of_day(local.date()),
        }
    }

    fn of_day(self, day: Date) -> String {
        let day = if self == Self::Year { date(day.year(), 1, 1) } else { day };
        let text = day.to_string();
        let length = match self {
            Self::Year => 4,
            Self::Month => 7,
            Self::Day | Self::Hour => text.len(),
        };
        text.get(..length).unwrap_or(&text).to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn france() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    #[test]
    fn periods_are_local() {
        let check = |text: &str, hours: i64| {
            let period: Period = text.parse().unwrap();
            let (start, end) = period.bounds(&france()).unwrap();
            assert_eq!((end - start).0, hours * 3_600_000, "{text}");
            assert_eq!(period.to_string(), text);
        };
        check("2026-11-22", 24);
        // The days on which clocks change, and their months.
        check("2026-03-29", 23);
        check("2026-10-25", 25);
        check("2026-03", 31 * 24 - 1);
        check("2026-10", 31 * 24 + 1);
        check("2026", 365 * 24);
        check("2028", 366 * 24);
        for bad in ["", "26", "2026-13", "2026-02-30", "2026-1", "2026-11-22-1", "next", "2026-+1", "-026"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_instant_is_in_its_local_part() {
        let check = |at: &str, grain: Grain, expected: &str| {
            let at = Time(at.parse::<jiff::Timestamp>().unwrap().as_millisecond());
            assert_eq!(grain.name(at, &france()), expected);
        };
        check("2026-10-31T23:30:00Z", Grain::Month, "2026-11");
        check("2026-10-31T22:30:00Z", Grain::Day, "2026-10-31");
        check("2026-12-31T23:00:00Z", Grain::Year, "2027");
        check("2026-10-25T00:00:00Z", Grain::Hour, "2026-10-25 02:00 +02:00");
        check("2026-10-25T01:00:00Z", Grain::Hour, "2026-10-25 02:00 +01:00");
        let at = Time("2026-11-22T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        assert_eq!(Period::month_of(at, &france()).to_string(), "2026-11");
    }
}

//! From readings to shares, prices and months, each against a reference that is written differently or known by hand.
#![allow(clippy::unwrap_used)]

mod attribution;
mod calendars;
mod carbon;
mod days;
mod following;
mod months;

use energy::{Energy, Flag, Interval};
use model::Time;

/// An instant, as RFC 3339 writes it.
fn at(text: &str) -> Time {
    Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// France since 1996, without a zone database.
fn france() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn interval(start: Time, end: Time, energy: Energy) -> Interval {
    Interval { start, end, energy, flag: Flag::Measured, source: 0 }
}

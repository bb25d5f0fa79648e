//! Windows of the day in local civil time, and the instants at which they begin and end, on days of 23 and 25 hours
//! too. Must not know prices.

use jiff::civil::{Date, Time as Clock};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::Time;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// A part of each day, from a minute up to, not with, another; over midnight where the second is not the later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    from: u16,
    until: u16,
}

impl Window {
    /// Both ends, in minutes of the day.
    pub(super) fn edges(&self) -> [u16; 2] {
        [self.from, self.until]
    }

    fn has(&self, minute: u16) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

impl std::str::FromStr for Window {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let ends = text.split_once('-').and_then(|(from, until)| Some((parse_minute(from)?, parse_minute(until)?)));
        let (from, until) = ends.ok_or_else(|| format!("`{text}` is no part of a day such as 22:30-06:30"))?;
        Ok(Self { from: from % DAY, until: until % DAY })
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

const DAY: u16 = 24 * 60;

/// `06:00` in minutes; `24:00` is the end of the day.
fn parse_minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours <= 24 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}

/// A minute of the day in a file: `"06:00"`.
pub(super) fn de_minute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_minute(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time of day such as 06:00")))
}

/// Whether a time of day is in one of the windows.
pub(super) fn is_within(windows: &[Window], time: Clock) -> bool {
    windows.iter().any(|window| window.has(minute(time)))
}

/// The minute of the day, from 0.
pub(super) fn minute(time: Clock) -> u16 {
    time.hour() as u16 * 60 + time.minute() as u16
}

/// As near as calendars reach: years -9999 to 9999.
pub(crate) fn timestamp(at: Time) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The first instant of a local day.
pub(crate) fn first_instant(zone: &TimeZone, day: Date) -> Option<Time> {
    Some(Time(zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()?.as_millisecond()))
}

/// The first instant after `moment` at which the local clock shows one of these minutes, or jumps.
///
/// An hour that comes twice shows them twice. Instants at which nothing changes may come, too: that only splits a time
/// in two of the same rate.
pub(super) fn next_of(zone: &TimeZone, moment: Timestamp, minutes: impl Iterator<Item = u16> + Clone) -> Option<Time> {
    let today = zone.to_datetime(moment).date();
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    let jump = zone.following(moment).next().map(|transition| transition.timestamp());
    let shown = [today, tomorrow].into_iter().flat_map(|day| {
        minutes.clone().flat_map(move |minute| {
            let clock = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
            let instants = zone.to_ambiguous_timestamp(clock);
            [instants.earlier().ok(), instants.later().ok()]
        })
    });
    let next = shown.flatten().chain(jump).filter(|instant| *instant > moment).min()?;
    Some(Time(next.as_millisecond()))
}

//! Instants as `--begin`, `--deadline`, `sacct -S` and `StartTime=` take them: `now+1hour`, `16:00`, `tomorrow`,
//! `11/23/26`, `2030-01-02T03:04:05`, `uts1767225600`.

use jiff::civil::{Date, DateTime, Time as CivilTime};
use jiff::{Span as CivilSpan, Timestamp};
use model::{Span, Time};

use crate::text::Clock;

/// Where a text stops making sense, in bytes; Slurm says the position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("invalid time specification (pos={0})")]
pub struct BadTime(pub usize);

impl BadTime {
    /// The line that Slurm prints about it, whatever the command.
    pub fn line(self, text: &[u8]) -> String {
        format!("Invalid time specification (pos={}): {}", self.0, String::from_utf8_lossy(text))
    }
}

/// Which way a time of day, or a day without a year, is meant when it is ambiguous.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lean {
    /// The next one (`--begin`).
    Future,
    /// The last one (`sacct`).
    Past,
}

/// Reads an instant.
///
/// # Errors
/// [`BadTime`] with the position.
pub fn parse(text: &[u8], clock: &Clock<'_>, lean: Lean) -> Result<Time, BadTime> {
    let local = local(clock).ok_or(BadTime(0))?;
    let mut reader = Reader { text, at: 0, date: None, time: None };
    if let Some(instant) = reader.absolute(clock)? {
        return Ok(instant);
    }
    reader.parts(local)?;
    let (year, month, day, time) = match (reader.date, reader.time) {
        (None, None) => return Err(BadTime(0)),
        (None, Some(time)) => {
            let date = if lean == Lean::Past || minute(time) > minute(local.time()) {
                Some(local.date())
            } else {
                local.date().tomorrow().ok()
            };
            let date = date.ok_or(BadTime(0))?;
            (Some(date.year()), date.month(), date.day(), time)
        }
        (Some((year, month, day)), time) => (year, month, day, time.unwrap_or(CivilTime::midnight())),
    };
    let dated = |year| Date::new(year, month, day).map(|date| DateTime::from_parts(date, time)).map_err(|_| BadTime(0));
    let datetime = match year {
        Some(year) => dated(year)?,
        None => {
            let this = dated(local.year())?;
            match lean {
                Lean::Past if this.month() > local.month() => dated(local.year() - 1)?,
                Lean::Future if this <= local => dated(local.year() + 1)?,
                _ => this,
            }
        }
    };
    let stamp = clock.zone.to_ambiguous_timestamp(datetime).compatible().map_err(|_| BadTime(0))?;
    Ok(Time::from_seconds(stamp.as_second()))
}

fn local(clock: &Clock<'_>) -> Option<DateTime> {
    Some(clock.zone.to_datetime(Timestamp::from_second(clock.now.seconds()).ok()?))
}

fn minute(time: CivilTime) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Year (where given), month, day.
    date: Option<(Option<i16>, i8, i8)>,
    time: Option<CivilTime>,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// The digits from here on, as many as there are, and how many.
    fn digits(&mut self) -> Result<(i64, usize), BadTime> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = std::str::from_utf8(&self.rest()[..count]).map_err(|_| BadTime(self.at))?;
        let number = digits.parse().map_err(|_| BadTime(self.at))?;
        self.at += count;
        Ok((number, count))
    }

    fn end(&mut self) -> Result<(), BadTime> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(BadTime(self.at)) }
    }

    /// `uts...` and `now...`, which need no calendar.
    fn absolute(&mut self, clock: &Clock<'_>) -> Result<Option<Time>, BadTime> {
        self.blanks();
        if self.word("uts") {
            let (seconds, _) = self.digits()?;
            self.end()?;
            return Ok(Some(Time::from_seconds(seconds)));
        }
        if !self.word("now") {
            return Ok(None);
        }
        let now = Time::from_seconds(clock.now.seconds());
        self.blanks();
        let sign = match self.rest().first() {
            None => return Ok(Some(now)),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Err(BadTime(self.at)),
        };
        // Slurm points before what it does not understand.
        let before = |at: BadTime| BadTime(at.0 - 1);
        self.at += 1;
        self.blanks();
        let (amount, _) = self.digits().map_err(before)?;
        self.blanks();
        let unit = match self.rest().iter().map(u8::to_ascii_lowercase).collect::<Vec<u8>>().as_slice() {
            [] => 1,
            unit if b"seconds".starts_with(unit) => 1,
            unit if b"minutes".starts_with(unit) => 60,
            unit if b"hours".starts_with(unit) => 3600,
            unit if b"days".starts_with(unit) => 86_400,
            unit if b"weeks".starts_with(unit) => 604_800,
            _ => return Err(before(BadTime(self.at))),
        };
        Ok(Some(now + Span::seconds(amount.saturating_mul(unit).saturating_mul(sign))))
    }

    fn parts(&mut self, local: DateTime) -> Result<(), BadTime> {
        loop {
            self.blanks();
            let start = self.at;
            let Some(byte) = self.rest().first() else { return Ok(()) };
            if byte.is_ascii_digit() {
                self.number()?;
            } else if self.word("today") {
                self.set_date(start, Some(local.year()), local.month(), local.day())?;
            } else if self.word("tomorrow") {
                let day = local.date().checked_add(CivilSpan::new().days(1)).map_err(|_| BadTime(start))?;
                self.set_date(start, Some(day.year()), day.month(), day.day())?;
            } else {
                let named = [("midnight", 0), ("elevenses", 11), ("noon", 12), ("fika", 15), ("teatime", 16)];
                let hour = named.iter().find(|(word, _)| self.word(word)).ok_or(BadTime(start))?.1;
                self.set_time(start, hour, 0, 0)?;
            }
        }
    }

    /// A time of day or a date.
    fn number(&mut self) -> Result<(), BadTime> {
        let start = self.at;
        let (first, width) = self.digits()?;
        match (self.rest().first(), width) {
            (Some(b':'), 1..=2) => self.time_of_day(start, first),
            (Some(b'-'), 4) => {
                self.at += 1;
                let (month, _) = self.digits()?;
                if !self.word("-") {
                    return Err(BadTime(self.at));
                }
                let (day, _) = self.digits()?;
                let year = i16::try_from(first).map_err(|_| BadTime(start))?;
                self.set_date(start, Some(year), small(month), small(day))?;
                if self.word("T") {
                    let start = self.at;
                    let (hour, _) = self.digits()?;
                    return self.time_of_day(start, hour);
                }
                Ok(())
            }
            (Some(mark @ (b'/' | b'.')), 1..=2) => {
                let mark = *mark;
                self.at += 1;
                let (day, _) = self.digits()?;
                let mut year = None;
                if self.rest().first() == Some(&mark) {
                    self.at += 1;
                    year = Some(full_year(self.digits()?.0, start)?);
                }
                self.set_date(start, year, small(first), small(day))
            }
            (_, 4) => self.set_date(start, None, small(first / 100), small(first % 100)),
            (_, 6) => {
                let year = full_year(first % 100, start)?;
                self.set_date(start, Some(year), small(first / 10_000), small(first / 100 % 100))?;
                self.dash_time()
            }
            _ => Err(BadTime(start)),
        }
    }

    /// `MMDDYY-HH:MM`: a time may follow at once.
    fn dash_time(&mut self) -> Result<(), BadTime> {
        if !self.word("-") {
            return Ok(());
        }
        let start = self.at;
        let (hour, _) = self.digits()?;
        self.time_of_day(start, hour)
    }

    /// What follows the hour: `:MM[:SS] [AM|PM]`.
    fn time_of_day(&mut self, start: usize, mut hour: i64) -> Result<(), BadTime> {
        if !self.word(":") {
            return Err(BadTime(self.at));
        }
        let (minute, _) = self.digits()?;
        let second = if self.word(":") { self.digits()?.0 } else { 0 };
        self.blanks();
        let noon = if self.word("pm") {
            Some(12)
        } else if self.word("am") {
            Some(0)
        } else {
            None
        };
        if let Some(noon) = noon {
            if !(1..=12).contains(&hour) {
                return Err(BadTime(start));
            }
            hour = hour % 12 + noon;
        }
        self.set_time(start, small(hour), small(minute), small(second))
    }

    fn set_date(&mut self, start: usize, year: Option<i16>, month: i8, day: i8) -> Result<(), BadTime> {
        let sensible = (1..=12).contains(&month) && (1..=31).contains(&day);
        if self.date.is_some() || !sensible {
            return Err(BadTime(start));
        }
        self.date = Some((year, month, day));
        Ok(())
    }

    fn set_time(&mut self, start: usize, hour: i8, minute: i8, second: i8) -> Result<(), BadTime> {
        let time = CivilTime::new(hour, minute, second, 0).map_err(|_| BadTime(start))?;
        if self.time.replace(time).is_some() { Err(BadTime(start)) } else { Ok(()) }
    }
}

/// What does not fit becomes what no calendar has.
fn small(number: i64) -> i8 {
    i8::try_from(number).unwrap_or(-1)
}

fn full_year(year: i64, start: usize) -> Result<i16, BadTime> {
    i16::try_from(if year < 100 { year + 2000 } else { year }).map_err(|_| BadTime(start))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::{put_timestamp, shown};
    use jiff::tz::TimeZone;

    /// 2026-11-22T11:49:07 in Paris, where that is 10:49:07 UTC.
    fn check(text: &str, lean: Lean, expected: &str) {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let now = "2026-11-22T10:49:07Z".parse::<Timestamp>().unwrap();
        let clock = Clock { now: Time::from_seconds(now.as_second()), zone: &zone };
        let result = match parse(text.as_bytes(), &clock, lean) {
            Ok(time) => shown(|out| put_timestamp(out, time, &zone)),
            Err(bad) => bad.line(text.as_bytes()),
        };
        assert_eq!(result, expected, "{text}");
    }

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("now", "2026-11-22T11:49:07"),
            ("now+60", "2026-11-22T11:50:07"),
            ("now+1hour", "2026-11-22T12:49:07"),
            ("now + 2 days", "2026-11-24T11:49:07"),
            ("now-1minute", "2026-11-22T11:48:07"),
            ("now+1week", "2026-11-29T11:49:07"),
            ("16:00", "2026-11-22T16:00:00"),
            ("11:49", "2026-11-23T11:49:00"),
            ("10:00:05", "2026-11-23T10:00:05"),
            ("4:00pm", "2026-11-22T16:00:00"),
            ("12:30 AM", "2026-11-23T00:30:00"),
            ("tomorrow", "2026-11-23T00:00:00"),
            ("today", "2026-11-22T00:00:00"),
            ("noon", "2026-11-22T12:00:00"),
            ("midnight", "2026-11-23T00:00:00"),
            ("teatime", "2026-11-22T16:00:00"),
            ("noon tomorrow", "2026-11-23T12:00:00"),
            ("112326", "2026-11-23T00:00:00"),
            ("11/23", "2026-11-23T00:00:00"),
            ("1/2", "2027-01-02T00:00:00"),
            ("1/2/28 3:04", "2028-01-02T03:04:00"),
            ("0102", "2027-01-02T00:00:00"),
            ("2030-01-02T03:04:05", "2030-01-02T03:04:05"),
            ("2030-01-02T03:04", "2030-01-02T03:04:00"),
            ("2030-07-02", "2030-07-02T00:00:00"),
            ("uts0", "1970-01-01T01:00:00"),
            ("bogus", "Invalid time specification (pos=0): bogus"),
            ("", "Invalid time specification (pos=0): "),
            ("2030-13-02", "Invalid time specification (pos=0): 2030-13-02"),
            ("16:00x", "Invalid time specification (pos=5): 16:00x"),
            ("now+x", "Invalid time specification (pos=3): now+x"),
            ("25:00", "Invalid time specification (pos=0): 25:00"),
            ("2030-02-30", "Invalid time specification (pos=0): 2030-02-30"),
        ] {
            check(text, Lean::Future, expected);
        }
        for (text, expected) in
            [("10:00", "2026-11-22T10:00:00"), ("12/1", "2025-12-01T00:00:00"), ("11/1", "2026-11-01T00:00:00")]
        {
            check(text, Lean::Past, expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(seconds in 0i64..4_000_000_000) {
            let clock = Clock { now: Time::from_seconds(1_795_345_723), zone: &TimeZone::UTC };
            let time = Time::from_seconds(seconds);
            let text = shown(|out| put_timestamp(out, time, &TimeZone::UTC));
            assert_eq!(parse(text.as_bytes(), &clock, Lean::Future), Ok(time));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, text in "(now|uts|today|noon|[0-9:/.T+-])( ?[0-9:/.TamphourX-]){0,12}", now: i64) {
            let clock = Clock { now: Time(now), zone: &TimeZone::UTC };
            parse(&bytes, &clock, Lean::Future).ok();
            parse(text.as_bytes(), &clock, Lean::Past).ok();
        }
    }
}

//! Writing values into a byte buffer the way Slurm's commands show them: durations, timestamps, sizes, columns.
//!
//! Everything appends to a `Vec<u8>` and allocates nothing else, because `squeue` prints 100 000 lines at once.

use std::fmt::Arguments;
use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Span, Time, TimeLimit};

/// The reader's moment and place: what "now" is, and in which zone times are read and shown.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// Now.
    pub now: Time,
    /// The caller's time zone.
    pub zone: &'a TimeZone,
}

/// `write!` into memory, which cannot fail.
pub fn put(out: &mut Vec<u8>, text: Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

/// A decimal number.
pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn put_two(out: &mut Vec<u8>, number: i64) {
    if !(0..100).contains(&number) {
        return put(out, format_args!("{number}"));
    }
    out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
}

struct Clockwork {
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
}

fn split(span: Span) -> Clockwork {
    let total = span.as_seconds().max(0);
    Clockwork { days: total / 86_400, hours: total / 3600 % 24, minutes: total / 60 % 60, seconds: total % 60 }
}

/// `0:05`, `1:02:03`, `1-02:03:04`: what `squeue` shows.
pub fn put_short_span(out: &mut Vec<u8>, span: Span) {
    let Clockwork { days, hours, minutes, seconds } = split(span);
    if days > 0 {
        put_number(out, days as u64);
        out.push(b'-');
        put_two(out, hours);
        out.push(b':');
        put_two(out, minutes);
    } else if hours > 0 {
        put_number(out, hours as u64);
        out.push(b':');
        put_two(out, minutes);
    } else {
        put_number(out, minutes as u64);
    }
    out.push(b':');
    put_two(out, seconds);
}

/// `00:00:05`, `1-02:03:04`: what `sacct` and `scontrol` show.
pub fn put_full_span(out: &mut Vec<u8>, span: Span) {
    let Clockwork { days, hours, minutes, seconds } = split(span);
    if days > 0 {
        put_number(out, days as u64);
        out.push(b'-');
    }
    put_two(out, hours);
    out.push(b':');
    put_two(out, minutes);
    out.push(b':');
    put_two(out, seconds);
}

/// `00:01.234`, `00:00:00`, `01:02:03`, `1-02:03:04`: CPU times of `sacct`, given in microseconds.
pub fn put_cpu_time(out: &mut Vec<u8>, microseconds: u64) {
    let span = Span(i64::try_from(microseconds / 1000).unwrap_or(i64::MAX));
    let Clockwork { days, hours, minutes, seconds } = split(span);
    let millis = span.0 % 1000;
    if days > 0 || hours > 0 || millis == 0 {
        return put_full_span(out, span);
    }
    put(out, format_args!("{minutes:02}:{seconds:02}.{millis:03}"));
}

/// `2026-11-22T11:14:52` in the reader's zone; a time outside the calendar's range shows as `Unknown`.
pub fn put_timestamp(out: &mut Vec<u8>, time: Time, zone: &TimeZone) {
    let Ok(stamp) = Timestamp::from_second(time.seconds()) else {
        return out.extend_from_slice(b"Unknown");
    };
    let civil = zone.to_datetime(stamp);
    put(out, format_args!("{:04}-", civil.year()));
    put_two(out, civil.month().into());
    out.push(b'-');
    put_two(out, civil.day().into());
    out.push(b'T');
    put_two(out, civil.hour().into());
    out.push(b':');
    put_two(out, civil.minute().into());
    out.push(b':');
    put_two(out, civil.second().into());
}

/// A timestamp, or a word where there is none.
pub fn put_timestamp_or(out: &mut Vec<u8>, time: Option<Time>, zone: &TimeZone, otherwise: &str) {
    match time {
        Some(time) => put_timestamp(out, time, zone),
        None => out.extend_from_slice(otherwise.as_bytes()),
    }
}

/// `Sun Nov 22 11:14:53 2026`: the first line of `squeue -l` and `sinfo -l`.
pub fn date_line(clock: &Clock<'_>) -> String {
    match Timestamp::from_second(clock.now.seconds()) {
        Ok(stamp) => {
            let civil = clock.zone.to_datetime(stamp);
            // The day is not padded with a zero but with a space, as asctime(3) has it.
            civil.strftime("%a %b %e %H:%M:%S %Y").to_string()
        }
        Err(_) => String::from("Unknown"),
    }
}

/// A time limit as `squeue` shows it.
pub fn put_short_limit(out: &mut Vec<u8>, limit: TimeLimit) {
    match limit {
        TimeLimit::Default => out.extend_from_slice(b"NOT_SET"),
        TimeLimit::Unlimited => out.extend_from_slice(b"UNLIMITED"),
        TimeLimit::Span(span) => put_short_span(out, span),
    }
}

/// A time limit as `scontrol` and `sacct` show it.
pub fn put_full_limit(out: &mut Vec<u8>, limit: TimeLimit) {
    match limit {
        TimeLimit::Default => out.extend_from_slice(b"Partition_Limit"),
        TimeLimit::Unlimited => out.extend_from_slice(b"UNLIMITED"),
        TimeLimit::Span(span) => put_full_span(out, span),
    }
}

/// Memory in MiB with the greatest unit that divides it: `100M`, `1G`, `1T`; `0` is bare.
pub fn put_memory(out: &mut Vec<u8>, mib: u64) {
    if mib == 0 {
        return out.push(b'0');
    }
    let (number, unit) = match mib {
        _ if mib.is_multiple_of(1 << 20) => (mib >> 20, b'T'),
        _ if mib.is_multiple_of(1 << 10) => (mib >> 10, b'G'),
        _ => (mib, b'M'),
    };
    put_number(out, number);
    out.push(unit);
}

/// Makes what was written since `start` exactly `width` bytes wide: cut, or filled with spaces (before it when
/// `right`). Width 0 leaves it as it is.
pub fn fit(out: &mut Vec<u8>, start: usize, width: usize, right: bool) {
    if width == 0 {
        return;
    }
    let length = out.len() - start;
    if length >= width {
        return out.truncate(start + width);
    }
    out.resize(start + width, b' ');
    if right {
        out.copy_within(start..start + length, start + width - length);
        out[start..start + width - length].fill(b' ');
    }
}

/// What one of the `put_` functions writes, as text.
pub fn shown(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (seconds, short, full) in [
            (0, "0:00", "00:00:00"),
            (5, "0:05", "00:00:05"),
            (600, "10:00", "00:10:00"),
            (3780, "1:03:00", "01:03:00"),
            (93_784, "1-02:03:04", "1-02:03:04"),
        ] {
            assert_eq!(shown(|out| put_short_span(out, Span::seconds(seconds))), short);
            assert_eq!(shown(|out| put_full_span(out, Span::seconds(seconds))), full);
        }
        for (micros, text) in
            [(0, "00:00:00"), (3_000, "00:00.003"), (61_500_000, "01:01.500"), (3_600_000_000, "01:00:00")]
        {
            assert_eq!(shown(|out| put_cpu_time(out, micros)), text);
        }
    }

    #[test]
    fn columns() {
        for (width, right, text) in [(0, true, "abc"), (2, false, "ab"), (5, false, "abc  "), (5, true, "  abc")] {
            let mut out = b"x".to_vec();
            out.extend_from_slice(b"abc");
            fit(&mut out, 1, width, right);
            assert_eq!(out, format!("x{text}").into_bytes());
        }
    }

    #[test]
    fn sizes() {
        for (mib, text) in [(0, "0"), (100, "100M"), (1024, "1G"), (1536, "1536M"), (1 << 20, "1T")] {
            assert_eq!(shown(|out| put_memory(out, mib)), text);
        }
    }
}

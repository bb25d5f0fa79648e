//! `--time`: a length of time in minutes, with all of Slurm's shapes.

use model::{Span, TimeLimit};

/// `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S` in seconds.
pub fn seconds(text: &[u8]) -> Option<i64> {
    let (days, clock) = match text.iter().position(|byte| *byte == b'-') {
        Some(at) => (Some(number(&text[..at])?), &text[at + 1..]),
        None => (None, text),
    };
    let mut parts = [0i64; 3];
    let mut given = 0;
    for part in clock.split(|byte| *byte == b':') {
        *parts.get_mut(given)? = number(part)?;
        given += 1;
    }
    let (hours, minutes, seconds) = match (days, given) {
        (Some(_), _) | (None, 3) => (parts[0], parts[1], parts[2]),
        (None, _) => (0, parts[0], parts[1]),
    };
    let total = i128::from(days.unwrap_or(0)) * 86_400
        + i128::from(hours) * 3600
        + i128::from(minutes) * 60
        + i128::from(seconds);
    i64::try_from(total).ok()
}

fn number(digits: &[u8]) -> Option<i64> {
    let plain = !digits.is_empty() && digits.len() <= 12 && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// A time limit: seconds round up to a minute; 0, -1, `UNLIMITED` and `INFINITE` have no end.
pub fn parse(text: &[u8]) -> Option<TimeLimit> {
    if matches!(text.to_ascii_lowercase().as_slice(), b"-1" | b"infinite" | b"unlimited") {
        return Some(TimeLimit::Unlimited);
    }
    let minutes = minutes(text)?;
    // Slurm keeps minutes in 32 bits, and the two greatest of them mean something else.
    match u32::try_from(minutes).ok()?.min(u32::MAX - 2) {
        0 => Some(TimeLimit::Unlimited),
        minutes => Some(TimeLimit::Span(Span::minutes(i64::from(minutes)))),
    }
}

/// Whole minutes, rounded up.
pub fn minutes(text: &[u8]) -> Option<i64> {
    Some(seconds(text)?.checked_add(59)? / 60)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::{put_full_limit, put_short_limit, shown};

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("10", "10:00"),
            ("0", "UNLIMITED"),
            ("90", "1:30:00"),
            ("1:30", "2:00"),
            ("1:2:3", "1:03:00"),
            ("1-2", "1-02:00:00"),
            ("1-2:3", "1-02:03:00"),
            ("1-2:3:4", "1-02:04:00"),
            ("UNLIMITED", "UNLIMITED"),
            ("infinite", "UNLIMITED"),
            ("61:00", "1:01:00"),
            ("00:00:30", "1:00"),
            ("1-24", "2-00:00:00"),
            ("1:60", "2:00"),
            ("-1", "UNLIMITED"),
            ("0:300", "5:00"),
        ] {
            let limit = parse(text.as_bytes()).unwrap();
            assert_eq!(shown(|out| put_short_limit(out, limit)), expected, "{text}");
        }
        for text in ["1h", "", "1:2:3:4", "-", "1-", "1:", "abc", "1-2-3", "-2", "99999999999999"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(minutes in 1i64..10_000_000) {
            let limit = TimeLimit::Span(Span::minutes(minutes));
            assert_eq!(parse(shown(|out| put_full_limit(out, limit)).as_bytes()), Some(limit));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            parse(&bytes);
        }
    }
}

//! The values that options take: times, sizes, counts, lists. Each `parse` answers `None` (or a short error) and leaves
//! the words about it to the command, because each command words it in its own way.
//!
//! Parsers take bytes, never panic, and print∘parse is the identity where both exist.

pub mod array;
pub mod dependency;
pub mod gres;
pub mod hostlist;
pub mod jobs;
pub mod limit;
pub mod mail;
pub mod memory;
pub mod signal;
pub mod when;

/// A number with `strtol`'s leniency: blanks before it, a sign; nothing after it.
pub fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii_start();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A count for an option: from `least` up, below 2^31.
pub fn count(text: &[u8], least: i64) -> Option<u32> {
    integer(text).filter(|number| (least..i64::from(i32::MAX)).contains(number)).and_then(|n| u32::try_from(n).ok())
}

/// The number that a text starts with, as `strtol` has it: 0 where there is none, the greatest where it is too great.
pub fn leading_integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let digits = text[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match integer(&text[..sign + digits]) {
        Some(number) => number,
        None if digits == 0 => 0,
        None if text.starts_with(b"-") => i64::MIN,
        None => i64::MAX,
    }
}

/// `-N`: `2`, `2-4`, each perhaps with `k`; least and greatest.
pub fn node_count(text: &[u8]) -> Option<(u32, u32)> {
    node_range(text).filter(|(least, greatest)| greatest >= least && *greatest > 0)
}

/// The numbers of [`node_count`], whether they make sense or not.
pub fn node_range(text: &[u8]) -> Option<(u32, u32)> {
    let one = |part: &[u8]| match part.split_last() {
        Some((b'k' | b'K', digits)) => count(digits, 0)?.checked_mul(1024),
        _ => count(part, 0),
    };
    match text.iter().position(|byte| *byte == b'-') {
        Some(at) => Some((one(&text[..at])?, one(&text[at + 1..])?)),
        None => Some((one(text)?, one(text)?)),
    }
}

/// `yes` and `no`, as options that take a word have them.
pub fn yes_or_no(text: &[u8]) -> Option<bool> {
    match text.to_ascii_lowercase().as_slice() {
        b"yes" | b"y" | b"1" | b"true" => Some(true),
        b"no" | b"n" | b"0" | b"false" => Some(false),
        _ => None,
    }
}

/// A list with commas, without empty parts.
pub fn list(text: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(text).split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (text, expected) in [
            ("2", Some((2, 2))),
            ("2-4", Some((2, 4))),
            ("1k", Some((1024, 1024))),
            ("4-2", None),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(node_count(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in
            [(" 12", Some(12)), ("+1", Some(1)), ("-3", Some(-3)), ("1x", None), ("", None), ("-", None)]
        {
            assert_eq!(integer(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in [(" -3x", -3), ("x", 0), ("", 0), ("99999999999999999999", i64::MAX)] {
            assert_eq!(leading_integer(text.as_bytes()), expected, "{text}");
        }
        assert_eq!((count(b"0", 1), count(b"1", 1), count(b"4294967296", 0)), (None, Some(1), None));
    }
}

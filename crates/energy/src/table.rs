//! Figures as people and providers write them: decimals to whole numbers, separated lines to fields. Must not know what
//! the figures mean.

use jiff::Timestamp;
use jiff::civil::Date;
use model::Time;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A decimal number in millionths: `0.1985` is 198 500. A comma is a point; more than six decimals are rounded.
/// `None` for anything else, exponents included, and beyond a million millions.
pub fn millionths(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || whole.len() > 12 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let digit = |at: usize| fraction.as_bytes().get(at).map_or(0, |byte| i64::from(byte - b'0'));
    let fraction = (0..6).fold(0, |sum, at| sum * 10 + digit(at)) + i64::from(digit(6) >= 5);
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some(sign * (whole * 1_000_000 + fraction))
}

/// Reads a number of a TOML or JSON file in millionths.
pub fn de_millionths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Decimal;
    impl Visitor<'_> for Decimal {
        type Value = i64;
        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("a decimal number such as 0.1985")
        }
        // The shortest decimal that is this float is what the file says.
        fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
            millionths(text).ok_or_else(|| E::custom(format!("`{text}` is no decimal number such as 0.1985")))
        }
    }
    deserializer.deserialize_any(Decimal)
}

/// Reads a day of a TOML file: `"2026-08-01"`.
pub fn de_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no day such as 2026-08-01")))
}

/// An instant as RFC 3339 writes it, with its offset.
pub fn instant(text: &str) -> Option<Time> {
    text.trim().parse::<Timestamp>().ok().map(|at| Time(at.as_millisecond()))
}

/// Lines of fields below a header line, separated by `;`, `,` or tabs, whichever the header has first. Empty lines and
/// lines that begin with `#` are left out. No quoting: none of the files read here uses it around what is read.
pub struct Table<'a> {
    separator: char,
    header: Vec<&'a str>,
    lines: Vec<(usize, &'a str)>,
}

impl<'a> Table<'a> {
    /// Splits `text`.
    pub fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let mut lines = lines.by_ref().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let header = lines.next().map_or("", |(_, line)| line);
        let separator = header.chars().find(|letter| [';', ',', '\t'].contains(letter)).unwrap_or(',');
        Self { separator, header: split(header, separator).collect(), lines: lines.collect() }
    }

    /// The place of the first of these columns that the header has; case does not matter.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|has| names.iter().any(|name| name.eq_ignore_ascii_case(has)))
    }

    /// Each line with its number in the file, counted from 1.
    pub fn rows(&self) -> impl Iterator<Item = (usize, Vec<&'a str>)> + '_ {
        self.lines.iter().map(|(number, line)| (*number, split(line, self.separator).collect()))
    }
}

fn split(line: &str, separator: char) -> impl Iterator<Item = &str> {
    line.split(separator).map(|field| field.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(millionths(text), expected, "{text}");
        check("0.1985", Some(198_500));
        check("0,1985", Some(198_500));
        check("-12.5", Some(-12_500_000));
        check("7", Some(7_000_000));
        check(".5", Some(500_000));
        check("0.1234567", Some(123_457));
        check("0.9999999", Some(1_000_000));
        for bad in ["", ".", "-", "1e3", "0x1", "1.2.3", "NaN", "inf", "1234567890123", "--1"] {
            check(bad, None);
        }
    }
}

//! Sums and quantities as a paper shows them. Integers: what is written is what was posted.

use std::fmt::Write as _;

use crate::words::Language;

/// A sum in hundredths of a euro.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Cents(pub i64);

/// A quantity, a price or a rate in millionths of its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Millionths(pub i64);

impl Cents {
    /// `1 234,56 €` or `€1,234.56`.
    pub(crate) fn show(self, language: Language) -> String {
        let number = decimal(self.0, 2, 2, language);
        match (language, number.strip_prefix('−')) {
            (Language::French, _) => format!("{number}\u{a0}€"),
            (Language::English, None) => format!("€{number}"),
            (Language::English, Some(positive)) => format!("−€{positive}"),
        }
    }
}

impl Millionths {
    /// With as many digits as it needs, but at least so many: `1 234,5`, `0,0325`.
    pub(crate) fn show(self, least: u32, language: Language) -> String {
        decimal(self.0, 6, least, language)
    }

    /// Rounded to thousandths, half away from zero, for narrow columns of what is not money.
    pub(crate) fn thousandths(self, language: Language) -> String {
        let rounded = (i128::from(self.0) + 500 * i128::from(self.0.signum())) / 1000;
        decimal(i64::try_from(rounded).unwrap_or(i64::MAX), 3, 3, language)
    }
}

/// `number` of 10^-`scale`, with at least `least` digits after the sign, thousands apart.
fn decimal(number: i64, scale: u32, least: u32, language: Language) -> String {
    let (point, gap) = match language {
        Language::French => (',', '\u{202f}'),
        Language::English => ('.', ','),
    };
    let unit = 10_u64.pow(scale);
    let (whole, part) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let mut out = String::new();
    if number < 0 {
        out.push('−');
    }
    let digits = whole.to_string();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(gap);
        }
        out.push(digit);
    }
    let part = format!("{part:0width$}", width = scale as usize);
    let needed = part.trim_end_matches('0').len().max(least as usize);
    if needed > 0 {
        write!(out, "{point}{}", &part[..needed]).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_read_as_in_the_language() {
        let check = |cents, french, english| {
            assert_eq!(Cents(cents).show(Language::French), french);
            assert_eq!(Cents(cents).show(Language::English), english);
        };
        check(123_456, "1\u{202f}234,56\u{a0}€", "€1,234.56");
        check(-5, "−0,05\u{a0}€", "−€0.05");
        check(100_000_000, "1\u{202f}000\u{202f}000,00\u{a0}€", "€1,000,000.00");
        check(
            i64::MIN,
            "−92\u{202f}233\u{202f}720\u{202f}368\u{202f}547\u{202f}758,08\u{a0}€",
            "−€92,233,720,368,547,758.08",
        );
    }

    #[test]
    fn quantities_have_the_digits_that_they_need() {
        let check = |number, least, text| assert_eq!(Millionths(number).show(least, Language::English), text);
        check(1_234_500_000, 0, "1,234.5");
        check(32_500, 2, "0.0325");
        check(20_000_000, 0, "20");
        check(20_000_000, 2, "20.00");
        check(1, 0, "0.000001");
        assert_eq!(Millionths(1_234_567_500).thousandths(Language::English), "1,234.568");
        assert_eq!(Millionths(-500).thousandths(Language::English), "−0.001");
    }
}

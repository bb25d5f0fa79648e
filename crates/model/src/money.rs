//! Amounts of money in whole micro-euros: what a second of a core costs is no cent. Must not know prices.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Micro-euros. 2^63 of them are nine million million euros; sums stop there and never wrap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

/// Micro-euros in a cent.
const CENT: i64 = 10_000;

impl Money {
    /// None.
    pub const ZERO: Money = Money(0);

    /// Whole cents.
    pub const fn cents(cents: i64) -> Self {
        Self(cents.saturating_mul(CENT))
    }

    /// Whole euros.
    pub const fn euros(euros: i64) -> Self {
        Self(euros.saturating_mul(100 * CENT))
    }

    /// The nearest whole cent; half a cent goes away from zero, as on a French invoice.
    pub const fn to_cents(self) -> Self {
        let half = if self.0 < 0 { -CENT / 2 } else { CENT / 2 };
        Self(self.0.saturating_add(half) / CENT * CENT)
    }

    /// Whether it is whole cents: what can be paid.
    pub const fn is_cents(self) -> bool {
        self.0 % CENT == 0
    }

    /// Without its sign.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// So many thousandths of it, to the nearest micro-euro, half away from zero.
    pub fn permille(self, permille: i64) -> Self {
        let exact = i128::from(self.0) * i128::from(permille);
        let nearest = (exact + if exact < 0 { -500 } else { 500 }) / 1000;
        Self(i64::try_from(nearest).unwrap_or(if nearest < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(all: I) -> Money {
        all.fold(Money::ZERO, Add::add)
    }
}

/// In euros with a point, two decimals at least and as many as it takes: `12.50`, `0.004217`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let mut fraction = format!("{:06}", whole % 1_000_000);
        while fraction.len() > 2 && fraction.ends_with('0') {
            fraction.pop();
        }
        f.pad(&format!("{sign}{}.{fraction}", whole / 1_000_000))
    }
}

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// No number.
    #[error("`{0}` is no amount: write euros as 12.50 or 12.50 EUR")]
    Number(String),
    /// Another currency, or a slip of the pen.
    #[error("`{currency}` in `{text}` is no currency that is known here: write EUR or €, or no currency at all")]
    Currency {
        /// All of it.
        text: String,
        /// What stands after the number.
        currency: String,
    },
    /// Less than a micro-euro.
    #[error("`{0}` has more than six decimals: the smallest amount is 0.000001 EUR")]
    TooFine(String),
    /// More than can be counted.
    #[error("`{0}` is more than any amount can be")]
    TooLarge(String),
}

/// `12.5`, `12,50 €`, `-0.000001 EUR`: never rounded, a currency that is not the euro is an error.
impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let all = text.trim();
        let is_number = |letter: char| letter.is_ascii_digit() || ['-', '.', ','].contains(&letter);
        let (number, currency) = all.split_at(all.find(|letter| !is_number(letter)).unwrap_or(all.len()));
        let wrong = || MoneyError::Number(all.to_owned());
        let (sign, digits) = number.strip_prefix('-').map_or((1, number), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with(['.', ',']) {
            return Err(wrong());
        }
        let currency = currency.trim();
        if !["", "EUR", "€"].contains(&currency) {
            return Err(MoneyError::Currency { text: all.to_owned(), currency: currency.to_owned() });
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 6 {
            return Err(MoneyError::TooFine(all.to_owned()));
        }
        let large = || MoneyError::TooLarge(all.to_owned());
        let whole: i64 = whole.parse().map_err(|_| large())?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
        let euros = whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(fraction)).ok_or_else(large)?;
        Ok(Self(sign * euros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let check = |text: &str, expected: i64| assert_eq!(text.parse(), Ok(Money(expected)), "{text}");
        check("12.5", 12_500_000);
        check("12,50 €", 12_500_000);
        check(" 0.000001 EUR ", 1);
        check("-3", -3_000_000);
        check("0.0085000000", 8_500);
        for bad in ["", "EUR", ".", "1.", ".5", "--1", "1.2.3", "-", "12 50"] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
        assert_eq!("0.0000001".parse::<Money>(), Err(MoneyError::TooFine("0.0000001".into())));
        assert_eq!("99999999999999".parse::<Money>(), Err(MoneyError::TooLarge("99999999999999".into())));
    }

    #[test]
    fn a_currency_with_a_typo_is_an_error() {
        for typo in ["EURO", "ERU", "eur", "$", "USD", "€€"] {
            let error = format!("12.50 {typo}").parse::<Money>().expect_err(typo).to_string();
            assert!(error.contains(typo) && error.contains("write EUR or €"), "{error}");
        }
    }

    #[test]
    fn amounts_are_written_as_they_are_read() {
        let check = |amount: i64, expected: &str| {
            assert_eq!(Money(amount).to_string(), expected);
            assert_eq!(expected.parse(), Ok(Money(amount)));
        };
        check(0, "0.00");
        check(12_500_000, "12.50");
        check(-4_217, "-0.004217");
        check(1_234_560, "1.23456");
    }

    #[test]
    fn half_a_cent_goes_away_from_zero() {
        let check = |amount: i64, cents: i64| assert_eq!(Money(amount).to_cents(), Money::cents(cents), "{amount}");
        check(4_999, 0);
        check(5_000, 1);
        check(-5_000, -1);
        check(-4_999, 0);
        check(1_015_000, 102);
        assert_eq!(Money::cents(333).permille(200), Money(666_000));
        assert_eq!(Money(-5).permille(100), Money(-1));
    }
}

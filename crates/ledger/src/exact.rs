//! Sums of prices times quantities without rounding. Must not know what is priced.
//!
//! All quantities that are sold come in whole base units (core-milliseconds, MiB-milliseconds, microjoules), and prices
//! in whole micro-euros for so many base units. One denominator fits all of them, so a sum is one whole number.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use model::Money;
use serde::{Deserialize, Serialize};

/// Base units in an hour of a core, a GPU or a machine: milliseconds.
pub(crate) const MS_PER_HOUR: i128 = 3_600_000;
/// Base units in a GiB-hour: MiB-milliseconds.
pub(crate) const MIB_MS_PER_GIB_HOUR: i128 = 1024 * MS_PER_HOUR;
/// Base units in a GiB-month: MiB-milliseconds. A month is 730 hours, so that twelve are a year.
pub(crate) const MIB_MS_PER_GIB_MONTH: i128 = 730 * MIB_MS_PER_GIB_HOUR;
/// Base units in a kilowatt-hour: microjoules.
pub(crate) const UJ_PER_KWH: i128 = 3_600_000_000_000;

/// The least common multiple of all of these: 2^18 · 3^2 · 5^11 · 73.
const DENOMINATOR: i128 = 262_144 * 9 * 48_828_125 * 73;

/// An exact amount: micro-euros times a fixed denominator. Rounded once, by [`Exact::rounded`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exact(i128);

/// More than can be counted: nobody uses so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity or a price is greater than can be counted: check the usage record and the tariff")]
pub struct Overflow;

impl Exact {
    /// A quantity in base units, at a price in micro-euros for `unit` base units.
    ///
    /// # Errors
    /// [`Overflow`] where it cannot be counted.
    pub fn of(price_microeur: i64, quantity: i128, unit: i128) -> Result<Self, Overflow> {
        debug_assert_eq!(DENOMINATOR % unit, 0, "a unit that the denominator does not know");
        let scaled = i128::from(price_microeur).checked_mul(DENOMINATOR / unit).ok_or(Overflow)?;
        scaled.checked_mul(quantity).map(Self).ok_or(Overflow)
    }

    /// A whole amount.
    pub const fn money(amount: Money) -> Self {
        Self(amount.0 as i128 * DENOMINATOR)
    }

    /// To the nearest micro-euro, half away from zero.
    ///
    /// # Errors
    /// [`Overflow`] past what [`Money`] holds.
    pub fn rounded(self) -> Result<Money, Overflow> {
        let half = if self.0 < 0 { -DENOMINATOR / 2 } else { DENOMINATOR / 2 };
        let nearest = self.0.checked_add(half).ok_or(Overflow)? / DENOMINATOR;
        i64::try_from(nearest).map(Money).map_err(|_| Overflow)
    }

    /// Rounded up to a whole micro-euro: what is never too little.
    ///
    /// # Errors
    /// [`Overflow`] past what [`Money`] holds.
    pub fn rounded_up(self) -> Result<Money, Overflow> {
        let up = self.0.div_euclid(DENOMINATOR) + i128::from(self.0.rem_euclid(DENOMINATOR) > 0);
        i64::try_from(up).map(Money).map_err(|_| Overflow)
    }
}

impl Add for Exact {
    type Output = Exact;
    fn add(self, other: Exact) -> Exact {
        Exact(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        *self = *self + other;
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(all: I) -> Exact {
        all.fold(Exact::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_unit_divides_the_denominator() {
        for unit in [MS_PER_HOUR, MIB_MS_PER_GIB_HOUR, MIB_MS_PER_GIB_MONTH, UJ_PER_KWH] {
            assert_eq!(DENOMINATOR % unit, 0, "{unit}");
        }
    }

    #[test]
    fn an_amount_is_rounded_once() {
        // A thousand times a third of a micro-euro: 333, neither 0 nor 1000.
        let third = Exact::of(1, MS_PER_HOUR / 3, MS_PER_HOUR).unwrap();
        let sum: Exact = std::iter::repeat_n(third, 1000).sum();
        assert_eq!((sum.rounded(), sum.rounded_up()), (Ok(Money(333)), Ok(Money(334))));
        assert_eq!(Exact::of(-1, MS_PER_HOUR / 2, MS_PER_HOUR).unwrap().rounded(), Ok(Money(-1)));
        assert_eq!(Exact::money(Money(-7)).rounded_up(), Ok(Money(-7)));
        assert_eq!(Exact::of(i64::MAX, i128::MAX, MS_PER_HOUR), Err(Overflow));
        assert_eq!(Exact::of(i64::MAX, 2 * MS_PER_HOUR, MS_PER_HOUR).unwrap().rounded(), Err(Overflow));
    }
}

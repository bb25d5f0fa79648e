//! Energy, power, and what comes with each kilowatt-hour, in whole numbers. Must not know where they come from.
//!
//! A milliwatt during a millisecond is a microjoule, so power times time needs no rounding.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use model::Span;
use serde::{Deserialize, Serialize};

/// Microjoules in a kilowatt-hour.
pub const UJ_PER_KWH: i64 = 3_600_000_000_000;

/// Energy in microjoules. 2^63 of them are 2.5 GWh: more than a small centre uses in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Energy(pub i64);

/// Power in milliwatts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Power(pub i64);

impl Energy {
    /// None.
    pub const ZERO: Energy = Energy(0);
    /// More than anything.
    pub const MAX: Energy = Energy(i64::MAX);

    /// Whole watt-hours.
    pub const fn watt_hours(wh: i64) -> Self {
        Self(wh.saturating_mul(UJ_PER_KWH / 1000))
    }

    /// What a device wrote as a decimal number of `unit`s, each so many microjoules (a watt-hour: 3 600 000 000).
    /// `None` for what is no amount of energy: not a number, negative, or past [`Energy::MAX`].
    pub fn from_decimal(number: f64, unit_uj: i64) -> Option<Self> {
        whole(number * unit_uj as f64).map(Self)
    }

    /// The mean power over a time; 0 over none.
    pub fn mean(self, span: Span) -> Power {
        Power(if span.0 > 0 { self.0 / span.0 } else { 0 })
    }

    /// So many thousandths of it, rounded down.
    pub fn permille(self, permille: u32) -> Self {
        Self(narrow(i128::from(self.0) * i128::from(permille) / 1000))
    }
}

impl Power {
    /// Whole watts.
    pub const fn watts(watts: i64) -> Self {
        Self(watts.saturating_mul(1000))
    }

    /// What a device wrote as a decimal number of watts. `None` for what is no power: not a number, negative, or more
    /// than any number can hold. 10 MW passes here: what a machine can draw is for [`crate::meter::Limits`].
    pub fn from_watts(watts: f64) -> Option<Self> {
        whole(watts * 1000.0).map(Self)
    }

    /// The energy of this power over a time.
    pub fn over(self, span: Span) -> Energy {
        Energy(narrow(i128::from(self.0) * i128::from(span.0)))
    }

    /// So many thousandths of it, rounded down.
    pub fn permille(self, permille: u32) -> Self {
        Self(narrow(i128::from(self.0) * i128::from(permille) / 1000))
    }
}

/// The nearest whole number, if there is one that is not negative and fits. `-0.3` is a resting sensor's zero.
fn whole(number: f64) -> Option<i64> {
    let rounded = number.round();
    (rounded >= 0.0 && rounded < i64::MAX as f64).then_some(rounded as i64)
}

/// As near as an `i64` comes.
pub(crate) fn narrow(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Energy {
    type Output = Energy;
    fn add(self, other: Energy) -> Energy {
        Energy(self.0.saturating_add(other.0))
    }
}

impl Sub for Energy {
    type Output = Energy;
    fn sub(self, other: Energy) -> Energy {
        Energy(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Energy {
    fn add_assign(&mut self, other: Energy) {
        *self = *self + other;
    }
}

impl Sum for Energy {
    fn sum<I: Iterator<Item = Energy>>(all: I) -> Energy {
        all.fold(Energy::ZERO, Add::add)
    }
}

impl Sum for Power {
    fn sum<I: Iterator<Item = Power>>(all: I) -> Power {
        all.fold(Power(0), |sum, one| Power(sum.0.saturating_add(one.0)))
    }
}

/// What came with energy, summed without rounding: micro-euros or milligrams of CO2e times microjoules, for a price or
/// a factor per kilowatt-hour. Rounded once, when it is posted or shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PerKwh(pub i128);

impl PerKwh {
    /// Adds energy that cost or emitted so much per kilowatt-hour.
    pub fn add(&mut self, energy: Energy, per_kwh: i64) {
        self.0 = self.0.saturating_add(i128::from(energy.0) * i128::from(per_kwh));
    }

    /// Whole micro-euros or milligrams, and what is left: both fit where 128 bits do not, and nothing is rounded.
    pub fn parts(self) -> (i64, i64) {
        let unit = i128::from(UJ_PER_KWH);
        (narrow(self.0.div_euclid(unit)), narrow(self.0.rem_euclid(unit)))
    }

    /// What [`PerKwh::parts`] took apart.
    pub fn from_parts(whole: i64, rest: i64) -> Self {
        Self(i128::from(whole) * i128::from(UJ_PER_KWH) + i128::from(rest))
    }

    /// The sum in micro-euros or milligrams, to the nearest; half away from zero.
    pub fn rounded(self) -> i64 {
        let (unit, half) = (i128::from(UJ_PER_KWH), i128::from(UJ_PER_KWH) / 2);
        narrow(self.0.saturating_add(if self.0 < 0 { -half } else { half }) / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_whole_or_nothing() {
        let check = |watts: f64, expected: Option<i64>| assert_eq!(Power::from_watts(watts).map(|p| p.0), expected);
        check(182.53, Some(182_530));
        check(0.0, Some(0));
        check(-0.0004, Some(0));
        check(-3.0, None);
        check(f64::NAN, None);
        check(f64::INFINITY, None);
        check(1e300, None);
        assert_eq!(Energy::from_decimal(12_345.678, 3_600_000_000), Some(Energy(44_444_440_800_000)));
    }

    #[test]
    fn a_price_is_rounded_once() {
        // 1000 times a third of a micro-euro: 333, not 0 and not 1000.
        let mut price = PerKwh::default();
        for _ in 0..1000 {
            price.add(Energy(UJ_PER_KWH / 600_000), 200_000);
        }
        assert_eq!(price.rounded(), 333);
        assert_eq!(PerKwh(-i128::from(UJ_PER_KWH) / 2).rounded(), -1);
        for sum in [0, 1, -1, 7 * i128::from(UJ_PER_KWH) + 3, -7 * i128::from(UJ_PER_KWH) - 3] {
            let (whole, rest) = PerKwh(sum).parts();
            assert_eq!(PerKwh::from_parts(whole, rest), PerKwh(sum));
        }
    }

    #[test]
    fn a_milliwatt_second_is_a_millijoule() {
        assert_eq!(Power::watts(100).over(Span::seconds(3600)), Energy::watt_hours(100));
        assert_eq!(Energy::watt_hours(100).mean(Span::seconds(3600)), Power::watts(100));
    }
}

//! The public holidays of mainland France (Code du travail, L3133-1), on which no Tempo day is red.

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// Month and day of those that never move.
const FIXED: [(i8, i8); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];

/// Whether a day is one of the eleven. Easter Monday, Ascension and Whit Monday follow Easter.
pub fn is_holiday(day: Date) -> bool {
    let after_easter = [1, 39, 50];
    FIXED.contains(&(day.month(), day.day()))
        || after_easter.iter().any(|days| easter(day.year()).checked_add(days.days()).is_ok_and(|moved| moved == day))
}

/// Easter Sunday of the Gregorian calendar (the "anonymous" algorithm, Nature, 20 April 1876). Years 1 to 9999.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (golden, century, of_century) = (y % 19, y / 100, y % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let correction = (golden + 11 * moon + 22 * weekday) / 451;
    let days = moon + weekday - 7 * correction + 114;
    date(year, (days / 31) as i8, (days % 31 + 1) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_follow_easter() {
        let check = |day: Date, expected: bool| assert_eq!(is_holiday(day), expected, "{day}");
        assert_eq!(easter(2026), date(2026, 4, 5));
        assert_eq!(easter(2027), date(2027, 3, 28));
        assert_eq!(easter(2038), date(2038, 4, 25));
        check(date(2026, 4, 6), true);
        check(date(2026, 5, 14), true);
        check(date(2026, 5, 25), true);
        check(date(2026, 12, 25), true);
        check(date(2026, 12, 24), false);
        check(date(2026, 4, 5), false);
    }
}

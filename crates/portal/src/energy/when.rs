//! Years, months and days as pages go through them: what they are called, which is before and after, their parts. Must not
//! know what is summed over them.

use jiff::{ToSpan, civil::Date};
use model::Time;

use crate::words::Words;

/// A year, a month or a day.
#[derive(Clone, Debug)]
pub(super) struct When {
    /// `2026-11-22`
    pub period: String,
    /// As one says it.
    pub name: String,
    /// What is before it, in the same form; empty: of that nothing is known, however long one goes back;
    pub before: String,
    /// and after it; empty: that is yet to come.
    pub after: String,
    /// Day, month and year at or around it, with the keys of their words and whether it is this one.
    pub kinds: [(&'static str, String, bool); 3],
    from: i64,
    until: i64,
}

impl When {
    /// `first`: since when anything is known.
    pub fn new(words: &Words, period: &str, (from, until): (Time, Time), now: Time, first: Option<Time>) -> Self {
        let dashes = period.matches('-').count();
        let begin: Date = match dashes {
            0 => format!("{period}-01-01"),
            1 => format!("{period}-01"),
            _ => period.to_owned(),
        }
        .parse()
        .unwrap_or_default();
        let step = match dashes {
            0 => 1.year(),
            1 => 1.month(),
            _ => 1.day(),
        };
        let write = |date: Option<Date>| date.map_or_else(String::new, |date| cut(date, dashes));
        // Going from a year to its days, one lands on today where that is within it.
        let today = words.local(now.0).date();
        let inside = if (from..until).contains(&now) { today } else { begin };
        Self {
            period: period.to_owned(),
            name: match dashes {
                0 => period.to_owned(),
                1 => words.month(from.0),
                _ => words.date(from.0),
            },
            before: write(begin.checked_sub(step).ok().filter(|_| first.is_some_and(|first| first < from))),
            after: write(begin.checked_add(step).ok().filter(|_| until <= now)),
            kinds: [
                ("energy-day", cut(inside, 2), dashes == 2),
                ("energy-month", cut(inside, 1), dashes == 1),
                ("energy-year", cut(inside, 0), dashes == 0),
            ],
            from: from.0,
            until: until.0,
        }
    }

    /// Whether it is a day.
    pub fn is_day(&self) -> bool {
        self.kinds[0].2
    }

    fn is_year(&self) -> bool {
        self.kinds[2].2
    }

    /// The beginnings of its hours, days or months.
    pub fn starts(&self, words: &Words) -> Vec<i64> {
        let mut starts = Vec::new();
        let mut at = words.local(self.from);
        while at.timestamp().as_millisecond() < self.until && starts.len() < 64 {
            starts.push(at.timestamp().as_millisecond());
            let step = match (self.is_day(), self.is_year()) {
                (true, _) => 1.hour(),
                (_, true) => 1.month(),
                _ => 1.day(),
            };
            match at.checked_add(step) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        starts
    }

    /// What a part is called, short and whole.
    pub fn part(&self, words: &Words, start: i64) -> (String, String) {
        let at = words.local(start);
        match (self.is_day(), self.is_year()) {
            (true, _) => (at.hour().to_string(), words.clock(start)),
            (_, true) => (words.month_short(at.month()), words.month(start)),
            _ => (at.day().to_string(), words.date(start)),
        }
    }
}

/// A date as far as a period says it.
fn cut(date: Date, dashes: usize) -> String {
    let text = date.to_string();
    let length = match dashes {
        0 => 4,
        1 => 7,
        _ => text.len(),
    };
    text.get(..length).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn nobody_goes_back_behind_the_first_day() {
        let words = Words::new(Language::English, jiff::tz::TimeZone::UTC);
        let at = |text: &str| Time(text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond));
        let now = at("2026-11-23T10:00:00Z");
        let check = |period: &str, from: &str, until: &str, first: Option<&str>, before: &str, after: &str| {
            let when = When::new(&words, period, (at(from), at(until)), now, first.map(at));
            assert_eq!((when.before.as_str(), when.after.as_str()), (before, after), "{period} {first:?}");
        };
        let (day, next) = ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
        check("2026-11-22", day, next, Some("2026-11-21T23:00:00Z"), "2026-11-21", "2026-11-23");
        check("2026-11-22", day, next, Some(day), "", "2026-11-23");
        check("2026-11-22", day, next, None, "", "2026-11-23");
        check("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Some("2025-12-31T23:00:00Z"), "2025", "");
        check("1999", "1999-01-01T00:00:00Z", "2000-01-01T00:00:00Z", Some(day), "", "2000");
    }
}

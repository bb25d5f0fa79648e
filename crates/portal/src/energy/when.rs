//! Years, months and days as pages go through them: what they are called, which is before and after, their parts. Must not
//! know what is summed over them.

use jiff::{ToSpan, civil::Date};
use model::Time;

use crate::{visit::Visit, words::Words};

/// A year, a month or a day.
#[derive(Clone, Debug)]
pub(super) struct When {
    /// `2026-11-22`
    pub period: String,
    /// As one says it.
    pub name: String,
    /// What is before it, in the same form,
    pub before: String,
    /// and after it; empty: that is yet to come.
    pub after: String,
    /// Day, month and year at or around it, with the keys of their words and whether it is this one.
    pub kinds: [(&'static str, String, bool); 3],
    from: i64,
    until: i64,
}

impl When {
    pub fn new(visit: &Visit, period: &str, from: Time, until: Time, now: Time) -> Self {
        let words = visit.words();
        let dashes = period.matches('-').count();
        let first: Date = match dashes {
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
        let inside = if (from..until).contains(&now) { today } else { first };
        Self {
            period: period.to_owned(),
            name: match dashes {
                0 => period.to_owned(),
                1 => words.month(from.0),
                _ => words.date(from.0),
            },
            before: write(first.checked_sub(step).ok()),
            after: write(first.checked_add(step).ok().filter(|_| until <= now)),
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

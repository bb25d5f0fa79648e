//! Calendars that come day by day, as an installation keeps them: single lines under the day or time that a later import
//! replaces. Must not know where they are kept, nor read a file.

use jiff::Timestamp;
use model::Time;

use crate::carbon;
use crate::contract::{CalendarError, Colours, Slots};

/// Which calendar.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Calendar {
    /// Colours of Tempo days.
    Tempo,
    /// Prices by the hour or the quarter of an hour.
    Spot,
    /// The grid's carbon.
    Eco2mix,
}

/// One line, and what it is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Line {
    /// The day (`2026-11-24`) or the instant (`2026-11-24T18:00:00Z`); sorts by time.
    pub key: String,
    /// As [`Calendar::text`] puts it below the header.
    pub line: String,
}

impl Calendar {
    /// All of them.
    pub const ALL: [Calendar; 3] = [Calendar::Tempo, Calendar::Spot, Calendar::Eco2mix];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Calendar::Tempo => "tempo",
            Calendar::Spot => "spot",
            Calendar::Eco2mix => "eco2mix",
        }
    }

    /// The calendar of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|calendar| calendar.name() == name)
    }

    /// What a line is about: its [`Line::key`].
    pub fn key(line: &str) -> &str {
        line.split_once(',').map_or(line, |(key, _)| key)
    }

    fn header(self) -> &'static str {
        match self {
            Calendar::Tempo => "date,colour\n",
            Calendar::Spot => "start,end,eur_per_kwh\n",
            Calendar::Eco2mix => "date_heure,taux_co2\n",
        }
    }

    /// The lines of a file in any of the forms that its importer reads.
    ///
    /// # Errors
    /// A text that is no such calendar.
    pub fn lines(self, text: &str) -> Result<Vec<Line>, CalendarError> {
        match self {
            Calendar::Tempo => {
                let mut colours = Colours::default();
                colours.import(text)?;
                let line = |(day, colour): (jiff::civil::Date, crate::contract::Colour)| {
                    let key = day.to_string();
                    Line { line: format!("{key},{}", colour.name()), key }
                };
                Ok(colours.days().map(line).collect())
            }
            Calendar::Spot => {
                let slots = Slots::parse(text)?;
                let line = |(start, end, price): (Time, Time, i64)| {
                    let key = instant(start);
                    Line { line: format!("{key},{},{}", instant(end), decimal(price)), key }
                };
                Ok(slots.slots().map(line).collect())
            }
            Calendar::Eco2mix => {
                let rows = carbon::eco2mix(text).map_err(|fault| CalendarError::Format(fault.to_string()))?;
                let line = |(at, milligrams): (Time, i64)| {
                    let key = instant(at);
                    // A milligram is a thousandth of a gram.
                    Line { line: format!("{key},{}", decimal(milligrams * 1000)), key }
                };
                Ok(rows.into_iter().map(line).collect())
            }
        }
    }

    /// The lines put together again, as its importer reads them; empty without any.
    pub fn text<'a>(self, lines: impl IntoIterator<Item = &'a str>) -> String {
        let mut text = String::new();
        for line in lines {
            if text.is_empty() {
                text.push_str(self.header());
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

fn instant(at: Time) -> String {
    Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}

/// Millionths as a decimal number.
fn decimal(millionths: i64) -> String {
    let (sign, amount) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
    format!("{sign}{}.{:06}", amount / 1_000_000, amount % 1_000_000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_read_again_as_they_were() {
        let check = |calendar: Calendar, text: &str, expected: &[(&str, &str)]| {
            let lines = calendar.lines(text).unwrap();
            let found: Vec<(&str, &str)> = lines.iter().map(|line| (&*line.key, &*line.line)).collect();
            assert_eq!(found, expected);
            assert!(found.iter().all(|(key, line)| Calendar::key(line) == *key));
            let again = calendar.text(lines.iter().map(|line| line.line.as_str()));
            assert_eq!(calendar.lines(&again).unwrap(), lines);
            assert_eq!(Calendar::from_name(calendar.name()), Some(calendar));
        };
        let light = r#"{"values":{"2026-11-24":"RED","2026-11-23":"Blue"}}"#;
        check(Calendar::Tempo, light, &[("2026-11-23", "2026-11-23,blue"), ("2026-11-24", "2026-11-24,red")]);
        let spot = "start;end;eur_per_mwh\n2026-11-22T00:00:00+01:00;2026-11-22T01:00:00+01:00;-12,50\n";
        let line = "2026-11-21T23:00:00Z,2026-11-22T00:00:00Z,-0.012500";
        check(Calendar::Spot, spot, &[("2026-11-21T23:00:00Z", line)]);
        let grid = r#"{"results":[{"date_heure":"2026-11-22T10:00:00+00:00","taux_co2":30.5}]}"#;
        check(Calendar::Eco2mix, grid, &[("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z,30.500000")]);
        assert_eq!(Calendar::Tempo.text([]), "");
        assert!(Calendar::Eco2mix.lines("<html>").unwrap_err().to_string().contains("columns"));
    }
}

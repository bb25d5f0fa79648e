//! The colours of Tempo days: three formats of them, and the rules that they follow. Must not know prices.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, date};
use serde_json::Value;

use super::{CalendarError, is_holiday};
use crate::table::Table;

/// The colour of a Tempo day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Colour {
    /// 300 or 301 days a year.
    Blue,
    /// 43 days.
    White,
    /// 22 days.
    Red,
}

impl Colour {
    /// As files write it.
    pub fn name(self) -> &'static str {
        match self {
            Colour::Blue => "blue",
            Colour::White => "white",
            Colour::Red => "red",
        }
    }
}

/// The colours that are known, by the date on which each Tempo day begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Colours {
    days: BTreeMap<Date, Colour>,
}

/// A day whose colour breaks the rules: the list is wrong, or the rules have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// Red outside 1 November to 31 March, on a week-end or on a public holiday.
    RedDay(Date),
    /// The sixth red day in a row, or a later one.
    RedInARow(Date),
    /// White on a Sunday.
    WhiteSunday(Date),
    /// More than 22 red days in the year that began on 1 September of this year.
    TooManyRed(i16, usize),
    /// More than 43 white days in it.
    TooManyWhite(i16, usize),
}

impl Colours {
    /// The colour of the day that begins on this date, if it is known.
    pub fn get(&self, day: Date) -> Option<Colour> {
        self.days.get(&day).copied()
    }

    /// The days that are known, in order.
    pub fn days(&self) -> impl Iterator<Item = (Date, Colour)> + '_ {
        self.days.iter().map(|(day, colour)| (*day, *colour))
    }

    /// How many days are known.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Adds the days of a file, which replace those known before. Formats: RTE's `tempoLight` and
    /// `tempo_like_calendars` (JSON), or lines `date,colour` below that header. Days without a colour yet are left out.
    /// Returns how many were added.
    ///
    /// # Errors
    /// A text that is none of these, and then nothing is added.
    pub fn import(&mut self, text: &str) -> Result<usize, CalendarError> {
        let days = if text.trim_start().starts_with('{') { from_json(text)? } else { from_lines(text)? };
        let count = days.len();
        self.days.extend(days);
        Ok(count)
    }

    /// What breaks the rules of Tempo, in order.
    pub fn oddities(&self) -> Vec<Oddity> {
        let mut found = Vec::new();
        let mut in_a_row: Vec<Date> = Vec::new();
        let mut counts: BTreeMap<i16, [usize; 2]> = BTreeMap::new();
        for (&day, &colour) in &self.days {
            let count = counts.entry(year_of(day)).or_default();
            match colour {
                Colour::Blue => {}
                Colour::White => {
                    count[0] += 1;
                    if day.weekday() == Weekday::Sunday {
                        found.push(Oddity::WhiteSunday(day));
                    }
                }
                Colour::Red => {
                    count[1] += 1;
                    if !may_be_red(day) {
                        found.push(Oddity::RedDay(day));
                    }
                    if in_a_row.last().is_some_and(|last| last.tomorrow().ok() != Some(day)) {
                        in_a_row.clear();
                    }
                    in_a_row.push(day);
                    if in_a_row.len() > 5 {
                        found.push(Oddity::RedInARow(day));
                    }
                }
            }
        }
        for (year, [white, red]) in counts {
            found.extend((red > 22).then_some(Oddity::TooManyRed(year, red)));
            found.extend((white > 43).then_some(Oddity::TooManyWhite(year, white)));
        }
        found
    }
}

/// Names of rates as listings show them.
pub(super) fn rate_name(colour: Colour, is_off_peak: bool) -> &'static str {
    match (colour, is_off_peak) {
        (Colour::Blue, false) => "blue peak",
        (Colour::Blue, true) => "blue off-peak",
        (Colour::White, false) => "white peak",
        (Colour::White, true) => "white off-peak",
        (Colour::Red, false) => "red peak",
        (Colour::Red, true) => "red off-peak",
    }
}

/// The year in which the Tempo year of a day began, on 1 September.
fn year_of(day: Date) -> i16 {
    if day < date(day.year(), 9, 1) { day.year() - 1 } else { day.year() }
}

fn may_be_red(day: Date) -> bool {
    let is_winter = day.month() >= 11 || day.month() <= 3;
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    is_winter && !is_weekend && !is_holiday(day)
}

fn colour(text: &str) -> Option<Colour> {
    match text.to_ascii_lowercase().as_str() {
        "blue" | "bleu" => Some(Colour::Blue),
        "white" | "blanc" => Some(Colour::White),
        "red" | "rouge" => Some(Colour::Red),
        _ => None,
    }
}

fn from_json(text: &str) -> Result<Vec<(Date, Colour)>, CalendarError> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| CalendarError::Format(format!("the colours are no JSON that can be read: {error}")))?;
    if let Some(values) = json["tempo_like_calendars"]["values"].as_array() {
        return Ok(values.iter().filter_map(rte_day).collect());
    }
    match json["values"].as_object() {
        Some(values) => Ok(values
            .iter()
            .filter(|(day, _)| !values.get(&format!("{day}-fallback")).is_some_and(is_true))
            .filter_map(|(day, value)| Some((day.parse().ok()?, colour(value.as_str()?)?)))
            .collect()),
        None => Err(CalendarError::Format("the colours are neither RTE's `tempoLight` nor its calendar".into())),
    }
}

/// A fallback is what the site shows while the colour is not known.
fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The date of `start_date` is the local one: its offset is there.
fn rte_day(value: &Value) -> Option<(Date, Colour)> {
    let day = value["start_date"].as_str()?.get(..10)?.parse().ok()?;
    Some((day, colour(value["value"].as_str()?)?))
}

fn from_lines(text: &str) -> Result<Vec<(Date, Colour)>, CalendarError> {
    let table = Table::new(text);
    let columns = table.column(&["date", "day", "jour"]).zip(table.column(&["colour", "color", "couleur"]));
    let Some((day, named)) = columns else {
        return Err(CalendarError::Format("the first line must name the columns date and colour".into()));
    };
    let row = |(line, fields): (usize, Vec<&str>)| {
        let read = (|| Some((fields.get(day)?.parse().ok()?, colour(fields.get(named)?)?)))();
        read.ok_or_else(|| CalendarError::Line { line, what: "no date and colour such as 2026-11-22,blue".into() })
    };
    table.rows().map(row).collect()
}

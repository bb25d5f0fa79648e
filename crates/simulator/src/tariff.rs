//! What a kilowatt-hour costs at which time of the day. Must not know who uses it.
//!
//! As a text:
//!
//! ```toml
//! name = "peak and off-peak, 2:1"
//! price = 0.24            # €/kWh outside the windows
//!
//! [[window]]
//! from = "22:00"          # local time; a window may go over midnight
//! until = "06:00"
//! price = 0.12
//! ```

use serde::Deserialize;

use crate::text::{TextError, read, wrong};

/// Seconds of a day. There are no other days: a trace does not say when clocks change.
pub const DAY: i64 = 86_400;

/// A price, in millionths of a euro for a kilowatt-hour.
pub type Price = i64;

/// A price at each second of the day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tariff {
    name: String,
    /// From which second of the day which price holds; the first is 0, and neighbours differ.
    steps: Vec<(i64, Price)>,
    /// Price times seconds of the day before each step, and of the whole day.
    before: Vec<i64>,
}

/// A tariff on a trace's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prices<'a> {
    tariff: &'a Tariff,
    /// The second of the local day at the trace's second 0.
    local0: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffText {
    name: Option<String>,
    price: f64,
    #[serde(default)]
    window: Vec<WindowText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowText {
    from: String,
    until: String,
    price: f64,
}

/// `HH:MM` or `HH:MM:SS` as a second of the day; 24:00 is its end.
fn second(key: &str, text: &str) -> Result<i64, TextError> {
    let parts: Option<Vec<i64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let second = match parts.as_deref() {
        Some([hour, minute]) => hour * 3600 + minute * 60,
        Some([hour, minute, second]) => hour * 3600 + minute * 60 + second,
        _ => -1,
    };
    let fields_fit = parts.is_some_and(|parts| parts.iter().skip(1).all(|part| (0..60).contains(part)));
    if fields_fit && (0..=DAY).contains(&second) {
        Ok(second)
    } else {
        Err(wrong(key, format!("`{text}` is no time of the day such as 22:00")))
    }
}

fn price(key: &str, euros: f64) -> Result<Price, TextError> {
    if (0.0..=1000.0).contains(&euros) {
        Ok((euros * 1e6).round() as Price)
    } else {
        Err(wrong(key, format!("{euros} is no price in €/kWh between 0 and 1000")))
    }
}

impl Tariff {
    /// Reads a text. Where windows overlap the last holds.
    ///
    /// # Errors
    /// No TOML, unknown keys, times or prices that cannot be.
    pub fn parse(text: &str) -> Result<Tariff, TextError> {
        let text: TariffText = read(text)?;
        let base = price("price", text.price)?;
        let mut windows = Vec::new();
        for window in &text.window {
            let (from, until) = (second("from", &window.from)?, second("until", &window.until)?);
            if from == until {
                return Err(wrong("until", format!("the window from {} is empty", window.from)));
            }
            windows.push((from % DAY, until, price("price", window.price)?));
        }
        Ok(Tariff::new(text.name.unwrap_or_default(), base, &windows))
    }

    /// One price, and another in some windows (from, until, price), in seconds of the day.
    pub fn new(name: String, base: Price, windows: &[(i64, i64, Price)]) -> Tariff {
        let inside = |(from, until): (i64, i64), at: i64| {
            if from < until { (from..until).contains(&at) } else { at >= from || at < until }
        };
        let holds = |at: i64| {
            let window = windows.iter().rev().find(|(from, until, _)| inside((*from, *until), at));
            window.map_or(base, |(.., price)| *price)
        };
        let mut edges: Vec<i64> = windows.iter().flat_map(|(from, until, _)| [*from % DAY, *until % DAY]).collect();
        edges.push(0);
        edges.sort_unstable();
        let mut steps: Vec<(i64, Price)> = edges.into_iter().map(|edge| (edge, holds(edge))).collect();
        steps.dedup_by_key(|step| step.0);
        steps.dedup_by_key(|step| step.1);
        let mut before = vec![0];
        for (step, (from, price)) in steps.iter().enumerate() {
            let until = steps.get(step + 1).map_or(DAY, |next| next.0);
            before.push(before[step] + (until - from) * price);
        }
        Tariff { name, steps, before }
    }

    /// The same price always.
    pub fn flat(price: Price) -> Tariff {
        Tariff::new(String::new(), price, &[])
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tariff on a trace's time, whose second 0 is so many seconds after a local midnight.
    pub fn at(&self, local0: i64) -> Prices<'_> {
        Prices { tariff: self, local0 }
    }

    /// The seconds of the day at which the price changes, and 0.
    pub fn steps(&self) -> impl Iterator<Item = i64> + '_ {
        self.steps.iter().map(|step| step.0)
    }

    /// The step that holds at a second of the day.
    fn step(&self, second: i64) -> usize {
        self.steps.partition_point(|step| step.0 <= second) - 1
    }
}

impl Prices<'_> {
    /// The price at an instant.
    pub fn price(&self, at: i64) -> Price {
        let tariff = self.tariff;
        tariff.steps[tariff.step((at + self.local0).rem_euclid(DAY))].1
    }

    /// Price times seconds from the first local midnight.
    fn since_midnight(&self, at: i64) -> i64 {
        let (tariff, local) = (self.tariff, at + self.local0);
        let second = local.rem_euclid(DAY);
        let step = tariff.step(second);
        let whole = tariff.before[tariff.steps.len()];
        local.div_euclid(DAY) * whole + tariff.before[step] + (second - tariff.steps[step].0) * tariff.steps[step].1
    }

    /// Price times seconds between two instants: what a watt costs, in 3.6·10¹² of a euro.
    pub fn sum(&self, from: i64, until: i64) -> i64 {
        self.since_midnight(until) - self.since_midnight(from)
    }

    /// The next instant after this one at which the price changes; never, for a flat tariff.
    pub fn next_change(&self, at: i64) -> Option<i64> {
        let tariff = self.tariff;
        if tariff.steps.len() < 2 {
            return None;
        }
        let local = at + self.local0;
        let (day, second) = (local - local.rem_euclid(DAY), local.rem_euclid(DAY));
        let later = tariff.steps.get(tariff.step(second) + 1);
        // At midnight nothing changes if the last price of the day is also the first.
        let whole = tariff.steps.first().map(|step| step.1) == tariff.steps.last().map(|step| step.1);
        let next = match later {
            Some(step) => step.0,
            None if whole => DAY + tariff.steps[1].0,
            None => DAY,
        };
        Some(day + next - self.local0)
    }
}

impl scheduler::thrift::Prices for Prices<'_> {
    fn price(&self, at: i64) -> i64 {
        Prices::price(self, at)
    }
    fn sum(&self, from: i64, until: i64) -> i64 {
        Prices::sum(self, from, until)
    }
    fn next_change(&self, at: i64) -> Option<i64> {
        Prices::next_change(self, at)
    }
}

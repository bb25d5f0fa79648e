//! Carbon of electricity: two figures with two meanings, each with its own type, so that nobody adds one to the other.
//!
//! *Production*: direct emissions by the electricity produced. *Life cycle*: the electricity consumed, imports and the
//! making of plants included. Factors are dated data (`data/carbon.toml`). Must not know prices, nor read a file.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Span, Time};
use serde::Deserialize;
use serde_json::Value;

use crate::table::{Table, de_date, de_millionths, instant, millionths};
use crate::{Energy, Interval, PerKwh, share};

/// Milligrams of CO2e, production average.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ProductionMg(pub i64);

/// Milligrams of CO2e, consumption with its life cycle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct LifecycleMg(pub i64);

/// Factors that hold from a day on, each in milligrams per kilowatt-hour (in files: in grams).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// The first day, in local time.
    #[serde(deserialize_with = "de_date")]
    pub from: Date,
    /// Production average.
    #[serde(deserialize_with = "de_grams")]
    pub production: i64,
    /// Consumption, life cycle.
    #[serde(deserialize_with = "de_grams")]
    pub lifecycle: i64,
    /// Where they come from, and of when.
    pub source: String,
}

fn de_grams<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    de_millionths(deserializer).map(|micrograms| micrograms / 1000)
}

/// The factors of an installation.
#[derive(Clone, Debug)]
pub struct Factors {
    zone: TimeZone,
    factors: Vec<Factor>,
    /// The grid's own figures for production: from an instant on, milligrams per kilowatt-hour.
    grid: BTreeMap<Time, i64>,
}

/// Carbon that came with energy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carbon {
    production: PerKwh,
    lifecycle: PerKwh,
    /// How much of the energy counted by the grid's figure of its quarter of an hour, rather than a year's average.
    pub by_grid: Energy,
}

impl Carbon {
    /// Sums of the two figures, as they were kept.
    pub fn from_sums(production: PerKwh, lifecycle: PerKwh, by_grid: Energy) -> Self {
        Self { production, lifecycle, by_grid }
    }

    /// The two figures before they are rounded: production, life cycle.
    pub fn sums(&self) -> (PerKwh, PerKwh) {
        (self.production, self.lifecycle)
    }

    /// Rounded to the milligram.
    pub fn production(&self) -> ProductionMg {
        ProductionMg(self.production.rounded())
    }

    /// Rounded to the milligram.
    pub fn lifecycle(&self) -> LifecycleMg {
        LifecycleMg(self.lifecycle.rounded())
    }
}

impl std::ops::AddAssign for Carbon {
    fn add_assign(&mut self, other: Carbon) {
        self.production.0 = self.production.0.saturating_add(other.production.0);
        self.lifecycle.0 = self.lifecycle.0.saturating_add(other.lifecycle.0);
        self.by_grid += other.by_grid;
    }
}

/// What is wrong with a file of factors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// A file of factors that cannot be read.
    #[error("the factors cannot be read: {0}")]
    Factors(String),
    /// None at all.
    #[error("there is no factor: add a [[factor]] with its first day, production and lifecycle")]
    Empty,
    /// A file that is not of éCO2mix.
    #[error("{0}")]
    Format(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    factor: Vec<Factor>,
}

/// The factors that this version knows.
pub const SHIPPED: &str = include_str!("../data/carbon.toml");

/// The grid's figures come every 15 minutes (every 30 in the yearly files); one that is older is no longer true.
const FRESH: Span = Span::minutes(60);

impl Factors {
    /// Reads factors from TOML, one `[[factor]]` each.
    ///
    /// # Errors
    /// What the file has wrong, with its place; a file without factors.
    pub fn parse(zone: TimeZone, text: &str) -> Result<Self, FactorError> {
        let file: File = toml::from_str(text).map_err(|error| FactorError::Factors(error.to_string()))?;
        let mut factors = file.factor;
        factors.sort_by_key(|factor| factor.from);
        if factors.is_empty() { Err(FactorError::Empty) } else { Ok(Self { zone, factors, grid: BTreeMap::new() }) }
    }

    /// Adds the figures of a saved file of éCO2mix, see [`eco2mix`]. Returns how many were added.
    ///
    /// # Errors
    /// A text that is none.
    pub fn import_eco2mix(&mut self, text: &str) -> Result<usize, FactorError> {
        let rows = eco2mix(text)?;
        let count = rows.len();
        self.grid.extend(rows);
        Ok(count)
    }

    /// The factor of a local day: the last whose first day has come, or the first of all.
    pub fn of_day(&self, day: Date) -> &Factor {
        &self.factors[self.factors.partition_point(|factor| factor.from <= day).saturating_sub(1)]
    }

    /// The factors at an instant, production and life cycle, in milligrams per kilowatt-hour; and whether the first is
    /// the grid's own figure of that time.
    pub fn at(&self, at: Time) -> (i64, i64, bool) {
        let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let factor = self.of_day(self.zone.to_datetime(moment).date());
        let grid = self.grid.range(..=at).next_back().filter(|(since, _)| at - **since < FRESH).map(|(_, mg)| *mg);
        (grid.unwrap_or(factor.production), factor.lifecycle, grid.is_some())
    }

    /// Adds the carbon of `energy`, used evenly over `interval`.
    pub fn add(&self, interval: &Interval, energy: Energy, carbon: &mut Carbon) {
        let edges = self.edges(interval);
        let lengths: Vec<u128> = edges.windows(2).map(|edge| (edge[1] - edge[0]).0.max(0) as u128).collect();
        if lengths.iter().sum::<u128>() == 0 {
            return self.add_at(interval.start, energy, carbon);
        }
        let parts = share(energy.0.max(0) as u64, &lengths);
        for (edge, part) in edges.windows(2).zip(parts) {
            self.add_at(edge[0], Energy(part as i64), carbon);
        }
    }

    fn add_at(&self, at: Time, energy: Energy, carbon: &mut Carbon) {
        let (production, lifecycle, is_by_grid) = self.at(at);
        carbon.production.add(energy, production);
        carbon.lifecycle.add(energy, lifecycle);
        if is_by_grid {
            carbon.by_grid += energy;
        }
    }

    /// Start, end, and all instants between them at which a factor may change.
    fn edges(&self, interval: &Interval) -> Vec<Time> {
        let (start, end) = (interval.start, interval.end);
        let midnight = |factor: &Factor| {
            let instants = self.zone.to_ambiguous_timestamp(factor.from.at(0, 0, 0, 0));
            instants.compatible().ok().map(|instant| Time(instant.as_millisecond()))
        };
        let inside = |at: &Time| *at > start && *at < end;
        let mut edges: Vec<Time> = self.factors.iter().filter_map(midnight).filter(inside).collect();
        let near = (start - FRESH).min(end)..end;
        edges.extend(self.grid.range(near).flat_map(|(since, _)| [*since, *since + FRESH]).filter(inside));
        edges.extend([start, end]);
        edges.sort_unstable();
        edges
    }
}

/// The figures of a saved file of éCO2mix, in milligrams per kilowatt-hour: JSON with `results`, or lines with the columns
/// `date_heure` and `taux_co2`. Rows without a figure (`null`, `ND`) are left out.
///
/// # Errors
/// A text that is neither.
pub fn eco2mix(text: &str) -> Result<Vec<(Time, i64)>, FactorError> {
    if text.trim_start().starts_with(['{', '[']) { eco2mix_json(text) } else { eco2mix_lines(text) }
}

fn eco2mix_json(text: &str) -> Result<Vec<(Time, i64)>, FactorError> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| FactorError::Format(format!("this is no JSON that can be read: {error}")))?;
    let Some(rows) = json["results"].as_array().or(json.as_array()) else {
        return Err(FactorError::Format("this JSON has no `results`: it is no file of éCO2mix".into()));
    };
    let row = |row: &Value| {
        let grams = match &row["taux_co2"] {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => return None,
        };
        figure(row["date_heure"].as_str()?, &grams)
    };
    Ok(rows.iter().filter_map(row).collect())
}

fn eco2mix_lines(text: &str) -> Result<Vec<(Time, i64)>, FactorError> {
    let table = Table::new(text);
    let columns = table.column(&["date_heure", "Date - Heure"]).zip(table.column(&["taux_co2", "Taux de CO2 (g/kWh)"]));
    let Some((at, grams)) = columns else {
        return Err(FactorError::Format("the first line has no columns date_heure and taux_co2".into()));
    };
    Ok(table.rows().filter_map(|(_, fields)| figure(fields.get(at)?, fields.get(grams)?)).collect())
}

/// `None` for a row without a figure; a negative one is none.
fn figure(at: &str, grams: &str) -> Option<(Time, i64)> {
    let micrograms = millionths(grams).filter(|figure| *figure >= 0)?;
    Some((instant(at)?, micrograms / 1000))
}

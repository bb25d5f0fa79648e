//! Contracts of electricity as calendars: what a kilowatt-hour costs at an instant, and when that changes next.
//!
//! Prices, windows and dates are data ([`parse`]); `data/contracts.toml` has the regulated French ones with their
//! dates. Must not know who consumed, nor read a file: the zone and the texts are arguments.

mod clock;
mod holidays;
mod slots;
mod tempo;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Time;
use serde::Deserialize;

pub use clock::Window;
pub(crate) use clock::{first_instant, timestamp};
pub use holidays::is_holiday;
pub use slots::Slots;
pub use tempo::{Colour, Colours, Oddity};

use crate::table::{de_date, de_millionths};
use crate::{Energy, Interval, PerKwh, share};

/// The contracts that were in force one after the other, and the calendars that some of them need.
#[derive(Clone, Debug)]
pub struct Book {
    zone: TimeZone,
    /// In the order of their first days; never empty.
    contracts: Vec<Contract>,
    colours: Colours,
    slots: Slots,
}

/// One contract.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Contract {
    /// What a listing calls it.
    pub name: String,
    /// Its first day, from local midnight on.
    #[serde(deserialize_with = "de_date")]
    pub from: Date,
    /// Where the figures come from, and when they were read.
    #[serde(default)]
    pub source: String,
    /// Subscription a month, in micro-euros.
    #[serde(rename = "eur_per_month", default, deserialize_with = "de_millionths")]
    pub microeur_per_month: i64,
    /// What a kilowatt-hour costs.
    pub price: Price,
}

/// Prices of a contract, all in micro-euros per kilowatt-hour (in files: `eur_per_kwh` and so on, in euros).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Price {
    /// The same at all hours.
    Base(Base),
    /// Less in some hours of each day.
    OffPeak(OffPeak),
    /// By the colour of the day as well.
    Tempo(Tempo),
    /// From a list of times and prices (spot markets, contracts of one's own).
    Slots(SlotPrice),
}

/// See [`Price::Base`].
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Base {
    /// Micro-euros per kilowatt-hour.
    #[serde(rename = "eur_per_kwh", deserialize_with = "de_millionths")]
    pub price: i64,
}

/// See [`Price::OffPeak`].
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct OffPeak {
    /// Micro-euros per kilowatt-hour outside the windows.
    #[serde(rename = "peak_eur_per_kwh", deserialize_with = "de_millionths")]
    pub peak: i64,
    /// Within them.
    #[serde(rename = "off_peak_eur_per_kwh", deserialize_with = "de_millionths")]
    pub off_peak: i64,
    /// When, in local civil time: `["22:30-06:30"]`.
    pub windows: Vec<Window>,
}

/// See [`Price::Tempo`].
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Tempo {
    /// Of blue days.
    pub blue: TempoPrice,
    /// Of white days.
    pub white: TempoPrice,
    /// Of red days.
    pub red: TempoPrice,
    /// When it is off-peak: `["22:00-06:00"]`.
    pub windows: Vec<Window>,
    /// When a day and its colour begin: `"06:00"`.
    #[serde(deserialize_with = "clock::de_minute")]
    pub day_starts: u16,
}

/// Prices of one colour.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct TempoPrice {
    /// Micro-euros per kilowatt-hour in peak hours.
    #[serde(rename = "peak_eur_per_kwh", deserialize_with = "de_millionths")]
    pub peak: i64,
    /// In off-peak hours.
    #[serde(rename = "off_peak_eur_per_kwh", deserialize_with = "de_millionths")]
    pub off_peak: i64,
}

/// See [`Price::Slots`].
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct SlotPrice {
    /// Micro-euros per kilowatt-hour for what the list does not have.
    #[serde(rename = "otherwise_eur_per_kwh", deserialize_with = "de_millionths")]
    pub otherwise: i64,
    /// What comes on top of a listed price: taxes, grid, margin.
    #[serde(rename = "plus_eur_per_kwh", default, deserialize_with = "de_millionths")]
    pub plus: i64,
}

/// What a kilowatt-hour costs for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate<'a> {
    /// Micro-euros.
    pub microeur_per_kwh: i64,
    /// Which of the contract's rates: `peak`, `blue off-peak`.
    pub name: &'a str,
    /// Whether the calendars say so; otherwise the contract's price for what they do not say.
    pub is_known: bool,
    /// The contract.
    pub contract: &'a Contract,
}

/// A rate with its time, a part of a longer one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice<'a> {
    /// From,
    pub start: Time,
    /// up to.
    pub end: Time,
    /// What a kilowatt-hour costs then.
    pub rate: Rate<'a>,
}

/// What energy cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// Micro-euros, not rounded yet.
    pub price: PerKwh,
    /// How much of the energy was priced without a calendar that says so.
    pub estimated: Energy,
}

/// What is wrong with a calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A file of contracts that cannot be read.
    #[error("the contracts cannot be read: {0}")]
    Contracts(String),
    /// No contract at all.
    #[error("there is no contract: add a [[contract]] with its first day and its price")]
    Empty,
    /// A line of a list that cannot be read.
    #[error("line {line}: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What was expected, and what stands there.
        what: String,
    },
    /// A list that is none of the known ones.
    #[error("{0}")]
    Format(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    contract: Vec<Contract>,
}

/// Reads contracts from TOML, one `[[contract]]` each (see `data/contracts.toml`).
///
/// # Errors
/// What the file has wrong, with its place.
pub fn parse(text: &str) -> Result<Vec<Contract>, CalendarError> {
    let file: File = toml::from_str(text).map_err(|error| CalendarError::Contracts(error.to_string()))?;
    Ok(file.contract)
}

/// The regulated contracts of France as this version knows them: templates for an operator's own file.
pub const SHIPPED: &str = include_str!("../../data/contracts.toml");

impl Book {
    /// A book of these contracts in this zone. `colours` and `slots` may be empty.
    ///
    /// # Errors
    /// Without any contract.
    pub fn new(
        zone: TimeZone,
        mut contracts: Vec<Contract>,
        colours: Colours,
        slots: Slots,
    ) -> Result<Self, CalendarError> {
        contracts.sort_by_key(|contract| contract.from);
        if contracts.is_empty() { Err(CalendarError::Empty) } else { Ok(Self { zone, contracts, colours, slots }) }
    }

    /// The contracts, in the order of their first days.
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// The rate at an instant, with the time from there to where it may change next. Before the first contract its
    /// price is taken, and is not known.
    pub fn at(&self, at: Time) -> Slice<'_> {
        let moment = clock::timestamp(at);
        let local = self.zone.to_datetime(moment);
        let next = self.contracts.partition_point(|contract| contract.from <= local.date());
        let contract = &self.contracts[next.saturating_sub(1)];
        let mut rate = self.rate(contract, at, local);
        rate.is_known &= next > 0;
        Slice { start: at, end: self.next_change(contract, self.contracts.get(next), at, moment), rate }
    }

    /// The time from `start` to `end` in pieces of one rate each, in order, without holes.
    pub fn slices(&self, start: Time, end: Time) -> Vec<Slice<'_>> {
        let (mut slices, mut at): (Vec<Slice<'_>>, Time) = (Vec::new(), start);
        while at < end {
            let slice = self.at(at);
            let until = slice.end.min(end);
            match slices.last_mut().filter(|before| before.rate == slice.rate) {
                Some(before) => before.end = until,
                None => slices.push(Slice { end: until, ..slice }),
            }
            at = until;
        }
        slices
    }

    /// Adds to `cost` what `energy` cost, used evenly over `interval`: each part at the rate of its time.
    pub fn price(&self, interval: &Interval, energy: Energy, cost: &mut Cost) {
        for (slice, part) in self.split(interval, energy) {
            cost.price.add(part, slice.rate.microeur_per_kwh);
            if !slice.rate.is_known {
                cost.estimated += part;
            }
        }
    }

    /// `energy`, used evenly over `interval`, by rate. The parts sum to it. An interval without length has the rate of
    /// its instant.
    pub fn split(&self, interval: &Interval, energy: Energy) -> Vec<(Slice<'_>, Energy)> {
        let first = self.at(interval.start);
        if interval.end <= first.end {
            return vec![(Slice { end: interval.end, ..first }, energy)];
        }
        let slices = self.slices(interval.start, interval.end);
        let lengths: Vec<u128> = slices.iter().map(|slice| (slice.end - slice.start).0.max(0) as u128).collect();
        let parts = share(energy.0.max(0) as u64, &lengths);
        slices.into_iter().zip(parts.into_iter().map(|part| Energy(part as i64))).collect()
    }

    fn rate<'a>(&self, contract: &'a Contract, at: Time, local: jiff::civil::DateTime) -> Rate<'a> {
        let (microeur_per_kwh, name, is_known) = match &contract.price {
            Price::Base(base) => (base.price, "base", true),
            Price::OffPeak(prices) if clock::is_within(&prices.windows, local.time()) => {
                (prices.off_peak, "off-peak", true)
            }
            Price::OffPeak(prices) => (prices.peak, "peak", true),
            Price::Tempo(tempo) => self.tempo_rate(tempo, local),
            Price::Slots(slots) => match self.slots.price(at) {
                Some(price) => (price.saturating_add(slots.plus), "listed", true),
                None => (slots.otherwise, "otherwise", false),
            },
        };
        Rate { microeur_per_kwh, name, is_known, contract }
    }

    /// A day without a colour counts as blue: more than eight of ten are.
    fn tempo_rate(&self, tempo: &Tempo, local: jiff::civil::DateTime) -> (i64, &'static str, bool) {
        let day = if clock::minute(local.time()) < tempo.day_starts {
            local.date().yesterday().unwrap_or(local.date())
        } else {
            local.date()
        };
        let colour = self.colours.get(day);
        let prices = match colour.unwrap_or(Colour::Blue) {
            Colour::Blue => &tempo.blue,
            Colour::White => &tempo.white,
            Colour::Red => &tempo.red,
        };
        let is_off_peak = clock::is_within(&tempo.windows, local.time());
        let name = tempo::rate_name(colour.unwrap_or(Colour::Blue), is_off_peak);
        (if is_off_peak { prices.off_peak } else { prices.peak }, name, colour.is_some())
    }

    /// The first instant after `at` at which the rate may differ.
    fn next_change(&self, contract: &Contract, next: Option<&Contract>, at: Time, moment: Timestamp) -> Time {
        let takes_over = next.and_then(|next| clock::first_instant(&self.zone, next.from));
        let changes = match &contract.price {
            Price::Base(_) => None,
            Price::OffPeak(prices) => clock::next_of(&self.zone, moment, prices.windows.iter().flat_map(Window::edges)),
            Price::Tempo(tempo) => {
                let edges = tempo.windows.iter().flat_map(Window::edges).chain([tempo.day_starts]);
                clock::next_of(&self.zone, moment, edges)
            }
            Price::Slots(_) => self.slots.next_edge(at),
        };
        // Whatever was forgotten above: nothing goes wrong where a rate is looked up again.
        let far = Time(at.0.saturating_add(366 * 86_400_000));
        takes_over.into_iter().chain(changes).filter(|change| *change > at).min().unwrap_or(far)
    }
}

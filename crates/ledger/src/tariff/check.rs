//! What is wrong with tariffs, all of it at once, each fault with its place and a way out. Must not know files.

use std::collections::BTreeMap;
use std::fmt;

use model::Money;

use super::{Category, Kind, Resource, Tariff, describe};
use crate::day::Day;
use crate::words::UnknownWord;
use model::hint;

/// One thing that is wrong with tariffs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// A file that is no TOML, or has another shape.
    #[error("the tariffs cannot be read: {0}")]
    Syntax(String),
    /// Another currency than the ledger's.
    #[error("currency = \"{0}\" is no currency that is known here: write currency = \"EUR\"")]
    Currency(String),
    /// No tariff at all.
    #[error("there is no tariff: add a [[tariff]] with its version, category, first day, kind and prices")]
    Empty,
    /// A category, resource or kind that does not exist.
    #[error("{place}: {word}")]
    Word {
        /// Which tariff.
        place: String,
        /// Which word.
        word: UnknownWord,
    },
    /// A price below zero.
    #[error("{place}: {what} is {price} EUR: a price cannot be negative; give money back by a credit instead")]
    Negative {
        /// Which tariff.
        place: String,
        /// Which figure.
        what: String,
        /// The figure.
        price: Money,
    },
    /// Prices that do not go with the kind of tariff.
    #[error("{place}: {what}")]
    Kind {
        /// Which tariff.
        place: String,
        /// What does not fit, and what to do.
        what: String,
    },
    /// It is over before it begins.
    #[error("{place}: its last day {to} is before its first day {from}: exchange them or correct one")]
    Backwards {
        /// Which tariff.
        place: String,
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
    },
    /// Two versions of a category with the same name.
    #[error("{place}: {category} has another version `{version}`: give each version a name of its own")]
    Twice {
        /// Which tariff.
        place: String,
        /// Whose.
        category: Category,
        /// The name.
        version: String,
    },
    /// Days on which two tariffs hold.
    #[error("{first} and {second} both hold on {day}: end the first with to = \"{before}\"")]
    Overlap {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// The first such day.
        day: Day,
        /// The day before it.
        before: Day,
    },
    /// Days on which none holds.
    #[error(
        "{category}: nothing holds from {from} to {to}, between {before} and {after}: let one of them reach further"
    )]
    Gap {
        /// Whose.
        category: Category,
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
        /// What held before.
        before: String,
        /// What holds after.
        after: String,
    },
    /// A type of machine that the centre does not have.
    #[error("{place}: `{machine}` is no type of machine of this centre: {hint}")]
    Machine {
        /// Which tariff.
        place: String,
        /// The word.
        machine: String,
        /// What was meant.
        hint: String,
    },
}

/// Everything that is wrong, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffErrors(pub Vec<TariffError>);

impl std::error::Error for TariffErrors {}

impl fmt::Display for TariffErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(TariffError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Each by itself, then all of a category together.
pub(super) fn all(tariffs: &[Tariff]) -> Result<(), TariffErrors> {
    let mut errors: Vec<TariffError> = tariffs.iter().flat_map(one).collect();
    let mut of: BTreeMap<Category, Vec<&Tariff>> = BTreeMap::new();
    for tariff in tariffs {
        of.entry(tariff.category).or_default().push(tariff);
    }
    for (category, of_category) in &mut of {
        of_category.sort_by_key(|tariff| tariff.from);
        errors.extend(twice(of_category));
        errors.extend(of_category.windows(2).filter_map(|pair| neighbours(*category, pair[0], pair[1])));
    }
    if tariffs.is_empty() {
        errors.push(TariffError::Empty);
    }
    if errors.is_empty() { Ok(()) } else { Err(TariffErrors(errors)) }
}

fn one(tariff: &Tariff) -> Vec<TariffError> {
    let place = describe(tariff);
    let mut errors = Vec::new();
    if let Some(to) = tariff.to.filter(|to| *to < tariff.from) {
        errors.push(TariffError::Backwards { place: place.clone(), from: tariff.from, to });
    }
    let prices = tariff.prices.iter().flat_map(|(resource, price)| {
        let all = price.any.iter().map(|price| ("any", *price));
        let all = all.chain(price.of.iter().map(|(machine, price)| (machine.as_str(), *price)));
        all.map(move |(machine, price)| (format!("{resource} of {machine}"), price))
    });
    for (what, price) in prices.chain([("eur_per_month".to_owned(), tariff.per_month)]) {
        if price < Money::ZERO {
            errors.push(TariffError::Negative { place: place.clone(), what, price });
        }
    }
    let shares = tariff.share_mib_per_core.any.iter().chain(tariff.share_mib_per_core.of.values());
    if shares.into_iter().any(|share| *share < 0) {
        let what = "share_mib_per_core cannot be negative: write 0 where all memory has a price".to_owned();
        errors.push(TariffError::Kind { place: place.clone(), what });
    }
    errors.extend(kind(tariff).map(|what| TariffError::Kind { place, what: what.to_owned() }));
    errors
}

/// What does not go with the kind of tariff.
fn kind(tariff: &Tariff) -> Option<&'static str> {
    let has = |resource| tariff.prices.contains_key(&resource);
    let is_timed = has(Resource::CoreHour) || has(Resource::MachineHour);
    match tariff.kind {
        Kind::OnePart if has(Resource::Kwh) => Some("a one-part tariff includes energy: remove kwh, or write two_part"),
        Kind::TwoPart if !has(Resource::Kwh) => {
            Some("a two-part tariff has a price for energy: add kwh, or write one_part")
        }
        Kind::OnePart | Kind::TwoPart if !is_timed => Some("hours have no price: add core_hour"),
        Kind::OnePart | Kind::TwoPart if tariff.per_month != Money::ZERO => {
            Some("eur_per_month is for flat tariffs: remove it, or write flat")
        }
        Kind::Flat if !tariff.prices.is_empty() => {
            Some("a flat tariff has no other price than eur_per_month: remove them")
        }
        _ => None,
    }
}

fn twice<'a>(of_category: &'a [&Tariff]) -> impl Iterator<Item = TariffError> + 'a {
    let is_seen = |at: usize| of_category[..at].iter().any(|before| before.version == of_category[at].version);
    (1..of_category.len()).filter(move |at| is_seen(*at)).map(|at| {
        let tariff = of_category[at];
        TariffError::Twice { place: describe(tariff), category: tariff.category, version: tariff.version.clone() }
    })
}

fn neighbours(category: Category, first: &Tariff, second: &Tariff) -> Option<TariffError> {
    let free = first.to.map(|to| to.plus(1));
    if free.is_none_or(|free| free > second.from) {
        let (day, before) = (second.from, second.from.plus(-1));
        return Some(TariffError::Overlap { first: describe(first), second: describe(second), day, before });
    }
    let from = free.filter(|free| *free < second.from)?;
    let (before, after) = (describe(first), describe(second));
    Some(TariffError::Gap { category, from, to: second.from.plus(-1), before, after })
}

pub(super) fn unknown_machines<'a>(tariffs: impl Iterator<Item = &'a Tariff>, known: &[&str]) -> Vec<TariffError> {
    let of_tariff = tariffs.flat_map(|tariff| {
        let priced = tariff.prices.values().flat_map(|price| price.of.keys());
        let mut names: Vec<&String> = priced.chain(tariff.share_mib_per_core.of.keys()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(move |name| (tariff, name))
    });
    let unknown = of_tariff.filter(|(_, name)| !known.contains(&name.as_str()));
    let error = |(tariff, name): (&Tariff, &String)| TariffError::Machine {
        place: describe(tariff),
        machine: name.clone(),
        hint: hint(name, known.iter().copied()),
    };
    unknown.map(error).collect()
}

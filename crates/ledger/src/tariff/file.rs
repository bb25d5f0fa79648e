//! The operator's file of tariffs as it is written (TOML). Must not know which tariffs fit together.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use model::Money;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};

use super::{Kind, PerMachine, Tariff, TariffError, TariffErrors};
use crate::day::Day;
use crate::read::Euros;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    #[serde(default)]
    tariff: Vec<Raw>,
}

/// A `[[tariff]]`, its words not looked at yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    category: String,
    from: Day,
    to: Option<Day>,
    #[serde(default)]
    source: String,
    kind: String,
    #[serde(default)]
    eur_per_month: Euros,
    #[serde(default)]
    share_mib_per_core: PerMachine<i64>,
    #[serde(default)]
    price: BTreeMap<String, PerMachine<Euros>>,
}

/// Reads the file; every unknown word is named, with the nearest known one.
pub(super) fn read(text: &str) -> Result<Vec<Tariff>, TariffErrors> {
    let file: File = toml::from_str(text)
        .map_err(|fault| TariffErrors(vec![TariffError::Syntax(model::hinted(&fault.to_string()))]))?;
    let mut errors = Vec::new();
    if file.currency != "EUR" {
        errors.push(TariffError::Currency(file.currency));
    }
    let mut tariffs = Vec::new();
    for (at, raw) in file.tariff.into_iter().enumerate() {
        let place = format!("tariff {} (version `{}`, {})", at + 1, raw.version, raw.category);
        match resolve(raw, &place) {
            Ok(tariff) => tariffs.push(tariff),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if errors.is_empty() { Ok(tariffs) } else { Err(TariffErrors(errors)) }
}

fn resolve(raw: Raw, place: &str) -> Result<Tariff, Vec<TariffError>> {
    let mut errors = Vec::new();
    let mut prices = BTreeMap::new();
    for (name, price) in raw.price {
        match name.parse() {
            Ok(resource) => drop(prices.insert(resource, money(price))),
            Err(word) => errors.push(TariffError::Word { place: place.to_owned(), word }),
        }
    }
    let category = raw.category.parse().map_err(|word| TariffError::Word { place: place.to_owned(), word });
    let kind = raw.kind.parse::<Kind>().map_err(|word| TariffError::Word { place: place.to_owned(), word });
    match (category, kind) {
        (Ok(category), Ok(kind)) if errors.is_empty() => Ok(Tariff {
            version: raw.version,
            category,
            from: raw.from,
            to: raw.to,
            source: raw.source,
            kind,
            per_month: raw.eur_per_month.0,
            share_mib_per_core: raw.share_mib_per_core,
            prices,
        }),
        (category, kind) => {
            errors.extend(category.err().into_iter().chain(kind.err()));
            Err(errors)
        }
    }
}

fn money(price: PerMachine<Euros>) -> PerMachine<Money> {
    let of = price.of.into_iter().map(|(machine, euros)| (machine, euros.0)).collect();
    PerMachine { any: price.any.map(|euros| euros.0), of }
}

/// One figure for all machines, or a table by type of machine in which `any` is for all others.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerMachine<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Figures(PhantomData))
    }
}

struct Figures<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Figures<T> {
    type Value = PerMachine<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a figure such as 0.0085, or a table by type of machine such as { nehalem = 0.006, any = 0.0085 }")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut of = BTreeMap::<String, T>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(PerMachine { any: of.remove("any"), of })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(PerMachine { any: Some(T::deserialize(number.into_deserializer())?), of: BTreeMap::new() })
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(PerMachine { any: Some(T::deserialize(number.into_deserializer())?), of: BTreeMap::new() })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(PerMachine { any: Some(T::deserialize(text.into_deserializer())?), of: BTreeMap::new() })
    }
}

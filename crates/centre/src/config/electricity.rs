//! `[electricity]` and `[carbon]`: which contracts were in force when, and which factors. Must not know prices: those are
//! dated data, of this program or in files of the operator's own.

use std::{fmt, path::PathBuf};

use energy::contract::Window;
use jiff::civil::Date;
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

/// `[electricity]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElectricitySection {
    /// The zone in which hours, days and months of the contract are meant (`Europe/Paris`); the machine's own without.
    pub zone: Option<String>,
    /// The contracts that were in force, one after the other: a name, or a list of [`ContractChoice`]. Empty: all of
    /// `file`.
    #[serde(deserialize_with = "one_or_several")]
    pub contract: Vec<ContractChoice>,
    /// A file of contracts of one's own; its path begins at the directory of the configuration.
    pub file: Option<PathBuf>,
}

/// `[[electricity.contract]]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContractChoice {
    /// Which: a contract of `file`, or of those that come with the program.
    pub name: String,
    /// Its first day here, where that is not the first day of its prices.
    #[serde(deserialize_with = "day")]
    pub from: Option<Date>,
    /// Its off-peak hours, where they are not those that the contract has by itself: the bill has one's own.
    pub windows: Vec<Window>,
}

/// `[carbon]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CarbonSection {
    /// A file of factors of one's own, instead of those that come with the program.
    pub file: Option<PathBuf>,
}

/// `[site]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSection {
    /// A meter of all that the site draws, if it can be read: one with a counter. Its index is noted once an hour.
    pub meter: Option<drivers::meters::MeterConfig>,
}

/// `contract = "name"` is short for a list of one.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ContractChoice>, D::Error> {
    struct Choices;
    impl<'de> Visitor<'de> for Choices {
        type Value = Vec<ContractChoice>;
        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("the name of a contract, or [[electricity.contract]] with a name each")
        }
        fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
            Ok(vec![ContractChoice { name: name.to_owned(), ..ContractChoice::default() }])
        }
        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }
    deserializer.deserialize_any(Choices)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("`{text}` is no day such as 2026-08-01")))
}

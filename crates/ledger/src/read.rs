//! Amounts as people write them in files. Must not know what they are for.

use model::Money;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// An amount of a TOML file, in euros: a number (`0.0085`) or a text (`"0.0085 EUR"`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Euros(pub Money);

impl<'de> Deserialize<'de> for Euros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl Visitor<'_> for Amount {
            type Value = Euros;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an amount in euros such as 0.0085 or \"0.0085 EUR\"")
            }
            // The only number with a point that this crate sees: the shortest decimal that is it is what the file says.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Euros, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Euros, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Euros, E> {
                text.parse().map(Euros).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Amount)
    }
}

/// [`Euros`] of a field that is plain [`Money`].
pub(crate) fn euros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Euros::deserialize(deserializer).map(|euros| euros.0)
}

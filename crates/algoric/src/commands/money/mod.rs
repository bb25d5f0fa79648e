//! The commands of whoever sees to money: what is asked of the centre, and amounts as people type them. What an entry, a
//! customer or an invoice is, the ledger says: here it is only carried and shown.

mod books;
pub mod customer;
pub mod invoice;
pub mod ledger;
pub mod member;
pub mod project;

use std::str::FromStr;

use api::{MoneyReply, MoneyRequest, Reply, Request};
use model::Money;
use serde::de::DeserializeOwned;

use super::House;
use crate::{
    client::{Client, ClientError},
    console, exit,
};

/// Asks the centre about money.
fn ask(centre: &mut Client, request: MoneyRequest) -> Result<MoneyReply, ClientError> {
    match centre.ask(&Request::Money(Box::new(request)))? {
        Reply::Money(reply) => Ok(reply),
        _ => Err(ClientError::Unfit),
    }
}

/// An order that is simply done.
fn order(request: MoneyRequest, house: &House) -> anyhow::Result<u8> {
    house.call()?.order(&Request::Money(Box::new(request)))?;
    console::line(house.words.say("admin-done"));
    Ok(exit::OK)
}

/// Things that the centre tells as JSON, one each.
fn things<T: DeserializeOwned>(centre: &mut Client, request: MoneyRequest) -> anyhow::Result<Vec<T>> {
    let MoneyReply::Texts(texts) = ask(centre, request)? else { return Err(ClientError::Unfit.into()) };
    Ok(texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?)
}

/// Texts that come in pieces, each given when it is whole.
fn texts(
    centre: &mut Client,
    request: MoneyRequest,
    mut each: impl FnMut(String) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut whole, mut result) = (String::new(), Ok(()));
    centre.each(&Request::Money(Box::new(request)), |reply| {
        let Reply::Money(MoneyReply::Document(piece, is_last)) = reply else { return false };
        whole.push_str(&piece);
        if is_last && result.is_ok() {
            result = each(std::mem::take(&mut whole));
        }
        true
    })?;
    result
}

/// How much of what a budget counts: `50 EUR`, `100 h` (core-hours), `20 kWh`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measure {
    unit: &'static str,
    /// Micro-euros, core-milliseconds, microjoules.
    amount: i64,
}

impl FromStr for Measure {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let units = [
            ("kWh", "kwh", 3_600_000),
            ("core-hours", "core_hours", 36),
            ("h", "core_hours", 36),
            ("EUR", "euros", 0),
            ("€", "euros", 0),
        ];
        let found =
            units.iter().find_map(|(end, unit, scale)| Some((text.strip_suffix(end)?.trim_end(), *unit, *scale)));
        let (number, unit, scale) = found.ok_or_else(|| format!("`{text}`: say 50 EUR, 100 h or 20 kWh"))?;
        // Six decimals of anything, as of euros.
        let millionths = number.parse::<Money>().map_err(|fault| fault.to_string())?.0;
        let amount = match scale {
            0 => Some(millionths),
            36 => millionths.checked_mul(36).map(|tenths| tenths / 10),
            scale => millionths.checked_mul(scale),
        };
        amount.map(|amount| Self { unit, amount }).ok_or_else(|| format!("`{text}` is more than can be counted"))
    }
}

impl Measure {
    /// As people read it.
    fn shown(unit: &str, amount: i64, words: &crate::words::Words) -> String {
        match unit {
            "euros" => words.euros(amount),
            "core_hours" => format!("{} h", words.fixed(amount, 3_600_000, 1)),
            _ => words.energy(amount),
        }
    }
}

/// Core-hours as people type them, in core-milliseconds.
fn hours(text: &str) -> Result<i64, String> {
    match format!("{text} h").parse::<Measure>()? {
        Measure { amount, .. } if amount > 0 => Ok(amount),
        _ => Err(format!("`{text}` hours are none")),
    }
}

/// A name for what is said once, where none is given.
fn id(given: Option<String>, what: &str) -> String {
    given.unwrap_or_else(|| format!("{what}-{}", jiff::Timestamp::now().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        let check = |text: &str, unit, amount| assert_eq!(text.parse(), Ok(Measure { unit, amount }), "{text}");
        check("50 EUR", "euros", 50_000_000);
        check("12,50€", "euros", 12_500_000);
        check("100 h", "core_hours", 360_000_000);
        check("0.5 core-hours", "core_hours", 1_800_000);
        check("20 kWh", "kwh", 72_000_000_000_000);
        for bad in ["50", "50 EURO", "h", "1.2.3 kWh", "99999999999 kWh"] {
            assert!(bad.parse::<Measure>().is_err(), "{bad}");
        }
    }
}

//! Power strips of racks by SNMP: APC (PowerNet-MIB) and Raritan (PDU2-MIB). Must not know how SNMP is spoken.

use std::time::Duration;

use energy::meter::{Channel, Counter};
use energy::{Energy, Power, UJ_PER_KWH};
use serde::Deserialize;

use super::snmp::Agent;
use super::{About, Meter, MeterError, Scope};

/// Whose, and which family.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Make {
    /// APC from about 2011 on (rPDU2: AP8000 and later).
    Apc,
    /// Older ones of APC (rPDU: AP7000), which know the whole strip only.
    ApcOld,
    /// Raritan, and those of Legrand and Server Technology that speak like it.
    Raritan,
}

/// Enterprises: 1.3.6.1.4.1.
const ENTERPRISES: [u32; 6] = [1, 3, 6, 1, 4, 1];
const WATT_HOUR_UJ: i64 = UJ_PER_KWH / 1000;

/// See the module.
pub struct Pdu {
    make: Make,
    host: String,
    agent: Agent,
    outlets: Vec<u32>,
}

/// Where one thing stands, and what its number counts.
struct Place {
    oid: Vec<u32>,
    /// Milliwatts or microjoules.
    unit: i64,
    /// Where the count of its decimal digits stands, if it has any.
    digits: Option<Vec<u32>>,
}

impl Pdu {
    /// These outlets of a strip, or all of it.
    pub fn new(make: Make, address: &str, community: &str, outlets: Vec<u32>, limit: Duration) -> Self {
        Self { make, host: address.into(), agent: Agent::new(address, community, limit), outlets }
    }

    /// Places of power and energy of an outlet, or of all.
    fn places(&self, outlet: Option<u32>) -> Option<(Place, Option<Place>)> {
        let place = |below: &[u32], unit| Place { oid: [&ENTERPRISES, below].concat(), unit, digits: None };
        let with_digits = |below: &[u32], unit, digits: &[u32]| {
            let digits = Some([&ENTERPRISES, digits].concat());
            Place { digits, ..place(below, unit) }
        };
        Some(match (self.make, outlet) {
            (Make::Apc, None) => (
                place(&[318, 1, 1, 26, 4, 3, 1, 5, 1], 10_000),
                Some(place(&[318, 1, 1, 26, 4, 3, 1, 9, 1], UJ_PER_KWH / 10)),
            ),
            (Make::Apc, Some(n)) => (
                place(&[318, 1, 1, 26, 9, 4, 3, 1, 7, n], 1000),
                Some(place(&[318, 1, 1, 26, 9, 4, 3, 1, 11, n], UJ_PER_KWH / 10)),
            ),
            (Make::ApcOld, None) => (place(&[318, 1, 1, 12, 1, 16, 0], 1000), None),
            (Make::ApcOld, Some(_)) => return None,
            (Make::Raritan, None) => (
                with_digits(&[13742, 6, 5, 2, 3, 1, 4, 1, 1, 5], 1000, &[13742, 6, 3, 3, 4, 1, 7, 1, 1, 5]),
                Some(with_digits(
                    &[13742, 6, 5, 2, 3, 1, 4, 1, 1, 8],
                    WATT_HOUR_UJ,
                    &[13742, 6, 3, 3, 4, 1, 7, 1, 1, 8],
                )),
            ),
            (Make::Raritan, Some(n)) => (
                with_digits(&[13742, 6, 5, 4, 3, 1, 4, 1, n, 5], 1000, &[13742, 6, 3, 5, 4, 1, 7, 1, n, 5]),
                Some(with_digits(
                    &[13742, 6, 5, 4, 3, 1, 4, 1, n, 8],
                    WATT_HOUR_UJ,
                    &[13742, 6, 3, 5, 4, 1, 7, 1, n, 8],
                )),
            ),
        })
    }

    fn channel(&mut self, outlet: Option<u32>) -> Result<Channel, MeterError> {
        let Some((power, energy)) = self.places(outlet) else {
            return Err(MeterError::Missing("older power strips of APC know no outlets: leave them out".into()));
        };
        let places: Vec<&Place> = std::iter::once(&power).chain(&energy).collect();
        let mut asked: Vec<Vec<u32>> = places.iter().map(|place| place.oid.clone()).collect();
        asked.extend(places.iter().filter_map(|place| place.digits.clone()));
        let numbers = self.agent.get(&asked)?;
        let (found, digits) = numbers.split_at(places.len());
        let value = |at: usize| {
            let place = places.get(at)?;
            let digits = digits.get(at).copied().flatten().and_then(|digits| u32::try_from(digits).ok()).unwrap_or(0);
            let divisor = 10i64.checked_pow(digits)?;
            // -1 is "not supported" of APC.
            let number = found.get(at).copied().flatten().filter(|number| *number >= 0)?;
            Some((
                i64::try_from(i128::from(number) * i128::from(place.unit) / i128::from(divisor)).ok()?,
                place.unit / divisor,
            ))
        };
        let Some((power, _)) = value(0) else {
            return Err(self.lacks_watts(outlet, found.first().copied().flatten()));
        };
        let counter =
            value(1).map(|(energy, step)| Counter { energy: Energy(energy), range: None, step: Energy(step) });
        Ok(Channel { power: Some(Power(power)), counter })
    }

    fn lacks_watts(&self, outlet: Option<u32>, found: Option<i64>) -> MeterError {
        let found = found.map_or("nothing".into(), |number| format!("`{number}`"));
        let of = outlet.map_or(String::new(), |outlet| format!(", outlet {outlet},"));
        MeterError::NotUnderstood { what: format!("{}{of}", self.about().name), found, expected: "watts" }
    }
}

impl Meter for Pdu {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        if self.outlets.is_empty() {
            return Ok(vec![self.channel(None)?]);
        }
        self.outlets.clone().into_iter().map(|outlet| self.channel(Some(outlet))).collect()
    }

    fn about(&self) -> About {
        let make = if self.make == Make::Raritan { "Raritan" } else { "APC" };
        let name = format!("{make} power strip at {}", self.host);
        About { name, scope: Scope::Socket, uncertainty_permille: 20, pace: Duration::from_secs(1) }
    }
}

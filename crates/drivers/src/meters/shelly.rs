//! Shelly plugs and relays. The first generation tells watts and watt-minutes, all later ones watts and watt-hours
//! (shelly-api-docs.shelly.cloud). Later ones with a password want a login that is not spoken here.

use std::time::Duration;

use energy::meter::{Channel, Counter};
use energy::{Energy, UJ_PER_KWH};

use super::http::Client;
use super::json::{self, Answer};
use super::{About, Meter, MeterError, Scope};

const WATT_MINUTE_UJ: i64 = 60_000_000;
const WATT_HOUR_UJ: i64 = UJ_PER_KWH / 1000;

/// See the module.
pub struct Shelly {
    client: Client,
    outlet: u32,
    /// Known once it has answered.
    is_first: Option<bool>,
}

impl Shelly {
    /// One outlet of a device.
    pub fn new(client: Client, outlet: u32) -> Self {
        Self { client, outlet, is_first: None }
    }

    /// Every generation answers `/shelly`, and only later ones name theirs.
    fn is_first_generation(&mut self) -> Result<bool, MeterError> {
        if let Some(is_first) = self.is_first {
            return Ok(is_first);
        }
        let answer = json::get(&self.client, "/shelly")?;
        let is_first = match (&answer.value["gen"], &answer.value["type"]) {
            (serde_json::Value::Number(_), _) => false,
            (_, serde_json::Value::String(_)) => true,
            _ => return Err(answer.lacks("/gen", "a Shelly's generation")),
        };
        self.is_first = Some(is_first);
        Ok(is_first)
    }
}

impl Meter for Shelly {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let is_first = self.is_first_generation()?;
        let channel = if is_first {
            first(&json::get(&self.client, "/status")?, self.outlet)
        } else {
            later(&json::get(&self.client, &format!("/rpc/Switch.GetStatus?id={}", self.outlet))?)
        };
        // Somebody may have put another device at the address.
        if channel.is_err() {
            self.is_first = None;
        }
        Ok(vec![channel?])
    }

    fn about(&self) -> About {
        let name = format!("Shelly plug at {}", self.client.address.host);
        About { name, scope: Scope::Socket, uncertainty_permille: 10, pace: Duration::from_secs(1) }
    }
}

fn first(answer: &Answer, outlet: u32) -> Result<Channel, MeterError> {
    let pointer = format!("/meters/{outlet}/is_valid");
    if answer.value.pointer(&pointer).and_then(serde_json::Value::as_bool) == Some(false) {
        return Err(answer.lacks(&pointer, "a valid measure"));
    }
    let power = answer.watts(&format!("/meters/{outlet}/power"))?;
    let total = answer.energy(&format!("/meters/{outlet}/total"), WATT_MINUTE_UJ);
    Ok(channel(power, total, WATT_MINUTE_UJ))
}

fn later(answer: &Answer) -> Result<Channel, MeterError> {
    let total = answer.energy("/aenergy/total", WATT_HOUR_UJ);
    // Three decimals; some bring it up to date once a minute only, which whoever follows it must expect.
    Ok(channel(answer.watts("/apower")?, total, WATT_HOUR_UJ / 1000))
}

fn channel(power: energy::Power, total: Option<Energy>, step_uj: i64) -> Channel {
    let counter = total.map(|energy| Counter { energy, range: None, step: Energy(step_uj) });
    Channel { power: Some(power), counter }
}

//! Plugs with Tasmota: watts and kilowatt-hours of three decimals, from `Status 8` (tasmota.github.io/docs/Commands).

use std::time::Duration;

use energy::meter::{Channel, Counter};
use energy::{Energy, UJ_PER_KWH};

use super::http::Client;
use super::json;
use super::{About, Meter, MeterError, Scope};

/// See the module.
pub struct Tasmota {
    client: Client,
    path: String,
}

impl Tasmota {
    /// A plug; user and password go into the address, as it wants.
    pub fn new(client: Client, user: Option<&str>, password: Option<String>) -> Self {
        let login = login(user, password.as_deref());
        Self { client, path: format!("/cm?{login}cmnd=Status%208") }
    }
}

impl Meter for Tasmota {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let answer = json::get(&self.client, &self.path)?;
        if let Some(warning) = answer.value["WARNING"].as_str() {
            return Err(MeterError::Refused { what: self.client.what(&self.path), answer: warning.to_owned() });
        }
        let energy = &answer.value["StatusSNS"]["ENERGY"];
        // Devices with several outlets list them: the machine has all of them.
        let count = energy["Power"].as_array().map_or(0, Vec::len);
        let total = answer.energy("/StatusSNS/ENERGY/Total", UJ_PER_KWH);
        if count == 0 {
            let power = Some(answer.watts("/StatusSNS/ENERGY/Power")?);
            let counter = total.map(|energy| Counter { energy, range: None, step: Energy(UJ_PER_KWH / 1000) });
            return Ok(vec![Channel { power, counter }]);
        }
        (0..count).map(|n| answer.watts(&format!("/StatusSNS/ENERGY/Power/{n}")).map(Channel::power)).collect()
    }

    fn about(&self) -> About {
        let name = format!("Tasmota plug at {}", self.client.address.host);
        About { name, scope: Scope::Socket, uncertainty_permille: 20, pace: Duration::from_secs(1) }
    }
}

/// What stands before each command; nothing without a user.
pub fn login(user: Option<&str>, password: Option<&str>) -> String {
    let words = |user| format!("user={}&password={}&", encoded(user), encoded(password.unwrap_or("")));
    user.map(words).unwrap_or_default()
}

/// A word in an address.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

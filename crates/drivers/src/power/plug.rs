//! A machine behind a plug that can be switched: Shelly's of any generation, and those with Tasmota. Must not know when.
//!
//! A plug takes the power away at once, so a program puts the machine down first. The board must be set to come up when
//! power comes back.

use serde_json::Value;

use super::{Power, PowerError, Seen, Shutdown};
use crate::meters::http::Client;
use crate::meters::json;

/// What a plug understands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tongue {
    /// Shelly's: the first generation by `/relay/N`, later ones by `Switch.Set`.
    Shelly,
    /// Tasmota's `Power`.
    Tasmota,
}

/// One plug.
pub struct Plug {
    client: Client,
    tongue: Tongue,
    outlet: u32,
    /// What stands in front of Tasmota's commands.
    login: String,
    shutdown: Shutdown,
}

impl Plug {
    /// One outlet. `login` is what Tasmota wants before its commands; empty without a password.
    pub fn new(client: Client, tongue: Tongue, outlet: u32, login: String, shutdown: Shutdown) -> Self {
        Self { client, tongue, outlet, login, shutdown }
    }

    /// Orders, or only asks; what it is then.
    fn ask(&self, order: Option<bool>) -> Result<Seen, PowerError> {
        let outlet = self.outlet;
        let (path, pointer) = match self.tongue {
            Tongue::Shelly => {
                let is_first = json::get(&self.client, "/shelly")?.value["gen"].as_u64().is_none();
                match order {
                    None if is_first => (format!("/relay/{outlet}"), "/ison"),
                    None => (format!("/rpc/Switch.GetStatus?id={outlet}"), "/output"),
                    Some(on) if is_first => (format!("/relay/{outlet}?turn={}", word(on)), "/ison"),
                    Some(on) => {
                        // Its answer is what it was.
                        json::get(&self.client, &format!("/rpc/Switch.Set?id={outlet}&on={on}"))?;
                        return self.ask(None);
                    }
                }
            }
            Tongue::Tasmota => {
                let order = order.map_or("", |on| if on { "%20On" } else { "%20Off" });
                // One outlet is called POWER, several POWER1 and so on.
                (format!("/cm?{}cmnd=Power{}{order}", self.login, outlet + 1), "/POWER")
            }
        };
        let answer = json::get(&self.client, &path)?;
        let numbered = format!("/POWER{}", outlet + 1);
        let value = answer.value.pointer(pointer).or_else(|| answer.value.pointer(&numbered));
        match value {
            Some(Value::Bool(true)) => Ok(Seen::On),
            Some(Value::Bool(false)) => Ok(Seen::Off),
            Some(Value::String(text)) if text == "ON" => Ok(Seen::On),
            Some(Value::String(text)) if text == "OFF" => Ok(Seen::Off),
            _ => Err(answer.lacks(pointer, "on or off").into()),
        }
    }
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl Power for Plug {
    fn on(&mut self, _: &str) -> Result<(), PowerError> {
        self.ask(Some(true)).map(drop)
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        if self.ask(None)? == Seen::Off {
            return Ok(());
        }
        self.shutdown.run(node)?;
        self.ask(Some(false)).map(drop)
    }

    fn state(&mut self, _: &str) -> Result<Seen, PowerError> {
        self.ask(None)
    }
}

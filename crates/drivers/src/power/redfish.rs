//! A machine switched by its board's controller, with Redfish (DMTF DSP0266): the `ComputerSystem.Reset` action of its first
//! system. Must not know when.

use serde_json::Value;

use super::{Power, PowerError, Seen};
use crate::meters::http::Client;
use crate::meters::json::{self, Answer};

/// One machine's controller.
pub struct Redfish {
    client: Client,
    /// Whether power is taken away without asking the system.
    is_hard: bool,
}

impl Redfish {
    /// At this address.
    pub fn new(client: Client, is_hard: bool) -> Self {
        Self { client, is_hard }
    }

    /// What the first system says of itself.
    fn system(&self) -> Result<Answer, PowerError> {
        let list = json::get(&self.client, "/redfish/v1/Systems")?;
        let path = list.value.pointer("/Members/0/@odata.id").and_then(Value::as_str);
        let path = path.ok_or_else(|| list.lacks("/Members/0/@odata.id", "a system"))?;
        Ok(json::get(&self.client, path)?)
    }

    /// Orders the first of these kinds of reset that the system knows; where it lists none, the first.
    fn reset(&self, wanted: &[&str]) -> Result<(), PowerError> {
        let system = self.system()?;
        let action = &system.value["Actions"]["#ComputerSystem.Reset"];
        let target = action["target"].as_str();
        let target = target.ok_or_else(|| system.lacks("/Actions/#ComputerSystem.Reset/target", "a way to reset"))?;
        let known = action["ResetType@Redfish.AllowableValues"].as_array();
        let is_known = |kind: &&&str| known.is_none_or(|known| known.iter().any(|one| one == **kind));
        let kind = wanted.iter().find(is_known).or(wanted.last()).copied().unwrap_or_default();
        self.client.post(target, &serde_json::json!({ "ResetType": kind }).to_string())?;
        Ok(())
    }
}

impl Power for Redfish {
    fn on(&mut self, node: &str) -> Result<(), PowerError> {
        // Ordered twice it is an error on some.
        if self.state(node)? == Seen::On {
            return Ok(());
        }
        self.reset(&["On", "ForceOn"])
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        if self.state(node)? == Seen::Off {
            return Ok(());
        }
        self.reset(if self.is_hard { &["ForceOff"] } else { &["GracefulShutdown", "ForceOff"] })
    }

    fn state(&mut self, _: &str) -> Result<Seen, PowerError> {
        let system = self.system()?;
        match system.value["PowerState"].as_str() {
            Some("On") => Ok(Seen::On),
            Some("Off") => Ok(Seen::Off),
            Some("PoweringOn" | "PoweringOff") => Ok(Seen::Between),
            _ => Err(system.lacks("/PowerState", "On or Off").into()),
        }
    }
}

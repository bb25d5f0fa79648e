//! The board's controller by Redfish (DMTF DSP0266): `EnvironmentMetrics` on newer ones, `Power` on all.

use std::time::Duration;

use energy::Power;
use energy::meter::Channel;

use super::http::Client;
use super::json;
use super::{About, Meter, MeterError, Scope};

/// See the module.
pub struct Redfish {
    client: Client,
    /// The chassis, and where in it the watts are, once that is known.
    place: Option<(String, Place)>,
}

#[derive(Clone, Copy)]
enum Place {
    Environment,
    Power,
}

impl Place {
    fn path(self, chassis: &str) -> String {
        match self {
            Place::Environment => format!("{chassis}/EnvironmentMetrics"),
            Place::Power => format!("{chassis}/Power"),
        }
    }

    fn pointer(self) -> &'static str {
        match self {
            Place::Environment => "/PowerWatts/Reading",
            Place::Power => "/PowerControl/0/PowerConsumedWatts",
        }
    }
}

impl Redfish {
    /// A controller.
    pub fn new(client: Client) -> Self {
        Self { client, place: None }
    }

    fn watts(&self, chassis: &str, place: Place) -> Result<Power, MeterError> {
        json::get(&self.client, &place.path(chassis))?.watts(place.pointer())
    }

    /// The first place of the first chassis that has watts: a blade lists its enclosure, too, but behind itself.
    fn find(&mut self) -> Result<Power, MeterError> {
        let list = json::get(&self.client, "/redfish/v1/Chassis")?;
        let members = list.value["Members"].as_array().ok_or_else(|| list.lacks("/Members", "a list of chassis"))?;
        let mut last = list.lacks("/Members/0", "a chassis");
        for chassis in members.iter().filter_map(|member| member["@odata.id"].as_str()) {
            for place in [Place::Environment, Place::Power] {
                match self.watts(chassis, place) {
                    Ok(watts) => {
                        self.place = Some((chassis.to_owned(), place));
                        return Ok(watts);
                    }
                    // No further question to a controller that does not answer at all.
                    Err(error @ (MeterError::Late { .. } | MeterError::Unreachable { .. })) => return Err(error),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }
}

impl Meter for Redfish {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let watts = match self.place.take() {
            Some((chassis, place)) => {
                let watts = self.watts(&chassis, place)?;
                self.place = Some((chassis, place));
                watts
            }
            None => self.find()?,
        };
        Ok(vec![Channel::power(watts)])
    }

    fn about(&self) -> About {
        let name = format!("Redfish controller at {}", self.client.address.host);
        About { name, scope: Scope::Board, uncertainty_permille: 50, pace: Duration::from_secs(5) }
    }
}

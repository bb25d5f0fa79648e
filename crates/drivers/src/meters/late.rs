//! A meter that may not be there yet: a driver that is loaded later, a file that will be readable. It is opened when it
//! is first read, and again each time that this failed. Must not know what kind of meter it is.

use std::time::Duration;

use energy::meter::Channel;

use super::{About, Meter, MeterConfig, MeterError, Roots, Scope};

/// See the module.
pub struct Late {
    config: MeterConfig,
    roots: Roots,
    meter: Option<Box<dyn Meter>>,
}

impl Late {
    /// Opens it if that can be done now.
    pub fn new(config: MeterConfig, roots: Roots) -> Self {
        let meter = config.open(&roots).ok();
        Self { config, roots, meter }
    }
}

impl Meter for Late {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let meter = match self.meter.take() {
            Some(meter) => meter,
            None => self.config.open(&self.roots)?,
        };
        self.meter.insert(meter).read()
    }

    fn about(&self) -> About {
        match &self.meter {
            Some(meter) => meter.about(),
            None => About {
                name: format!("[[meter]] {}", self.config.kind()),
                scope: self.config.scope(),
                uncertainty_permille: 1000,
                pace: Duration::ZERO,
            },
        }
    }
}

impl MeterConfig {
    /// What such a meter covers, whether it is there or not.
    fn scope(&self) -> Scope {
        match self {
            Self::Rapl { .. } => Scope::Processors,
            Self::Ipmi { .. } | Self::Redfish { .. } => Scope::Board,
            Self::Pdu { .. } | Self::Shelly { .. } | Self::Tasmota { .. } => Scope::Socket,
            Self::Nvml {} => Scope::Gpus,
            Self::Model { .. } => Scope::Estimate,
        }
    }
}

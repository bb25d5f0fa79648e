//! How an operator names the meters of a machine. Must not know how any is read.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::http::{Address, Client};
use super::{Meter, MeterError, dcmi, estimate, late, nvml, pdu, rapl, redfish, shelly, tasmota};

/// One meter, as a configuration names it: `{ kind = "shelly", address = "10.0.0.12" }`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MeterConfig {
    /// The processors' own counters.
    Rapl {
        /// Thousandths by which they are multiplied to be the machine's, calibrated against a plug.
        #[serde(default = "once")]
        factor_permille: u32,
    },
    /// The board's controller by `ipmitool`: this machine's own, or over the network.
    Ipmi {
        /// `10.0.1.5` or `10.0.1.5:623`; this machine's own without it.
        address: Option<String>,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
    },
    /// The board's controller by Redfish.
    Redfish {
        /// `https://10.0.1.5`.
        address: String,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// Accept a certificate that nobody vouches for, as most boards have.
        #[serde(default)]
        insecure: bool,
    },
    /// A rack's power strip by SNMP v2c.
    Pdu {
        /// Whose.
        make: pdu::Make,
        /// `10.0.2.3` or `10.0.2.3:161`.
        address: String,
        /// The word that lets one read.
        #[serde(default = "public")]
        community: String,
        /// The outlets of this machine; all of the strip without them.
        #[serde(default)]
        outlets: Vec<u32>,
    },
    /// A Shelly plug of any generation.
    Shelly {
        /// `10.0.0.12`.
        address: String,
        /// Which of its outlets, from 0.
        #[serde(default)]
        outlet: u32,
        /// User and password file, of the first generation only.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
    },
    /// A plug with Tasmota.
    Tasmota {
        /// `10.0.0.13`.
        address: String,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
    },
    /// NVIDIA's graphics cards.
    Nvml {},
    /// Computed from the load, for a machine that has nothing.
    Model {
        /// Watts of the idle machine.
        idle_watts: u32,
        /// Milliwatts more for each CPU that computes.
        milliwatts_per_cpu: u32,
    },
}

/// Where the files of this machine are: `/`, or a copy of another machine's in a test.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Instead of `/sys`.
    pub sys: PathBuf,
    /// Instead of `/proc`.
    pub proc: PathBuf,
    /// No answer may take longer.
    pub limit: Duration,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: "/sys".into(), proc: "/proc".into(), limit: Duration::from_secs(3) }
    }
}

impl MeterConfig {
    /// The meter, ready to be read. Nothing is asked of it yet; files of this machine are opened, so that a process
    /// may open them while it still has the privilege.
    ///
    /// # Errors
    /// A password that cannot be read, an address that is none, and what of this machine is missing.
    pub fn open(&self, roots: &Roots) -> Result<Box<dyn Meter>, MeterError> {
        let limit = roots.limit;
        Ok(match self {
            Self::Rapl { .. } => Box::new(rapl::Rapl::open(&roots.sys)?),
            Self::Ipmi { address, user, password_file } => {
                let password = password(password_file)?;
                Box::new(dcmi::Dcmi::new(address.as_deref(), user.as_deref(), password, limit))
            }
            Self::Redfish { address, user, password_file, insecure } => {
                let client = Client { address: Address::parse(address)?, limit, insecure: *insecure };
                Box::new(redfish::Redfish::new(client.with_login(user.as_deref(), password(password_file)?)))
            }
            Self::Pdu { make, address, community, outlets } => {
                Box::new(pdu::Pdu::new(*make, address, community, outlets.clone(), limit))
            }
            Self::Shelly { address, outlet, user, password_file } => {
                let client = Client { address: Address::parse(address)?, limit, insecure: false };
                let client = client.with_login(user.as_deref(), password(password_file)?);
                Box::new(shelly::Shelly::new(client, *outlet))
            }
            Self::Tasmota { address, user, password_file } => {
                let client = Client { address: Address::parse(address)?, limit, insecure: false };
                Box::new(tasmota::Tasmota::new(client, user.as_deref(), password(password_file)?))
            }
            Self::Nvml {} => Box::new(nvml::Nvml::open(nvml::LIBRARY)?),
            Self::Model { idle_watts, milliwatts_per_cpu } => {
                Box::new(estimate::Model::new(&roots.proc, *idle_watts, *milliwatts_per_cpu))
            }
        })
    }

    /// As [`MeterConfig::open`]; what cannot be opened now is tried again each time that it is read.
    pub fn open_late(&self, roots: &Roots) -> Box<dyn Meter> {
        Box::new(late::Late::new(self.clone(), roots.clone()))
    }

    /// As the configuration calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rapl { .. } => "rapl",
            Self::Ipmi { .. } => "ipmi",
            Self::Redfish { .. } => "redfish",
            Self::Pdu { .. } => "pdu",
            Self::Shelly { .. } => "shelly",
            Self::Tasmota { .. } => "tasmota",
            Self::Nvml {} => "nvml",
            Self::Model { .. } => "model",
        }
    }

    /// The thousandths by which its figures are multiplied.
    pub fn scale_permille(&self) -> u32 {
        if let Self::Rapl { factor_permille } = self { *factor_permille } else { 1000 }
    }
}

pub(crate) fn password(file: &Option<PathBuf>) -> Result<Option<String>, MeterError> {
    let Some(path) = file else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|source| MeterError::File { path: path.clone(), source })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn once() -> u32 {
    1000
}

fn public() -> String {
    "public".into()
}

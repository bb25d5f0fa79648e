//! Machines that are switched each in its own way: what an operator writes of them, and all of them as one driver. Must not
//! know how any is switched.
//!
//! ```toml
//! [[switch]]
//! machine = "n1"
//! kind = "ipmi"
//! address = "10.0.1.1"
//! user = "algoric"
//! password_file = "/etc/algoric/ipmi.password"
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{Ipmi, Plug, Power, PowerError, Redfish, Seen, Shutdown, Tongue, Wake, wake};
use crate::meters::MeterError;
use crate::meters::http::{Address, Client};

/// The file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchesConfig {
    /// One for each machine.
    #[serde(default)]
    pub switch: Vec<SwitchConfig>,
}

/// How one machine is switched.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct SwitchConfig {
    /// Its name.
    pub machine: String,
    /// By what.
    #[serde(flatten)]
    pub by: By,
}

/// What switches a machine.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum By {
    /// Its board's controller, with `ipmitool`.
    Ipmi {
        /// `10.0.1.1` or `10.0.1.1:623`.
        address: String,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// Take the power away without asking the system to shut down.
        #[serde(default)]
        hard: bool,
    },
    /// Its board's controller, with Redfish.
    Redfish {
        /// `https://10.0.1.1`.
        address: String,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// Accept a certificate that nobody vouches for, as most boards have.
        #[serde(default)]
        insecure: bool,
        /// Take the power away without asking the system to shut down.
        #[serde(default)]
        hard: bool,
    },
    /// A packet that wakes its network card.
    Wake {
        /// The card: `00:25:90:aa:bb:cc`.
        card: String,
        /// Where the packet goes.
        #[serde(default = "everybody")]
        broadcast: String,
        /// Where it is seen to be up: `n1:22`, its ssh, unless said.
        seen_at: Option<String>,
        /// The program that shuts it down, called with its name.
        shutdown: PathBuf,
    },
    /// A Shelly plug.
    Shelly {
        /// `10.0.0.12`.
        address: String,
        /// Which of its outlets, from 0.
        #[serde(default)]
        outlet: u32,
        /// User, of the first generation only.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// The program that shuts the machine down, called with its name; it returns when that is down.
        shutdown: PathBuf,
    },
    /// A plug with Tasmota.
    Tasmota {
        /// `10.0.0.13`.
        address: String,
        /// Which of its outlets, from 0.
        #[serde(default)]
        outlet: u32,
        /// User.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// The program that shuts the machine down, called with its name; it returns when that is down.
        shutdown: PathBuf,
    },
}

fn everybody() -> String {
    "255.255.255.255:9".to_owned()
}

impl SwitchConfig {
    /// The driver; no device may take longer than `limit` to answer.
    ///
    /// # Errors
    /// A password that cannot be read, an address that is none.
    pub fn open(&self, limit: Duration) -> Result<Box<dyn Power>, PowerError> {
        let client = |address: &str, insecure| -> Result<Client, PowerError> {
            Ok(Client { address: Address::parse(address)?, limit, insecure })
        };
        let shutdown = |program: &PathBuf| Shutdown::new(program.clone(), limit);
        Ok(match &self.by {
            By::Ipmi { address, user, password_file, hard } => {
                Box::new(Ipmi::new(address, user.clone(), password_file.clone(), *hard, limit))
            }
            By::Redfish { address, user, password_file, insecure, hard } => {
                let client =
                    client(address, *insecure)?.with_login(user.as_deref(), crate::meters::password(password_file)?);
                Box::new(Redfish::new(client, *hard))
            }
            By::Wake { card, broadcast, seen_at, shutdown: program } => {
                let wrong = || MeterError::Missing(format!("`{card}` is no card such as 00:25:90:aa:bb:cc"));
                let card = wake::card(card).ok_or_else(wrong)?;
                let seen_at = seen_at.clone().unwrap_or_else(|| format!("{}:22", self.machine));
                Box::new(Wake::new(card, broadcast.clone(), seen_at, shutdown(program), limit))
            }
            By::Shelly { address, outlet, user, password_file, shutdown: program } => {
                let client =
                    client(address, false)?.with_login(user.as_deref(), crate::meters::password(password_file)?);
                Box::new(Plug::new(client, Tongue::Shelly, *outlet, String::new(), shutdown(program)))
            }
            By::Tasmota { address, outlet, user, password_file, shutdown: program } => {
                let password = crate::meters::password(password_file)?;
                let login = crate::meters::tasmota_login(user.as_deref(), password.as_deref());
                Box::new(Plug::new(client(address, false)?, Tongue::Tasmota, *outlet, login, shutdown(program)))
            }
        })
    }
}

/// All of them.
pub struct Switches {
    each: BTreeMap<String, Box<dyn Power>>,
}

impl Switches {
    /// As the operator wrote.
    ///
    /// # Errors
    /// As [`SwitchConfig::open`]; a machine that comes twice.
    pub fn open(config: &SwitchesConfig, limit: Duration) -> Result<Self, PowerError> {
        let mut each = BTreeMap::new();
        for switch in &config.switch {
            if each.insert(switch.machine.clone(), switch.open(limit)?).is_some() {
                return Err(MeterError::Missing(format!("`{}` comes twice", switch.machine)).into());
            }
        }
        Ok(Self { each })
    }

    fn of(&mut self, node: &str) -> Result<&mut Box<dyn Power>, PowerError> {
        self.each.get_mut(node).ok_or_else(|| PowerError::Unknown(node.to_owned()))
    }
}

impl Power for Switches {
    fn on(&mut self, node: &str) -> Result<(), PowerError> {
        self.of(node)?.on(node)
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        self.of(node)?.off(node)
    }

    fn state(&mut self, node: &str) -> Result<Seen, PowerError> {
        self.of(node)?.state(node)
    }
}

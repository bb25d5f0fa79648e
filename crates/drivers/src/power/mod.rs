//! Switching machines on and off, and seeing which are: by their boards' controllers, by packets and plugs, by the operator's
//! programs, or in a park that is only played.
//! Must not know who decides, nor why.

mod fake;
mod ipmi;
mod plug;
mod programs;
mod redfish;
mod switches;
#[cfg(test)]
mod tests;
mod wake;

use std::path::PathBuf;
use std::time::Duration;

pub use fake::Fake;
pub use programs::Programs;
pub use switches::{By, SwitchConfig, Switches, SwitchesConfig};

use ipmi::Ipmi;
use plug::{Plug, Tongue};
use programs::Shutdown;
use redfish::Redfish;
use wake::Wake;

/// What a machine is seen to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It can take jobs.
    On,
    /// It is off.
    Off,
    /// It is on its way from one to the other.
    Between,
}

/// Why a machine could not be switched, or not be seen.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// A file of the park that is played.
    #[error("{path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program could not be run, or took too long.
    #[error("{program} cannot be asked")]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        source: crate::meters::MeterError,
    },
    /// A device could not be asked, or said no.
    #[error(transparent)]
    Device(#[from] crate::meters::MeterError),
    /// Nobody said how this machine is switched.
    #[error("nobody said how {0} is switched")]
    Unknown(String),
    /// A program said that it could not.
    #[error("{program} {node}: {complaint}")]
    Refused {
        /// Which.
        program: PathBuf,
        /// For which machine.
        node: String,
        /// Its last words.
        complaint: String,
    },
}

/// Something that switches machines. Ordering what is ordered or done already does nothing: after a crash all orders are
/// given again.
pub trait Power: Send {
    /// A machine is to come up.
    ///
    /// # Errors
    /// It was not told.
    fn on(&mut self, node: &str) -> Result<(), PowerError>;

    /// A machine is to go off.
    ///
    /// # Errors
    /// It was not told.
    fn off(&mut self, node: &str) -> Result<(), PowerError>;

    /// What a machine does now.
    ///
    /// # Errors
    /// Nobody can say.
    fn state(&mut self, node: &str) -> Result<Seen, PowerError>;
}

/// Which driver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PowerConfig {
    /// A park that is only played, in files.
    Fake,
    /// The operator's programs, each called with the name of a machine.
    Command(Programs),
    /// Each machine in its own way; no device may take longer to answer.
    Switches(SwitchesConfig, Duration),
}

impl PowerConfig {
    /// The driver. A park that is played keeps its files in `folder`, and its machines boot for as long as is said.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(self, folder: PathBuf, boots: Vec<(String, Duration)>) -> Result<Box<dyn Power>, PowerError> {
        Ok(match self {
            PowerConfig::Fake => Box::new(Fake::open(folder, boots)?),
            PowerConfig::Command(programs) => Box::new(programs),
            PowerConfig::Switches(config, limit) => Box::new(Switches::open(&config, limit)?),
        })
    }
}

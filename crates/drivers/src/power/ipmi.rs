//! A machine switched by its board's controller, with `ipmitool`. Must not know when.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Power, PowerError, Seen};
use crate::meters::{MeterError, command, excerpt};

/// One machine's controller.
pub struct Ipmi {
    host: String,
    port: String,
    user: Option<String>,
    /// Read by `ipmitool` itself: on a command line everybody would see it.
    password_file: Option<PathBuf>,
    /// Whether power is taken away without asking the system.
    is_hard: bool,
    limit: Duration,
}

impl Ipmi {
    /// At `10.0.1.5` or `10.0.1.5:623`.
    pub fn new(
        address: &str,
        user: Option<String>,
        password_file: Option<PathBuf>,
        is_hard: bool,
        limit: Duration,
    ) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "623"));
        Self { host: host.to_owned(), port: port.to_owned(), user, password_file, is_hard, limit }
    }

    fn chassis(&self, order: &str) -> Result<String, PowerError> {
        let mut tool = Command::new("ipmitool");
        tool.args(["-I", "lanplus", "-H", &self.host, "-p", &self.port, "-N", "1", "-R", "2"]).env("LC_ALL", "C");
        if let Some(user) = &self.user {
            tool.args(["-U", user]);
        }
        if let Some(file) = &self.password_file {
            tool.arg("-f").arg(file);
        }
        tool.args(["chassis", "power", order]);
        let what = format!("IPMI controller at {}", self.host);
        let said = command::run(tool, b"", &what, self.limit)?;
        if said.is_success {
            return Ok(String::from_utf8_lossy(&said.output).trim().to_owned());
        }
        let answer = excerpt(if said.complaint.is_empty() { &said.output } else { &said.complaint });
        Err(MeterError::Refused { what, answer }.into())
    }
}

impl Power for Ipmi {
    fn on(&mut self, _: &str) -> Result<(), PowerError> {
        self.chassis("on").map(drop)
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        // Many controllers refuse to put down what is down.
        if self.state(node)? == Seen::Off {
            return Ok(());
        }
        self.chassis(if self.is_hard { "off" } else { "soft" }).map(drop)
    }

    fn state(&mut self, _: &str) -> Result<Seen, PowerError> {
        let said = self.chassis("status")?;
        match said.strip_prefix("Chassis Power is ") {
            Some("on") => Ok(Seen::On),
            Some("off") => Ok(Seen::Off),
            _ => {
                let what = format!("IPMI controller at {}", self.host);
                Err(MeterError::NotUnderstood { what, found: excerpt(said.as_bytes()), expected: "on or off" }.into())
            }
        }
    }
}

//! The board's controller by IPMI's DCMI power reading, through `ipmitool`. Often missing on boards of 2009.

use std::process::Command;
use std::time::Duration;

use energy::Power;
use energy::meter::Channel;

use super::{About, Meter, MeterError, Scope, command, excerpt};

/// See the module.
pub struct Dcmi {
    /// Host and port; `None`: the controller of this machine.
    remote: Option<(String, String)>,
    user: Option<String>,
    password: Option<String>,
    limit: Duration,
}

impl Dcmi {
    /// The controller at an address, or of this machine.
    pub fn new(address: Option<&str>, user: Option<&str>, password: Option<String>, limit: Duration) -> Self {
        let parts = |address: &str| match address.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), port.to_owned()),
            None => (address.to_owned(), "623".to_owned()),
        };
        Self { remote: address.map(parts), user: user.map(str::to_owned), password, limit }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("ipmitool");
        if let Some((host, port)) = &self.remote {
            command.args(["-I", "lanplus", "-H", host, "-p", port, "-N", "1", "-R", "1"]);
            if let Some(user) = &self.user {
                command.args(["-U", user]);
            }
            // In the environment, because everybody can read arguments.
            command.arg("-E").env("IPMI_PASSWORD", self.password.as_deref().unwrap_or(""));
        }
        command.args(["dcmi", "power", "reading"]).env("LC_ALL", "C");
        command
    }
}

impl Meter for Dcmi {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let what = self.about().name;
        let said = command::run(self.command(), b"", &what, self.limit)?;
        if !said.is_success {
            let answer = excerpt(if said.complaint.is_empty() { &said.output } else { &said.complaint });
            return Err(MeterError::Refused { what, answer });
        }
        parse(&String::from_utf8_lossy(&said.output)).map(|power| vec![Channel::power(power)]).ok_or_else(|| {
            MeterError::NotUnderstood { what, found: excerpt(&said.output), expected: "a power reading" }
        })
    }

    fn about(&self) -> About {
        let name = match &self.remote {
            Some((host, _)) => format!("IPMI controller at {host}"),
            None => "IPMI controller of this machine".into(),
        };
        About { name, scope: Scope::Board, uncertainty_permille: 50, pace: Duration::from_secs(10) }
    }
}

/// `Instantaneous power reading:   137 Watts`, unless the controller says that it does not measure.
fn parse(text: &str) -> Option<Power> {
    let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name).map(str::trim));
    if field("Power reading state is:") == Some("deactivated") {
        return None;
    }
    let watts: f64 = field("Instantaneous power reading:")?.strip_suffix("Watts")?.trim().parse().ok()?;
    Power::from_watts(watts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_parsed() {
        let check =
            |text: &str, expected: Option<i64>| assert_eq!(parse(text).map(|power| power.0), expected, "{text}");
        let whole = include_str!("fixtures/ipmitool-dcmi.txt");
        check(whole, Some(137_000));
        check(&whole.replace("activated", "deactivated"), None);
        check("DCMI request failed because: Invalid command (c1)", None);
        check("    Instantaneous power reading:    nan Watts", None);
        check("    Instantaneous power reading:    -1 Watts", None);
        check("", None);
    }
}

//! Other machines, by the system's own `ssh`: its configuration, its keys, its known hosts. Must not know what is done
//! there, nor why.
//!
//! Everything that a machine is to do arrives on the standard input of its shell, files and secrets with it: a command
//! line is read by everybody on either machine. Nobody is ever asked for a password (`BatchMode`).

mod carried;
mod lines;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::meters::{MeterError, command};
pub use carried::Carried;
use lines::Lines;

/// A machine and who we are there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Host {
    /// Name or address, or a name of the configuration of `ssh`.
    pub host: String,
    /// The port, unless `ssh` knows better.
    pub port: Option<u16>,
    /// Login name; anybody but root needs sudo without a password.
    pub login: String,
}

/// The system's `ssh`.
#[derive(Debug, Default)]
pub struct Ssh {
    config: Option<PathBuf>,
    trusts_new: bool,
    lines: Option<Lines>,
}

/// What a machine's shell said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// On its standard output,
    pub output: String,
    /// and on its standard error.
    pub complaint: String,
    /// Whether it ended well.
    pub is_success: bool,
}

/// Why a machine did not say anything.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It cannot be reached, or refuses us: `ssh` says why.
    #[error("{0}")]
    Unreachable(String),
    /// It takes too long.
    #[error("no answer in {} s", .0.as_secs())]
    Late(Duration),
    /// `ssh` itself cannot be run.
    #[error("ssh cannot be run")]
    NoSsh(#[source] MeterError),
}

/// The shell that reads what a machine is to do.
fn shell(host: &Host) -> &'static [&'static str] {
    if host.login == "root" { &["sh", "-s"] } else { &["sudo", "-n", "sh", "-s"] }
}

/// What `ssh` itself exits with when it cannot reach a machine.
const SSH_FAILED: Option<i32> = Some(255);

impl Ssh {
    /// With a configuration of its own, in place of the caller's; `trusts_new`: keys of machines that were never seen are
    /// taken for theirs.
    pub fn new(config: Option<PathBuf>, trusts_new: bool) -> Self {
        Self { config, trusts_new, lines: None }
    }

    /// For machines that are asked many things: connections stay open until this is dropped.
    #[must_use]
    pub fn keeping_lines(self) -> Self {
        Self { lines: Lines::open(), ..self }
    }

    /// Has a machine's shell read `text`. Takes no longer than `limit`; what the machine does then is not known.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn run(&self, host: &Host, text: &str, limit: Duration) -> Result<Said, RemoteError> {
        self.talk(host, shell(host), text.as_bytes(), limit)
    }

    /// Has a machine read `input` by these words.
    fn talk(&self, host: &Host, words: &[&str], input: &[u8], limit: Duration) -> Result<Said, RemoteError> {
        if let Some(lines) = &self.lines {
            lines.prepare(host, || self.keeper(host)).map_err(RemoteError::Unreachable)?;
        }
        let said = command::run(self.command(host, words), input, "ssh", limit).map_err(|error| match error {
            MeterError::Late { limit, .. } => RemoteError::Late(limit),
            error => RemoteError::NoSsh(error),
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        let complaint = text(&said.complaint);
        if said.code == SSH_FAILED {
            let why = complaint.lines().last().unwrap_or("ssh failed and said nothing").trim().to_owned();
            return Err(RemoteError::Unreachable(why));
        }
        Ok(Said { output: text(&said.output), complaint, is_success: said.is_success })
    }

    /// An `ssh` that holds a connection open, and ends when nobody has used it for a minute.
    fn keeper(&self, host: &Host) -> Command {
        let mut command = self.toward(host);
        command.args(["-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-f", "-N", "-l", &host.login]);
        command.args(["--", &host.host]);
        command
    }

    fn command(&self, host: &Host, words: &[&str]) -> Command {
        let mut command = self.toward(host);
        command.args(["-T", "-l", &host.login, "--", &host.host]);
        command.args(words);
        command
    }

    /// An `ssh` that lacks only the machine and what it is to do.
    fn toward(&self, host: &Host) -> Command {
        let mut command = Command::new("ssh");
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        for option in ["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", "LogLevel=ERROR"] {
            command.args(["-o", option]);
        }
        if self.trusts_new {
            command.args(["-o", "StrictHostKeyChecking=accept-new"]);
        }
        if let Some(port) = host.port {
            command.args(["-p", &port.to_string()]);
        }
        if let Some(lines) = &self.lines {
            command.args(["-o", &lines.path()]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(ssh: &Ssh, host: &Host) -> String {
        let command = ssh.command(host, shell(host));
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_command_line_says_where_and_nothing_else() {
        let root = Host { host: "10.0.0.1".into(), port: None, login: "root".into() };
        let common = "-o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o LogLevel=ERROR";
        assert_eq!(words(&Ssh::default(), &root), format!("{common} -T -l root -- 10.0.0.1 sh -s"));
        let other = Host { host: "n1".into(), port: Some(2222), login: "ops".into() };
        let ssh = Ssh::new(Some("/etc/our.conf".into()), true);
        let expected = format!(
            "-F /etc/our.conf {common} -o StrictHostKeyChecking=accept-new -p 2222 -T -l ops -- n1 sudo -n sh -s"
        );
        assert_eq!(words(&ssh, &other), expected);
    }

    #[test]
    fn nobody_there_is_told_apart() {
        // Nothing listens on port 1 of this machine.
        let nobody = Host { host: "127.0.0.1".into(), port: Some(1), login: "root".into() };
        for ssh in
            [Ssh::new(Some("/dev/null".into()), false), Ssh::new(Some("/dev/null".into()), false).keeping_lines()]
        {
            let said = ssh.run(&nobody, "true\n", Duration::from_secs(20));
            assert!(matches!(said, Err(RemoteError::Unreachable(ref why)) if why.contains("refused")), "{said:?}");
        }
    }
}

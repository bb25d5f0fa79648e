//! The operator's own programs: each is called with the name of one machine, without a shell, and must be done in time.
//! Must not know what they do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Power, PowerError, Seen};
use crate::meters::command;

/// The programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Programs {
    /// Switches on.
    pub on: PathBuf,
    /// Switches off.
    pub off: PathBuf,
    /// Prints what a machine does: `on`, `off` or `between`.
    pub state: PathBuf,
    /// How long each may take.
    pub limit: Duration,
}

/// The program that shuts a machine down, for what can only take its power away.
pub struct Shutdown {
    program: PathBuf,
    limit: Duration,
}

impl Shutdown {
    /// Called with the machine's name.
    pub fn new(program: PathBuf, limit: Duration) -> Self {
        Self { program, limit }
    }

    /// Shuts a machine down.
    pub fn run(&self, node: &str) -> Result<(), PowerError> {
        ask(&self.program, node, self.limit).map(drop)
    }
}

/// What a program says about a machine.
fn ask(program: &Path, node: &str, limit: Duration) -> Result<String, PowerError> {
    let mut command = Command::new(program);
    command.arg(node);
    let name = program.display().to_string();
    let said = command::run(command, &[], &name, limit)
        .map_err(|source| PowerError::Program { program: program.to_owned(), source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if said.is_success {
        return Ok(text(&said.output));
    }
    let complaint = text(&said.complaint);
    let last = complaint.lines().last().unwrap_or("it failed and said nothing").to_owned();
    Err(PowerError::Refused { program: program.to_owned(), node: node.to_owned(), complaint: last })
}

impl Power for Programs {
    fn on(&mut self, node: &str) -> Result<(), PowerError> {
        ask(&self.on, node, self.limit).map(drop)
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        ask(&self.off, node, self.limit).map(drop)
    }

    fn state(&mut self, node: &str) -> Result<Seen, PowerError> {
        match ask(&self.state, node, self.limit)?.as_str() {
            "on" => Ok(Seen::On),
            "off" => Ok(Seen::Off),
            "between" => Ok(Seen::Between),
            other => Err(PowerError::Refused {
                program: self.state.clone(),
                node: node.to_owned(),
                complaint: format!("it said `{other}`, and not on, off or between"),
            }),
        }
    }
}

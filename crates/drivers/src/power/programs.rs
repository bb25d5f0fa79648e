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

impl Programs {
    /// What a program says about a machine.
    fn ask(&self, program: &Path, node: &str) -> Result<String, PowerError> {
        let mut command = Command::new(program);
        command.arg(node);
        let name = program.display().to_string();
        let said = command::run(command, &[], &name, self.limit)
            .map_err(|source| PowerError::Program { program: program.to_owned(), source })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if said.is_success {
            return Ok(text(&said.output));
        }
        let complaint = text(&said.complaint);
        let last = complaint.lines().last().unwrap_or("it failed and said nothing").to_owned();
        Err(PowerError::Refused { program: program.to_owned(), node: node.to_owned(), complaint: last })
    }
}

impl Power for Programs {
    fn on(&mut self, node: &str) -> Result<(), PowerError> {
        self.ask(&self.on, node).map(drop)
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        self.ask(&self.off, node).map(drop)
    }

    fn state(&mut self, node: &str) -> Result<Seen, PowerError> {
        match self.ask(&self.state, node)?.as_str() {
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

//! A park that is only played: what each machine does is a line in a file of its own, so that it outlives everybody and
//! anybody can look and meddle.
//!
//! `NAME` says `on`, `off`, or `booting MS`: until that instant, in ms since 1970. A machine without a file is on. While
//! there is a file `NAME.broken` beside it, the machine never comes up.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Power, PowerError, Seen};

/// The park.
#[derive(Clone, Debug)]
pub struct Fake {
    folder: PathBuf,
    boots: HashMap<String, Duration>,
}

impl Fake {
    /// In this folder, which is made if need be; a machine of which no time is known boots at once.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: PathBuf, boots: Vec<(String, Duration)>) -> Result<Self, PowerError> {
        fs::create_dir_all(&folder).map_err(|source| PowerError::File { path: folder.clone(), source })?;
        Ok(Self { folder, boots: boots.into_iter().collect() })
    }

    fn read(&self, node: &str) -> Result<String, PowerError> {
        let path = self.folder.join(node);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok("on".to_owned()),
            Err(source) => Err(PowerError::File { path, source }),
        }
    }

    /// As one step, so that nobody ever reads half a line.
    fn write(&self, node: &str, text: &str) -> Result<(), PowerError> {
        let (path, fresh) = (self.folder.join(node), self.folder.join(format!("{node}.new")));
        let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path));
        written.map_err(|source| PowerError::File { path, source })
    }
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis()
}

impl Power for Fake {
    fn on(&mut self, node: &str) -> Result<(), PowerError> {
        if self.state(node)? != Seen::Off {
            return Ok(());
        }
        let boot = self.boots.get(node).copied().unwrap_or(Duration::ZERO);
        self.write(node, &format!("booting {}", now_ms() + boot.as_millis()))
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        self.write(node, "off")
    }

    fn state(&mut self, node: &str) -> Result<Seen, PowerError> {
        let text = self.read(node)?;
        let broken = || self.folder.join(format!("{node}.broken")).exists();
        Ok(match text.trim().split_once(' ') {
            Some(("booting", until)) => {
                let up = until.trim().parse().is_ok_and(|until: u128| until <= now_ms());
                if up && !broken() { Seen::On } else { Seen::Between }
            }
            None if text.trim() == "off" => Seen::Off,
            _ => Seen::On,
        })
    }
}

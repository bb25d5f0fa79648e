//! `sattach`: somebody looks at a running step, and may type into it.

use std::{
    io::{self, Write as _},
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, RawFd},
};

use serde::{Deserialize, Serialize};

use super::remote::{Channel, Door};

/// Something that a task wrote.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Which task.
    pub task: u32,
    /// To standard error.
    pub is_error: bool,
    /// What.
    pub bytes: Vec<u8>,
}

/// What an onlooker is shown.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// Something that a task wrote.
    Piece(Piece),
    /// A task ended badly.
    Ended {
        /// Which task.
        task: u32,
        /// How, in words.
        text: String,
        /// As a shell shows it.
        code: u8,
    },
}

/// What an onlooker sends: input for the tasks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tap {
    /// For the tasks that read what `srun` reads.
    pub input: Vec<u8>,
}

/// Who looks on.
#[derive(Default)]
pub struct Taps {
    door: Option<Door>,
    taps: Vec<Channel>,
}

impl Taps {
    /// Whoever comes to that door.
    pub fn new(door: Option<Door>) -> Self {
        Self { door, taps: Vec::new() }
    }

    /// Nobody looks on.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// What to wait at.
    pub fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.door.iter().map(|door| door.as_fd()).chain(self.taps.iter().map(|tap| tap.as_fd()))
    }

    /// Lets in who came, and hears what onlookers type.
    pub fn serve(&mut self, ready: &[RawFd]) -> Vec<u8> {
        let mut typed = Vec::new();
        self.taps.retain_mut(|tap| !ready.contains(&tap.as_fd().as_raw_fd()) || listen(tap, &mut typed));
        if let Some(door) = &self.door {
            self.taps.extend(door.accept());
        }
        typed
    }

    /// Shows something. Who does not take it is not waited for.
    pub fn show(&mut self, shown: &Shown) {
        self.taps.retain(|tap| tap.send_at_once(shown).is_ok());
    }
}

/// `false`: it is gone.
fn listen(tap: &mut Channel, typed: &mut Vec<u8>) -> bool {
    let open = tap.fill().unwrap_or(false);
    while let Ok(Some(Tap { input })) = tap.next() {
        typed.write_all(&input).ok();
    }
    open
}

/// The onlooker's end.
impl Tap {
    /// Sends what was typed.
    ///
    /// # Errors
    /// The step is over.
    pub fn send(input: &[u8], step: &Channel) -> io::Result<()> {
        step.send(&Tap { input: input.to_vec() }, &[])
    }
}

//! Steps of an `srun` that is not inside the job, and allocations that `salloc` holds. A process inside the job calls
//! its owner back ([`Door`]), gets the plan and the owner's open files, and runs the step; the owner passes signals on.
//! It lives as long as the owner does.
//!
//! Must not know the centre.

mod channel;
mod runner;

use model::{Exit, JobState, Usage};
use serde::{Deserialize, Serialize};

pub use self::{
    channel::{Channel, Door},
    runner::run as run_runner,
};
use super::{Ended, Step};

/// What the owner says.
#[derive(Serialize, Deserialize)]
pub enum ToRunner {
    /// Run this, with the files that came before; the last one is the door for `sattach`.
    Run(Box<Step>),
    /// Stay; the job is only held.
    Hold,
    /// Stay, also when the owner goes.
    HoldAlone,
    /// A signal for the tasks.
    Signal(i32),
    /// The step is to end.
    End,
    /// The terminal has another size now: rows, columns.
    Resize(u16, u16),
    /// Everything is done: end like this.
    Finish(Exit),
}

/// What the runner says.
#[derive(Serialize, Deserialize)]
pub enum FromRunner {
    /// First of all.
    Here,
    /// The step could not be begun.
    Failed(String),
    /// The step is over.
    Ended(Report),
}

/// How a step ended.
#[derive(Serialize, Deserialize)]
pub struct Report {
    code: u8,
    state: JobState,
    exit: Exit,
    usage: Usage,
}

impl From<Ended> for Report {
    fn from(Ended { code, state, exit, usage }: Ended) -> Self {
        Self { code, state, exit, usage }
    }
}

impl From<Report> for Ended {
    fn from(Report { code, state, exit, usage }: Report) -> Self {
        Self { code, state, exit, usage }
    }
}

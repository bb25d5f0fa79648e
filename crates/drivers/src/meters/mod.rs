//! The meters of a machine: one file each, behind one trait, tried in the order that the operator prefers.
//!
//! A meter tells what it shows, in whole numbers, or why it cannot; a number that is none (NaN, a text, a page of HTML)
//! is an error here. Whether a number can be true is for [`energy::meter`]. This must not know jobs, prices or SQL, and
//! no meter ever waits longer than its limit.

mod ber;
mod chain;
pub(crate) mod command;
mod config;
mod dcmi;
mod estimate;
pub(crate) mod http;
pub(crate) mod json;
mod late;
mod nvml;
mod pdu;
mod rapl;
mod redfish;
mod shelly;
mod snmp;
mod tasmota;

#[cfg(test)]
pub(crate) mod tests;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use energy::meter::Channel;

pub use chain::{Chain, Failure, Look};
pub(crate) use config::password;
pub use config::{MeterConfig, Roots};
pub use estimate::busy_us;
pub use pdu::Make;
pub(crate) use rapl::counters;
pub(crate) use tasmota::login as tasmota_login;

/// Something that knows what a machine, or a part of it, draws.
pub trait Meter: Send {
    /// What it shows now: one channel, or several that add up; always the same ones in the same order. Takes no longer
    /// than its limit.
    ///
    /// # Errors
    /// [`MeterError`]: no number, and why.
    fn read(&mut self) -> Result<Vec<Channel>, MeterError>;

    /// What it is, for people.
    fn about(&self) -> About;
}

/// What a meter is, and how sure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// `Shelly plug at 10.0.0.12`.
    pub name: String,
    /// What it covers.
    pub scope: Scope,
    /// How far its figures may be off, in thousandths: of what it covers, as its maker or others who compared say.
    pub uncertainty_permille: u32,
    /// Reading it more often than this costs much and tells no more.
    pub pace: Duration,
}

/// What a meter covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All that comes out of the wall.
    Socket,
    /// The machine, as its board sees it: without some losses of the power supplies.
    Board,
    /// Processors and their memory: a half of the machine, more or less.
    Processors,
    /// Graphics cards, a channel each in the order of their PCI addresses.
    Gpus,
    /// Nothing: it is computed from the load.
    Estimate,
}

/// Why a meter says nothing. Each names the meter or what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// It is not there, or the network does not reach it.
    #[error("{what} cannot be reached")]
    Unreachable {
        /// What was asked.
        what: String,
        /// What the system answered.
        source: io::Error,
    },
    /// Nothing, or not all, came in time.
    #[error("{what} did not answer within {} s", limit.as_secs_f32())]
    Late {
        /// What was asked.
        what: String,
        /// For how long it was waited.
        limit: Duration,
    },
    /// It answered that it will not say.
    #[error("{what} refuses: {answer}")]
    Refused {
        /// What was asked.
        what: String,
        /// What it answered.
        answer: String,
    },
    /// It answered something else than a meter of this kind does.
    #[error("{what} answers {found}, and not {expected}")]
    NotUnderstood {
        /// What was asked.
        what: String,
        /// What came.
        found: String,
        /// What a meter of this kind would have said.
        expected: &'static str,
    },
    /// A file that is not there or may not be read.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// This machine has no such meter, or not what is needed to read it.
    #[error("{0}")]
    Missing(String),
}

/// The beginning of what came, for a message: one line, 60 letters.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(240)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().filter(|letter| !letter.is_control()).take(60).collect();
    if short.is_empty() { "nothing".into() } else { format!("`{short}`") }
}

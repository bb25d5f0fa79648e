//! When machines are off: what an operator can choose. Must not know machines.

use std::fmt;
use std::str::FromStr;

/// What machines without a job do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// They stay on.
    AlwaysOn,
    /// They are switched off after so many seconds, and boot when a job gets them.
    OffAfter(u32),
    /// They are on when they are likely to be needed, and some jobs are held for cheap hours, so that jobs wait no more
    /// than so many seconds longer in the mean than by plain EASY on machines that are always on.
    Predictive {
        /// Seconds.
        patience_s: u32,
    },
}

/// What is no choice.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no power policy: always-on, off-after=600s, predictive, predictive=5s")]
pub struct NoPower(String);

/// How many seconds more a job may wait in the mean, unless somebody says otherwise.
pub const PATIENCE_S: u32 = 60;

/// `600`, `600s`, `10m` or `2h`, in seconds.
fn seconds(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    digits.parse::<u32>().ok()?.checked_mul(unit)
}

impl fmt::Display for Power {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Power::AlwaysOn => write!(out, "always-on"),
            Power::OffAfter(seconds) => write!(out, "off-after={seconds}s"),
            Power::Predictive { patience_s } => write!(out, "predictive={patience_s}s"),
        }
    }
}

impl FromStr for Power {
    type Err = NoPower;
    fn from_str(text: &str) -> Result<Power, NoPower> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let known = match (name, value) {
            ("always-on", None) => Some(Power::AlwaysOn),
            ("off-after", Some(value)) => seconds(value).map(Power::OffAfter),
            ("predictive", None) => Some(Power::Predictive { patience_s: PATIENCE_S }),
            ("predictive", Some(value)) => seconds(value).map(|patience_s| Power::Predictive { patience_s }),
            _ => None,
        };
        known.ok_or_else(|| NoPower(text.to_owned()))
    }
}

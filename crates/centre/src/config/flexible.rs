//! `[flexible]`: how much jobs that fear no delay may be moved to cheap hours. Must not know prices.

use model::Span;
use scheduler::Flexible;
use serde::Deserialize;

/// `[flexible]`
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlexibleSection {
    /// Hours after its submission that a flexible job without a deadline is held at most; 0: none ever is.
    pub longest_hold_hours: u32,
    /// Percent of the cost of a job's electricity that a later start must save.
    pub least_saving_percent: u32,
    /// Jobs with a `--deadline` are flexible without saying so.
    pub deadlines: bool,
}

impl Default for FlexibleSection {
    fn default() -> Self {
        Self { longest_hold_hours: 16, least_saving_percent: 5, deadlines: true }
    }
}

impl FlexibleSection {
    /// As the scheduler wants it.
    pub(crate) fn rules(&self) -> Flexible {
        Flexible {
            longest: Span::minutes(60 * i64::from(self.longest_hold_hours)),
            least_permille: self.least_saving_percent.saturating_mul(10),
            deadlines: self.deadlines,
        }
    }
}

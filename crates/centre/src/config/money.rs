//! `[money]`: where prices and legal words stand, and who sees to them. Must not know a price: those are dated data in
//! the operator's own files.

use std::path::PathBuf;

use ledger::invoice::Status;
use serde::Deserialize;

/// `[money]`; without `tariffs` nothing has a price.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MoneySection {
    /// The file of tariffs; its path begins at the directory of the configuration.
    pub tariffs: Option<PathBuf>,
    /// Type of this machine, as the tariffs name it; its own name without.
    pub machine: Option<String>,
    /// What the centre is to the tax.
    pub status: Status,
    /// A file of taxes and mentions of one's own, instead of those that come with the program.
    pub fiscal: Option<PathBuf>,
    /// Login names of those who see to money, besides operators.
    pub treasurers: Vec<String>,
    /// A run that is over gets its price when its energy is known; so many seconds later where no meter answers.
    pub settle_seconds: u32,
    /// What a run that an urgent job displaced gets on top of its own price, in thousandths of it.
    pub displaced_permille: u32,
    /// Days late after which a first, second… reminder is due.
    pub reminder_days: Vec<i64>,
}

impl Default for MoneySection {
    fn default() -> Self {
        Self {
            tariffs: None,
            machine: None,
            status: Status::OutsideVat,
            fiscal: None,
            treasurers: Vec::new(),
            settle_seconds: 120,
            displaced_permille: 100,
            reminder_days: vec![8, 30, 60],
        }
    }
}

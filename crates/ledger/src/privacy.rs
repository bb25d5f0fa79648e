//! What is kept how long about people, and what is left of them afterwards. Must not know where it is kept: whoever
//! removes asks here, and says what was removed.
//!
//! The ledger's entries have no name in them: a member is a number, a customer a code. Who they are is a table beside it.
//! To forget a member is to replace what that table says by [`pseudonym`]; the chain of entries stays whole.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::words::words;

/// The periods that this version knows, with their sources.
pub const SHIPPED: &str = include_str!("../data/retention.toml");

words! {
    /// What is kept.
    Kept, "kind of data",
    /// Entries, invoices, payments.
    Accounts = "accounts",
    /// Name, address, mail.
    Identity = "identity",
    /// User names, dates, references of payments.
    AccountData = "account_data",
    /// Where somebody connected from.
    Connections = "connections",
    /// Names, folders and commands of jobs.
    Jobs = "jobs",
}

words! {
    /// What a period is counted from.
    Since, "beginning of a period",
    /// The last day of the year of the record.
    EndOfYear = "end_of_year",
    /// The day on which a member left.
    EndOfContract = "end_of_contract",
    /// The day of the record.
    Day = "day",
}

words! {
    /// What happens at the end of a period.
    Then, "end of a period",
    /// The record goes.
    Remove = "remove",
    /// The record stays, the person in it is a number.
    Pseudonymise = "pseudonymise",
}

/// One period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of what.
    pub what: Kept,
    /// From when.
    pub since: Since,
    /// How long.
    pub years: u8,
    /// And then.
    pub then: Then,
    /// Why: law and article.
    pub basis: String,
}

/// All periods.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    rule: Vec<Rule>,
}

/// What is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// Not readable.
    #[error("the retention periods cannot be read: {0}")]
    Syntax(String),
    /// No rule for something, or two.
    #[error("{count} rules are for {what}: write one [[rule]] with its years and its basis")]
    Count {
        /// For what.
        what: Kept,
        /// How many.
        count: usize,
    },
}

/// What is to be done with a record now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum Fate {
    /// It stays until (not with) this day.
    KeepUntil(Day),
    /// It stays while its member is one.
    KeepWhileMember,
    /// Its time is over since this day.
    Due(Then, Day),
}

impl Retention {
    /// Reads them (TOML, see `data/retention.toml`): one rule for each kind.
    ///
    /// # Errors
    /// [`RetentionError`].
    pub fn parse(text: &str) -> Result<Self, RetentionError> {
        let all: Self =
            toml::from_str(text).map_err(|fault| RetentionError::Syntax(fault.to_string().trim_end().to_owned()))?;
        for what in Kept::ALL {
            let count = all.rule.iter().filter(|rule| rule.what == *what).count();
            if count != 1 {
                return Err(RetentionError::Count { what: *what, count });
            }
        }
        Ok(all)
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rule
    }

    /// What is to be done today with a record of a day, whose member left on another (`None`: is still one).
    pub fn fate(&self, what: Kept, day: Day, left: Option<Day>, today: Day) -> Fate {
        let Some(rule) = self.rule.iter().find(|rule| rule.what == what) else { return Fate::KeepWhileMember };
        let since = match rule.since {
            Since::Day => Some(day),
            Since::EndOfContract => left,
            Since::EndOfYear => crate::day::Month::new(day.year(), 12).map(crate::day::Month::last),
        };
        let Some(since) = since else { return Fate::KeepWhileMember };
        let over = since.plus_years(i16::from(rule.years)).plus(1);
        if today < over { Fate::KeepUntil(over) } else { Fate::Due(rule.then, over) }
    }
}

/// What an erased member is called from then on, everywhere. From the number alone: the name is not hidden in it.
pub fn pseudonym(member: u32) -> String {
    format!("former-member-{member}")
}

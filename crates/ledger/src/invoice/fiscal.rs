//! What the law wants on an invoice, by fiscal status and day. Must not know what is sold.

use serde::Deserialize;

use super::{CustomerKind, Language};
use crate::day::Day;
use crate::words::words;

/// The mentions that this version knows, with their sources: an operator copies and corrects them.
pub const SHIPPED: &str = include_str!("../../data/fiscal.toml");

words! {
    /// What the seller is to the tax.
    Status, "fiscal status",
    /// A non-profit association with a little income besides.
    OutsideVat = "outside_vat",
    /// Too small a turnover to be taxed.
    Franchise = "franchise",
    /// Liable.
    Vat = "vat",
}

/// The tax of a status, for a time.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Of whom.
    pub status: Status,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Option<Day>,
    /// VAT category of EN 16931.
    pub category: String,
    /// Rate in thousandths.
    pub permille: u32,
    /// Code list VATEX; empty where there is a tax.
    #[serde(default)]
    pub exemption_code: String,
    fr: String,
    en: String,
    /// Where that stands.
    pub source: String,
}

impl Regime {
    /// Why there is no tax; empty where there is one.
    pub fn words(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mention {
    #[serde(rename = "for")]
    to_whom: Whom,
    statuses: Option<Vec<Status>>,
    from: Day,
    to: Option<Day>,
    fr: String,
    en: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whom {
    Everyone,
    Business,
}

/// Regimes and mentions of all times.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fiscal {
    regime: Vec<Regime>,
    #[serde(default)]
    mention: Vec<Mention>,
}

/// What is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FiscalError {
    /// Not readable.
    #[error("the fiscal mentions cannot be read: {0}")]
    Syntax(String),
    /// None for a day, or two.
    #[error(
        "{count} regimes of status {status} hold on {day}: correct the first and last days of [[regime]] so that it is one"
    )]
    Count {
        /// Whose.
        status: Status,
        /// When.
        day: Day,
        /// How many.
        count: usize,
    },
}

fn holds(from: Day, to: Option<Day>, day: Day) -> bool {
    from <= day && to.is_none_or(|to| day <= to)
}

impl Fiscal {
    /// Reads them (TOML, see `data/fiscal.toml`).
    ///
    /// # Errors
    /// [`FiscalError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, FiscalError> {
        toml::from_str(text).map_err(|fault| FiscalError::Syntax(fault.to_string().trim_end().to_owned()))
    }

    /// The one regime of a status on a day.
    ///
    /// # Errors
    /// [`FiscalError::Count`].
    pub fn regime(&self, status: Status, day: Day) -> Result<&Regime, FiscalError> {
        let mut found =
            self.regime.iter().filter(|regime| regime.status == status && holds(regime.from, regime.to, day));
        match (found.next(), found.count()) {
            (Some(regime), 0) => Ok(regime),
            (first, more) => Err(FiscalError::Count { status, day, count: more + usize::from(first.is_some()) }),
        }
    }

    /// What else must be written on an invoice of a day.
    pub fn mentions(&self, status: Status, kind: CustomerKind, language: Language, day: Day) -> Vec<String> {
        let is_business = kind != CustomerKind::Person;
        let fits = |mention: &&Mention| {
            holds(mention.from, mention.to, day)
                && (mention.to_whom == Whom::Everyone || is_business)
                && mention.statuses.as_ref().is_none_or(|statuses| statuses.contains(&status))
        };
        let words = |mention: &Mention| match language {
            Language::Fr => mention.fr.clone(),
            Language::En => mention.en.clone(),
        };
        self.mention.iter().filter(fits).map(words).collect()
    }
}

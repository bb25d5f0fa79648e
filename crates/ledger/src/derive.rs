//! What a core-hour costs the centre: from watts, the contract, overhead and provisions to a break-even price, with each
//! term, beside what clouds ask. Must not know what the centre then decides to ask.
//!
//! A machine that is used for a share *u* of its time draws idle + (full − idle) × *u* in the mean, or full × *u* where
//! it is off when idle. Costs that belong to no machine are spread by energy.

use model::Money;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::read::{Euros, euros};

/// A template of costs.
pub const SHIPPED_COSTS: &str = include_str!("../data/costs.toml");
/// Prices of clouds, with dates and sources.
pub const SHIPPED_ANCHORS: &str = include_str!("../data/anchors.toml");

/// Hours of a year.
const HOURS: i128 = 8760;

/// What the centre spends, and for what (TOML, see `data/costs.toml`).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Mean of the contract.
    #[serde(deserialize_with = "euros")]
    pub eur_per_kwh: Money,
    /// Of electricity.
    #[serde(default, deserialize_with = "euros")]
    pub subscription_eur_per_year: Money,
    /// All energy of the site for each energy of machines, in thousandths: 1300 is a PUE of 1.3.
    pub pue_permille: i64,
    /// Given by volunteers.
    #[serde(default)]
    pub volunteer_hours_per_year: i64,
    /// 0: they are not paid. Shown, so that it is not forgotten.
    #[serde(default, deserialize_with = "euros")]
    pub eur_per_volunteer_hour: Money,
    /// Where the figures come from, and when.
    #[serde(default)]
    pub source: String,
    /// Rent, insurance, the line to the world.
    #[serde(default)]
    pub other: Vec<Other>,
    /// By type.
    pub machine: Vec<Machine>,
}

/// A yearly cost with a name.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// As it is shown.
    pub name: String,
    /// A year.
    #[serde(deserialize_with = "euros")]
    pub eur_per_year: Money,
}

/// All machines of a type.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// As tariffs name it.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many.
    pub count: i64,
    /// Physical cores of each.
    pub cores: i64,
    /// Of each, doing nothing.
    pub idle_watts: i64,
    /// Of each, all cores busy.
    pub full_watts: i64,
    /// Core-hours that are sold, of a thousand that there are.
    pub use_permille: i64,
    /// Whether it is switched off meanwhile.
    #[serde(default)]
    pub off_when_idle: bool,
    /// Of each.
    #[serde(default, deserialize_with = "euros")]
    pub spares_eur_per_year: Money,
    /// Of each, to come here and to be recycled one day.
    #[serde(default, deserialize_with = "euros")]
    pub transport_eur: Money,
    /// Over so many years.
    #[serde(default = "one")]
    pub transport_years: i64,
}

fn one() -> i64 {
    1
}

/// One cost of a type of machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CostTerm {
    /// `energy`, `overhead`, `subscription`, `spares`, `transport`, `volunteers`, or the name of another one.
    pub name: String,
    /// All machines of the type, a year.
    pub per_year: Money,
    /// A core-hour that is sold, to the nearest micro-euro.
    pub per_core_hour: Money,
}

/// What a core-hour of a type of machine costs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Derived {
    /// The type.
    pub machine: String,
    /// Core-hours sold a year.
    pub core_hours: i64,
    /// Watt-hours drawn a year, without overhead.
    pub watt_hours: i64,
    /// What it is made of.
    pub terms: Vec<CostTerm>,
    /// Sum of the terms a year, by core-hour, rounded up to a micro-euro: below it the centre loses money.
    pub break_even: Money,
}

/// Why nothing can be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Not readable.
    #[error("the costs cannot be read: {0}")]
    Syntax(String),
    /// A figure that makes no sense.
    #[error("{place}: {what}")]
    Figure {
        /// Which machine.
        place: String,
        /// What is wrong, and what to do.
        what: &'static str,
    },
}

impl Costs {
    /// Reads them.
    ///
    /// # Errors
    /// [`CostError`].
    pub fn parse(text: &str) -> Result<Self, CostError> {
        toml::from_str(text).map_err(|fault| CostError::Syntax(fault.to_string().trim_end().to_owned()))
    }

    /// The break-even price of each type of machine.
    ///
    /// # Errors
    /// [`CostError::Figure`] for a machine that sells nothing, or figures that make no sense.
    pub fn derive(&self) -> Result<Vec<Derived>, CostError> {
        self.check()?;
        let drawn: Vec<i128> = self.machine.iter().map(Machine::milliwatt_hours).collect();
        let all: i128 = drawn.iter().sum::<i128>().max(1);
        self.machine.iter().zip(&drawn).map(|(machine, drawn)| Ok(self.derive_one(machine, *drawn, all))).collect()
    }

    fn derive_one(&self, machine: &Machine, drawn: i128, all: i128) -> Derived {
        let count = i128::from(machine.count);
        let energy = Parts(i128::from(self.eur_per_kwh.0) * drawn, 1_000_000);
        let overhead = Parts(energy.0 * i128::from(self.pue_permille - 1000), energy.1 * 1000);
        let shared = |amount: Money| Parts(i128::from(amount.0) * drawn, all);
        let volunteers = i128::from(self.volunteer_hours_per_year) * i128::from(self.eur_per_volunteer_hour.0);
        let mut parts = vec![
            ("energy", energy),
            ("overhead", overhead),
            ("subscription", shared(self.subscription_eur_per_year)),
            ("spares", Parts(i128::from(machine.spares_eur_per_year.0) * count, 1)),
            ("transport", Parts(i128::from(machine.transport_eur.0) * count, i128::from(machine.transport_years))),
            ("volunteers", Parts(volunteers * drawn, all)),
        ];
        parts.extend(self.other.iter().map(|other| (other.name.as_str(), shared(other.eur_per_year))));
        let core_hours = (machine.permille_core_hours() / 1000).max(1);
        let term = |(name, part): (&str, Parts)| CostTerm {
            name: name.to_owned(),
            per_year: part.rounded(1),
            per_core_hour: part.rounded(core_hours),
        };
        let terms: Vec<CostTerm> = parts.into_iter().map(term).collect();
        let total: i128 = terms.iter().map(|term| i128::from(term.per_year.0)).sum();
        let break_even = Money(narrow(total.div_euclid(core_hours) + i128::from(total.rem_euclid(core_hours) > 0)));
        let (core_hours, watt_hours) = (narrow(core_hours), narrow(drawn / 1000));
        Derived { machine: machine.kind.clone(), core_hours, watt_hours, terms, break_even }
    }

    fn check(&self) -> Result<(), CostError> {
        let wrong = |place: &str, what| Err(CostError::Figure { place: place.to_owned(), what });
        if self.pue_permille < 1000 {
            return wrong("pue_permille", "a site uses no less than its machines: write 1000 or more");
        }
        for machine in &self.machine {
            let place = format!("machine `{}`", machine.kind);
            if machine.count < 1 || machine.cores < 1 {
                return wrong(&place, "count and cores are 1 or more");
            }
            if !(1..=1000).contains(&machine.use_permille) {
                return wrong(&place, "use_permille is 1 to 1000: without a core-hour sold there is no price");
            }
            if machine.idle_watts < 0 || machine.full_watts < machine.idle_watts {
                return wrong(&place, "full_watts is idle_watts or more, and neither is negative");
            }
            if machine.transport_years < 1 {
                return wrong(&place, "transport_years is 1 or more");
            }
        }
        Ok(())
    }
}

impl Machine {
    /// Drawn by all of the type in a year.
    fn milliwatt_hours(&self) -> i128 {
        let (idle, full, busy) =
            (i128::from(self.idle_watts), i128::from(self.full_watts), i128::from(self.use_permille));
        // Watts times thousandths are milliwatts.
        let mean = if self.off_when_idle { full * busy } else { idle * 1000 + (full - idle) * busy };
        mean * HOURS * i128::from(self.count)
    }

    /// Thousandths of core-hours sold by all of the type in a year.
    fn permille_core_hours(&self) -> i128 {
        i128::from(self.cores) * i128::from(self.count) * HOURS * i128::from(self.use_permille)
    }
}

/// A numerator in micro-euros and its denominator.
#[derive(Clone, Copy)]
struct Parts(i128, i128);

impl Parts {
    fn rounded(self, by: i128) -> Money {
        let denominator = self.1 * by;
        Money(narrow((self.0 + denominator / 2).div_euclid(denominator)))
    }
}

fn narrow(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

/// A price of somebody else's.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// What is sold.
    pub name: String,
    /// A vCPU for an hour.
    #[serde(deserialize_with = "euros")]
    pub price: Money,
    /// `EUR` or `USD`.
    pub currency: String,
    /// When it was so.
    pub date: Day,
    /// Who says so.
    pub source: String,
}

/// Prices of clouds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchors {
    /// What a dollar costs; prices in dollars are not compared without it.
    #[serde(default)]
    eur_per_usd: Option<Euros>,
    anchor: Vec<Anchor>,
}

/// An anchor beside a price of ours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Beside {
    /// What is sold.
    pub name: String,
    /// As it is published, a vCPU for an hour.
    pub price: Money,
    /// Of that price.
    pub currency: String,
    /// When it was so.
    pub date: Day,
    /// Two vCPUs, which is a core, for an hour, in euros; `None` without a rate of exchange.
    pub per_core: Option<Money>,
    /// Our price in thousandths of it.
    pub ours_permille: Option<i64>,
}

impl Anchors {
    /// Reads them (TOML, see `data/anchors.toml`).
    ///
    /// # Errors
    /// What cannot be read; a currency that is neither `EUR` nor `USD`.
    pub fn parse(text: &str) -> Result<Self, CostError> {
        let anchors: Self = toml::from_str(text).map_err(|fault| CostError::Syntax(fault.to_string()))?;
        match anchors.anchor.iter().find(|anchor| !["EUR", "USD"].contains(&anchor.currency.as_str())) {
            Some(anchor) => Err(CostError::Figure {
                place: format!("anchor `{}`, currency `{}`", anchor.name, anchor.currency),
                what: "no currency that is known here: write EUR or USD",
            }),
            None => Ok(anchors),
        }
    }

    /// Each beside a price of a core-hour.
    pub fn beside(&self, per_core_hour: Money) -> Vec<Beside> {
        let in_euros = |anchor: &Anchor| match (anchor.currency.as_str(), self.eur_per_usd) {
            ("EUR", _) => Some(anchor.price),
            (_, Some(rate)) => Some(Money(narrow(i128::from(anchor.price.0) * i128::from(rate.0.0) / 1_000_000))),
            _ => None,
        };
        let one = |anchor: &Anchor| {
            let per_core = in_euros(anchor).map(|price| price + price);
            let ours = per_core.filter(|price| price.0 > 0);
            Beside {
                name: anchor.name.clone(),
                price: anchor.price,
                currency: anchor.currency.clone(),
                date: anchor.date,
                per_core,
                ours_permille: ours.map(|price| narrow(i128::from(per_core_hour.0) * 1000 / i128::from(price.0))),
            }
        };
        self.anchor.iter().map(one).collect()
    }
}

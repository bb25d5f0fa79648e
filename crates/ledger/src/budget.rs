//! What a project may still spend: whether a submission is covered, and when a running job is warned or stopped. Must
//! not write anything: decisions are pure functions of the journal's figures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::day::{Day, Month};
use crate::journal::Project;
use crate::posting::Cost;
use crate::words::words;

words! {
    /// What a budget counts.
    Unit, "unit of a budget",
    /// Micro-euros.
    Euros = "euros",
    /// Core-milliseconds.
    CoreHours = "core_hours",
    /// Microjoules.
    Kwh = "kwh",
}

words! {
    /// How often a budget begins anew.
    Period, "period of a budget",
    /// Never.
    Once = "once",
    /// With each local month.
    Month = "month",
    /// With each local year.
    Year = "year",
}

words! {
    /// What happens where a budget is used up.
    OnFull, "answer to a full budget",
    /// Submissions are refused, and running jobs stopped: a hard cap.
    Stop = "stop",
    /// Everybody is warned, and goes on.
    Warn = "warn",
}

words! {
    /// What a member is to a project.
    Role, "role in a project",
    /// Answers for it: members and budgets, too.
    Manager = "manager",
    /// Submits jobs.
    Member = "member",
    /// Looks at it.
    Viewer = "viewer",
}

words! {
    /// What somebody wants to do in a project.
    Deed, "deed in a project",
    /// Submit a job.
    Submit = "submit",
    /// See what was used, and its price.
    SeeUsage = "see_usage",
    /// See invoices.
    SeeInvoices = "see_invoices",
    /// Let members in and out.
    ManageMembers = "manage_members",
    /// Say what happens where a budget is used up.
    ChooseCap = "choose_cap",
}

impl Role {
    /// Whether this role may do that. How high a budget is, and all that is money, is the treasurer's alone.
    pub fn may(self, deed: Deed) -> bool {
        match self {
            Role::Manager => true,
            Role::Member => [Deed::Submit, Deed::SeeUsage].contains(&deed),
            Role::Viewer => deed == Deed::SeeUsage,
        }
    }
}

/// One budget of a project; it may have several, and all of them must cover a job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Budget {
    /// What it counts.
    pub unit: Unit,
    /// How much of it: micro-euros, core-milliseconds, microjoules.
    pub limit: i64,
    /// How often it begins anew.
    pub period: Period,
    /// What was spent before this month does not count, for [`Period::Once`].
    pub from: Option<Month>,
    /// What happens where it is used up.
    pub on_full: OnFull,
    /// Thousandths of it at which everybody is warned.
    pub warn_permille: u32,
}

/// How a budget stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// Of the budget.
    pub limit: i64,
    /// Spent in its period.
    pub spent: i64,
    /// Set aside for runs that are not over. Counts in whatever period is now.
    pub reserved: i64,
}

impl Standing {
    /// What a further job may use; negative where a budget was lowered, or may be passed.
    pub fn left(&self) -> i64 {
        self.limit.saturating_sub(self.spent).saturating_sub(self.reserved)
    }
}

impl Unit {
    fn of(self, cost: Cost) -> i64 {
        match self {
            Unit::Euros => cost.amount.0,
            Unit::CoreHours => cost.core_ms,
            Unit::Kwh => cost.energy_uj,
        }
    }

    /// As a person reads it, rounded down to a thousandth (euros: to a cent), so that nobody is promised too much.
    fn shown(self, number: i64) -> String {
        let (unit, decimals, word) = match self {
            Unit::Euros => (1_000_000_i128, 2, "EUR"),
            Unit::CoreHours => (3_600_000, 3, "core-hours"),
            Unit::Kwh => (3_600_000_000_000, 3, "kWh"),
        };
        let scale = 10_i128.pow(decimals);
        let scaled = (i128::from(number) * scale).div_euclid(unit);
        let (sign, scaled) = if scaled < 0 { ("-", -scaled) } else { ("", scaled) };
        format!("{sign}{}.{:0width$} {word}", scaled / scale, scaled % scale, width = decimals as usize)
    }
}

impl Budget {
    /// How it stands on a local day.
    pub fn standing(&self, project: &Project, today: Day) -> Standing {
        let spent = match self.period {
            Period::Once => project.spent_in(self.from, None),
            Period::Month => project.spent_in(Some(today.month()), Some(today.month().next())),
            Period::Year => {
                let year = |year| Month::new(year, 1);
                project.spent_in(year(today.year()), year(today.year().saturating_add(1)))
            }
        };
        Standing { limit: self.limit, spent: self.unit.of(spent), reserved: self.unit.of(project.reserved) }
    }
}

/// A submission that a budget does not cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose.
    pub project: String,
    /// Which of its budgets.
    pub budget: Budget,
    /// How it stands.
    pub standing: Standing,
    /// What the job may use at most.
    pub asked: i64,
}

impl Refusal {
    /// How much more the budget would have to be.
    pub fn missing(&self) -> i64 {
        self.asked.saturating_sub(self.standing.left().max(0))
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, budget, standing, asked } = self;
        // What is missing is rounded up: with so much more it is enough.
        let missing = -self.missing();
        let shown = |number| budget.unit.shown(number);
        let period = match budget.period {
            Period::Once => "",
            Period::Month => " a month",
            Period::Year => " a year",
        };
        write!(
            f,
            "project {project} has {} left of its {}{period}, and this job may use {}: {} are missing. Ask for less \
             (--time, --ntasks), or ask the treasurer for a greater budget",
            shown(standing.left()),
            shown(standing.limit),
            shown(*asked),
            shown(missing).trim_start_matches('-'),
        )
    }
}

/// Whether all hard budgets of a project cover what a job may use at most.
///
/// # Errors
/// The first that does not, with what is missing.
pub fn cover(name: &str, budgets: &[Budget], project: &Project, cost: Cost, today: Day) -> Result<(), Refusal> {
    for budget in budgets.iter().filter(|budget| budget.on_full == OnFull::Stop) {
        let (standing, asked) = (budget.standing(project, today), budget.unit.of(cost));
        if asked > standing.left() && asked > 0 {
            return Err(Refusal { project: name.to_owned(), budget: budget.clone(), standing, asked });
        }
    }
    Ok(())
}

/// What is to be done about a project's running jobs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// Nothing.
    Fine,
    /// Tell its members: so many thousandths are used.
    Warn(u64),
    /// Stop them: the budget is used up.
    Stop,
}

/// Looks at all budgets of a project with what its running jobs have cost until now: warned from `warn_permille` on,
/// stopped at the whole of a hard one. The strictest answer counts.
pub fn watch(budgets: &[Budget], project: &Project, running: Cost, today: Day) -> Watch {
    let one = |budget: &Budget| {
        let used = i128::from(budget.standing(project, today).spent) + i128::from(budget.unit.of(running));
        let limit = i128::from(budget.limit.max(0));
        let permille = if limit > 0 { used * 1000 / limit } else { 1000 * i128::from(used > 0) };
        match (used >= limit && used > 0, budget.on_full) {
            (true, OnFull::Stop) => Watch::Stop,
            _ if permille >= i128::from(budget.warn_permille) && used > 0 => {
                Watch::Warn(u64::try_from(permille).unwrap_or(u64::MAX))
            }
            _ => Watch::Fine,
        }
    };
    budgets.iter().map(one).max().unwrap_or(Watch::Fine)
}

//! `algoric project customer`, `budget`, `credit`, …: who pays for a project, and what it may spend.

use api::{BudgetRow, MoneyReply, MoneyRequest, PurseChange, PurseRow};
use model::Money;

use super::{Measure, ask, hours, id, order};
use crate::{
    client::ClientError,
    commands::House,
    exit,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// What a project pays.
#[derive(clap::Subcommand)]
pub enum PurseCommand {
    /// Names the customer who pays for a project (treasurers)
    Customer {
        /// The project
        project: String,
        /// The customer's code
        #[arg(required_unless_present = "none")]
        code: Option<String>,
        /// Nobody pays: its jobs have no price
        #[arg(long, conflicts_with = "code")]
        none: bool,
    },
    /// Sets what a project may spend, in euros, core-hours or kWh (treasurers)
    ///
    /// A submission that all hard budgets do not cover at its greatest cost is refused. A project may have several.
    Budget {
        /// The project
        project: String,
        /// 50 EUR, 100 h or 20 kWh
        amount: Measure,
        /// How often it begins anew
        #[arg(long, default_value = "once", value_parser = ["once", "month", "year"])]
        period: String,
        /// Warn only: submissions are taken, and jobs go on, when it is used up
        #[arg(long)]
        soft: bool,
        /// Per cent of it at which members are warned
        #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=100))]
        warn_at: u32,
        /// Take this budget away
        #[arg(long)]
        remove: bool,
    },
    /// Says who bears what a job costs beyond its greatest quote (treasurers)
    Overrun {
        /// The project
        project: String,
        /// Who
        #[arg(value_parser = ["centre", "project"])]
        who: String,
    },
    /// Gives a project money to use (treasurers)
    Credit {
        #[command(flatten)]
        grant: Grant,
        /// How much: 25 EUR
        amount: Money,
    },
    /// Gives a project core-hours that it pays now (treasurers)
    Prepaid {
        #[command(flatten)]
        grant: Grant,
        /// How many core-hours
        #[arg(value_parser = hours)]
        hours: i64,
        /// What they cost together, without tax
        #[arg(long, value_name = "EUR")]
        price: Money,
    },
    /// Gives a project core-hours in the public interest (treasurers)
    InKind {
        #[command(flatten)]
        grant: Grant,
        /// How many core-hours
        #[arg(value_parser = hours)]
        hours: i64,
    },
    /// Shows what projects spent, set aside and may still spend
    Balance(Format),
}

/// To whom, why, and what names it.
#[derive(clap::Args)]
pub struct Grant {
    /// The project
    project: String,
    /// Why
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    /// Names it: the same twice is one
    #[arg(long)]
    id: Option<String>,
}

/// Does it.
pub fn run(command: PurseCommand, house: &House) -> anyhow::Result<u8> {
    let (project, change) = match command {
        PurseCommand::Balance(format) => return balance(format, house),
        PurseCommand::Credit { grant, amount } => return give(grant, "credit", 0, amount, house),
        PurseCommand::Prepaid { grant, hours, price } => return give(grant, "prepaid", hours, price, house),
        PurseCommand::InKind { grant, hours } => return give(grant, "in_kind", hours, Money::ZERO, house),
        PurseCommand::Customer { project, code, .. } => (project, PurseChange::Customer(code)),
        PurseCommand::Overrun { project, who } => (project, PurseChange::Overrun(who)),
        PurseCommand::Budget { project, amount, period, remove: true, .. } => {
            (project, PurseChange::NoBudget { unit: amount.unit.to_owned(), period })
        }
        PurseCommand::Budget { project, amount, period, soft, warn_at, .. } => {
            let on_full = if soft { "warn" } else { "stop" }.to_owned();
            let Measure { unit, amount: limit } = amount;
            let unit = unit.to_owned();
            (project, PurseChange::Budget { unit, limit, period, on_full, warn_permille: warn_at * 10 })
        }
    };
    order(MoneyRequest::Change { project, change }, house)
}

fn give(grant: Grant, pot: &str, core_ms: i64, amount: Money, house: &House) -> anyhow::Result<u8> {
    let Grant { project, note, id: given } = grant;
    let (pot, amount_microeur) = (pot.to_owned(), amount.0);
    order(MoneyRequest::Grant { project, id: id(given, &pot), pot, core_ms, amount_microeur, note }, house)
}

/// How projects stand.
pub fn balance(format: Format, house: &House) -> anyhow::Result<u8> {
    let MoneyReply::Purses(rows) = ask(&mut house.call()?, MoneyRequest::Purses)? else {
        return Err(ClientError::Unfit.into());
    };
    show::list(&rows, format, &house.words)?;
    Ok(exit::OK)
}

impl Noun for PurseRow {
    const COLUMNS: &'static [Column] = &[
        text("column-project"),
        text("money-column-customer"),
        number("money-column-spent"),
        number("money-column-reserved"),
        number("money-column-unbilled"),
        text("money-column-budgets"),
    ];

    fn name(&self) -> String {
        self.project.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let budgets: Vec<String> = self.budgets.iter().map(|budget| told(budget, words)).collect();
        vec![
            self.project.clone(),
            if self.customer.is_empty() { "-".to_owned() } else { self.customer.clone() },
            words.euros(self.spent_microeur),
            words.euros(self.reserved_microeur),
            words.euros(self.unbilled_microeur),
            budgets.join("; "),
        ]
    }
}

fn told(budget: &BudgetRow, words: &Words) -> String {
    let shown = |amount| Measure::shown(&budget.unit, amount, words).into();
    let period = words.say(&format!("money-period-{}", budget.period));
    words.with(
        "money-budget",
        &[("left", shown(budget.left)), ("limit", shown(budget.limit)), ("period", period.into())],
    )
}

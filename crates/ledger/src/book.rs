//! What an event of the centre becomes in the ledger: a submission, an end, a failure, a month. Must not write it.

use model::{Money, RunId};
use serde::{Deserialize, Serialize};

use crate::day::Month;
use crate::exact::{Exact, Overflow};
use crate::journal::{Journal, Project};
use crate::posting::{Charge, Correct, Cost, Cover, Deduction, Reason, Recognise, Release, Reserve, Settle, What};
use crate::price::Line;
use crate::tariff::Resource;

/// Who pays what a run cost above what was set aside for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overrun {
    /// The centre: a run never costs more than its quote, and no budget goes below zero.
    #[default]
    Centre,
    /// The project, whatever its budgets say.
    Project,
}

/// What a run ended with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Whose budget.
    pub project: String,
    /// Whose job, by number.
    pub member: u32,
    /// Which run.
    pub run: RunId,
    /// What it used, by tariff ([`crate::price::price`]).
    pub usage: Vec<Line>,
}

/// All of a price, before anything is taken off.
pub fn gross(usage: &[Line]) -> Cost {
    let mut cost = Cost::default();
    for line in usage {
        cost += Cost { amount: line.amount, core_ms: line.used.core_ms, energy_uj: line.used.energy_uj };
    }
    cost
}

/// What pots pay of a price: first hours in the public interest, then prepaid hours, each their share of what the hours
/// cost (rounded down in sum), then credit.
///
/// # Errors
/// [`Overflow`] where the hours cannot be counted.
pub fn deductions(usage: &[Line], available: Cover) -> Result<Vec<Deduction>, Overflow> {
    let all = gross(usage);
    let is_timed = |resource| [Resource::CoreHour, Resource::MachineHour].contains(&resource);
    let timed = usage.iter().flat_map(|line| &line.terms).filter(|term| is_timed(term.resource));
    let timed = timed.map(crate::price::Term::exact).collect::<Result<Vec<Exact>, _>>()?;
    let timed = timed.into_iter().sum::<Exact>().rounded()?.min(all.amount);
    let value = |core_ms: i64| match all.core_ms {
        0 => Money::ZERO,
        of => Money((i128::from(timed.0) * i128::from(core_ms) / i128::from(of)) as i64),
    };
    let in_kind_ms = available.in_kind_ms.min(all.core_ms);
    let prepaid_ms = available.prepaid_ms.min(all.core_ms - in_kind_ms);
    let in_kind = value(in_kind_ms);
    let prepaid = value(in_kind_ms + prepaid_ms) - in_kind;
    let credit = available.credit.min(all.amount - in_kind - prepaid);
    let deductions = [
        Deduction { reason: Reason::InKind, core_ms: in_kind_ms, amount: in_kind },
        Deduction { reason: Reason::Prepaid, core_ms: prepaid_ms, amount: prepaid },
        Deduction { reason: Reason::Credit, core_ms: 0, amount: credit },
    ];
    Ok(deductions.into_iter().filter(|one| one.core_ms != 0 || one.amount != Money::ZERO).collect())
}

/// What a run may cost its project at most, and what its pots set aside: a submission's [`Reserve`], or what is added
/// to it when its limit is raised. `greatest` are the lines of the greatest case of its quote.
///
/// # Errors
/// [`Overflow`] where the hours cannot be counted.
pub fn reserve(journal: &Journal, project: &str, run: RunId, greatest: &[Line]) -> Result<Reserve, Overflow> {
    let held = journal.held(run);
    let (cost_before, cover_before) = held.map(|held| (held.cost, held.cover)).unwrap_or_default();
    let deductions = deductions(greatest, journal.project(project).free() + cover_before)?;
    let cover = crate::journal::cover(&deductions);
    let mut cost = gross(greatest);
    cost.amount -= deductions.iter().map(|one| one.amount).sum();
    let more = |now: i64, before: i64| now.saturating_sub(before).max(0);
    // Where less is needed now, nothing is given back before the end.
    let cost = Cost {
        amount: Money(more(cost.amount.0, cost_before.amount.0)),
        core_ms: more(cost.core_ms, cost_before.core_ms),
        energy_uj: more(cost.energy_uj, cost_before.energy_uj),
    };
    let cover = Cover {
        in_kind_ms: more(cover.in_kind_ms, cover_before.in_kind_ms),
        prepaid_ms: more(cover.prepaid_ms, cover_before.prepaid_ms),
        credit: Money(more(cover.credit.0, cover_before.credit.0)),
    };
    Ok(Reserve { project: project.to_owned(), run, nth: held.map_or(0, |held| held.raised + 1), cost, cover })
}

/// What was set aside for a run that never began, or began and had no price; `None` where nothing was.
pub fn release(journal: &Journal, run: RunId) -> Option<What> {
    let held = journal.held(run)?;
    Some(What::Release(Release { project: held.project.clone(), run, held: held.cost }))
}

/// A run's real price.
///
/// # Errors
/// [`Overflow`] where the hours cannot be counted.
pub fn settle(journal: &Journal, ended: Ended, overrun: Overrun) -> Result<What, Overflow> {
    let Ended { project, member, run, usage } = ended;
    let held = journal.held(run);
    let cover = held.map(|held| held.cover).unwrap_or_default();
    let mut deductions = deductions(&usage, journal.project(&project).free() + cover)?;
    let mut counted = gross(&usage);
    counted.amount -= deductions.iter().map(|one| one.amount).sum();
    if let (Some(held), Overrun::Centre) = (held, overrun) {
        let beyond = counted.amount - held.cost.amount;
        if beyond > Money::ZERO {
            deductions.push(Deduction { reason: Reason::Overrun, core_ms: 0, amount: beyond });
        }
        counted.amount = counted.amount.min(held.cost.amount);
        counted.core_ms = counted.core_ms.min(held.cost.core_ms);
        counted.energy_uj = counted.energy_uj.min(held.cost.energy_uj);
    }
    let held = held.map(|held| held.cost).unwrap_or_default();
    Ok(What::Settle(Settle { project, member, run, held, usage, deductions, counted }))
}

/// All that a run cost is given back: to the project what it paid, to pots what they paid. `bonus_permille` of its price
/// come on top as a credit. `billed` is the invoice that has it, if one does: a credit note corrects it then.
pub fn refund(settled: &Settle, reason: Reason, billed: Option<String>, bonus_permille: u32, note: &str) -> What {
    What::Correct(Correct {
        project: settled.project.clone(),
        run: Some(settled.run),
        id: String::new(),
        reason,
        counted: -settled.counted,
        returned: settled.deductions.clone(),
        bonus: gross(&settled.usage).amount.permille(i64::from(bonus_permille)),
        credits: billed,
        note: note.to_owned(),
    })
}

/// A project's month of a flat tariff, named after it.
pub fn flat(project: &str, month: Month, tariff: String, start: model::Time, per_month: Money) -> What {
    let used = crate::price::Amounts::default();
    let line = Line { tariff, start, end: start, used, terms: Vec::new(), amount: per_month };
    What::Charge(Charge { project: project.to_owned(), month, id: "flat".to_owned(), usage: vec![line] })
}

/// What became a service of hours that had been paid before; `None` where nothing did.
pub fn recognise(name: &str, project: &Project, customer: &str, month: Month) -> Option<What> {
    let amount = project.prepaid_used() - project.prepaid_recognised;
    let (customer, project) = (customer.to_owned(), name.to_owned());
    (amount > Money::ZERO).then_some(What::Recognise(Recognise { customer, project, month, amount }))
}

//! What a job paid and what its next run should ask for, as pages show it. The sentences are [`crate::phrases::run`]'s, and
//! commands'; must not know how either is reckoned.

use std::collections::HashSet;

use api::{EnergyReply, EnergyRequest, MoneyReply, MoneyRequest, Reply, Request, RunsReport};

use super::{Named, list::Line};
use crate::{
    phrases::run::{self, Advised, Priced},
    visit::Visit,
};

/// So many applications are advised on at home.
const MOST: usize = 3;

/// What a job used in sum; `None`: nobody knows.
pub(super) async fn energy(visit: &Visit, named: Named) -> Option<RunsReport> {
    match visit.command(Request::Energy(EnergyRequest::Sum(named.target()))).await {
        Ok(Reply::Energy(EnergyReply::Runs(runs))) => Some(*runs),
        _ => None,
    }
}

/// What its project pays for it.
pub(super) async fn price(visit: &Visit, named: Named) -> Priced {
    match visit.command(Request::Money(Box::new(MoneyRequest::Job(named.target())))).await {
        Ok(Reply::Money(MoneyReply::Job(price))) => run::priced(&price, visit.words()),
        _ => Priced::default(),
    }
}

/// Advice, or why there is none.
pub(super) fn of_page(visit: &Visit, energy: Option<&RunsReport>, open: bool) -> Advised {
    let Some((report, advice)) = energy.and_then(|report| Some((report, report.advice.as_ref()?))) else {
        let remark = visit.t(if open { "advice-not-over" } else { "advice-none" });
        return Advised { remarks: vec![remark], ..Advised::default() };
    };
    let mut told = run::advised(advice, report.total.energy_uj, visit.words());
    if advice.runs > 1 {
        told.remarks.push(visit.tw("advice-of-tasks", &[("runs", advice.runs.into())]));
    }
    told
}

/// Advice on a job, for a member's home.
pub(crate) struct Tip {
    /// The job.
    pub id: model::JobId,
    /// What it is called.
    pub name: String,
    /// What to do.
    pub advice: Advised,
}

/// Advice at home: on the latest job of each of the last applications that are over, and what to say where there is none.
pub(crate) async fn tips(visit: &Visit, recent: &[Line]) -> (Vec<Tip>, String) {
    let (mut seen, mut tips, mut is_too_short) = (HashSet::new(), Vec::new(), false);
    let application = |line: &Line| line.name.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    let over = recent.iter().filter(|line| !line.open);
    for line in over.filter(|line| seen.insert(application(line))).take(MOST) {
        let Some(report) = energy(visit, Named { id: line.id, task: None }).await else { continue };
        let Some(advice) = &report.advice else { continue };
        is_too_short |= advice.remarks.iter().any(|remark| remark == "too-short");
        if !advice.lines.is_empty() {
            let advice = run::advised(advice, report.total.energy_uj, visit.words());
            tips.push(Tip { id: line.id, name: line.name.clone(), advice });
        }
    }
    let why = match (tips.is_empty(), seen.is_empty(), is_too_short) {
        (false, ..) => String::new(),
        (_, true, _) => visit.t("home-advice-later"),
        (_, _, true) => visit.t("home-advice-short"),
        _ => visit.t("home-advice-fits"),
    };
    (tips, why)
}

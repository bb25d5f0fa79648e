//! Machines instead of a pool, and what their electricity costs: park, tariff and power policy, and how near the bill
//! comes to what no schedule can undercut.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;
use scheduler::pool::Rule;
use serde::Serialize;
use simulator::{
    TextError,
    bound::bounds,
    centre,
    clock::Played,
    park::{
        Park,
        replay::{Outcome, Plan, replay},
    },
    plot::{self, Curve, Price},
    power::Power,
    tariff::Tariff,
    workload::{Trace, Workload},
};

use super::policy::{Policy, Rules, config, with_bar};
use crate::{
    show::{Column, Noun, number, text},
    words::Words,
};

/// Options about machines and what they cost.
#[derive(clap::Args)]
pub struct Economy {
    /// Machines of several types instead of a pool of cores (TOML)
    #[arg(long, value_name = "FILE")]
    park: Option<PathBuf>,

    /// What electricity costs at which time of the day (TOML) [default: 0.2146 €/kWh, from 22:00 to 06:00 0.1696]
    #[arg(long, value_name = "FILE")]
    tariff: Option<PathBuf>,

    /// When machines are off: always-on, off-after=600s, predictive, predictive=5s (so much longer jobs may wait in the
    /// mean)
    #[arg(long, value_name = "POLICY")]
    power: Option<Power>,

    /// Write which machine was in which state: lines `machine state from to`
    #[arg(long, value_name = "FILE")]
    pub states: Option<PathBuf>,

    /// The second of the local day at the trace's second 0
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    local0: i64,
}

/// What it drew and cost. The names are part of the command's interface.
#[derive(Clone, Debug, Serialize)]
pub struct Costs {
    /// Watt-hours.
    pub energy_wh: i64,
    /// Euros.
    pub cost_eur: f64,
    /// Jobs that waited for a machine to boot.
    pub boot_waits: u64,
    /// The same jobs by EASY on machines that are always on.
    pub always_on_cost_eur: f64,
    /// No schedule costs less that begins no job more than twelve hours after its start by EASY.
    pub bound_cost_eur: f64,
    /// The same without regard to capacity and boots.
    pub bound_loose_cost_eur: f64,
    /// Of what can be saved at most by that bound, the part that was.
    pub share_of_bound: f64,
}

/// What came of a play on machines.
pub struct Outlay {
    /// When jobs began and ended.
    pub played: Played,
    /// What it cost.
    pub costs: Costs,
    /// Seconds that playing took, bounds aside.
    pub wall_s: f64,
    /// Lines `machine state from to`, if they are wanted.
    pub states: String,
    /// What was drawn at each time of the day, if it is to be drawn.
    pub watts: Option<Curve>,
    /// What it cost then.
    pub prices: Vec<Price>,
}

/// A line of the table of costs.
#[derive(Serialize)]
pub struct CostRow {
    /// Which trace.
    pub trace: String,
    /// What was played, for people.
    pub shown: String,
    /// What it cost.
    #[serde(flatten)]
    pub costs: Costs,
}

const TARIFF: (i64, i64, i64, i64) = (214_600, 22 * 3600, 6 * 3600, 169_600);

fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T, TextError>) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}

/// A park from a file.
///
/// # Errors
/// With the file's name.
pub fn read_park(path: &Path) -> anyhow::Result<Park> {
    read(path, Park::parse)
}

impl Economy {
    /// Whether machines matter at all.
    pub fn is_asked_for(&self) -> bool {
        self.park.is_some() || self.tariff.is_some() || self.power.is_some() || self.states.is_some()
    }

    /// Whether a policy gives way to the order that switching by forecast brings.
    pub fn replaces(&self, policy: Policy) -> bool {
        let has_own = matches!(self.power, Some(Power::Predictive { .. })) && policy != Policy::Centre;
        has_own && policy.rule() != Some(Rule::Easy { shortest_first: false })
    }

    /// What is played, for people: where, in which order unless switching by forecast brings its own, and what machines
    /// do unless they are always on.
    pub fn shown(&self, park: Option<&str>, policy: Option<Policy>) -> String {
        let power = self.power.filter(|power| *power != Power::AlwaysOn);
        let has_own = |policy: &Policy| matches!(power, Some(Power::Predictive { .. })) && *policy != Policy::Centre;
        let policy = policy.filter(|policy| !has_own(policy)).map(|policy| policy.to_string());
        let parts = [park.map(str::to_owned), policy, power.map(|power| power.to_string())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The park that is named.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn park(&self) -> anyhow::Result<Option<Park>> {
        self.park.as_deref().map(read_park).transpose()
    }

    /// Plays a workload on a park, which is called so in pictures; with `plot` also what is to be drawn.
    ///
    /// # Errors
    /// When the policy cannot play it, or something cannot be read.
    pub fn play(
        &self,
        (name, policy): (&str, Policy),
        rules: Rules,
        trace: &Trace,
        workload: &Workload,
        park: &Park,
        plot: bool,
    ) -> anyhow::Result<Outlay> {
        let (base, from, until, night) = TARIFF;
        let usual = || Tariff::new(String::new(), base, &[(from, until, night)]);
        let tariff = match &self.tariff {
            Some(path) => read(path, Tariff::parse)?,
            None => usual(),
        };
        let power = self.power.unwrap_or(Power::AlwaysOn);
        let local0 = self.local0;
        let easy = Rule::Easy { shortest_first: false };
        let rule = policy.rule().unwrap_or(easy);
        let states = self.states.is_some() || plot;
        let plan = Plan { workload, trace, park, tariff: &tariff, local0, rule, power, states };
        let begun = Instant::now();
        let outcome = with_bar(workload.jobs.len(), |progress| -> anyhow::Result<Outcome> {
            Ok(match policy {
                Policy::Centre => centre::replay(plan, config(park.cores(), rules.config)?, progress)?,
                _ => replay(plan, progress)?,
            })
        })?;
        let wall_s = begun.elapsed().as_secs_f64();
        let usual = replay(Plan { rule: easy, power: Power::AlwaysOn, states: false, ..plan }, &mut |_| ())?;
        let bounds = bounds(workload, park, &tariff, local0, &usual.played.starts);
        let (cost_eur, always_on_cost_eur) = (outcome.bill.cost_eur(), usual.bill.cost_eur());
        let costs = Costs {
            energy_wh: outcome.bill.energy_wh(),
            cost_eur,
            boot_waits: outcome.boot_waits,
            always_on_cost_eur,
            bound_cost_eur: bounds.eur,
            bound_loose_cost_eur: bounds.loose_eur,
            share_of_bound: bounds.share(always_on_cost_eur, cost_eur),
        };
        let watts = plot.then(|| plot::over_the_day(name, &outcome.draws, local0));
        let Outcome { played, states, .. } = outcome;
        Ok(Outlay { played, costs, wall_s, states, watts, prices: plot::prices(&tariff) })
    }
}

impl Noun for CostRow {
    const COLUMNS: &'static [Column] = &[
        text("column-trace"),
        text("column-policy"),
        number("column-energy"),
        number("column-cost"),
        number("column-saved"),
        number("column-boot-waits"),
        number("column-bound"),
        number("column-loose-bound"),
        number("column-share-of-bound"),
    ];

    fn name(&self) -> String {
        self.trace.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let costs = &self.costs;
        let euros = |euros: f64| format!("{} €", words.decimal(euros));
        let percent = |part: f64| format!("{} %", words.decimal(part * 100.0));
        let saved = if costs.always_on_cost_eur > 0.0 { 1.0 - costs.cost_eur / costs.always_on_cost_eur } else { 0.0 };
        vec![
            self.trace.clone(),
            self.shown.clone(),
            format!("{} kWh", words.decimal(costs.energy_wh as f64 / 1000.0)),
            euros(costs.cost_eur),
            percent(saved),
            costs.boot_waits.to_string(),
            euros(costs.bound_cost_eur),
            euros(costs.bound_loose_cost_eur),
            percent(costs.share_of_bound),
        ]
    }
}

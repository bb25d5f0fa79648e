//! Tariffs as a flat table, one row for each combination that can be on a usage line, so that anybody can recompute an
//! amount by looking up one name. Must not know usage.

use std::collections::{BTreeMap, BTreeSet};

use model::Money;
use serde::Serialize;

use super::{Book, Kind, Resource, Tariff};
use crate::day::Day;

/// The prices behind a name on a usage line ([`crate::price::Line::tariff`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TableRow {
    /// `VERSION/CATEGORY/MACHINE`, with `/exclusive` where the machine is sold as a whole.
    pub id: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Option<Day>,
    /// What it is made of.
    pub kind: Kind,
    /// MiB a core that cost nothing besides.
    pub share_mib_per_core: i64,
    /// Micro-euros a month and project, of a flat tariff.
    pub microeur_per_month: Money,
    /// Micro-euros a unit, by resource.
    pub microeur: BTreeMap<&'static str, Money>,
    /// Where the figures come from.
    pub source: String,
}

/// The name of a tariff on a usage line.
pub(crate) fn id(tariff: &Tariff, machine: &str, is_whole: bool) -> String {
    let end = if is_whole { "/exclusive" } else { "" };
    format!("{}/{}/{machine}{end}", tariff.version, tariff.category)
}

impl Book {
    /// All rows for these types of machines.
    pub fn table(&self, machines: &[&str]) -> Vec<TableRow> {
        let mut rows = Vec::new();
        for tariff in self.tariffs() {
            for machine in machines.iter().collect::<BTreeSet<_>>() {
                rows.push(row(tariff, machine, false));
                if tariff.sells_machines(machine) {
                    rows.push(row(tariff, machine, true));
                }
            }
        }
        rows
    }
}

fn row(tariff: &Tariff, machine: &str, is_whole: bool) -> TableRow {
    let parts = [Resource::CoreHour, Resource::MemoryGibHour, Resource::GpuHour];
    let applies = |resource: &Resource| {
        if is_whole { !parts.contains(resource) } else { *resource != Resource::MachineHour }
    };
    let prices = Resource::ALL.iter().filter(|resource| applies(resource));
    TableRow {
        id: id(tariff, machine, is_whole),
        from: tariff.from,
        to: tariff.to,
        kind: tariff.kind,
        share_mib_per_core: tariff.share_mib_per_core.get(machine).unwrap_or(0),
        microeur_per_month: tariff.per_month,
        microeur: prices.filter_map(|one| Some((one.name(), tariff.price(*one, machine)?))).collect(),
        source: tariff.source.clone(),
    }
}

/// `tariffs.json`: the table with its units and its rule of rounding in words.
pub fn table_json(rows: &[TableRow]) -> String {
    let units: BTreeMap<&str, serde_json::Value> = Resource::ALL
        .iter()
        .map(|one| (one.name(), serde_json::json!({ "base": one.base(), "base_units": one.unit() as i64 })))
        .collect();
    let text = serde_json::json!({
        "format": 1,
        "currency": "EUR",
        "units": units,
        "rule": "amount of a usage line = sum over resources of price x quantity / base_units, exact, then rounded once to \
                 the nearest micro-euro, half away from zero; memory counts above share_mib_per_core x cores; \
                 /exclusive lines count the machine's time instead of cores, memory and GPUs",
        "tariffs": rows,
    });
    // A value of our own making: its keys are text, so that it can be written.
    serde_json::to_string_pretty(&text).unwrap_or_default() + "\n"
}

//! What a run used over time, as pictures.

use api::SeriesPoint;

use crate::{
    chart::{Curve, Look, Series, Unit},
    visit::Visit,
};

/// Pictures of the run: CPUs, memory, power; those that are known.
pub(super) fn pictures(visit: &Visit, points: &[SeriesPoint], cpus: u32, memory_mib: Option<u64>) -> Vec<String> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() < 2 {
        return Vec::new();
    }
    let draw = |id: &str, title: &str, unit: Unit, limit: Option<i64>, values: Vec<Option<i64>>| {
        if values.iter().all(Option::is_none) {
            return None;
        }
        let curve = Curve {
            id,
            title: visit.t(title),
            from: first.at.0,
            until: last.at.0,
            times: points.iter().map(|point| point.at.0).collect(),
            series: vec![Series { name: visit.t(title), values }],
            unit,
            look: Look::Lines,
            shades: Vec::new(),
            limit: limit.map(|limit| (limit, visit.t("job-asked-for"))),
        };
        Some(curve.draw(visit.words()))
    };
    let memory = |point: &SeriesPoint| point.memory_kib.map(|kib| kib / 1024);
    let limit = memory_mib.and_then(|mib| i64::try_from(mib).ok());
    [
        draw(
            "cpus",
            "job-cpus-over-time",
            Unit::Cores,
            Some(i64::from(cpus) * 1000),
            points.iter().map(|point| Some(point.cpus_milli)).collect(),
        ),
        draw("memory", "job-memory-over-time", Unit::Memory, limit, points.iter().map(memory).collect()),
        draw("power", "job-power-over-time", Unit::Power, None, points.iter().map(|point| point.power_mw).collect()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

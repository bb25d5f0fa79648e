//! Rows of a job's page: attempts, steps, tasks of an array.

use model::{AccountRow, ArrayPlace, StepId};

use super::Badge;
use crate::visit::Visit;

/// A row.
pub(super) struct Told {
    pub name: String,
    pub address: Option<String>,
    pub badge: Badge,
    pub started: String,
    pub ran: String,
    pub exit: String,
    pub cpu: String,
    pub memory: String,
    pub energy: String,
}

/// A run or a step in words.
pub(super) fn told(visit: &Visit, row: &AccountRow) -> Told {
    let words = visit.words();
    let (name, address) = match (&row.step, &row.array) {
        (Some(StepId::Batch), _) => (visit.t("job-step-script"), None),
        (Some(step), _) => (format!("{step} {}", row.name), None),
        (None, ArrayPlace::Task { base, index }) => (format!("{base}_{index}"), Some(format!("/jobs/{base}_{index}"))),
        (None, _) => (visit.tw("job-attempt", &[("number", (row.attempt + 1).into())]), None),
    };
    let until = row.end.unwrap_or_else(super::now);
    let ran = row.start.map(|start| (until - start).0.saturating_sub(row.suspended.0).max(0));
    let exit = match row.end {
        Some(_) if row.exit.signal > 0 => visit.tw("job-signal", &[("signal", row.exit.signal.into())]),
        Some(_) => row.exit.code.to_string(),
        None => String::new(),
    };
    let usage = row.usage.filter(|_| row.end.is_some());
    Told {
        name,
        address,
        badge: Badge::new(visit, row.state),
        started: row.start.map_or_else(String::new, |start| words.time(start.0)),
        ran: ran.map_or_else(String::new, |ran| words.span(ran)),
        exit,
        cpu: usage
            .map_or_else(String::new, |usage| words.span(((usage.user_us + usage.system_us) / 1000).cast_signed())),
        memory: usage.map_or_else(String::new, |usage| words.memory(usage.max_rss_kib.div_ceil(1024))),
        energy: row.energy_uj.map_or_else(String::new, |energy| words.energy(energy)),
    }
}

//! Rows of a job's page: attempts, steps, tasks of an array.

use model::{AccountRow, ArrayPlace, JobState, QueueRow, StepId};

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

/// Tasks that are not over: how many of each badge, the running ones first, and the state that they are in.
pub(super) fn counted(visit: &Visit, live: &[QueueRow]) -> Vec<(Badge, u64, JobState)> {
    let mut counts: Vec<(Badge, u64, JobState)> = Vec::new();
    for row in live {
        let (badge, count) = (Badge::of_row(visit, row), size(row));
        match counts.iter_mut().find(|(known, ..)| *known == badge) {
            Some((_, sum, _)) => *sum += count,
            None => counts.push((badge, count, row.state)),
        }
    }
    counts.sort_by_key(|(_, _, state)| *state == JobState::Pending);
    counts
}

fn size(row: &QueueRow) -> u64 {
    match &row.array {
        ArrayPlace::Pending { tasks, .. } => tasks.len(),
        _ => 1,
    }
}

/// Tasks in a state that is not final, by number from one on, so many at most; and the number of the next one.
pub(super) fn waiting(
    visit: &Visit,
    live: &[QueueRow],
    state: JobState,
    from: u32,
    most: usize,
) -> (Vec<Told>, Option<u32>) {
    let mut found: Vec<(u32, &QueueRow)> = Vec::new();
    for row in live.iter().filter(|row| row.state == state) {
        match &row.array {
            ArrayPlace::Pending { tasks, .. } => {
                found.extend(tasks.iter().filter(|task| *task >= from).take(most + 1).map(|task| (task, row)));
            }
            ArrayPlace::Task { index, .. } if *index >= from => found.push((*index, row)),
            _ => {}
        }
    }
    found.sort_by_key(|(task, _)| *task);
    let next = found.get(most).map(|(task, _)| *task);
    (found.into_iter().take(most).map(|(task, row)| live_one(visit, task, row)).collect(), next)
}

fn live_one(visit: &Visit, task: u32, row: &QueueRow) -> Told {
    let words = visit.words();
    let base = match &row.array {
        ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. } => *base,
        ArrayPlace::Single => row.id,
    };
    let ran = row.elapsed(super::now()).0;
    Told {
        name: format!("{base}_{task}"),
        address: Some(format!("/jobs/{base}_{task}")),
        badge: Badge::of_row(visit, row),
        started: row.start.filter(|_| ran > 0).map_or_else(String::new, |start| words.time(start.0)),
        ran: if ran > 0 { words.span(ran) } else { String::new() },
        exit: String::new(),
        cpu: String::new(),
        memory: String::new(),
        energy: String::new(),
    }
}

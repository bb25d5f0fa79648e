//! The order of `squeue`'s lines: `P,t,-p` and whatever `-S` says.

use std::cmp::Ordering;

use model::{ArrayPlace, JobId, QueueRow};

use super::Jobs;
use crate::text::Clock;

/// One key: a letter of the format language, and its direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    letter: u8,
    down: bool,
}

/// The letters that jobs can be sorted by.
const LETTERS: &[u8] = b"aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ";

/// Reads `-S`: letters with commas, each perhaps with `+` or `-` before it.
///
/// # Errors
/// The letter that is none.
pub fn parse(text: &[u8]) -> Result<Vec<Key>, char> {
    let mut keys = Vec::new();
    let mut down = false;
    for byte in text {
        match byte {
            b'-' => down = true,
            b'+' => down = false,
            b',' | b' ' | b'%' => {}
            letter if LETTERS.contains(letter) => {
                keys.push(Key { letter: *letter, down });
                down = false;
            }
            other => return Err(char::from(*other)),
        }
    }
    Ok(keys)
}

/// The places of the rows that are shown, in order. Ties go by number, and by task inside an array.
pub fn order(keys: &[Key], jobs: Jobs<'_>, shown: impl Fn(&QueueRow) -> bool, clock: &Clock<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..jobs.len()).filter(|at| shown(jobs.row(*at))).collect();
    order.sort_by(|a, b| {
        let (a, b) = (jobs.row(*a), jobs.row(*b));
        for key in keys {
            let ordering = compare(key.letter, a, b, clock);
            if ordering != Ordering::Equal {
                return if key.down { ordering.reverse() } else { ordering };
            }
        }
        by_number(a).cmp(&by_number(b))
    });
    order
}

fn by_number(row: &QueueRow) -> (JobId, u32) {
    match &row.array {
        ArrayPlace::Single => (row.id, 0),
        ArrayPlace::Task { base, index } => (*base, *index),
        ArrayPlace::Pending { base, tasks, .. } => (*base, tasks.first().unwrap_or(0)),
    }
}

/// Most rows share these texts, and then also their place in memory.
fn texts(a: &std::sync::Arc<str>, b: &std::sync::Arc<str>) -> Ordering {
    if std::sync::Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

fn compare(letter: u8, a: &QueueRow, b: &QueueRow, clock: &Clock<'_>) -> Ordering {
    match letter {
        b'a' => texts(&a.account, &b.account),
        b'A' | b'i' | b'F' => by_number(a).cmp(&by_number(b)),
        b'B' | b'N' => texts(&a.node, &b.node),
        b'C' | b'c' => a.cpus.cmp(&b.cpus),
        b'D' => a.nodes.cmp(&b.nodes),
        b'e' => a.end.cmp(&b.end),
        b'g' => a.owner.group.cmp(&b.owner.group),
        b'G' => a.owner.gid.cmp(&b.owner.gid),
        b'j' => a.name.cmp(&b.name),
        b'K' => by_number(a).1.cmp(&by_number(b).1),
        b'l' => limit(a).cmp(&limit(b)),
        b'L' => left(a, clock).cmp(&left(b, clock)),
        b'm' => memory(a).cmp(&memory(b)),
        b'M' => a.elapsed(clock.now).cmp(&b.elapsed(clock.now)),
        b'p' | b'Q' => a.priority.cmp(&b.priority),
        b'P' => texts(&a.partition, &b.partition),
        b'q' => texts(&a.qos, &b.qos),
        b'r' | b'R' => a.reason.text().cmp(b.reason.text()),
        b'S' => a.start.cmp(&b.start),
        b't' | b'T' => crate::states::rank(a.state).cmp(&crate::states::rank(b.state)),
        b'u' => a.owner.user.cmp(&b.owner.user),
        b'U' => a.owner.uid.cmp(&b.owner.uid),
        b'V' => a.submit.cmp(&b.submit),
        b'y' => a.nice.cmp(&b.nice),
        // What all jobs of one machine have alike.
        _ => Ordering::Equal,
    }
}

fn limit(row: &QueueRow) -> i64 {
    row.time_limit.span().map_or(i64::MAX, |span| span.0)
}

fn left(row: &QueueRow, clock: &Clock<'_>) -> i64 {
    limit(row).saturating_sub(row.elapsed(clock.now).0)
}

fn memory(row: &QueueRow) -> u64 {
    match row.memory {
        model::Memory::Default | model::Memory::Unlimited => 0,
        model::Memory::PerNode(mib) | model::Memory::PerCpu(mib) => mib,
    }
}

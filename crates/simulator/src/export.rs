//! A centre's own accounts as a trace, so that a plan replays what really happened here. People, projects, partitions
//! and QOS become numbers in the order in which they first come up; nothing else of them is left. Must not know where
//! accounts are kept.

use std::collections::BTreeMap;

use model::{AccountRow, Time};

use crate::workload::{Line, Trace};

/// Numbers for names, from 1.
#[derive(Default)]
struct Numbers(BTreeMap<String, i64>);

impl Numbers {
    fn of(&mut self, name: &str) -> i64 {
        let next = self.0.len() as i64 + 1;
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

/// The runs that are over, on a machine of so many CPUs, and the instant that is their second 0: the first submission.
/// Whoever never ran, runs still, or is a step of another is left out.
pub fn trace(rows: &[AccountRow], cpus: u32) -> (Trace, Option<Time>) {
    let ran = |row: &&AccountRow| row.step.is_none() && row.start.is_some() && row.end.is_some() && row.cpus > 0;
    let mut rows: Vec<&AccountRow> = rows.iter().filter(ran).collect();
    rows.sort_by_key(|row| (row.submit, row.id, row.attempt));
    let first = rows.first().map(|row| row.submit);
    let (mut users, mut groups, mut queues) = (Numbers::default(), Numbers::default(), Numbers::default());
    let mut lines = Vec::with_capacity(rows.len());
    for (number, row) in rows.into_iter().enumerate() {
        let (Some(start), Some(end), Some(first)) = (row.start, row.end, first) else { continue };
        let stopped = row.suspended.as_seconds();
        lines.push(Line {
            id: number as i64 + 1,
            submit: row.submit.seconds() - first.seconds(),
            wait: (start.seconds() - row.submit.seconds()).max(0),
            // What took less than a second took one, or it would be dropped as never having run.
            run: (end.seconds() - start.seconds() - stopped).max(1),
            cores: i64::from(row.cpus),
            estimate: row.time_limit.span().map_or(-1, |span| span.as_seconds().max(1)),
            memory_kib: -1,
            user: users.of(&row.owner.user),
            group: groups.of(&row.account),
            queue: queues.of(&row.qos),
        });
    }
    let procs = Some(i64::from(cpus));
    (Trace { lines, max_procs: procs, max_nodes: None, malformed: 0 }, first)
}

//! What runs that are over used, and what the next one should ask for: the rule is `energy`'s, the lines are written in the
//! form in which the job asked. Commands and pages show the same. Must not know who reads it.

use api::RunAdvice;
use energy::{
    Energy,
    advice::{Advice, Bill, Ending, Remark, Room, Run, advise},
};
use model::{AccountRow, JobState, Memory, NodeRow, Span};

/// The machines that jobs have their parts of.
pub(crate) fn room(nodes: &[NodeRow]) -> Room {
    let cores = |node: &NodeRow| node.cpus.div_ceil(node.threads_per_core.max(1));
    let memory_mib = nodes.iter().map(|node| node.memory_mib).sum();
    Room { cores: nodes.iter().map(cores).sum(), memory_mib }
}

/// Advice from runs of one submission; those that broke count only where there are no others. `cores` are those that a run
/// held, as far as that was measured.
pub(crate) fn of(
    rows: &[AccountRow],
    cores: impl Fn(&AccountRow) -> Option<u32>,
    bill: &Bill,
    room: &Room,
) -> Option<RunAdvice> {
    let runs: Vec<Run> = rows.iter().filter_map(|row| run_of(row, cores(row))).collect();
    let whole: Vec<Run> = runs.iter().copied().filter(|run| run.ending != Ending::Broken).collect();
    let runs = if whole.is_empty() { runs } else { whole };
    let advice = advise(&runs, room, bill)?;
    Some(RunAdvice {
        runs: runs.len() as u64,
        busy_milli: advice.busy_milli,
        memory_mib: advice.memory_mib,
        next_cpus: advice.next_cpus,
        next_limit_ms: advice.next_limit.map(|limit| limit.0),
        lines: rows.first().map(|row| lines(&advice, row)).unwrap_or_default(),
        saved_uj: advice.saved.0,
        saved_microeur: advice.saved_microeur,
        remarks: advice.remarks.iter().map(|remark| name(*remark).to_owned()).collect(),
    })
}

fn run_of(row: &AccountRow, cores: Option<u32>) -> Option<Run> {
    let usage = row.usage.filter(|_| row.state.is_final())?;
    let (start, end) = (row.start?, row.end?);
    Some(Run {
        ending: match row.state {
            JobState::Completed => Ending::Done,
            JobState::Timeout => Ending::OutOfTime,
            JobState::OutOfMemory => Ending::OutOfMemory,
            _ => Ending::Broken,
        },
        elapsed: Span(((end - start).0 - row.suspended.0).max(0)),
        limit: row.time_limit.span(),
        cpus: row.cpus,
        cores: cores.unwrap_or(row.cpus),
        memory_mib: row.memory_mib,
        cpu_us: usage.user_us.saturating_add(usage.system_us),
        max_rss_kib: usage.max_rss_kib,
    })
}

/// The lines for the next script, in the form in which this one asked.
fn lines(advice: &Advice, row: &AccountRow) -> Vec<String> {
    let mut lines = Vec::new();
    let tasks = row.tasks.max(1);
    let cpus = match advice.next_cpus {
        // Tasks of several CPUs each keep their number; tasks of one CPU are fewer.
        Some(next) if tasks > 1 && row.cpus_requested <= tasks => {
            lines.push(format!("#SBATCH --ntasks={next}"));
            next
        }
        Some(next) => {
            let per_task = next.div_ceil(tasks);
            lines.push(format!("#SBATCH --cpus-per-task={per_task}"));
            per_task * tasks
        }
        None => row.cpus,
    };
    if let Some(mib) = advice.next_memory_mib {
        lines.push(match row.memory {
            Memory::PerCpu(_) => format!("#SBATCH --mem-per-cpu={}", amount(mib.div_ceil(cpus.max(1).into()))),
            _ => format!("#SBATCH --mem={}", amount(mib)),
        });
    } else if let (Memory::PerCpu(_), Some(next), Some(had)) = (row.memory, advice.next_cpus, row.memory_mib) {
        // Fewer CPUs must not mean less memory where all of it was needed.
        if u64::from(next) < u64::from(row.cpus) {
            lines.push(format!("#SBATCH --mem-per-cpu={}", amount(had.div_ceil(cpus.max(1).into()))));
        }
    }
    if let Some(limit) = advice.next_limit {
        lines.push(format!("#SBATCH --time={}", dialect::text::shown(|out| dialect::text::put_full_span(out, limit))));
    }
    lines
}

/// Memory as `--mem` takes it.
fn amount(mib: u64) -> String {
    dialect::text::shown(|out| dialect::text::put_memory(out, mib))
}

fn name(remark: Remark) -> &'static str {
    match remark {
        Remark::TooShort => "too-short",
        Remark::Broken => "broken",
        Remark::OutOfTime => "out-of-time",
        Remark::OutOfMemory => "out-of-memory",
        Remark::Fits => "fits",
    }
}

/// What runs are answerable for together.
pub(crate) fn bill(total: &api::OwnerRow) -> Bill {
    Bill { total: Energy(total.energy_uj), idle: Energy(total.idle_uj), microeur: total.microeur }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use model::{Exit, JobId, Owner, Reason, Time, TimeLimit, Uid, Usage};

    use super::*;

    const ROOM: Room = Room { cores: 16, memory_mib: 32_768 };

    /// A run of an hour that had 8 CPUs and 16 GiB for a day, computed on one and held 1 GiB.
    fn row() -> AccountRow {
        AccountRow {
            id: JobId(12),
            array: model::ArrayPlace::Single,
            step: None,
            attempt: 0,
            name: "flood".into(),
            owner: Arc::new(Owner { uid: Uid(7), gid: model::Gid(7), user: "anne".to_owned(), group: "g".to_owned() }),
            account: "eau".into(),
            partition: "debug".into(),
            qos: "normal".into(),
            state: JobState::Completed,
            cancelled_by: None,
            reason: Reason::None,
            exit: Exit::default(),
            derived_exit: Exit::default(),
            submit: Time(0),
            eligible: Some(Time(0)),
            start: Some(Time(4000)),
            end: Some(Time(3_604_000)),
            suspended: Span(0),
            cpus_requested: 8,
            cpus: 8,
            tasks: 1,
            nodes: 1,
            memory: Memory::PerNode(16_384),
            memory_mib: Some(16_384),
            gpus: 0,
            time_limit: TimeLimit::Span(Span::minutes(1440)),
            priority: 1,
            usage: Some(Usage { user_us: 3_600_000_000, max_rss_kib: 1 << 20, ..Usage::default() }),
            node: "smp1".into(),
            workdir: "/".into(),
            submit_line: "sbatch".into(),
            comment: None,
            wckey: None,
            reservation: None,
            energy_uj: None,
        }
    }

    #[test]
    fn lines_ask_as_the_script_did() {
        let check = |row: AccountRow, expected: &[&str]| {
            let bill = Bill { total: Energy::watt_hours(40), idle: Energy::watt_hours(30), microeur: 8000 };
            let advice = of(&[row], |_| Some(8), &bill, &ROOM).unwrap();
            assert_eq!(advice.lines, expected);
        };
        check(row(), &["#SBATCH --cpus-per-task=1", "#SBATCH --mem=1280M", "#SBATCH --time=01:15:00"]);
        // Tasks of one CPU are fewer; tasks of several keep their number, each with fewer.
        check(
            AccountRow { tasks: 8, ..row() },
            &["#SBATCH --ntasks=1", "#SBATCH --mem=1280M", "#SBATCH --time=01:15:00"],
        );
        let two = Usage { user_us: 2 * 3_600_000_000, ..row().usage.unwrap() };
        check(
            AccountRow { tasks: 2, usage: Some(two), memory: Memory::PerCpu(2048), ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem-per-cpu=640M", "#SBATCH --time=01:15:00"],
        );
        // All memory was needed: fewer CPUs need more each.
        let full = Usage { max_rss_kib: 15 << 20, ..row().usage.unwrap() };
        let limit = TimeLimit::Unlimited;
        check(
            AccountRow { usage: Some(full), memory: Memory::PerCpu(2048), time_limit: limit, ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem-per-cpu=16G"],
        );
        check(AccountRow { state: JobState::Cancelled, ..row() }, &[]);
        check(
            AccountRow { state: JobState::OutOfMemory, ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem=24G", "#SBATCH --time=01:15:00"],
        );
    }
}

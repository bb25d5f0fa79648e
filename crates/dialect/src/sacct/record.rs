//! `sacct --json` and `--yaml`: jobs with their steps inside, by the names of Slurm 22.05's accounting.

use std::collections::HashMap;

use model::{AccountRow, ArrayPlace, Exit, JobId, JobState, Span, StepId, TimeLimit, Usage};

use super::{Options, select};
use crate::text::Clock;
use crate::tree::{self, Notation, Tree};
use crate::values::signal;

/// What a "trackable resource" is called, and its number in Slurm's tables.
const CPU: (&str, i64) = ("cpu", 1);
const MEMORY: (&str, i64) = ("mem", 2);
const ENERGY: (&str, i64) = ("energy", 3);
const NODE: (&str, i64) = ("node", 4);
const BILLING: (&str, i64) = ("billing", 5);

/// Writes the whole document; `rows` as for [`super::print`].
pub fn print_records(
    options: &Options,
    notation: Notation,
    rows: &[AccountRow],
    cluster: &str,
    clock: &Clock<'_>,
    out: &mut Vec<u8>,
) {
    let chosen = select::chosen(options, rows);
    let mut steps: HashMap<(JobId, u32), Vec<&AccountRow>> = HashMap::new();
    for row in chosen.iter().filter(|row| row.step.is_some()) {
        steps.entry((row.id, row.attempt)).or_default().push(row);
    }
    let mut tree = tree::start(notation, tree::ACCOUNTS_PLUGIN);
    tree.list("jobs", |tree| {
        for row in chosen.iter().filter(|row| row.step.is_none()) {
            let of_it = steps.remove(&(row.id, row.attempt)).unwrap_or_default();
            tree.item(|tree| put_job(tree, row, &of_it, cluster, clock));
        }
    });
    out.extend_from_slice(&tree.finish());
}

fn put_job(tree: &mut Tree, row: &AccountRow, steps: &[&AccountRow], cluster: &str, clock: &Clock<'_>) {
    let started = row.start.is_some() && row.state != JobState::Pending;
    tree.text("account", row.account.as_bytes());
    tree.map("comment", |tree| {
        tree.null("administrator");
        match &row.comment {
            Some(comment) => tree.text("job", comment.as_bytes()),
            None => tree.null("job"),
        }
        tree.null("system");
    });
    tree.number("allocation_nodes", if started { row.nodes.max(1) } else { 0 });
    put_array(tree, row);
    tree.map("association", |tree| {
        tree.text("account", row.account.as_bytes());
        tree.text("cluster", cluster);
        tree.null("partition");
        tree.text("user", &row.owner.user);
    });
    tree.text("cluster", cluster);
    tree.text("constraints", "");
    tree.null("container");
    put_exit(tree, "derived_exit_code", row, row.derived_exit);
    put_job_times(tree, row, steps, clock);
    put_exit(tree, "exit_code", row, row.exit);
    put_job_facts(tree, row, started);
    tree.list("steps", |tree| {
        for step in steps {
            tree.item(|tree| put_step(tree, step, clock));
        }
    });
    tree.map("tres", |tree| {
        tree.list("allocated", |tree| {
            if started {
                put_tres(tree, row.cpus, row.memory_mib, row.gpus, true);
            }
        });
        let memory = u64::try_from(requested_memory(row)).ok().filter(|mib| *mib > 0);
        tree.list("requested", |tree| put_tres(tree, row.cpus_requested, memory, row.gpus, true));
    });
    tree.text("user", &row.owner.user);
    tree.map("wckey", |tree| {
        tree.text("wckey", row.wckey.as_deref().unwrap_or_default());
        tree.list("flags", |_| {});
    });
    tree.text("working_directory", row.workdir.as_bytes());
}

fn put_job_facts(tree: &mut Tree, row: &AccountRow, started: bool) {
    tree.list("flags", |tree| {
        if started {
            tree.word("CLEAR_SCHEDULING");
            tree.word("STARTED_ON_SCHEDULE");
        }
    });
    tree.text("group", &row.owner.group);
    tree.map("het", |tree| {
        tree.number("job_id", 0);
        tree.null("job_offset");
    });
    tree.number("job_id", row.id.0);
    tree.text("name", row.name.as_bytes());
    tree.map("mcs", |tree| tree.text("label", ""));
    tree.text("nodes", if row.node.is_empty() { b"None assigned" } else { row.node.as_bytes() });
    tree.text("partition", row.partition.as_bytes());
    tree.number("priority", row.priority);
    tree.text("qos", row.qos.as_bytes());
    tree.map("required", |tree| {
        tree.number("CPUs", row.cpus_requested);
        tree.number("memory", requested_memory(row));
    });
    put_killer(tree, row);
    tree.map("reservation", |tree| {
        tree.number("id", 0);
        match &row.reservation {
            Some(name) => tree.text("name", name),
            None => tree.number("name", 0),
        }
    });
    tree.map("state", |tree| {
        tree.text("current", row.state.text());
        tree.text("reason", row.reason.text());
    });
}

fn put_array(tree: &mut Tree, row: &AccountRow) {
    let (base, limit, task, index) = match &row.array {
        ArrayPlace::Single => (0, None, None, None),
        ArrayPlace::Task { base, index } => (base.0, None, None, Some(*index)),
        ArrayPlace::Pending { base, tasks, limit } => (base.0, *limit, Some(tasks.to_string()), None),
    };
    tree.map("array", |tree| {
        tree.number("job_id", base);
        tree.map("limits", |tree| {
            tree.map("max", |tree| tree.map("running", |tree| tree.number("tasks", limit.unwrap_or(0))));
        });
        match task {
            Some(task) => tree.text("task", task),
            None => tree.null("task"),
        }
        tree.number_or_null("task_id", index);
    });
}

fn put_job_times(tree: &mut Tree, row: &AccountRow, steps: &[&AccountRow], clock: &Clock<'_>) {
    // A job's own use includes that of all its steps; without it, what its steps used together.
    let used =
        row.usage.unwrap_or_else(|| steps.iter().filter_map(|step| step.usage).fold(Usage::default(), Usage::plus));
    tree.map("time", |tree| {
        tree.number("elapsed", elapsed(row, clock).as_seconds());
        tree.number("eligible", row.eligible.map_or(0, model::Time::seconds));
        tree.number("end", row.end.map_or(0, model::Time::seconds));
        tree.number("start", row.start.map_or(0, model::Time::seconds));
        tree.number("submission", row.submit.seconds());
        tree.number("suspended", row.suspended.as_seconds());
        put_span(tree, "system", used.system_us);
        match row.time_limit {
            TimeLimit::Span(span) => tree.number("limit", span.as_seconds() / 60),
            TimeLimit::Default | TimeLimit::Unlimited => tree.null("limit"),
        }
        put_span(tree, "total", used.user_us.saturating_add(used.system_us));
        put_span(tree, "user", used.user_us);
    });
}

fn put_span(tree: &mut Tree, key: &str, microseconds: u64) {
    tree.map(key, |tree| {
        tree.number("seconds", (microseconds / 1_000_000) as i64);
        tree.number("microseconds", (microseconds % 1_000_000) as i64);
    });
}

fn put_exit(tree: &mut Tree, key: &str, row: &AccountRow, exit: Exit) {
    tree.map(key, |tree| {
        let status = match (row.state, exit) {
            (JobState::Pending, _) => "PENDING",
            (_, Exit { signal: 1.., .. }) => "SIGNALED",
            (_, Exit { code: 0, .. }) => "SUCCESS",
            _ => "ERROR",
        };
        tree.text("status", status);
        tree.number("return_code", exit.code);
        if exit.signal > 0 {
            tree.map("signal", |tree| {
                tree.number("signal_id", exit.signal);
                tree.text("name", signal::name(exit.signal));
            });
        }
    });
}

fn put_killer(tree: &mut Tree, row: &AccountRow) {
    match row.cancelled_by {
        Some(uid) => tree.text("kill_request_user", uid.to_string()),
        None => tree.null("kill_request_user"),
    }
}

fn put_step(tree: &mut Tree, step: &AccountRow, clock: &Clock<'_>) {
    let usage = step.usage.unwrap_or_default();
    tree.map("nodes", |tree| {
        tree.list("list", |tree| tree.word(&step.node));
        tree.number("count", 1);
        tree.text("range", step.node.as_bytes());
    });
    tree.map("tres", |tree| {
        for key in ["requested", "consumed"] {
            put_used(tree, key, step, key == "requested");
        }
        tree.list("allocated", |tree| put_tres(tree, step.cpus, step.memory_mib, step.gpus, false));
    });
    tree.map("time", |tree| {
        tree.number("elapsed", elapsed(step, clock).as_seconds());
        tree.number("end", step.end.map_or(0, model::Time::seconds));
        tree.number("start", step.start.map_or(0, model::Time::seconds));
        tree.number("suspended", step.suspended.as_seconds());
        put_span(tree, "system", usage.system_us);
        put_span(tree, "total", usage.user_us.saturating_add(usage.system_us));
        put_span(tree, "user", usage.user_us);
    });
    put_exit(tree, "exit_code", step, step.exit);
    tree.map("tasks", |tree| tree.number("count", step.tasks.max(1)));
    tree.null("pid");
    tree.map("CPU", |tree| {
        tree.map("requested_frequency", |tree| {
            tree.number("min", 0);
            tree.number("max", 0);
        });
        tree.list("governor", |_| {});
    });
    put_killer(tree, step);
    tree.text("state", step.state.text());
    tree.map("statistics", |tree| {
        tree.map("CPU", |tree| tree.number("actual_frequency", 0));
        tree.map("energy", |tree| tree.number("consumed", super::values::joules(step).cast_signed()));
    });
    tree.map("step", |tree| {
        tree.number("job_id", step.id.0);
        tree.map("het", |tree| tree.null("component"));
        match step.step {
            Some(StepId::Number(number)) => tree.number("id", number),
            other => tree.text("id", other.map(|step| step.to_string()).unwrap_or_default()),
        }
        tree.text("name", step.name.as_bytes());
    });
    let layout = match step.step {
        Some(StepId::Batch) => "Unknown",
        _ => crate::environment::distribution(step.tasks),
    };
    tree.map("task", |tree| tree.text("distribution", layout));
}

/// What a step read (`requested`) or wrote, as one machine has it: the greatest, the least and the average are one.
fn put_used(tree: &mut Tree, key: &str, step: &AccountRow, input: bool) {
    let put = |tree: &mut Tree, where_: bool| {
        let Some(usage) = step.usage else { return };
        let cpu_ms = usage.user_us.saturating_add(usage.system_us) / 1000;
        let memory = usage.max_rss_kib.saturating_mul(1024);
        let values: &[((&str, i64), Option<&str>, u64)] = &[
            (CPU, None, cpu_ms),
            (MEMORY, None, memory),
            (("fs", 6), Some("disk"), if input { usage.read_bytes } else { usage.write_bytes }),
        ];
        let from = if input { 0 } else { 2 };
        for (resource, name, count) in &values[from..] {
            tree.item(|tree| {
                put_resource(tree, *resource, *name, Some(*count as i64));
                if where_ {
                    tree.text("node", step.node.as_bytes());
                    tree.number("task", 0);
                }
            });
        }
    };
    tree.map(key, |tree| {
        tree.list("max", |tree| put(tree, true));
        tree.list("min", |tree| put(tree, true));
        for key in ["average", "total"] {
            tree.list(key, |tree| {
                put(tree, false);
                tree.item(|tree| put_resource(tree, ENERGY, None, Some(0)));
            });
        }
    });
}

fn put_tres(tree: &mut Tree, cpus: u32, memory: Option<u64>, gpus: u32, billing: bool) {
    let mut one = |resource, name, count| tree.item(|tree| put_resource(tree, resource, name, Some(count)));
    one(CPU, None, cpus.into());
    if let Some(mib) = memory {
        one(MEMORY, None, mib as i64);
    }
    one(NODE, None, 1);
    if billing {
        one(BILLING, None, cpus.into());
    }
    if gpus > 0 {
        one(("gres", 1001), Some("gpu"), gpus.into());
    }
}

fn put_resource(tree: &mut Tree, resource: (&str, i64), name: Option<&str>, count: Option<i64>) {
    tree.text("type", resource.0);
    match name {
        Some(name) => tree.text("name", name),
        None => tree.null("name"),
    }
    tree.number("id", resource.1);
    tree.number_or_null("count", count);
}

fn requested_memory(row: &AccountRow) -> i64 {
    let mib = match row.memory {
        model::Memory::PerNode(mib) => Some(mib.saturating_mul(row.nodes.max(1).into())),
        model::Memory::PerCpu(mib) => Some(mib.saturating_mul(row.cpus_requested.max(1).into())),
        model::Memory::Default | model::Memory::Unlimited => row.memory_mib,
    };
    mib.map_or(0, |mib| i64::try_from(mib).unwrap_or(i64::MAX))
}

fn elapsed(row: &AccountRow, clock: &Clock<'_>) -> Span {
    let Some(start) = row.start.filter(|_| row.state != JobState::Pending) else { return Span::ZERO };
    let end = row.end.unwrap_or(clock.now);
    Span::seconds((end.seconds() - start.seconds() - row.suspended.as_seconds()).max(0))
}

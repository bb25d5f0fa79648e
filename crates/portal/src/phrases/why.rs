//! Why a job waits: the centre's facts put into plain sentences.

use api::{WhyCause, WhyReport};
use fluent_bundle::FluentValue;
use model::{JobState, Reason, Span, Time};

use super::{Speech, kebab};

/// The sentences, one a line: its state and reason, what stands before it, what is short, when it should start.
pub fn sentences(report: &WhyReport, now: Time, words: &impl Speech) -> Vec<String> {
    let job = ("job", report.shown.as_str().into());
    if report.state != JobState::Pending {
        return vec![words.with(&format!("state-{}", kebab(&format!("{:?}", report.state))), &[job])];
    }
    let (limit, value) = report.limit.clone().unwrap_or_default();
    let gaps = [
        job,
        ("ahead", report.ahead.into()),
        ("running", report.running.into()),
        ("time", report.eligible.map_or_else(|| "?".to_owned(), |time| words.time(time)).into()),
        ("why", report.drained.clone().unwrap_or_default().into()),
        ("cpus", report.needs_cpus.into()),
        ("total", report.total_cpus.into()),
        ("limit", limit.into()),
        ("value", value.into()),
    ];
    let is_held = report.causes.iter().any(|cause| matches!(cause, WhyCause::CheapHours { .. }));
    let reason = if is_held && report.reason == Reason::BeginTime {
        "why-cheap-hours".to_owned()
    } else {
        format!("why-{}", kebab(&format!("{:?}", report.reason)))
    };
    let mut lines = vec![words.with(&reason, &gaps)];
    lines.extend(dependencies(&report.dependency, words));
    lines.extend(report.causes.iter().filter(|cause| !says_the_reason(cause, report.reason)).map(|c| said(c, words)));
    if matches!(report.reason, Reason::Priority | Reason::Resources) {
        lines.extend(ahead(report, words));
        lines.extend(shortage(report, words));
    }
    if is_held {
        // It was told from when on it may start.
        lines.push(words.with("why-at-once", &gaps));
    } else {
        lines.extend(expectation(report, now, words));
    }
    lines
}

/// Whether the first sentence, which is about the reason, says it already.
fn says_the_reason(cause: &WhyCause, reason: Reason) -> bool {
    match (cause, reason) {
        (WhyCause::Held, Reason::JobHeldUser)
        | (WhyCause::HeldByOperator, Reason::JobHeldAdmin)
        | (WhyCause::HeldAfterRequeue, Reason::RequeuedHeld)
        | (WhyCause::Dependency, Reason::Dependency | Reason::DependencyNeverSatisfied)
        | (WhyCause::Begin(_), Reason::BeginTime)
        | (WhyCause::ArrayLimit { .. }, Reason::JobArrayTaskLimit)
        | (WhyCause::PartitionDown(_), Reason::PartitionDown | Reason::PartitionInactive)
        | (WhyCause::TooBig { .. }, Reason::PartitionConfig)
        | (WhyCause::TooLong(_), Reason::PartitionTimeLimit)
        | (WhyCause::Priority, Reason::Priority)
        | (WhyCause::Resources, Reason::Resources) => true,
        (WhyCause::QosLimit { limit, .. }, reason) => *limit == reason,
        _ => false,
    }
}

/// A cause as a sentence.
pub fn said(cause: &WhyCause, words: &impl Speech) -> String {
    let text = |key: &str, gaps: &[(&str, FluentValue<'_>)]| words.with(key, gaps);
    match cause {
        WhyCause::Held => text("cause-held", &[]),
        WhyCause::HeldByOperator => text("cause-held-by-operator", &[]),
        WhyCause::HeldAfterRequeue => text("cause-held-after-requeue", &[]),
        WhyCause::Dependency => text("cause-dependency", &[]),
        WhyCause::Begin(at) => text("cause-begin", &[("time", words.time(*at).into())]),
        WhyCause::CheapHours { start, saving_permille, saving_microeur, run_s } => {
            let mut gaps = vec![
                ("time", words.time(*start).into()),
                ("percent", words.decimal(f64::from(*saving_permille) / 10.0).into()),
                ("span", words.span(Span::seconds(*run_s)).into()),
            ];
            gaps.extend(saving_microeur.map(|microeur| ("saving", words.euros(microeur).into())));
            text(if saving_microeur.is_some() { "cause-cheap-hours-euros" } else { "cause-cheap-hours" }, &gaps)
        }
        WhyCause::ArrayLimit { running, limit } => {
            text("cause-array-limit", &[("running", (*running).into()), ("limit", (*limit).into())])
        }
        WhyCause::PartitionDown(name) => text("cause-partition-down", &[("name", name.as_str().into())]),
        WhyCause::TooBig { cpus, of } => text("cause-too-big", &[("cpus", (*cpus).into()), ("of", (*of).into())]),
        WhyCause::TooLong(limit) => text("cause-too-long", &[("limit", limit.as_str().into())]),
        WhyCause::Drained { reason, by, since } => text(
            "cause-drained",
            &[("why", reason.as_str().into()), ("by", by.as_str().into()), ("since", words.time(*since).into())],
        ),
        WhyCause::Reservation { name, span: None } => {
            text("cause-reservation-unknown", &[("name", name.as_str().into())])
        }
        WhyCause::Reservation { name, span: Some((start, end)) } => {
            text("cause-reservation", &during(name, start, end, words))
        }
        WhyCause::QosLimit { qos, limit } => {
            text("cause-qos-limit", &[("qos", qos.as_str().into()), ("limit", limit.text().into())])
        }
        WhyCause::PartitionFull { partition, cores } => {
            text("cause-partition-full", &[("name", partition.as_str().into()), ("cores", (*cores).into())])
        }
        WhyCause::Kept { name, start, end } => text("cause-kept", &during(name, start, end, words)),
        WhyCause::Booting { nodes, up } => {
            text("cause-booting", &[("nodes", nodes.as_str().into()), ("time", words.time(*up).into())])
        }
        WhyCause::NodeFailed { node, reason } => {
            text("cause-node-failed", &[("node", node.as_str().into()), ("why", reason.as_str().into())])
        }
        WhyCause::Priority => text("cause-priority", &[]),
        WhyCause::Resources => text("cause-resources", &[]),
    }
}

fn during<'a>(name: &'a str, start: &Time, end: &Time, words: &impl Speech) -> [(&'a str, FluentValue<'a>); 3] {
    [("name", name.into()), ("start", words.time(*start).into()), ("end", words.time(*end).into())]
}

/// `afterok:57(unfulfilled),singleton(unfulfilled)`, condition by condition.
fn dependencies(text: &str, words: &impl Speech) -> Vec<String> {
    let said = |term: &str| {
        let (what, state) = term.split_once('(').unwrap_or((term, ""));
        let (kind, job) = what.split_once(':').unwrap_or((what, ""));
        let key = format!("dependency-{kind}");
        let text = if words.has(&key) { words.with(&key, &[("job", job.into())]) } else { what.to_owned() };
        if state.starts_with("failed") { words.with("dependency-failed", &[("what", text.into())]) } else { text }
    };
    text.split([',', '?']).filter(|term| !term.is_empty()).map(|term| format!("- {}", said(term))).collect()
}

fn ahead(report: &WhyReport, words: &impl Speech) -> Option<String> {
    if report.ahead == 0 {
        return None;
    }
    let count = ("count", report.ahead.into());
    if report.ahead_ids.is_empty() {
        return Some(words.with("why-ahead", &[count]));
    }
    Some(words.with("why-ahead-named", &[count, ("jobs", words.list(&texts(&report.ahead_ids)).into())]))
}

/// What it needs more of than is free, and who has it.
fn shortage(report: &WhyReport, words: &impl Speech) -> Vec<String> {
    let mut short = Vec::new();
    if report.needs_cpus > report.free_cpus {
        short.push(words.with("why-cpus", &[("needs", report.needs_cpus.into()), ("free", report.free_cpus.into())]));
    }
    if report.needs_memory_mib > report.free_memory_mib {
        let gaps = [
            ("needs", words.memory(report.needs_memory_mib).into()),
            ("free", words.memory(report.free_memory_mib).into()),
        ];
        short.push(words.with("why-memory", &gaps));
    }
    if report.needs_gpus > report.free_gpus {
        short.push(words.with("why-gpus", &[("needs", report.needs_gpus.into()), ("free", report.free_gpus.into())]));
    }
    if !short.is_empty() && report.running > 0 {
        let count = ("count", report.running.into());
        short.push(match report.running_ids.as_slice() {
            [] => words.with("why-behind", &[count]),
            ids => words.with("why-behind-named", &[count, ("jobs", words.list(&texts(ids)).into())]),
        });
    }
    short
}

fn expectation(report: &WhyReport, now: Time, words: &impl Speech) -> Option<String> {
    match report.expected_start {
        Some(start) if start <= now => Some(words.say("why-start-now")),
        Some(start) => {
            let gaps = [("time", words.time(start).into()), ("span", words.span(start - now).into())];
            Some(words.with("why-start", &gaps))
        }
        None if matches!(report.reason, Reason::Priority | Reason::Resources) => Some(words.say("why-start-unknown")),
        None => None,
    }
}

fn texts(ids: &[model::JobId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

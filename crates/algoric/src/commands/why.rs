//! `algoric why`: the centre's facts about a waiting job, put into plain sentences.

use api::{JobTarget, Reply, Request, WhyCause, WhyReport};
use fluent_bundle::FluentValue;
use model::{JobState, Reason, Span, Time};

use super::House;
use crate::{
    client::ClientError,
    console, exit,
    report::Fault,
    show,
    words::{Words, kebab},
};

/// Says in plain words why a job waits, behind what, and when it should start
#[derive(clap::Args)]
pub struct Args {
    /// The job, as squeue names it: 12, or 12_3 for a task of an array
    #[arg(value_name = "JOB")]
    job: String,

    /// Print the facts as JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A job as people name it.
///
/// # Errors
/// A [`Fault`] with exit code 2 for what is no name of a job.
pub fn target(job: &str) -> Result<JobTarget, Fault> {
    match dialect::values::jobs::parse(job.as_bytes()) {
        Some(pick) if pick.step.is_none() => Ok(JobTarget { id: pick.job, tasks: pick.tasks }),
        _ => Err(Fault::new("no-job-name", [("job", job.to_owned())]).code(exit::USAGE)),
    }
}

/// Asks, and says it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    match house.call()?.ask(&Request::Why(target(&args.job)?))? {
        Reply::Why(report) if args.json => show::json(&report)?,
        Reply::Why(report) => {
            let now = Time(jiff::Timestamp::now().as_millisecond());
            console::line(sentences(&report, now, &house.words).join("\n"));
        }
        _ => return Err(ClientError::Unfit.into()),
    }
    Ok(exit::OK)
}

/// The sentences, one a line: its state and reason, what stands before it, what is short, when it should start.
fn sentences(report: &WhyReport, now: Time, words: &Words) -> Vec<String> {
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
fn said(cause: &WhyCause, words: &Words) -> String {
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

fn during<'a>(name: &'a str, start: &Time, end: &Time, words: &Words) -> [(&'a str, FluentValue<'a>); 3] {
    [("name", name.into()), ("start", words.time(*start).into()), ("end", words.time(*end).into())]
}

/// `afterok:57(unfulfilled),singleton(unfulfilled)`, condition by condition.
fn dependencies(text: &str, words: &Words) -> Vec<String> {
    let said = |term: &str| {
        let (what, state) = term.split_once('(').unwrap_or((term, ""));
        let (kind, job) = what.split_once(':').unwrap_or((what, ""));
        let key = format!("dependency-{kind}");
        let text = if words.has(&key) { words.with(&key, &[("job", job.into())]) } else { what.to_owned() };
        if state.starts_with("failed") { words.with("dependency-failed", &[("what", text.into())]) } else { text }
    };
    text.split([',', '?']).filter(|term| !term.is_empty()).map(|term| format!("- {}", said(term))).collect()
}

fn ahead(report: &WhyReport, words: &Words) -> Option<String> {
    if report.ahead == 0 {
        return None;
    }
    let count = ("count", report.ahead.into());
    if report.ahead_ids.is_empty() {
        return Some(words.with("why-ahead", &[count]));
    }
    Some(words.with("why-ahead-named", &[count, ("jobs", words.list(&report.ahead_ids).into())]))
}

/// What it needs more of than is free, and who has it.
fn shortage(report: &WhyReport, words: &Words) -> Vec<String> {
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
            ids => words.with("why-behind-named", &[count, ("jobs", words.list(ids).into())]),
        });
    }
    short
}

fn expectation(report: &WhyReport, now: Time, words: &Words) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::JobId;

    use super::*;
    use crate::words::Language;

    fn report(reason: Reason) -> WhyReport {
        WhyReport {
            shown: "12".into(),
            state: JobState::Pending,
            reason,
            priority: 4000,
            ahead: 3,
            ahead_ids: vec![JobId(7), JobId(8), JobId(9)],
            running_ids: vec![JobId(3)],
            running: 2,
            needs_cpus: 4,
            free_cpus: 1,
            needs_memory_mib: 2048,
            free_memory_mib: 4096,
            needs_gpus: 0,
            free_gpus: 0,
            total_cpus: 8,
            dependency: String::new(),
            eligible: Some(Time(0)),
            expected_start: Some(Time(1_800_000)),
            drained: None,
            limit: None,
            causes: Vec::new(),
        }
    }

    fn check(language: Language, report: &WhyReport, expected: &str) {
        let words = Words::new(language, TimeZone::UTC);
        assert_eq!(sentences(report, Time(0), &words).join("\n"), expected);
    }

    #[test]
    fn a_job_behind_others() {
        check(
            Language::English,
            &report(Reason::Priority),
            "Job 12 waits for its turn.\n\
             3 jobs go before it: 7, 8 and 9.\n\
             It needs 4 CPUs, 1 is free now.\n\
             2 jobs are running; what they have becomes free when they end. You can see 3.\n\
             It should start at 1970-01-01 00:30:00 (in 30 min 00 s) at the latest, if the jobs before it take all the time they asked for.",
        );
        check(
            Language::French,
            &report(Reason::Priority),
            "Le job 12 attend son tour.\n\
             3 jobs passent avant lui : 7, 8 et 9.\n\
             Il lui faut 4 processeurs, 1 est libre en ce moment.\n\
             2 jobs tournent ; ce qu’ils occupent se libère quand ils finissent. Vous pouvez voir 3.\n\
             Il devrait démarrer au plus tard à 1970-01-01 00:30:00 (dans 30 min 00 s), si les jobs qui passent avant lui prennent tout le temps demandé.",
        );
    }

    #[test]
    fn a_job_that_depends_on_others() {
        let mut facts = report(Reason::Dependency);
        facts.dependency = "afterok:57(unfulfilled),afternotok:58(failed),singleton(unfulfilled)".into();
        facts.expected_start = None;
        check(
            Language::English,
            &facts,
            "Job 12 waits for other jobs:\n\
             - job 57 must end well (exit code 0)\n\
             - job 58 must fail: this can no longer happen\n\
             - no earlier job of the same name and user may be left",
        );
    }

    fn cheap_hours(saving_microeur: Option<i64>) -> WhyCause {
        WhyCause::CheapHours { start: Time(7_200_000), saving_permille: 342, saving_microeur, run_s: 1800 }
    }

    /// Every cause there is. Who adds one is told here by the compiler.
    fn every_cause() -> Vec<WhyCause> {
        let (name, start, end) = ("x".to_owned(), Time(0), Time(60_000));
        let mut all = vec![WhyCause::Held];
        while let Some(last) = all.last() {
            all.push(match last {
                WhyCause::Held => WhyCause::HeldByOperator,
                WhyCause::HeldByOperator => WhyCause::HeldAfterRequeue,
                WhyCause::HeldAfterRequeue => WhyCause::Dependency,
                WhyCause::Dependency => WhyCause::Begin(end),
                WhyCause::Begin(_) => cheap_hours(None),
                WhyCause::CheapHours { saving_microeur: None, .. } => cheap_hours(Some(12_400)),
                WhyCause::CheapHours { .. } => WhyCause::ArrayLimit { running: 2, limit: 2 },
                WhyCause::ArrayLimit { .. } => WhyCause::PartitionDown(name.clone()),
                WhyCause::PartitionDown(_) => WhyCause::TooBig { cpus: 9, of: 8 },
                WhyCause::TooBig { .. } => WhyCause::TooLong("01:00:00".to_owned()),
                WhyCause::TooLong(_) => WhyCause::Drained { reason: "fan".into(), by: "anne".into(), since: start },
                WhyCause::Drained { .. } => WhyCause::Reservation { name: name.clone(), span: None },
                WhyCause::Reservation { span: None, .. } => {
                    WhyCause::Reservation { name: name.clone(), span: Some((start, end)) }
                }
                WhyCause::Reservation { .. } => {
                    WhyCause::QosLimit { qos: name.clone(), limit: Reason::QosMaxJobsPerUser }
                }
                WhyCause::QosLimit { .. } => WhyCause::PartitionFull { partition: name.clone(), cores: 3 },
                WhyCause::PartitionFull { .. } => WhyCause::Kept { name: name.clone(), start, end },
                WhyCause::Kept { .. } => WhyCause::Booting { nodes: "n[1-2]".into(), up: end },
                WhyCause::Booting { .. } => WhyCause::NodeFailed { node: "n1".into(), reason: "no answer".into() },
                WhyCause::NodeFailed { .. } => WhyCause::Priority,
                WhyCause::Priority => WhyCause::Resources,
                WhyCause::Resources => return all,
            });
        }
        all
    }

    #[test]
    fn every_cause_has_words() {
        for language in [Language::English, Language::French] {
            let words = Words::new(language, TimeZone::UTC);
            let said: Vec<String> = every_cause().iter().map(|cause| said(cause, &words)).collect();
            for text in &said {
                assert!(text.ends_with('.') && !text.contains("cause-") && !text.contains(['{', '}']), "{text}");
            }
            insta::assert_snapshot!(format!("causes_{language:?}"), said.join("\n"));
        }
    }

    /// What is short is not always what others run.
    #[test]
    fn a_job_that_is_next_and_kept_out() {
        let mut facts = report(Reason::Resources);
        (facts.ahead, facts.running, facts.free_cpus) = (0, 0, 8);
        facts.causes = vec![
            WhyCause::Resources,
            WhyCause::PartitionFull { partition: "small".into(), cores: 2 },
            WhyCause::Kept { name: "lab".into(), start: Time(0), end: Time(3_600_000) },
        ];
        facts.expected_start = None;
        check(
            Language::English,
            &facts,
            "Job 12 is the next to start, as soon as the machine has enough free.\n\
             Its partition small may use 2 cores at once, and its jobs have too many of them.\n\
             Part of the machine is kept for the reservation lab from 1970-01-01 00:00:00 to 1970-01-01 01:00:00.\n\
             When it will start cannot be told: jobs before it have no time limit.",
        );
    }

    #[test]
    fn a_job_that_fears_no_delay() {
        let mut facts = report(Reason::BeginTime);
        (facts.causes, facts.expected_start) = (vec![cheap_hours(Some(12_400))], Some(Time(7_200_000)));
        check(
            Language::English,
            &facts,
            "Job 12 fears no delay: it waits for cheaper electricity.\n\
             From 1970-01-01 02:00:00 on its electricity costs 34.2 % less: 0.0124 € if it runs for 30 min 00 s.\n\
             `scontrol update JobId=12 Comment=inflexible` lets it start when there is room.",
        );
    }

    #[test]
    fn a_job_that_does_not_wait() {
        let mut facts = report(Reason::None);
        facts.state = JobState::Running;
        check(Language::English, &facts, "Job 12 does not wait: it is running.");
    }
}

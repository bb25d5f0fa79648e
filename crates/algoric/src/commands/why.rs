//! `algoric why`: the centre's facts about a waiting job, put into plain sentences.

use api::{JobTarget, Reply, Request, WhyReport};
use model::{JobState, Reason, Time};

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
    let mut lines = vec![words.with(&format!("why-{}", kebab(&format!("{:?}", report.reason))), &gaps)];
    lines.extend(dependencies(&report.dependency, words));
    if matches!(report.reason, Reason::Priority | Reason::Resources) {
        lines.extend(ahead(report, words));
        lines.extend(shortage(report, words));
    }
    lines.extend(expectation(report, now, words));
    lines
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

    #[test]
    fn a_job_that_does_not_wait() {
        let mut facts = report(Reason::None);
        facts.state = JobState::Running;
        check(Language::English, &facts, "Job 12 does not wait: it is running.");
    }
}

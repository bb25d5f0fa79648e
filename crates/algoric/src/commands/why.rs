//! `algoric why`: the centre's facts about a waiting job, put into plain sentences.

use api::{JobTarget, Reply, Request};
use model::Time;
use portal::phrases::why::sentences;

use super::House;
use crate::{client::ClientError, console, exit, report::Fault, show};

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

#[cfg(test)]
mod tests {
    use api::{WhyCause, WhyReport};
    use jiff::tz::TimeZone;
    use model::{JobId, JobState, Reason};

    use super::*;
    use crate::words::{Language, Words};

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
            let said: Vec<String> =
                every_cause().iter().map(|cause| portal::phrases::why::said(cause, &words)).collect();
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

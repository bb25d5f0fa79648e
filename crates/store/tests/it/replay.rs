//! What a restart and `sacct` read back.

use model::*;
use scheduler::{FairUsage, RequeueCause, UsageRow, What};
use store::{AccountFilter, BlobId, Fact, StepRecord, Write};

use crate::support::*;

fn replayed(file: &File) -> (Vec<Fact>, store::Replay) {
    let mut facts = Vec::new();
    let replay = file.reader().replay(&mut |event| facts.push(event.fact)).unwrap();
    (facts, replay)
}

#[test]
fn only_what_is_open_is_replayed_with_its_submission_put_back() {
    let file = File::new();
    let mut writes = submission(1, spec("over"));
    writes.push(over(1, finished(1, 0, JobState::Completed, Exit::default())));
    writes.push(Write::Close(JobId(1)));
    writes.extend(submission(2, spec("open")));
    writes.push(event(1500, 2, What::Held { id: JobId(2), by_operator: false }));
    writes.push(Write::Event {
        at: Time(1600),
        base: None,
        fact: Box::new(Fact::Job(What::Drained { reason: "fan".into(), by: Uid(0) })),
    });
    file.write(writes).unwrap();
    let (facts, replay) = replayed(&file);
    assert_eq!((replay.next_id, replay.next_blob), (JobId(3), 6));
    match &facts[..] {
        [
            Fact::Job(What::Submitted { id: JobId(2), spec: read, .. }),
            Fact::Job(What::Held { .. }),
            Fact::Job(What::Drained { .. }),
        ] => {
            assert_eq!(read.as_deref(), Some(&spec("open")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dependency_on_a_job_that_is_over_comes_back_with_how_it_ended() {
    let file = File::new();
    let mut writes = submission(1, spec("first"));
    let mut second = spec("second");
    let term = DependencyTerm { kind: DependencyKind::AfterOk, job: Some(JobId(1)), task: None };
    second.dependency = Some(Dependency { terms: vec![term], any: false });
    writes.extend(submission(2, second));
    // Both are open when the second is submitted; the first ends after that.
    writes.push(over(1, finished(1, 0, JobState::Failed, Exit { code: 3, signal: 0 })));
    writes.push(Write::Close(JobId(1)));
    file.write(writes).unwrap();
    let (facts, _) = replayed(&file);
    match &facts[..] {
        [Fact::Job(What::Submitted { known, .. })] => assert_eq!(known, &[(JobId(1), None, JobState::Failed)]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_batch_is_there_whole_or_not_at_all() {
    let file = File::new();
    let mut writes = submission(1, spec("twice"));
    writes.extend(submission(1, spec("twice")));
    assert!(file.write(writes).is_err());
    let (facts, replay) = replayed(&file);
    assert!(facts.is_empty());
    assert_eq!(replay.next_id, JobId(1));
    assert_eq!(store::check(&file.path).unwrap().submissions, 0);
}

#[test]
fn accounts_show_the_last_attempt_its_batch_line_and_its_steps() {
    let file = File::new();
    let mut writes = submission(5, spec("twice"));
    writes.push(over(5, finished(5, 0, JobState::Requeued, Exit { code: 0, signal: 15 })));
    writes.push(event(5, 5, What::Requeued { id: JobId(5), cause: RequeueCause::Asked(Uid(0)), hold: false }));
    writes.push(over(5, finished(5, 1, JobState::Failed, Exit { code: 3, signal: 0 })));
    writes.push(Write::Step(Box::new(StepRecord {
        job: JobId(5),
        attempt: 1,
        step: 0,
        name: Text::from("hostname"),
        state: JobState::Completed,
        exit: Exit::default(),
        start: Time(2100),
        end: Time(2200),
        cpus: 1,
        tasks: 1,
        usage: Usage::default(),
    })));
    file.write(writes).unwrap();
    let read = |filter: AccountFilter| {
        let mut lines = Vec::new();
        let mut take = |rows: Vec<AccountRow>| {
            lines.extend(rows.iter().map(|row| {
                let step = row.step.map_or(String::new(), |step| format!(".{step}"));
                format!("{}{step} {} {} {}", row.id, row.name, row.state, row.exit)
            }));
        };
        file.reader().accounts(&filter, Vec::new(), &mut take).unwrap();
        lines
    };
    let one = Some(vec![(JobId(5), None)]);
    assert_eq!(read(AccountFilter { targets: one.clone(), ..Default::default() }), ["5 twice FAILED 3:0"]);
    assert_eq!(
        read(AccountFilter { targets: one.clone(), steps: true, ..Default::default() }),
        ["5 twice FAILED 3:0", "5.batch batch FAILED 3:0", "5.0 hostname COMPLETED 0:0"]
    );
    assert_eq!(
        read(AccountFilter { targets: one, duplicates: true, ..Default::default() }),
        ["5 twice REQUEUED 0:15", "5 twice FAILED 3:0"]
    );
    let elsewhere = AccountFilter { users: Some(vec![Uid(1002)]), ..Default::default() };
    assert!(read(elsewhere).is_empty());
    let later = AccountFilter { since: Some(Time(6000)), ..Default::default() };
    assert!(read(later).is_empty());
}

#[test]
fn scripts_arguments_and_shares_come_back_exactly() {
    let file = File::new();
    let mut writes = submission(1, spec("bytes"));
    let row = UsageRow { account: "proj".into(), uid: Uid(1001), cpu_ms: 77, recent_cpu_ms: 7 };
    let usage = FairUsage { at: Some(Time(9)), rows: vec![row], charged: Vec::new() };
    writes.push(Write::Usage(Box::new(usage.clone())));
    file.write(writes).unwrap();
    let stored = file.reader().submission(JobId(1)).unwrap().unwrap();
    assert_eq!((&stored.script[..], &stored.environment[..]), (&b"#!/bin/sh\ntrue\n"[..], &b"A=1\0"[..]));
    assert_eq!(stored.script_id, BlobId(2));
    assert_eq!(stored.spec.args[0].as_bytes(), b"caf\xe9");
    let (_, replay) = replayed(&file);
    assert_eq!(replay.usage, usage);
}

#[test]
fn retention_takes_whole_submissions_and_leaves_what_is_open() {
    let file = File::new();
    let mut writes = submission(1, spec("old"));
    writes.push(over(1, finished(1, 0, JobState::Completed, Exit::default())));
    writes.push(Write::Close(JobId(1)));
    writes.extend(submission(2, spec("open")));
    writes.push(over(2, finished(2, 0, JobState::Requeued, Exit::default())));
    file.write(writes).unwrap();
    file.write(vec![Write::Prune(Time(4000))]).unwrap();
    assert_eq!(store::check(&file.path).unwrap().submissions, 2, "nothing is older than that");
    file.write(vec![Write::Prune(Time(9000))]).unwrap();
    let report = store::check(&file.path).unwrap();
    assert_eq!((report.submissions, report.open, report.runs), (1, 1, 1));
}

#[test]
fn numbers_are_not_given_again_after_pruning() {
    let file = File::new();
    let mut writes = submission(7, spec("latest"));
    writes.push(over(7, finished(9, 0, JobState::Completed, Exit::default())));
    writes.push(Write::Close(JobId(7)));
    file.write(writes).unwrap();
    file.write(vec![Write::Prune(Time(9000))]).unwrap();
    assert_eq!(store::check(&file.path).unwrap().submissions, 0);
    assert_eq!(replayed(&file).1.next_id, JobId(10));
    file.write(vec![Write::Prune(Time(9000))]).unwrap();
    assert_eq!(replayed(&file).1.next_id, JobId(10), "pruning again forgets nothing");
    file.write(submission(20, spec("later"))).unwrap();
    assert_eq!(replayed(&file).1.next_id, JobId(21));
}

/// The centre remembers the latest scripts and has new submissions refer to them without writing them again.
#[test]
fn pruning_leaves_the_latest_scripts() {
    let file = File::new();
    let ended = |id| {
        let mut writes = submission(id, spec("over"));
        writes.push(over(id, finished(id, 0, JobState::Completed, Exit::default())));
        writes.push(Write::Close(JobId(id)));
        writes
    };
    file.write((1..=600).flat_map(ended).collect()).unwrap();
    file.write(vec![Write::Prune(Time(9000))]).unwrap();
    let spec = std::sync::Arc::new(spec("again"));
    let again = |id, blob| Write::Submission {
        id: JobId(id),
        at: Time(9500),
        spec: spec.clone(),
        script: BlobId(blob),
        environment: BlobId(1201),
    };
    // The greatest number is 1201; the thousand before it stay.
    file.write(vec![again(601, 201)]).unwrap();
    assert!(file.write(vec![again(602, 200)]).is_err(), "what nobody can remember is gone");
}

#[test]
fn history_comes_in_order() {
    let file = File::new();
    file.write(submission(1, spec("other"))).unwrap();
    file.write(submission(2, spec("told"))).unwrap();
    file.write(vec![event(1500, 2, What::Held { id: JobId(2), by_operator: false })]).unwrap();
    let mut dates = Vec::new();
    file.reader().history_each(JobId(2), &mut |event| dates.push(event.at)).unwrap();
    assert_eq!(dates, [Time(1000), Time(1500)]);
    assert_eq!(file.reader().history(JobId(2)).unwrap().len(), 2);
}

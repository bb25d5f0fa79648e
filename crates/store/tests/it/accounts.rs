//! What `sacct` reads of arrays: in order, in parts that fit into a message.

use std::sync::Arc;

use model::*;
use scheduler::Finished;
use store::{AccountFilter, LiveFacts, StepRecord, Write};

use crate::support::*;

/// A submission 1 with these tasks over, each in the record `base + 1 + index`.
fn array(indices: impl Iterator<Item = u32>, submit_line: &str) -> Vec<Write> {
    let mut writes = submission(1, JobSpec { submit_line: Text::from(submit_line), ..spec("array") });
    writes.extend(indices.map(|index| {
        let run = finished(2 + index, 0, JobState::Completed, Exit::default());
        over(1, Finished { task: Some((JobId(1), index)), ..run })
    }));
    writes
}

fn step(job: u32) -> Write {
    Write::Step(Box::new(StepRecord {
        job: JobId(job),
        attempt: 0,
        step: 0,
        name: Text::from("s"),
        state: JobState::Completed,
        exit: Exit::default(),
        start: Time(2100),
        end: Time(2200),
        cpus: 1,
        tasks: 1,
        usage: Usage::default(),
    }))
}

fn live(id: u32, place: ArrayPlace, state: JobState) -> LiveFacts {
    let spec = spec("array");
    let row = QueueRow {
        id: JobId(id),
        array: place,
        name: spec.name,
        owner: Arc::new(spec.owner),
        account: "proj".into(),
        partition: "debug".into(),
        qos: "normal".into(),
        state,
        reason: Reason::None,
        priority: 1,
        nice: 0,
        cpus: 1,
        tasks: 1,
        cpus_per_task: 1,
        nodes: 1,
        memory: spec.request.memory,
        gpus: 0,
        time_limit: spec.time_limit,
        submit: Time(1000),
        eligible: Some(Time(1000)),
        start: Some(Time(3000)),
        end: None,
        suspended: Span::ZERO,
        exit: Exit::default(),
        restarts: 0,
        dependency: String::new(),
        node: "vm".into(),
    };
    LiveFacts { base: JobId(1), row, attempt: 0, memory_mib: None, steps: Vec::new() }
}

fn parts(file: &File, filter: &AccountFilter, live: Vec<LiveFacts>) -> Vec<Vec<AccountRow>> {
    let mut parts = Vec::new();
    file.reader().accounts(filter, live, &mut |rows| parts.push(rows)).unwrap();
    parts
}

fn names(parts: &[Vec<AccountRow>]) -> Vec<String> {
    let name = |row: &AccountRow| match row.step {
        Some(step) => format!("{}.{step}", row.id),
        None => row.id.to_string(),
    };
    parts.iter().flatten().map(name).collect()
}

#[test]
fn one_submission_comes_in_parts_that_fit_into_a_message() {
    let long = "x".repeat(20_000);
    for (line, most_rows) in [("sbatch x", 256), (long.as_str(), 51)] {
        let file = File::new();
        file.write(array((0..1000).rev(), line)).unwrap();
        let parts = parts(&file, &AccountFilter::default(), Vec::new());
        assert_eq!(parts.iter().map(Vec::len).max(), Some(most_rows));
        assert_eq!(names(&parts), (2..1002).map(|id: u32| id.to_string()).collect::<Vec<_>>(), "in order");
    }
}

#[test]
fn steps_and_what_still_runs_stand_in_their_places() {
    let file = File::new();
    let mut writes = array([4, 0, 2].into_iter(), "sbatch x");
    writes.push(step(4));
    file.write(writes).unwrap();
    let left = IndexSet::from_ranges([(5, 9, 1)]).unwrap();
    let live = || {
        vec![
            live(1, ArrayPlace::Pending { base: JobId(1), tasks: left.clone(), limit: None }, JobState::Pending),
            live(5, ArrayPlace::Task { base: JobId(1), index: 3 }, JobState::Running),
            live(3, ArrayPlace::Task { base: JobId(1), index: 1 }, JobState::Running),
        ]
    };
    let all = parts(&file, &AccountFilter::default(), live());
    assert_eq!(names(&all), ["2", "3", "4", "5", "6", "1"]);
    let steps = AccountFilter { steps: true, ..Default::default() };
    assert_eq!(
        names(&parts(&file, &steps, live())),
        ["2", "2.batch", "3", "3.batch", "4", "4.batch", "4.0", "5", "5.batch", "6", "6.batch", "1"]
    );
}

/// Asking for "all tasks there can be" of what was cancelled before it started must not count through them all.
#[test]
fn a_wide_question_is_answered_at_once() {
    let file = File::new();
    let mut writes = submission(1, spec("array"));
    let never = Some(IndexSet::from_ranges([(0, 3, 1)]).unwrap());
    let run = finished(1, 0, JobState::Cancelled, Exit::default());
    writes.push(over(1, Finished { tasks: never, start: None, ..run }));
    file.write(writes).unwrap();
    let ask = |first| {
        let tasks = IndexSet::from_ranges([(first, u32::MAX, 1)]).unwrap();
        let filter = AccountFilter { targets: Some(vec![(JobId(1), Some(tasks))]), ..Default::default() };
        let begun = std::time::Instant::now();
        let found = names(&parts(&file, &filter, Vec::new())).len();
        assert!(begun.elapsed().as_secs() < 2, "it was counted through");
        found
    };
    assert_eq!((ask(4), ask(3)), (0, 1));
}

#[test]
fn one_task_is_read_without_the_others() {
    let file = File::new();
    file.write(array(0..3, "sbatch x")).unwrap();
    // The second one was tried twice.
    let again = finished(3, 1, JobState::Failed, Exit::default());
    file.write(vec![over(1, Finished { task: Some((JobId(1), 1)), ..again })]).unwrap();
    let reader = file.reader();
    let runs = |task| {
        let rows = reader.runs_of_task(JobId(1), task).unwrap();
        rows.iter().map(|row| (row.id.0, row.attempt, row.state)).collect::<Vec<_>>()
    };
    assert_eq!(runs(0), [(2, 0, JobState::Completed)]);
    assert_eq!(runs(1), [(3, 0, JobState::Completed), (3, 1, JobState::Failed)]);
    assert_eq!(runs(9), []);
    let waits = live(9, ArrayPlace::Task { base: JobId(1), index: 9 }, JobState::Pending);
    let row = reader.live_account(waits.clone()).unwrap().unwrap();
    assert_eq!((row.id, row.state, row.array), (JobId(9), JobState::Pending, waits.row.array.clone()));
    assert_eq!(reader.live_account(LiveFacts { base: JobId(77), ..waits }).unwrap(), None);
}

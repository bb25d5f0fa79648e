//! What an accounting tells comes in many rows at a time; what projects and arrays used is then what it would be if each had
//! come by itself.

use std::sync::{Arc, mpsc::channel};

use model::*;
use scheduler::Finished;
use store::{ArrayUsed, Batch, ClusterRun, ClusterWrite, Db, UsedDay, Write, Writer};

use crate::{support::*, usage::energy};

/// A run of the accounting: of this submission, this record, this attempt.
fn told(base: u32, finished: Finished, name: &str) -> ClusterRun {
    ClusterRun {
        key: format!("{}.{}", finished.run.job, finished.run.attempt),
        mark: 1,
        is_known: false,
        base: JobId(base),
        at: Time(1000),
        spec: Arc::new(spec(name)),
        cpus: finished.placement.cpus.len() as u32,
        gpus: 0,
        nodes: "n1".to_owned(),
        energy_uj: 0,
        steps: Vec::new(),
        finished,
    }
}

/// Single jobs, a requeue, tasks of an array, one that never began; over two days.
fn accounting() -> Vec<ClusterRun> {
    let run = |job, attempt, state| finished(job, attempt, state, Exit::default());
    let mut runs = vec![
        told(1, run(1, 0, JobState::Completed), "flood_01"),
        told(2, run(2, 0, JobState::Requeued), "flood_02"),
        told(2, run(2, 1, JobState::Failed), "flood_02"),
        told(3, Finished { start: None, ..run(3, 0, JobState::Cancelled) }, "never"),
        told(4, Finished { end: Time(5000 + 86_400_000), ..run(4, 0, JobState::Completed) }, "flood_9"),
    ];
    runs.extend((0..3).map(|task| {
        let one = Finished { task: Some((JobId(10), task)), ..run(10 + task, 0, JobState::Completed) };
        told(10, one, "sweep")
    }));
    runs
}

fn write(runs: Vec<ClusterRun>) -> Write {
    Write::Cluster(Box::new(ClusterWrite::Runs(runs.into())))
}

/// What pages are told.
fn sums(file: &File) -> (Vec<UsedDay>, Vec<UsedDay>, ArrayUsed) {
    let (mut days, mut months) = (Vec::new(), Vec::new());
    file.reader().used("proj", -31, 31, &mut |row| days.push(row)).unwrap();
    file.reader().used_by_month("proj", -31, 31, &mut |row| months.push(row)).unwrap();
    (days, months, file.reader().array_used(JobId(10)).unwrap())
}

#[test]
fn many_at_once_sum_up_as_each_by_itself_and_as_runs_of_this_machine() {
    // Energy of two of them is known before they come, as of a machine that reports.
    let early = || vec![energy(1, Some(5000), 7), energy(11, Some(5000), 5)];
    let [at_once, one_by_one, here] = [File::new(), File::new(), File::new()];
    for file in [&at_once, &one_by_one, &here] {
        file.write(early()).unwrap();
    }
    at_once.write(vec![write(accounting())]).unwrap();
    for run in accounting() {
        one_by_one.write(vec![write(vec![run])]).unwrap();
    }
    for base in [1, 2, 3, 4, 10] {
        let name = accounting().into_iter().find(|run| run.base == JobId(base)).unwrap().spec.name.clone();
        here.write(submission(base, JobSpec { name, ..spec("x") })).unwrap();
    }
    for run in accounting() {
        here.write(vec![over(run.base.0, run.finished)]).unwrap();
    }
    let (days, months, array) = sums(&at_once);
    assert_eq!(days.iter().map(|day| day.used.runs).sum::<i64>(), 7, "all but what never began");
    assert_eq!(days.iter().map(|day| day.used.energy_uj).sum::<i64>(), 12);
    assert_eq!((array.runs, array.energy_uj, array.measured_ms), (3, 5, 1));
    assert_eq!(sums(&one_by_one), (days.clone(), months.clone(), array));
    assert_eq!(sums(&here), (days, months, array));
}

/// What comes after many at once is counted by the file itself again.
#[test]
fn what_changes_later_is_counted_by_itself() {
    let file = File::new();
    file.write(vec![write(accounting())]).unwrap();
    let runs = |file: &File| sums(file).0.iter().map(|day| day.used.runs).sum::<i64>();
    let mut changed = accounting().remove(0);
    (changed.is_known, changed.finished.start) = (true, None);
    file.write(vec![write(vec![changed])]).unwrap();
    assert_eq!(runs(&file), 6, "it never began after all");
    file.write(
        [submission(20, spec("own")), vec![over(20, finished(20, 0, JobState::Completed, Exit::default()))]].concat(),
    )
    .unwrap();
    assert_eq!(runs(&file), 7);
    file.write(vec![energy(20, Some(5000), 3)]).unwrap();
    assert_eq!(sums(&file).0.iter().map(|day| day.used.energy_uj).sum::<i64>(), 3);
    // By one thread that writes: it refuses a row that is there, and goes on counting.
    let (tell, hear) = channel();
    let writer = Writer::start(Db::open(&file.path).unwrap().0, move |done| tell.send(done).unwrap()).unwrap();
    let twice = write(vec![accounting().remove(1)]);
    for (number, writes, is_taken) in [(1, vec![twice], false), (2, vec![energy(4, Some(5000), 4)], true)] {
        writer.send(Batch { number, writes });
        assert_eq!(hear.recv().unwrap().result.is_ok(), is_taken);
    }
    let energy_of = |day: &UsedDay| day.used.energy_uj;
    assert_eq!(sums(&file).0.iter().map(energy_of).sum::<i64>(), 7);
}

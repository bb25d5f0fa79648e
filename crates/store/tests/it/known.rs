//! How what others depend on ended, as told after it left the scheduler.

use std::sync::Arc;

use DependencyKind::{AfterAny, AfterCorr, AfterNotOk, AfterOk};
use JobState::{Cancelled, Completed, Failed, Requeued};
use model::*;
use scheduler::{Finished, What};
use store::{Fact, Write};

use crate::support::*;

fn array_of(last: u32) -> JobSpec {
    let tasks = IndexSet::from_ranges([(0, last, 1)]).unwrap();
    JobSpec { array: Some(ArraySpec { tasks, limit: None }), ..spec("array") }
}

fn ended(job: u32, attempt: u32, state: JobState) -> Finished {
    let code = if state == Failed { 1 } else { 0 };
    finished(job, attempt, state, Exit { code, signal: 0 })
}

fn task(job: u32, base: u32, index: u32, state: JobState) -> Finished {
    Finished { task: Some((JobId(base), index)), ..ended(job, 0, state) }
}

/// 5: an array of which 0 (record 6) is well, 1 (record 7) is not, 2 to 4 never ran; 10: an open array, its task 0 (record
/// 11) over and its task 1 (record 12) put back; 20: a job that failed, was tried again, and is well; 30: a good array.
fn file() -> File {
    let file = File::new();
    let mut writes = submission(5, array_of(4));
    writes.push(over(5, task(6, 5, 0, Completed)));
    writes.push(over(5, task(7, 5, 1, Failed)));
    let never = Some(IndexSet::from_ranges([(2, 4, 1)]).unwrap());
    writes.push(over(5, Finished { tasks: never, start: None, ..ended(5, 0, Cancelled) }));
    writes.push(Write::Close(JobId(5)));
    writes.extend(submission(10, array_of(1)));
    writes.push(over(10, task(11, 10, 0, Failed)));
    writes.push(over(10, task(12, 10, 1, Requeued)));
    writes.extend(submission(20, spec("twice")));
    writes.push(over(20, ended(20, 0, Failed)));
    writes.push(over(20, ended(20, 1, Requeued)));
    writes.push(over(20, ended(20, 2, Completed)));
    writes.push(Write::Close(JobId(20)));
    writes.extend(submission(30, array_of(1)));
    writes.push(over(30, task(31, 30, 0, Completed)));
    writes.push(over(30, task(32, 30, 1, Completed)));
    writes.push(Write::Close(JobId(30)));
    file.write(writes).unwrap();
    file
}

fn term(kind: DependencyKind, job: u32, task: Option<u32>) -> DependencyTerm {
    DependencyTerm { kind, job: Some(JobId(job)), task }
}

#[test]
fn each_term_is_answered_in_its_own_form() {
    let file = file();
    let reader = file.reader();
    let check = |kind, job, task, expected: &[(Option<u32>, JobState)]| {
        let expected: Vec<_> = expected.iter().map(|(task, state)| (JobId(job), *task, *state)).collect();
        assert_eq!(reader.known_of(&term(kind, job, task)).unwrap(), expected, "{kind:?} {job} {task:?}");
    };
    // Wholes.
    check(AfterOk, 5, None, &[(Some(1), Failed)]);
    check(AfterNotOk, 5, None, &[(Some(1), Failed)]);
    check(AfterOk, 30, None, &[(Some(0), Completed)]);
    check(AfterAny, 20, None, &[(None, Completed)]);
    check(AfterCorr, 20, None, &[(None, Completed)]);
    // Tasks.
    check(AfterOk, 5, Some(0), &[(Some(0), Completed)]);
    check(AfterCorr, 5, Some(1), &[(Some(1), Failed)]);
    check(AfterOk, 5, Some(3), &[(Some(3), Cancelled)]);
    check(AfterOk, 5, Some(9), &[]);
    check(AfterOk, 20, Some(3), &[(None, Completed)]);
    let each = [Completed, Failed, Cancelled, Cancelled, Cancelled];
    let each: Vec<_> = (0..).map(Some).zip(each).collect();
    check(AfterCorr, 5, None, &each);
    // Records.
    check(AfterOk, 6, None, &[(None, Completed)]);
    check(AfterOk, 7, None, &[(None, Failed)]);
    check(AfterOk, 11, None, &[(None, Failed)]);
    // What is open, what never was.
    check(AfterOk, 12, None, &[]);
    check(AfterOk, 10, None, &[]);
    check(AfterOk, 10, Some(0), &[]);
    check(AfterOk, 99, None, &[]);
    let alone = DependencyTerm { kind: DependencyKind::Singleton, job: None, task: None };
    assert!(reader.known_of(&alone).unwrap().is_empty());
}

#[test]
fn a_restart_completes_what_was_not_known_at_submission() {
    let file = file();
    let terms = [(AfterOk, 7), (AfterOk, 5), (AfterNotOk, 5), (AfterAny, 20)];
    let terms = terms.into_iter().map(|(kind, job)| term(kind, job, None)).collect();
    let waiting = Arc::new(JobSpec { dependency: Some(Dependency { terms, any: false }), ..spec("waits") });
    let mut writes = submission(40, (*waiting).clone());
    // What was known then stands.
    let known = vec![(JobId(20), None, Failed)];
    writes[3] = event(1000, 40, What::Submitted { id: JobId(40), spec: Some(waiting), known });
    file.write(writes).unwrap();
    let (mut told, mut met) = (None, None);
    file.reader()
        .replay(&mut |event| {
            if let Fact::Job(What::Submitted { id: JobId(40), known, .. }) = event.fact {
                (told, met) = (Some(known), event.met);
            }
        })
        .unwrap();
    let expected = vec![(JobId(20), None, Failed), (JobId(7), None, Failed), (JobId(5), Some(1), Failed)];
    assert_eq!(told, Some(expected));
    // The array ended last.
    assert_eq!(met, Some(ended(5, 0, Completed).end));
}

/// What `sbatch --wait` answers: an attempt that was followed by a better one does not count.
#[test]
fn the_worst_ending_is_one_of_the_last() {
    let reader = file().reader();
    for (job, expected) in [(20, (Completed, 0)), (5, (Failed, 1)), (30, (Completed, 0))] {
        let (state, exit) = reader.worst_ending(JobId(job)).unwrap();
        assert_eq!((state, exit.code), expected, "{job}");
    }
}

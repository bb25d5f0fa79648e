//! Arrays are summed up as their tasks end; entries are found by job; forms go with their jobs; lists are narrowed down.

use model::*;
use store::{ArrayUsed, MoneyWrite, Sought, Wanted, Write};

use crate::{
    support::*,
    usage::{energy, entry},
};

/// A task of array 1 that is over, as record `job`.
fn task(job: u32, index: u32, state: JobState) -> Write {
    let mut run = finished(job, 0, state, Exit::default());
    run.task = Some((JobId(1), index));
    over(1, run)
}

fn settle(job: u32, work: [i64; 2], paid: i64) -> String {
    let [one, two] = work;
    format!(
        r#"{{"what":{{"settle":{{"run":{{"job":{job},"attempt":0}},"usage":[{{"amount":{one}}},{{"amount":{two}}}],"counted":{{"amount":{paid}}}}}}}}}"#
    )
}

#[test]
fn an_array_is_the_sum_of_its_tasks() {
    let file = File::new();
    file.write([submission(1, spec("sweep")), submission(2, spec("alone"))].concat()).unwrap();
    file.write(vec![task(1, 0, JobState::Completed), task(3, 1, JobState::Failed)]).unwrap();
    file.write(vec![over(2, finished(2, 0, JobState::Completed, Exit::default()))]).unwrap();
    let used = |id| file.reader().array_used(JobId(id)).unwrap();
    assert_eq!(used(1), ArrayUsed { runs: 2, run_ms: 6000, ..ArrayUsed::default() });
    assert_eq!(used(2), ArrayUsed::default(), "of a single job its runs are read");
    // Energy comes later and may come again; prices come last, and may be given back.
    file.write(vec![energy(1, Some(5000), 7), energy(3, Some(5000), 5), energy(2, Some(5000), 99)]).unwrap();
    file.write(vec![energy(3, Some(5000), 6)]).unwrap();
    let back = r#"{"what":{"correct":{"run":{"job":3,"attempt":0},"counted":{"amount":-30}}}}"#;
    let entries = [settle(1, [100, 20], 90), settle(3, [30, 0], 30), back.to_owned(), "no json".to_owned()];
    file.write(entries.into_iter().zip(1..).map(|(text, number)| entry(number, text)).collect()).unwrap();
    let found = used(1);
    assert_eq!((found.energy_uj, found.electricity_microeur, found.measured_ms), (13, 13, 2));
    assert_eq!((found.priced, found.work_microeur, found.paid_microeur), (2, 150, 90));
    let reader = file.reader();
    let entries = |id, task| reader.entries_of(JobId(id), task).unwrap().len();
    assert_eq!([entries(1, Some(0)), entries(1, Some(1)), entries(1, None), entries(2, None)], [1, 2, 3, 0]);
    // Of some runs, those that are its own; another attempt is none of them.
    let runs = [(1, 0), (2, 0), (3, 0), (3, 1), (9, 0)].map(|(job, attempt)| RunId { job: JobId(job), attempt }).into();
    let among = |id, task| reader.count_among(JobId(id), task, &runs).unwrap();
    assert_eq!([among(1, Some(0)), among(1, None), among(2, None), among(3, None)], [1, 2, 1, 0]);
    assert_eq!(reader.count_among(JobId(1), None, &[].into()).unwrap(), 0);
    assert_eq!(reader.runs_over(JobId(1), Some(1)).unwrap(), [RunId { job: JobId(3), attempt: 0 }]);
    assert_eq!(reader.runs_over(JobId(1), None).unwrap().len(), 2);
    drop(reader);
    file.write(vec![Write::Close(JobId(1)), Write::Close(JobId(2)), Write::Prune(Time(i64::MAX / 2))]).unwrap();
    assert_eq!(used(1), ArrayUsed::default());
}

#[test]
fn a_form_goes_with_its_job() {
    let file = File::new();
    let form = |id| Write::Form { id: JobId(id), app: "python".to_owned(), fields: "[]".to_owned() };
    for id in 1..=2 {
        file.write([submission(id, spec("a")), vec![form(id), Write::Close(JobId(id))]].concat()).unwrap();
    }
    let known = |id| file.reader().form(JobId(id)).unwrap();
    assert_eq!(known(1), Some(("python".to_owned(), "[]".to_owned())));
    file.write(vec![over(1, finished(1, 0, JobState::Completed, Exit::default()))]).unwrap();
    file.write(vec![Write::Prune(Time(i64::MAX / 2))]).unwrap();
    assert_eq!((known(1).is_some(), known(2).is_some()), (false, true));
    let erase = MoneyWrite::Erase { uid: Uid(1001), user: "alice".into(), pseudonym: "former-member-1".into() };
    file.write(vec![Write::Money(Box::new(erase))]).unwrap();
    assert_eq!(known(2), None);
}

#[test]
fn lists_are_narrowed_down() {
    let file = File::new();
    let mut all = Vec::new();
    for (id, name, account, at) in
        [(1, "hull1", "a", 10), (2, "flood", "a", 20), (5, "hull2", "b", 20), (9, "x", "b", 40)]
    {
        let mut writes = submission(id, JobSpec { account: account.to_owned(), ..spec(name) });
        for write in &mut writes {
            if let Write::Submission { at: time, .. } = write {
                *time = Time(at);
            }
        }
        all.extend(writes);
    }
    all.push(over(2, finished(2, 0, JobState::Failed, Exit::default())));
    all.push(Write::Close(JobId(2)));
    file.write(all).unwrap();
    let any = || Sought {
        owner: None,
        before: None,
        wanted: Wanted::All,
        ended: None,
        only: None,
        name: String::new(),
        project: String::new(),
        application: String::new(),
        since: None,
        until: None,
        count: 10,
    };
    let check = |sought: Sought, expected: &[u32]| {
        let (found, next) = file.reader().submissions(&sought).unwrap();
        let found: Vec<u32> = found.iter().map(|one| one.id.0).collect();
        assert_eq!((found.as_slice(), next), (expected, None), "{sought:?}");
    };
    check(any(), &[9, 5, 2, 1]);
    check(Sought { project: "a".into(), ..any() }, &[2, 1]);
    check(Sought { application: "hull".into(), ..any() }, &[5, 1]);
    check(Sought { ended: Some(JobState::Failed), ..any() }, &[2]);
    check(Sought { only: Some(vec![JobId(1), JobId(9), JobId(77)]), ..any() }, &[9, 1]);
    check(Sought { only: Some(Vec::new()), ..any() }, &[]);
    check(Sought { since: Some(Time(20)), ..any() }, &[9, 5, 2]);
    check(Sought { since: Some(Time(20)), until: Some(Time(40)), ..any() }, &[5, 2]);
    check(Sought { since: Some(Time(41)), ..any() }, &[]);
    check(Sought { until: Some(Time(11)), project: "a".into(), ..any() }, &[1]);
}

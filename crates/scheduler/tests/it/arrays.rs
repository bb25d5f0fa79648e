//! Arrays: the captured session, throttles, tasks that are treated alone.

use model::{IndexSet, JobId, JobState, Machine, Uid};
use scheduler::{Change, Impossible, RequeueCause, TaskPlace, What};

use crate::make::{Centre, array, at, config, failed, ok};

fn centre(cpus: u32) -> Centre {
    let mut centre = Centre::new(scheduler::Config { machine: Machine::regular("vm", 1, cpus, 1, 8_000), ..config() });
    centre.state.set_next_id(JobId(35));
    centre
}

/// `array.txt`: each task its own number when it starts, the last one keeps the array's.
#[test]
fn as_captured() {
    let mut centre = centre(2);
    centre.submit(array(1, 4, Some(2)));
    assert_eq!(
        centre.list(),
        "35_[3-4%2] PENDING JobArrayTaskLimit (null)\n35_1(36) RUNNING None (null)\n35_2(37) RUNNING None (null)"
    );
    assert_eq!(centre.state.records_of(JobId(35)), [JobId(35), JobId(36), JobId(37)]);
    assert_eq!(centre.state.task(JobId(35), 1), TaskPlace::Record(JobId(36)));
    assert_eq!(centre.state.task(JobId(35), 4), TaskPlace::Pending);
    assert_eq!(centre.state.task(JobId(35), 5), TaskPlace::Unknown);
    let tasks = Some(IndexSet::from_iter([4]));
    let finished = centre.apply(What::Cancelled { id: JobId(35), tasks: tasks.clone(), by: Uid(1001) }).unwrap();
    assert_eq!((finished[0].state, &finished[0].tasks), (JobState::Cancelled, &tasks));
    assert_eq!(centre.state.task(JobId(35), 4), TaskPlace::Over);
    centre.now = at(5);
    centre.end(JobId(36), ok());
    centre.end(JobId(37), ok());
    assert_eq!(
        centre.list(),
        "35_3(35) RUNNING None (null)\n35_1(36) COMPLETED None (null)\n35_2(37) COMPLETED None (null)"
    );
    let last = centre.end(JobId(35), failed(1));
    assert_eq!((last.task, last.state), (Some((JobId(35), 3)), JobState::Failed));
    assert_eq!(last.eligible, Some(at(0)));
    let ok = centre.finished.iter().filter(|finished| finished.state == JobState::Completed);
    assert_eq!(ok.map(|finished| finished.task).collect::<Vec<_>>(), [Some((JobId(35), 1)), Some((JobId(35), 2))]);
}

#[test]
fn cancelled_while_waiting() {
    let mut centre = centre(2);
    let mut spec = array(1, 9, None);
    spec.hold = true;
    let id = centre.submit(spec);
    let out = IndexSet::from_iter([1, 3, 12]);
    let finished = centre.apply(What::Cancelled { id, tasks: Some(out), by: Uid(1001) }).unwrap();
    assert_eq!(finished[0].tasks, Some(IndexSet::from_iter([1, 3])));
    assert_eq!(centre.list(), "35_[2,4-9] PENDING JobHeldUser (null)");
    let finished = centre.apply(What::Cancelled { id, tasks: None, by: Uid(1001) }).unwrap();
    assert_eq!(finished[0].tasks.as_ref().map(IndexSet::len), Some(7));
    assert_eq!(centre.list(), "35_[2,4-9] CANCELLED JobHeldUser (null)");
    assert_eq!(finished[0].start, None);
}

#[test]
fn the_throttle_can_be_turned() {
    let mut centre = centre(8);
    let id = centre.submit(array(0, 99, Some(3)));
    let running = |centre: &Centre| centre.state.machine_use().running;
    assert_eq!(running(&centre), 3);
    for (limit, expected) in [(Some(5), 5), (Some(1), 5), (None, 8)] {
        centre.apply(What::Updated { id, change: Change::ArrayLimit(limit), by: Uid(1001) }).unwrap();
        centre.settle();
        assert_eq!(running(&centre), expected, "limit {limit:?}");
    }
    assert!(centre.list().starts_with("35_[8-99] PENDING Resources"), "{}", centre.list());
}

#[test]
fn a_task_alone() {
    let mut centre = centre(2);
    let id = centre.submit(array(1, 6, Some(2)));
    let own = centre.state.next_id();
    centre.apply(What::Split { array: id, index: 5, id: own }).unwrap();
    centre.apply(What::Held { id: own, by_operator: false }).unwrap();
    assert!(centre.list().contains("35_[3-4,6%2] PENDING JobArrayTaskLimit"), "{}", centre.list());
    assert!(centre.list().contains("35_5(38) PENDING JobHeldUser"), "{}", centre.list());
    // Alone, it still counts for the throttle of its array.
    centre.apply(What::Released { id: own }).unwrap();
    centre.settle();
    assert!(centre.list().contains("35_5(38) PENDING JobArrayTaskLimit"), "{}", centre.list());
    let again = centre.apply(What::Split { array: id, index: 5, id: JobId(99) });
    assert_eq!(again, Err(Impossible::NoTask { array: id, index: 5 }));
    // A requeued task keeps its number and its place.
    centre.apply(What::Requeued { id: JobId(36), cause: RequeueCause::Asked(Uid(0)), hold: false }).unwrap();
    centre.end(JobId(36), ok());
    assert!(centre.list().contains("35_1(36) PENDING BeginTime"), "{}", centre.list());
    assert!(centre.list().contains("35_3(39) RUNNING"), "{}", centre.list());
    while centre.state.machine_use().pending > 0 || centre.state.machine_use().running > 0 {
        centre.go_to(centre.now + model::Span::seconds(60));
        let runs: Vec<JobId> = centre.state.runs().map(|(run, ..)| run.job).collect();
        for id in runs {
            centre.end(id, ok());
        }
    }
    let mut done: Vec<u32> = (centre.finished.iter())
        .filter(|finished| finished.state == JobState::Completed)
        .filter_map(|finished| finished.task.map(|(_, index)| index))
        .collect();
    done.sort_unstable();
    assert_eq!(done, [1, 2, 3, 4, 5, 6]);
    assert!(centre.state.records_of(id).contains(&id), "the last one took the array's number");
}

#[test]
fn a_great_array_is_cheap_until_it_runs() {
    let mut centre = centre(4);
    let id = centre.submit(array(0, 99_999, None));
    assert_eq!(centre.state.records_of(id).len(), 5);
    let row = centre.state.row(id, centre.now).unwrap();
    assert!(matches!(row.array, model::ArrayPlace::Pending { tasks, .. } if tasks.to_string() == "4-99999"));
}

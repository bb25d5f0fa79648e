//! What ran lately, for those who learn from it.

use model::*;
use scheduler::Finished;

use crate::support::*;

#[test]
fn the_latest_runs_come_the_oldest_first() {
    let file = File::new();
    // Job by job: when it started and ended, how long it was stopped, and how it ended.
    let ends = [
        (JobState::Completed, Some(100), 400, 0),
        (JobState::Failed, Some(100), 500, 0),
        (JobState::Timeout, Some(100), 900, 50),
        (JobState::Completed, Some(100), 800, 0),
        (JobState::Cancelled, None, 1000, 0),
    ];
    let mut writes = Vec::new();
    for (id, (state, start, end, stopped)) in (1..).zip(ends) {
        writes.extend(submission(id, spec(&format!("job{id}"))));
        let run = finished(id, 0, state, Exit::default());
        let (start, end, suspended) = (start.map(Time), Time(end), Span(stopped));
        writes.push(over(id, Finished { start, end, suspended, ..run }));
    }
    file.write(writes).unwrap();
    let latest = |most: u32| {
        let mut found = Vec::new();
        let states = [JobState::Completed, JobState::Timeout];
        file.reader().latest_runs(most, &states, &mut |spec, ran| found.push((spec.name.to_string(), ran.0))).unwrap();
        found
    };
    let all = [("job1".to_owned(), 300), ("job4".to_owned(), 700), ("job3".to_owned(), 750)];
    assert_eq!(latest(10), all);
    assert_eq!(latest(2), all[1..]);
}

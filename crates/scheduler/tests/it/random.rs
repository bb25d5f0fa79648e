//! Random histories: whatever happens in whatever order, nothing is given twice, nobody is lost, nobody overtakes
//! without reason, time is charged once, and the same events make the same state.

use std::collections::{BTreeMap, BTreeSet};

use model::{JobId, JobState, Memory, QueueRow, Reason, Span};
use proptest::prelude::*;
use scheduler::{State, TaskPlace, What};

use crate::history::{Op, Story, big_config, op, rows};
use crate::make::{Centre, T0, at, ok};

/// The same events in a new state: the same knowledge, and the same decisions.
fn replayed(centre: &Centre) {
    let mut fresh = State::new(big_config());
    for event in &centre.log {
        fresh.apply(event).unwrap();
    }
    assert_eq!(fresh.digest(), centre.state.digest());
    fresh.set_prices(centre.state.prices().clone());
    let mut live = centre.state.clone();
    for seconds in [0, 1, 600, 86_400] {
        let now = centre.now + Span::seconds(seconds);
        assert_eq!(fresh.decide(now), live.decide(now));
    }
}

/// Whoever has more priority stands before whoever has less.
fn in_order(centre: &Centre) {
    let waits =
        |row: &QueueRow| matches!(row.reason, Reason::Priority | Reason::Resources) && row.qos.as_ref() != "urgent";
    let waiting: Vec<QueueRow> =
        rows(centre, false).into_iter().filter(|row| row.state == JobState::Pending && waits(row)).collect();
    let before = |row: &QueueRow| centre.state.why(row.id, centre.now).unwrap().before;
    let places: Vec<(usize, &QueueRow)> = waiting.iter().map(|row| (before(row), row)).collect();
    for (place, row) in &places {
        for (other_place, other) in &places {
            assert!(row.priority <= other.priority || place < other_place, "{row:?} stands behind {other:?}");
        }
    }
}

/// Runs are started once each, and one after the other for each record.
fn started_once(centre: &Centre) {
    let mut runs = BTreeSet::new();
    for event in &centre.log {
        if let What::Started { run, .. } = &event.what {
            assert!(runs.insert(*run), "{run} was started twice");
        }
    }
    for finished in &centre.finished {
        assert!(finished.start.is_none() || runs.contains(&finished.run));
        assert!(finished.start.is_none_or(|start| start <= finished.end), "{finished:?}");
    }
}

/// Enough for every day; `PROPTEST_CASES=5000` for a night.
fn histories() -> ProptestConfig {
    let usual = ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::default() };
    if usual.cases == 256 { ProptestConfig { cases: 64, ..usual } } else { usual }
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn nothing_is_lost_or_given_twice(ops in proptest::collection::vec(op(), 1..90)) {
        let mut story = Story::new();
        for op in &ops {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
        }
        replayed(&story.centre);
        story.finish();
        started_once(&story.centre);
        replayed(&story.centre);
        for ((id, task), ends) in &story.ends {
            prop_assert_eq!(*ends, 1, "job {} task {:?}:\n{}", id, task, story.centre.list());
        }
        for (key, _) in story.ends.iter().filter(|((_, task), _)| task.is_some()) {
            let place = story.centre.state.task(key.0, key.1.unwrap());
            prop_assert!(!matches!(place, TaskPlace::Pending | TaskPlace::Unknown), "{:?} {:?}", key, place);
        }
        story.centre.state.forget_finished(story.centre.now + Span::minutes(600_000));
        story.centre.state.check().unwrap();
        prop_assert_eq!(rows(&story.centre, true).len(), 0);
    }

    /// Time that only goes forward is charged to the millisecond.
    #[test]
    fn time_is_charged_once(ops in proptest::collection::vec(op(), 1..90)) {
        let mut story = Story::new();
        for op in ops.iter().filter(|op| !matches!(op, Op::Back(_))) {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
        }
        in_order(&story.centre);
        story.finish();
        let mut charged = 0;
        for row in story.centre.state.usage_rows().rows {
            charged += row.cpu_ms + row.recent_cpu_ms;
        }
        let used = |finished: &scheduler::Finished| {
            let elapsed = finished.start.map_or(0, |start| (finished.end - start).0 - finished.suspended.0);
            prop_assert!(elapsed >= 0, "{:?}", finished);
            Ok(elapsed as u64 * finished.placement.cpus.len() as u64)
        };
        let mut sum = 0;
        for finished in &story.centre.finished {
            sum += used(finished)?;
        }
        prop_assert_eq!(charged, sum);
    }

    /// EASY: when jobs take exactly as long as they may, who is first in line starts when it was first promised to, or
    /// earlier.
    #[test]
    fn promises_are_kept(wishes in proptest::collection::vec((1u32..17, 10u64..2_500, 1i64..90, 0i64..20), 5..60)) {
        let mut config = big_config();
        config.weights = scheduler::Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 0 };
        let mut centre = Centre::new(config);
        let mut promises: BTreeMap<JobId, model::Time> = BTreeMap::new();
        let mut arrivals: Vec<_> = wishes.into_iter().rev().collect();
        let mut due = T0;
        for round in 0.. {
            prop_assert!(round < 3_000, "never over");
            centre.settle();
            for row in rows(&centre, false) {
                match row.reason {
                    Reason::Resources => drop(promises.entry(row.id).or_insert(row.start.unwrap())),
                    _ if row.state != JobState::Pending => {
                        if let Some(promise) = promises.get(&row.id) {
                            prop_assert!(row.start.unwrap() <= *promise, "{:?} was promised {:?}", row, promise);
                        }
                    }
                    _ => {}
                }
            }
            let ends: Vec<_> = rows(&centre, false).into_iter()
                .filter(|row| row.state != JobState::Pending).map(|row| (row.end.unwrap(), row.id)).collect();
            match (ends.into_iter().min(), arrivals.last()) {
                (Some((end, id)), next) if next.is_none() || end <= due => {
                    centre.now = end;
                    let run = centre.run_of(id);
                    centre.apply(What::Ended { run, outcome: ok(), usage: model::Usage::default() }).unwrap();
                }
                (None, None) => break,
                _ => {
                    let (cpus, memory, minutes, pause) = arrivals.pop().unwrap();
                    centre.now = centre.now.max(due);
                    due = due + Span::minutes(pause);
                    let mut spec = crate::make::minutes(crate::make::cpus(cpus), minutes);
                    spec.request.memory = Memory::PerNode(memory);
                    centre.try_submit(spec, true).unwrap();
                }
            }
        }
        prop_assert_eq!(rows(&centre, false).len(), 0);
        prop_assert!(centre.now >= at(0));
    }
}

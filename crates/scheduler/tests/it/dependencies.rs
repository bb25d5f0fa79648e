//! Dependencies: the captured session, then every kind on single jobs, tasks and whole arrays.

use model::{DependencyKind, DependencyTerm, JobId, JobSpec, JobState, Machine, Outcome, Span, Uid};
use scheduler::{Change, RequeueCause, State, What};
use std::sync::Arc;

use crate::make::{Centre, after, array, at, config, depend, failed, ok, spec};

use DependencyKind::{After, AfterAny, AfterCorr, AfterNotOk, AfterOk, Singleton};

fn term(kind: DependencyKind, job: u32, task: Option<u32>) -> DependencyTerm {
    DependencyTerm { kind, job: Some(JobId(job)), task }
}

fn single() -> JobSpec {
    depend(vec![DependencyTerm { kind: Singleton, job: None, task: None }], false)
}

/// Accepted, but nothing decided yet.
fn accept(centre: &mut Centre, spec: JobSpec) -> JobId {
    centre.try_submit(spec, true).unwrap()
}

/// `deps.txt`: the same submissions give the same reasons and texts.
#[test]
fn as_captured() {
    let mut centre = Centre::new(scheduler::Config { machine: Machine::regular("vm", 1, 2, 1, 4_000), ..config() });
    centre.state.set_next_id(JobId(55));
    accept(&mut centre, JobSpec { hold: true, ..spec() });
    centre.state.set_next_id(JobId(57));
    for name in ["ok.sh", "bad.sh"] {
        accept(&mut centre, JobSpec { name: name.into(), ..spec() });
    }
    for spec in [
        after(AfterOk, &[57]),
        after(AfterNotOk, &[57]),
        after(AfterOk, &[58]),
        after(AfterNotOk, &[58]),
        after(AfterAny, &[57, 58]),
        after(After(Span::ZERO), &[57]),
        single(),
        depend(vec![term(AfterOk, 57, None), term(AfterOk, 58, None)], true),
        after(AfterCorr, &[57]),
        JobSpec { kill_on_invalid_dep: Some(true), ..after(AfterOk, &[58]) },
    ] {
        accept(&mut centre, spec);
    }
    assert_eq!(
        centre.list(),
        "55 PENDING JobHeldUser (null)\n\
         57 PENDING Resources (null)\n\
         58 PENDING Priority (null)\n\
         59 PENDING Dependency afterok:57(unfulfilled)\n\
         60 PENDING Dependency afternotok:57(unfulfilled)\n\
         61 PENDING Dependency afterok:58(unfulfilled)\n\
         62 PENDING Dependency afternotok:58(unfulfilled)\n\
         63 PENDING Dependency afterany:57(unfulfilled),afterany:58(unfulfilled)\n\
         64 PENDING Dependency after:57(unfulfilled)\n\
         65 PENDING Dependency singleton(unfulfilled)\n\
         66 PENDING Dependency afterok:57(unfulfilled)?afterok:58(unfulfilled)\n\
         67 PENDING Dependency aftercorr:57(unfulfilled)\n\
         68 PENDING Dependency afterok:58(unfulfilled)"
    );
    centre.settle();
    let unknown = accept(&mut centre, after(AfterOk, &[999_999]));
    assert_eq!(unknown, JobId(69));
    centre.end(JobId(57), ok());
    centre.end(JobId(58), failed(1));
    let next = |centre: &Centre| centre.state.runs().next().map(|(run, ..)| run.job);
    while let Some(id) = next(&centre) {
        centre.end(id, ok());
    }
    let left: String = centre.list().lines().filter(|line| !line.contains("COMPLETED")).collect::<Vec<_>>().join("\n");
    assert_eq!(
        left,
        "55 PENDING JobHeldUser (null)\n\
         58 FAILED NonZeroExitCode (null)\n\
         60 PENDING DependencyNeverSatisfied afternotok:57(failed)\n\
         61 PENDING DependencyNeverSatisfied afterok:58(failed)\n\
         65 PENDING Dependency singleton(unfulfilled)\n\
         68 CANCELLED DependencyNeverSatisfied (null)"
    );
    let killed = centre.finished.iter().find(|finished| finished.run.job == JobId(68)).unwrap();
    assert_eq!((killed.state, killed.cancelled_by, killed.start), (JobState::Cancelled, None, None));
    for id in [55, 60, 61] {
        assert!(centre.list().contains("65 PENDING Dependency"), "{id} is left");
        centre.apply(What::Cancelled { id: JobId(id), tasks: None, by: Uid(1001) }).unwrap();
        centre.settle();
    }
    assert!(centre.list().contains("65 RUNNING"), "alone of its name now:\n{}", centre.list());
}

/// What a job that depends like this on an array 1 of three tasks is after some of them ended.
fn on_array(kind: DependencyKind, task: Option<u32>, ends: &[(u32, Outcome)]) -> String {
    let mut centre = Centre::new(config());
    centre.submit(array(1, 3, None));
    let job = accept(&mut centre, JobSpec { hold: true, ..depend(vec![term(kind, 1, task)], false) });
    for (index, outcome) in ends {
        let scheduler::TaskPlace::Record(id) = centre.state.task(JobId(1), *index) else { panic!("task {index}") };
        centre.end(id, outcome.clone());
    }
    centre.apply(What::Released { id: job }).unwrap();
    // As it is at this very moment, before anybody decides.
    let list = centre.list();
    let line = list.lines().find(|line| line.starts_with(&format!("{job} "))).unwrap();
    line.split_once(" PENDING ").unwrap().1.to_owned()
}

#[test]
fn on_tasks_and_whole_arrays() {
    let free = "Resources (null)";
    let all = |last: Outcome| vec![(1, ok()), (2, ok()), (3, last)];
    for (kind, task, ends, expected) in [
        (AfterOk, None, vec![], "Dependency afterok:1_*(unfulfilled)"),
        (AfterOk, None, vec![(1, ok()), (2, ok())], "Dependency afterok:1_*(unfulfilled)"),
        (AfterOk, None, all(ok()), free),
        (AfterOk, None, vec![(2, failed(1))], "DependencyNeverSatisfied afterok:1_*(failed)"),
        (AfterOk, Some(2), vec![(1, ok())], "Dependency afterok:1_2(unfulfilled)"),
        (AfterOk, Some(2), vec![(2, ok())], free),
        (AfterOk, Some(2), vec![(2, failed(1))], "DependencyNeverSatisfied afterok:1_2(failed)"),
        (AfterOk, Some(77), vec![], free),
        (AfterAny, None, vec![(1, failed(1)), (2, ok())], "Dependency afterany:1_*(unfulfilled)"),
        (AfterAny, None, all(failed(1)), free),
        (AfterNotOk, None, vec![(1, failed(1))], "Dependency afternotok:1_*(unfulfilled)"),
        (AfterNotOk, None, all(failed(1)), free),
        (AfterNotOk, None, all(ok()), "DependencyNeverSatisfied afternotok:1_*(failed)"),
        (AfterNotOk, Some(3), all(ok()), "DependencyNeverSatisfied afternotok:1_3(failed)"),
        (After(Span::ZERO), None, vec![], free),
        (After(Span::minutes(5)), None, vec![], "Dependency after:1_*+5(unfulfilled)"),
        (After(Span::minutes(5)), Some(1), vec![(1, ok())], "Dependency after:1_1+5(unfulfilled)"),
    ] {
        assert_eq!(on_array(kind, task, &ends), expected, "{kind:?} {task:?} after {ends:?}");
    }
}

#[test]
fn after_some_minutes() {
    let mut centre = Centre::new(config());
    let first = centre.submit(JobSpec { begin: Some(at(60)), ..spec() });
    let second = centre.submit(after(After(Span::minutes(2)), &[1]));
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(60)));
    centre.go_to(at(60));
    centre.go_to(at(61));
    assert_eq!(
        centre.list(),
        format!("{first} RUNNING None (null)\n{second} PENDING Dependency after:1+2(unfulfilled)")
    );
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(180)));
    centre.go_to(at(180));
    assert!(centre.list().ends_with("2 RUNNING None (null)"));
    assert_eq!(centre.state.row(second, centre.now).unwrap().eligible, Some(at(180)));
    // One that was cancelled before it started counts as having been there.
    let third = centre.submit(JobSpec { hold: true, ..spec() });
    let fourth = centre.submit(after(After(Span::ZERO), &[third.0]));
    assert_eq!(centre.state.row(fourth, centre.now).unwrap().state, JobState::Pending);
    centre.apply(What::Cancelled { id: third, tasks: None, by: Uid(1001) }).unwrap();
    centre.settle();
    assert_eq!(centre.state.row(fourth, centre.now).unwrap().state, JobState::Running);
}

#[test]
fn counterparts_in_arrays() {
    let mut centre = Centre::new(config());
    centre.submit(array(1, 3, None));
    let mut other = array(1, 4, None);
    other.dependency = after(AfterCorr, &[1]).dependency;
    let second = centre.submit(other);
    // Task 4 has no counterpart, and so need not wait.
    let list = centre.list();
    assert!(list.contains("4_[1-3] PENDING Dependency aftercorr:1_*(unfulfilled)\n4_4(5) RUNNING"), "{list}");
    let record = |centre: &Centre, index| match centre.state.task(JobId(1), index) {
        scheduler::TaskPlace::Record(id) => id,
        other => panic!("{other:?}"),
    };
    let two = record(&centre, 2);
    centre.end(two, ok());
    let started = centre.state.task(second, 2);
    assert!(matches!(started, scheduler::TaskPlace::Record(_)), "{started:?}");
    assert_eq!(centre.state.task(second, 1), scheduler::TaskPlace::Pending);
    let one = record(&centre, 1);
    centre.end(one, failed(1));
    let three = record(&centre, 3);
    centre.end(three, ok());
    assert!(matches!(centre.state.task(second, 3), scheduler::TaskPlace::Record(_)));
    assert!(
        centre.list().contains("4_[1] PENDING DependencyNeverSatisfied aftercorr:1_*(failed)"),
        "{}",
        centre.list()
    );
    // The counterpart gets a second chance after all.
    centre.apply(What::Requeued { id: one, cause: RequeueCause::NodeFailure, hold: false }).unwrap();
    assert!(centre.list().contains("4_[1] PENDING Dependency"), "{}", centre.list());
    centre.go_to(at(200));
    centre.end(one, ok());
    assert!(matches!(centre.state.task(second, 1), scheduler::TaskPlace::Record(_)), "{}", centre.list());
}

#[test]
fn a_task_that_leaves_keeps_what_it_waits_for() {
    let mut centre = Centre::new(config());
    centre.submit(array(1, 3, None));
    let mut other = array(1, 3, None);
    other.dependency = after(AfterCorr, &[1]).dependency;
    other.kill_on_invalid_dep = Some(true);
    let second = centre.submit(other);
    let id = centre.state.next_id();
    centre.apply(What::Split { array: second, index: 2, id }).unwrap();
    assert!(centre.list().contains(&format!("{second}_2({id}) PENDING Dependency")), "{}", centre.list());
    let scheduler::TaskPlace::Record(two) = centre.state.task(JobId(1), 2) else { panic!() };
    centre.end(two, failed(1));
    let list = centre.list();
    assert!(list.contains(&format!("{second}_2({id}) CANCELLED DependencyNeverSatisfied")), "{list}");
    assert!(list.contains(&format!("{second}_[1,3] PENDING Dependency")), "{list}");
}

#[test]
fn what_had_left_the_state() {
    for (kind, state, expected) in [
        (AfterOk, JobState::Completed, "RUNNING None (null)"),
        (AfterOk, JobState::Failed, "PENDING DependencyNeverSatisfied afterok:7(failed)"),
        (AfterNotOk, JobState::Timeout, "RUNNING None (null)"),
        (AfterAny, JobState::Cancelled, "RUNNING None (null)"),
        (After(Span::minutes(9)), JobState::Failed, "RUNNING None (null)"),
    ] {
        let mut centre = Centre::new(config());
        centre.state.set_next_id(JobId(20));
        let spec = centre.state.admit(after(kind, &[7]), false).unwrap();
        let known = vec![(JobId(7), None, state)];
        centre.apply(What::Submitted { id: JobId(20), spec: Some(Arc::new(spec)), known }).unwrap();
        centre.settle();
        assert_eq!(centre.list(), format!("20 {expected}"), "{kind:?} on {state}");
    }
}

#[test]
fn a_changed_dependency_counts_from_now() {
    let mut centre = Centre::new(config());
    let first = centre.submit(spec());
    let second = centre.submit(after(AfterNotOk, &[1]));
    let dependency = after(AfterOk, &[first.0]).dependency;
    centre
        .apply(What::Updated {
            id: second,
            change: Change::Dependency { wish: dependency, known: Vec::new() },
            by: Uid(0),
        })
        .unwrap();
    assert!(centre.list().ends_with("afterok:1(unfulfilled)"));
    centre
        .apply(What::Updated { id: second, change: Change::Dependency { wish: None, known: Vec::new() }, by: Uid(0) })
        .unwrap();
    centre.settle();
    assert!(centre.list().ends_with("2 RUNNING None (null)"));
}

#[test]
fn singletons_run_one_after_the_other() {
    let mut centre = Centre::new(config());
    let other_name = JobSpec { name: "other".into(), ..single() };
    let other_user = JobSpec { owner: crate::make::owner("bob", 1002), ..single() };
    let ids: Vec<JobId> = [single(), single(), single(), other_name, other_user].map(|spec| centre.submit(spec)).into();
    let running = |centre: &Centre| centre.state.runs().map(|(run, ..)| run.job.0).collect::<Vec<_>>();
    assert_eq!(running(&centre), [1, 4, 5]);
    // A new name takes a job out of the row.
    centre.apply(What::Updated { id: ids[1], change: Change::Name("elsewhere".into()), by: Uid(0) }).unwrap();
    centre.settle();
    assert_eq!(running(&centre), [1, 2, 4, 5]);
    centre.end(ids[0], ok());
    assert_eq!(running(&centre), [2, 3, 4, 5]);
}

#[test]
fn many_wait_for_one() {
    let mut state = State::new(config());
    let event = |what| scheduler::Event { at: at(0), what };
    for id in 1..=2_000 {
        let spec = if id == 1 { spec() } else { after(AfterOk, &[1]) };
        let spec = state.admit(spec, false).unwrap();
        let known = Vec::new();
        state.apply(&event(What::Submitted { id: JobId(id), spec: Some(Arc::new(spec)), known })).unwrap();
    }
    for what in state.decide(at(0)).events {
        state.apply(&event(what)).unwrap();
    }
    let run = model::RunId { job: JobId(1), attempt: 0 };
    state.apply(&event(What::Ended { run, outcome: ok(), usage: model::Usage::default() })).unwrap();
    let mut free = 0;
    state.rows(&scheduler::RowFilter::default(), at(0), &mut |row| free += usize::from(row.dependency.is_empty()));
    assert_eq!(free, 1_999);
    state.check().unwrap();
}

/// A hundred thousand tasks that each wait for their counterpart of an array that is forgotten: no task goes through the
/// whole list.
#[test]
fn counterparts_of_a_great_array_are_found_at_once() {
    const TASKS: u32 = 100_000;
    let mut centre = Centre::new(config());
    let ended = |index: u32| if index == 7 { JobState::Failed } else { JobState::Completed };
    let known = (0..TASKS).map(|index| (JobId(1), Some(index), ended(index))).collect();
    centre.state.set_next_id(JobId(2));
    let wish = after(DependencyKind::AfterCorr, &[1]).dependency;
    let spec = JobSpec { dependency: wish, ..array(0, TASKS - 1, None) };
    let spec = centre.state.admit(spec, true).unwrap();
    let what = What::Submitted { id: JobId(2), spec: Some(std::sync::Arc::new(spec)), known };
    centre.state.apply(&scheduler::Event { at: centre.now, what }).unwrap();
    for expected in 0..4 {
        let events = centre.state.decide(centre.now).events;
        let [What::Started { task, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(*task, Some((JobId(2), expected)));
        centre.state.apply(&scheduler::Event { at: centre.now, what: events[0].clone() }).unwrap();
    }
}

/// A whole array says so, also when it is known by hearsay only.
#[test]
fn a_forgotten_array_is_shown_as_one() {
    let mut centre = Centre::new(config());
    centre.state.set_next_id(JobId(6));
    for (known, expected) in [
        (vec![(JobId(5), Some(3), JobState::Failed)], "afterok:5_*(failed)"),
        (vec![(JobId(5), None, JobState::Failed)], "afterok:5(failed)"),
    ] {
        let spec = centre.state.admit(after(DependencyKind::AfterOk, &[5]), true).unwrap();
        let id = centre.state.next_id();
        centre.apply(What::Submitted { id, spec: Some(std::sync::Arc::new(spec)), known }).unwrap();
        assert_eq!(centre.state.row(id, centre.now).unwrap().dependency, expected);
    }
}

/// After a restart, with what it depended on known by hearsay only, a job is eligible since that was over.
#[test]
fn eligible_since_the_dependency_ended() {
    let mut centre = Centre::new(config());
    centre.state.set_next_id(JobId(6));
    let spec = centre.state.admit(after(AfterOk, &[5]), true).unwrap();
    let known = vec![(JobId(5), None, JobState::Completed)];
    centre.apply(What::Submitted { id: JobId(6), spec: Some(Arc::new(spec)), known }).unwrap();
    let eligible = |centre: &Centre| centre.state.row(JobId(6), centre.now).unwrap().eligible;
    assert_eq!(eligible(&centre), Some(centre.now));
    centre.state.note_met(JobId(6), at(50));
    centre.state.check().unwrap();
    assert_eq!(eligible(&centre), Some(at(50)));
    centre.state.note_met(JobId(6), at(20));
    assert_eq!(eligible(&centre), Some(at(50)));
}

//! How runs are judged, by why they were ended and by what was seen; and the way back to the queue.

use model::{Exit, JobId, JobState, Outcome, Reason, Uid, Usage};
use scheduler::{RequeueCause, What};

use crate::make::{Centre, at, config, cpus, failed, ok, spec};

fn killed(signal: u8) -> Outcome {
    Outcome::Exited(Exit { code: 0, signal })
}

fn launch_failed() -> Outcome {
    Outcome::LaunchFailed { exit: Exit { code: 1, signal: 0 }, error: "no such directory".to_owned() }
}

/// What is ordered of a job.
type Order = fn(JobId) -> What;

/// Ends a running job this way, after `order` was given; `state reason exit script-exit`.
fn judged(order: Option<Order>, outcome: Outcome) -> String {
    let mut centre = Centre::new(config());
    let id = centre.submit(spec());
    if let Some(order) = order {
        centre.apply(order(id)).unwrap();
    }
    let finished = centre.end(id, outcome);
    let row = centre.state.row(id, centre.now).unwrap();
    assert_eq!(finished.script_exit, if row.state == JobState::Pending { finished.script_exit } else { row.exit });
    let by = finished.cancelled_by.map(|uid| format!(" by {uid}")).unwrap_or_default();
    format!("{}{by} {} {} {}", finished.state, finished.reason, finished.exit, finished.script_exit)
}

#[test]
fn what_was_seen_and_why_it_was_ended() {
    let cancelled = |id| What::Cancelled { id, tasks: None, by: Uid(1001) };
    let requeued = |id| What::Requeued { id, cause: RequeueCause::Asked(Uid(0)), hold: false };
    let node_failed = |id| What::Requeued { id, cause: RequeueCause::NodeFailure, hold: false };
    let limit = |id| What::TimeLimitReached { run: model::RunId { job: id, attempt: 0 } };
    let oom = || Outcome::OutOfMemory(Exit::default());
    let cases: Vec<(Option<Order>, Outcome, &str)> = vec![
        (None, ok(), "COMPLETED None 0:0 0:0"),
        (None, failed(3), "FAILED NonZeroExitCode 3:0 3:0"),
        (None, killed(15), "FAILED JobLaunchFailure 0:15 0:15"),
        (None, oom(), "OUT_OF_MEMORY OutOfMemory 0:125 0:125"),
        (None, launch_failed(), "FAILED NonZeroExitCode 1:0 1:0"),
        (None, Outcome::Lost, "NODE_FAIL NodeDown 0:0 0:0"),
        (Some(cancelled), killed(15), "CANCELLED by 1001 None 0:0 0:15"),
        (Some(cancelled), failed(5), "CANCELLED by 1001 None 0:0 5:0"),
        (Some(cancelled), oom(), "CANCELLED by 1001 None 0:0 0:125"),
        (Some(cancelled), Outcome::Lost, "CANCELLED by 1001 None 0:0 0:0"),
        (Some(limit), killed(9), "TIMEOUT TimeLimit 0:0 0:9"),
        (Some(limit), ok(), "TIMEOUT TimeLimit 0:0 0:0"),
        (Some(|id| What::DeadlineMissed { id }), killed(15), "DEADLINE DeadLine 0:0 0:15"),
        (Some(|id| What::Preempted { id, by: JobId(9) }), killed(15), "PREEMPTED None 0:0 0:15"),
        (Some(requeued), killed(15), "REQUEUED None 0:0 0:15"),
        (Some(node_failed), Outcome::Lost, "REQUEUED NodeDown 0:0 0:0"),
    ];
    for (order, outcome, expected) in cases {
        assert_eq!(judged(order, outcome.clone()), expected, "{outcome:?}");
    }
}

#[test]
fn a_requeued_job_waits_and_runs_again() {
    let mut centre = Centre::new(config());
    let id = centre.submit(spec());
    centre.go_to(at(10));
    centre.apply(What::Requeued { id, cause: RequeueCause::Asked(Uid(1001)), hold: false }).unwrap();
    let first = centre.end(id, killed(15));
    assert_eq!((first.run.attempt, first.start, first.end), (0, Some(at(0)), at(10)));
    let row = centre.state.row(id, centre.now).unwrap();
    assert_eq!((row.state, row.reason, row.restarts), (JobState::Pending, Reason::BeginTime, 1));
    assert_eq!((row.submit, row.eligible, row.start), (at(10), Some(at(130)), Some(at(130))));
    centre.go_to(at(129));
    assert_eq!(centre.list(), "1 PENDING BeginTime (null)");
    centre.go_to(at(130));
    assert_eq!(centre.list(), "1 RUNNING None (null)");
    let second = centre.end(id, ok());
    assert_eq!((second.run.attempt, second.state), (1, JobState::Completed));
}

#[test]
fn held_when_requeued_until_released() {
    let mut centre = Centre::new(config());
    let id = centre.submit(spec());
    centre.apply(What::Requeued { id, cause: RequeueCause::Asked(Uid(1001)), hold: true }).unwrap();
    assert_eq!(centre.list(), "1 COMPLETING None (null)");
    centre.end(id, killed(15));
    centre.go_to(at(500));
    assert_eq!(centre.list(), "1 PENDING job_requeued_in_held_state (null)");
    assert_eq!(centre.state.row(id, centre.now).unwrap().priority, 0);
    centre.apply(What::Released { id }).unwrap();
    centre.settle();
    assert_eq!(centre.list(), "1 RUNNING None (null)");
}

#[test]
fn a_lost_run_goes_back_if_it_may() {
    let mut centre = Centre::new(config());
    let id = centre.submit(spec());
    let stays = centre.submit(model::JobSpec { requeue: false, ..spec() });
    let run = centre.run_of(id);
    centre.apply(What::Ended { run, outcome: Outcome::Lost, usage: Usage::default() }).unwrap();
    assert_eq!(centre.state.row(id, centre.now).unwrap().state, JobState::NodeFail);
    centre.apply(What::Requeued { id, cause: RequeueCause::NodeFailure, hold: false }).unwrap();
    let run = centre.run_of(stays);
    centre.apply(What::Ended { run, outcome: Outcome::Lost, usage: Usage::default() }).unwrap();
    let refused = centre.apply(What::Requeued { id: stays, cause: RequeueCause::NodeFailure, hold: false });
    assert_eq!(refused, Err(scheduler::Impossible::NotRequeueable(stays)));
    centre.settle();
    assert_eq!(centre.list(), "1 PENDING BeginTime (null)\n2 NODE_FAIL NodeDown (null)");
    assert_eq!(centre.state.job(id).unwrap().run().attempt, 1);
}

#[test]
fn what_is_to_be_requeued_can_still_be_cancelled() {
    let mut centre = Centre::new(config());
    let id = centre.submit(cpus(4));
    let run = centre.run_of(id);
    centre.apply(What::Requeued { id, cause: RequeueCause::Asked(Uid(0)), hold: false }).unwrap();
    assert!(matches!(centre.state.ending(run), Some(scheduler::Ending::Requeued { .. })));
    centre.apply(What::Cancelled { id, tasks: None, by: Uid(1001) }).unwrap();
    assert_eq!(centre.state.ending(run), Some(scheduler::Ending::Cancelled(Uid(1001))));
    assert_eq!(centre.end(id, killed(15)).state, JobState::Cancelled);
}

#[test]
fn finished_records_are_forgotten_in_time() {
    let mut centre = Centre::new(scheduler::Config { max_finished: 3, ..config() });
    for _ in 0..5 {
        let id = centre.submit(spec());
        centre.end(id, ok());
    }
    let running = centre.submit(spec());
    centre.state.forget_finished(centre.now);
    assert_eq!(centre.list().lines().count(), 4);
    centre.state.check().unwrap();
    centre.go_to(at(301));
    centre.state.forget_finished(centre.now);
    centre.state.check().unwrap();
    assert_eq!(centre.list(), format!("{running} RUNNING None (null)"));
    assert!(centre.state.job(JobId(1)).is_none());
}

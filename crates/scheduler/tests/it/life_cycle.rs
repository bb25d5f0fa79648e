//! Every state against every event: what is allowed and where it leads, what is impossible and why.

use std::fmt::Write as _;
use std::sync::Arc;

use model::{IndexSet, JobId, JobState, RunId, TimeLimit, Uid, Usage};
use scheduler::{Change, Placement, RequeueCause, What};

use crate::make::{Centre, array, config, cpus, ok, spec};

const JOB: JobId = JobId(1);

/// A centre whose job 1 is in the state named so.
fn centre_with(state: &str) -> Centre {
    let mut centre = Centre::new(config());
    let mut job = cpus(2);
    job.hold = state == "held";
    if state == "array" {
        job = array(1, 3, None);
    }
    let spec = centre.state.admit(job, true).unwrap();
    centre.apply(What::Submitted { id: JOB, spec: Some(Arc::new(spec)), known: Vec::new() }).unwrap();
    if matches!(state, "pending" | "held" | "array") {
        return centre;
    }
    centre.settle();
    let run = centre.run_of(JOB);
    let further = match state {
        "running" => vec![],
        "suspended" => vec![What::Suspended { run, cause: None }],
        "ending" => vec![What::Cancelled { id: JOB, tasks: None, by: Uid(7) }],
        "requeueing" => vec![What::Requeued { id: JOB, cause: RequeueCause::Asked(Uid(7)), hold: false }],
        "over" => vec![What::Ended { run, outcome: ok(), usage: Usage::default() }],
        _ => unreachable!("{state}"),
    };
    for what in further {
        centre.apply(what).unwrap();
    }
    centre
}

fn events() -> Vec<(&'static str, What)> {
    let run = RunId { job: JOB, attempt: 0 };
    let placement = Placement { cpus: [2, 3].into_iter().collect(), memory_mib: Some(200), gpus: Vec::new() };
    vec![
        ("submitted", What::Submitted { id: JOB, spec: Some(Arc::new(spec())), known: Vec::new() }),
        ("unspecified", What::Submitted { id: JobId(9), spec: None, known: Vec::new() }),
        ("started", What::Started { run, task: None, placement: placement.clone() }),
        ("started again", What::Started { run: RunId { attempt: 1, ..run }, task: None, placement: placement.clone() }),
        ("task started", What::Started { run: RunId { job: JobId(2), attempt: 0 }, task: Some((JOB, 2)), placement }),
        ("split", What::Split { array: JOB, index: 2, id: JobId(2) }),
        ("ended", What::Ended { run, outcome: ok(), usage: Usage::default() }),
        ("ended next", What::Ended { run: RunId { attempt: 1, ..run }, outcome: ok(), usage: Usage::default() }),
        ("cancelled", What::Cancelled { id: JOB, tasks: None, by: Uid(7) }),
        ("task cancelled", What::Cancelled { id: JOB, tasks: Some(IndexSet::from_iter([3])), by: Uid(7) }),
        ("limit", What::TimeLimitReached { run }),
        ("signal", What::SignalDue { run }),
        ("deadline", What::DeadlineMissed { id: JOB }),
        ("dependency", What::DependencyFailed { id: JOB }),
        ("requeued", What::Requeued { id: JOB, cause: RequeueCause::NodeFailure, hold: false }),
        ("requeued held", What::Requeued { id: JOB, cause: RequeueCause::Asked(Uid(7)), hold: true }),
        ("preempted", What::Preempted { id: JOB, by: JobId(5) }),
        ("held", What::Held { id: JOB, by_operator: true }),
        ("released", What::Released { id: JOB }),
        ("suspended", What::Suspended { run, cause: None }),
        ("resumed", What::Resumed { run }),
        ("urgent", What::MadeUrgent { id: JOB, by: Uid(7), why: "flood".to_owned() }),
        ("time changed", What::Updated { id: JOB, change: Change::TimeLimit(TimeLimit::Unlimited), by: Uid(7) }),
        ("qos changed", What::Updated { id: JOB, change: Change::Qos("low".to_owned()), by: Uid(7) }),
        ("priority 0", What::Updated { id: JOB, change: Change::Priority(0), by: Uid(7) }),
    ]
}

/// One line an event: where job 1 is afterwards, or why it cannot be.
fn table(state: &str) -> String {
    let mut text = String::new();
    for (name, what) in events() {
        let mut centre = centre_with(state);
        let before = centre.state.digest();
        let result = match centre.apply(what) {
            Ok(finished) => {
                let row = centre.state.row(JOB, centre.now).unwrap();
                let ended: Vec<JobState> = finished.iter().map(|finished| finished.state).collect();
                let ended = if ended.is_empty() { String::new() } else { format!(", accounts {ended:?}") };
                format!("{} {}{ended}", row.state, row.reason)
            }
            Err(impossible) => {
                assert_eq!(before, centre.state.digest(), "{state}, {name}: refused, yet the state has changed");
                format!("! {impossible}")
            }
        };
        writeln!(text, "{name}: {result}").unwrap();
    }
    text
}

fn check(state: &str, expected: &str) {
    let got = table(state);
    let expected = expected.trim_start();
    assert!(got == expected, "{state}:\n{got}\nexpected:\n{expected}");
}

#[test]
fn pending_jobs() {
    check(
        "pending",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: RUNNING None
started again: ! run 1#1 is not on the machine
task started: ! task 2 cannot leave the record of array 1
split: ! task 2 cannot leave the record of array 1
ended: ! run 1#0 is not on the machine
ended next: ! run 1#1 is not on the machine
cancelled: CANCELLED Priority, accounts [Cancelled]
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! run 1#0 is not on the machine
signal: ! run 1#0 is not on the machine
deadline: DEADLINE DeadLine, accounts [Deadline]
dependency: CANCELLED Priority, accounts [Cancelled]
requeued: ! run 1#0 is not on the machine
requeued held: ! run 1#0 is not on the machine
preempted: ! run 1#0 is not on the machine
held: PENDING JobHeldAdmin
released: PENDING Resources
suspended: ! run 1#0 is not on the machine
resumed: ! run 1#0 is not on the machine
urgent: PENDING Resources
time changed: PENDING PartitionTimeLimit
qos changed: PENDING Resources
priority 0: PENDING JobHeldAdmin
",
    );
}

#[test]
fn held_jobs() {
    check(
        "held",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is held
started again: ! job 1 is held
task started: ! task 2 cannot leave the record of array 1
split: ! task 2 cannot leave the record of array 1
ended: ! run 1#0 is not on the machine
ended next: ! run 1#1 is not on the machine
cancelled: CANCELLED JobHeldUser, accounts [Cancelled]
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! run 1#0 is not on the machine
signal: ! run 1#0 is not on the machine
deadline: DEADLINE DeadLine, accounts [Deadline]
dependency: CANCELLED JobHeldUser, accounts [Cancelled]
requeued: ! run 1#0 is not on the machine
requeued held: ! run 1#0 is not on the machine
preempted: ! run 1#0 is not on the machine
held: PENDING JobHeldAdmin
released: PENDING Resources
suspended: ! run 1#0 is not on the machine
resumed: ! run 1#0 is not on the machine
urgent: PENDING JobHeldUser
time changed: PENDING JobHeldUser
qos changed: PENDING JobHeldUser
priority 0: PENDING JobHeldAdmin
",
    );
}

#[test]
fn array_jobs() {
    check(
        "array",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! run 1#0 is not on the machine
started again: ! run 1#1 is not on the machine
task started: PENDING Resources
split: PENDING Resources
ended: ! run 1#0 is not on the machine
ended next: ! run 1#1 is not on the machine
cancelled: CANCELLED Priority, accounts [Cancelled]
task cancelled: PENDING Resources, accounts [Cancelled]
limit: ! run 1#0 is not on the machine
signal: ! run 1#0 is not on the machine
deadline: DEADLINE DeadLine, accounts [Deadline]
dependency: CANCELLED Priority, accounts [Cancelled]
requeued: ! run 1#0 is not on the machine
requeued held: ! run 1#0 is not on the machine
preempted: ! run 1#0 is not on the machine
held: PENDING JobHeldAdmin
released: PENDING Resources
suspended: ! run 1#0 is not on the machine
resumed: ! run 1#0 is not on the machine
urgent: PENDING Resources
time changed: PENDING PartitionTimeLimit
qos changed: PENDING Resources
priority 0: PENDING JobHeldAdmin
",
    );
}

#[test]
fn running_jobs() {
    check(
        "running",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is not waiting
started again: ! job 1 is not waiting
task started: ! job 1 is not waiting
split: ! job 1 is not waiting
ended: COMPLETED None, accounts [Completed]
ended next: ! run 1#1 is not on the machine
cancelled: COMPLETING None
task cancelled: ! task 3 cannot leave the record of array 1
limit: COMPLETING None
signal: RUNNING None
deadline: COMPLETING None
dependency: ! job 1 is not waiting
requeued: COMPLETING None
requeued held: COMPLETING None
preempted: COMPLETING None
held: RUNNING JobHeldAdmin
released: RUNNING None
suspended: SUSPENDED None
resumed: ! run 1#0 is suspended already, or is not
urgent: RUNNING None
time changed: RUNNING None
qos changed: ! job 1 is not waiting
priority 0: RUNNING JobHeldAdmin
",
    );
}

#[test]
fn suspended_jobs() {
    check(
        "suspended",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is not waiting
started again: ! job 1 is not waiting
task started: ! job 1 is not waiting
split: ! job 1 is not waiting
ended: COMPLETED None, accounts [Completed]
ended next: ! run 1#1 is not on the machine
cancelled: COMPLETING None
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! run 1#0 is suspended already, or is not
signal: SUSPENDED None
deadline: COMPLETING None
dependency: ! job 1 is not waiting
requeued: COMPLETING None
requeued held: COMPLETING None
preempted: COMPLETING None
held: SUSPENDED JobHeldAdmin
released: SUSPENDED None
suspended: ! run 1#0 is suspended already, or is not
resumed: RUNNING None
urgent: SUSPENDED None
time changed: SUSPENDED None
qos changed: ! job 1 is not waiting
priority 0: SUSPENDED JobHeldAdmin
",
    );
}

#[test]
fn ending_jobs() {
    check(
        "ending",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is not waiting
started again: ! job 1 is not waiting
task started: ! job 1 is not waiting
split: ! job 1 is not waiting
ended: CANCELLED None, accounts [Cancelled]
ended next: ! run 1#1 is not on the machine
cancelled: ! job 1 is ending already
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! job 1 is ending already
signal: ! job 1 is ending already
deadline: ! job 1 is ending already
dependency: ! job 1 is not waiting
requeued: ! job 1 is ending already
requeued held: ! job 1 is ending already
preempted: ! job 1 is ending already
held: COMPLETING JobHeldAdmin
released: COMPLETING None
suspended: ! job 1 is ending already
resumed: ! job 1 is ending already
urgent: COMPLETING None
time changed: COMPLETING None
qos changed: ! job 1 is not waiting
priority 0: COMPLETING JobHeldAdmin
",
    );
}

#[test]
fn requeueing_jobs() {
    check(
        "requeueing",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is not waiting
started again: ! job 1 is not waiting
task started: ! job 1 is not waiting
split: ! job 1 is not waiting
ended: PENDING BeginTime, accounts [Requeued]
ended next: ! run 1#1 is not on the machine
cancelled: COMPLETING None
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! job 1 is ending already
signal: ! job 1 is ending already
deadline: COMPLETING None
dependency: ! job 1 is not waiting
requeued: ! job 1 is ending already
requeued held: ! job 1 is ending already
preempted: ! job 1 is ending already
held: COMPLETING JobHeldAdmin
released: COMPLETING None
suspended: ! job 1 is ending already
resumed: ! job 1 is ending already
urgent: COMPLETING None
time changed: COMPLETING None
qos changed: ! job 1 is not waiting
priority 0: COMPLETING JobHeldAdmin
",
    );
}

#[test]
fn over_jobs() {
    check(
        "over",
        "
submitted: ! job number 1 is taken
unspecified: ! the submission of job 9 is missing
started: ! job 1 is not waiting
started again: ! job 1 is not waiting
task started: ! job 1 is not waiting
split: ! job 1 is not waiting
ended: ! run 1#0 is not on the machine
ended next: ! run 1#1 is not on the machine
cancelled: ! job 1 is over
task cancelled: ! task 3 cannot leave the record of array 1
limit: ! run 1#0 is not on the machine
signal: ! run 1#0 is not on the machine
deadline: ! job 1 is over
dependency: ! job 1 is not waiting
requeued: PENDING BeginTime
requeued held: PENDING job_requeued_in_held_state
preempted: ! job 1 is over
held: ! job 1 is over
released: ! job 1 is over
suspended: ! run 1#0 is not on the machine
resumed: ! run 1#0 is not on the machine
urgent: ! job 1 is over
time changed: ! job 1 is over
qos changed: ! job 1 is over
priority 0: ! job 1 is over
",
    );
}

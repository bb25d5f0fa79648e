//! What time does: limits, signals, deadlines, begin times, suspensions, and clocks that jump.

use model::{JobSpec, JobState, Reason, SignalSpec, Span, Time, TimeLimit, Uid};
use scheduler::{Change, What};

use crate::make::{Centre, T0, at, config, cpus, minutes, ok, spec};

#[test]
fn a_limit_is_reached() {
    let mut centre = Centre::new(config());
    let id = centre.submit(minutes(spec(), 1));
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(60)));
    assert_eq!(centre.go_to(at(59)), []);
    let run = centre.run_of(id);
    assert_eq!(centre.go_to(at(60)), [What::TimeLimitReached { run }]);
    assert_eq!(centre.list(), "1 COMPLETING None (null)");
    assert_eq!(centre.go_to(at(90)), [], "it is told once");
    let finished = centre.end(id, ok());
    assert_eq!((finished.state, finished.end), (JobState::Timeout, at(90)));
}

#[test]
fn a_signal_comes_before() {
    let signal = Some(SignalSpec { signal: 10, before: Span::seconds(20), batch_only: true });
    let mut centre = Centre::new(config());
    let id = centre.submit(JobSpec { signal, ..minutes(spec(), 1) });
    let run = centre.run_of(id);
    assert_eq!(centre.go_to(at(40)), [What::SignalDue { run }]);
    assert_eq!(centre.go_to(at(60)), [What::TimeLimitReached { run }]);
    // Due before it starts: at once.
    let early = Some(SignalSpec { signal: 10, before: Span::minutes(9), batch_only: true });
    let id = centre.submit(JobSpec { signal: early, ..minutes(spec(), 1) });
    let run = centre.run_of(id);
    assert!(centre.log.iter().any(|event| event.what == What::SignalDue { run } && event.at == at(60)));
}

#[test]
fn a_suspended_job_spends_no_time() {
    let mut centre = Centre::new(config());
    let id = centre.submit(minutes(cpus(4), 1));
    let run = centre.run_of(id);
    centre.go_to(at(30));
    centre.apply(What::Suspended { run, cause: None }).unwrap();
    // Its cores are lent, its memory is not.
    let other = centre.submit(minutes(cpus(4), 1));
    assert_eq!(centre.list(), "1 SUSPENDED None (null)\n2 RUNNING None (null)");
    assert_eq!(centre.state.machine_use().memory_allocated_mib, 800);
    centre.go_to(at(80));
    assert_eq!(centre.apply(What::Resumed { run }), Err(scheduler::Impossible::Occupied(run)), "its cores are in use");
    centre.end(other, ok());
    centre.apply(What::Resumed { run }).unwrap();
    centre.settle();
    let row = centre.state.row(id, at(90)).unwrap();
    assert_eq!((row.suspended, row.elapsed(at(90)), row.end), (Span::seconds(50), Span::seconds(40), Some(at(110))));
    assert_eq!(centre.go_to(at(109)), []);
    assert_eq!(centre.go_to(at(110)), [What::TimeLimitReached { run }]);
    let finished = centre.end(id, ok());
    assert_eq!((finished.suspended, finished.end), (Span::seconds(50), at(110)));
}

#[test]
fn begin_and_hold() {
    let mut centre = Centre::new(config());
    let id = centre.submit(JobSpec { begin: Some(at(3600)), ..spec() });
    let row = centre.state.row(id, centre.now).unwrap();
    assert_eq!(
        (row.reason, row.eligible, row.start, row.end),
        (Reason::BeginTime, Some(at(3600)), Some(at(3600)), Some(at(7200)))
    );
    centre.apply(What::Held { id, by_operator: false }).unwrap();
    let row = centre.state.row(id, centre.now).unwrap();
    assert_eq!((row.reason, row.priority, row.eligible), (Reason::JobHeldUser, 0, None));
    centre.go_to(at(10));
    centre.apply(What::Updated { id, change: Change::Begin(None), by: Uid(1001) }).unwrap();
    assert_eq!(centre.settle(), []);
    centre.apply(What::Released { id }).unwrap();
    centre.settle();
    assert_eq!(centre.list(), "1 RUNNING None (null)");
    assert_eq!(centre.state.row(id, centre.now).unwrap().eligible, Some(at(10)));
}

#[test]
fn deadlines() {
    let mut centre = Centre::new(config());
    // Waits for the machine; must be over by 100 s, takes a minute at most: hopeless after 40 s.
    let busy = centre.submit(cpus(4));
    let id = centre.submit(JobSpec { deadline: Some(at(100)), ..minutes(spec(), 1) });
    assert_eq!(centre.go_to(at(40)), []);
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(40) + Span(1)));
    assert_eq!(centre.go_to(at(41)), [What::DeadlineMissed { id }]);
    assert_eq!(centre.state.row(id, centre.now).unwrap().state, JobState::Deadline);
    centre.end(busy, ok());
    let id = centre.submit(JobSpec { deadline: Some(at(200)), time_min: Some(Span::seconds(1)), ..minutes(spec(), 9) });
    assert_eq!(centre.state.row(id, centre.now).unwrap().state, JobState::Running);
    assert_eq!(centre.go_to(at(200)), [What::DeadlineMissed { id }]);
    assert_eq!(centre.end(id, ok()).state, JobState::Deadline);
}

#[test]
fn a_changed_limit_counts_at_once() {
    let mut centre = Centre::new(config());
    let id = centre.submit(minutes(spec(), 60));
    let run = centre.run_of(id);
    centre.go_to(at(120));
    let change = Change::TimeLimit(TimeLimit::Span(Span::minutes(1)));
    centre.apply(What::Updated { id, change, by: Uid(1001) }).unwrap();
    assert_eq!(centre.settle(), [What::TimeLimitReached { run }]);
}

/// Instants out of order, far off, and extreme: nothing panics, no time is negative, whoever waits is not forgotten.
#[test]
fn clocks_that_jump() {
    let mut centre = Centre::new(config());
    let id = centre.submit(minutes(cpus(2), 10));
    let waits = centre.submit(JobSpec { begin: Some(at(100)), ..spec() });
    centre.go_to(at(-1_000_000));
    assert_eq!(centre.state.row(id, centre.now).unwrap().elapsed(centre.now), Span::ZERO);
    let short = centre.end(id, ok());
    assert_eq!((short.start, short.end), (Some(at(0)), at(0)));
    centre.go_to(at(100));
    assert_eq!(centre.state.row(waits, centre.now).unwrap().state, JobState::Running);
    // A job in the queue whose begin is in the future again waits again.
    let full = centre.submit(cpus(3));
    let later = centre.submit(JobSpec { begin: Some(at(150)), ..cpus(4) });
    centre.go_to(at(160));
    assert_eq!(centre.state.row(later, centre.now).unwrap().reason, Reason::Resources);
    centre.go_to(at(120));
    assert_eq!(centre.state.row(later, centre.now).unwrap().reason, Reason::BeginTime);
    centre.end(full, ok());
    centre.end(waits, ok());
    assert_eq!(centre.state.row(later, centre.now).unwrap().state, JobState::Pending);
    centre.go_to(at(150));
    assert_eq!(centre.state.row(later, centre.now).unwrap().state, JobState::Running);
    for now in [Time(i64::MAX), Time(i64::MIN), Time(0), T0] {
        centre.go_to(now);
        centre.submit(spec());
        centre.state.rows(&Default::default(), now, &mut |row| assert!(row.elapsed(now) >= Span::ZERO));
        centre.state.why(later, now).unwrap();
        centre.state.forget_finished(now);
    }
}

/// A requeued job does not wait a year because the clock was put back by one.
#[test]
fn a_delay_ends_when_the_clock_goes_back() {
    let mut centre = Centre::new(config());
    let id = centre.submit(spec());
    centre.go_to(at(1_000));
    let cause = scheduler::RequeueCause::Asked(Uid(0));
    centre.apply(What::Requeued { id, cause, hold: false }).unwrap();
    centre.end(id, ok());
    assert_eq!(centre.list(), "1 PENDING BeginTime (null)");
    centre.go_to(at(10));
    assert_eq!(centre.list(), "1 RUNNING None (null)");
}

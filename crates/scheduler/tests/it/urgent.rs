//! A public emergency: who makes place, how, for how long; and that nobody does in vain.

use model::{JobId, JobSpec, JobState, Machine, Memory, Reason, Uid};
use scheduler::{Config, RequeueCause, What};

use crate::make::{Centre, at, config, cpus, minutes, ok, spec};

fn of(qos: &str, spec: JobSpec) -> JobSpec {
    JobSpec { qos: qos.to_owned(), ..spec }
}

fn centre(cores: u32) -> Centre {
    Centre::new(Config { machine: Machine::regular("vm", 1, cores, 1, 4_000), ..config() })
}

fn states(centre: &Centre) -> Vec<(u32, JobState)> {
    let mut list = Vec::new();
    centre.state.rows(&Default::default(), centre.now, &mut |row| list.push((row.id.0, row.state)));
    list
}

use JobState::{Completing, Pending, Running, Suspended};

#[test]
fn low_work_is_suspended_and_goes_on() {
    let mut centre = centre(4);
    let low = centre.submit(of("low", minutes(cpus(4), 10)));
    let waits = centre.submit(of("low", minutes(cpus(1), 10)));
    centre.go_to(at(60));
    let urgent = centre.submit(minutes(cpus(2), 5));
    assert_eq!(states(&centre), [(1, Running), (2, Pending), (3, Pending)]);
    centre.apply(What::MadeUrgent { id: urgent, by: Uid(42), why: "dyke".to_owned() }).unwrap();
    let run = centre.run_of(low);
    let events = centre.settle();
    assert_eq!(events[0], What::Suspended { run, cause: Some(urgent) });
    assert_eq!(states(&centre), [(1, Suspended), (2, Pending), (3, Running)]);
    // Two cores are idle, but lent: who waits does not get them, or the suspended one would wait for them.
    assert_eq!(centre.state.row(waits, centre.now).unwrap().reason, Reason::Resources);
    // Another emergency may.
    let second = centre.submit(of("urgent", minutes(cpus(2), 5)));
    assert_eq!(states(&centre), [(1, Suspended), (2, Pending), (3, Running), (4, Running)]);
    centre.go_to(at(100));
    centre.end(urgent, ok());
    assert_eq!(states(&centre), [(1, Suspended), (2, Pending), (4, Running)]);
    centre.go_to(at(120));
    centre.end(second, ok());
    assert_eq!(states(&centre), [(1, Running), (2, Pending)]);
    // It was stopped for a minute, which does not count.
    assert_eq!(centre.go_to(at(659)), []);
    assert_eq!(centre.go_to(at(660)), [What::TimeLimitReached { run }]);
    let finished = centre.end(low, ok());
    assert_eq!((finished.displaced_by, finished.suspended), (Some(urgent), model::Span::seconds(60)));
}

#[test]
fn each_qos_in_its_own_way() {
    let mut centre = centre(1);
    for (qos, requeue, event, after, end) in [
        (
            "scavenge",
            true,
            What::Requeued { id: JobId(1), cause: RequeueCause::Preempted(JobId(2)), hold: false },
            Pending,
            JobState::Requeued,
        ),
        ("scavenge", false, What::Preempted { id: JobId(1), by: JobId(2) }, JobState::Preempted, JobState::Preempted),
        ("spare", true, What::Preempted { id: JobId(1), by: JobId(2) }, JobState::Preempted, JobState::Preempted),
    ] {
        centre = Centre::new(centre.state.config().clone());
        let victim = centre.submit(JobSpec { requeue, ..of(qos, spec()) });
        centre.try_submit(of("urgent", spec()), true).unwrap();
        assert_eq!(centre.settle(), [event], "{qos}");
        assert_eq!(states(&centre), [(1, Completing), (2, Pending)]);
        assert_eq!(centre.go_to(at(5)), [], "the place is not free yet, and nobody else has to go");
        let finished = centre.end(victim, ok());
        assert_eq!((finished.state, finished.displaced_by), (end, Some(JobId(2))));
        assert_eq!(centre.state.row(victim, centre.now).unwrap().state, after);
        assert_eq!(centre.state.row(JobId(2), centre.now).unwrap().state, Running);
    }
}

/// Who must go: as few as possible, the least important first, and of equals the youngest.
#[test]
fn the_least_set() {
    let cases: Vec<(&str, Vec<JobSpec>, JobSpec, Vec<u32>)> = vec![
        ("the youngest", vec![cpus(2), cpus(2), cpus(2)], cpus(2), vec![3]),
        ("one that is enough, not two", vec![cpus(4), cpus(1), cpus(1)], cpus(3), vec![1]),
        ("two, as one is not enough", vec![cpus(2), cpus(2), cpus(2)], cpus(4), vec![2, 3]),
        ("nobody beyond need", vec![cpus(3), cpus(2), cpus(1)], cpus(5), vec![1, 2]),
        ("what is free counts", vec![cpus(2), cpus(2)], cpus(3), vec![2]),
        ("the less important", vec![JobSpec { nice: 500, ..cpus(3) }, cpus(3)], cpus(3), vec![1]),
        ("nobody in vain", vec![cpus(3), JobSpec { qos: "normal".to_owned(), ..cpus(3) }], cpus(4), vec![]),
    ];
    for (name, running, urgent, expected) in cases {
        let mut centre = centre(6);
        for (seconds, spec) in running.into_iter().enumerate() {
            centre.now = at(seconds as i64);
            let qos = if spec.qos.is_empty() { "low" } else { "normal" };
            centre.submit(of(qos, spec));
        }
        centre.submit(of("urgent", urgent));
        let stopped: Vec<u32> =
            states(&centre).into_iter().filter(|(_, state)| *state == Suspended).map(|(id, _)| id).collect();
        assert_eq!(stopped, expected, "{name}");
    }
}

#[test]
fn a_suspended_job_keeps_its_memory() {
    let with_memory = |qos: &str, mib| {
        let mut spec = of(qos, cpus(1));
        spec.request.memory = Memory::PerNode(mib);
        spec
    };
    let mut centre = centre(2);
    centre.submit(with_memory("low", 3_000));
    centre.submit(with_memory("scavenge", 500));
    // Suspending the first would not help, requeueing the second does not either.
    let first = centre.submit(with_memory("urgent", 1_100));
    assert_eq!(states(&centre), [(1, Running), (2, Running), (3, Pending)]);
    assert_eq!(centre.state.row(first, centre.now).unwrap().reason, Reason::Resources);
    centre.apply(What::Cancelled { id: first, tasks: None, by: Uid(0) }).unwrap();
    // Now it does: the second's memory is enough.
    centre.submit(with_memory("urgent", 900));
    assert_eq!(states(&centre), [(1, Running), (2, Completing), (4, Pending)]);
}

/// The place that was made is for the job it was made for.
#[test]
fn nobody_steals_the_place() {
    let mut centre = centre(2);
    let victim = centre.submit(of("scavenge", cpus(2)));
    let urgent = centre.submit(of("urgent", cpus(2)));
    let other = centre.submit(JobSpec { priority: Some(4_000_000_000), ..minutes(cpus(1), 1) });
    centre.end(victim, ok());
    assert_eq!(states(&centre), [(1, Pending), (2, Running), (3, Pending)]);
    centre.end(urgent, ok());
    assert_eq!(centre.state.row(other, centre.now).unwrap().state, Running);
}

#[test]
fn those_who_made_place_go_on_when_the_emergency_is_called_off() {
    let mut centre = centre(2);
    let low = centre.submit(of("low", cpus(1)));
    let scavenger = centre.submit(of("scavenge", cpus(1)));
    let urgent = centre.submit(of("urgent", cpus(2)));
    assert_eq!(states(&centre), [(1, Suspended), (2, Completing), (3, Pending)]);
    centre.apply(What::Cancelled { id: urgent, tasks: None, by: Uid(0) }).unwrap();
    let run = centre.run_of(low);
    assert_eq!(centre.settle(), [What::Resumed { run }]);
    centre.end(scavenger, ok());
    assert_eq!(states(&centre), [(1, Running), (2, Pending)]);
}

/// A suspended run that is cancelled gives back what it lent.
#[test]
fn cancelled_while_suspended() {
    let mut centre = centre(2);
    let low = centre.submit(of("low", cpus(2)));
    let urgent = centre.submit(of("urgent", cpus(1)));
    centre.apply(What::Cancelled { id: low, tasks: None, by: Uid(0) }).unwrap();
    centre.end(low, ok());
    let next = centre.submit(of("low", cpus(1)));
    assert_eq!(states(&centre), [(urgent.0, Running), (next.0, Running)]);
    assert_eq!(centre.state.machine_use().memory_allocated_mib, 200);
}

/// Before a reservation nobody makes place for a job that would run into it.
#[test]
fn an_emergency_respects_reservations() {
    let mut centre = centre(2);
    let low = centre.submit(of("low", minutes(cpus(2), 10)));
    centre
        .apply(What::Reserved(scheduler::Reservation {
            name: "exam".to_owned(),
            start: at(1_800),
            end: at(3_600),
            cores: None,
            users: vec!["teacher".to_owned()],
            accounts: Vec::new(),
            flags: Vec::new(),
        }))
        .unwrap();
    let long = centre.submit(of("urgent", minutes(cpus(1), 60)));
    assert_eq!(centre.state.row(long, centre.now).unwrap().state, Pending);
    assert_eq!(centre.state.row(low, centre.now).unwrap().state, Running);
    let short = centre.submit(of("urgent", minutes(cpus(1), 20)));
    assert_eq!(centre.state.row(short, centre.now).unwrap().state, Pending, "one emergency at a time makes place");
    centre.apply(What::Held { id: long, by_operator: true }).unwrap();
    centre.settle();
    assert_eq!(centre.state.row(short, centre.now).unwrap().state, Running);
    assert_eq!(centre.state.row(low, centre.now).unwrap().state, Suspended);
}

//! What is refused at once, what is accepted and waits, and what is filled in.

use model::{Gpu, JobSpec, Memory, Reason, Span, TimeLimit};
use scheduler::{Change, Config, Refusal, Reservation, What};

use crate::make::{Centre, array, at, config, cpus, minutes, owner, spec};

fn members_only() -> Config {
    let mut config = config();
    let mut other = config.partitions[0].clone();
    (other.name, other.default, other.default_memory) = ("lab".to_owned(), false, Memory::PerNode(500));
    (other.allow_users, other.allow_accounts) = (vec!["bob".to_owned()], Vec::new());
    config.partitions.push(other.clone());
    (other.name, other.allow_users, other.allow_accounts) = ("paid".to_owned(), Vec::new(), vec!["rich".to_owned()]);
    other.up = false;
    config.partitions.push(other);
    config.qos[1].max_time = TimeLimit::Span(Span::minutes(30));
    config.machine.gpus = (0..2).map(|index| Gpu { index, kind: "tesla_k80".to_owned(), numa: Some(0) }).collect();
    config.max_array = 101;
    config
}

/// The reason under which it waits or runs, or why it is refused.
fn asked(is_operator: bool, spec: JobSpec) -> Result<Reason, Refusal> {
    let mut centre = Centre::new(members_only());
    let reservation = Reservation {
        name: "lesson".to_owned(),
        start: at(3600),
        end: at(7200),
        cores: Some(2),
        users: vec!["bob".to_owned()],
        accounts: Vec::new(),
        flags: Vec::new(),
    };
    centre.apply(What::Reserved(reservation)).unwrap();
    let id = centre.try_submit(spec, is_operator)?;
    centre.settle();
    Ok(centre.state.row(id, centre.now).unwrap().reason)
}

fn with(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut spec = minutes(spec(), 10);
    change(&mut spec);
    spec
}

#[test]
fn refused_or_accepted() {
    let no = |name: &str| name.to_owned();
    let bob = |spec: JobSpec| JobSpec { owner: owner("bob", 1002), ..spec };
    let cases: Vec<(JobSpec, Result<Reason, Refusal>)> = vec![
        (minutes(spec(), 10), Ok(Reason::None)),
        // As captured: too big a job is accepted and waits for ever...
        (minutes(cpus(64), 10), Ok(Reason::PartitionConfig)),
        (with(|spec| spec.request.tasks = Some(500)), Ok(Reason::PartitionConfig)),
        (with(|spec| spec.request.nodes = Some((5, 5))), Ok(Reason::PartitionConfig)),
        (minutes(spec(), 601), Ok(Reason::PartitionTimeLimit)),
        (with(|spec| spec.time_limit = TimeLimit::Unlimited), Ok(Reason::PartitionTimeLimit)),
        (with(|spec| (spec.qos, spec.time_limit) = (no("low"), TimeLimit::Default)), Ok(Reason::PartitionTimeLimit)),
        // ...but too much memory is refused unless it is held.
        (
            with(|spec| spec.request.memory = Memory::PerNode(4_001)),
            Err(Refusal::NodeConfigUnavailable { memory: true }),
        ),
        (
            with(|spec| spec.request.memory = Memory::PerCpu(4_001)),
            Err(Refusal::NodeConfigUnavailable { memory: true }),
        ),
        (with(|spec| (spec.request.memory, spec.hold) = (Memory::PerNode(4_001), true)), Ok(Reason::JobHeldUser)),
        (with(|spec| spec.request.memory = Memory::PerNode(4_000)), Ok(Reason::None)),
        (with(|spec| spec.partition = no("nosuch")), Err(Refusal::InvalidPartition(no("nosuch")))),
        (with(|spec| spec.partition = no("main,nosuch")), Err(Refusal::InvalidPartition(no("nosuch")))),
        (with(|spec| spec.partition = no("lab")), Err(Refusal::PartitionDenied(no("lab")))),
        (with(|spec| spec.partition = no("lab,main")), Ok(Reason::None)),
        (bob(with(|spec| spec.partition = no("lab"))), Ok(Reason::None)),
        (with(|spec| spec.partition = no("paid")), Err(Refusal::InvalidAccount(no("proj")))),
        (with(|spec| (spec.partition, spec.account) = (no("paid"), no("rich"))), Ok(Reason::PartitionDown)),
        (with(|spec| spec.qos = no("nosuch")), Err(Refusal::InvalidQos(no("nosuch")))),
        (with(|spec| spec.qos = no("urgent")), Err(Refusal::QosDenied(no("urgent")))),
        (with(|spec| spec.nice = -1), Err(Refusal::InvalidNice)),
        (with(|spec| spec.nice = 1), Ok(Reason::None)),
        (with(|spec| spec.priority = Some(9)), Err(Refusal::PriorityDenied)),
        (with(|spec| spec.priority = Some(0)), Ok(Reason::JobHeldUser)),
        (with(|spec| spec.request.gpus = 3), Err(Refusal::InvalidGres)),
        (with(|spec| (spec.request.gpus, spec.request.gpu_type) = (1, Some(no("a100")))), Err(Refusal::InvalidGres)),
        (with(|spec| (spec.request.gpus, spec.request.gpu_type) = (2, Some(no("Tesla_K80")))), Ok(Reason::None)),
        (with(|spec| spec.features = Some(no("fast"))), Err(Refusal::InvalidFeature(no("fast")))),
        (with(|spec| spec.reservation = Some(no("nosuch"))), Err(Refusal::ReservationInvalid(no("nosuch")))),
        (with(|spec| spec.reservation = Some(no("lesson"))), Err(Refusal::ReservationDenied(no("lesson")))),
        (bob(with(|spec| spec.reservation = Some(no("lesson")))), Ok(Reason::Reservation)),
        (array(0, 100, None), Ok(Reason::Resources)),
        (array(0, 101, None), Err(Refusal::ArrayTooLarge { limit: 101 })),
        (with(|spec| spec.time_limit = TimeLimit::Span(Span::ZERO)), Err(Refusal::TimeLimit)),
        (with(|spec| spec.time_min = Some(Span::minutes(11))), Err(Refusal::TimeLimit)),
    ];
    for (spec, expected) in cases {
        assert_eq!(asked(false, spec.clone()), expected, "{spec:?}");
    }
    for spec in
        [with(|spec| spec.qos = no("urgent")), with(|spec| spec.nice = -1), with(|spec| spec.priority = Some(9))]
    {
        assert_eq!(asked(true, spec.clone()), Ok(Reason::None), "{spec:?}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let centre = Centre::new(members_only());
    let admitted = centre.state.admit(spec(), false).unwrap();
    assert_eq!((admitted.partition.as_str(), admitted.qos.as_str()), ("main", "normal"));
    assert_eq!(
        (admitted.request.memory, admitted.time_limit),
        (Memory::PerCpu(100), TimeLimit::Span(Span::minutes(60)))
    );
    let lab = JobSpec { partition: "lab".to_owned(), owner: owner("bob", 1002), ..spec() };
    assert_eq!(centre.state.admit(lab, false).unwrap().request.memory, Memory::PerNode(500));
}

#[test]
fn a_full_queue_takes_no_more() {
    let mut centre = Centre::new(Config { max_jobs: 2, ..config() });
    centre.submit(spec());
    let second = centre.submit(spec());
    assert_eq!(centre.try_submit(spec(), true), Err(Refusal::TooManyJobs { limit: 2 }));
    centre.end(second, crate::make::ok());
    centre.submit(spec());
}

#[test]
fn changes() {
    let mut centre = Centre::new(members_only());
    let id = centre.submit(JobSpec { hold: true, nice: 5, ..minutes(spec(), 10) });
    let span = |minutes| Change::TimeLimit(TimeLimit::Span(Span::minutes(minutes)));
    for (change, member, operator) in [
        (span(9), Ok(()), Ok(())),
        (span(11), Err(Refusal::TimeLimit), Ok(())),
        (span(0), Err(Refusal::TimeLimit), Err(Refusal::TimeLimit)),
        (Change::TimeLimit(TimeLimit::Unlimited), Err(Refusal::TimeLimit), Ok(())),
        (Change::Priority(7), Err(Refusal::PriorityDenied), Ok(())),
        (Change::Priority(0), Ok(()), Ok(())),
        (Change::Nice(6), Ok(()), Ok(())),
        (Change::Nice(4), Err(Refusal::InvalidNice), Ok(())),
        (
            Change::Partition("lab".to_owned()),
            Err(Refusal::PartitionDenied("lab".to_owned())),
            Err(Refusal::PartitionDenied("lab".to_owned())),
        ),
        (Change::Qos("urgent".to_owned()), Err(Refusal::QosDenied("urgent".to_owned())), Ok(())),
        (
            Change::Reservation(Some("x".to_owned())),
            Err(Refusal::ReservationInvalid("x".to_owned())),
            Err(Refusal::ReservationInvalid("x".to_owned())),
        ),
        (Change::Requeue(false), Ok(()), Ok(())),
    ] {
        assert_eq!(centre.state.admit_change(id, &change, false), member, "{change:?} by a member");
        assert_eq!(centre.state.admit_change(id, &change, true), operator, "{change:?} by an operator");
    }
}

/// A new configuration finds the jobs as they are: what ran keeps its place, what waited is judged anew.
#[test]
fn reconfigured() {
    let mut centre = Centre::new(config());
    let running = centre.submit(cpus(2));
    let waits = centre.submit(cpus(3));
    let big = centre.submit(cpus(6));
    assert!(centre.list().ends_with("3 PENDING PartitionConfig (null)"));
    let mut greater = config();
    greater.machine = model::Machine::regular("vm", 1, 8, 1, 8_000);
    centre.state.reconfigure(greater);
    centre.state.check().unwrap();
    centre.settle();
    let reasons = [running, waits, big].map(|id| centre.state.row(id, centre.now).unwrap().reason);
    assert_eq!(reasons, [Reason::None, Reason::None, Reason::Resources]);
    let mut without = config();
    without.partitions[0].name = "other".to_owned();
    centre.state.reconfigure(without);
    centre.state.check().unwrap();
    assert!(centre.list().ends_with("3 PENDING PartitionDown (null)"));
    centre.end(running, crate::make::ok());
    assert_eq!(centre.state.machine_use().cpus_allocated, 2, "one of its three is no longer there");
}

/// A restart on a machine that was declared smaller, or otherwise: what runs is not forgotten, and not run over.
#[test]
fn read_back_on_another_machine() {
    let mut before = config();
    before.machine = model::Machine::regular("vm", 1, 8, 1, 8_000);
    let mut centre = Centre::new(before);
    let jobs = [cpus(3), cpus(3), cpus(2)].map(|spec| centre.submit(spec));
    let waits = centre.submit(cpus(1));
    for (cores, threads, memory, free) in [(4, 1, 500, 0), (4, 2, 8_000, 0), (12, 1, 8_000, 1)] {
        let mut after = config();
        after.machine = model::Machine::regular("vm", 1, cores, threads, memory);
        let mut fresh = scheduler::State::new(after);
        for event in &centre.log {
            fresh.apply(event).unwrap();
        }
        assert_eq!(fresh.runs().count(), 3);
        let starts = |state: &mut scheduler::State| {
            let events = state.decide(centre.now).events;
            events.iter().filter(|what| matches!(what, What::Started { .. })).count()
        };
        assert_eq!(starts(&mut fresh), free, "{cores} cores of {threads} threads");
        for id in jobs {
            let run = fresh.job(id).unwrap().run();
            let what = What::Ended { run, outcome: crate::make::ok(), usage: model::Usage::default() };
            fresh.apply(&scheduler::Event { at: centre.now, what }).unwrap();
        }
        assert_eq!(starts(&mut fresh), 1, "job {waits} has the machine to itself");
        assert_eq!(fresh.machine_use().cpus_allocated, 0);
        fresh.check().unwrap();
    }
}

/// Each task of an array counts, finished ones do not, and other users and operators are not concerned.
#[test]
fn nobody_fills_the_queue_alone() {
    let mut centre = Centre::new(Config { max_submit_per_user: 5, ..config() });
    let full = Err(Refusal::TooManyOfUser { limit: 5 });
    let tasks = centre.try_submit(array(0, 3, None), false).unwrap();
    assert_eq!(centre.try_submit(array(0, 1, None), false), full);
    centre.try_submit(spec(), false).unwrap();
    assert_eq!(centre.try_submit(spec(), false), full);
    centre.try_submit(JobSpec { owner: owner("bob", 1002), ..spec() }, false).unwrap();
    centre.try_submit(spec(), true).unwrap();
    let some = Some([0, 2].into_iter().collect());
    centre.apply(What::Cancelled { id: tasks, tasks: some, by: model::Uid(1001) }).unwrap();
    centre.settle();
    centre.try_submit(spec(), false).unwrap();
    assert_eq!(centre.try_submit(spec(), false), full);
    let first = centre.state.task(tasks, 1);
    let scheduler::TaskPlace::Record(first) = first else { panic!("{first:?}") };
    centre.end(first, crate::make::ok());
    centre.try_submit(spec(), false).unwrap();
    // What goes back to the queue counts again.
    centre
        .apply(What::Requeued { id: first, cause: scheduler::RequeueCause::Asked(model::Uid(0)), hold: true })
        .unwrap();
    assert_eq!(centre.try_submit(spec(), false), full);
}

/// Without projects every name is taken, but names that somebody makes up are no fresh start in fair share, and no
/// unending list.
#[test]
fn made_up_projects_are_bounded() {
    let mut centre = Centre::new(config());
    for number in 0..20_000 {
        let spec = JobSpec { account: format!("p{number}"), hold: true, ..spec() };
        let Ok(spec) = centre.state.admit(spec, false) else { continue };
        let (id, known) = (centre.state.next_id(), Vec::new());
        let what = What::Submitted { id, spec: Some(std::sync::Arc::new(spec)), known };
        centre.state.apply(&scheduler::Event { at: centre.now, what }).unwrap();
    }
    let unheard_of = JobSpec { account: "another".to_owned(), ..spec() };
    assert_eq!(centre.state.admit(unheard_of, false), Err(Refusal::InvalidAccount("another".to_owned())));
    assert!(centre.state.admit(JobSpec { account: "p7".to_owned(), ..spec() }, false).is_ok());
    assert_eq!(centre.state.usage_rows().rows.len(), 1);
}

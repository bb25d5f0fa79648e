//! Backfilling, limits, partitions, reservations: who may go first without harm, and the reasons of the others.

use model::{JobId, JobSpec, Machine, Memory, Reason, Time, TimeLimit, Uid};
use scheduler::{Cause, Config, Reservation, Shortage, What};

use crate::make::{Centre, at, config, cpus, minutes, ok, owner, spec};

fn memory(spec: JobSpec, mib: u64) -> JobSpec {
    let mut spec = spec;
    spec.request.memory = Memory::PerNode(mib);
    spec
}

fn reasons(centre: &Centre) -> Vec<(u32, Reason)> {
    let mut list = Vec::new();
    centre.state.rows(&Default::default(), centre.now, &mut |row| {
        if row.state == model::JobState::Pending {
            list.push((row.id.0, row.reason));
        }
    });
    list
}

fn started(centre: &Centre) -> Vec<u32> {
    centre.state.runs().map(|(run, ..)| run.job.0).collect()
}

fn promised(centre: &Centre, id: u32) -> Option<Time> {
    centre.state.row(JobId(id), centre.now).unwrap().start
}

/// Job 1 runs for an hour on 2 of 4 CPUs; job 2 wants 4; what happens to job 3?
#[test]
fn only_those_go_first_who_delay_nobody() {
    for (third, starts, why) in [
        (minutes(cpus(2), 60), true, "over in time"),
        (minutes(cpus(2), 61), false, "a minute too long"),
        (minutes(cpus(1), 600), false, "too long, and all CPUs are wanted then"),
        (minutes(cpus(3), 10), false, "does not fit"),
        (memory(minutes(cpus(1), 10), 3_900), false, "not enough memory now"),
    ] {
        let mut centre = Centre::new(config());
        centre.submit(minutes(cpus(2), 60));
        centre.submit(minutes(cpus(4), 60));
        centre.submit(third);
        assert_eq!(started(&centre).contains(&3), starts, "{why}");
        assert_eq!(promised(&centre, 2), Some(at(3600)), "{why}");
        assert_eq!(reasons(&centre)[0], (2, Reason::Resources));
    }
}

/// As above; job 3 may be given less time than it asked for.
#[test]
fn who_may_take_less_time_is_given_less() {
    for (least, limit, why) in [
        (Some(30), Some(60), "until the others need its place"),
        (Some(60), Some(60), "just enough"),
        (Some(61), None, "too little"),
        (None, None, "nothing said"),
    ] {
        let mut centre = Centre::new(config());
        centre.submit(minutes(cpus(2), 60));
        centre.submit(minutes(cpus(4), 60));
        let mut third = minutes(cpus(2), 240);
        third.time_min = least.map(model::Span::minutes);
        centre.submit(third);
        assert_eq!(started(&centre).contains(&3), limit.is_some(), "{why}");
        let expected = model::Span::minutes(limit.unwrap_or(240));
        let row = centre.state.row(JobId(3), centre.now).unwrap();
        assert_eq!(row.time_limit, TimeLimit::Span(expected), "{why}");
        assert_eq!(promised(&centre, 2), Some(at(3600)), "{why}");
    }
}

/// Job 1 runs for an hour on 3 of 4 CPUs; job 2 wants 3 CPUs and much memory; what it leaves may be used for longer.
#[test]
fn what_the_first_leaves_may_be_used() {
    for (third, starts, why) in [
        (memory(minutes(cpus(1), 600), 1_000), true, "one CPU and 1000 MiB are left then"),
        (memory(minutes(cpus(1), 600), 1_001), false, "too much memory then, though it fits now"),
        (memory(minutes(cpus(1), 60), 1_500), true, "over by then"),
    ] {
        let mut centre = Centre::new(config());
        centre.submit(memory(minutes(cpus(3), 60), 2_000));
        centre.submit(memory(minutes(cpus(3), 60), 3_000));
        centre.submit(third);
        assert_eq!(started(&centre).contains(&3), starts, "{why}");
    }
}

#[test]
fn without_backfilling_all_wait_in_line() {
    let mut centre = Centre::new(Config { backfill: false, ..config() });
    centre.submit(minutes(cpus(2), 60));
    centre.submit(minutes(cpus(4), 60));
    centre.submit(minutes(cpus(1), 1));
    assert_eq!(started(&centre), [1]);
    assert_eq!(reasons(&centre), [(2, Reason::Resources), (3, Reason::Priority)]);
}

#[test]
fn the_search_has_a_depth() {
    for (depth, starts) in [(1, false), (2, true)] {
        let mut centre = Centre::new(Config { backfill_depth: depth, ..config() });
        centre.submit(minutes(cpus(3), 60));
        centre.submit(minutes(cpus(4), 60));
        centre.submit(minutes(cpus(2), 60));
        centre.submit(minutes(cpus(1), 60));
        assert_eq!(started(&centre).contains(&4), starts, "depth {depth}");
    }
}

#[test]
fn limits_of_a_qos_hold_their_own_back_only() {
    let mut config = config();
    config.qos[1].max_cpus = Some(3);
    config.qos[2].max_cpus_per_user = Some(1);
    config.qos[3].max_jobs_per_user = Some(1);
    config.machine = Machine::regular("vm", 1, 16, 1, 16_000);
    let mut centre = Centre::new(config);
    let of = |qos: &str, uid: u32, spec: JobSpec| JobSpec {
        qos: qos.to_owned(),
        owner: owner(&format!("u{uid}"), uid),
        ..spec
    };
    for spec in [
        of("low", 1, cpus(2)),
        of("low", 2, cpus(2)),
        of("low", 3, cpus(1)),
        of("scavenge", 1, cpus(1)),
        of("scavenge", 1, cpus(1)),
        of("scavenge", 2, cpus(1)),
        of("scavenge", 3, cpus(2)),
        of("spare", 1, cpus(2)),
        of("spare", 1, cpus(1)),
        of("normal", 1, cpus(1)),
    ] {
        centre.submit(spec);
    }
    assert_eq!(
        reasons(&centre),
        [
            (2, Reason::QosGrpCpuLimit),
            (5, Reason::QosMaxCpuPerUser),
            (7, Reason::QosMaxCpuPerUser),
            (9, Reason::QosMaxJobsPerUser)
        ]
    );
    let why = centre.state.why(JobId(2), centre.now).unwrap();
    assert_eq!(why.causes, [Cause::QosLimit { qos: "low".to_owned(), limit: Reason::QosGrpCpuLimit }]);
    centre.end(JobId(1), ok());
    centre.end(JobId(4), ok());
    assert_eq!(reasons(&centre), [(7, Reason::QosMaxCpuPerUser), (9, Reason::QosMaxJobsPerUser)]);
}

/// A partition that may use two cores: its first job waits without holding up others, and nobody of its own overtakes.
#[test]
fn a_partition_has_its_share() {
    let mut config = config();
    let mut small = config.partitions[0].clone();
    (small.name, small.default, small.max_cores) = ("small".to_owned(), false, Some(2));
    config.partitions.push(small);
    let mut centre = Centre::new(config);
    let small = |spec| JobSpec { partition: "small".to_owned(), ..spec };
    centre.submit(small(minutes(cpus(1), 30)));
    centre.submit(small(minutes(cpus(2), 30)));
    centre.submit(small(minutes(cpus(1), 31)));
    centre.submit(small(minutes(cpus(1), 30)));
    centre.submit(minutes(cpus(2), 31));
    centre.submit(small(minutes(cpus(3), 1)));
    assert_eq!(started(&centre), [1, 4, 5]);
    assert_eq!(reasons(&centre), [(2, Reason::Resources), (3, Reason::Priority), (6, Reason::PartitionConfig)]);
    let why = centre.state.why(JobId(2), centre.now).unwrap();
    assert_eq!(why.causes, [Cause::Resources, Cause::PartitionFull { partition: "small".to_owned(), cores: 2 }]);
    assert_eq!(why.expected, Some(at(1800)));
    // On the machine there is room for another in half an hour, in the partition there is not.
    centre.end(JobId(5), ok());
    centre.submit(minutes(cpus(1), 31));
    assert_eq!(started(&centre), [1, 4, 7]);
}

fn reservation(name: &str, (start, end): (i64, i64), cores: Option<u32>, user: &str) -> What {
    What::Reserved(Reservation {
        name: name.to_owned(),
        start: at(start),
        end: at(end),
        cores,
        users: vec![user.to_owned()],
        accounts: Vec::new(),
        flags: Vec::new(),
    })
}

#[test]
fn nobody_runs_into_a_reservation() {
    let mut centre = Centre::new(config());
    centre.apply(reservation("maintenance", (3_600, 7_200), None, "root")).unwrap();
    let long = centre.submit(minutes(spec(), 61));
    let short = centre.submit(minutes(spec(), 60));
    assert_eq!(started(&centre), [short.0]);
    assert_eq!(promised(&centre, long.0), Some(at(7_200)));
    let why = centre.state.why(long, centre.now).unwrap();
    let kept = Cause::Kept { name: "maintenance".to_owned(), start: at(3_600), end: at(7_200) };
    assert_eq!((why.causes, why.expected), (vec![Cause::Resources, kept], Some(at(7_200))));
    centre.end(short, ok());
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(3_600)));
    centre.go_to(at(3_600));
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(7_200)));
    assert_eq!(started(&centre), [0u32; 0]);
    let events = centre.go_to(at(7_200));
    assert_eq!(events[0], What::Unreserved { name: "maintenance".to_owned() });
    assert_eq!(started(&centre), [long.0]);
}

#[test]
fn part_of_the_machine_is_kept_for_a_lesson() {
    let mut centre = Centre::new(config());
    centre.apply(reservation("lesson", (600, 4_200), Some(2), "bob")).unwrap();
    let lesson = |spec| JobSpec { reservation: Some("lesson".to_owned()), owner: owner("bob", 1002), ..spec };
    let early = centre.submit(lesson(minutes(cpus(1), 30)));
    let wide = centre.submit(minutes(cpus(3), 60));
    let narrow = centre.submit(minutes(cpus(2), 60));
    let quick = centre.submit(minutes(cpus(1), 10));
    assert_eq!(started(&centre), [narrow.0, quick.0], "before it begins, who is over by then may use it");
    assert_eq!(centre.state.row(early, centre.now).unwrap().reason, Reason::Reservation);
    centre.end(quick, ok());
    centre.go_to(at(600));
    assert_eq!(started(&centre), [early.0, narrow.0]);
    let more = centre.submit(lesson(minutes(cpus(1), 30)));
    let none_left = centre.submit(lesson(minutes(cpus(1), 30)));
    let outsider = centre.submit(minutes(cpus(1), 1));
    assert_eq!(started(&centre), [early.0, narrow.0, more.0]);
    assert_eq!(reasons(&centre).last(), Some(&(outsider.0, Reason::Priority)));
    centre.end(narrow, ok());
    // Two cores are free outside: for the wide job too few, for the lesson they are not.
    assert_eq!(started(&centre), [early.0, more.0, outsider.0]);
    let too_long = centre.submit(lesson(minutes(cpus(1), 61)));
    assert_eq!(centre.state.row(too_long, centre.now).unwrap().reason, Reason::Reservation);
    let too_wide = centre.submit(lesson(minutes(cpus(3), 10)));
    assert_eq!(centre.state.row(too_wide, centre.now).unwrap().reason, Reason::Reservation);
    centre.go_to(at(2_400));
    centre.end(early, ok());
    centre.go_to(at(4_200));
    let row = |id| centre.state.row(id, centre.now).unwrap();
    assert_eq!(row(none_left).reason, Reason::None, "took the place of the first");
    assert_eq!(row(too_long).reason, Reason::Reservation, "it is over, and was too short");
    let cause = Cause::Reservation { name: "lesson".to_owned(), span: None };
    assert_eq!(centre.state.why(too_long, centre.now).unwrap().causes, [cause]);
    assert_ne!(row(wide).reason, Reason::Reservation);
}

#[test]
fn a_drained_machine_starts_nothing() {
    let mut centre = Centre::new(config());
    let first = centre.submit(spec());
    centre.apply(What::Drained { reason: "fan".to_owned(), by: Uid(0) }).unwrap();
    let second = centre.submit(spec());
    assert_eq!(started(&centre), [first.0]);
    assert_eq!(reasons(&centre), [(second.0, Reason::NodeDown)]);
    let why = centre.state.why(second, centre.now).unwrap();
    assert_eq!(why.causes, [Cause::Drained { reason: "fan".to_owned(), by: Uid(0), since: at(0) }]);
    centre.apply(What::Undrained { by: Uid(0) }).unwrap();
    centre.settle();
    assert_eq!(started(&centre), [first.0, second.0]);
}

#[test]
fn an_unlimited_job_makes_no_promise_possible() {
    let mut config = config();
    config.partitions[0].max_time = TimeLimit::Unlimited;
    let mut centre = Centre::new(config);
    let for_ever = JobSpec { time_limit: TimeLimit::Unlimited, ..cpus(2) };
    centre.submit(for_ever.clone());
    centre.submit(minutes(cpus(3), 60));
    assert_eq!(promised(&centre, 2), None);
    assert_eq!(centre.state.why(JobId(2), centre.now).unwrap().expected, None);
    // Nobody knows when job 2 starts, so nobody is known to delay it but who would never leave either... nor he.
    centre.submit(minutes(cpus(1), 600));
    assert_eq!(started(&centre), [1, 3]);
}

/// Why a job waits, behind whom, and until when.
#[test]
fn why() {
    let mut centre = Centre::new(config());
    centre.submit(minutes(cpus(3), 60));
    centre.submit(minutes(cpus(4), 60));
    centre.submit(minutes(cpus(4), 30));
    let last = centre.submit(minutes(memory(cpus(2), 3_800), 61));
    let why = centre.state.why(last, centre.now).unwrap();
    assert_eq!((why.reason, why.before, why.before_first), (Reason::Priority, 2, vec![JobId(2), JobId(3)]));
    assert_eq!(why.expected, Some(at(3_600 + 3_600 + 1_800)));
    assert_eq!(why.short, [Shortage::Cpus { needed: 2, free: 1 }, Shortage::Memory { needed: 3_800, free: 3_700 }]);
    let first = centre.state.why(JobId(1), centre.now).unwrap();
    assert_eq!((first.state, first.causes), (model::JobState::Running, Vec::new()));
    assert_eq!(centre.state.why(JobId(77), centre.now), None);
}

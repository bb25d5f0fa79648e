//! Who goes first: each factor alone, the formula, fair shares, ties.

use std::collections::BTreeMap;

use model::{JobId, JobSpec, Span, Uid, Usage};
use scheduler::{Change, Config, Weights, What};

use crate::make::{Centre, at, config, cpus, minutes, ok, owner, spec};

/// The order in which these jobs start on a machine that runs one at a time, held back until all are there.
fn order(config: Config, specs: Vec<(i64, JobSpec)>) -> Vec<u32> {
    let mut centre = Centre::new(config);
    centre.apply(What::Drained { reason: "test".to_owned(), by: Uid(0) }).unwrap();
    for (seconds, mut spec) in specs {
        centre.now = at(seconds);
        spec.request.exclusive = true;
        centre.try_submit(spec, true).unwrap();
    }
    centre.apply(What::Undrained { by: Uid(0) }).unwrap();
    centre.settle();
    let next = |centre: &Centre| centre.state.runs().next().map(|(run, ..)| run.job);
    let mut started = Vec::new();
    while let Some(id) = next(&centre) {
        started.push(id.0);
        centre.end(id, ok());
    }
    started
}

fn only(weights: Weights) -> Config {
    Config { weights, ..config() }
}

const NONE: Weights = Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 0 };

/// What it shows, the weights, who comes when, and the order in which they start.
type Case = (&'static str, Weights, Vec<(i64, JobSpec)>, Vec<u32>);

#[test]
fn each_factor_alone() {
    let nice = |nice| JobSpec { nice, ..spec() };
    let qos = |qos: &str| JobSpec { qos: qos.to_owned(), ..spec() };
    let fixed = |priority| JobSpec { priority: Some(priority), ..spec() };
    let cases: Vec<Case> = vec![
        ("lower numbers first", NONE, vec![(0, spec()), (0, spec()), (0, spec())], vec![1, 2, 3]),
        ("also when they came later", NONE, vec![(50, spec()), (0, spec())], vec![1, 2]),
        ("older first", Weights { age: 1000, ..NONE }, vec![(50, spec()), (40, spec()), (60, spec())], vec![2, 1, 3]),
        ("nice", NONE, vec![(0, nice(10)), (0, nice(-10)), (0, nice(0))], vec![2, 3, 1]),
        ("QOS", Weights { qos: 10, ..NONE }, vec![(0, qos("low")), (0, qos("normal"))], vec![2, 1]),
        (
            "a fixed priority",
            Weights { qos: 10, ..NONE },
            vec![(0, fixed(5)), (0, spec()), (0, fixed(2_000))],
            vec![3, 1, 2],
        ),
        ("what displaces others goes first", NONE, vec![(0, fixed(5_000)), (0, qos("urgent"))], vec![2, 1]),
    ];
    for (name, weights, specs, expected) in cases {
        assert_eq!(order(only(weights), specs), expected, "{name}");
    }
}

#[test]
fn the_numbers() {
    let mut config = config();
    config.weights = Weights { age: 1_000, fair_share: 10_000, size: 400, partition: 2_000, qos: 5_000 };
    config.max_age = Span::seconds(1_000);
    config.partitions[0].priority = 500;
    let mut centre = Centre::new(config);
    centre.submit(JobSpec { priority: Some(99_999), ..cpus(4) });
    let waits = centre.submit(JobSpec { nice: 7, ..cpus(2) });
    let held = centre.submit(JobSpec { hold: true, ..spec() });
    let priority = |centre: &Centre, id| centre.state.row(id, centre.now).unwrap().priority;
    // Nobody used anything: the whole of fair share, half the size, half the partition, a tenth of the QOS.
    let base = 10_000 + 200 + 1_000 + 500 - 7;
    for (seconds, age) in [(0, 0), (250, 250), (999, 999), (1_000, 1_000), (5_000, 1_000), (-60, 0)] {
        centre.now = at(seconds);
        assert_eq!(priority(&centre, waits), base + age, "after {seconds} s");
    }
    assert_eq!(priority(&centre, held), 0);
    assert_eq!(priority(&centre, JobId(1)), 99_999);
    centre.now = at(0);
    centre.apply(What::Updated { id: waits, change: Change::Nice(1_000_000), by: Uid(0) }).unwrap();
    assert_eq!(priority(&centre, waits), 1, "never 0 unless held");
}

/// Age counts no more after its time: then the other factors and the number decide.
#[test]
fn old_jobs_are_equal() {
    let weights = Weights { age: 1_000_000, ..NONE };
    let config = Config { max_age: Span::seconds(10), ..only(weights) };
    let specs = vec![(60, spec()), (0, spec()), (120, spec())];
    assert_eq!(order(Config { max_age: Span::seconds(1_000), ..config.clone() }, specs.clone()), [2, 1, 3]);
    // When the last one comes, the first two are both of full age.
    assert_eq!(order(config, specs), [1, 2, 3]);
}

fn used(centre: &Centre, account: &str, uid: u32) -> u64 {
    let rows = centre.state.usage_rows().rows;
    let own = rows.iter().find(|row| (row.account.as_str(), row.uid) == (account, Uid(uid)));
    own.map_or(0, |row| row.cpu_ms + row.recent_cpu_ms)
}

fn of(user: &str, uid: u32, account: &str) -> JobSpec {
    JobSpec { owner: owner(user, uid), account: account.to_owned(), ..minutes(cpus(4), 600) }
}

#[test]
fn who_used_little_goes_first() {
    let mut config = config();
    config.weights = Weights { fair_share: 10_000, ..NONE };
    config.shares = BTreeMap::from([("big".to_owned(), 3), ("small".to_owned(), 1)]);
    let mut centre = Centre::new(config);
    let heavy = centre.submit(of("alice", 1, "big"));
    let ids = [of("alice", 1, "big"), of("bob", 2, "big"), of("carol", 3, "small"), of("dave", 4, "small")]
        .map(|spec| centre.submit(spec));
    centre.go_to(at(3_600));
    centre.end(heavy, ok());
    centre.go_to(at(7_200));
    // Alice used it all. Carol and Dave, of a project that used nothing, come first; Bob pays for half of his project;
    // Alice comes last. The numbers: big has 3/4, each of its two users 3/8; all use is Alice's, half counts for Bob.
    let priority = |id: JobId| centre.state.row(id, centre.now).unwrap().priority;
    assert_eq!(used(&centre, "big", 1), 4 * 3_600_000);
    let alice = 10_000.0 * 2f64.powf(-1.0 / (3.0 / 8.0));
    let bob = 10_000.0 * 2f64.powf(-0.5 / (3.0 / 8.0));
    assert!((f64::from(priority(ids[0])) - alice).abs() < 2.0, "{} {alice}", priority(ids[0]));
    assert!((f64::from(priority(ids[1])) - bob).abs() < 2.0, "{} {bob}", priority(ids[1]));
    assert_eq!(priority(ids[2]), 10_000);
}

/// Without fading, what is charged is exactly CPUs times the time that ran, stops and requeues and all.
#[test]
fn charged_time_is_conserved() {
    let mut centre = Centre::new(Config { half_life: Span::ZERO, ..config() });
    let id = centre.submit(cpus(3));
    centre.go_to(at(100));
    let run = centre.run_of(id);
    centre.apply(What::Suspended { run, cause: None }).unwrap();
    centre.go_to(at(150));
    centre.apply(What::Resumed { run }).unwrap();
    centre.go_to(at(170));
    assert_eq!(
        used(&centre, "default", 1001),
        3 * 100_000 + 3 * 20_000 * u64::from(used(&centre, "default", 1001) > 300_000)
    );
    centre.apply(What::Ended { run, outcome: ok(), usage: Usage::default() }).unwrap();
    assert_eq!(used(&centre, "default", 1001), 3 * 120_000);
}

#[test]
fn use_fades_by_half() {
    let mut centre = Centre::new(Config { half_life: Span::seconds(10_000), ..config() });
    let id = centre.submit(cpus(4));
    centre.go_to(at(1_000));
    centre.end(id, ok());
    let before = used(&centre, "default", 1001);
    for seconds in (1_000..=11_000).step_by(7) {
        centre.now = at(seconds);
        centre.apply(What::Undrained { by: Uid(0) }).unwrap();
    }
    let after = used(&centre, "default", 1001);
    let ratio = after as f64 / before as f64;
    assert!((ratio - 0.5).abs() < 0.001, "{ratio}");
}

/// Stored and put back, fair shares go on exactly where they were.
#[test]
fn use_is_restored_exactly() {
    let mut centre = Centre::new(config());
    let first = centre.submit(of("alice", 1, "big"));
    centre.go_to(at(500));
    centre.end(first, ok());
    centre.submit(of("bob", 2, "small"));
    centre.go_to(at(900));
    centre.apply(What::Undrained { by: Uid(0) }).unwrap();
    let stored = centre.state.usage_rows();
    // A new centre knows the unfinished jobs only.
    let mut fresh = Centre::new(config());
    for event in centre.log.iter().filter(|event| event.at < at(500) || !matches!(event.what, What::Ended { .. })) {
        let about_first = match &event.what {
            What::Submitted { id, .. } => *id == first,
            What::Started { run, .. } => run.job == first,
            _ => false,
        };
        if !about_first {
            fresh.now = event.at;
            fresh.apply(event.what.clone()).unwrap();
        }
    }
    fresh.state.set_usage(&stored);
    assert_eq!(fresh.state.usage_rows(), stored);
    for centre in [&mut centre, &mut fresh] {
        centre.now = at(2_000);
        let id = centre.state.runs().next().map(|(run, ..)| run.job).unwrap();
        centre.end(id, ok());
    }
    assert_eq!(fresh.state.usage_rows(), centre.state.usage_rows());
}

/// Deep in the queue it is still told how many go before and who is first, but not foretold.
#[test]
fn why_deep_in_the_queue() {
    let mut centre = Centre::new(config());
    let filler = centre.submit(of("alice", 1, "a"));
    assert_eq!(centre.state.why(filler, centre.now).unwrap().before, 0);
    let mut ids = Vec::new();
    for number in 0..3_000 {
        // Two classes, so that the two lines are woven together.
        let spec = minutes(cpus(4), 10 + number % 2);
        let spec = centre.state.admit(spec, true).unwrap();
        let (id, known) = (centre.state.next_id(), Vec::new());
        let what = What::Submitted { id, spec: Some(std::sync::Arc::new(spec)), known };
        centre.state.apply(&scheduler::Event { at: centre.now, what }).unwrap();
        ids.push(id);
    }
    let last = centre.state.why(ids[2_999], centre.now).unwrap();
    assert_eq!((last.before, &last.before_first[..], last.expected), (2_999, &ids[..10], None));
    for at in [2_001, 2_500, 2_998] {
        assert_eq!(centre.state.why(ids[at], centre.now).unwrap().before, at);
    }
    let near = centre.state.why(ids[1_000], centre.now).unwrap();
    assert_eq!((near.before, &near.before_first[..]), (1_000, &ids[..10]));
    assert!(near.expected.is_some());
}

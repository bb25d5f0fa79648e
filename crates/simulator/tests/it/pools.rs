//! The quick pool and the naive one, on random workloads: the same starts, to the second.

use proptest::prelude::*;
use scheduler::pool::{Ask, Fact, Pool, Rule, Ticket, Unlikely};
use simulator::clock::{self, NEVER, Order};
use simulator::pool::PoolScheduler;
use simulator::workload::{Dropped, Job, Workload};

use crate::naive::Naive;
use crate::traces::EASY;

/// Pause before it comes, cores, estimate, and how much of that it runs.
fn jobs() -> impl Strategy<Value = Vec<(i64, u32, u32, u32)>> {
    let cores = prop_oneof![4 => 1u32..5, 1 => 5u32..17];
    let estimate = prop_oneof![3 => 1u32..12, 1 => 12u32..60];
    proptest::collection::vec((0i64..5, cores, estimate, 1u32..7), 1..30)
}

pub fn workload(procs: u32, list: Vec<(i64, u32, u32, u32)>) -> Workload {
    let mut now = 0;
    let job = |(line, (pause, cores, estimate, part)): (usize, (i64, u32, u32, u32))| {
        // Several in a second, and some pauses.
        now += if pause == 4 { 9 } else { pause / 2 };
        let run = (estimate * part / 4).clamp(1, estimate);
        Job { submit: now, run, estimate, cores: cores.min(procs), line: line as u32 }
    };
    Workload { jobs: list.into_iter().enumerate().map(job).collect(), dropped: Dropped::default(), procs }
}

/// Thousands of workloads for every day; more with `PROPTEST_CASES`.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    if usual.cases == 256 { ProptestConfig { cases: 2_000, ..usual } } else { usual }
}

fn check(workload: &Workload, rule: Rule) -> Result<(), TestCaseError> {
    let mut scheduler = PoolScheduler::new(workload, rule, Order::Batch);
    let played = clock::run(workload, &mut scheduler, Order::Batch, &mut |_| ()).unwrap();
    let naive = Naive::play(workload, rule);
    prop_assert_eq!(&played.starts, &naive.starts, "{:?} of {:?}", rule, workload);
    for (start, promise) in played.starts.iter().zip(&naive.first_promise) {
        prop_assert!(start <= promise, "{:?}: a job starts at {} that was promised {}", rule, start, promise);
    }
    for (job, start) in workload.jobs.iter().zip(&played.starts) {
        prop_assert!(*start >= job.submit && *start < NEVER);
    }
    Ok(())
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn fcfs_and_easy_are_as_the_naive_one_has_them(procs in 4u32..17, list in jobs()) {
        let workload = workload(procs, list);
        check(&workload, Rule::Fcfs)?;
        check(&workload, EASY)?;
        check(&workload, Rule::Easy { shortest_first: true })?;
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn conservative_is_as_the_naive_one_has_it(procs in 4u32..17, list in jobs()) {
        check(&workload(procs, list), Rule::Conservative)?;
    }
}

/// What cannot be is refused, and changes nothing.
#[test]
fn impossible_facts() {
    let ask = |cores, estimate| Fact::Arrived(Ask { cores, estimate });
    for rule in [Rule::Fcfs, EASY, Rule::Conservative] {
        let mut pool = Pool::new(4, rule);
        assert_eq!(pool.apply(0, ask(5, 1)), Err(Unlikely::TooLarge { asked: 5, cores: 4 }));
        assert_eq!(pool.apply(0, ask(0, 1)), Err(Unlikely::Empty));
        assert_eq!(pool.apply(0, ask(1, 0)), Err(Unlikely::Empty));
        assert_eq!(pool.apply(0, Fact::Started(Ticket(0))), Err(Unlikely::NotWaiting(Ticket(0))));
        pool.apply(0, ask(3, 10)).unwrap();
        pool.apply(0, ask(2, 10)).unwrap();
        assert_eq!(pool.apply(0, Fact::Ended(Ticket(0))), Err(Unlikely::NotRunning(Ticket(0))));
        assert_eq!(pool.decide(0), Some(Ticket(0)));
        pool.apply(0, Fact::Started(Ticket(0))).unwrap();
        assert_eq!(pool.apply(0, Fact::Started(Ticket(1))), Err(Unlikely::NoRoom(Ticket(1))));
        assert_eq!(pool.decide(0), None);
        pool.apply(5, Fact::Ended(Ticket(0))).unwrap();
        assert_eq!(pool.apply(5, Fact::Ended(Ticket(0))), Err(Unlikely::NotRunning(Ticket(0))));
        assert_eq!(pool.decide(5), Some(Ticket(1)), "{rule:?}");
    }
}

/// Whoever shows how far it is hears of it often, also where jobs are few.
#[test]
fn progress_is_told_often() {
    let workload = workload(4, vec![(2, 2, 10, 4); 5_000]);
    let mut scheduler = PoolScheduler::new(&workload, EASY, Order::Batch);
    let mut told = Vec::new();
    clock::run(&workload, &mut scheduler, Order::Batch, &mut |count| told.push(count)).unwrap();
    assert!(told.len() >= 15 && told.is_sorted() && told.iter().all(|count| *count <= 5_000), "{told:?}");
}

//! Machines with memory that are switched by forecast, as the naive one has them.

use proptest::prelude::*;
use simulator::park::replay::{Plan, replay};
use simulator::park::{Kind, Park};
use simulator::power::Power;
use simulator::tariff::Tariff;
use simulator::workload::{Dropped, Job, Trace, Workload};

use crate::naive_thrift;
use crate::parks::{bill_of_states, kind, line};
use crate::traces::EASY;

/// Jobs as they come: pause, cores, estimate, how much of it they run, user, memory for each core.
type Asked = (i64, u32, u32, u32, i64, u64);

fn asked() -> impl Strategy<Value = Asked> {
    let each_kib = prop_oneof![2 => Just(0u64), 3 => 1u64..1024, 3 => 1024u64..5000];
    (0i64..50, 1u32..20, 1u32..60, 1u32..5, -1i64..3, each_kib)
}

fn parks() -> impl Strategy<Value = Park> {
    let speed = || prop_oneof![Just(500u32), Just(1000), Just(2000)];
    let kind = || (1u32..7, 1u32..5, prop_oneof![1 => Just(0u32), 3 => 1u32..600], speed());
    (kind(), kind(), 0u64..5, 0u64..9, 350u32..4000).prop_map(|(one, other, first_mib, second_mib, busy_w)| {
        let first = Kind { memory_mib: first_mib, busy_w, ..self::kind("a", one) };
        let second = Kind { memory_mib: second_mib, idle_w: 90, ..self::kind("b", other) };
        Park { name: String::new(), kinds: vec![first, second] }
    })
}

/// What is played: jobs that fit the empty park.
fn workload(park: &Park, list: &[Asked]) -> (Workload, Trace, Vec<u64>) {
    // What no machine has for one core is not asked for.
    let each_kib: Vec<u64> = list.iter().map(|asked| if park.fit(asked.5) == 0 { 0 } else { asked.5 }).collect();
    let mut now = 100;
    let job = |(number, (pause, cores, estimate, part, ..)): (usize, &Asked)| {
        now += pause * pause;
        let estimate = estimate * 90;
        let cores = (*cores).min(park.fit(each_kib[number]) as u32);
        Job { submit: now, run: estimate * part / 4, estimate, cores, line: number as u32 }
    };
    let jobs = list.iter().enumerate().map(job).collect();
    let lines = list.iter().zip(&each_kib).map(|(asked, each_kib)| line(asked.4, *each_kib as i64)).collect();
    let workload = Workload { jobs, dropped: Dropped::default(), procs: park.cores() };
    (workload, Trace { lines, ..Trace::default() }, each_kib)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn predictions_with_memory_are_as_the_naive_one_makes_them(
        park in parks(),
        list in proptest::collection::vec(asked(), 1..16),
        (patience_s, local0) in (0u32..100, 0i64..40_000),
    ) {
        let (workload, trace, each_kib) = workload(&park, &list);
        let hour = |at: i64| at * 3600;
        let tariff = Tariff::new(String::new(), 240, &[(hour(2), hour(4), 120), (hour(7), hour(9), 60)]);
        let power = Power::Predictive { patience_s };
        let (workload, trace) = (&workload, &trace);
        let plan = Plan { workload, trace, park: &park, tariff: &tariff, local0, rule: EASY, power, states: true };
        let outcome = replay(plan, &mut |_| ()).unwrap();
        let (energy, cost) = bill_of_states(&outcome.states, &park, &tariff, local0);
        prop_assert_eq!(energy.values().sum::<i128>(), outcome.bill.energy_ws.iter().sum::<i128>());
        prop_assert_eq!(cost, outcome.bill.cost);
        // Where machines need not be told apart, nothing is different.
        let joined = replay(Plan { states: false, ..plan }, &mut |_| ()).unwrap();
        prop_assert_eq!((&joined.played, &joined.bill), (&outcome.played, &outcome.bill));
        if park.memory_matters(trace, workload) {
            let users: Vec<i64> = list.iter().map(|asked| asked.4).collect();
            let asked = (workload, &users[..], &each_kib[..]);
            let naive = naive_thrift::memory::play(asked, &park, tariff.at(local0), local0, patience_s);
            prop_assert_eq!(&outcome.played.starts, &naive.begins);
            prop_assert_eq!(outcome.bill.energy_ws, naive.energy_ws);
            prop_assert_eq!(outcome.bill.cost, naive.cost);
            prop_assert_eq!(outcome.boot_waits, naive.boot_waits);
        }
    }
}

/// The head waits until 1000 for one of the large machines; the other is off by then, as are small ones, which are cheaper.
#[test]
fn machines_boot_ahead_that_have_memory_for_the_head() {
    let kind = |name, count, mib, boot_s| Kind { memory_mib: mib, ..kind(name, (count, 2, boot_s, 1000)) };
    let park = Park { name: String::new(), kinds: vec![kind("small", 4, 1, 100), kind("large", 2, 8, 100)] };
    let job = |submit, run, cores, line| Job { submit, run, estimate: run, cores, line };
    let (jobs, each_kib) = (vec![job(0, 1000, 1, 0), job(1, 50, 4, 1)], [4096, 4096]);
    let workload = Workload { jobs, dropped: Dropped::default(), procs: park.cores() };
    let trace = Trace { lines: each_kib.iter().map(|kib| line(1, *kib)).collect(), ..Trace::default() };
    let (workload, trace, tariff) = (&workload, &trace, &Tariff::flat(1));
    let power = Power::Predictive { patience_s: 60 };
    let plan = Plan { workload, trace, park: &park, tariff, local0: 0, rule: EASY, power, states: true };
    let outcome = replay(plan, &mut |_| ()).unwrap();
    let is_said = |what: &str| outcome.states.contains(what);
    assert!(!is_said("small1 booting") && is_said("large1 booting"), "{}", outcome.states);
    // That it is due is seen less than a boot ahead, but ahead.
    assert!((1000..1100).contains(&outcome.played.starts[1]), "{}", outcome.states);
}

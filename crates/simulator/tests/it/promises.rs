//! Conservative backfilling on machines with memory: as the naive one has it, and as the pool where there is enough.

use proptest::prelude::*;
use scheduler::pool::Rule;
use simulator::park::replay::{Outcome, Plan, replay};
use simulator::park::{Kind, Park};
use simulator::power::Power;
use simulator::tariff::Tariff;
use simulator::workload::{Dropped, Job, Trace, Workload};

use crate::naive_promises::Naive;
use crate::parks::{bill_of_states, kind, line, parks};

fn play(workload: &Workload, park: &Park, each_kib: &[u64], power: Power) -> Outcome {
    let trace = Trace { lines: each_kib.iter().map(|kib| line(-1, *kib as i64)).collect(), ..Trace::default() };
    let tariff = Tariff::flat(1);
    let rule = Rule::Conservative;
    let (trace, tariff) = (&trace, &tariff);
    replay(Plan { workload, trace, park, tariff, local0: 0, rule, power, states: true }, &mut |_| ()).unwrap()
}

/// Pause before it comes, cores, estimate, and how much of that it runs.
fn jobs() -> impl Strategy<Value = Vec<(i64, u32, u32, u32)>> {
    proptest::collection::vec((0i64..5, 1u32..9, 1u32..20, 1u32..6), 1..25)
}

fn memory() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(prop_oneof![Just(0u64), 1u64..1024, 1024u64..4096], 25)
}

/// Jobs that fit a park, and what they need for each core.
fn workload(park: &Park, list: Vec<(i64, u32, u32, u32)>, memory: &[u64]) -> (Workload, Vec<u64>) {
    let each_kib: Vec<u64> = memory.iter().map(|kib| if park.fit(*kib) == 0 { 0 } else { *kib }).collect();
    let mut now = 0;
    let job = |(line, (pause, cores, estimate, part)): (usize, (i64, u32, u32, u32))| {
        // Several in a second, and some pauses.
        now += if pause == 4 { 12 } else { pause / 2 };
        let run = (estimate * part / 4).clamp(1, estimate);
        Job { submit: now, run, estimate, cores: cores.min(park.fit(each_kib[line]) as u32), line: line as u32 }
    };
    let jobs = list.into_iter().enumerate().map(job).collect();
    (Workload { jobs, dropped: Dropped::default(), procs: park.cores() }, each_kib)
}

/// Everybody starts, and jobs never have more cores or memory together than machines.
fn check_sums(workload: &Workload, park: &Park, each_kib: &[u64], outcome: &Outcome) -> Result<(), TestCaseError> {
    let played = &outcome.played;
    for (start, job) in played.starts.iter().zip(&workload.jobs) {
        prop_assert!(*start >= job.submit && *start < i64::MAX);
        let on = |other: &usize| played.starts[*other] <= *start && *start < played.ends[*other];
        let there = || (0..workload.jobs.len()).filter(on);
        prop_assert!(there().map(|other| workload.jobs[other].cores).sum::<u32>() <= park.cores());
        if park.kinds.iter().all(|kind| kind.memory_mib > 0) {
            let kib: u64 = there().map(|other| u64::from(workload.jobs[other].cores) * each_kib[other]).sum();
            let all = park.kinds.iter().map(|kind| u64::from(kind.count) * kind.memory_mib * 1024);
            prop_assert!(kib <= all.sum::<u64>());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn promises_are_as_the_naive_one_makes_them(park in parks(), list in jobs(), memory in memory()) {
        let (workload, each_kib) = workload(&park, list, &memory);
        let naive = Naive::play(&workload, &park, &each_kib);
        let outcome = play(&workload, &park, &each_kib, Power::AlwaysOn);
        prop_assert_eq!(&outcome.played.starts, &naive.starts);
        for (start, promise) in naive.starts.iter().zip(&naive.first_promise) {
            prop_assert!(start <= promise, "a job starts at {} that was promised {}", start, promise);
        }
        check_sums(&workload, &park, &each_kib, &outcome)?;
    }

    /// Machines that boot make jobs late, but nobody waits for ever, and the bill is that of the states.
    #[test]
    fn promises_wait_for_machines_that_boot(
        (park, rest) in (parks(), 0u32..20),
        list in jobs(),
        memory in memory(),
    ) {
        let (workload, each_kib) = workload(&park, list, &memory);
        let outcome = play(&workload, &park, &each_kib, Power::OffAfter(rest));
        check_sums(&workload, &park, &each_kib, &outcome)?;
        let (energy, cost) = bill_of_states(&outcome.states, &park, &Tariff::flat(1), 0);
        prop_assert_eq!(energy.values().sum::<i128>(), outcome.bill.energy_ws.iter().sum::<i128>());
        prop_assert_eq!(cost, outcome.bill.cost);
    }

    /// One job that is gone before the others come makes memory matter; it is plentiful for these.
    #[test]
    fn where_memory_is_plentiful_it_is_the_pool(park in parks(), list in jobs(), plenty in 0u64..1000) {
        let mut park = park;
        park.kinds.iter_mut().for_each(|kind| (kind.cores, kind.memory_mib) = (kind.cores + 1, 4));
        let (mut workload, _) = workload(&park, list, &[0; 25]);
        workload.jobs.iter_mut().for_each(|job| (job.submit, job.line) = (job.submit + 10, job.line + 1));
        workload.jobs.insert(0, Job { submit: 0, run: 1, estimate: 1, cores: 1, line: 0 });
        let mut each_kib = vec![plenty; workload.jobs.len()];
        each_kib[0] = 4096;
        let promises = play(&workload, &park, &each_kib, Power::AlwaysOn);
        let pool = play(&workload, &park, &vec![0; each_kib.len()], Power::AlwaysOn);
        prop_assert_eq!(promises.played, pool.played);
        prop_assert_eq!(promises.bill, pool.bill);
    }
}

/// Two machines of 4 cores and 4 MiB, and who starts when.
#[test]
fn everybody_is_promised_memory() {
    let park = Park { name: String::new(), kinds: vec![Kind { memory_mib: 4, ..kind("a", (2, 4, 0, 1000)) }] };
    // Submission, run time, estimate, cores, and KiB for each.
    let starts = |list: &[(i64, u32, u32, u32, u64)]| {
        let job = |(line, (submit, run, estimate, cores, _)): (usize, &(i64, u32, u32, u32, u64))| {
            let (submit, run, estimate, cores) = (*submit, *run, *estimate, *cores);
            Job { submit, run, estimate, cores, line: line as u32 }
        };
        let jobs: Vec<Job> = list.iter().enumerate().map(job).collect();
        let each_kib: Vec<u64> = list.iter().map(|job| job.4).collect();
        let workload = Workload { jobs, dropped: Dropped::default(), procs: park.cores() };
        play(&workload, &park, &each_kib, Power::AlwaysOn).played.starts
    };
    // One core of each machine takes its memory; who needs none has the others.
    assert_eq!(starts(&[(0, 10, 10, 2, 4096), (1, 5, 5, 1, 1), (2, 5, 5, 6, 0)]), vec![0, 10, 2]);
    // The second is promised 20, the third 30: the last would put it off, if not the second, and waits.
    let queue = [(0, 20, 20, 2, 4096), (1, 10, 10, 2, 4096), (2, 10, 10, 2, 2048), (3, 50, 50, 1, 2048)];
    assert_eq!(starts(&queue), vec![0, 20, 30, 30]);
    // When the first ends early, all come forward in order.
    let queue = [(0, 5, 20, 2, 4096), (1, 10, 10, 2, 4096), (2, 10, 10, 2, 2048), (3, 50, 50, 1, 2048)];
    assert_eq!(starts(&queue), vec![0, 5, 15, 15]);
}

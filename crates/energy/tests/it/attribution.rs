//! Sharing against a slow reference with fractions, and by hand.

use energy::attribute::{GpuUse, JobUse, Machine, attribute};
use energy::{Energy, Flag, Interval, Power};
use model::Time;
use proptest::prelude::*;

fn an_interval(length_ms: i64, uj: i64, flag: Flag) -> Interval {
    Interval { start: Time(1000), end: Time(1000 + length_ms), energy: Energy(uj), flag, source: 0 }
}

fn job(job: u32, cores: u32, memory_mib: u64, present_ms: i64, cpu_us: u64) -> JobUse<u32> {
    JobUse { job, cores, memory_mib, present_ms, cpu_us }
}

const SERVER: Machine = Machine { cores: 16, memory_mib: 32_768, idle: Power::watts(60) };

/// Shares and compares, per job: dynamic, idle, gpu; then system, unallocated, unmeasured.
fn check(
    interval: Interval,
    busy_us: u64,
    jobs: &[JobUse<u32>],
    gpus: &[(Option<u32>, i64)],
    expected: (&[(i64, i64, i64)], i64, i64, i64),
) {
    let gpus: Vec<_> = gpus.iter().map(|(job, uj)| GpuUse { job: *job, energy: Energy(*uj) }).collect();
    let shares = attribute(&SERVER, &interval, busy_us, jobs, &gpus);
    let of_jobs: Vec<_> = shares.jobs.iter().map(|job| (job.dynamic.0, job.idle.0, job.gpu.0)).collect();
    assert_eq!((&*of_jobs, shares.system.0, shares.unallocated.0, shares.unmeasured.0), expected);
    assert_eq!(shares.total(), interval.energy);
}

#[test]
fn by_hand() {
    let measured = |uj| an_interval(1000, uj, Flag::Measured);
    // 160 J in a second: 60 idle, 100 dynamic. Half the cores, an eighth of the memory; 8 s of CPU of 10.
    check(
        measured(160_000_000),
        10_000_000,
        &[job(1, 8, 4096, 1000, 8_000_000)],
        &[],
        (&[(80_000_000, 30_000_000, 0)], 20_000_000, 30_000_000, 0),
    );
    // Memory counts where it is more than the cores; a job there for half of the time.
    check(measured(60_000_000), 0, &[job(1, 1, 32_768, 500, 0)], &[], (&[(0, 30_000_000, 0)], 0, 30_000_000, 0));
    // Less than the idle power: there is nothing dynamic.
    check(measured(40_000_000), 9, &[job(1, 16, 0, 1000, 9)], &[], (&[(0, 40_000_000, 0)], 0, 0, 0));
    // More reserved than there is (two jobs that shared cores, or one after the other in one core's time).
    check(
        measured(60_000_000),
        0,
        &[job(1, 16, 0, 1000, 0), job(2, 8, 0, 1000, 0)],
        &[],
        (&[(0, 40_000_000, 0), (0, 20_000_000, 0)], 0, 0, 0),
    );
    // Jobs that say more CPU time than the machine.
    check(measured(160_000_000), 1, &[job(1, 16, 0, 1000, 9)], &[], (&[(100_000_000, 60_000_000, 0)], 0, 0, 0));
    // Nobody computed.
    check(measured(61_000_000), 0, &[], &[], (&[], 1_000_000, 60_000_000, 0));
    // A gap.
    let gap = an_interval(3_600_000, 7_000_000_001, Flag::Gap);
    check(gap, 9, &[job(1, 16, 0, 1000, 9)], &[(Some(1), 5)], (&[(0, 0, 0)], 0, 0, 7_000_000_001));
    // An interval without length, and one without anything.
    check(an_interval(0, 5, Flag::Measured), 1, &[job(1, 16, 0, 0, 1)], &[], (&[(5, 0, 0)], 0, 0, 0));
    check(an_interval(0, 0, Flag::Measured), 0, &[], &[], (&[], 0, 0, 0));
}

#[test]
fn gpus_come_first() {
    let measured = an_interval(1000, 460_000_000, Flag::Measured);
    let jobs = [job(1, 8, 0, 1000, 5_000_000), job(2, 8, 0, 1000, 5_000_000)];
    // 400 J dynamic: 250 of the first job's GPU, 50 of one that nobody holds, 100 by CPU time.
    check(
        measured,
        10_000_000,
        &jobs,
        &[(Some(1), 250_000_000), (None, 50_000_000)],
        (&[(50_000_000, 30_000_000, 250_000_000), (50_000_000, 30_000_000, 0)], 50_000_000, 0, 0),
    );
    // GPUs that say more than there is share what there is.
    check(
        measured,
        10_000_000,
        &jobs,
        &[(Some(1), 600_000_000), (Some(2), 200_000_000)],
        (&[(0, 30_000_000, 300_000_000), (0, 30_000_000, 100_000_000)], 0, 0, 0),
    );
}

/// A fraction, kept exact.
#[derive(Clone, Copy)]
struct Fraction(u128, u128);

/// Hamilton's method as a textbook has it: floors, then one more for the greatest fraction that is left, again and again.
fn textbook(total: u128, weights: &[u128]) -> Vec<u128> {
    let sum: u128 = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let mut parts: Vec<u128> = weights.iter().map(|weight| total * weight / sum).collect();
    let mut left: Vec<Fraction> = weights.iter().map(|weight| Fraction(total * weight % sum, sum)).collect();
    while parts.iter().sum::<u128>() < total {
        let mut best = 0;
        for at in 1..left.len() {
            if left[at].0 * left[best].1 > left[best].0 * left[at].1 {
                best = at;
            }
        }
        parts[best] += 1;
        left[best].0 = 0;
    }
    parts
}

/// The rules again, one after the other, with every account on one list.
fn reference(
    machine: &Machine,
    interval: &Interval,
    busy: u64,
    jobs: &[JobUse<u32>],
    gpus: &[GpuUse<u32>],
) -> Vec<u128> {
    let meter = interval.energy.0 as u128;
    let count = jobs.len();
    // Three for each job, then system, unallocated, unmeasured.
    let mut accounts = vec![0u128; 3 * count + 3];
    if interval.flag != Flag::Measured {
        accounts[3 * count + 2] = meter;
        return accounts;
    }
    let length = (interval.end.0 - interval.start.0) as u128;
    let baseline = machine.idle.0 as u128 * length;
    let idle = if meter < baseline { meter } else { baseline };
    let mut dynamic = meter - idle;
    let said: u128 = gpus.iter().map(|gpu| gpu.energy.0 as u128).sum();
    let said_each: Vec<u128> = gpus.iter().map(|gpu| gpu.energy.0 as u128).collect();
    let given = if said > dynamic { textbook(dynamic, &said_each) } else { said_each };
    for (gpu, given) in gpus.iter().zip(given) {
        let account = jobs.iter().position(|job| gpu.job == Some(job.job)).map_or(3 * count, |job| 3 * job + 2);
        accounts[account] += given;
        dynamic -= given;
    }
    let mut seconds: Vec<u128> = jobs.iter().map(|job| job.cpu_us as u128).collect();
    let used: u128 = seconds.iter().sum();
    let rest = (busy as u128).max(used) - used;
    seconds.push(if used + rest == 0 { 1 } else { rest });
    for (at, part) in textbook(dynamic, &seconds).into_iter().enumerate() {
        accounts[if at < count { 3 * at } else { 3 * count }] += part;
    }
    let (all_cores, all_memory) = (machine.cores as u128, machine.memory_mib as u128);
    let mut held: Vec<u128> = Vec::new();
    for job in jobs {
        let by_cores = Fraction(job.cores as u128, all_cores);
        let by_memory = Fraction(job.memory_mib as u128, all_memory);
        let more = if by_cores.0 * by_memory.1 > by_memory.0 * by_cores.1 { by_cores } else { by_memory };
        // Over a common denominator, C x MEM.
        held.push(more.0 * (all_cores * all_memory / more.1) * job.present_ms as u128);
    }
    let whole = all_cores * all_memory * length;
    let sum: u128 = held.iter().sum();
    held.push(whole.max(sum) - sum);
    for (at, part) in textbook(idle, &held).into_iter().enumerate() {
        accounts[if at < count { 3 * at + 1 } else { 3 * count + 1 }] += part;
    }
    accounts
}

fn a_job(length: i64) -> impl Strategy<Value = (u32, u64, i64, u64)> {
    let cpu = prop_oneof![Just(0u64), 0u64..100, 0u64..4_000_000_000];
    (0u32..40, 0u64..2_000_000, 0..=length, cpu)
}

fn a_case() -> impl Strategy<Value = (Machine, Interval, u64, Vec<JobUse<u32>>, Vec<GpuUse<u32>>)> {
    let machine = (1u32..200, 1u64..2_000_000, 0i64..2_000_000);
    let energy = prop_oneof![0i64..100, 0i64..1_000_000_000, 0i64..50_000_000_000_000];
    (machine, 1i64..4_000_000, energy, prop::bool::weighted(0.1)).prop_flat_map(|(machine, length, uj, is_gap)| {
        let jobs = proptest::collection::vec(a_job(length), 0..12);
        let gpus = proptest::collection::vec((prop::option::of(0u32..14), 0i64..2_000_000_000_000), 0..5);
        (Just((machine, length, uj, is_gap)), jobs, gpus, 0u64..20_000_000_000).prop_map(|(fixed, jobs, gpus, busy)| {
            let ((cores, memory_mib, idle), length, uj, is_gap) = fixed;
            let machine = Machine { cores, memory_mib, idle: Power(idle) };
            let flag = if is_gap { Flag::Gap } else { Flag::Measured };
            let jobs = jobs
                .into_iter()
                .enumerate()
                .map(|(n, (cores, memory, present, cpu))| job(n as u32, cores, memory, present, cpu));
            let gpus = gpus.into_iter().map(|(job, uj)| GpuUse { job, energy: Energy(uj) });
            (machine, an_interval(length, uj, flag), busy, jobs.collect(), gpus.collect())
        })
    })
}

proptest! {
    #[test]
    fn shares_are_the_references_and_sum_to_the_meter((machine, interval, busy, jobs, gpus) in a_case()) {
        let shares = attribute(&machine, &interval, busy, &jobs, &gpus);
        prop_assert_eq!(shares.total(), interval.energy);
        let mut found: Vec<u128> = Vec::new();
        for job in &shares.jobs {
            found.extend([job.dynamic.0 as u128, job.idle.0 as u128, job.gpu.0 as u128]);
        }
        found.extend([shares.system.0 as u128, shares.unallocated.0 as u128, shares.unmeasured.0 as u128]);
        prop_assert_eq!(found, reference(&machine, &interval, busy, &jobs, &gpus));
    }

    #[test]
    fn who_reserves_the_same_and_uses_more_never_pays_less(cpu in 0u64..1_000_000, more in 0u64..1_000_000) {
        let interval = an_interval(1000, 160_000_000, Flag::Measured);
        let jobs = [job(1, 4, 0, 1000, cpu), job(2, 4, 0, 1000, cpu + more)];
        let shares = attribute(&SERVER, &interval, 16_000_000, &jobs, &[]);
        // One microjoule is what rounding may give the first in order.
        prop_assert!(shares.jobs[1].total().0 + 2 >= shares.jobs[0].total().0);
    }
}

//! Days of a machine whose true power is known, with jobs that come and go at any time, a meter that fails, and a
//! centre that is away: what comes out is checked from the outside, as a script would check the tables.

use energy::account::{Account, CpuTimes, Tariffs};
use energy::attribute::{JobUse, Machine, attribute};
use energy::carbon::{Factors, SHIPPED};
use energy::contract::{Book, Colours, Slots, parse};
use energy::export;
use energy::meter::{Channel, Follower, Limits, Reading};
use energy::{Energy, Flag, Interval, Power};
use model::{Span, Time};
use proptest::prelude::*;

use crate::{at, france};

const MACHINE: Machine = Machine { cores: 16, memory_mib: 32_768, idle: Power::watts(60) };
/// Above idle, for each core that computes.
const PER_CORE: i64 = 9;

/// A job of the made-up day: when (in ms of the day), what it holds, and how busy each of its cores is, in percent.
#[derive(Clone, Debug)]
struct Job {
    start: i64,
    length: i64,
    cores: u32,
    memory: u64,
    busy: i64,
}

impl Job {
    fn overlap(&self, from: i64, to: i64) -> i64 {
        (to.min(self.start + self.length) - from.max(self.start)).max(0)
    }

    /// CPU time used up to an instant, in microseconds.
    fn cpu_us(&self, until: i64) -> u64 {
        (self.overlap(0, until) * i64::from(self.cores) * self.busy * 10) as u64
    }
}

/// A machine's day as the centre sees it: looks at irregular times, a meter that may be silent or wrong.
struct Day {
    follower: Follower,
    cpu_times: CpuTimes<u32>,
    account: Account<u32>,
    intervals: Vec<Interval>,
    table: String,
}

impl Day {
    fn new() -> Self {
        Self {
            follower: Follower::default(),
            cpu_times: CpuTimes::default(),
            account: Account::default(),
            intervals: vec![],
            table: export::METER.to_owned(),
        }
    }

    fn look(&mut self, begin: Time, now: i64, shown: Option<i64>, jobs: &[Job], tariffs: Tariffs<'_>) {
        let Some(counter) = shown else { return };
        let limits = Limits { most: Power::watts(2000), longest: Span::seconds(90), ..Limits::default() };
        let channel = Channel::counter(Energy(counter), None, Energy(1));
        let reading = Reading { at: begin + Span(now), source: 0, channels: vec![channel] };
        for interval in self.follower.take(&limits, reading).intervals {
            self.settle(begin, interval, jobs, tariffs);
        }
    }

    /// Shares one interval between the jobs that were there in it.
    fn settle(&mut self, begin: Time, interval: Interval, jobs: &[Job], tariffs: Tariffs<'_>) {
        let (from, to) = ((interval.start - begin).0, (interval.end - begin).0);
        let mut uses = Vec::new();
        for (n, job) in (0u32..).zip(jobs) {
            if job.overlap(from, to) > 0 {
                let cpu_us = self.cpu_times.since(n, job.cpu_us(to));
                let present_ms = job.overlap(from, to);
                uses.push(JobUse { job: n, cores: job.cores, memory_mib: job.memory, present_ms, cpu_us });
            }
        }
        let busy: u64 = uses.iter().map(|one| one.cpu_us).sum::<u64>() + (to - from) as u64 * 20;
        let shares = attribute(&MACHINE, &interval, busy, &uses, &[]);
        self.table.push_str(&export::meter("smp1", &interval, shares.idle));
        self.account.add(&interval, &shares, tariffs);
        self.intervals.push(interval);
    }
}

/// True energy of the machine from the day's start, in microjoules.
fn truth(jobs: &[Job], until: i64) -> i64 {
    let dynamic: i64 = jobs.iter().map(|job| job.cpu_us(until) as i64 * PER_CORE).sum();
    60_000 * until + dynamic
}

fn a_job() -> impl Strategy<Value = Job> {
    let length = prop_oneof![1i64..3000, 1000i64..3_600_000];
    (0i64..7_200_000, length, 1u32..5, 0u64..8192, 0i64..=100).prop_map(|(start, length, cores, memory, busy)| Job {
        start,
        length,
        cores,
        memory,
        busy,
    })
}

/// A look: milliseconds since the one before (mostly some seconds, now and then an hour), and what the meter does.
fn a_look() -> impl Strategy<Value = (i64, u8)> {
    let span = prop_oneof![20 => 900i64..30_000, 1 => 100_000i64..3_600_000];
    (span, prop_oneof![12 => Just(0u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_kilowatt_hour_has_an_owner(
        jobs in proptest::collection::vec(a_job(), 0..10),
        looks in proptest::collection::vec(a_look(), 2..300),
    ) {
        let book = Book::new(france(), parse(energy::contract::SHIPPED).unwrap(), Colours::default(), Slots::default());
        let (book, factors) = (book.unwrap(), Factors::parse(france(), SHIPPED).unwrap());
        let tariffs = Tariffs { book: &book, factors: &factors };
        // Across midnight, the end of summer time and both windows.
        let begin = at("2026-10-24T21:30:00+02:00");
        let (mut day, mut now, mut offset, mut resets) = (Day::new(), 0, 0, vec![]);
        for (span, what) in looks {
            now += span;
            let shown = match what {
                1 => None,                          // it does not answer
                2 => Some(7_000_000_000_000_000), // nonsense, once
                3 => {                              // it starts again from 0
                    offset = truth(&jobs, now);
                    resets.push(now);
                    Some(0)
                }
                _ => Some(truth(&jobs, now) - offset),
            };
            day.look(begin, now, shown, &jobs, tariffs);
        }
        let meter: Energy = day.intervals.iter().map(|interval| interval.energy).sum();
        prop_assert_eq!(day.account.accounts().machines(), meter, "conservation");
        // The same from the table, as somebody outside would read it.
        let column = |line: &str, at: usize| line.split(',').nth(at).unwrap().parse::<i64>().unwrap();
        prop_assert_eq!(day.table.lines().skip(1).map(|line| column(line, 3)).sum::<i64>(), meter.0);
        prop_assert!(day.intervals.windows(2).all(|pair| pair[0].end == pair[1].start));
        for interval in &day.intervals {
            let (from, to) = ((interval.start - begin).0, (interval.end - begin).0);
            // A counter that passed its old place again before anybody looked twice cannot be found out.
            let is_clean = !resets.iter().any(|reset| (from + 1..=to).contains(reset));
            if interval.flag == Flag::Measured && is_clean {
                prop_assert_eq!(interval.energy.0, truth(&jobs, to) - truth(&jobs, from), "the true curve");
            }
        }
        let odd: Energy = day.intervals.iter().filter(|i| !i.flag.is_measured()).map(|i| i.energy).sum();
        prop_assert_eq!(day.account.unmeasured, odd);
        // Money: the parts cost what the whole costs, within what rounding each of them once can do.
        let cost = |account: &energy::account::JobAccount| account.cost.price.0;
        let whole = day.account.cost.price.0;
        prop_assert!(day.account.jobs.values().map(cost).sum::<i128>() <= whole);
        let most = i128::from(meter.0) * 214_200;
        prop_assert!(whole <= most, "no kilowatt-hour costs more than the dearest");
    }
}

#[test]
fn a_quiet_hour_by_hand() {
    let contracts = parse(energy::contract::SHIPPED).unwrap();
    let base = contracts.into_iter().filter(|one| one.name.contains("Base, 9 kVA")).collect();
    let book = Book::new(france(), base, Colours::default(), Slots::default()).unwrap();
    let factors = Factors::parse(france(), SHIPPED).unwrap();
    let tariffs = Tariffs { book: &book, factors: &factors };
    // A job with half of the machine for half an hour, all its cores busy: 8 x 9 W.
    let jobs = [Job { start: 0, length: 1_800_000, cores: 8, memory: 1024, busy: 100 }];
    let (mut day, begin) = (Day::new(), at("2026-11-22T12:00:00+01:00"));
    for now in (0..=3_600_000).step_by(10_000) {
        day.look(begin, now, Some(truth(&jobs, now)), &jobs, tariffs);
    }
    let job = day.account.jobs[&0];
    // 30 Wh of idle power, half of them; of the 36 Wh above it a little for the system's own 20 ms a second.
    assert_eq!(job.idle, Energy::watt_hours(15));
    assert!((job.dynamic.0 - Energy::watt_hours(36).0).abs() < Energy::watt_hours(36).0 / 300, "{:?}", job.dynamic);
    assert_eq!(day.account.unallocated, Energy::watt_hours(45));
    assert_eq!(day.account.accounts().machines(), Energy(truth(&jobs, 3_600_000)));
    let wh = job.total().0 as f64 / 3.6e9;
    assert!((job.cost.price.rounded() as f64 - wh * 198.5).abs() <= 1.0);
    assert!((job.carbon.lifecycle().0 as f64 - wh * 57.0).abs() <= 1.0);
    let line = export::JobLine {
        start: begin,
        end: begin + Span(1_800_000),
        cpu_us: 14_400_000_000,
        cores: 8,
        memory_mib: 1024,
    };
    let text = export::job(7, "smp,1", &line, &job);
    assert_eq!(text.split(',').count(), export::JOBS.split(',').count());
    assert!(text.starts_with("7,smp_1,1795345200000,1795347000000,14400000000,8,1024,"), "{text}");
    assert_eq!(export::accounts("smp1", &day.account.accounts()).lines().count(), 3);
}

//! The real centre on machines that it switches itself: as parks have it where nothing is switched, near to them where
//! something is, and with a bill that anybody can add up.

use std::collections::BTreeMap;

use model::{RunId, Span};
use proptest::prelude::*;
use scheduler::Config;
use simulator::centre::{self, CentreScheduler};
use simulator::clock::{self, End, Order, Start};
use simulator::metrics::Metrics;
use simulator::park::Park;
use simulator::park::replay::{Outcome, Plan, replay};
use simulator::power::Power;
use simulator::tariff::Tariff;
use simulator::workload::{Dropped, Job, Trace, Workload};

use crate::parks::{bill_of_states, kind, line, night, parks};
use crate::traces::{EASY, load};

/// First come, first served, and nothing remembered of who is over.
fn plain(cores: u32) -> Config {
    Config { min_job_age: Span::ZERO, ..crate::centre::config(cores) }
}

/// A centre of which somebody looks after every start where its runs are, and adds up what each machine gives.
struct Watched<'a> {
    centre: CentreScheduler<'a>,
    plan: Plan<'a>,
    jobs: BTreeMap<RunId, u32>,
}

impl Watched<'_> {
    fn no_machine_gives_more_than_it_has(&self) {
        let machines = self.plan.park.kinds.iter().flat_map(|kind| (0..kind.count).map(move |_| kind));
        let mut first = 0;
        for machine in machines {
            let cores = first..first + machine.cores;
            first = cores.end;
            let here = |(run, placement, _): (RunId, &scheduler::Placement, _)| {
                let each_kib = self.plan.trace.memory_kib(&self.plan.workload.jobs[self.jobs[&run] as usize]);
                placement.cpus.iter().filter(|cpu| cores.contains(cpu)).count() as u64 * each_kib
            };
            let used: u64 = self.centre.state().runs().map(here).sum();
            let has = machine.memory_mib * 1024;
            assert!(has == 0 || used <= has, "{used} KiB of {has} are given on a machine of {}", machine.name);
        }
    }
}

impl clock::Scheduler for Watched<'_> {
    type Fault = centre::Fault;

    fn arrive(&mut self, now: i64, job: u32) -> Result<(), centre::Fault> {
        self.centre.arrive(now, job)
    }

    fn end(&mut self, now: i64, run: u32) -> Result<End, centre::Fault> {
        self.centre.end(now, run)
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, centre::Fault> {
        let start = self.centre.start(now)?;
        if let Some(start) = start {
            let news = self.centre.state().runs().map(|(run, ..)| run).filter(|run| !self.jobs.contains_key(run));
            let news: Vec<RunId> = news.collect();
            assert_eq!(news.len(), 1, "one start is one run");
            self.jobs.insert(news[0], start.job);
            self.no_machine_gives_more_than_it_has();
        }
        Ok(start)
    }

    fn wake(&mut self, now: i64) -> Option<i64> {
        self.centre.wake(now)
    }
}

/// By the centre and by the pool on the same park.
fn both(trace: &Trace, workload: &Workload, park: &Park, tariff: &Tariff, power: Power) -> [Outcome; 2] {
    let plan = Plan { workload, trace, park, tariff, local0: 0, rule: EASY, power, states: true };
    let centre = centre::replay(plan, plain(park.cores()), &mut |_| ()).unwrap();
    [centre, replay(plan, &mut |_| ()).unwrap()]
}

fn first(name: &str, jobs: usize) -> (Trace, Workload) {
    let (trace, mut workload) = load(name);
    workload.jobs.truncate(jobs);
    (trace, workload)
}

/// On machines that are always on it is the pool, to the second and to the watt-second.
#[test]
fn nothing_changes_where_nothing_is_switched() {
    let (trace, workload) = first("KTH-SP2.pyss-easy", 1_000);
    let park = Park::of_processors(workload.procs);
    let [centre, pool] = both(&trace, &workload, &park, &night(240_000, 120_000), Power::AlwaysOn);
    assert_eq!((centre.played, centre.bill), (pool.played, pool.bill));
    assert_eq!(centre.boot_waits, 0);
}

/// How much cheaper than always on, in thousandths, with the mean wait in seconds. The centre binds nobody to a
/// machine that boots while another becomes free, and boots less.
#[test]
fn switching_saves_as_much_as_in_a_park() {
    let mut table = String::new();
    for (name, jobs) in [("NASA-iPSC-1993-3.1-cln", 800), ("KTH-SP2.pyss-easy", 500)] {
        let (trace, workload) = first(name, jobs);
        let park = Park::of_processors(workload.procs);
        let tariff = night(214_600, 169_600);
        let always = both(&trace, &workload, &park, &tariff, Power::AlwaysOn)[1].bill.cost;
        for rest in [60, 600] {
            let outcomes = both(&trace, &workload, &park, &tariff, Power::OffAfter(rest));
            let told = outcomes.map(|outcome| {
                let wait = Metrics::new(&workload, &outcome.played).mean_wait_s();
                format!("{} (wait {wait:.0}, boots {})", outcome.bill.cost * 1000 / always - 1000, outcome.boot_waits)
            });
            table.push_str(&format!("{name} off-after={rest}: centre {}, park {}\n", told[0], told[1]));
        }
    }
    assert_eq!(table, EXPECTED);
}

const EXPECTED: &str = "\
NASA-iPSC-1993-3.1-cln off-after=60: centre -425 (wait 124, boots 366), park -417 (wait 143, boots 581)
NASA-iPSC-1993-3.1-cln off-after=600: centre -398 (wait 67, boots 198), park -386 (wait 75, boots 289)
KTH-SP2.pyss-easy off-after=60: centre -503 (wait 2520, boots 246), park -502 (wait 2595, boots 340)
KTH-SP2.pyss-easy off-after=600: centre -495 (wait 2490, boots 173), park -495 (wait 2479, boots 223)
";

fn workload() -> impl Strategy<Value = Vec<(i64, u32, u32, u32)>> {
    proptest::collection::vec((0i64..40, 1u32..30, 1u32..5, 1u32..20), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Machines of several kinds and speeds: everybody runs for as long as it takes, the energy by state is what the
    /// states say, and no machine has a gap.
    #[test]
    fn the_bill_is_what_the_states_say(park in parks(), jobs in workload(), rest in 0u32..60) {
        let cores = park.cores();
        let mut now = 0;
        let make = |(line, (pause, run, longer, wanted)): (usize, (i64, u32, u32, u32))| {
            now += pause;
            Job { submit: now, run, estimate: run * longer, cores: wanted.min(cores), line: line as u32 }
        };
        let jobs: Vec<Job> = jobs.into_iter().enumerate().map(make).collect();
        let workload = Workload { jobs, dropped: Dropped::default(), procs: cores };
        let tariff = night(240_000, 120_000);
        for power in [Power::AlwaysOn, Power::OffAfter(rest)] {
            let [centre, _] = both(&Trace::default(), &workload, &park, &tariff, power);
            let (energy, cost) = bill_of_states(&centre.states, &park, &tariff, 0);
            prop_assert_eq!(energy.values().sum::<i128>(), centre.bill.energy_ws.iter().sum::<i128>());
            prop_assert_eq!(cost, centre.bill.cost);
            for (job, (start, end)) in workload.jobs.iter().zip(centre.played.starts.iter().zip(&centre.played.ends)) {
                prop_assert!(job.submit <= *start && start < end && *end < i64::MAX);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Where all memory is that of one machine, jobs have theirs as under EASY, to the second.
    #[test]
    fn memory_of_one_machine_is_as_easy_has_it(
        (cores, memory_mib) in (1u32..6, 1u64..9),
        jobs in workload(),
        memory in proptest::collection::vec(0u64..4, 25),
    ) {
        let mut park = Park { name: String::new(), kinds: vec![kind("a", (1, cores, 0, 1000))] };
        park.kinds[0].memory_mib = memory_mib;
        let each_kib: Vec<u64> = memory.iter().map(|mib| mib.min(&memory_mib) * 1024).collect();
        let mut now = 0;
        let make = |(line, (pause, run, longer, wanted)): (usize, (i64, u32, u32, u32))| {
            now += pause / 4;
            let cores = wanted.min(park.fit(each_kib[line]) as u32);
            Job { submit: now, run, estimate: run * longer, cores, line: line as u32 }
        };
        let jobs = jobs.into_iter().enumerate().map(make).collect();
        let workload = Workload { jobs, dropped: Dropped::default(), procs: cores };
        let lines = each_kib.iter().map(|each_kib| line(-1, *each_kib as i64)).collect();
        let trace = Trace { lines, ..Trace::default() };
        let [centre, easy] = both(&trace, &workload, &park, &night(240_000, 120_000), Power::AlwaysOn);
        prop_assert_eq!((centre.played, centre.bill), (easy.played, easy.bill));
    }

    /// Whatever is switched, nobody waits for ever, and no machine gives its jobs more memory than it has.
    #[test]
    fn no_more_memory_is_given_than_there_is(
        (park, jobs, rest) in (parks(), workload(), 0u32..60),
        memory in proptest::collection::vec(prop_oneof![Just(0u64), 1u64..4096], 25),
    ) {
        let each_kib = |line: usize| if park.fit(memory[line]) == 0 { 0 } else { memory[line] };
        let mut now = 0;
        let make = |(line, (pause, run, longer, wanted)): (usize, (i64, u32, u32, u32))| {
            now += pause;
            let cores = wanted.min(park.fit(each_kib(line)) as u32);
            Job { submit: now, run, estimate: run * longer, cores, line: line as u32 }
        };
        let jobs = jobs.into_iter().enumerate().map(make).collect();
        let workload = Workload { jobs, dropped: Dropped::default(), procs: park.cores() };
        let lines = (0..memory.len()).map(|number| line(-1, each_kib(number) as i64)).collect();
        let trace = Trace { lines, ..Trace::default() };
        let tariff = night(240_000, 120_000);
        for power in [Power::AlwaysOn, Power::OffAfter(rest), Power::Predictive { patience_s: rest }] {
            let plan = Plan {
                workload: &workload, trace: &trace, park: &park, tariff: &tariff, local0: 0, rule: EASY, power, states: false,
            };
            let centre = centre::on_machines(plan, plain(park.cores()));
            let mut watched = Watched { centre, plan, jobs: BTreeMap::new() };
            let played = clock::run(&workload, &mut watched, Order::Batch, &mut |_| ()).unwrap();
            prop_assert!(played.starts.iter().all(|start| *start < i64::MAX), "{}: somebody waits for ever", power);
            let same = centre::replay(plan, plain(park.cores()), &mut |_| ()).unwrap();
            prop_assert_eq!(same.played, played);
        }
    }
}

/// The real centre switches by forecast: it saves as much as a fixed rest with which jobs wait longer, and its bill adds up.
#[test]
fn the_centre_foresees() {
    let (trace, workload) = first("NASA-iPSC-1993-3.1-cln", 1_000);
    let park = Park::of_processors(workload.procs);
    let tariff = night(214_600, 169_600);
    let play = |power: Power| {
        let (workload, trace, park, tariff) = (&workload, &trace, &park, &tariff);
        let plan = Plan { workload, trace, park, tariff, local0: 0, rule: EASY, power, states: true };
        let outcome = centre::replay(plan, plain(park.cores()), &mut |_| ()).unwrap();
        assert_eq!(bill_of_states(&outcome.states, park, tariff, 0).1, outcome.bill.cost, "{power}");
        let wait = Metrics::new(workload, &outcome.played).mean_wait_s();
        (outcome.bill.cost, wait)
    };
    let (always, plain_wait) = play(Power::AlwaysOn);
    let rested = [0, 60, 600, 1_800].map(|rest| play(Power::OffAfter(rest)));
    let foreseen = play(Power::Predictive { patience_s: 60 });
    let patient = play(Power::Predictive { patience_s: 5 });
    assert!(foreseen.0 * 10 < always * 7);
    assert!(patient.1 < foreseen.1 && foreseen.0 < patient.0 && patient.0 < always);
    assert!(foreseen.1 < plain_wait + 90.0, "{} {plain_wait}", foreseen.1);
    // No fixed rest is both cheaper and kinder.
    assert!(rested.iter().all(|rest| rest.0 >= foreseen.0 || rest.1 >= foreseen.1), "{rested:?} {foreseen:?}");
}

//! Days of a machine whose true power is known, with jobs that come and go, a meter that fails, commits that fail and a
//! centre that is killed at any moment: what is in the file sums to the meter at every commit, to the microjoule.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use drivers::meters::{About, Scope};
use energy::account::Tariffs;
use energy::attribute;
use energy::carbon::{Factors, SHIPPED};
use energy::contract::{self, Book, Colours, Slots};
use energy::live::Look;
use energy::meter::{Channel, Follower, Limits, Reading};
use energy::{Energy, Flag, Interval, Power};
use model::{CpuSet, Exit, JobId, JobState, Machine, Reason, RunId, Span, Time, Usage};
use proptest::prelude::*;
use scheduler::{Finished, Placement};
use store::{Batch, Db, EnergyWrite, Reader, Write, Writer};

use super::keeper::{GpuEnergy, Keeper, Running, holds};

/// Above idle, microjoules for each microsecond of CPU time: 9 W for each core that computes.
const PER_CPU_US: i64 = 9;
const IDLE: Power = Power::watts(60);
const BEGIN: Time = Time(1_790_000_000_000);

/// A run of the made-up day, in ms since its beginning.
#[derive(Clone, Debug)]
struct Job {
    start: i64,
    length: i64,
    cores: u32,
    memory: u64,
    /// Of each core, in percent.
    busy: i64,
}

impl Job {
    fn end(&self) -> i64 {
        self.start + self.length
    }

    fn cpu_us(&self, until: i64) -> u64 {
        let ran = (until.min(self.end()) - self.start).max(0);
        (ran * i64::from(self.cores) * self.busy * 10) as u64
    }

    fn placement(&self) -> Placement {
        Placement { cpus: (0..self.cores).collect(), memory_mib: Some(self.memory), gpus: Vec::new() }
    }
}

fn run(number: usize) -> RunId {
    RunId { job: JobId(number as u32 + 1), attempt: 0 }
}

struct World {
    _directory: tempfile::TempDir,
    writer: Writer,
    done: mpsc::Receiver<store::Committed>,
    reader: Reader,
    machine: Machine,
    book: Book,
    factors: Factors,
    jobs: Vec<Job>,
    now: i64,
    /// What the counter showed when it was last set to 0.
    offset: i64,
    keeper: Option<Keeper>,
    follower: Follower,
}

impl World {
    fn new(jobs: Vec<Job>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("algoric.db");
        let (db, _) = Db::open(&path).unwrap();
        let (tell, done) = mpsc::channel();
        let writer = Writer::start(db, move |committed| tell.send(committed).unwrap()).unwrap();
        let utc = jiff::tz::TimeZone::UTC;
        let contracts = contract::parse(contract::SHIPPED).unwrap();
        let mut world = Self {
            _directory: directory,
            writer,
            done,
            reader: Reader::open(&path).unwrap(),
            machine: Machine::regular("smp1", 1, 16, 1, 32_768),
            book: Book::new(utc.clone(), contracts, Colours::default(), Slots::default()).unwrap(),
            factors: Factors::parse(utc, SHIPPED).unwrap(),
            jobs,
            now: 0,
            offset: 0,
            keeper: None,
            follower: Follower::default(),
        };
        world.restart();
        world
    }

    fn write(&self, writes: Vec<Write>) {
        self.writer.send(Batch { number: 1, writes });
        self.done.recv().unwrap().result.unwrap();
    }

    /// The centre was killed: what it had in mind is gone.
    fn restart(&mut self) {
        let machine = attribute::Machine { cores: 16, memory_mib: 32_768, idle: IDLE };
        let running = self.jobs.iter().enumerate().filter(|(_, job)| job.start <= self.now && job.end() > self.now);
        let running = running.map(|(n, job)| Running {
            run: run(n),
            start: BEGIN + Span(job.start),
            holds: holds(&self.machine, job.placement().cpus.iter(), Some(job.memory), &[]),
            suspended: None,
        });
        let keeper = Keeper::restore(&self.reader, &self.machine, machine, running.collect()).unwrap();
        self.follower = keeper.resume().follower.clone();
        self.keeper = Some(keeper);
    }

    /// Time goes by; what starts and ends meanwhile is in the file at once, and told to whoever keeps the account.
    fn advance(&mut self, span: i64, is_served: bool) {
        let (from, until) = (self.now, self.now + span);
        self.now = until;
        let within = |at: i64| at > from && at <= until;
        for (n, job) in self.jobs.iter().enumerate() {
            let mut keeper = self.keeper.as_mut().filter(|_| is_served);
            if let Some(keeper) = keeper.as_mut().filter(|_| within(job.start)) {
                let holds = holds(&self.machine, job.placement().cpus.iter(), Some(job.memory), &[]);
                keeper.live().begin(run(n), BEGIN + Span(job.start), holds);
            }
            if within(job.end()) {
                if let Some(keeper) = keeper {
                    keeper.live().end(run(n), BEGIN + Span(job.end()), job.cpu_us(job.end()));
                }
                self.write(vec![Write::Run {
                    base: run(n).job,
                    finished: Box::new(finished(n, job)),
                    node: Arc::from("smp1"),
                }]);
            }
        }
    }

    /// True energy since the beginning, in microjoules.
    fn truth(&self) -> i64 {
        let dynamic: i64 = self.jobs.iter().map(|job| job.cpu_us(self.now) as i64 * PER_CPU_US).sum();
        IDLE.0 * self.now + dynamic
    }

    fn read_meter(&mut self, shown: i64) {
        let limits = Limits { most: Power::watts(2000), ..Limits::default() };
        let channel = Channel::counter(Energy(shown), None, Energy(1));
        let at = BEGIN + Span(self.now);
        let taken = self.follower.take(&limits, Reading { at, source: 0, channels: vec![channel] });
        let runs: BTreeMap<RunId, u64> = (0..)
            .zip(&self.jobs)
            .filter(|(_, job)| job.start <= self.now && job.end() > self.now)
            .map(|(n, job)| (run(n), job.cpu_us(self.now)))
            .collect();
        let of_system = self.now as u64 * 20;
        let busy_us = self.jobs.iter().map(|job| job.cpu_us(self.now)).sum::<u64>() + of_system;
        let tariffs = Tariffs { book: &self.book, factors: &self.factors };
        let (look, none) = (Look { busy_us, runs }, GpuEnergy::default());
        self.keeper.as_mut().unwrap().settle(self.follower.clone(), &taken.intervals, look, &none, tariffs);
    }

    /// Writes what waits; `fails`: the disk is full.
    fn commit(&mut self, fails: bool) {
        let now = BEGIN + Span(self.now);
        let Some(settled) = self.keeper.as_mut().unwrap().take(now) else { return };
        if fails {
            self.keeper.as_mut().unwrap().put_back(settled);
        } else {
            self.write(vec![Write::Energy(Box::new(EnergyWrite::Settled(settled)))]);
        }
    }

    /// What is in the file: intervals, and the sums of minutes, hours and jobs.
    fn check(&self) -> Vec<Interval> {
        let all = (Time(0), Time(i64::MAX / 2));
        let samples: Vec<Interval> =
            self.reader.samples("smp1", all.0, all.1).unwrap().iter().map(|sample| sample.interval).collect();
        let hours = self.reader.hours("smp1", all.0, all.1).unwrap();
        let minutes = self.reader.minutes("smp1", all.0, all.1).unwrap();
        let jobs = self.reader.job_energy_between(all.0, all.1).unwrap();
        let meter: Energy = samples.iter().map(|interval| interval.energy).sum();
        assert_eq!(minutes.iter().map(|row| row.energy).sum::<Energy>(), meter);
        assert_eq!(hours.iter().map(|hour| hour.row.energy).sum::<Energy>(), meter);
        assert_eq!(hours.iter().map(|hour| hour.accounts.machines()).sum::<Energy>(), meter);
        let of_jobs: Energy = jobs.iter().map(|job| job.account.total()).sum();
        assert_eq!(hours.iter().map(|hour| hour.accounts.jobs).sum::<Energy>(), of_jobs, "jobs and their account");
        let odd: Energy = samples.iter().filter(|i| !i.flag.is_measured()).map(|i| i.energy).sum();
        assert_eq!(hours.iter().map(|hour| hour.accounts.unmeasured).sum::<Energy>(), odd);
        assert!(samples.windows(2).all(|pair| pair[0].end == pair[1].start), "time is tiled");
        for job in jobs.iter().filter(|job| job.end.is_some()) {
            let known = &self.jobs[job.job.0 as usize - 1];
            assert_eq!(job.cpu_us, known.cpu_us(known.end()), "the CPU time of a job that is over");
            assert!(job.measured_ms <= known.length);
        }
        samples
    }
}

fn finished(number: usize, job: &Job) -> Finished {
    Finished {
        run: run(number),
        task: None,
        tasks: None,
        state: JobState::Completed,
        reason: Reason::None,
        exit: Exit::default(),
        script_exit: Exit::default(),
        cancelled_by: None,
        eligible: None,
        start: Some(BEGIN + Span(job.start)),
        end: BEGIN + Span(job.end()),
        suspended: Span::ZERO,
        placement: job.placement(),
        usage: Usage { user_us: job.cpu_us(job.end()), ..Usage::default() },
        priority: 0,
        displaced_by: None,
    }
}

fn a_job() -> impl Strategy<Value = Job> {
    let length = prop_oneof![1i64..3000, 1000i64..600_000];
    (0i64..1_200_000, length, 1u32..5, 0u64..8192, 0i64..=100).prop_map(|(start, length, cores, memory, busy)| Job {
        start: start + 1,
        length,
        cores,
        memory,
        busy,
    })
}

/// What happens next, after so many milliseconds.
#[derive(Clone, Debug)]
enum Step {
    Read,
    /// The meter says what cannot be.
    Nonsense,
    /// It starts again from 0.
    Reset,
    Commit {
        fails: bool,
    },
    /// Killed, and started again after so long.
    Crash(i64),
}

fn a_step() -> impl Strategy<Value = (i64, Step)> {
    let step = prop_oneof![
        12 => Just(Step::Read),
        1 => Just(Step::Nonsense),
        1 => Just(Step::Reset),
        4 => prop::bool::weighted(0.2).prop_map(|fails| Step::Commit { fails }),
        1 => prop_oneof![0i64..3000, 0i64..50_000, 50_000i64..4_000_000].prop_map(Step::Crash),
    ];
    (prop_oneof![20 => 100i64..10_000, 1 => 60_000i64..200_000], step)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_file_sums_to_the_meter_whatever_happens(
        jobs in proptest::collection::vec(a_job(), 0..12),
        steps in proptest::collection::vec(a_step(), 2..120),
    ) {
        let mut world = World::new(jobs);
        let mut resets = Vec::new();
        world.read_meter(0);
        for (span, step) in steps {
            world.advance(span, true);
            match step {
                Step::Read => world.read_meter(world.truth() - world.offset),
                Step::Nonsense => world.read_meter(7_000_000_000_000_000),
                Step::Reset => {
                    world.offset = world.truth();
                    resets.push(world.now);
                    world.read_meter(0);
                }
                Step::Commit { fails } => {
                    world.commit(fails);
                    world.check();
                }
                Step::Crash(away) => {
                    world.advance(away, false);
                    world.restart();
                }
            }
        }
        // Looks until the last glitch is settled, and everything is in the file.
        for _ in 0..3 {
            world.advance(5000, true);
            world.read_meter(world.truth() - world.offset);
        }
        world.commit(false);
        let samples = world.check();
        if resets.is_empty() {
            let lost = world.truth() - samples.iter().map(|interval| interval.energy.0).sum::<i64>();
            let begun = samples.first().map_or(world.now, |first| (first.start - BEGIN).0);
            // Nothing was forgotten: it is the counter's difference since the first interval began.
            prop_assert!(lost >= 0 && (begun > 0 || lost == 0), "{lost} of {begun}");
        }
    }
}

/// Jobs that start and end between two looks get what they used, exactly.
#[test]
fn jobs_within_an_interval_are_counted() {
    let job = |start, length| Job { start, length, cores: 8, memory: 0, busy: 100 };
    let mut world = World::new(vec![job(1000, 1000), job(3000, 500)]);
    world.read_meter(0);
    world.advance(10_000, true);
    world.read_meter(world.truth());
    world.commit(false);
    world.check();
    let energy = |n: usize| world.reader.job_energy(run(n).job).unwrap().remove(0);
    // Half of the cores for a second of ten, at 60 W; 8 core-seconds at 9 W, but for what the system used besides.
    assert_eq!(energy(0).account.idle, Energy(30_000_000));
    assert_eq!(energy(1).account.idle, Energy(15_000_000));
    let dynamic = 12 * 9_000_000;
    assert_eq!(energy(0).account.dynamic, Energy(dynamic * 80 / 122));
    assert!(energy(0).end.is_some() && energy(0).measured_ms == 1000);
}

/// The centre was away for an hour while a job ran: the hour is known in sum and nobody's, and what follows is measured.
#[test]
fn an_hour_without_a_centre_is_unmeasured() {
    let mut world = World::new(vec![Job { start: 1000, length: 7_200_000, cores: 4, memory: 0, busy: 100 }]);
    world.read_meter(0);
    world.advance(11_000, true);
    world.read_meter(world.truth());
    world.commit(false);
    world.advance(3_600_000, false);
    world.restart();
    world.read_meter(world.truth());
    world.advance(5000, true);
    world.read_meter(world.truth());
    world.commit(false);
    let samples = world.check();
    let shown: Vec<_> = samples.iter().map(|interval| (interval.span().0, interval.flag)).collect();
    assert_eq!(shown, [(11_000, Flag::Measured), (3_600_000, Flag::Gap), (5000, Flag::Measured)]);
    let job = world.reader.job_energy(JobId(1)).unwrap().remove(0);
    assert_eq!((job.measured_ms, job.end), (15_000, None));
    // Its CPU time of that hour is counted, and not paid twice.
    assert_eq!(job.cpu_us, world.jobs[0].cpu_us(world.now));
}

/// The centre serves on while the plug is out for a day: jobs come and go, none of them is kept in mind for ever, and the
/// day's energy is known in sum when the plug is back.
#[test]
fn a_plug_that_was_out_for_a_day_leaves_one_gap() {
    let hour = 3_600_000;
    let job = |n: i64| Job { start: n * hour + 1, length: hour / 2, cores: 2, memory: 0, busy: 50 };
    let mut world = World::new((0..25).map(job).collect());
    world.read_meter(0);
    world.advance(5000, true);
    world.read_meter(world.truth());
    for _ in 0..24 {
        world.advance(hour, true);
        world.keeper.as_mut().unwrap().give_up(BEGIN + Span(world.now));
        assert!(world.keeper.as_mut().unwrap().live().running().count() <= 1);
        world.commit(false);
    }
    world.read_meter(world.truth());
    world.advance(5000, true);
    world.read_meter(world.truth());
    world.commit(false);
    let samples = world.check();
    let shown: Vec<_> = samples.iter().map(|interval| (interval.span().0, interval.flag)).collect();
    assert_eq!(shown, [(5000, Flag::Measured), (24 * hour, Flag::Gap), (5000, Flag::Measured)]);
    assert_eq!(samples.iter().map(|interval| interval.energy.0).sum::<i64>(), world.truth());
    let jobs = world.reader.job_energy_between(Time(0), Time(i64::MAX / 2)).unwrap();
    let measured: Vec<i64> = jobs.iter().map(|job| job.measured_ms).filter(|ms| *ms > 0).collect();
    assert_eq!((jobs.len(), measured), (25, vec![4999, 5000]));
}

/// A machine that was rebooted: what is inside it counts from 0, and it used nothing while it was off.
#[test]
fn a_reboot_is_no_reset_for_what_is_inside() {
    let mut world = World::new(vec![]);
    world.read_meter(0);
    world.advance(10_000, true);
    world.read_meter(world.truth());
    world.commit(false);
    world.restart();
    let about = |scope| About { name: String::new(), scope, uncertainty_permille: 0, pace: Default::default() };
    let boot = Some(BEGIN + Span(600_000));
    let mut outside = world.follower.clone();
    assert_eq!(super::sampler::restarted(&mut outside, &[about(Scope::Socket)], boot), None);
    super::close_before_boot(world.keeper.as_mut().unwrap(), &[about(Scope::Processors)], boot);
    world.follower = world.keeper.as_ref().unwrap().resume().follower.clone();
    world.commit(false);
    world.now = 700_000;
    world.offset = world.truth();
    world.read_meter(0);
    world.advance(5000, true);
    world.read_meter(world.truth() - world.offset);
    world.commit(false);
    let all = world.reader.samples("smp1", Time(0), Time(i64::MAX / 2)).unwrap();
    let shown: Vec<_> = all.iter().map(|one| (one.interval.energy.0, one.interval.flag)).collect();
    assert_eq!(shown, [(600_000_000, Flag::Measured), (0, Flag::Off), (300_000_000, Flag::Measured)]);
}

/// A start that never was on disk holds nothing; when it is made again it goes on.
#[test]
fn starts_that_were_taken_back_hold_nothing() {
    let mut world = World::new(vec![]);
    world.read_meter(0);
    let keeper = world.keeper.as_mut().unwrap();
    let cpus: CpuSet = (0..8).collect();
    let held = holds(&world.machine, cpus.iter(), None, &[]);
    keeper.live().begin(run(0), BEGIN, held.clone());
    keeper.agree(BEGIN + Span(2000), Vec::new());
    keeper.live().begin(run(0), BEGIN + Span(6000), held);
    world.advance(10_000, true);
    world.read_meter(world.truth());
    world.commit(false);
    let job = world.reader.job_energy(JobId(1)).unwrap().remove(0);
    assert_eq!((job.measured_ms, job.account.idle), (6000, Energy(180_000_000)));
}

/// Who stands still holds its memory, and no core; a card's energy is its holder's, and nobody's card is the system's.
#[test]
fn suspended_runs_and_cards() {
    let mut world = World::new(vec![]);
    world.read_meter(0);
    let cpus: CpuSet = (0..8).collect();
    let held = holds(&world.machine, cpus.iter(), Some(8192), &[1]);
    let live = world.keeper.as_mut().unwrap().live();
    live.begin(run(0), BEGIN, held);
    live.stand_still(run(0), BEGIN + Span(4000), true);
    live.stand_still(run(0), BEGIN + Span(9000), false);
    world.advance(10_000, true);
    let channel = Channel::counter(Energy(1_000_000_000), None, Energy(1));
    let reading = Reading { at: BEGIN + Span(10_000), source: 0, channels: vec![channel] };
    let taken = world.follower.take(&Limits::default(), reading);
    let look = Look { busy_us: 0, runs: BTreeMap::new() };
    let gpus = GpuEnergy { energies: vec![Energy(30_000_000), Energy(70_000_000)], followers: Vec::new() };
    let tariffs = Tariffs { book: &world.book, factors: &world.factors };
    world.keeper.as_mut().unwrap().settle(world.follower.clone(), &taken.intervals, look, &gpus, tariffs);
    world.commit(false);
    world.check();
    let job = world.reader.job_energy(JobId(1)).unwrap().remove(0);
    // Half of the cores for five of ten seconds, a quarter of the memory for the other five.
    assert_eq!(job.account.idle, Energy(600_000_000 / 2 / 2 + 600_000_000 / 4 / 2));
    assert_eq!((job.account.gpu, job.account.dynamic), (Energy(70_000_000), Energy(0)));
    let hours = world.reader.hours("smp1", Time(0), Time(i64::MAX / 2)).unwrap();
    assert_eq!(hours.iter().map(|hour| hour.accounts.system.0).sum::<i64>(), 400_000_000 - 70_000_000);
}

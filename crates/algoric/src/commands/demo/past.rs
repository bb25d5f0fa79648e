//! A past that never was: who submitted what, when it ran and where, and what the machine drew meanwhile. Arrivals and
//! sizes follow the model of Lublin and Feitelson, starts follow the scheduler's own rule on a pool of that size, and each
//! interval's energy is shared by the code that shares a real meter's. The same wish makes the same past.
//!
//! Must not know the data file.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use energy::{
    Energy, Flag, Interval, Power,
    account::Tariffs,
    attribute,
    live::{Holds, Live, Look, Record, Shared},
};
use model::{CpuSet, Exit, JobId, JobState, RunId, Span, Time};
use scheduler::pool::Rule;
use simulator::{
    clock::{self, Order},
    lublin::{self, Wish},
    pool::PoolScheduler,
    random::Random,
    workload::Estimates,
};

/// What is to be made up.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub jobs: u32,
    pub members: u32,
    pub projects: u32,
    pub cores: u32,
    pub seed: u64,
    /// The past goes from here
    pub from: Time,
    /// to here.
    pub until: Time,
}

/// A job that never was.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    /// By number, from 0.
    pub member: u32,
    pub kind: &'static Kind,
    pub submit: Time,
    pub start: Time,
    pub end: Time,
    pub limit: Span,
    pub cpus: CpuSet,
    pub memory_mib: u64,
    pub cpu_us: u64,
    pub state: JobState,
    pub exit: Exit,
}

/// What people of such a centre run.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub script: &'static str,
    memory_per_core_mib: u64,
    /// Of its CPUs, in thousandths.
    busy_permille: u64,
}

/// The programs, with how often each is run.
const KINDS: [(Kind, u32); 6] = [
    (kind("carene", "#!/bin/sh\n#SBATCH -J carene\nmpirun interFoam -parallel\n", 1500, 970), 30),
    (kind("structure", "#!/bin/sh\n#SBATCH -J structure\nccx poutre\n", 3000, 890), 20),
    (kind("crue", "#!/bin/sh\n#SBATCH -J crue\nalgoric kernel flood\n", 400, 990), 10),
    (kind("rendu", "#!/bin/sh\n#SBATCH -J rendu\npovray scene.ini\n", 700, 980), 10),
    (kind("analyse", "#!/bin/sh\n#SBATCH -J analyse\npython3 analyse.py\n", 2000, 550), 20),
    (kind("balayage", "#!/bin/sh\n#SBATCH -J balayage\n./une-valeur.sh\n", 300, 800), 10),
];

const fn kind(name: &'static str, script: &'static str, memory_per_core_mib: u64, busy_permille: u64) -> Kind {
    Kind { name, script, memory_per_core_mib, busy_permille }
}

/// Of what the machine can do, the part that is asked of it.
const LOAD: f64 = 0.75;
/// The machine: what it draws with nothing to do, and more for each CPU that computes.
const IDLE: Power = Power::watts(180);
const PER_CPU_W: i64 = 8;
/// The last month was measured by the minute, what was before by the hour.
const FINE: Span = Span::seconds(31 * 86_400);

/// The jobs of a past, by number.
///
/// # Errors
/// When the model gives no such workload.
pub fn jobs(plan: Plan) -> anyhow::Result<Vec<Job>> {
    let mut trace = lublin::generate(Wish { jobs: plan.jobs, procs: plan.cores, seed: plan.seed, load: Some(LOAD) });
    // The model's own pace would take decades: time is pressed together, which leaves the load as it is.
    let last = trace.lines.iter().map(|line| line.submit).max().unwrap_or(1).max(1);
    let seconds = (plan.until - plan.from).as_seconds() * 999 / 1000;
    let pressed = |value: i64| (i128::from(value) * i128::from(seconds) / i128::from(last)) as i64;
    let mut random = Random::new(plan.seed ^ 0x5eed);
    for line in &mut trace.lines {
        line.submit = pressed(line.submit);
        line.run = pressed(line.run).max(2);
        // People ask for more than they need, in round figures.
        let asked = line.run as f64 * (1.1 + 3.0 * random.unit());
        line.estimate = [600, 1800, 3600, 7200, 14_400, 28_800, 86_400]
            .into_iter()
            .find(|round| asked <= *round as f64)
            .unwrap_or((line.run * 2).max(172_800));
    }
    trace.lines.sort_by_key(|line| line.submit);
    let workload = trace.workload(plan.cores, Estimates::Request);
    let mut pool = PoolScheduler::new(&workload, Rule::Easy { shortest_first: false }, Order::Batch);
    let played =
        clock::run(&workload, &mut pool, Order::Batch, &mut |_| {}).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let mut made: Vec<Job> = workload
        .jobs
        .iter()
        .enumerate()
        .filter(|(at, _)| played.starts[*at] != clock::NEVER)
        .map(|(at, job)| {
            let kind = pick(&mut random);
            let time = |seconds: i64| plan.from + Span::seconds(seconds);
            let (state, exit) = ending(&mut random);
            let cpu_us = u64::from(job.run) * u64::from(job.cores) * kind.busy_permille * 1000;
            Job {
                id: JobId(0),
                member: member(&mut random, plan.members),
                kind,
                submit: time(job.submit),
                start: time(played.starts[at]),
                end: time(played.ends[at]),
                limit: Span::seconds(i64::from(job.estimate)),
                cpus: (0..job.cores).collect(),
                memory_mib: kind.memory_per_core_mib * u64::from(job.cores),
                cpu_us,
                state,
                exit,
            }
        })
        .filter(|job| job.end <= plan.until)
        .collect();
    (1u32..).zip(&mut made).for_each(|(number, job)| job.id = JobId(number));
    give_cores(&mut made, plan.cores);
    Ok(made)
}

fn pick(random: &mut Random) -> &'static Kind {
    let all: u32 = KINDS.iter().map(|(_, often)| often).sum();
    let mut left = (random.unit() * f64::from(all)) as u32;
    for (kind, often) in &KINDS {
        if left < *often {
            return kind;
        }
        left -= often;
    }
    &KINDS[0].0
}

/// Few members submit most of the jobs.
fn member(random: &mut Random, members: u32) -> u32 {
    ((random.unit().powi(3) * f64::from(members)) as u32).min(members.saturating_sub(1))
}

fn ending(random: &mut Random) -> (JobState, Exit) {
    let fine = Exit::default();
    match (random.unit() * 100.0) as u32 {
        0..86 => (JobState::Completed, fine),
        86..94 => (JobState::Failed, Exit { code: 1, signal: 0 }),
        94..97 => (JobState::Cancelled, fine),
        97..99 => (JobState::Timeout, fine),
        _ => (JobState::OutOfMemory, Exit { code: 0, signal: 125 }),
    }
}

/// Gives each job cores that nobody has meanwhile.
fn give_cores(jobs: &mut [Job], cores: u32) {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| jobs[*at].start);
    let mut free: Vec<u32> = (0..cores).rev().collect();
    let mut held: BinaryHeap<Reverse<(Time, usize)>> = BinaryHeap::new();
    for at in order {
        while let Some(Reverse((end, done))) = held.peek().copied()
            && end <= jobs[at].start
        {
            held.pop();
            free.extend(jobs[done].cpus.iter());
        }
        let from = free.len().saturating_sub(jobs[at].cpus.len());
        jobs[at].cpus = free.split_off(from).into_iter().collect();
        held.push(Reverse((jobs[at].end, at)));
    }
}

/// What the machine drew from one instant to another, shared between the jobs; handed on piece by piece.
pub struct Meter<'a> {
    jobs: &'a [Job],
    /// Positions by start, and by end.
    starts: Vec<usize>,
    ends: Vec<usize>,
    begun: usize,
    over: usize,
    running: BTreeMap<RunId, usize>,
    machine: attribute::Machine,
    live: Live<RunId>,
    busy_us: u64,
    now: Time,
    plan: Plan,
}

impl<'a> Meter<'a> {
    /// Before the first job.
    pub fn new(jobs: &'a [Job], plan: Plan, memory_mib: u64) -> Self {
        let (mut starts, mut ends): (Vec<usize>, Vec<usize>) = ((0..jobs.len()).collect(), (0..jobs.len()).collect());
        starts.sort_by_key(|at| jobs[*at].start);
        ends.sort_by_key(|at| jobs[*at].end);
        let machine = attribute::Machine { cores: plan.cores, memory_mib, idle: IDLE };
        let (live, running) = (Live::new(0), BTreeMap::new());
        Self { jobs, starts, ends, begun: 0, over: 0, running, machine, live, busy_us: 0, now: plan.from, plan }
    }

    /// The next interval, and the runs whose account changed by it; nothing when the past is over.
    pub fn next(&mut self, tariffs: Tariffs<'_>) -> Option<(Vec<Shared>, Vec<Record<RunId>>)> {
        if self.now >= self.plan.until {
            return None;
        }
        let fine = self.now >= self.plan.until - FINE;
        let length = if fine { Span::minutes(1) } else { Span::minutes(60) };
        let (start, end) = (self.now, (self.now + length).min(self.plan.until));
        self.come_and_go(end);
        let mut look = Look { busy_us: 0, runs: BTreeMap::new() };
        let mut used_us = 0;
        for (run, at) in &self.running {
            let job = &self.jobs[*at];
            let at_end = used(job, end);
            used_us += at_end - used(job, start);
            if job.end > end {
                look.runs.insert(*run, at_end);
            }
        }
        self.busy_us += used_us;
        look.busy_us = self.busy_us;
        // Watts a CPU times microseconds of CPU time are microjoules.
        let above = Energy(PER_CPU_W * i64::try_from(used_us).unwrap_or(0));
        let energy = IDLE.over(end - start) + above;
        let interval = Interval { start, end, energy, flag: Flag::Measured, source: 0 };
        self.running.retain(|_, at| self.jobs[*at].end > end);
        let shared = self.live.share(&self.machine, &[interval], look, &[], tariffs);
        self.now = end;
        Some((shared, self.live.take_records()))
    }

    fn come_and_go(&mut self, end: Time) {
        while let Some(at) = self.starts.get(self.begun).copied().filter(|at| self.jobs[*at].start < end) {
            let job = &self.jobs[at];
            let holds = Holds { cores: job.cpus.len() as u32, memory_mib: job.memory_mib, gpus: Vec::new() };
            self.live.begin(run(job), job.start, holds);
            self.running.insert(run(job), at);
            self.begun += 1;
        }
        while let Some(at) = self.ends.get(self.over).copied().filter(|at| self.jobs[*at].end <= end) {
            let job = &self.jobs[at];
            self.live.end(run(job), job.end, job.cpu_us);
            self.over += 1;
        }
    }
}

/// The one attempt of a job.
pub fn run(job: &Job) -> RunId {
    RunId { job: job.id, attempt: 0 }
}

/// CPU time that a job had used by then: it computes evenly.
fn used(job: &Job, now: Time) -> u64 {
    let (length, gone) = ((job.end - job.start).0.max(1), (now.min(job.end) - job.start).0.max(0));
    (u128::from(job.cpu_us) * gone as u128 / length as u128) as u64
}

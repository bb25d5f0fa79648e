//! A machine's readings, told in any order and as often as one likes, become energy once, and runs of several machines get
//! all of it that is theirs.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use energy::account::Tariffs;
use energy::attribute;
use energy::carbon::{Factors, SHIPPED};
use energy::contract::{self, Book, Colours, Slots};
use energy::live::{Holds, Look};
use energy::meter::{Channel, Follower, Limits, Reading};
use energy::{Energy, Power};
use model::{JobId, RunId, Span, Time};
use node::report::VERSION;
use node::{About, Report, Sample};
use store::{AgentWrite, Batch, Db, EnergyWrite, Reader, Write, Writer};

use super::Agent;
use crate::metering::{GpuEnergy, Keeper, Over};

const BEGIN: Time = Time(1_790_000_000_000);

fn sample(number: u64, seconds: i64) -> Sample {
    let channels = vec![Channel::counter(Energy(seconds * 100_000_000), None, Energy(1))];
    let (wall_ms, up_ms) = (BEGIN.0 + seconds * 1000, seconds * 1000);
    Sample { number, boot: "b".to_owned(), wall_ms, up_ms, source: 0, channels, busy_us: 0, jobs: Vec::new() }
}

fn report(readings: Vec<Sample>) -> Report {
    let up_ms = readings.last().map_or(0, |last| last.up_ms);
    let (name, boot, about) = ("n1".to_owned(), "b".to_owned(), Some(About { cpus: 2, cores: 2, ..About::default() }));
    Report { version: VERSION, name, boot, wall_ms: BEGIN.0 + up_ms, up_ms, lost: 0, readings, about, health: None }
}

#[test]
fn a_reading_is_taken_once() {
    let mut agent = Agent::new("n1");
    let mut take = |numbers: &[u64]| {
        let readings = numbers.iter().map(|number| sample(*number, *number as i64 * 10)).collect();
        let heard = agent.take(report(readings), BEGIN + Span::seconds(1000), false);
        let new: Vec<u64> = heard.iter().flat_map(|heard| &heard.readings).map(|(number, ..)| *number).collect();
        (new, agent.taken)
    };
    assert_eq!(take(&[1, 2]), (vec![1, 2], 2));
    assert_eq!(take(&[1, 2]), (vec![], 2));
    assert_eq!(take(&[2, 3, 7]), (vec![3, 7], 7));
    // What was thinned out does not come later.
    assert_eq!(take(&[4, 5]), (vec![], 7));
    let waiting: Vec<u64> = agent.waiting.iter().map(|waiting| waiting.number).collect();
    assert_eq!(waiting, [1, 2, 3, 7]);
}

#[test]
fn what_the_centre_measures_itself_is_not_measured_twice() {
    let mut agent = Agent::new("n1");
    let heard = agent.take(report(vec![sample(1, 10)]), BEGIN, true).unwrap();
    assert!(heard.readings.is_empty() && agent.waiting.is_empty());
    assert_eq!((heard.taken, agent.taken), (1, 1));
}

/// A file of its own, and what is written into it at once.
struct File {
    _folder: tempfile::TempDir,
    writer: Writer,
    done: mpsc::Receiver<store::Committed>,
    reader: Reader,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("algoric.db");
        let (db, _) = Db::open(&path).unwrap();
        let (tell, done) = mpsc::channel();
        let writer = Writer::start(db, move |committed| tell.send(committed).unwrap()).unwrap();
        Self { _folder: folder, writer, done, reader: Reader::open(&path).unwrap() }
    }

    fn write(&self, writes: Vec<Write>) {
        self.writer.send(Batch { number: 1, writes });
        self.done.recv().unwrap().result.unwrap();
    }
}

#[test]
fn more_than_fits_in_memory_waits_in_the_file() {
    let file = File::new();
    let agent = |write: AgentWrite| Write::Agent(Box::new(write));
    file.write(vec![agent(AgentWrite::Enrolled { name: "n1".to_owned(), key: [7; 32] })]);
    let mut one = Agent::new("n1");
    let (mut shared, mut told) = (Vec::new(), 0);
    let mut drain = |one: &mut Agent, file: &File| loop {
        one.fetch(&file.reader, BEGIN);
        let Some(waiting) = one.waiting.pop_front() else { return };
        shared.push(waiting.number);
        file.write(vec![agent(AgentWrite::Shared { name: "n1".to_owned(), number: waiting.number })]);
    };
    for round in 0..8 {
        let readings: Vec<Sample> = (1..=200).map(|n| sample(round * 200 + n, (round * 200 + n) as i64)).collect();
        told += readings.len() as u64;
        let heard = one.take(report(readings), BEGIN, false).unwrap();
        // One that is not on disk yet is not missed.
        one.fetch(&file.reader, BEGIN);
        file.write(vec![agent(AgentWrite::Heard(Box::new(heard)))]);
        if round == 5 {
            drain(&mut one, &file);
        }
    }
    assert!(one.waiting.len() <= super::MOST_WAITING);
    // The centre is killed: it goes on with what is in the file.
    let mut one = super::Agents::load(&file.reader).unwrap().all.remove("n1").unwrap();
    drain(&mut one, &file);
    assert_eq!(shared, (1..=told).collect::<Vec<_>>());
    assert_eq!(file.reader.agent_readings("n1", 0, 10).unwrap(), []);
}

#[test]
fn two_runs_on_three_machines_get_what_the_meters_say() {
    let file = File::new();
    let zone = jiff::tz::TimeZone::UTC;
    let contracts = contract::parse(contract::SHIPPED).unwrap();
    let book = Book::new(zone.clone(), contracts, Colours::default(), Slots::default()).unwrap();
    let factors = Factors::parse(zone, SHIPPED).unwrap();
    let tariffs = Tariffs { book: &book, factors: &factors };
    let run = |job| RunId { job: JobId(job), attempt: 0 };
    // Job 1 on n1 and n2, job 2 on n2 and n3, a core of four on each; both from 20 s to 70 s.
    let there = |name: &str| match name {
        "n1" => vec![1],
        "n2" => vec![1, 2],
        _ => vec![2],
    };
    let machine = attribute::Machine { cores: 4, memory_mib: 1000, idle: Power::watts(40) };
    let at = |seconds: i64| BEGIN + Span::seconds(seconds);
    let holds = Holds { cores: 1, memory_mib: 0, gpus: Vec::new() };
    let mut metered = Energy::ZERO;
    for name in ["n1", "n2", "n3"] {
        let open =
            || Keeper::restore_of(&file.reader, Arc::from(name), machine, Vec::new(), |_| Ok(Vec::new())).unwrap();
        let mut keeper = open();
        for step in 0..10 {
            let seconds = step * 10;
            for job in there(name) {
                if step == 3 {
                    // The queue tells of it a little late.
                    keeper.live().begin(run(job), at(20), holds.clone());
                }
                if step == 7 {
                    keeper.live().end(run(job), at(70), 50_000_000);
                }
            }
            // 100 W; the runs use a whole core each while they are there.
            let used = (seconds.min(70) - 20).max(0) as u64 * 1_000_000;
            let runs: BTreeMap<RunId, u64> = there(name).into_iter().map(|job| (run(job), used)).collect();
            let busy_us = used * there(name).len() as u64 + seconds as u64 * 10_000;
            let mut follower: Follower = keeper.resume().follower.clone();
            let channels = vec![Channel::counter(Energy(seconds * 100_000_000), None, Energy(1))];
            let limits = Limits::default();
            let taken = follower.take(&limits, Reading { at: at(seconds), source: 0, channels });
            metered += taken.intervals.iter().map(|interval| interval.energy).sum();
            let runs = if step < 7 { runs } else { BTreeMap::new() };
            keeper.settle(follower, &taken.intervals, Look { busy_us, runs }, &GpuEnergy::default(), tariffs);
            if let Some(settled) = keeper.take(at(seconds)) {
                file.write(vec![Write::Energy(Box::new(EnergyWrite::Settled(settled)))]);
            }
            if step == 5 {
                // Killed, and taken up again with the runs that are there.
                let over = |job: &u32| Over {
                    run: run(*job),
                    start: at(20),
                    end: at(70),
                    holds: holds.clone(),
                    cpu_us: 50_000_000,
                };
                let all: Vec<Over> = there(name).iter().map(over).collect();
                keeper = Keeper::restore_of(&file.reader, Arc::from(name), machine, Vec::new(), |_| Ok(all)).unwrap();
            }
        }
    }
    let mut accounts = energy::reconcile::Accounts::default();
    for name in ["n1", "n2", "n3"] {
        file.reader
            .hours(name, BEGIN - Span::minutes(60), BEGIN + Span::minutes(60))
            .unwrap()
            .iter()
            .for_each(|hour| accounts += hour.accounts);
    }
    let jobs = [1, 2].map(|job| {
        let rows = file.reader.job_energy(JobId(job)).unwrap();
        assert_eq!(rows.len(), 2, "a row for each machine");
        assert!(rows.iter().all(|row| row.end == Some(at(70)) && row.cpu_us == 50_000_000), "{rows:?}");
        rows.iter().map(|row| row.account.total()).sum::<Energy>()
    });
    assert_eq!((accounts.machines(), metered), (metered, Energy(3 * 90 * 100_000_000)));
    assert_eq!(accounts.jobs, jobs[0] + jobs[1]);
    assert_eq!(jobs[0], jobs[1]);
    assert!(jobs[0] > Energy(2 * 50 * 20_000_000), "{jobs:?}");
}

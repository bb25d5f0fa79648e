//! Energy in the file: it sums up, it is small, it is found quickly, and older files take it in.

use std::{sync::Arc, time::Instant};

use energy::account::{HourPart, JobAccount};
use energy::carbon::Carbon;
use energy::contract::Cost;
use energy::live::Shared;
use energy::reconcile::{Accounts, Index};
use energy::{Energy, Flag, Interval, PerKwh, Power};
use model::{CpuSet, JobId, Span, Time};
use store::{Calibration, EnergyWrite, JobEnergy, Settled, Write};

use crate::support::*;

const HOUR: i64 = 3_600_000;

fn accounts(jobs: i64, system: i64, unallocated: i64, unmeasured: i64) -> Accounts {
    let [jobs, system, unallocated, unmeasured] = [jobs, system, unallocated, unmeasured].map(Energy);
    Accounts { jobs, system, unallocated, unmeasured }
}

/// An interval within one hour, at a price of a kilowatt-hour.
fn sample(start: i64, end: i64, flag: Flag, accounts: Accounts, microeur: i64) -> Shared {
    let energy = accounts.machines();
    let interval = Interval { start: Time(start), end: Time(end), energy, flag, source: 0 };
    let mut cost = Cost::default();
    cost.price.add(energy, microeur);
    Shared { interval, idle: accounts.unallocated, parts: vec![HourPart { interval, accounts, cost }] }
}

fn settled(machine: &str, samples: Vec<Shared>, jobs: Vec<JobEnergy>, resume: &str) -> Write {
    let settled = Settled { machine: Arc::from(machine), samples, jobs, resume: resume.to_owned() };
    Write::Energy(Box::new(EnergyWrite::Settled(settled)))
}

fn job(id: u32, end: Option<i64>, uj: i64) -> JobEnergy {
    let cost = Cost { price: PerKwh(i128::from(uj) * 198_500), estimated: Energy(5) };
    let carbon = Carbon::from_sums(PerKwh(-7), PerKwh(i128::from(i64::MAX) * 9), Energy(3));
    JobEnergy {
        job: JobId(id),
        attempt: 2,
        machine: Arc::from("smp1"),
        start: Time(1000),
        end: end.map(Time),
        cpu_us: 77,
        cores: 4,
        memory_mib: 2048,
        gpus: 1,
        measured_ms: 900,
        account: JobAccount { dynamic: Energy(uj), idle: Energy(2), gpu: Energy(1), cost, carbon },
    }
}

#[test]
fn what_is_settled_is_read_back_and_adds_up() {
    let file = File::new();
    let one = sample(0, 1000, Flag::Measured, accounts(70, 10, 20, 0), 3_000_000_000_000_000);
    let gap = sample(1000, 50_000, Flag::Gap, accounts(0, 0, 0, 999), 0);
    file.write(vec![settled("smp1", vec![one.clone(), gap], vec![job(1, None, 100), job(2, None, 5)], "{1}")]).unwrap();
    let late = sample(50_000, 61_000, Flag::Measured, accounts(1, 0, 0, 0), 3_000_000_000_000_000);
    file.write(vec![settled("smp1", vec![late], vec![job(1, Some(60_000), 101)], "{2}")]).unwrap();
    file.write(vec![settled("node2", vec![one], vec![], "x")]).unwrap();
    let reader = file.reader();
    assert_eq!(reader.metered().unwrap(), ["node2", "smp1"]);
    assert_eq!(reader.resume("smp1").unwrap().as_deref(), Some("{2}"));
    assert_eq!(reader.resume("nobody").unwrap(), None);
    let samples = reader.samples("smp1", Time(1000), Time(60_000)).unwrap();
    let shown: Vec<_> = samples.iter().map(|s| (s.interval.start.0, s.interval.end.0, s.interval.flag)).collect();
    assert_eq!(shown, [(1000, 50_000, Flag::Gap), (50_000, 61_000, Flag::Measured)]);
    let minutes = reader.minutes("smp1", Time(0), Time(120_000)).unwrap();
    let shown: Vec<_> =
        minutes.iter().map(|row| (row.start.0, row.energy.0, row.unmeasured.0, row.covered_ms)).collect();
    // One microjoule over two minutes is in the first.
    assert_eq!(shown, [(0, 1100, 999, 60_000), (60_000, 0, 0, 1000)]);
    let hours = reader.hours("smp1", Time(0), Time(HOUR)).unwrap();
    assert_eq!((hours.len(), hours[0].row.energy, hours[0].accounts), (1, Energy(1100), accounts(71, 10, 20, 999)));
    // The rests of two prices made a whole.
    assert_eq!(hours[0].cost.price, PerKwh(101 * 3_000_000_000_000_000));
    assert_eq!(reader.job_energy(JobId(1)).unwrap(), [job(1, Some(60_000), 101)]);
    assert_eq!(reader.job_energy_open("smp1").unwrap(), [job(2, None, 5)]);
    assert_eq!(reader.job_energy_between(Time(60_000), Time(70_000)).unwrap(), [job(2, None, 5)]);
    assert_eq!(reader.job_energy_between(Time(0), Time(70_000)).unwrap().len(), 2);
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let file = File::new();
    let blob = || Write::Blob { id: store::BlobId(1), bytes: Arc::from(&b"x"[..]) };
    let write =
        settled("smp1", vec![sample(0, 1000, Flag::Measured, accounts(1, 2, 3, 0), 1)], vec![job(1, None, 1)], "");
    file.write(vec![write, blob(), blob()]).unwrap_err();
    let reader = file.reader();
    assert_eq!((reader.metered().unwrap().len(), reader.job_energy(JobId(1)).unwrap().len()), (0, 0));
}

#[test]
fn the_past_is_thinned_out_again_and_again() {
    let file = File::new();
    let samples =
        (0..180).map(|n| sample(n * 60_000, (n + 1) * 60_000, Flag::Measured, accounts(1, 0, 0, 0), 1)).collect();
    file.write(vec![settled("smp1", samples, vec![], "")]).unwrap();
    for _ in 0..2 {
        let forget = EnergyWrite::Forget { samples: Time(2 * HOUR), minutes: Time(HOUR) };
        file.write(vec![Write::Energy(Box::new(forget))]).unwrap();
        let (all, reader) = (Time(i64::MAX / 2), file.reader());
        assert_eq!(reader.samples("smp1", Time(0), all).unwrap().len(), 61);
        assert_eq!(reader.minutes("smp1", Time(0), all).unwrap().len(), 120);
        let hours = reader.hours("smp1", Time(0), all).unwrap();
        assert_eq!(hours.iter().map(|hour| hour.accounts.jobs.0).sum::<i64>(), 180);
    }
}

#[test]
fn what_operators_measure_and_import_is_kept() {
    let file = File::new();
    let calibration = |at, source: &str| Calibration {
        machine: Arc::from("smp1"),
        at: Time(at),
        idle: Power::watts(56),
        per_cpu: Power(12_250),
        uncertainty_permille: 20,
        factor_permille: (at > 1).then_some(1822),
        gpu_idle: Power(0),
        source: source.to_owned(),
    };
    let lines = |pairs: &[(&str, &str)]| EnergyWrite::Calendar {
        name: "tempo".to_owned(),
        lines: pairs.iter().map(|(key, line)| ((*key).to_owned(), (*line).to_owned())).collect(),
    };
    let index = |at, uj| Index { at: Time(at), energy: Energy(uj) };
    let writes = [
        EnergyWrite::Calibration(calibration(1, "typed in")),
        EnergyWrite::Calibration(calibration(2, "plug")),
        EnergyWrite::Index(index(2, 5)),
        EnergyWrite::Index(index(1, 3)),
        EnergyWrite::Index(index(2, 6)),
        EnergyWrite::Index(index(3, 9)),
        EnergyWrite::NoIndex(Time(3)),
        lines(&[("2026-11-23", "2026-11-23,WHITE"), ("2026-11-22", "2026-11-22,BLUE")]),
        lines(&[("2026-11-23", "2026-11-23,RED")]),
    ];
    file.write(writes.map(|write| Write::Energy(Box::new(write))).into()).unwrap();
    let reader = file.reader();
    assert_eq!(reader.calibrations("smp1").unwrap(), [calibration(1, "typed in"), calibration(2, "plug")]);
    assert_eq!(reader.site_indexes().unwrap(), [index(1, 3), index(2, 6)]);
    assert_eq!(reader.calendar("tempo").unwrap(), ["2026-11-22,BLUE", "2026-11-23,RED"]);
}

#[test]
fn a_restart_finds_the_runs_that_ended_since() {
    let file = File::new();
    let mut run = finished(7, 1, model::JobState::Completed, model::Exit::default());
    run.placement.cpus = [0, 1, 2, 9].into_iter().collect();
    run.placement.gpus = vec![1, 3];
    let (start, end) = (run.start.unwrap(), run.end);
    let mut writes = submission(7, spec("x"));
    writes.push(over(7, run.clone()));
    file.write(writes).unwrap();
    let reader = file.reader();
    let found = reader.runs_ended_since(end - Span(1)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].start, found[0].end, &found[0].cpus), (start, end, &run.placement.cpus));
    assert_eq!((&*found[0].gpus, found[0].cpu_us), (&[1, 3][..], run.usage.user_us + run.usage.system_us));
    assert_ne!(found[0].cpus, CpuSet::default());
    assert!(reader.runs_ended_since(end).unwrap().is_empty());
    // One that has all of its energy has no part in what comes, whatever the clock said.
    file.write(vec![settled("smp1", vec![], vec![JobEnergy { attempt: 1, ..job(7, Some(1), 5) }], "")]).unwrap();
    assert!(file.reader().runs_ended_since(end - Span(1)).unwrap().is_empty());
}

/// A month of twenty machines, rolled up: less than 50 MB, and a chart of a day in less than 20 ms. Three days of it,
/// minute by minute as they come, so a tenth of that.
#[test]
fn a_month_of_twenty_machines_is_small_and_quick() {
    let file = File::new();
    let names: Vec<String> = (0..20).map(|n| format!("node{n:02}")).collect();
    let begin = 1_790_000_000_000 / HOUR * HOUR;
    for hour in 0..3 * 24 {
        let mut writes = Vec::new();
        for start in (0..60).map(|minute| begin + (hour * 60 + minute) * 60_000) {
            for (number, name) in (0..).zip(&names) {
                let jobs = 9_000_000_000 + number * 1_234_567_891 + start % 98_765_431;
                let shared = accounts(jobs, 120_000_001, 3_000_000_007, 0);
                let samples = vec![sample(start, start + 60_000, Flag::Measured, shared, 198_500)];
                writes.push(settled(name, samples, vec![], "{}"));
            }
        }
        let forget = EnergyWrite::Forget { samples: Time(i64::MAX / 2), minutes: Time(0) };
        writes.push(Write::Energy(Box::new(forget)));
        file.write(writes).unwrap();
    }
    let bytes = std::fs::metadata(&file.path).unwrap().len();
    let (reader, start) = (file.reader(), Time(begin));
    let look = |_| {
        let begun = Instant::now();
        let chart = reader.minutes("node07", start + Span(24 * HOUR), start + Span(48 * HOUR)).unwrap();
        let hours = reader.hours("node07", start, start + Span(72 * HOUR)).unwrap();
        assert_eq!((chart.len(), hours.len()), (1440, 72));
        begun.elapsed()
    };
    // The quickest of some: others use this machine, too.
    let spent = (0..5).map(look).min().unwrap();
    assert!(bytes < 5_000_000, "{bytes} bytes");
    assert!(spent.as_millis() < 20, "{spent:?}");
}

/// The file of a version without energy is taken over, and kept as it was.
#[test]
fn an_older_file_is_upgraded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("algoric.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../migrations/0001-centre.sql")).unwrap();
    old.execute_batch("INSERT INTO meta VALUES ('next_id', '12')").unwrap();
    old.pragma_update(None, "application_id", 0x414c_474f).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let (_, opened) = store::Db::open(&path).unwrap();
    let store::Opened::Upgraded { from: 1, kept } = opened else { panic!("{opened:?}") };
    assert!(kept.exists());
    let schema = |path: &std::path::Path| -> Vec<String> {
        let sql = rusqlite::Connection::open(path).unwrap();
        let mut all = sql.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(schema(&path), schema(&File::new().path));
    let reader = store::Reader::open(&path).unwrap();
    assert_eq!(reader.replay(&mut |_| {}).unwrap().next_id, JobId(12));
}

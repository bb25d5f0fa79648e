//! The exact sums of published traces, and for those that pyss replayed, the very same waits.

use std::io::Read;
use std::path::Path;

use scheduler::pool::Rule;
use simulator::clock::{self, Order, Played};
use simulator::metrics::{Metrics, differ_from_trace_wait};
use simulator::pool::PoolScheduler;
use simulator::swf::Reader;
use simulator::workload::{Estimates, Trace, Workload};

pub const EASY: Rule = Rule::Easy { shortest_first: false };
const SJBF: Rule = Rule::Easy { shortest_first: true };

/// A trace of `tests/traces`.
pub fn load(name: &str) -> (Trace, Workload) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(name).with_extension("swf.gz");
    let path = path.with_file_name(format!("{name}.swf.gz"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut text).unwrap();
    let mut reader = Reader::new(false);
    // In pieces that end anywhere.
    text.chunks(100_003).for_each(|piece| reader.feed(piece).unwrap());
    let trace = reader.finish().unwrap();
    let estimates = if trace.has_no_estimates() { Estimates::Run } else { Estimates::Request };
    let workload = trace.workload(trace.procs().unwrap(), estimates);
    (trace, workload)
}

fn play(workload: &Workload, rule: Rule, order: Order) -> Played {
    let mut scheduler = PoolScheduler::new(workload, rule, order);
    clock::run(workload, &mut scheduler, order, &mut |_| ()).unwrap()
}

/// Jobs, sum of waits, mean bounded slowdown (to the last digit given), makespan, utilisation.
fn check(name: &str, jobs: u64, rows: &[(Rule, i128, f64, i64, f64)]) {
    let (_, workload) = load(name);
    for (rule, sum, slowdown, makespan, used) in rows {
        let metrics = Metrics::new(&workload, &play(&workload, *rule, Order::Batch));
        assert_eq!((metrics.jobs, metrics.sum_wait_s, metrics.makespan_s), (jobs, *sum, *makespan), "{name} {rule:?}");
        let near = |got: f64, exact: f64, digits: f64| assert!((got - exact).abs() <= digits, "{name} {rule:?}: {got}");
        near(metrics.mean_bsld, *slowdown, 0.000_001);
        near(metrics.utilisation, *used, 0.000_000_6);
    }
}

#[test]
fn nasa() {
    let rows = [
        (Rule::Fcfs, 145_997, 1.026233, 7_949_022, 0.466093),
        (EASY, 73_468, 1.011872, 7_949_022, 0.466093),
        (SJBF, 73_468, 1.011872, 7_949_022, 0.466093),
    ];
    check("NASA-iPSC-1993-3.1-cln", 18_066, &rows);
}

#[test]
fn lublin() {
    let rows = [
        (Rule::Fcfs, 23_884_437_601, 66502.475529, 12_482_549, 0.654908),
        (EASY, 971_559_945, 590.053777, 8_730_698, 0.936343),
        (SJBF, 733_943_755, 219.557621, 9_106_839, 0.897669),
    ];
    check("lublin_256", 10_000, &rows);
}

#[test]
fn kth_as_pyss_read_it() {
    let rows = [
        (Rule::Fcfs, 10_075_905_909, 6814.97331, 29_379_608, 0.68524),
        (EASY, 194_655_880, 92.687654, 29_363_626, 0.685613),
        (SJBF, 168_142_892, 69.393636, 29_363_626, 0.685613),
    ];
    check("KTH-SP2.pyss-easy", 28_481, &rows);
}

#[test]
fn kth() {
    check("KTH-SP2-1996-2.1-cln", 28_467, &[(EASY, 194_642_687, 92.729925, 28_763_776, 0.697121)]);
}

#[test]
fn curie() {
    let rows = [
        (EASY, 2_087_606_318, 228.512012, 22_034_011, 0.711943),
        (SJBF, 1_715_475_456, 186.383636, 22_025_660, 0.712212),
    ];
    check("CEA-curie.pyss-easy", 295_540, &rows);
}

/// Promises to everybody, drawn together at each early end: the sums that looking at everybody each time gives.
#[test]
fn conservative() {
    let rows = [("KTH-SP2.pyss-easy", 208_373_805), ("lublin_256", 1_315_675_089)];
    for (name, sum) in rows {
        let (_, workload) = load(name);
        let played = play(&workload, Rule::Conservative, Order::Batch);
        assert_eq!(Metrics::new(&workload, &played).sum_wait_s, sum, "{name}");
    }
}

/// To the second on every job.
fn as_pyss_did(name: &str, slowdown: f64) {
    let (trace, workload) = load(name);
    let played = play(&workload, EASY, Order::Pyss);
    assert_eq!(differ_from_trace_wait(&trace, &workload, &played), 0);
    assert!((Metrics::new(&workload, &played).mean_bsld - slowdown).abs() < 0.00005);
    let batch = play(&workload, EASY, Order::Batch);
    assert_ne!(differ_from_trace_wait(&trace, &workload, &batch), 0);
}

#[test]
fn kth_to_the_second() {
    as_pyss_did("KTH-SP2.pyss-easy", 92.57654);
}

#[test]
fn curie_to_the_second() {
    as_pyss_did("CEA-curie.pyss-easy", 202.1332);
}

//! What the kernels promise: conservation, the same bits for any number of threads, known answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod analytic;
mod asc;
mod balance;
mod map;
mod records;
mod threads;
mod valleys;

use std::ops::ControlFlow;

use kernels::Terrain;
use kernels::flood::{self, Outcome, Scenario};

/// Runs a scenario that must succeed, and checks what every run must hold.
fn run(terrain: &Terrain, scenario: &Scenario, threads: usize) -> Outcome {
    let outcome = flood::run(terrain, scenario, threads, &mut |_| ControlFlow::Continue(())).unwrap();
    let report = outcome.report;
    assert!(report.relative_imbalance.abs() < 1e-12, "water is lost or made: {report:?}");
    for ((z, greatest), last) in terrain.values.iter().zip(&outcome.greatest.values).zip(&outcome.last.values) {
        assert_eq!(z.is_nan(), last.is_nan(), "depths are where ground is");
        assert!(z.is_nan() || (*last >= 0.0 && greatest >= last), "depths {last} and {greatest} at a height of {z}");
    }
    outcome
}

/// The bits of some numbers, and a short sum of them for a snapshot (FNV-1a, 64 bits).
fn fingerprint(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

//! Any number of threads gives the same bits; a run can be watched and stopped.

use std::ops::ControlFlow;

use kernels::flood::{self, Border, Borders, FloodError, Outcome, Outside, Rain, Scenario, Series};
use kernels::valley::Valley;
use kernels::{Grid, Terrain};

use crate::run;

fn bits(outcome: &Outcome) -> (Vec<u64>, String) {
    let depths = outcome.greatest.values.iter().chain(&outcome.last.values);
    (depths.map(|h| h.to_bits()).collect(), format!("{:?}", outcome.report))
}

fn check(terrain: &Terrain, scenario: &Scenario) -> Outcome {
    let alone = run(terrain, scenario, 1);
    for threads in [2, 3, 5, 8, 1000] {
        assert_eq!(bits(&alone), bits(&run(terrain, scenario, threads)), "{threads} threads");
    }
    alone
}

#[test]
fn a_rainy_valley() {
    let terrain = Valley { ncols: 61, nrows: 47, cell_m: 10.0, seed: 3 }.terrain().unwrap();
    let outcome = check(&terrain, &Scenario::rain(60.0, 0.5));
    assert!(outcome.report.outflow_m3 > 0.0);
}

#[test]
fn a_wild_place_where_cells_run_dry() {
    let mut heights: Vec<f64> =
        (0u32..400).map(|cell| f64::from(cell.wrapping_mul(2_654_435_761) >> 20) / 80.0).collect();
    for hole in [30, 31, 210, 215, 395] {
        heights[hole] = f64::NAN;
    }
    let start = (0..400).map(|cell| if cell % 3 == 0 { 2.5 } else { 0.0 }).collect();
    let tide = Border::Depth(Series::new("depth", vec![(0.0, 0.0), (300.0, 3.0), (600.0, 0.0)]).unwrap());
    let scenario = Scenario {
        rain: Rain::Table(Series::new("rain", vec![(10.0, 400.0), (100.0, 0.0)]).unwrap()),
        borders: Borders {
            north: tide.clone(),
            east: Border::Open,
            south: Border::Closed,
            west: tide,
            no_data: Outside::Outlet,
        },
        start: Some(start),
        duration_s: 900.0,
        manning: 0.02,
        alpha: 0.7,
        ..Scenario::rain(0.0, 1.0)
    };
    let outcome = check(&Grid::new(20, 20, 4.0, heights).unwrap(), &scenario);
    assert!(outcome.report.reduced_steps > 0, "the case must go through the correction: {:?}", outcome.report);
}

#[test]
fn progress_rises_to_the_end() {
    let terrain = Grid::new(9, 9, 10.0, vec![1.0; 81]).unwrap();
    let mut seen = Vec::new();
    let mut watch = |progress: flood::Progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    };
    let outcome = flood::run(&terrain, &Scenario::rain(50.0, 1.0), 2, &mut watch).unwrap();
    assert!(seen.len() > 100 && seen.len() <= 1100, "{}", seen.len());
    assert!(seen.windows(2).all(|pair| pair[0].fraction < pair[1].fraction && pair[0].steps < pair[1].steps));
    let last = seen.last().unwrap();
    assert_eq!((last.fraction, last.steps, last.simulated_s), (1.0, outcome.report.steps, 3600.0));
}

#[test]
fn a_watcher_stops_a_run() {
    let terrain = Grid::new(9, 9, 10.0, vec![1.0; 81]).unwrap();
    for threads in [1, 3] {
        let mut watch = |_: flood::Progress| ControlFlow::Break(());
        let stopped = flood::run(&terrain, &Scenario::rain(50.0, 100_000.0), threads, &mut watch);
        assert!(matches!(stopped, Err(FloodError::Stopped { simulated_s }) if simulated_s < 3.6e8));
    }
}

#[test]
fn what_cannot_be_computed_is_refused() {
    let plain = Grid::new(2, 2, 1.0, vec![0.0; 4]).unwrap();
    let nothing = Grid::new(2, 2, 1.0, vec![f64::NAN; 4]).unwrap();
    let peak = Grid::new(2, 2, 1.0, vec![0.0, 1.0, 2.0, 99_999.0]).unwrap();
    let rain = || Scenario::rain(10.0, 1.0);
    let check = |terrain: &Terrain, scenario: Scenario, want: &str| {
        let refused = flood::run(terrain, &scenario, 1, &mut |_| ControlFlow::Continue(()));
        assert_eq!(refused.unwrap_err().to_string(), want);
    };
    check(&plain, Scenario::rain(-1.0, 1.0), "the rain is -1: give 0 to 100 000 mm/h");
    check(&plain, Scenario::rain(f64::NAN, 1.0), "the rain is NaN: give 0 to 100 000 mm/h");
    check(&plain, Scenario::rain(1.0, 0.0), "the simulated time is 0: give more than 0 and at most 1e9 seconds");
    check(
        &plain,
        Scenario { manning: 0.0, ..rain() },
        "Manning's n is 0: give 0.001 to 1 (0.03 river bed, 0.05 meadow, 0.1 wood)",
    );
    check(&plain, Scenario { alpha: 1.5, ..rain() }, "alpha is 1.5: give more than 0 and at most 0.7");
    check(
        &plain,
        Scenario { start: Some(vec![1.0]), ..rain() },
        "the depths at the start do not fit the terrain: 1 values for a grid of 4 cells",
    );
    check(&plain, Scenario { start: Some(vec![-1.0; 4]), ..rain() }, "a depth at the start is -1: give 0 to 10 000 m");
    check(&nothing, rain(), "the terrain has no cell with a height: heights are metres between -20 000 and 20 000");
    check(
        &peak,
        rain(),
        "the terrain has a height that is none (a NODATA value that the header does not name?): \
         heights are metres between -20 000 and 20 000",
    );
}

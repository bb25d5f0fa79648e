//! Cases with a known answer.

use kernels::Grid;
use kernels::flood::{Border, Borders, Rain, Scenario, Series};

use crate::run;

/// A wave that runs over a horizontal plane at a steady speed u, as if pushed by a wall of water whose
/// depth keeps growing: h = (-7/3 n² u² (x - u t))^(3/7). From Hunter et al. (Advances in Water
/// Resources 28, 2005), and the first test of Bates et al. (2010). It is an exact solution without
/// inertia; what inertia adds is of the order of centimetres.
fn wave_m(n: f64, u: f64, x: f64, t: f64) -> f64 {
    (-7.0 / 3.0 * n * n * u * u * (x - u * t)).max(0.0).powf(3.0 / 7.0)
}

fn check_wave(n: f64, u: f64, cell_m: f64, hour_s: f64, most_rmse_m: f64) {
    let ncols = (1.3 * u * hour_s / cell_m) as usize;
    let plane = Grid::new(ncols, 3, cell_m, vec![0.0; 3 * ncols]).unwrap();
    // The cell of the imposed depth has its middle half a cell beyond the border.
    let imposed = (0..=360).map(|i| f64::from(i) * hour_s / 360.0).map(|t| (t, wave_m(n, u, -0.5 * cell_m, t)));
    let scenario = Scenario {
        duration_s: hour_s,
        manning: n,
        borders: Borders { west: Border::Depth(Series::new("depth", imposed.collect()).unwrap()), ..Borders::closed() },
        ..Scenario::rain(0.0, 1.0)
    };
    let outcome = run(&plane, &scenario, 2);
    let (mut squares, mut wet, mut front_m) = (0.0, 0.0, 0.0);
    for col in 0..ncols {
        let x = (col as f64 + 0.5) * cell_m;
        let (h, want) = (outcome.last.at(1, col), wave_m(n, u, x, hour_s));
        assert_eq!(h.to_bits(), outcome.last.at(0, col).to_bits(), "rows are alike");
        if want > 0.0 || h > 0.01 {
            (squares, wet) = (squares + (h - want) * (h - want), wet + 1.0);
        }
        front_m = if h > 0.01 { x } else { front_m };
    }
    let rmse: f64 = f64::sqrt(squares / wet);
    let case = format!("n {n}, u {u} m/s, cells of {cell_m} m: RMSE {rmse:.4} m, front at {front_m} m");
    assert!(rmse < most_rmse_m, "{case}");
    assert!((front_m - u * hour_s).abs() < 0.03 * u * hour_s + 3.0 * cell_m, "{case}");
}

#[test]
fn wave_on_a_plane_is_as_hunter_et_al_say() {
    // Some centimetres at a speed of 1 m/s. Finer cells see more of the shallow front, where the scheme
    // lacks the advection that the exact solution has: 9 cm with cells of 5 m.
    check_wave(0.03, 1.0, 50.0, 3600.0, 0.04);
    check_wave(0.03, 1.0, 25.0, 3600.0, 0.07);
    check_wave(0.06, 0.5, 20.0, 3600.0, 0.03);
    // Slow and rough, inertia hardly counts, and the error halves with the cells.
    check_wave(0.1, 0.3, 40.0, 3600.0, 0.08);
    check_wave(0.1, 0.3, 20.0, 3600.0, 0.05);
    check_wave(0.1, 0.3, 10.0, 3600.0, 0.03);
    check_wave(0.1, 0.3, 5.0, 3600.0, 0.015);
}

/// Steady rain on a plane: what flows through each place is what has fallen above it, and the depth is
/// Manning's for that flux (kinematic wave).
fn check_plane(slope: f64, n: f64, rain_mm_h: f64, turned: bool) {
    let (long, wide, cell_m, hours) = (60, 4, 10.0, 4.0);
    let (ncols, nrows) = if turned { (wide, long) } else { (long, wide) };
    let along = |cell: usize| if turned { cell / ncols } else { cell % ncols };
    let heights = (0..long * wide).map(|cell| 50.0 - slope * cell_m * along(cell) as f64).collect();
    let plane = Grid::new(ncols, nrows, cell_m, heights).unwrap();
    let borders = if turned {
        Borders { south: Border::Open, ..Borders::closed() }
    } else {
        Borders { east: Border::Open, ..Borders::closed() }
    };
    let at = |hours| Scenario { manning: n, borders: borders.clone(), ..Scenario::rain(rain_mm_h, hours) };
    let (before, after) = (run(&plane, &at(hours), 1), run(&plane, &at(hours + 0.5), 2));
    let rate = rain_mm_h / 3.6e6;
    let (gone, fell) =
        (after.report.outflow_m3 - before.report.outflow_m3, 1800.0 * rate * 100.0 * (long * wide) as f64);
    assert!((gone / fell - 1.0).abs() < 1e-4, "outflow {gone} m³ of {fell} m³ of rain in the last half hour");
    for (cell, h) in after.last.values.iter().enumerate() {
        let x = cell_m * (along(cell) + 1) as f64;
        let manning = |slope: f64| (n * rate * x / slope.sqrt()).powf(0.6);
        // The surface is a little less steep than the plane: the depth grows as x^0.6.
        let want = manning(slope - 0.6 * manning(slope) / x);
        let off = h / want - 1.0;
        // The first cells are a few steps of the raster from the top, the last a step from the border.
        assert!(along(cell) < 5 || off.abs() < 0.02, "cell {cell}: {h} m, Manning's depth is {want} m");
    }
}

#[test]
fn steady_rain_on_a_plane_flows_off_at_mannings_depth() {
    check_plane(0.01, 0.05, 50.0, false);
    check_plane(0.01, 0.05, 50.0, true);
    check_plane(0.05, 0.05, 20.0, false);
    check_plane(0.002, 0.1, 80.0, true);
}

#[test]
fn a_river_in_a_channel_runs_at_mannings_depth_without_ripples() {
    // Two metres deep, falling three in a thousand, fed by an imposed depth, and free to leave.
    let (n, slope, depth) = (0.03, 0.003, 2.0);
    let heights = (0..150).map(|col| 10.0 - slope * 20.0 * f64::from(col)).collect();
    let channel = Grid::new(150, 1, 20.0, heights).unwrap();
    let west = Border::Depth(Series::new("depth", vec![(0.0, 0.0), (1800.0, depth)]).unwrap());
    let borders = Borders { west, east: Border::Open, ..Borders::closed() };
    let scenario = Scenario { manning: n, borders, rain: Rain::mm_per_h(0.0), ..Scenario::rain(0.0, 5.0) };
    let outcome = run(&channel, &scenario, 1);
    let depths = &outcome.last.values[2..];
    for (i, pair) in depths.windows(2).enumerate() {
        assert!((pair[1] - pair[0]).abs() < 0.01, "a ripple at cell {i}: {pair:?}");
        // The imposed ground is level with the first cell, so a little more than Manning's depth comes in.
        assert!((pair[0] / depth - 1.0).abs() < 0.05, "{} m at cell {i}", pair[0]);
    }
}

#[test]
fn a_lake_at_rest_stays_at_rest() {
    let (ncols, nrows, level) = (31, 17, 5.0);
    let heights: Vec<f64> = (0..ncols * nrows)
        .map(|cell| {
            let (x, y) = ((cell % ncols) as f64 - 14.0, (cell / ncols) as f64 - 8.0);
            match cell {
                40 | 41 => f64::NAN,
                // An island in the middle, shores around, a bumpy bed.
                _ => (8.0 - 0.9 * (x * x + y * y).sqrt()).max(0.02 * (x * x + y * y)) + 0.1 * (x * 1.7).sin(),
            }
        })
        .collect();
    let lake: Vec<f64> = heights.iter().map(|z| (level - z).max(0.0)).collect();
    let terrain = Grid::new(ncols, nrows, 5.0, heights).unwrap();
    let scenario = Scenario { start: Some(lake.clone()), borders: Borders::closed(), ..Scenario::rain(0.0, 2.0) };
    let outcome = run(&terrain, &scenario, 3);
    assert!(outcome.report.steps > 1000);
    for (h, want) in outcome.last.values.iter().zip(&lake).filter(|(h, _)| !h.is_nan()) {
        assert!((h - want).abs() < 1e-10, "{h} m of {want} m");
    }
}

#[test]
fn a_lake_calms_down_after_a_landslide() {
    // Half of a bowl stands metres higher than the other half. What is left after some hours is a slow
    // swell; waves from cell to cell, which the plain scheme would feed, are gone.
    let heights = (0..60 * 40).map(|cell| {
        let (x, y) = (f64::from(cell % 60) / 30.0 - 1.0, f64::from(cell / 60) / 20.0 - 1.0);
        6.0 * (x * x + y * y)
    });
    let bowl = Grid::new(60, 40, 10.0, heights.collect()).unwrap();
    let start: Vec<f64> = (0..60 * 40).map(|cell| if cell % 60 < 30 { 3.0 } else { 1.0 }).collect();
    for (manning, most_m) in [(0.01, 0.2), (0.03, 0.1), (0.1, 0.02)] {
        let scenario =
            Scenario { start: Some(start.clone()), manning, borders: Borders::closed(), ..Scenario::rain(0.0, 2.0) };
        let outcome = run(&bowl, &scenario, 2);
        let deep = bowl.values.iter().zip(&outcome.last.values).filter(|(_, h)| **h > 0.5).map(|(z, h)| z + h);
        let (low, high) = deep.fold((f64::MAX, f64::MIN), |(low, high), level| (low.min(level), high.max(level)));
        assert!(high - low < most_m, "n {manning}: levels from {low} to {high} m, {:?}", outcome.report);
    }
}

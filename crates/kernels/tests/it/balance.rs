//! Water is neither lost nor made, and no cell goes below dry, whatever the terrain. The checks are in
//! [`run`](crate::run).

use kernels::flood::{Border, Borders, Outside, Rain, Scenario, Series};
use kernels::{Grid, Terrain};
use proptest::prelude::*;

use crate::run;

fn border() -> impl Strategy<Value = Border> {
    let depth = prop::collection::vec(0.0..4.0f64, 1..4).prop_map(|depths| {
        let table = depths.into_iter().enumerate().map(|(i, depth)| (i as f64 * 200.0, depth)).collect();
        Border::Depth(Series::new("depth", table).unwrap())
    });
    prop_oneof![2 => Just(Border::Closed), 2 => Just(Border::Open), 1 => depth]
}

fn rain() -> impl Strategy<Value = Rain> {
    let table = prop::collection::vec((1.0..300.0f64, 0.0..2000.0f64), 1..5).prop_map(|lines| {
        let mut from_s = 0.0;
        let table = lines.into_iter().map(|(later, rate)| {
            from_s += later;
            (from_s, rate)
        });
        Rain::Table(Series::new("rain", table.collect()).unwrap())
    });
    prop_oneof![Just(Rain::mm_per_h(0.0)), (0.0..500.0f64).prop_map(Rain::Steady), table]
}

/// A terrain from gentle to wild, some of it without ground, and maybe water on it.
fn place() -> impl Strategy<Value = (Terrain, Option<Vec<f64>>)> {
    (1..14usize, 1..14usize, 1.0..30.0f64, prop_oneof![Just(0.5), Just(5.0), Just(80.0)]).prop_flat_map(
        |(ncols, nrows, cell_m, relief)| {
            let cells = ncols * nrows;
            let height = prop_oneof![9 => (0.0..relief).boxed(), 1 => Just(f64::NAN).boxed()];
            let heights = prop::collection::vec(height, cells).prop_map(|mut heights| {
                if heights.iter().all(|z| z.is_nan()) {
                    heights[0] = 1.0;
                }
                heights
            });
            let start = prop::option::of(prop::collection::vec(prop_oneof![Just(0.0), 0.0..5.0f64], cells));
            (heights.prop_map(move |heights| Grid::new(ncols, nrows, cell_m, heights).unwrap()), start)
        },
    )
}

prop_compose! {
    fn scenario()(
        rain in rain(),
        sides in [border(), border(), border(), border()],
        no_data in prop_oneof![Just(Outside::Wall), Just(Outside::Outlet)],
        duration_s in 1.0..900.0f64,
        manning in 0.01..0.3f64,
        alpha in 0.3..0.7f64,
    ) -> Scenario {
        let [north, east, south, west] = sides;
        let borders = Borders { north, east, south, west, no_data };
        Scenario { rain, duration_s, manning, borders, alpha, ..Scenario::rain(0.0, 1.0) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn water_is_conserved_and_never_negative((terrain, start) in place(), scenario in scenario(), threads in 1..4usize) {
        let scenario = Scenario { start, ..scenario };
        let report = run(&terrain, &scenario, threads).report;
        let rain_m3 = scenario.rain.fallen_m(scenario.duration_s) * terrain.cell_area_m2() * terrain.cells_with_data() as f64;
        prop_assert!((report.rain_m3 - rain_m3).abs() <= 1e-9 * rain_m3, "{} m³ of {rain_m3} m³ of rain", report.rain_m3);
        prop_assert!((report.simulated_s - scenario.duration_s).abs() <= 1e-9 * scenario.duration_s);
        let imposed = |border: &Border| matches!(border, Border::Depth(_));
        let Borders { north, east, south, west, .. } = &scenario.borders;
        prop_assert!(report.inflow_m3 == 0.0 || [north, east, south, west].into_iter().any(imposed));
    }
}

#[test]
fn no_water_crosses_closed_borders() {
    let heights = (0..100).map(|cell| f64::from(cell % 10) + f64::from(cell / 10)).collect();
    let terrain = Grid::new(10, 10, 10.0, heights).unwrap();
    let report = run(&terrain, &Scenario { borders: Borders::closed(), ..Scenario::rain(60.0, 2.0) }, 2).report;
    assert_eq!((report.outflow_m3, report.inflow_m3), (0.0, 0.0));
    assert!((report.stored_m3 / 1200.0 - 1.0).abs() < 1e-12, "{report:?}");
}

#[test]
fn no_data_is_a_wall_or_an_outlet_as_asked() {
    let mut heights = vec![3.0; 49];
    heights[24] = f64::NAN;
    let terrain = Grid::new(7, 7, 10.0, heights).unwrap();
    for (no_data, leaves) in [(Outside::Wall, false), (Outside::Outlet, true)] {
        let borders = Borders { no_data, ..Borders::closed() };
        let report = run(&terrain, &Scenario { borders, ..Scenario::rain(60.0, 1.0) }, 2).report;
        assert_eq!(report.outflow_m3 > 0.0, leaves, "{no_data:?}: {report:?}");
        assert!((report.rain_m3 / 288.0 - 1.0).abs() < 1e-12, "no rain on what is no ground: {report:?}");
    }
}

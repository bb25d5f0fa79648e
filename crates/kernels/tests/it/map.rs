//! Maps: pixels that stay, sizes that fit, and what is refused.

use std::ops::ControlFlow;

use kernels::picture::{MapError, Panel, Sheet};
use kernels::study::{self, FloodOptions, Ground, MapWriteError, Record};
use kernels::valley::Valley;
use kernels::{DepthField, Grid, Terrain};

use crate::fingerprint;

fn small_study() -> (Terrain, Vec<(Record, DepthField)>) {
    let ground = Ground::Valley(Valley { ncols: 30, nrows: 20, cell_m: 20.0, seed: 11 });
    let terrain = ground.terrain(|_| Ok(std::io::empty())).unwrap();
    let scenarios = [80.0, 20.0, 40.0].map(|rain_mm_h| {
        let options = FloodOptions { ground: ground.clone(), rain_mm_h, hours: 0.4, ..FloodOptions::default() };
        let outcome = study::compute(&options, &terrain, &mut |_| ControlFlow::Continue(())).unwrap();
        (Record::new(&options, &outcome.report), outcome.greatest)
    });
    (terrain, scenarios.into())
}

/// The picture in a PNG: width, height, bytes of the pixels.
fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    (info.width, info.height, pixels)
}

#[test]
fn the_map_of_a_small_study_keeps_its_pixels() {
    let (terrain, scenarios) = small_study();
    let mut png = Vec::new();
    study::write_map(&terrain, &scenarios, &mut png).unwrap();
    let (width, height, pixels) = decoded(&png);
    let print = format!("{width} x {height} {:016x}", fingerprint(pixels.into_iter()));
    assert_eq!(print, "1800 x 1091 8cc53c09a375c69f", "look at the map before you take its new fingerprint");
}

#[test]
fn deeper_water_is_darker_and_a_film_is_not_shown() {
    let terrain = Grid::new(40, 20, 10.0, vec![5.0; 800]).unwrap();
    let at = |depth: f64| {
        let depths = terrain.with_values((0..800).map(|cell| if cell == 0 { 4.0 } else { depth }).collect()).unwrap();
        let panels = [Panel { label: "", depth: &depths }];
        let canvas =
            Sheet { title: "", subtitle: "", legend: "", note: "", terrain: &terrain, panels: &panels }.draw().unwrap();
        let middle = (canvas.height / 2 * canvas.width + canvas.width / 2) * 3;
        canvas.pixels[middle..middle + 3].iter().map(|&v| u32::from(v)).sum::<u32>()
    };
    assert_eq!(at(0.0), at(0.049), "a film of water is ground");
    let lights: Vec<u32> = [0.1, 0.3, 1.0, 2.0, 4.0].map(at).into();
    assert!(lights.windows(2).all(|pair| pair[0] > pair[1]), "{lights:?}");
}

#[test]
fn any_shape_and_number_of_scenarios_fits() {
    for (ncols, nrows) in [(1, 1), (2, 300), (300, 2), (40, 30), (2500, 1600)] {
        let terrain =
            Grid::new(ncols, nrows, 5.0, (0..ncols * nrows).map(|cell| (cell % 97) as f64).collect()).unwrap();
        let depth = terrain.with_values(vec![0.3; ncols * nrows]).unwrap();
        for count in [1, 2, 5, 30] {
            if ncols == 2500 && count > 2 {
                continue;
            }
            let panels = vec![Panel { label: "10 mm/h", depth: &depth }; count];
            let sheet = Sheet { title: "T", subtitle: "S", legend: "D", note: "N", terrain: &terrain, panels: &panels };
            let canvas = sheet.draw().unwrap();
            let case = format!("{ncols} x {nrows}, {count} scenarios: {} x {}", canvas.width, canvas.height);
            assert!((900..2400).contains(&canvas.width) && (150..3000).contains(&canvas.height), "{case}");
            assert_eq!(canvas.pixels.len(), canvas.width * canvas.height * 3, "{case}");
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let (terrain, mut scenarios) = small_study();
    assert!(matches!(study::write_map(&terrain, &[], Vec::new()), Err(MapWriteError::Map(MapError::Nothing))));
    scenarios[1].1.x_min += 100.0;
    let refused = study::write_map(&terrain, &scenarios, Vec::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the depths of `20 mm/h` (30 × 20 cells of 20 m from 100, 0) do not lie on the terrain (30 × 20 cells of 20 m from 0, 0): \
         give the terrain that they were computed on"
    );
}

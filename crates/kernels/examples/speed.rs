//! How fast the flood goes here: the scenarios of the first run, one after the other, and their map.
//!
//! `cargo run --release -p kernels --example speed [THREADS [SEED [MAP.png]]]`
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a person runs this by hand"
)]

use std::ops::ControlFlow;
use std::time::Instant;

use kernels::study::{self, FIRST_RUN_RAINS_MM_H, FloodOptions, Ground, Record};
use kernels::valley::Valley;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let threads = args.next().map_or(Ok(1), |text| text.parse())?;
    let seed = args.next().map_or(Ok(Valley::first_run().seed), |text| text.parse())?;
    let start = Instant::now();
    let valley = Valley { seed, ..Valley::first_run() };
    let terrain = valley.terrain()?;
    println!("valley in {:.2} s", start.elapsed().as_secs_f64());
    let mut scenarios = Vec::new();
    for rain_mm_h in FIRST_RUN_RAINS_MM_H {
        let options = FloodOptions { ground: Ground::Valley(valley), rain_mm_h, threads, ..FloodOptions::default() };
        let start = Instant::now();
        let outcome = study::compute(&options, &terrain, &mut |_| ControlFlow::Continue(()))?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = outcome.report.cell_updates as f64 / seconds / 1e6;
        println!("{rain_mm_h} mm/h: {seconds:.2} s, {rate:.0} million cells a second, {:?}", outcome.report);
        scenarios.push((Record::new(&options, &outcome.report), outcome.greatest));
    }
    if let Some(file) = args.next() {
        study::write_map(&terrain, &scenarios, std::fs::File::create(file)?)?;
    }
    Ok(())
}

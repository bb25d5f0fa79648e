//! Two-dimensional floods: rain falls on a terrain, runs off, gathers and spreads.
//!
//! The scheme is the local-inertial form of the shallow-water equations on a staggered grid (Bates,
//! Horritt & Fewtrell, "A simple inertial formulation of the shallow water equations for efficient
//! two-dimensional flood inundation modelling", Journal of Hydrology 387, 2010), with Manning
//! friction taken implicitly, and the weighting of de Almeida et al. ("Improving the stability of a
//! simple formulation of the shallow water equations for 2-D flood modeling", Water Resources Research
//! 48, 2012) only where fluxes alternate from face to face (see `row`). It is made for floods: flow
//! faster than its own waves (below weirs, down cliffs) is only roughly right.
//!
//! * The time step adapts: α Δx / sqrt(g h_max).
//! * No cell goes negative: when one would, the fluxes that leave it are reduced to what it holds.
//! * What one cell loses another gains, so water is conserved to rounding; the [`Report`] says how well.
//! * The grid is cut into bands of rows, one thread each, which live through the run and meet at one
//!   barrier a step. A band computes the faces it shares with its neighbour exactly as the neighbour
//!   does, minima and maxima know no order, and volumes are summed row by row, then in the order of
//!   rows: the result is the same bit for bit for any number of threads.
//!
//! Knows no file and no clock: how fast it went is [`Report::cell_updates`] over the caller's watch.

mod band;
mod border;
mod row;
mod scenario;
mod sum;
mod team;

use std::ops::ControlFlow;

use sum::Sum;
use thiserror::Error;

pub use scenario::{Border, Borders, Outside, Rain, Scenario, Series};

use crate::grid::{DepthField, GridError, Terrain};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Part of the simulated time that is done, 0 to 1.
    pub fraction: f64,
    /// Simulated time, seconds.
    pub simulated_s: f64,
    /// Time steps taken.
    pub steps: u64,
    /// Greatest depth at this moment, metres.
    pub deepest_m: f64,
}

/// Where the water came from and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// On the ground at the start, m³.
    pub initial_m3: f64,
    /// Fallen as rain, m³.
    pub rain_m3: f64,
    /// Come in through borders of imposed depth, m³.
    pub inflow_m3: f64,
    /// Left through open borders and borders of imposed depth, m³.
    pub outflow_m3: f64,
    /// On the ground at the end, m³.
    pub stored_m3: f64,
    /// What came minus what left minus what is stored beyond the start: rounding only, m³.
    pub imbalance_m3: f64,
    /// The imbalance over all the water there ever was (0 when there was none).
    pub relative_imbalance: f64,
    /// Time steps.
    pub steps: u64,
    /// Steps in which a cell would have run dry, and outgoing fluxes were reduced.
    pub reduced_steps: u64,
    /// Simulated time, seconds.
    pub simulated_s: f64,
    /// Cells with ground times steps: the work done.
    pub cell_updates: u64,
    /// Greatest depth anywhere at any time, metres.
    pub deepest_m: f64,
}

/// What a run gives.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Greatest depth of each cell over the run, metres; NaN where there is no ground.
    pub greatest: DepthField,
    /// Depth at the end, metres; NaN where there is no ground.
    pub last: DepthField,
    /// The balance.
    pub report: Report,
}

/// Why a run gave nothing.
#[derive(Debug, Error)]
pub enum FloodError {
    /// The scenario cannot be computed.
    #[error("{what} is {value}: give {want}")]
    Scenario {
        /// Which value.
        what: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        want: &'static str,
    },
    /// A table of times and values is not one.
    #[error("the table of {0} needs at least one line, rising times and values from 0 to 100 000")]
    Series(&'static str),
    /// The terrain has no cell with a height, or one beyond all mountains.
    #[error("the terrain has {0}: heights are metres between -20 000 and 20 000")]
    Terrain(&'static str),
    /// The depths at the start do not fit.
    #[error("the depths at the start do not fit the terrain: {0}")]
    Start(#[from] GridError),
    /// The watcher broke the run off.
    #[error("stopped after {simulated_s:.0} s of simulated time")]
    Stopped {
        /// Simulated time so far, seconds.
        simulated_s: f64,
    },
    /// The numbers left the physical: a bug, or a scenario far outside of the scheme's domain.
    #[error(
        "the computation became unstable after {simulated_s:.0} s of simulated time: use a smaller alpha (0.3) or a greater Manning coefficient"
    )]
    Unstable {
        /// Simulated time so far, seconds.
        simulated_s: f64,
    },
    /// The system gave no more threads.
    #[error("cannot start {threads} threads: use fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Runs a scenario over a terrain on `threads` threads (0 counts as 1, and no more than rows work).
///
/// `watch` is called on the calling thread after the first step, then whenever a thousandth of the
/// time or 64 steps have passed, and at the end; `Break` ends the run.
///
/// # Errors
/// When terrain or scenario are impossible, when `watch` breaks off, when threads are refused.
pub fn run(
    terrain: &Terrain,
    scenario: &Scenario,
    threads: usize,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Outcome, FloodError> {
    scenario.check(terrain)?;
    let bands = band::cut(terrain, scenario, threads.clamp(1, terrain.nrows));
    let finished = team::run(bands, terrain, scenario, watch)?;
    let mut greatest = Vec::with_capacity(terrain.values.len());
    let mut last = Vec::with_capacity(terrain.values.len());
    let (mut inflow, mut outflow) = (Sum::default(), Sum::default());
    for band in &finished.bands {
        band.append_depths(&mut greatest, &mut last);
        for ledger in &band.ledgers {
            inflow.add(ledger.came.value());
            outflow.add(ledger.left.value());
        }
    }
    let stored_m3 = water_m3(&last, terrain);
    let initial_m3 = scenario.start.as_ref().map_or(0.0, |start| water_m3(start, terrain));
    let cells = terrain.cells_with_data() as u64;
    let rain_m3 = finished.rain_m.value() * terrain.cell_area_m2() * cells as f64;
    let (inflow_m3, outflow_m3) = (inflow.value(), outflow.value());
    let all_m3 = initial_m3 + rain_m3 + inflow_m3;
    let imbalance_m3 = all_m3 - outflow_m3 - stored_m3;
    let greatest = terrain.with_values(greatest)?;
    Ok(Outcome {
        report: Report {
            initial_m3,
            rain_m3,
            inflow_m3,
            outflow_m3,
            stored_m3,
            imbalance_m3,
            relative_imbalance: if all_m3 > 0.0 { imbalance_m3 / all_m3 } else { 0.0 },
            steps: finished.steps,
            reduced_steps: finished.reduced_steps,
            simulated_s: finished.simulated_s,
            cell_updates: cells * finished.steps,
            deepest_m: greatest.range().map_or(0.0, |(_, high)| high),
        },
        greatest,
        last: terrain.with_values(last)?,
    })
}

/// Water on the ground, m³: summed row by row, then in the order of rows.
fn water_m3(depths: &[f64], terrain: &Terrain) -> f64 {
    let mut all = Sum::default();
    for (depths, ground) in depths.chunks_exact(terrain.ncols).zip(terrain.values.chunks_exact(terrain.ncols)) {
        let mut row = Sum::default();
        for (h, _) in depths.iter().zip(ground).filter(|(_, z)| !z.is_nan()) {
            row.add(h * terrain.cell_area_m2());
        }
        all.add(row.value());
    }
    all.value()
}

//! Streams that cut into the plateau, and slopes that creep: what gives the valley its side valleys.
//!
//! Stream power with the implicit scheme of Braun & Willett ("A very efficient O(n), implicit and
//! parallel method to solve the stream power equation", Geomorphology 180, 2013) and plain diffusion.

use super::Shape;
use super::drainage::Raster;

/// Rounds of cutting and creeping.
const ROUNDS: usize = 70;
/// Cutting per round: K Δt of dz/dt = -K A^(1/2) S, dimensionless.
const CUT: f64 = 0.045;
/// Creep per round: D Δt, m².
const CREEP_M2: f64 = 55.0;
/// Rise of the plateau per round, m.
const RISE_M: f64 = 0.12;

/// The valley on a raster of 25 m or a little more, without small forms and river bed.
pub(super) fn eroded(shape: &Shape, cell_m: f64) -> Raster {
    let cell_m = cell_m * (25.0 / cell_m).ceil();
    // A frame of one cell, so that every point of the fine raster lies between points of this one.
    let count = |length: f64| (length / cell_m).ceil() as usize + 2;
    let (ncols, nrows) = (count(shape.long_m), count(shape.wide_m));
    let mut raster = Raster { ncols, nrows, cell_m, z: Vec::with_capacity(ncols * nrows) };
    let mut floor = Vec::with_capacity(ncols * nrows);
    for cell in 0..ncols * nrows {
        let (x, y) = raster.place(cell);
        let away = (y - shape.axis_m(x)).abs();
        let on_floor = away <= shape.half_floor_m(x).max(cell_m);
        // The floor rises a little to its edges: that keeps brooks flowing to the river.
        raster.z.push(if on_floor { shape.floor_m(x) + 0.004 * away } else { shape.plateau_m(x, y) });
        floor.push(on_floor);
    }
    for _ in 0..ROUNDS {
        round(&mut raster, &floor);
    }
    raster
}

fn round(raster: &mut Raster, floor: &[bool]) {
    let outlets = (0..floor.len()).filter(|&cell| floor[cell]);
    let drainage = raster.drain(outlets, 1e-4);
    let gathered = raster.gathered_m2(&drainage);
    for &cell in &drainage.order {
        let to = drainage.to[cell];
        if to != cell {
            let distance = if cell.abs_diff(to) == 1 || cell.abs_diff(to) == raster.ncols {
                1.0
            } else {
                std::f64::consts::SQRT_2
            };
            let force = CUT * gathered[cell].sqrt() / (distance * raster.cell_m);
            raster.z[cell] = (raster.z[cell] + RISE_M + force * raster.z[to]) / (1.0 + force);
        }
    }
    let before = raster.z.clone();
    let share = CREEP_M2 / (raster.cell_m * raster.cell_m);
    for (cell, _) in floor.iter().enumerate().filter(|(_, on_floor)| !**on_floor) {
        let (row, col) = (cell / raster.ncols, cell % raster.ncols);
        let at = |row: usize, col: usize| before[row.min(raster.nrows - 1) * raster.ncols + col.min(raster.ncols - 1)];
        let around =
            at(row, col + 1) + at(row, col.saturating_sub(1)) + at(row + 1, col) + at(row.saturating_sub(1), col);
        raster.z[cell] += share * (around - 4.0 * before[cell]);
    }
}

/// Cuts a bed for every brook that gathers enough water, deeper the more it gathers.
pub(super) fn cut_brooks(raster: &mut Raster, shape: &Shape) {
    let drainage = raster.drain_east();
    let gathered = raster.gathered_m2(&drainage);
    let mut cuts = vec![0.0f64; gathered.len()];
    for (cell, &area) in gathered.iter().enumerate() {
        let (col, row) = ((cell % raster.ncols) as f64, (cell / raster.ncols) as f64);
        let (x, y) = ((col + 0.5) * raster.cell_m, (row + 0.5) * raster.cell_m);
        let on_floor = (y - shape.axis_m(x)).abs() < shape.half_floor_m(x);
        if area > 60_000.0 && !on_floor {
            let cut = (0.9 * (area / 1e6).sqrt()).min(1.6) + 0.1;
            cuts[cell] = cut;
            // Banks slope: without them a bed that runs diagonally is a row of holes.
            for (other, distance) in raster.neighbours(cell) {
                cuts[other] = cuts[other].max(cut * if distance > raster.cell_m { 0.25 } else { 0.5 });
            }
        }
    }
    for (z, cut) in raster.z.iter_mut().zip(cuts) {
        *z -= cut;
    }
}

impl Raster {
    /// Metres from the western and northern edges of the valley to a cell of the coarse raster: half a
    /// cell outside for the first.
    fn place(&self, cell: usize) -> (f64, f64) {
        (((cell % self.ncols) as f64 - 0.5) * self.cell_m, ((cell / self.ncols) as f64 - 0.5) * self.cell_m)
    }

    /// The height between the cells of the coarse raster (cubic B-spline, which rounds the raster off).
    pub(super) fn height_at(&self, x: f64, y: f64) -> f64 {
        let (u, v) = (x / self.cell_m + 0.5, y / self.cell_m + 0.5);
        let (col, row) = (u.floor(), v.floor());
        let (across, down) = (weights(u - col), weights(v - row));
        let mut height = 0.0;
        for (i, down) in down.into_iter().enumerate() {
            let row = (row as usize + i).saturating_sub(1).min(self.nrows - 1);
            for (j, across) in across.into_iter().enumerate() {
                let col = (col as usize + j).saturating_sub(1).min(self.ncols - 1);
                height += down * across * self.z[row * self.ncols + col];
            }
        }
        height
    }
}

/// Weights of the four points around a place between the middle two.
fn weights(t: f64) -> [f64; 4] {
    let s = 1.0 - t;
    [s * s * s / 6.0, 2.0 / 3.0 - t * t * (1.0 - t / 2.0), 2.0 / 3.0 - s * s * (1.0 - s / 2.0), t * t * t / 6.0]
}

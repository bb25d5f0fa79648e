//! Where water goes on a raster: an order of cells from the outlets up, each with the neighbour it
//! drains to, and no hollow left over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::noise;

/// A raster of heights (m).
pub(super) struct Raster {
    pub ncols: usize,
    pub nrows: usize,
    pub cell_m: f64,
    pub z: Vec<f64>,
}

/// The drainage of a raster.
pub(super) struct Drainage {
    /// All cells, every one after the cell it drains to.
    pub order: Vec<usize>,
    /// The cell that each cell drains to; itself for an outlet.
    pub to: Vec<usize>,
}

impl Raster {
    /// The up to eight neighbours of a cell and their distances (m).
    pub fn neighbours(&self, cell: usize) -> impl Iterator<Item = (usize, f64)> + use<> {
        const WAYS: [(isize, isize); 8] = [(0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)];
        let (ncols, nrows, cell_m) = (self.ncols, self.nrows, self.cell_m);
        let (row, col) = (cell / ncols, cell % ncols);
        WAYS.into_iter().filter_map(move |(down, right)| {
            let row = row.checked_add_signed(down).filter(|&r| r < nrows)?;
            let col = col.checked_add_signed(right).filter(|&c| c < ncols)?;
            let diagonal = down != 0 && right != 0;
            Some((row * ncols + col, if diagonal { cell_m * std::f64::consts::SQRT_2 } else { cell_m }))
        })
    }

    /// [`Self::drain`] with the eastern edge as the outlet.
    pub fn drain_east(&mut self) -> Drainage {
        let ncols = self.ncols;
        self.drain((1..=self.nrows).map(|row| row * ncols - 1), 1e-4)
    }

    /// Fills every hollow so that it falls at least by `slope` towards an outlet, and returns where each
    /// cell drains to (Barnes, Lehman & Mulla, "Priority-flood", Computers & Geosciences 62, 2014).
    pub fn drain(&mut self, outlets: impl Iterator<Item = usize>, slope: f64) -> Drainage {
        const NOWHERE: usize = usize::MAX;
        let mut to = vec![NOWHERE; self.z.len()];
        let mut order = Vec::with_capacity(self.z.len());
        let mut front = BinaryHeap::new();
        for cell in outlets {
            if to[cell] == NOWHERE {
                to[cell] = cell;
                front.push(Reverse((key(self.z[cell]), cell)));
            }
        }
        while let Some(Reverse((_, cell))) = front.pop() {
            // Of the neighbours that are lower and already drained, the steepest way is the water's.
            if to[cell] != cell {
                let fall = |(other, distance): (usize, f64)| (self.z[cell] - self.z[other]) / distance;
                let mut best = (to[cell], 0.0);
                for neighbour in self.neighbours(cell) {
                    let steep = fall(neighbour) * whim(cell, neighbour.0);
                    if to[neighbour.0] != NOWHERE && steep > best.1 {
                        best = (neighbour.0, steep);
                    }
                }
                to[cell] = best.0;
            }
            order.push(cell);
            for (other, distance) in self.neighbours(cell) {
                if to[other] == NOWHERE {
                    to[other] = cell;
                    self.z[other] = self.z[other].max(self.z[cell] + slope * distance);
                    front.push(Reverse((key(self.z[other]), other)));
                }
            }
        }
        Drainage { order, to }
    }

    /// The surface (m²) that drains through each cell, its own included.
    pub fn gathered_m2(&self, drainage: &Drainage) -> Vec<f64> {
        let mut area = vec![self.cell_m * self.cell_m; self.z.len()];
        for &cell in drainage.order.iter().rev() {
            let to = drainage.to[cell];
            if to != cell {
                area[to] += area[cell];
            }
        }
        area
    }
}

/// 0.75 to 1.25, by the pair of cells: water does not know the eight directions of a raster.
fn whim(cell: usize, other: usize) -> f64 {
    1.0 + 0.25 * noise::spread(other as u64, cell as i64, 0)
}

/// A height as a whole number that sorts alike (micrometres above the deepest sea).
fn key(z: f64) -> u64 {
    ((z + 20_000.0) * 1e6) as u64
}

//! A made-up valley of a small river, about as in Brittany: a plateau cut by streams, a flat floor, a
//! meandering bed. For trying things out where no survey is at hand.
//!
//! Made in five steps: the axis of the valley; streams that eat their way from it into the plateau (on
//! a coarser raster); the same on the fine one, with the small forms; a meandering bed; and
//! every hollow filled, so that all rain can leave to the east. Deterministic: a seed gives the same bits on every machine, because
//! only arithmetic that IEEE 754 fixes is used.

mod drainage;
mod erosion;
mod noise;
mod river;

use drainage::Raster;
use noise::{fractal, smooth};
use thiserror::Error;

use crate::grid::{Grid, GridError, Terrain};

/// Which valley.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valley {
    /// Cells from west to east, 8 to 4 000.
    pub ncols: usize,
    /// Cells from north to south, 8 to 4 000.
    pub nrows: usize,
    /// Side of a cell, 2 to 50 m; 5 to 25 m look best.
    pub cell_m: f64,
    /// Which of all valleys of this size.
    pub seed: u64,
}

/// Why a valley cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ValleyError {
    /// Too few or too many cells.
    #[error("a valley of {0} x {1} cells is not possible: give 8 to 4000 a side")]
    Size(usize, usize),
    /// Cells too small or too large.
    #[error("a valley with cells of {0} m is not possible: give 2 to 50 m")]
    Cell(f64),
}

/// Height of the river at the eastern end of the valley, m.
const LOW_M: f64 = 18.0;
/// Fall of the valley floor from west to east.
const FALL: f64 = 0.003;

impl Valley {
    /// The valley of the first run: 6 x 4 km in cells of 10 m.
    #[must_use]
    pub fn first_run() -> Self {
        Self { ncols: 600, nrows: 400, cell_m: 10.0, seed: 7 }
    }

    /// Makes the terrain: all cells have heights, the south-western corner is at 0, 0.
    ///
    /// # Errors
    /// When size or cell size are out of their ranges.
    pub fn terrain(&self) -> Result<Terrain, ValleyError> {
        let sides = 8..=4000;
        if !sides.contains(&self.ncols) || !sides.contains(&self.nrows) {
            return Err(ValleyError::Size(self.ncols, self.nrows));
        }
        if !(2.0..=50.0).contains(&self.cell_m) {
            return Err(ValleyError::Cell(self.cell_m));
        }
        let shape =
            Shape { long_m: self.ncols as f64 * self.cell_m, wide_m: self.nrows as f64 * self.cell_m, seed: self.seed };
        let coarse = erosion::eroded(&shape, self.cell_m);
        let mut fine = Raster { ncols: self.ncols, nrows: self.nrows, cell_m: self.cell_m, z: Vec::new() };
        for cell in 0..self.ncols * self.nrows {
            let (x, y) = self.centre(cell);
            fine.z.push(coarse.height_at(x, y) + shape.small_forms(x, y));
        }
        erosion::cut_brooks(&mut fine, &shape);
        river::carve(&mut fine, &shape);
        fine.drain_east();
        Grid::new(self.ncols, self.nrows, self.cell_m, fine.z).map_err(|error| match error {
            GridError::Cell(cell_m) => ValleyError::Cell(cell_m),
            GridError::Size { .. } | GridError::Values { .. } => ValleyError::Size(self.ncols, self.nrows),
        })
    }

    /// Metres from the western and from the northern edge to the middle of a cell.
    fn centre(&self, cell: usize) -> (f64, f64) {
        (((cell % self.ncols) as f64 + 0.5) * self.cell_m, ((cell / self.ncols) as f64 + 0.5) * self.cell_m)
    }
}

/// The large forms, in metres from the north-western corner.
struct Shape {
    long_m: f64,
    wide_m: f64,
    seed: u64,
}

impl Shape {
    /// Distance of the valley's axis from the northern edge.
    fn axis_m(&self, x: f64) -> f64 {
        let bend = fractal(self.seed ^ 0xa715, x / 2300.0, 0.5, 2);
        self.wide_m * (0.5 + 0.13 * bend)
    }

    /// Height of the valley floor.
    fn floor_m(&self, x: f64) -> f64 {
        LOW_M + FALL * (self.long_m - x)
    }

    /// Half the width of the flat floor.
    fn half_floor_m(&self, x: f64) -> f64 {
        let wanted = 125.0 + 70.0 * noise::noise(self.seed ^ 0xf100, x / 900.0, 0.5) + 60.0 * x / self.long_m;
        wanted.min(self.wide_m / 8.0)
    }

    /// The plateau before any stream has cut into it.
    fn plateau_m(&self, x: f64, y: f64) -> f64 {
        let away = (y - self.axis_m(x)).abs();
        let swell = fractal(self.seed ^ 0x91a7, x / 950.0, y / 950.0, 5);
        self.floor_m(x) + 44.0 * smooth(away / 620.0 + 0.1) + 11.0 * swell + 0.008 * away
    }

    /// Ridges, old ditches and the like: some decimetres; less on the floor.
    fn small_forms(&self, x: f64, y: f64) -> f64 {
        let away = (y - self.axis_m(x)).abs();
        let slopes = smooth((away - self.half_floor_m(x)) / 150.0);
        (0.12 + 0.5 * slopes) * fractal(self.seed ^ 0x5a11, x / 110.0, y / 110.0, 3)
    }
}

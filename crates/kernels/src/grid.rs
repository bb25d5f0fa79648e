//! A regular grid of numbers on the ground: what terrains, depths and pictures have in common.
//!
//! Knows no file format and no physics.

use thiserror::Error;

/// Most cells along one side: 50 km at one metre.
pub const MAX_SIDE: usize = 50_000;
/// Most cells in all: beyond this a run would need more than 8 GiB of memory.
pub const MAX_CELLS: usize = 100_000_000;

/// Ground heights in metres.
pub type Terrain = Grid;
/// Water depths in metres above the ground.
pub type DepthField = Grid;

/// Square cells, row after row, the northern row first, each row from west to east.
///
/// A cell without a value (NODATA in a file) holds NaN; the number that a file used to say so is
/// kept in no other form.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Cells from west to east, at least 1.
    pub ncols: usize,
    /// Cells from north to south, at least 1.
    pub nrows: usize,
    /// Side of a cell in metres.
    pub cell_m: f64,
    /// Easting of the western edge of the westernmost cells, metres.
    pub x_min: f64,
    /// Northing of the southern edge of the southernmost cells, metres.
    pub y_min: f64,
    /// `ncols * nrows` values.
    pub values: Vec<f64>,
}

/// Why a grid cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GridError {
    /// A side is zero, or longer than [`MAX_SIDE`], or there are more than [`MAX_CELLS`].
    #[error(
        "a grid of {ncols} x {nrows} cells is not possible: give 1 to {MAX_SIDE} a side and at most {MAX_CELLS} in all"
    )]
    Size {
        /// Columns asked for.
        ncols: usize,
        /// Rows asked for.
        nrows: usize,
    },
    /// The cell size is not a positive number.
    #[error("a cell size of {0} m is not possible: give a positive number of metres")]
    Cell(f64),
    /// The values do not fill the grid.
    #[error("{got} values for a grid of {want} cells")]
    Values {
        /// Cells of the grid.
        want: usize,
        /// Values given.
        got: usize,
    },
}

impl Grid {
    /// A grid from its values (`ncols * nrows`, northern row first), its south-western corner at 0, 0.
    ///
    /// # Errors
    /// When a side, the cell size or the number of values is impossible.
    pub fn new(ncols: usize, nrows: usize, cell_m: f64, values: Vec<f64>) -> Result<Self, GridError> {
        let want = checked_cells(ncols, nrows)?;
        if !(cell_m.is_finite() && cell_m > 0.0) {
            return Err(GridError::Cell(cell_m));
        }
        if values.len() != want {
            return Err(GridError::Values { want, got: values.len() });
        }
        Ok(Self { ncols, nrows, cell_m, x_min: 0.0, y_min: 0.0, values })
    }

    /// A grid of the same shape and place with other values.
    ///
    /// # Errors
    /// When the number of values differs.
    pub fn with_values(&self, values: Vec<f64>) -> Result<Self, GridError> {
        let mut grid = Self::new(self.ncols, self.nrows, self.cell_m, values)?;
        (grid.x_min, grid.y_min) = (self.x_min, self.y_min);
        Ok(grid)
    }

    /// The value at a row (0 is north) and a column (0 is west); NaN where there is none.
    ///
    /// # Panics
    /// When the cell is outside of the grid.
    #[must_use]
    pub fn at(&self, row: usize, col: usize) -> f64 {
        self.values[row * self.ncols + col]
    }

    /// Surface of one cell, m².
    #[must_use]
    pub fn cell_area_m2(&self) -> f64 {
        self.cell_m * self.cell_m
    }

    /// Cells that have a value.
    #[must_use]
    pub fn cells_with_data(&self) -> usize {
        self.values.iter().filter(|v| !v.is_nan()).count()
    }

    /// Whether both cover the same cells of the same ground.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        // Coordinates went through decimal text: a hundredth of a cell is the same place.
        let near = |a: f64, b: f64| (a - b).abs() <= 0.01 * self.cell_m;
        (self.ncols, self.nrows) == (other.ncols, other.nrows)
            && near(self.cell_m, other.cell_m)
            && near(self.x_min, other.x_min)
            && near(self.y_min, other.y_min)
    }

    /// The smallest and the greatest value; `None` when no cell has one.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        self.values.iter().filter(|v| !v.is_nan()).fold(None, |range, &v| match range {
            None => Some((v, v)),
            Some((low, high)) => Some((low.min(v), high.max(v))),
        })
    }
}

/// `ncols * nrows`, when both sides and the product are within the limits.
pub(crate) fn checked_cells(ncols: usize, nrows: usize) -> Result<usize, GridError> {
    let side = 1..=MAX_SIDE;
    match ncols.checked_mul(nrows) {
        Some(cells) if side.contains(&ncols) && side.contains(&nrows) && cells <= MAX_CELLS => Ok(cells),
        _ => Err(GridError::Size { ncols, nrows }),
    }
}

//! The faces between ground and what is no ground, and the water that passes there.
//!
//! A wall needs nothing: a face against it is always dry (see [`WALL_M`](super::row::WALL_M)). The
//! others are few, and are listed here.

use super::row::{GRAVITY, inverse_cube_root};
use super::scenario::{Border, Outside, Scenario};
use super::sum::Sum;
use crate::grid::Terrain;

/// The slope of a border where the ground next to it is flat or rises.
const LEAST_SLOPE: f64 = 1e-3;

/// A side of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    North,
    East,
    South,
    West,
}

impl Side {
    pub const ALL: [Self; 4] = [Self::North, Self::East, Self::South, Self::West];

    /// (rows, columns) to the neighbour.
    fn way(self) -> (isize, isize) {
        match self {
            Self::North => (-1, 0),
            Self::East => (0, 1),
            Self::South => (1, 0),
            Self::West => (0, -1),
        }
    }

    /// +1 where a flux out of the cell is positive (to the south and to the east), else -1.
    pub fn sign(self) -> f64 {
        if matches!(self, Self::East | Self::South) { 1.0 } else { -1.0 }
    }
}

/// What happens at the face on one side of a cell of ground, when it is neither wall nor plain face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Opening {
    /// Water leaves; the number is sqrt(slope) / n.
    Outlet(f64),
    /// The neighbour is imposed; the fluxes are those of plain faces.
    Imposed,
}

impl Opening {
    /// What is at a side of a cell that has ground.
    pub fn of(terrain: &Terrain, scenario: &Scenario, row: usize, col: usize, side: Side) -> Option<Self> {
        let (down, right) = side.way();
        let height = |rows: isize, cols: isize| {
            let row = row.checked_add_signed(rows).filter(|&r| r < terrain.nrows)?;
            let col = col.checked_add_signed(cols).filter(|&c| c < terrain.ncols)?;
            Some(terrain.at(row, col))
        };
        let border = match (height(down, right), side) {
            (Some(z), _) if !z.is_nan() => return None,
            (Some(_), _) if scenario.borders.no_data == Outside::Outlet => &Border::Open,
            (Some(_), _) => &Border::Closed,
            (None, Side::North) => &scenario.borders.north,
            (None, Side::East) => &scenario.borders.east,
            (None, Side::South) => &scenario.borders.south,
            (None, Side::West) => &scenario.borders.west,
        };
        match border {
            Border::Closed => None,
            Border::Depth(_) => Some(Self::Imposed),
            Border::Open => {
                let fall = height(-down, -right).map_or(f64::NAN, |inner| inner - terrain.at(row, col));
                // NaN (no inner neighbour) takes the least slope as well.
                let slope = (fall / terrain.cell_m).max(LEAST_SLOPE);
                Some(Self::Outlet(slope.sqrt() / scenario.manning))
            }
        }
    }
}

/// Flux (m²/s, not negative) out of an outlet under water of depth `h`: Manning's uniform flow, at most
/// critical flow.
pub(super) fn outlet_flux(h: f64, root_slope_over_n: f64) -> f64 {
    if h <= 0.0 {
        return 0.0;
    }
    // h^(5/3) = h² h^(-1/3)
    let uniform = h * h * inverse_cube_root(h) * root_slope_over_n;
    uniform.min(h * (GRAVITY * h).sqrt())
}

/// Water that passed the openings of one row, m³.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ledger {
    pub came: Sum,
    pub left: Sum,
}

impl Ledger {
    /// Books a volume: out of the ground when positive.
    pub fn book(&mut self, out_m3: f64) {
        if out_m3 > 0.0 {
            self.left.add(out_m3);
        } else {
            self.came.add(-out_m3);
        }
    }
}

//! One band of rows: its arrays and what a time step does to them. Knows neither threads nor time.
//!
//! Arrays have a column more on either side and a row more above and below (the neighbour band's edge
//! row, or what is beyond the grid), so that no loop asks where it is. Row `k` of a band's arrays is row
//! `first_row + k - 1` of the terrain. `qx[k][i]` is the face between the cells `i` and `i + 1` of row
//! `k`, positive to the east; `qy[k][i]` the face between the rows `k - 1` and `k`, positive to the south.

use super::border::{Ledger, Opening, Side, outlet_flux};
use super::row::{self, Around, Beside, Old, Step, WALL_M};
use super::scenario::{Border, Scenario};
use crate::grid::Terrain;

/// A face that is neither wall nor plain: which, and whose.
struct Gate {
    opening: Opening,
    /// Of the cell on the ground side.
    cell: usize,
    /// In `qx` or `qy`.
    face: usize,
    side: Side,
    /// Whether the cell is in this band and not in the edge row of a neighbour.
    own: bool,
}

/// A cell beyond the grid whose depth is imposed, and by which side.
struct Imposed {
    cell: usize,
    side: Side,
}

/// A band of rows.
pub(super) struct Band {
    /// Rows of its own.
    pub rows: usize,
    /// Length of a row of the arrays.
    width: usize,
    z: Vec<f64>,
    h: Vec<f64>,
    next: Vec<f64>,
    peak: Vec<f64>,
    keep: Vec<f64>,
    qx: Vec<f64>,
    qy: Vec<f64>,
    /// Fluxes before the step, of the row at hand and (`qy` only) of the one above.
    old: Vec<f64>,
    old_above: Vec<f64>,
    /// Gates in the order of the sweep: those of `qy[1]`, `qx[1]`, `qy[2]`, `qx[2]`...
    gates: Vec<Vec<Gate>>,
    imposed: Vec<Imposed>,
    /// What passed the openings of each own row.
    pub ledgers: Vec<Ledger>,
}

/// Cuts a terrain into bands of (nearly) equal numbers of rows, from north to south.
pub(super) fn cut(terrain: &Terrain, scenario: &Scenario, bands: usize) -> Vec<Band> {
    let start_of = |band: usize| terrain.nrows * band / bands;
    (0..bands).map(|band| Band::new(terrain, scenario, start_of(band), start_of(band + 1))).collect()
}

fn line(values: &[f64], k: usize, width: usize) -> &[f64] {
    &values[k * width..(k + 1) * width]
}

fn line_mut(values: &mut [f64], k: usize, width: usize) -> &mut [f64] {
    &mut values[k * width..(k + 1) * width]
}

impl Band {
    fn new(terrain: &Terrain, scenario: &Scenario, from: usize, to: usize) -> Self {
        let (rows, width) = (to - from, terrain.ncols + 2);
        let cells = (rows + 2) * width;
        let mut band = Self {
            rows,
            width,
            z: vec![WALL_M; cells],
            h: vec![0.0; cells],
            next: vec![0.0; cells],
            peak: vec![0.0; cells],
            keep: vec![1.0; cells],
            qx: vec![0.0; cells],
            qy: vec![0.0; cells + width],
            old: vec![0.0; width + 1],
            old_above: vec![0.0; width],
            gates: (0..=2 * rows).map(|_| Vec::new()).collect(),
            imposed: Vec::new(),
            ledgers: vec![Ledger::default(); rows],
        };
        // Neighbours' edge rows included: the faces against them are computed here as well.
        for k in 0..rows + 2 {
            let Some(row) = (from + k).checked_sub(1).filter(|&row| row < terrain.nrows) else { continue };
            for col in (0..terrain.ncols).filter(|&col| !terrain.at(row, col).is_nan()) {
                band.z[k * width + col + 1] = terrain.at(row, col);
                if let Some(start) = &scenario.start {
                    band.h[k * width + col + 1] = start[row * terrain.ncols + col];
                }
                for side in Side::ALL {
                    band.open(terrain, scenario, (k, row, col), side);
                }
            }
        }
        band
    }

    /// Notes what is special about a side of a cell, if anything.
    fn open(&mut self, terrain: &Terrain, scenario: &Scenario, (k, row, col): (usize, usize, usize), side: Side) {
        let own = (1..=self.rows).contains(&k);
        // An edge row's own faces belong to the neighbour, except the one it shares with this band.
        let computed = own || (k == 0 && side == Side::South) || (k == self.rows + 1 && side == Side::North);
        let Some(opening) = computed.then(|| Opening::of(terrain, scenario, row, col, side)).flatten() else { return };
        let cell = k * self.width + col + 1;
        let (face, turn, beyond) = match side {
            Side::North => (cell, 2 * (k - 1), cell - self.width),
            Side::South => (cell + self.width, 2 * k, cell + self.width),
            Side::West => (cell - 1, 2 * k - 1, cell - 1),
            Side::East => (cell, 2 * k - 1, cell + 1),
        };
        self.gates[turn].push(Gate { opening, cell, face, side, own });
        if opening == Opening::Imposed {
            self.z[beyond] = self.z[cell];
            self.imposed.push(Imposed { cell: beyond, side });
        }
    }

    /// Puts the depths that the borders impose at a time.
    pub fn impose(&mut self, scenario: &Scenario, time_s: f64) {
        if self.imposed.is_empty() {
            return;
        }
        let borders = &scenario.borders;
        let depth = |border: &Border| if let Border::Depth(series) = border { series.at(time_s) } else { 0.0 };
        let depths = [&borders.north, &borders.east, &borders.south, &borders.west].map(depth);
        for imposed in &self.imposed {
            self.h[imposed.cell] = depths[imposed.side as usize];
        }
    }

    /// One time step: fluxes and depths row by row, while they are near. Returns the smallest (0 or
    /// negative) and the greatest new depth.
    pub fn sweep(&mut self, step: Step) -> (f64, f64) {
        self.old_above.copy_from_slice(line(&self.qy, 0, self.width));
        self.fluxes_y(step, 1);
        let mut all = (0.0f64, 0.0f64);
        for k in 1..=self.rows {
            self.fluxes_x(step, k);
            self.fluxes_y(step, k + 1);
            let (low, high) = self.depths(step, k);
            all = (all.0.min(low), all.1.max(high));
        }
        all
    }

    fn fluxes_x(&mut self, step: Step, k: usize) {
        let width = self.width;
        let (z, h) = (line(&self.z, k, width), line(&self.h, k, width));
        let faces = width - 1;
        let q = &mut line_mut(&mut self.qx, k, width)[..faces];
        // Beyond the first and the last face the flux is as it is there.
        self.old[0] = q[0];
        self.old[1..width].copy_from_slice(q);
        self.old[width] = q[faces - 1];
        let old = Old { before: &self.old, here: &self.old[1..], after: &self.old[2..] };
        row::faces(step, Beside { z: [z, &z[1..]], h: [h, &h[1..]] }, old, q);
        pass(&self.gates[2 * k - 1], &self.h, &mut self.qx);
    }

    /// The faces between the rows `k - 1` and `k`.
    fn fluxes_y(&mut self, step: Step, k: usize) {
        let width = self.width;
        let cells = Beside {
            z: [line(&self.z, k - 1, width), line(&self.z, k, width)],
            h: [line(&self.h, k - 1, width), line(&self.h, k, width)],
        };
        let (q, after) = self.qy[k * width..(k + 2) * width].split_at_mut(width);
        self.old[..width].copy_from_slice(q);
        row::faces(step, cells, Old { before: &self.old_above, here: &self.old, after }, q);
        self.old_above.copy_from_slice(&self.old[..width]);
        pass(&self.gates[2 * (k - 1)], &self.h, &mut self.qy);
    }

    fn around(&self, k: usize) -> Around<'_> {
        let width = self.width;
        let qx = line(&self.qx, k, width);
        Around {
            west: &qx[..width - 2],
            east: &qx[1..width - 1],
            north: &line(&self.qy, k, width)[1..width - 1],
            south: &line(&self.qy, k + 1, width)[1..width - 1],
        }
    }

    fn depths(&mut self, step: Step, k: usize) -> (f64, f64) {
        let mut next = std::mem::take(&mut self.next);
        let mut peak = std::mem::take(&mut self.peak);
        let inner = k * self.width + 1..(k + 1) * self.width - 1;
        let row = &mut next[inner.clone()];
        row::depths(step, &self.z[inner.clone()], &self.h[inner.clone()], self.around(k), row, &mut peak[inner]);
        let extremes = row::extremes(row);
        (self.next, self.peak) = (next, peak);
        extremes
    }

    /// Finds for each cell what part of its outgoing fluxes it can afford; the edge rows are returned
    /// for the neighbours by [`Self::edges`].
    pub fn weigh(&mut self, step: Step) {
        let mut keep = std::mem::take(&mut self.keep);
        for k in 1..=self.rows {
            let inner = k * self.width + 1..(k + 1) * self.width - 1;
            row::affordable(step, &self.h[inner.clone()], self.around(k), &mut keep[inner]);
        }
        self.keep = keep;
    }

    /// Reduces the fluxes to what cells can afford, and computes the new depths again.
    pub fn reduce(&mut self, step: Step) -> (f64, f64) {
        let width = self.width;
        for k in 0..=self.rows {
            let (a, b) = (line(&self.keep, k, width), line(&self.keep, k + 1, width));
            row::reduce(a, b, line_mut(&mut self.qy, k + 1, width));
            let along = line(&self.keep, k, width);
            row::reduce(along, &along[1..], &mut line_mut(&mut self.qx, k, width)[..width - 1]);
        }
        (1..=self.rows).fold((0.0, 0.0), |all: (f64, f64), k| {
            let (low, high) = self.depths(step, k);
            (all.0.min(low), all.1.max(high))
        })
    }

    /// Makes the new depths the depths, and books what passed the openings; `factor` makes m³ of a flux
    /// (Δt Δx).
    pub fn settle(&mut self, factor: f64) {
        std::mem::swap(&mut self.h, &mut self.next);
        for (turn, gates) in self.gates.iter().enumerate() {
            let q = if turn % 2 == 0 { &self.qy } else { &self.qx };
            for gate in gates.iter().filter(|gate| gate.own) {
                let row = gate.cell / self.width - 1;
                self.ledgers[row].book(q[gate.face] * gate.side.sign() * factor);
            }
        }
    }

    /// What the neighbours must know: of the new depths (`Edge::Next`) or of what cells can afford, the
    /// first and the last own row; and the fluxes one face further in than the faces that both compute.
    pub fn edges(&self, of: Edge) -> Edges<&[f64]> {
        let (values, width, rows) = (if of == Edge::Next { &self.next } else { &self.keep }, self.width, self.rows);
        let (north, south) = (line(values, 1, width), line(values, rows, width));
        Edges { north, south, north_flux: line(&self.qy, 2, width), south_flux: line(&self.qy, rows, width) }
    }

    /// Where the neighbours' [`Self::edges`] go: above the first own row, below the last.
    pub fn halos(&mut self, of: Edge) -> Edges<&mut [f64]> {
        let (width, rows) = (self.width, self.rows);
        let values = if of == Edge::Next { &mut self.next } else { &mut self.keep };
        let (north, rest) = values.split_at_mut(width);
        let (north_flux, rest_flux) = self.qy.split_at_mut(width);
        Edges {
            north,
            south: line_mut(rest, rows, width),
            north_flux,
            south_flux: line_mut(rest_flux, rows + 1, width),
        }
    }

    /// Appends the greatest and the last depths of the own rows; NaN where there is no ground.
    pub fn append_depths(&self, greatest: &mut Vec<f64>, last: &mut Vec<f64>) {
        for k in 1..=self.rows {
            for i in k * self.width + 1..(k + 1) * self.width - 1 {
                let ground = self.z[i] < WALL_M;
                greatest.push(if ground { self.peak[i].max(self.h[i]) } else { f64::NAN });
                last.push(if ground { self.h[i] } else { f64::NAN });
            }
        }
    }

    /// The greatest depth now, on own rows, metres.
    pub fn deepest_m(&self) -> f64 {
        (1..=self.rows).fold(0.0, |deepest: f64, k| {
            let row = &line(&self.h, k, self.width)[1..self.width - 1];
            deepest.max(row::extremes(row).1)
        })
    }
}

/// Which array [`Band::edges`] and [`Band::halos`] speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// New depths.
    Next,
    /// The part of the outgoing fluxes that cells can afford.
    Keep,
}

/// Rows at the edges of a band.
#[derive(Default)]
pub(super) struct Edges<T> {
    pub north: T,
    pub south: T,
    pub north_flux: T,
    pub south_flux: T,
}

/// Puts the fluxes of the outlets among `gates`.
fn pass(gates: &[Gate], h: &[f64], q: &mut [f64]) {
    for gate in gates {
        if let Opening::Outlet(root_slope_over_n) = gate.opening {
            q[gate.face] = outlet_flux(h[gate.cell], root_slope_over_n) * gate.side.sign();
        }
    }
}

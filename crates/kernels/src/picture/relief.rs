//! Ground and water as pixels: shaded relief in muted colours, water over it in blues.

use super::canvas::{Canvas, Colour, mix, rgb};
use crate::grid::Grid;

/// Water shallower than this (m) is not shown: the film that rain makes everywhere is no flood.
pub const SHOWN_FROM_M: f64 = 0.05;

/// Ground from low to high: meadow, field, heath, bare hill.
const GROUND: [Colour; 5] = [rgb(0xbccaa2), rgb(0xd7d8b4), rgb(0xe8dfc1), rgb(0xdcc9aa), rgb(0xcdb69c)];
/// What has no height.
const NO_GROUND: Colour = rgb(0xe9ebee);
/// Water from shallow to deep: even steps of lightness from pale to dark blue.
const WATER: [Colour; 7] =
    [rgb(0xc3e3f3), rgb(0x95cbe8), rgb(0x63afdb), rgb(0x3b8fca), rgb(0x2570b2), rgb(0x1a5194), rgb(0x15336c)];

/// A colour between those of a ramp; `t` from 0 to 1.
fn ramp(colours: &[Colour], t: f64) -> Colour {
    let at = t.clamp(0.0, 1.0) * (colours.len() - 1) as f64;
    let i = (at as usize).min(colours.len().saturating_sub(2));
    mix(colours[i], colours[i + 1], at - i as f64)
}

/// How depths become blues: the deepest blue is for `top_m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Blues {
    pub top_m: f64,
}

impl Blues {
    /// A round top at or above the greatest depth that is to be told apart.
    pub fn up_to(deepest_m: f64) -> Self {
        let tops = [0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 50.0];
        Self { top_m: tops.into_iter().find(|&top| top >= deepest_m * 0.98).unwrap_or(100.0) }
    }

    /// Where a depth is on the ramp, 0 to 1: more room for the shallow.
    pub fn place(self, depth_m: f64) -> f64 {
        (depth_m / self.top_m).clamp(0.0, 1.0).sqrt()
    }

    /// The colour at a place on the ramp.
    pub fn colour(place: f64) -> Colour {
        ramp(&WATER, place)
    }
}

/// A terrain made ready to be drawn: heights in 0 to 1 and light.
pub(super) struct Relief {
    pub ncols: usize,
    pub nrows: usize,
    /// Cells of the terrain in one cell of the relief, along a side.
    block: usize,
    height: Vec<f64>,
    light: Vec<f64>,
}

impl Relief {
    /// Shades a terrain that will be drawn about `width` pixels wide.
    pub fn new(terrain: &Grid, width: usize) -> Self {
        let block = (terrain.ncols / width.max(1)).max(1);
        let (ncols, nrows, z) = reduced(terrain, block);
        let (low, high) = range(&z);
        let light = lights(ncols, nrows, terrain.cell_m * block as f64, &z);
        let height = z.iter().map(|z| (z - low) / (high - low).max(1.0)).collect();
        Self { ncols, nrows, block, height, light }
    }

    /// Draws ground and water into a rectangle.
    pub fn draw(
        &self,
        canvas: &mut Canvas,
        (x0, y0): (usize, usize),
        (width, height): (usize, usize),
        depth: &Grid,
        blues: Blues,
    ) {
        let (_, _, water) = reduced(depth, self.block);
        let wet: Vec<f64> = water.iter().map(|h| if h.is_nan() { 0.0 } else { *h }).collect();
        for y in 0..height {
            for x in 0..width {
                let spot = Spot::new(self, (x, width), (y, height));
                let colour = self.colour(spot, &wet, blues);
                canvas.lay((x0 + x) as isize, (y0 + y) as isize, colour, 1.0);
            }
        }
    }

    fn colour(&self, spot: Spot, wet: &[f64], blues: Blues) -> Colour {
        let (height, light) = (spot.of(&self.height), spot.of(&self.light));
        if height.is_nan() || light.is_nan() {
            return NO_GROUND;
        }
        let ground = lit(ramp(&GROUND, height), light);
        let depth = spot.of(wet);
        // From nothing at the threshold to almost opaque where a foot gets wet.
        let cover = ((depth - SHOWN_FROM_M) / 0.12).clamp(0.0, 1.0);
        let water = Blues::colour(blues.place(depth));
        mix(ground, lit(water, 1.0 + (light - 1.0) * 0.25), cover * 0.94)
    }
}

/// A colour in more (above 1) or less light: towards warm white, or towards a cool dark.
fn lit(colour: Colour, light: f64) -> Colour {
    if light >= 1.0 {
        mix(colour, rgb(0xfffdf4), ((light - 1.0) * 1.3).min(0.8))
    } else {
        mix(colour, rgb(0x2b3347), ((1.0 - light) * 0.95).min(0.75))
    }
}

/// A place between four cells.
#[derive(Clone, Copy)]
struct Spot {
    cells: [usize; 4],
    weights: [f64; 4],
}

impl Spot {
    fn new(relief: &Relief, (x, width): (usize, usize), (y, height): (usize, usize)) -> Self {
        let along = |pixel: usize, pixels: usize, cells: usize| {
            let at = ((pixel as f64 + 0.5) * cells as f64 / pixels as f64 - 0.5).clamp(0.0, (cells - 1) as f64);
            let first = (at as usize).min(cells.saturating_sub(2));
            (first, (first + 1).min(cells - 1), at - first as f64)
        };
        let (west, east, u) = along(x, width, relief.ncols);
        let (north, south, v) = along(y, height, relief.nrows);
        let n = relief.ncols;
        Self {
            cells: [north * n + west, north * n + east, south * n + west, south * n + east],
            weights: [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v],
        }
    }

    fn of(self, values: &[f64]) -> f64 {
        self.cells.iter().zip(self.weights).map(|(&cell, weight)| values[cell] * weight).sum()
    }
}

/// Means over blocks of cells, so that a large grid is not drawn by one cell in ten.
fn reduced(grid: &Grid, block: usize) -> (usize, usize, Vec<f64>) {
    let (ncols, nrows) = (grid.ncols.div_ceil(block), grid.nrows.div_ceil(block));
    let mut means = Vec::with_capacity(ncols * nrows);
    for row in 0..nrows {
        for col in 0..ncols {
            let (mut sum, mut count) = (0.0, 0.0);
            for r in row * block..((row + 1) * block).min(grid.nrows) {
                for c in col * block..((col + 1) * block).min(grid.ncols) {
                    let value = grid.at(r, c);
                    if !value.is_nan() {
                        (sum, count) = (sum + value, count + 1.0);
                    }
                }
            }
            means.push(if count > 0.0 { sum / count } else { f64::NAN });
        }
    }
    (ncols, nrows, means)
}

fn range(values: &[f64]) -> (f64, f64) {
    let known = values.iter().filter(|v| !v.is_nan());
    known.fold((f64::MAX, f64::MIN), |(low, high), &v| (low.min(v), high.max(v)))
}

/// Light on each cell, 1 on the level: from the north-west, with a weaker one from the north-east so that
/// no slope is flat black. Slopes are exaggerated so that a plain shows its forms and a mountain keeps them.
fn lights(ncols: usize, nrows: usize, cell_m: f64, z: &[f64]) -> Vec<f64> {
    let at = |row: usize, col: usize| z[row.min(nrows - 1) * ncols + col.min(ncols - 1)];
    let slopes: Vec<(f64, f64)> = (0..z.len())
        .map(|cell| {
            let (row, col) = (cell / ncols, cell % ncols);
            let or = |v: f64| if v.is_nan() { z[cell] } else { v };
            let (west, east) = (or(at(row, col.saturating_sub(1))), or(at(row, col + 1)));
            let (north, south) = (or(at(row.saturating_sub(1), col)), or(at(row + 1, col)));
            ((east - west) / (2.0 * cell_m), (south - north) / (2.0 * cell_m))
        })
        .collect();
    let squares = slopes.iter().map(|(x, y)| x * x + y * y).filter(|s| !s.is_nan());
    let (sum, count) = squares.fold((0.0, 0.0), |(sum, count): (f64, f64), s| (sum + s, count + 1.0));
    let typical = (sum / f64::max(count, 1.0)).sqrt();
    let more = (0.32 / typical.max(1e-6)).clamp(0.7, 12.0);
    slopes
        .iter()
        .map(|&(x, y)| {
            let (x, y) = (x * more, y * more);
            let long = (x * x + y * y + 1.0).sqrt();
            // Light from the north-west comes at a slope that rises to the east and to the south.
            let (main, side) = ((0.5 * x + 0.5 * y + 0.707) / long, (-0.5 * x + 0.5 * y + 0.707) / long);
            (0.78 * main.max(0.0) + 0.22 * side.max(0.0)) / 0.707
        })
        .collect()
}

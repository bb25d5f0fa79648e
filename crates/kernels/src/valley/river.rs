//! The meandering bed of the river.
//!
//! The line bends as a sine-generated curve (Langbein & Leopold, "River meanders - theory of minimum
//! variance", USGS Professional Paper 422-H, 1966), steered so that it stays on the valley floor.

use super::Shape;
use super::drainage::Raster;
use super::noise::{noise, smooth};

/// Length of a whole meander along the river, m.
const MEANDER_M: f64 = 430.0;
/// Depth of the bed below the valley floor, m.
const BED_M: f64 = 2.0;

/// sin(2π t) for t in turns: a parabola with a correction, exact at the quarters, smooth, portable.
fn sine(turns: f64) -> f64 {
    let t = turns - turns.floor();
    let half = |t: f64| 16.0 * t * (0.5 - t);
    let p = if t < 0.5 { half(t) } else { -half(t - 0.5) };
    p + 0.225 * (p * p.abs() - p)
}

/// Carves the bed from the western to the eastern edge.
pub(super) fn carve(raster: &mut Raster, shape: &Shape) {
    let pace = raster.cell_m * 0.4;
    let half_m = (raster.cell_m * 0.95).max(9.0);
    let mut bed = shape.floor_m(0.0) - BED_M;
    let mut phase = 0.0;
    let (mut x, mut y) = (-2.0 * half_m, shape.axis_m(0.0));
    // Bends make the way at most some four times as long as the valley.
    let most = (8.0 * shape.long_m / pace) as usize;
    for _ in 0..most {
        if x > shape.long_m + 2.0 * half_m {
            break;
        }
        dig(raster, (x, y), bed, half_m);
        let ahead = (shape.axis_m(x + 60.0) - shape.axis_m(x)) / 60.0;
        let off = (shape.axis_m(x) - y) / shape.half_floor_m(x);
        let swing = 0.16 + 0.11 * noise(shape.seed ^ 0x3ead, x / 420.0, 2.5);
        let turn = (ahead / std::f64::consts::TAU + 0.10 * off + swing * sine(phase)).clamp(-0.32, 0.32);
        x += pace * sine(turn + 0.25);
        y += pace * sine(turn);
        phase += pace / (MEANDER_M * (1.0 + 0.55 * noise(shape.seed ^ 0x9a5e, x / 310.0, 1.5)));
        bed = bed.min(shape.floor_m(x.max(0.0)) - BED_M) - 1e-5;
    }
}

/// Lowers the ground around one point of the river to its bed.
fn dig(raster: &mut Raster, (x, y): (f64, f64), bed: f64, half_m: f64) {
    let bank_m = half_m * 1.9;
    let range = |at: f64, most: usize| {
        let clip = |v: f64| (v / raster.cell_m).clamp(0.0, most as f64) as usize;
        clip(at - bank_m)..clip(at + bank_m + raster.cell_m)
    };
    for row in range(y, raster.nrows) {
        for col in range(x, raster.ncols) {
            let (dx, dy) = ((col as f64 + 0.5) * raster.cell_m - x, (row as f64 + 0.5) * raster.cell_m - y);
            let away = (dx * dx + dy * dy).sqrt();
            if away < bank_m {
                let z = &mut raster.z[row * raster.ncols + col];
                let rise = smooth((away - 0.45 * half_m) / (bank_m - 0.45 * half_m));
                *z = z.min(bed + (BED_M + 0.8) * rise);
            }
        }
    }
}

//! The inner loops: one row of cells or faces at a time, written so that the compiler makes vectors
//! of them. They know arrays and coefficients; neither threads nor boundaries.
//!
//! Only `+ - * /`, `sqrt` and comparisons are used, all exact by IEEE 754, and Rust never fuses a
//! product with a sum: a run gives the same bits on every machine, with or without AVX2.

/// Below this depth on a face (m) nothing flows through it.
const DRY_M: f64 = 1e-6;

/// Ground height (m) of what is no ground: outside of the grid, and NODATA. A face against it is
/// always dry because the depth on a face is counted above the higher of its two grounds.
pub(super) const WALL_M: f64 = 1e9;

/// (1 - θ) / 2 of de Almeida et al. (2012), with θ = 0.9: the part that each of the two fluxes beside a
/// face has in its inertia, where fluxes alternate.
const BESIDE: f64 = 0.05;

/// Standard gravity, m/s².
pub(super) const GRAVITY: f64 = 9.81;

/// What one time step multiplies with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// g Δt / Δx, 1/(m/s)·m: slope of the water over one cell to change of flux.
    pub push: f64,
    /// 4 g n² Δt: Manning's friction, times the 4 of the quadratic formula.
    pub drag: f64,
    /// Δt / Δx, s/m: flux (m²/s) to change of depth (m).
    pub spread: f64,
    /// Rain during the step, m.
    pub rain: f64,
}

fn larger(a: f64, b: f64) -> f64 {
    // `f64::max` treats NaN specially, which costs three instructions more; there is no NaN here.
    if a > b { a } else { b }
}

/// x^(-1/3) for normal positive x, to about 1e-10 of itself.
///
/// The exponent is divided by -3 in the integer picture of the number (high half only: 32-bit
/// products exist in every vector unit), then two third-order Householder steps.
#[inline(always)]
pub(super) fn inverse_cube_root(x: f64) -> f64 {
    let high = (x.to_bits() >> 32) as u32;
    let mut y = f64::from_bits(u64::from(0x553e_f0ff - high / 3) << 32);
    for _ in 0..2 {
        let r = 1.0 - x * y * (y * y);
        y += y * r * (1.0 / 3.0 + r * (2.0 / 9.0));
    }
    y
}

/// The cells on both sides of a row of faces: `a` is to the west or to the north of `b`.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// Heights of the ground, m.
    pub z: [&'a [f64]; 2],
    /// Depths, m.
    pub h: [&'a [f64]; 2],
}

/// The fluxes (m²/s) before the step: at each face, and at the faces before and after it in the
/// direction of the flux.
#[derive(Clone, Copy)]
pub(super) struct Old<'a> {
    pub before: &'a [f64],
    pub here: &'a [f64],
    pub after: &'a [f64],
}

/// New unit fluxes (m²/s): Bates, Horritt & Fewtrell (2010), equation 11, with two changes.
///
/// Friction is taken at the end of the step as a whole. With q* = q - g h Δt slope and
/// k = g n² Δt / h^(7/3), q' + k |q'| q' = q* has the root q' = 2 q* / (1 + sqrt(1 + 4 k |q*|)). The
/// steady states are those of the paper (Manning's); the thin film that rain makes does not oscillate.
///
/// Where a flux has another sign than both fluxes beside it, the q in q* is weighted over the three (de
/// Almeida et al. 2012). Such waves from cell to cell are never physical, and the plain scheme does not
/// damp them. Weighting everywhere would slow narrow rivers: their fluxes differ from face to face.
#[inline(always)]
fn faces_body(step: Step, cells: Beside<'_>, old: Old<'_>, q: &mut [f64]) {
    let n = q.len();
    let (za, zb, ha, hb) = (&cells.z[0][..n], &cells.z[1][..n], &cells.h[0][..n], &cells.h[1][..n]);
    let (before, here, after) = (&old.before[..n], &old.here[..n], &old.after[..n]);
    for i in 0..n {
        let (level_a, level_b) = (za[i] + ha[i], zb[i] + hb[i]);
        let flowing = larger(level_a, level_b) - larger(za[i], zb[i]);
        let depth = larger(flowing, DRY_M);
        let beside = if larger(here[i] * before[i], here[i] * after[i]) < 0.0 { BESIDE } else { 0.0 };
        let inertia = here[i] + beside * (before[i] - 2.0 * here[i] + after[i]);
        let pushed = inertia - step.push * depth * (level_b - level_a);
        let y = inverse_cube_root(depth);
        let (y2, y4) = (y * y, (y * y) * (y * y));
        let drag = step.drag * (y4 * y2 * y);
        let slowed = 2.0 * pushed / (1.0 + (1.0 + drag * pushed.abs()).sqrt());
        q[i] = if flowing > DRY_M { slowed } else { 0.0 };
    }
}

/// The fluxes around a row of cells.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Through the western face of each cell, positive to the east.
    pub west: &'a [f64],
    /// Through the eastern face.
    pub east: &'a [f64],
    /// Through the northern face, positive to the south.
    pub north: &'a [f64],
    /// Through the southern face.
    pub south: &'a [f64],
}

/// New depths of a row: what was there, what came and went through the faces, and rain on ground.
/// Keeps the greatest depth that *was* there in `peak`: the new ones may still be corrected.
#[inline(always)]
fn depths_body(step: Step, z: &[f64], h: &[f64], around: Around<'_>, next: &mut [f64], peak: &mut [f64]) {
    let n = next.len();
    let (z, h, peak) = (&z[..n], &h[..n], &mut peak[..n]);
    let (west, east) = (&around.west[..n], &around.east[..n]);
    let (north, south) = (&around.north[..n], &around.south[..n]);
    for i in 0..n {
        let came = (west[i] - east[i]) + (north[i] - south[i]);
        let depth = h[i] + step.spread * came + step.rain;
        next[i] = if z[i] < WALL_M { depth } else { 0.0 };
        peak[i] = larger(peak[i], h[i]);
    }
}

/// The part (0 to 1) of its outgoing fluxes that each cell can afford with the water it holds.
#[inline(always)]
fn affordable_body(step: Step, h: &[f64], around: Around<'_>, keep: &mut [f64]) {
    let n = keep.len();
    let (h, west, east) = (&h[..n], &around.west[..n], &around.east[..n]);
    let (north, south) = (&around.north[..n], &around.south[..n]);
    for i in 0..n {
        let out = (larger(east[i], 0.0) + larger(-west[i], 0.0)) + (larger(south[i], 0.0) + larger(-north[i], 0.0));
        let leaving = step.spread * out;
        // A hair stays behind, so that rounding cannot take the last drop and one more.
        let part = h[i] / leaving * (1.0 - 1e-12);
        keep[i] = if leaving > h[i] { part } else { 1.0 };
    }
}

/// Reduces each flux to what the cell it leaves (`a` when positive, else `b`) can afford.
pub(super) fn reduce(keep_a: &[f64], keep_b: &[f64], q: &mut [f64]) {
    for (q, (a, b)) in q.iter_mut().zip(keep_a.iter().zip(keep_b)) {
        *q *= if *q > 0.0 { a } else { b };
    }
}

/// The smallest and the greatest of a row, and 0. Order-free, so that eight lanes may work at once.
pub(super) fn extremes(row: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = ([0.0f64; 8], [0.0f64; 8]);
    let chunks = row.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &v) in chunk.iter().enumerate() {
            low[lane] = if v < low[lane] { v } else { low[lane] };
            high[lane] = if v > high[lane] { v } else { high[lane] };
        }
    }
    let all = |lanes: [f64; 8], pick: fn(f64, f64) -> f64| lanes.iter().chain(rest).copied().fold(0.0, pick);
    (all(low, f64::min), all(high, f64::max))
}

/// Defines the plain loop and its copy for AVX2 (twice as wide; the same operations, the same bits),
/// and picks by what the machine has.
macro_rules! widest {
    ($(#[$doc:meta])* $name:ident = $body:ident($($arg:ident: $type:ty),*)) => {
        $(#[$doc])*
        pub(super) fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide($($arg: $type),*) {
                    $body($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the line above has seen that this processor has AVX2.
                    return unsafe { wide($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}

widest!(
    /// See [`faces_body`].
    faces = faces_body(step: Step, cells: Beside<'_>, old: Old<'_>, q: &mut [f64])
);
widest!(
    /// See [`affordable_body`].
    affordable = affordable_body(step: Step, h: &[f64], around: Around<'_>, keep: &mut [f64])
);
widest!(
    /// See [`depths_body`].
    depths = depths_body(step: Step, z: &[f64], h: &[f64], around: Around<'_>, next: &mut [f64], peak: &mut [f64])
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_cube_root_is_close_everywhere() {
        let mut worst = 0.0f64;
        for i in 0..200_000 {
            let x = 1e-6 * 1.0001f64.powi(i);
            if x > 1e4 {
                break;
            }
            worst = worst.max((inverse_cube_root(x) * x.cbrt() - 1.0).abs());
        }
        assert!(worst < 1e-9, "worst relative error {worst:e}");
    }

    #[test]
    fn wide_vectors_give_the_same_bits() {
        let some = |seed: u64, scale: f64| -> Vec<f64> {
            (0..103u64)
                .map(|i| ((i + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 16_777_216.0 * scale)
                .collect()
        };
        let (za, zb, ha, hb) = (some(1, 3.0), some(200, 3.0), some(300, 1.5), some(400, 1.5));
        let step = Step { push: 0.7, drag: 0.05, spread: 0.11, rain: 1e-5 };
        let cells = Beside { z: [&za, &zb], h: [&ha, &hb] };
        let old = Old { before: &za, here: &hb, after: &zb };
        let (mut q, mut wide_q) = (vec![0.0; 103], vec![0.0; 103]);
        faces_body(step, cells, old, &mut q);
        faces(step, cells, old, &mut wide_q);
        assert_eq!(
            q.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            wide_q.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        );
        let around = Around { west: &za, east: &zb, north: &ha, south: &q };
        let (mut next, mut wide_next, mut peak, mut wide_peak) = (ha.clone(), ha.clone(), hb.clone(), hb.clone());
        depths_body(step, &za, &hb, around, &mut next, &mut peak);
        depths(step, &za, &hb, around, &mut wide_next, &mut wide_peak);
        assert_eq!((next, peak), (wide_next, wide_peak));
    }

    #[test]
    fn extremes_sees_every_place() {
        for n in [1, 7, 8, 9, 17, 40] {
            for at in 0..n {
                let mut row = vec![0.5; n];
                row[at] = -2.0;
                row[(at + n / 2) % n] += 3.0;
                let want = row.iter().fold((0.0f64, 0.0f64), |(l, h), &v| (l.min(v), h.max(v)));
                assert_eq!(extremes(&row), want, "n {n} at {at}");
            }
        }
    }
}

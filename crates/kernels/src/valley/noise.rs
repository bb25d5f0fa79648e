//! Noise that is the same on every machine: integer hashes and polynomials, no library function.

/// A hash of two whole numbers and a seed, evenly spread (the finaliser of SplitMix64: Steele, Lea &
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
fn hash(seed: u64, x: i64, y: i64) -> u64 {
    let mut h = seed ^ (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    for _ in 0..2 {
        h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        h ^= h >> 31;
    }
    h
}

/// -1 to 1 from a hash.
fn unit(h: u64) -> f64 {
    (h >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// A number between -1 and 1 for two whole numbers and a seed, without any relation to those beside it.
pub(super) fn spread(seed: u64, x: i64, y: i64) -> f64 {
    unit(hash(seed, x, y))
}

/// A smooth step from 0 (at 0) to 1 (at 1), flat outside, without kinks in the slope.
pub(super) fn smooth(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// Smooth noise between about -1 and 1 with features of size 1 (gradient noise after Perlin, 2002).
pub(super) fn noise(seed: u64, x: f64, y: f64) -> f64 {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let corner = |dx: i64, dy: i64| {
        let h = hash(seed, x0 as i64 + dx, y0 as i64 + dy);
        let (gx, gy) = (unit(h), unit(h.rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        gx * (fx - dx as f64) + gy * (fy - dy as f64)
    };
    let mix = |a: f64, b: f64, t: f64| a + (b - a) * t;
    let (sx, sy) = (smooth(fx), smooth(fy));
    1.6 * mix(mix(corner(0, 0), corner(1, 0), sx), mix(corner(0, 1), corner(1, 1), sx), sy)
}

/// Noise over `octaves` scales, each half as wide and half as high as the one before.
pub(super) fn fractal(seed: u64, x: f64, y: f64, octaves: u32) -> f64 {
    let (mut sum, mut scale, mut height) = (0.0, 1.0, 1.0);
    for octave in 0..octaves {
        // Shifted, so that the octaves' lattices do not meet in one point.
        let shift = 17.3 * f64::from(octave);
        sum += height * noise(seed.wrapping_add(u64::from(octave)), x * scale + shift, y * scale - shift);
        (scale, height) = (scale * 2.0, height * 0.5);
    }
    sum
}

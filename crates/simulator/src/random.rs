//! Chance from a seed: the same seed gives the same numbers for ever. Must not know what they are for.

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix a number.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to less than 1.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normal, mean 0, deviation 1 (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Gamma of this shape (at least 1) and scale (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 {
                let u = self.unit();
                if u > 0.0 && (u < 1.0 - 0.0331 * x.powi(4) || u.ln() < 0.5 * x * x + d * (1.0 - v + v.ln())) {
                    return d * v * scale;
                }
            }
        }
    }
}

/// How likely a gamma of this shape and scale is at most `x`: the series of the incomplete gamma function.
pub fn gamma_cdf(x: f64, shape: f64, scale: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let x = x / scale;
    let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
    while term > sum * 1e-15 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    (sum.ln() + shape * x.ln() - x - ln_gamma(shape)).exp().min(1.0)
}

/// Logarithm of the gamma function, by Stirling's series after moving up.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5)) - 1.0 / (1680.0 * x.powi(7));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_is_gamma() {
        let mut random = Random::new(1);
        for (shape, scale) in [(1.0, 2.0), (4.2, 0.94), (312.0, 0.03)] {
            let draws: Vec<f64> = (0..20_000).map(|_| random.gamma(shape, scale)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let deviation = scale * f64::sqrt(shape);
            assert!((mean - shape * scale).abs() < 5.0 * deviation / f64::sqrt(20_000.0), "{shape}: {mean}");
            let median = draws.iter().filter(|draw| gamma_cdf(**draw, shape, scale) < 0.5).count();
            assert!((9_600..10_400).contains(&median), "{shape}: {median}");
        }
        assert!((gamma_cdf(3.0, 1.0, 1.0) - (1.0 - (-3.0f64).exp())).abs() < 1e-12);
        assert!((ln_gamma(11.0) - 3_628_800f64.ln()).abs() < 1e-10);
    }
}

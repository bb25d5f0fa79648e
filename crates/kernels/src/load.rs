//! A load for one core that keeps its units of arithmetic and its way to memory busy: products of small matrices, and
//! triads over arrays that no cache holds. For measuring what a machine draws; the result only shows that it was done.

/// Side of the matrices: three of them fit into a core's own cache.
const SIDE: usize = 96;
/// Numbers of each array of the triad: three arrays of 8 MiB.
const LONG: usize = 1 << 20;
/// Products for each triad, so that both take about as long.
const PRODUCTS: usize = 6;

/// What one core computes on.
#[derive(Clone, Debug)]
pub struct Load {
    left: Vec<f64>,
    right: Vec<f64>,
    product: Vec<f64>,
    triad: [Vec<f64>; 3],
}

impl Default for Load {
    fn default() -> Self {
        let matrix = |scale: f64| (0..SIDE * SIDE).map(|at| scale * (at % 17) as f64 / 17.0).collect();
        Self {
            left: matrix(0.5),
            right: matrix(0.25),
            product: vec![0.0; SIDE * SIDE],
            triad: [vec![0.0; LONG], vec![1.0; LONG], vec![2.0; LONG]],
        }
    }
}

impl Load {
    /// Some hundredths of a second of work. The same number each time: nothing is left from the round before.
    pub fn round(&mut self) -> f64 {
        self.product.fill(0.0);
        for _ in 0..PRODUCTS {
            multiply(&self.left, &self.right, &mut self.product);
        }
        let [sum, one, two] = &mut self.triad;
        for ((sum, one), two) in sum.iter_mut().zip(one.iter()).zip(two.iter()) {
            *sum = one + 3.0 * two;
        }
        self.product.iter().sum::<f64>() + sum.iter().sum::<f64>()
    }
}

/// Adds the product of two matrices, row by row.
fn multiply(left: &[f64], right: &[f64], product: &mut [f64]) {
    for (row, out) in left.chunks_exact(SIDE).zip(product.chunks_exact_mut(SIDE)) {
        for (factor, line) in row.iter().zip(right.chunks_exact(SIDE)) {
            for (out, number) in out.iter_mut().zip(line) {
                *out += factor * number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_does_what_it_says() {
        let mut load = Load::default();
        let first = load.round();
        // The triad is 7 everywhere; a product's sum is that of column sums times row sums.
        let (mut columns, mut rows) = (vec![0.0; SIDE], vec![0.0; SIDE]);
        for at in 0..SIDE * SIDE {
            columns[at % SIDE] += load.left[at];
            rows[at / SIDE] += load.right[at];
        }
        let product: f64 = columns.iter().zip(&rows).map(|(column, row)| column * row).sum();
        let expected = PRODUCTS as f64 * product + 7.0 * LONG as f64;
        assert!((first - expected).abs() < expected * 1e-12, "{first} {expected}");
        assert!((load.round() - first).abs() < f64::EPSILON * first);
    }
}

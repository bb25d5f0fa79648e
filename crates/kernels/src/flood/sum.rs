//! Sums of many numbers without the rounding that grows with their count.

/// Neumaier's compensated sum (Zeitschrift für angewandte Mathematik und Mechanik 54, 1974).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    pub fn value(&self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn keeps_what_plain_addition_loses() {
        let mut sum = Sum::default();
        for value in [1e16, 1.0, 1.0, -1e16] {
            sum.add(value);
        }
        assert_eq!(sum.value(), 2.0);
    }
}

//! Divides a whole amount in given proportions without losing a unit. Must not know what is divided.

use std::cmp::Reverse;

/// Parts of `total` in proportion to `weights`, by largest remainder (Hamilton): each part is the exact share rounded
/// down or up, and they sum to `total`. Of equal remainders the first in order is rounded up. All zero without weights.
///
/// Exact while the weights sum to less than 2^64; beyond that their last bits are left out, which moves no part by more
/// than `total` / 2^64 times their number, and never the sum.
pub fn share(total: u64, weights: &[u128]) -> Vec<u64> {
    let widest = weights.iter().map(|weight| u128::BITS - weight.leading_zeros()).max().unwrap_or(0);
    let count_bits = usize::BITS - weights.len().leading_zeros();
    let shift = if fits(weights) { 0 } else { (widest + count_bits).saturating_sub(u64::BITS) };
    let sum: u128 = weights.iter().map(|weight| weight >> shift).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let products: Vec<u128> = weights.iter().map(|weight| u128::from(total) * (weight >> shift)).collect();
    let mut parts: Vec<u64> = products.iter().map(|product| (product / sum) as u64).collect();
    let left = total - parts.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&at| (Reverse(products[at] % sum), at));
    // There are fewer left than parts with a remainder.
    for &at in order.iter().take(left as usize) {
        parts[at] += 1;
    }
    parts
}

/// Whether a total times the sum cannot overflow.
fn fits(weights: &[u128]) -> bool {
    let sum = weights.iter().try_fold(0u128, |sum, weight| sum.checked_add(*weight));
    sum.is_some_and(|sum| sum <= u128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole() {
        let check = |total: u64, weights: &[u128], expected: &[u64]| assert_eq!(share(total, weights), expected);
        check(10, &[1, 1, 1], &[4, 3, 3]);
        check(11, &[1, 1, 1], &[4, 4, 3]);
        check(7, &[0, 0], &[0, 0]);
        check(7, &[], &[]);
        check(7, &[0, 5], &[0, 7]);
        check(100, &[2, 1, 0], &[67, 33, 0]);
        check(u64::MAX, &[1, 1], &[u64::MAX / 2 + 1, u64::MAX / 2]);
        check(9, &[u128::MAX, u128::MAX, u128::MAX], &[3, 3, 3]);
    }
}

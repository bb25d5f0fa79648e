//! Made-up valleys: the same from the same seed, and rain finds its way out of every one.

use kernels::valley::Valley;

use crate::fingerprint;

#[test]
fn a_seed_is_a_valley() {
    let valley = |seed| Valley { ncols: 40, nrows: 32, cell_m: 15.0, seed }.terrain().unwrap();
    let print = |seed| fingerprint(valley(seed).values.iter().flat_map(|z| z.to_bits().to_le_bytes()));
    assert_eq!(print(1), print(1));
    assert_ne!(print(1), print(2));
    assert_eq!(format!("{:016x}", print(1)), "3a4bd53892d3e41a", "seeds that people noted must keep their valleys");
}

#[test]
fn every_cell_has_a_way_down_to_the_east() {
    for (ncols, nrows, cell_m, seed) in
        [(8, 8, 2.0, 0), (8, 8, 50.0, 1), (90, 60, 10.0, 2), (60, 90, 25.0, 3), (200, 9, 5.0, u64::MAX)]
    {
        let case = format!("{ncols} x {nrows} cells of {cell_m} m, seed {seed}");
        let terrain = Valley { ncols, nrows, cell_m, seed }.terrain().unwrap();
        assert!(terrain.values.iter().all(|z| (-10.0..400.0).contains(z)), "{case}: {:?}", terrain.range());
        // From the eastern edge upwards, never down: all cells must be reached.
        let mut reached = vec![false; ncols * nrows];
        let mut front: Vec<usize> = (1..=nrows).map(|row| row * ncols - 1).collect();
        while let Some(cell) = front.pop() {
            if std::mem::replace(&mut reached[cell], true) {
                continue;
            }
            let (row, col) = ((cell / ncols) as isize, (cell % ncols) as isize);
            for (down, right) in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (down, right))) {
                let (row, col) = (row + down, col + right);
                if (0..nrows as isize).contains(&row) && (0..ncols as isize).contains(&col) {
                    let other = row as usize * ncols + col as usize;
                    if !reached[other] && terrain.values[other] > terrain.values[cell] {
                        front.push(other);
                    }
                }
            }
        }
        assert!(reached.iter().all(|&reached| reached), "{case}: a hollow");
    }
}

#[test]
fn impossible_valleys_are_refused() {
    let check = |ncols, nrows, cell_m, want: &str| {
        let refused = Valley { ncols, nrows, cell_m, seed: 1 }.terrain().unwrap_err();
        assert_eq!(refused.to_string(), want);
    };
    check(7, 100, 10.0, "a valley of 7 x 100 cells is not possible: give 8 to 4000 a side");
    check(100, 4001, 10.0, "a valley of 100 x 4001 cells is not possible: give 8 to 4000 a side");
    check(100, 100, f64::NAN, "a valley with cells of NaN m is not possible: give 2 to 50 m");
    check(100, 100, 51.0, "a valley with cells of 51 m is not possible: give 2 to 50 m");
}

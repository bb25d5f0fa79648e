//! ESRI ASCII grids: what is read, what is refused and how, and the way there and back.

use kernels::Grid;
use kernels::ascii_grid::{self, Digits};
use proptest::prelude::*;

/// As IGN publishes RGE ALTI: leading blanks, keys padded, five decimals of NODATA.
const RGE_ALTI: &str = "ncols        3\r\nnrows        2\r\nxllcorner    349997.500000000000\r\n\
    yllcorner    6789002.500000000000\r\ncellsize     5.000000000000\r\nNODATA_value  -99999.00\r\n \
    82.46 82.51 -99999.00\r\n 82.10 81.99 82.00\r\n";

fn same(a: &Grid, b: &Grid) -> bool {
    let bits =
        |grid: &Grid| grid.values.iter().map(|v| if v.is_nan() { None } else { Some(v.to_bits()) }).collect::<Vec<_>>();
    (a.ncols, a.nrows, a.cell_m, a.x_min, a.y_min) == (b.ncols, b.nrows, b.cell_m, b.x_min, b.y_min)
        && bits(a) == bits(b)
}

#[test]
fn the_form_of_rge_alti_is_read() {
    let grid = ascii_grid::read(RGE_ALTI.as_bytes()).unwrap();
    assert_eq!((grid.ncols, grid.nrows, grid.cell_m, grid.x_min, grid.y_min), (3, 2, 5.0, 349_997.5, 6_789_002.5));
    assert!(grid.at(0, 2).is_nan());
    assert_eq!((grid.at(0, 0), grid.at(1, 2)), (82.46, 82.0));
}

#[test]
fn all_of_these_are_the_same_grid() {
    let want = ascii_grid::read("ncols 2 nrows 2 xllcorner 10 yllcorner 20 cellsize 4 1 2 3 -9999".as_bytes()).unwrap();
    assert!(want.at(1, 1).is_nan());
    for text in [
        "NCOLS 2\nNROWS 2\nXLLCORNER 10\nYLLCORNER 20\nCELLSIZE 4\nNODATA_VALUE -1\n1 2\n3 -1\n",
        "nrows 2\nncols 2\nnodata_value -9999.0\ncellsize 4.0\nxllcenter 12\nyllcenter 22\n1\n2\n3\n-9999\n",
        "\u{feff}ncols\t2\r\nnrows\t2\r\nxllcorner 1e1\r\nyllcorner 20.\r\ncellsize 4\r\n+1 2.00\t\r\n\r\n3 nan",
        "ncols 2 nrows 2 xllcorner 10 yllcenter 22 cellsize 4 NODATA_value nan 1e0 2 3 NaN",
    ] {
        let got = ascii_grid::read(text.as_bytes()).unwrap();
        assert!(same(&got, &want), "{text}: {got:?}");
    }
}

#[test]
fn what_is_no_grid_is_refused_with_place_and_help() {
    const HEAD: &str = "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 5\n";
    let check = |text: &[u8], want: &str| {
        let error = ascii_grid::read(text).unwrap_err();
        assert_eq!(error.to_string(), want, "{}", String::from_utf8_lossy(text));
    };
    let with = |values: &str| format!("{HEAD}{values}").into_bytes();
    check(
        b"",
        "line 1, column 1: the header has no `cellsize`: it needs ncols, nrows, xllcorner, yllcorner and cellsize",
    );
    check(
        b"ncols 2\nnrows 2\nxllcorner 0\ncellsize 5\n1 2 3 4",
        "line 5, column 1: the header has no `yllcorner`: it needs ncols, nrows, xllcorner, yllcorner and cellsize",
    );
    check(b"ncols", "line 1, column 1: `ncols` has no value: the file is cut off");
    check(b"ncols 2.5", "line 1, column 7: `2.5` is no number of cells: give a whole number from 1 on");
    check(b"ncols -3", "line 1, column 7: `-3` is no number of cells: give a whole number from 1 on");
    check(b"ncols 2\nncols 3", "line 2, column 1: `ncols` comes twice: keep one");
    check(b"xllcorner 0 xllcenter 0", "line 1, column 13: `xllcenter` comes twice: keep one");
    check(b"cellsize nan", "line 1, column 10: `cellsize` must be a number");
    check(
        b"ncols 2\ndx 5\ndy 6\n",
        "line 2, column 1: cells that are not square are not supported: resample them, for example \
         with `gdalwarp -tr 5 5 in.asc out.tif` and `gdal_translate -of AAIGrid`",
    );
    check(
        b"II*\x00 tiff",
        "line 1, column 4: this is no text (a compressed or binary file?): unpack it, or convert it with `gdal_translate -of AAIGrid`",
    );
    check(
        b"rows 2",
        "line 1, column 1: `rows` is no key of an ESRI ASCII grid: known are ncols, nrows, xllcorner, xllcenter, \
         yllcorner, yllcenter, cellsize and NODATA_value",
    );
    check(
        &with("1 2\n3 4,5"),
        "line 7, column 3: `4,5` has a decimal comma: write `4.5` (on a whole file: `sed 's/,/./g'`)",
    );
    check(&with("1 2\n3 x4"), "line 7, column 3: `x4` is no number");
    check(&with("1 inf"), "line 6, column 3: `inf` is no finite number: write NODATA_value where there is no height");
    check(
        &with("1 2\n3\n"),
        "line 8, column 1: the text ends after 3 of 2 x 2 values: the file is cut off (fetch it again), or ncols and nrows are wrong",
    );
    check(
        &with("1 2\n3 4\n5 6"),
        "line 8, column 1: `5` comes after the last of 2 x 2 values: correct ncols and nrows, or remove what is too much",
    );
    check(
        &with(&"9".repeat(100)),
        "line 6, column 1: this word is too long to be a number: is the file an ESRI ASCII grid?",
    );
    check(
        b"ncols 0 nrows 2 xllcorner 0 yllcorner 0 cellsize 5 1",
        "the header: a grid of 0 x 2 cells is not possible: give 1 to 50000 a side and at most 100000000 in all",
    );
    check(
        b"ncols 50000 nrows 50000 xllcorner 0 yllcorner 0 cellsize 5 1",
        "the header: a grid of 50000 x 50000 cells is not possible: give 1 to 50000 a side and at most 100000000 in all",
    );
    check(
        b"ncols 18446744073709551615 nrows 18446744073709551615 xllcorner 0 yllcorner 0 cellsize 5 1",
        "the header: a grid of 18446744073709551615 x 18446744073709551615 cells is not possible: \
         give 1 to 50000 a side and at most 100000000 in all",
    );
    check(
        b"ncols 1 nrows 1 xllcorner 0 yllcorner 0 cellsize -5 1",
        "the header: a cell size of -5 m is not possible: give a positive number of metres",
    );
}

#[test]
fn depths_are_written_in_millimetres() {
    let depths = Grid::new(3, 1, 10.0, vec![0.0, 1.234_56, f64::NAN]).unwrap();
    let mut text = Vec::new();
    ascii_grid::write(&depths, Digits::Millimetres, &mut text).unwrap();
    let want = "ncols 3\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -99999\n0 1.235 -99999\n";
    assert_eq!(String::from_utf8(text).unwrap(), want);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(
        (ncols, values) in (1..20usize, 1..20usize).prop_flat_map(|(ncols, nrows)| {
            let value = prop_oneof![8 => (-20_000.0..20_000.0f64).boxed(), 1 => Just(f64::NAN).boxed()];
            (Just(ncols), prop::collection::vec(value, ncols * nrows))
        }),
        cell_m in 0.1..100.0f64,
        x_min in -1e7..1e7f64,
        y_min in -1e7..1e7f64,
    ) {
        let mut grid = Grid::new(ncols, values.len() / ncols, cell_m, values).unwrap();
        (grid.x_min, grid.y_min) = (x_min, y_min);
        let mut text = Vec::new();
        ascii_grid::write(&grid, Digits::All, &mut text).unwrap();
        prop_assert!(same(&ascii_grid::read(text.as_slice()).unwrap(), &grid));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[a-z0-9 .,\n-]{0,200}") {
        prop_assert!(ascii_grid::read(bytes.as_slice()).is_err());
        prop_assert!(ascii_grid::read(text.as_bytes()).is_err());
    }
}

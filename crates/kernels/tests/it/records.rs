//! Records of computed scenarios: their text, and what is refused.

use std::io::ErrorKind;

use kernels::study::{self, Ground, Record};
use kernels::valley::Valley;

fn record(ground: Ground) -> Record {
    Record {
        ground,
        rain_mm_h: 22.5,
        hours: 1.5,
        manning: 0.05,
        rain_m3: 810_000.25,
        outflow_m3: 1234.0,
        stored_m3: 808_766.25,
        relative_imbalance: -3.2e-16,
        steps: 2884,
        deepest_m: 2.548_120_018_943_478,
    }
}

const TEXT: &str = "algoric-flood 1\nvalley 600 400 10 7\nrain_mm_h 22.5\nhours 1.5\nmanning 0.05\nrain_m3 810000.25\n\
    outflow_m3 1234\nstored_m3 808766.25\nrelative_imbalance -3.2e-16\nsteps 2884\ndeepest_m 2.548120018943478\n";

#[test]
fn a_record_is_lines_of_key_and_value() {
    let want = record(Ground::Valley(Valley::first_run()));
    assert_eq!(want.to_string(), TEXT);
    assert_eq!(Record::parse(TEXT), Ok(want.clone()));
    assert_eq!(want.label(), "22.5 mm/h");
}

#[test]
fn a_record_lies_beside_its_depths() {
    let beside = |file: &str| study::record_path(file.as_ref()).to_string_lossy().into_owned();
    assert_eq!(beside("/a/rain-3.asc"), "/a/rain-3.flood.txt");
    assert_eq!(beside("rain"), "rain.flood.txt");
}

#[test]
fn any_file_name_comes_back() {
    for file in ["/data/tile.asc", "/a b/ç\\n\n\r.asc", "\\", ""] {
        let want = record(Ground::Dem(file.to_owned()));
        assert_eq!(Record::parse(&want.to_string()), Ok(want));
    }
}

#[test]
fn what_is_no_record_is_refused() {
    let check = |text: &str, want: &str| assert_eq!(Record::parse(text).unwrap_err().to_string(), want);
    check("", "this is no flood record of version 1: its first line is ``");
    check("algoric-flood 2\n", "this is no flood record of version 1: its first line is `algoric-flood 2`");
    check(
        &TEXT.replace("valley", "volley"),
        "the flood record has no good line `valley ...`: compute the scenario again",
    );
    check(&TEXT.replace(" 7\n", "\n"), "the flood record has no good line `valley ...`: compute the scenario again");
    check(&TEXT.replace("1.5", "x"), "the flood record has no good line `hours ...`: compute the scenario again");
    check(&TEXT.replace("steps", "step"), "the flood record has no good line `steps ...`: compute the scenario again");
}

#[test]
fn a_terrain_that_cannot_be_read_says_which_file() {
    let dem = Ground::Dem("tile.asc".to_owned());
    let missing = dem.terrain(|_| Err::<&[u8], _>(ErrorKind::NotFound.into())).unwrap_err();
    assert_eq!(missing.to_string(), "cannot open tile.asc");
    let broken = dem.terrain(|_| Ok(&b"ncols x"[..])).unwrap_err();
    let source = std::error::Error::source(&broken).unwrap().to_string();
    assert_eq!(
        (broken.to_string().as_str(), source.as_str()),
        ("tile.asc", "line 1, column 7: `x` is no number of cells: give a whole number from 1 on")
    );
    let good = dem.terrain(|file| {
        assert_eq!(file, "tile.asc");
        Ok(&b"ncols 1 nrows 1 xllcorner 0 yllcorner 0 cellsize 5 7"[..])
    });
    assert_eq!(good.unwrap().values, [7.0]);
}

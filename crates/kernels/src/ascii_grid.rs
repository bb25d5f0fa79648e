//! ESRI ASCII grids (`.asc`): the text in which IGN publishes RGE ALTI, and which QGIS and GDAL open.
//!
//! The format as GDAL documents it (driver AAIGrid): lines of `key value`, then the values from the
//! north-western cell on. Keys are read in any case and order; blanks, tabs, line breaks and CRLF may
//! fall anywhere between two words. Only square cells and the decimal point are understood. NODATA
//! becomes NaN.
//!
//! Knows no file: reads from `impl Read`, writes to `impl Write`. Memory grows with what is really
//! read, never with what a header promises.

use std::fmt;
use std::io::{self, BufReader, Read, Write};

use thiserror::Error;

use crate::grid::{Grid, GridError, checked_cells};

/// What NODATA is in the grids that we write, and IGN in theirs.
pub const NODATA: f64 = -99_999.0;

/// The longest word that can be a number or a key.
const LONGEST_WORD: usize = 64;

/// Where in the text, counted from 1; columns in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not a grid: where, what, and what to do.
#[derive(Debug, Error)]
pub enum AsciiGridError {
    /// The text breaks the format.
    #[error("{place}: {problem}")]
    Text {
        /// Where.
        place: Place,
        /// What, and what to do.
        problem: String,
    },
    /// The header describes a grid that cannot be.
    #[error("the header: {0}")]
    Header(#[from] GridError),
    /// The text cannot be read.
    #[error("cannot read the grid")]
    Read(#[source] io::Error),
}

/// Reads a grid.
///
/// # Errors
/// When the text is none, names line and column and what to do.
pub fn read(input: impl Read) -> Result<Grid, AsciiGridError> {
    let mut words = Words { bytes: BufReader::with_capacity(1 << 16, input).bytes(), at: START, unread: None };
    let (header, first) = read_header(&mut words)?;
    let want = checked_cells(header.ncols, header.nrows)?;
    // A header's promise reserves a megabyte at most; what is really there makes the rest.
    let mut values = Vec::with_capacity(want.min(1 << 17));
    let mut word = first;
    while let Some(Word { place, text }) = word {
        if values.len() == want {
            let problem = format!(
                "`{text}` comes after the last of {} x {} values: correct ncols and nrows, or remove what is too much",
                header.ncols, header.nrows
            );
            return Err(AsciiGridError::Text { place, problem });
        }
        let value = number(&text).map_err(|problem| AsciiGridError::Text { place, problem })?;
        values.push(if value == header.nodata { f64::NAN } else { value });
        word = words.next_word()?;
    }
    if values.len() < want {
        let problem = format!(
            "the text ends after {} of {} x {} values: the file is cut off (fetch it again), or ncols and nrows are wrong",
            values.len(),
            header.ncols,
            header.nrows
        );
        return Err(AsciiGridError::Text { place: words.at, problem });
    }
    let mut grid = Grid::new(header.ncols, header.nrows, header.cell_m, values)?;
    (grid.x_min, grid.y_min) = (header.x_min, header.y_min);
    Ok(grid)
}

/// How to write values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// As many as it takes to read the very same numbers again.
    All,
    /// Millimetres: at most three behind the point.
    Millimetres,
}

/// Writes a grid, one line per row.
///
/// # Errors
/// When the output refuses.
pub fn write(grid: &Grid, digits: Digits, output: impl Write) -> io::Result<()> {
    let mut output = io::BufWriter::with_capacity(1 << 16, output);
    writeln!(output, "ncols {}", grid.ncols)?;
    writeln!(output, "nrows {}", grid.nrows)?;
    writeln!(output, "xllcorner {}", grid.x_min)?;
    writeln!(output, "yllcorner {}", grid.y_min)?;
    writeln!(output, "cellsize {}", grid.cell_m)?;
    writeln!(output, "NODATA_value {NODATA}")?;
    for row in grid.values.chunks_exact(grid.ncols) {
        for (col, &value) in row.iter().enumerate() {
            if col > 0 {
                output.write_all(b" ")?;
            }
            let value = match digits {
                _ if value.is_nan() => NODATA,
                Digits::All => value,
                Digits::Millimetres => (value * 1000.0).round() / 1000.0,
            };
            write!(output, "{value}")?;
        }
        output.write_all(b"\n")?;
    }
    output.flush()
}

struct Header {
    ncols: usize,
    nrows: usize,
    x_min: f64,
    y_min: f64,
    cell_m: f64,
    nodata: f64,
}

/// The keys of a header, as they come.
#[derive(Default)]
struct Keys {
    ncols: Option<usize>,
    nrows: Option<usize>,
    x: Option<(f64, Anchor)>,
    y: Option<(f64, Anchor)>,
    cell: Option<f64>,
    nodata: Option<f64>,
}

/// What of the south-western cell a coordinate names.
#[derive(Clone, Copy)]
enum Anchor {
    Corner,
    Center,
}

/// Reads keys until a word that is a number; gives that one back as the first value.
fn read_header<R: Read>(words: &mut Words<R>) -> Result<(Header, Option<Word>), AsciiGridError> {
    let mut keys = Keys::default();
    let first = loop {
        let Some(key) = words.next_word()? else { break None };
        if key.text.starts_with(|c: char| c.is_ascii_digit() || "+-.,".contains(c))
            || key.text.eq_ignore_ascii_case("nan")
        {
            break Some(key);
        }
        let Some(value) = words.next_word()? else {
            let problem = format!("`{}` has no value: the file is cut off", key.text);
            return Err(AsciiGridError::Text { place: key.place, problem });
        };
        keys.put(&key.text, &value.text).map_err(|(at_value, problem)| {
            let place = if at_value { value.place } else { key.place };
            AsciiGridError::Text { place, problem }
        })?;
    };
    let place = first.as_ref().map_or(words.at, |word| word.place);
    let missing = |key: &str| AsciiGridError::Text {
        place,
        problem: format!("the header has no `{key}`: it needs ncols, nrows, xllcorner, yllcorner and cellsize"),
    };
    let cell_m = keys.cell.ok_or_else(|| missing("cellsize"))?;
    let corner = |(at, anchor)| if matches!(anchor, Anchor::Center) { at - cell_m / 2.0 } else { at };
    let header = Header {
        ncols: keys.ncols.ok_or_else(|| missing("ncols"))?,
        nrows: keys.nrows.ok_or_else(|| missing("nrows"))?,
        x_min: keys.x.map(corner).ok_or_else(|| missing("xllcorner"))?,
        y_min: keys.y.map(corner).ok_or_else(|| missing("yllcorner"))?,
        cell_m,
        // What GDAL takes when a file does not say.
        nodata: keys.nodata.unwrap_or(-9999.0),
    };
    Ok((header, first))
}

impl Keys {
    /// Takes a key and its value. The error says whether it is about the value, and what it is.
    fn put(&mut self, key: &str, value: &str) -> Result<(), (bool, String)> {
        let any = || number(value).map_err(|problem| (true, problem));
        let real = || match any()? {
            value if value.is_nan() => Err((true, format!("`{key}` must be a number"))),
            value => Ok(value),
        };
        let count = || {
            let wrong = || (true, format!("`{value}` is no number of cells: give a whole number from 1 on"));
            value.parse::<usize>().map_err(|_| wrong())
        };
        let twice = match key.to_ascii_lowercase().as_str() {
            "ncols" => self.ncols.replace(count()?).is_some(),
            "nrows" => self.nrows.replace(count()?).is_some(),
            "xllcorner" => self.x.replace((real()?, Anchor::Corner)).is_some(),
            "xllcenter" => self.x.replace((real()?, Anchor::Center)).is_some(),
            "yllcorner" => self.y.replace((real()?, Anchor::Corner)).is_some(),
            "yllcenter" => self.y.replace((real()?, Anchor::Center)).is_some(),
            "cellsize" => self.cell.replace(real()?).is_some(),
            "nodata_value" => self.nodata.replace(any()?).is_some(),
            "dx" | "dy" => {
                let help = "cells that are not square are not supported: resample them, for example \
                            with `gdalwarp -tr 5 5 in.asc out.tif` and `gdal_translate -of AAIGrid`";
                return Err((false, help.to_owned()));
            }
            _ => {
                let help = format!(
                    "`{key}` is no key of an ESRI ASCII grid: known are ncols, nrows, xllcorner, xllcenter, \
                     yllcorner, yllcenter, cellsize and NODATA_value"
                );
                return Err((false, help));
            }
        };
        if twice { Err((false, format!("`{key}` comes twice: keep one"))) } else { Ok(()) }
    }
}

/// A word as a number; the error says what is wrong and what to do.
fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() || text.eq_ignore_ascii_case("nan") => Ok(value),
        Ok(_) => Err(format!("`{text}` is no finite number: write NODATA_value where there is no height")),
        Err(_) if text.replacen(',', ".", 1).parse::<f64>().is_ok() => Err(format!(
            "`{text}` has a decimal comma: write `{}` (on a whole file: `sed 's/,/./g'`)",
            text.replacen(',', ".", 1)
        )),
        Err(_) => Err(format!("`{text}` is no number")),
    }
}

const START: Place = Place { line: 1, column: 1 };

struct Word {
    place: Place,
    text: String,
}

/// The words of a text with their places.
struct Words<R: Read> {
    bytes: io::Bytes<BufReader<R>>,
    /// Of the next byte.
    at: Place,
    /// A byte that was read but not used.
    unread: Option<u8>,
}

impl<R: Read> Words<R> {
    fn next_byte(&mut self) -> Result<Option<u8>, AsciiGridError> {
        if let Some(byte) = self.unread.take() {
            return Ok(Some(byte));
        }
        self.bytes.next().transpose().map_err(AsciiGridError::Read)
    }

    fn step_over(&mut self, byte: u8) {
        if byte == b'\n' {
            self.at = Place { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
    }

    /// The next word, or `None` at the end.
    fn next_word(&mut self) -> Result<Option<Word>, AsciiGridError> {
        let mut place = self.at;
        let mut text = String::new();
        while let Some(byte) = self.next_byte()? {
            // Some editors begin a text with a byte-order mark.
            let mark = self.at.line == 1 && matches!((self.at.column, byte), (1, 0xef) | (2, 0xbb) | (3, 0xbf));
            if mark || byte.is_ascii_whitespace() {
                if !text.is_empty() {
                    self.unread = Some(byte);
                    break;
                }
                self.step_over(byte);
                place = self.at;
                continue;
            }
            if !byte.is_ascii_graphic() {
                let problem = "this is no text (a compressed or binary file?): unpack it, or convert it with `gdal_translate -of AAIGrid`";
                return Err(AsciiGridError::Text { place: self.at, problem: problem.to_owned() });
            }
            self.step_over(byte);
            text.push(char::from(byte));
            if text.len() > LONGEST_WORD {
                let problem = "this word is too long to be a number: is the file an ESRI ASCII grid?".to_owned();
                return Err(AsciiGridError::Text { place, problem });
            }
        }
        Ok((!text.is_empty()).then_some(Word { place, text }))
    }
}

//! A study of floods as jobs do it: some scenarios, each one job that leaves its depths and a short
//! record beside them; then one job that makes a map of all.
//!
//! What a command has to add is files: this module reads and writes streams. It knows no scheduler.

use std::fmt;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ascii_grid::{self, AsciiGridError};
use crate::flood::{self, FloodError, Outcome, Progress, Report, Scenario};
use crate::grid::{DepthField, Terrain};
use crate::picture::{MapError, Panel, SHOWN_FROM_M, Sheet};
use crate::valley::{Valley, ValleyError};

/// Rain of the scenarios of the first run, mm/h. With [`Valley::first_run`] and [`FIRST_RUN_HOURS`] each takes
/// about 4 to 9 s of one core.
pub const FIRST_RUN_RAINS_MM_H: [f64; 6] = [10.0, 20.0, 30.0, 45.0, 60.0, 80.0];
/// Simulated time of the scenarios of the first run.
pub const FIRST_RUN_HOURS: f64 = 1.25;

/// First line of a record: what it is, and the version of its format.
const FORMAT: &str = "algoric-flood 1";

/// What the water runs over.
#[derive(Debug, Clone, PartialEq)]
pub enum Ground {
    /// A made-up valley.
    Valley(Valley),
    /// An ESRI ASCII grid in this file (absolute, so that a later job finds it from anywhere).
    Dem(String),
}

/// One scenario, as a command line says it.
#[derive(Debug, Clone, PartialEq)]
pub struct FloodOptions {
    /// What the water runs over.
    pub ground: Ground,
    /// Steady rain, mm/h.
    pub rain_mm_h: f64,
    /// Simulated time, hours.
    pub hours: f64,
    /// Manning's coefficient, s/m^(1/3).
    pub manning: f64,
    /// Threads; the result does not depend on them.
    pub threads: usize,
}

impl Default for FloodOptions {
    fn default() -> Self {
        let ground = Ground::Valley(Valley::first_run());
        Self { ground, rain_mm_h: 30.0, hours: FIRST_RUN_HOURS, manning: 0.05, threads: 1 }
    }
}

/// Why a study cannot go on.
#[derive(Debug, Error)]
pub enum StudyError {
    /// The valley.
    #[error(transparent)]
    Valley(#[from] ValleyError),
    /// A grid of heights or depths.
    #[error("{file}")]
    Grid {
        /// Which file.
        file: String,
        /// What is wrong in it.
        source: AsciiGridError,
    },
    /// A file.
    #[error("cannot open {file}")]
    Open {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Ground {
    /// The heights. `open` is called for a file only.
    ///
    /// # Errors
    /// When the file cannot be opened or read, or the valley is impossible.
    pub fn terrain<R: Read>(&self, open: impl FnOnce(&str) -> std::io::Result<R>) -> Result<Terrain, StudyError> {
        match self {
            Self::Valley(valley) => Ok(valley.terrain()?),
            Self::Dem(file) => {
                let input = open(file).map_err(|source| StudyError::Open { file: file.clone(), source })?;
                ascii_grid::read(input).map_err(|source| StudyError::Grid { file: file.clone(), source })
            }
        }
    }
}

/// Computes a scenario with open borders over its ground. See [`flood::run`] for `watch`.
///
/// # Errors
/// As [`flood::run`].
pub fn compute(
    options: &FloodOptions,
    terrain: &Terrain,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Outcome, FloodError> {
    let scenario = Scenario { manning: options.manning, ..Scenario::rain(options.rain_mm_h, options.hours) };
    flood::run(terrain, &scenario, options.threads, watch)
}

/// What was computed and how the water balanced: a small text beside the depths.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What the water ran over.
    pub ground: Ground,
    /// Steady rain, mm/h.
    pub rain_mm_h: f64,
    /// Simulated time, hours.
    pub hours: f64,
    /// Manning's coefficient, s/m^(1/3).
    pub manning: f64,
    /// Fallen, m³.
    pub rain_m3: f64,
    /// Gone over the borders, m³.
    pub outflow_m3: f64,
    /// On the ground at the end, m³.
    pub stored_m3: f64,
    /// Rounding over all water.
    pub relative_imbalance: f64,
    /// Time steps.
    pub steps: u64,
    /// Greatest depth, m.
    pub deepest_m: f64,
}

/// Why a text is no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Another kind of file, or of a later version.
    #[error("this is no flood record of version 1: its first line is `{0}`")]
    Format(String),
    /// A line is missing or cannot be read.
    #[error("the flood record has no good line `{0} ...`: compute the scenario again")]
    Line(&'static str),
}

/// Where the record of a file of depths is: beside it, `depth.asc` and `depth.flood.txt`.
#[must_use]
pub fn record_path(depths: &Path) -> PathBuf {
    depths.with_extension("flood.txt")
}

impl Record {
    /// The record of a scenario that has been computed.
    #[must_use]
    pub fn new(options: &FloodOptions, report: &Report) -> Self {
        Self {
            ground: options.ground.clone(),
            rain_mm_h: options.rain_mm_h,
            hours: options.hours,
            manning: options.manning,
            rain_m3: report.rain_m3,
            outflow_m3: report.outflow_m3,
            stored_m3: report.stored_m3,
            relative_imbalance: report.relative_imbalance,
            steps: report.steps,
            deepest_m: report.deepest_m,
        }
    }

    /// What a map calls this scenario.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} mm/h", self.rain_mm_h)
    }

    /// Reads what [`Display`](fmt::Display) has written.
    ///
    /// # Errors
    /// When the text is of another kind or lacks something.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        if first != FORMAT {
            return Err(RecordError::Format(first.chars().take(60).collect()));
        }
        let find = |key: &'static str| {
            let mut values = lines.clone().filter_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
            values.next().ok_or(RecordError::Line(key))
        };
        let real = |key: &'static str| find(key)?.parse::<f64>().map_err(|_| RecordError::Line(key));
        let ground = if let Ok(dem) = find("dem") {
            Ground::Dem(unescaped(dem))
        } else {
            Ground::Valley(valley(find("valley")?)?)
        };
        Ok(Self {
            ground,
            rain_mm_h: real("rain_mm_h")?,
            hours: real("hours")?,
            manning: real("manning")?,
            rain_m3: real("rain_m3")?,
            outflow_m3: real("outflow_m3")?,
            stored_m3: real("stored_m3")?,
            relative_imbalance: real("relative_imbalance")?,
            steps: find("steps")?.parse().map_err(|_| RecordError::Line("steps"))?,
            deepest_m: real("deepest_m")?,
        })
    }
}

/// Lines of a key and a value, so that people and `grep` can read it too.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT}")?;
        match &self.ground {
            Ground::Valley(v) => writeln!(f, "valley {} {} {} {}", v.ncols, v.nrows, v.cell_m, v.seed)?,
            Ground::Dem(file) => writeln!(f, "dem {}", escaped(file))?,
        }
        writeln!(f, "rain_mm_h {}", self.rain_mm_h)?;
        writeln!(f, "hours {}", self.hours)?;
        writeln!(f, "manning {}", self.manning)?;
        writeln!(f, "rain_m3 {}", self.rain_m3)?;
        writeln!(f, "outflow_m3 {}", self.outflow_m3)?;
        writeln!(f, "stored_m3 {}", self.stored_m3)?;
        writeln!(f, "relative_imbalance {:e}", self.relative_imbalance)?;
        writeln!(f, "steps {}", self.steps)?;
        writeln!(f, "deepest_m {}", self.deepest_m)
    }
}

/// `NCOLS NROWS CELL SEED`.
fn valley(text: &str) -> Result<Valley, RecordError> {
    let mut words = text.split(' ');
    let mut word = || words.next().ok_or(RecordError::Line("valley"));
    let wrong = |_| RecordError::Line("valley");
    Ok(Valley {
        ncols: word()?.parse().map_err(wrong)?,
        nrows: word()?.parse().map_err(wrong)?,
        cell_m: word()?.parse().map_err(|_| RecordError::Line("valley"))?,
        seed: word()?.parse().map_err(wrong)?,
    })
}

/// A file name on one line: a backslash and line ends are escaped.
fn escaped(file: &str) -> String {
    file.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut file = String::new();
    while let Some(c) = chars.next() {
        file.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    file
}

/// Why a map was not written.
#[derive(Debug, Error)]
pub enum MapWriteError {
    /// It cannot be drawn.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The output refuses.
    #[error("cannot write the picture")]
    Png(#[from] png::EncodingError),
}

/// Draws the map of one or more scenarios over one terrain, in the order of their rain, as PNG.
///
/// # Errors
/// When there is no scenario, one does not lie on the terrain, or the output refuses.
pub fn write_map(
    terrain: &Terrain,
    scenarios: &[(Record, DepthField)],
    output: impl Write,
) -> Result<(), MapWriteError> {
    let mut sorted: Vec<_> = scenarios.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.rain_mm_h.total_cmp(&b.rain_mm_h));
    let labels: Vec<String> = sorted.iter().map(|(record, _)| record.label()).collect();
    let panels: Vec<Panel<'_>> = sorted.iter().zip(&labels).map(|((_, depth), label)| Panel { label, depth }).collect();
    let (title, subtitle) = titles(terrain, &sorted);
    let note = format!(
        "Local-inertial shallow water (Bates, Horritt & Fewtrell 2010) · water deeper than {} cm is shown",
        SHOWN_FROM_M * 100.0
    );
    let sheet = Sheet { title: &title, subtitle: &subtitle, legend: "Depth", note: &note, terrain, panels: &panels };
    Ok(sheet.draw()?.write_png(output)?)
}

/// The two lines above a map.
fn titles(terrain: &Terrain, sorted: &[&(Record, DepthField)]) -> (String, String) {
    let side = |cells: usize| {
        let metres = cells as f64 * terrain.cell_m;
        if metres >= 1000.0 { format!("{:.1} km", metres / 1000.0) } else { format!("{metres:.0} m") }
    };
    let place = match sorted.first().map(|(record, _)| &record.ground) {
        Some(Ground::Dem(file)) => file.rsplit('/').next().unwrap_or(file).to_owned(),
        _ => "A made-up valley".to_owned(),
    };
    let hours = match sorted.first() {
        Some((first, _)) if sorted.iter().all(|(record, _)| record.hours == first.hours) => {
            format!("{} h of steady rain", first.hours)
        }
        _ => "steady rain".to_owned(),
    };
    let title = match sorted {
        [(only, _)] => format!("Greatest flood depth under {}", only.label()),
        many => format!("Greatest flood depth in {} rainfall scenarios", many.len()),
    };
    let (ncols, nrows, cell_m) = (terrain.ncols, terrain.nrows, terrain.cell_m);
    let subtitle = format!(
        "{place} · {} × {} in {ncols} × {nrows} cells of {cell_m} m · {hours} on dry ground",
        side(ncols),
        side(nrows)
    );
    (title, subtitle)
}

//! `sacct`: its command line, which accounts it shows, and how.
//!
//! Does not know where rows come from. The centre may use [`Options::query`] to limit its work; [`print()`] applies the
//! whole filter again.

mod fields;
mod options;
mod record;
mod select;
mod values;

pub use options::{Options, Papers, parse};
pub use record::print_records;
pub use select::{Query, selects};

use model::{AccountRow, ArrayPlace, JobId, StepId};

use crate::text::{Clock, fit};
use fields::FieldSpec;

/// Writes the listing: heading, then jobs by number, each followed by its steps. Rows that the command line does not
/// ask for are left out, so it is harmless to hand in too many. `cluster` is this cluster's name.
pub fn print(options: &Options, rows: &[AccountRow], cluster: &str, clock: &Clock<'_>, out: &mut Vec<u8>) {
    if !options.no_header {
        header(options, out);
    }
    let view = values::View { clock, cluster, units: options.units };
    for row in select::chosen(options, rows) {
        for (at, column) in options.columns.iter().enumerate() {
            let start = out.len();
            view.put(column.field, row, out);
            end_of_value(options, column, start, at, out);
        }
        out.push(b'\n');
    }
}

/// One column: a field and its width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    field: &'static FieldSpec,
    /// Bytes; negative: to the left.
    width: i32,
}

fn header(options: &Options, out: &mut Vec<u8>) {
    for (at, column) in options.columns.iter().enumerate() {
        let start = out.len();
        out.extend_from_slice(column.field.name.as_bytes());
        if options.delimiter.is_some() {
            end_of_value(options, column, start, at, out);
        } else {
            // Headings are cut without a mark.
            fit(out, start, column.width.unsigned_abs() as usize, column.width > 0);
            out.push(b' ');
        }
    }
    out.push(b'\n');
    if options.delimiter.is_none() {
        for column in &options.columns {
            out.resize(out.len() + column.width.unsigned_abs() as usize, b'-');
            out.push(b' ');
        }
        out.push(b'\n');
    }
}

fn end_of_value(options: &Options, column: &Column, start: usize, at: usize, out: &mut Vec<u8>) {
    match &options.delimiter {
        Some(delimiter) => {
            if options.trailing_delimiter || at + 1 < options.columns.len() {
                out.extend_from_slice(delimiter);
            }
        }
        None => {
            let width = column.width.unsigned_abs() as usize;
            if out.len() - start > width && width > 0 {
                out.truncate(start + width - 1);
                out.push(b'+');
            }
            fit(out, start, width, column.width > 0);
            out.push(b' ');
        }
    }
}

/// `--helpformat`: the names of all fields, four a line.
pub fn help_format() -> String {
    let names: Vec<&str> = fields::FIELDS.iter().map(|field| field.name).collect();
    let mut text = String::new();
    for line in names.chunks(4) {
        let cells: Vec<String> = line.iter().map(|name| format!("{name:<19}")).collect();
        text.push_str(&cells.join(" "));
        text.push('\n');
    }
    text
}

/// Where a row stands in a listing: by array and task, then by attempt, the batch script before the steps.
fn place(row: &AccountRow) -> (JobId, u32, JobId, u32, u64) {
    let (base, task) = match &row.array {
        ArrayPlace::Single => (row.id, 0),
        ArrayPlace::Task { base, index } => (*base, *index),
        ArrayPlace::Pending { base, tasks, .. } => (*base, tasks.first().unwrap_or(0)),
    };
    let step = match row.step {
        None => 0,
        Some(StepId::Batch) => 1,
        Some(StepId::Number(number)) => u64::from(number) + 2,
    };
    (base, task, row.id, row.attempt, step)
}

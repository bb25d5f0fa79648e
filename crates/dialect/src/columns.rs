//! Tables as the accounting commands (`sshare`, `sstat`, `sacctmgr`) print them: columns of fixed width under a line of
//! dashes, or values with a bar between them; and the list of columns as `--format` takes it.
//!
//! Must not know what stands in the columns.

use crate::text::fit;

/// A field that a command can show.
#[derive(Debug)]
pub struct Spec {
    /// As `--format` takes it, in any case, or the start of it.
    pub name: &'static str,
    /// What stands above it.
    pub heading: &'static str,
    /// Width in bytes; negative: to the left.
    pub width: i32,
}

/// A field whose heading is its name.
pub const fn spec(name: &'static str, width: i32) -> Spec {
    Spec { name, heading: name, width }
}

/// A field with a heading of its own.
pub const fn headed(name: &'static str, heading: &'static str, width: i32) -> Spec {
    Spec { name, heading, width }
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it shows.
    pub spec: &'static Spec,
    /// Bytes; negative: to the left.
    pub width: i32,
}

/// The columns of `NAME[%[-]WIDTH],...`; an exact name goes before the start of another.
///
/// # Errors
/// The name that is none.
pub fn choose(specs: &'static [Spec], format: &str) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for part in format.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, width) = match part.split_once('%') {
            Some((name, width)) => (name, width.parse::<i32>().ok().filter(|width| (-4096..=4096).contains(width))),
            None => (part, None),
        };
        let exact = specs.iter().find(|spec| spec.name.eq_ignore_ascii_case(name));
        let starts = |spec: &&Spec| spec.name.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let spec = exact.or_else(|| specs.iter().find(starts)).ok_or_else(|| name.to_owned())?;
        columns.push(Column { spec, width: width.unwrap_or(spec.width) });
    }
    Ok(columns)
}

/// How a table looks.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// `-n`.
    pub no_header: bool,
    /// `-p`, `-P`: values parted by this; `None`: columns.
    pub delimiter: Option<Vec<u8>>,
    /// `-p`: also after the last.
    pub trailing: bool,
}

/// Writes a table: `lines` rows, of which `value` writes each cell.
pub fn print(
    look: &Look,
    columns: &[Column],
    lines: usize,
    out: &mut Vec<u8>,
    mut value: impl FnMut(usize, &'static str, &mut Vec<u8>),
) {
    if !look.no_header {
        header(look, columns, out);
    }
    for line in 0..lines {
        for (at, column) in columns.iter().enumerate() {
            let start = out.len();
            value(line, column.spec.name, out);
            finish(look, column, at + 1 == columns.len(), start, out);
        }
        out.push(b'\n');
    }
}

fn header(look: &Look, columns: &[Column], out: &mut Vec<u8>) {
    for (at, column) in columns.iter().enumerate() {
        let start = out.len();
        out.extend_from_slice(column.spec.heading.as_bytes());
        if look.delimiter.is_some() {
            finish(look, column, at + 1 == columns.len(), start, out);
        } else {
            // Headings are cut without a mark.
            fit(out, start, column.width.unsigned_abs() as usize, column.width > 0);
            out.push(b' ');
        }
    }
    out.push(b'\n');
    if look.delimiter.is_none() {
        for column in columns {
            out.resize(out.len() + column.width.unsigned_abs() as usize, b'-');
            out.push(b' ');
        }
        out.push(b'\n');
    }
}

fn finish(look: &Look, column: &Column, last: bool, start: usize, out: &mut Vec<u8>) {
    match &look.delimiter {
        Some(delimiter) if look.trailing || !last => out.extend_from_slice(delimiter),
        Some(_) => {}
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

/// `--helpformat`: all names, four a line, each in a column of `width`.
pub fn help(specs: &[Spec], width: usize) -> String {
    let mut text = String::new();
    for line in specs.chunks(4) {
        let cells: Vec<String> = line.iter().map(|spec| format!("{:<width$}", spec.name)).collect();
        text.push_str(&cells.join(" "));
        text.push('\n');
    }
    text
}

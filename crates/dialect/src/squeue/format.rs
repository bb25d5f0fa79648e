//! The two format languages of `squeue`: letters (`-o "%.18i %P"`) and field names (`-O jobid:20,state`).

use super::fields::{Field, Line};
use crate::text::fit;

/// A format, taken apart once and used for every line.
#[derive(Clone, Debug, Default)]
pub struct Format {
    /// What stands before the first field.
    prefix: Vec<u8>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    /// `None`: a field that does not exist; its text is in the suffix.
    field: Option<Field>,
    /// 0: as wide as the value.
    width: usize,
    right: bool,
    suffix: Vec<u8>,
}

/// Wider columns than any terminal has: a bound, because the number is typed by anybody.
const WIDEST: usize = 4096;

/// Width of `-O`'s columns that do not say theirs.
const FIELD_WIDTH: usize = 20;

impl Format {
    /// `-o`: `%[[.]SIZE]LETTER` with text between. A letter that does not exist stays as text, with a warning.
    pub fn letters(text: &[u8], steps: bool, warnings: &mut Vec<String>) -> Self {
        let mut parts = text.split(|byte| *byte == b'%');
        let mut format = Format { prefix: parts.next().unwrap_or_default().to_vec(), pieces: Vec::new() };
        for part in parts {
            let right = part.first() == Some(&b'.');
            let sized = &part[usize::from(right)..];
            let (width, rest) = number(sized);
            let letter = rest.first().copied();
            let field = letter.and_then(|letter| if steps { Field::of_step(letter) } else { Field::of_job(letter) });
            let piece = match (field, letter) {
                (Some(field), _) => Piece { field: Some(field), width, right, suffix: rest[1..].to_vec() },
                (None, letter) => {
                    let letter = letter.map(char::from).unwrap_or_default();
                    let kind = if steps { "step" } else { "job" };
                    warnings.push(format!("squeue: error: Invalid {kind} format specification: {letter}"));
                    Piece { field: None, width: 0, right: false, suffix: [b"%", part].concat() }
                }
            };
            format.pieces.push(piece);
        }
        format
    }

    /// `-O`: `NAME[:[.]SIZE[SUFFIX]]` with commas. A name that does not exist is left out, with a warning.
    pub fn fields(text: &[u8], steps: bool, warnings: &mut Vec<String>) -> Self {
        let mut format = Format::default();
        for part in text.split(|byte| *byte == b',').filter(|part| !part.is_empty()) {
            let (name, size) = match part.iter().position(|byte| *byte == b':') {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &[][..]),
            };
            let right = size.first() == Some(&b'.');
            let (width, suffix) = number(&size[usize::from(right)..]);
            let name = String::from_utf8_lossy(name);
            match Field::named(name.trim(), steps) {
                Some(field) => {
                    let width = if width == 0 { FIELD_WIDTH } else { width };
                    format.pieces.push(Piece { field: Some(field), width, right, suffix: suffix.to_vec() });
                }
                None => {
                    let kind = if steps { "step" } else { "job" };
                    warnings.push(format!("squeue: error: Invalid {kind} format specification: {name}"));
                }
            }
        }
        format
    }

    /// Whether a field needs the whole job.
    pub fn needs_detail(&self) -> bool {
        self.pieces.iter().filter_map(|piece| piece.field).any(Field::needs_detail)
    }

    /// The heading.
    pub fn header(&self, out: &mut Vec<u8>) {
        self.write(out, |field, out| out.extend_from_slice(field.heading().as_bytes()));
    }

    /// One line.
    pub fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.write(out, |field, out| line.put(field, out));
    }

    /// One line, however its values are written.
    pub fn write(&self, out: &mut Vec<u8>, mut value: impl FnMut(Field, &mut Vec<u8>)) {
        out.extend_from_slice(&self.prefix);
        for piece in &self.pieces {
            let start = out.len();
            if let Some(field) = piece.field {
                value(field, out);
                fit(out, start, piece.width, piece.right);
            }
            out.extend_from_slice(&piece.suffix);
        }
        out.push(b'\n');
    }
}

/// A number at the start (0: none) and what follows it.
fn number(text: &[u8]) -> (usize, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..digits]
        .iter()
        .fold(0usize, |sum, digit| sum.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
    (number.min(WIDEST), &text[digits..])
}

//! The two format languages of `squeue` and `sinfo`: letters (`-o "%.18i %P"`) and field names (`-O jobid:20,state`).
//!
//! Knows columns, not what is in them: a command hands in how it finds a field by letter or name.

use crate::text::fit;

/// A format, taken apart once and used for every line.
#[derive(Clone, Debug)]
pub struct Format<F> {
    /// What stands before the first field.
    prefix: Vec<u8>,
    pieces: Vec<Piece<F>>,
}

impl<F> Default for Format<F> {
    fn default() -> Self {
        Self { prefix: Vec::new(), pieces: Vec::new() }
    }
}

#[derive(Clone, Debug)]
struct Piece<F> {
    /// `None`: a field that does not exist; its text is in the suffix.
    field: Option<F>,
    width: Width,
    right: bool,
    suffix: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Width {
    /// So many bytes; 0: as wide as the value.
    Fixed(usize),
    /// `%#P`: as wide as the widest value, at least [`LEAST_DYNAMIC`].
    Dynamic,
}

/// Wider columns than any terminal has: a bound, because the number is typed by anybody.
const WIDEST: usize = 4096;

/// Width of `-O`'s columns that do not say theirs.
const FIELD_WIDTH: usize = 20;

const LEAST_DYNAMIC: usize = 9;

impl<F: Copy + PartialEq> Format<F> {
    /// `-o`: `%[[.]SIZE]LETTER` with text between. A letter that does not exist stays as text, with a warning that
    /// begins with `fault` (`squeue: error: Invalid job format specification`).
    pub fn letters(text: &[u8], find: impl Fn(u8) -> Option<F>, fault: &str, warnings: &mut Vec<String>) -> Self {
        Self::read(text, find, fault, warnings, false)
    }

    /// The same with `%#P`, as wide as its widest value (`sinfo`).
    pub fn letters_or_fitted(
        text: &[u8],
        find: impl Fn(u8) -> Option<F>,
        fault: &str,
        warnings: &mut Vec<String>,
    ) -> Self {
        Self::read(text, find, fault, warnings, true)
    }

    fn read(
        text: &[u8],
        find: impl Fn(u8) -> Option<F>,
        fault: &str,
        warnings: &mut Vec<String>,
        dynamic: bool,
    ) -> Self {
        let mut parts = text.split(|byte| *byte == b'%');
        let mut format = Format { prefix: parts.next().unwrap_or_default().to_vec(), pieces: Vec::new() };
        // A sign alone, and the first of two, is nothing.
        for part in parts.filter(|part| !part.is_empty()) {
            let right = part.first() == Some(&b'.');
            let sized = &part[usize::from(right)..];
            let dynamic = dynamic && sized.first() == Some(&b'#');
            let (width, rest) = number(&sized[usize::from(dynamic)..]);
            let width = if dynamic { Width::Dynamic } else { Width::Fixed(width) };
            let piece = match (rest.first().and_then(|letter| find(*letter)), rest.first()) {
                (Some(field), _) => Piece { field: Some(field), width, right, suffix: rest[1..].to_vec() },
                (None, letter) => {
                    let letter = letter.map(|letter| char::from(*letter)).map(String::from).unwrap_or_default();
                    warnings.push(format!("{fault}: {letter}"));
                    Piece { field: None, width: Width::Fixed(0), right: false, suffix: [b"%", part].concat() }
                }
            };
            format.pieces.push(piece);
        }
        format
    }

    /// `-O`: `NAME[:[.]SIZE[SUFFIX]]` with commas. A name that does not exist is left out, with a warning.
    pub fn fields(text: &[u8], find: impl Fn(&str) -> Option<F>, fault: &str, warnings: &mut Vec<String>) -> Self {
        let mut format = Format::default();
        for part in text.split(|byte| *byte == b',').filter(|part| !part.is_empty()) {
            let (name, size) = match part.iter().position(|byte| *byte == b':') {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &[][..]),
            };
            let right = size.first() == Some(&b'.');
            let (width, suffix) = number(&size[usize::from(right)..]);
            let name = String::from_utf8_lossy(name);
            match find(name.trim()) {
                Some(field) => {
                    let sized = width > 0 || !size.is_empty();
                    let width = Width::Fixed(if sized { width } else { FIELD_WIDTH });
                    format.pieces.push(Piece { field: Some(field), width, right, suffix: suffix.to_vec() });
                }
                None => {
                    warnings.push(format!("{fault}: {name}"));
                    // What was to follow it stays.
                    let suffix = suffix.to_vec();
                    format.pieces.push(Piece { field: None, width: Width::Fixed(0), right: false, suffix });
                }
            }
        }
        format
    }

    /// The fields, in order.
    pub fn used(&self) -> impl Iterator<Item = F> + '_ {
        self.pieces.iter().filter_map(|piece| piece.field)
    }

    /// Fixes the widths that depend on the values: `widest` says how wide a field's widest value is.
    pub fn settle(&mut self, widest: impl Fn(F) -> usize) {
        for piece in &mut self.pieces {
            if let (Width::Dynamic, Some(field)) = (piece.width, piece.field) {
                piece.width = Width::Fixed(widest(field).max(LEAST_DYNAMIC));
            }
        }
    }

    /// One line, however its values are written.
    pub fn write(&self, out: &mut Vec<u8>, mut value: impl FnMut(F, &mut Vec<u8>)) {
        out.extend_from_slice(&self.prefix);
        for piece in &self.pieces {
            let start = out.len();
            if let Some(field) = piece.field {
                value(field, out);
                if let Width::Fixed(width) = piece.width {
                    fit(out, start, width, piece.right);
                }
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

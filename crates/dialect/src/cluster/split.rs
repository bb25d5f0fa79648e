//! Rows of fields, cut at a separator that is in no field. Must not know what the fields are.

use super::Unreadable;

/// Cuts rows of so many fields, each *ended* by the separator (`-p`, not `-P`), each row ended by a line feed. Line feeds
/// inside fields are just bytes.
#[derive(Debug)]
pub struct Rows {
    separator: Vec<u8>,
    columns: usize,
    buffer: Vec<u8>,
    taken: usize,
}

/// Enough of a bad row to recognise it.
const SHOWN: usize = 60;

fn start(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned()
}

impl Rows {
    /// For rows of so many columns.
    pub fn new(separator: &[u8], columns: usize) -> Self {
        Self { separator: separator.to_vec(), columns, buffer: Vec::new(), taken: 0 }
    }

    /// More of the answer.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole row, if it is all there; `fields` gets it.
    ///
    /// # Errors
    /// [`Unreadable::Row`].
    pub fn next<T>(&mut self, fields: impl FnOnce(&[&[u8]]) -> T) -> Result<Option<T>, Unreadable> {
        let rest = &self.buffer[self.taken..];
        let mut found: Vec<&[u8]> = Vec::with_capacity(self.columns);
        let mut at = 0;
        while found.len() < self.columns {
            let Some(length) = place(&rest[at..], &self.separator) else { return Ok(None) };
            found.push(&rest[at..at + length]);
            at += length + self.separator.len();
        }
        match rest.get(at) {
            None => Ok(None),
            Some(b'\n') => {
                let value = fields(&found);
                self.taken += at + 1;
                Ok(Some(value))
            }
            Some(_) => Err(Unreadable::Row { columns: self.columns, start: start(rest) }),
        }
    }

    /// The answer is over.
    ///
    /// # Errors
    /// [`Unreadable::Short`] where something is left of it.
    pub fn end(&self) -> Result<(), Unreadable> {
        match &self.buffer[self.taken..] {
            [] => Ok(()),
            rest => Err(Unreadable::Short { start: start(rest) }),
        }
    }
}

/// Where the separator begins.
fn place(bytes: &[u8], separator: &[u8]) -> Option<usize> {
    let first = *separator.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(separator) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(parts: &[&str]) -> Vec<Vec<String>> {
        let mut rows = Rows::new(b"^|", 2);
        let mut all = Vec::new();
        for part in parts {
            rows.push(part.as_bytes());
            let texts = |fields: &[&[u8]]| fields.iter().map(|field| String::from_utf8_lossy(field).into()).collect();
            while let Some(row) = rows.next(texts).unwrap() {
                all.push(row);
            }
        }
        rows.end().unwrap();
        all
    }

    #[test]
    fn fields_may_hold_anything_but_the_separator() {
        let whole = "1^|a|b\n^c^|\n2^|^|\n";
        assert_eq!(read(&[whole]), [["1", "a|b\n^c"], ["2", ""]]);
        for cut in 0..whole.len() {
            assert_eq!(read(&[&whole[..cut], &whole[cut..]]), read(&[whole]), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_row_is_said() {
        let mut rows = Rows::new(b"^", 1);
        rows.push(b"a^b^\n");
        assert_eq!(rows.next(|_| ()), Err(Unreadable::Row { columns: 1, start: "a^b^\n".into() }));
        let mut rows = Rows::new(b"^", 1);
        rows.push(b"a^");
        assert_eq!(rows.next(|_| ()), Ok(None));
        assert_eq!(rows.end(), Err(Unreadable::Short { start: "a^".into() }));
    }
}

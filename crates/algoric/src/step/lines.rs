//! Putting the output of several tasks together line by line, with or without the task's number in front.
//!
//! Knows bytes only.

/// The longest line that is kept waiting for its end.
const LONGEST: usize = 64 << 10;

/// One task's stream on its way into a common one.
#[derive(Debug, Default)]
pub struct Lines {
    label: Vec<u8>,
    unbuffered: bool,
    waiting: Vec<u8>,
    inside: bool,
}

impl Lines {
    /// `label` stands before each line (empty: nothing); `unbuffered` lets pieces of lines through at once.
    pub fn new(label: Vec<u8>, unbuffered: bool) -> Self {
        Self { label, unbuffered, ..Self::default() }
    }

    /// Takes what the task wrote; appends to `out` what may be shown now.
    pub fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.waiting.extend_from_slice(bytes);
        let ready = match self.waiting.iter().rposition(|byte| *byte == b'\n') {
            _ if self.unbuffered || self.waiting.len() >= LONGEST => self.waiting.len(),
            Some(last) => last + 1,
            None => 0,
        };
        let shown: Vec<u8> = self.waiting.drain(..ready).collect();
        self.show(&shown, out);
    }

    /// The task writes no more; what is left is shown, a labelled line with its end.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        let rest = std::mem::take(&mut self.waiting);
        self.show(&rest, out);
        if self.inside && !self.label.is_empty() {
            out.push(b'\n');
        }
        self.inside = false;
    }

    fn show(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.inside {
                out.extend_from_slice(&self.label);
            }
            out.extend_from_slice(piece);
            self.inside = !piece.ends_with(b"\n");
        }
    }
}

/// `0: `, as wide as the greatest task number.
pub fn label(rank: u32, tasks: u32) -> Vec<u8> {
    let width = tasks.saturating_sub(1).to_string().len();
    format!("{rank:>width$}: ").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(labelled: bool, unbuffered: bool, pieces: &[&str], expected: &[&str]) {
        let mut lines = Lines::new(if labelled { label(1, 12) } else { Vec::new() }, unbuffered);
        let mut shown = Vec::new();
        for piece in pieces {
            let mut out = Vec::new();
            lines.take(piece.as_bytes(), &mut out);
            shown.push(String::from_utf8_lossy(&out).into_owned());
        }
        let mut out = Vec::new();
        lines.end(&mut out);
        shown.push(String::from_utf8_lossy(&out).into_owned());
        assert_eq!(shown, expected);
    }

    #[test]
    fn whole_lines_only() {
        check(false, false, &["a", "b\nc", "\n"], &["", "ab\n", "c\n", ""]);
        check(false, false, &["a"], &["", "a"]);
        check(true, false, &["a\nb\nc"], &[" 1: a\n 1: b\n", " 1: c\n"]);
    }

    #[test]
    fn pieces_at_once() {
        check(false, true, &["a", "b\nc"], &["a", "b\nc", ""]);
        check(true, true, &["a", "b\nc"], &[" 1: a", "b\n 1: c", "\n"]);
    }

    #[test]
    fn endless_lines_do_not_pile_up() {
        let mut lines = Lines::new(Vec::new(), false);
        let mut out = Vec::new();
        lines.take(&vec![b'x'; LONGEST], &mut out);
        assert_eq!(out.len(), LONGEST);
    }
}

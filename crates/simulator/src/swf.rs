//! The Standard Workload Format: 18 numbers a line, −1 where unknown; header lines begin with `;`.
//! Source: <https://www.cs.huji.ac.il/labs/parallel/workload/swf.html>. What comes after the 18th number is left to
//! whoever put it there.

use crate::workload::{Line, Trace};

/// Numbers in a line.
const FIELDS: usize = 18;
/// No instant of a trace is later than this (30 million years), and no span of one job longer than [`LONGEST`].
const LATEST: i64 = 1_000_000_000_000_000;
/// The longest run time or estimate, in seconds: 136 years.
const LONGEST: i64 = u32::MAX as i64 - 1;

/// A line that is not in the format.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Malformed {
    /// Which, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Too few numbers.
    #[error("{found} numbers instead of {FIELDS}")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// Not a number.
    #[error("field {field} is not a number: {text:?}")]
    NotANumber {
        /// Which, from 1.
        field: usize,
        /// What is there.
        text: String,
    },
    /// A number that no job can have.
    #[error("field {field} is out of range: {value}")]
    OutOfRange {
        /// Which, from 1.
        field: usize,
        /// What is there.
        value: i64,
    },
    /// More jobs than can be counted.
    #[error("more than {} jobs", u32::MAX)]
    TooMany,
}

/// Reads a trace piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    lenient: bool,
    trace: Trace,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    line: u64,
}

impl Reader {
    /// A reader; a `lenient` one counts lines that are not in the format instead of refusing them.
    pub fn new(lenient: bool) -> Self {
        Reader { lenient, ..Reader::default() }
    }

    /// Takes the next piece, of any length.
    ///
    /// # Errors
    /// [`Malformed`], unless lenient.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), Malformed> {
        if !self.rest.is_empty() {
            let Some(end) = piece.iter().position(|byte| *byte == b'\n') else {
                self.rest.extend_from_slice(piece);
                return Ok(());
            };
            self.rest.extend_from_slice(&piece[..end]);
            piece = &piece[end + 1..];
            let rest = std::mem::take(&mut self.rest);
            self.one(&rest)?;
        }
        let whole = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.rest.extend_from_slice(&piece[whole..]);
        self.many(&piece[..whole])
    }

    /// The trace, when all pieces have been fed.
    ///
    /// # Errors
    /// [`Malformed`]: the last line.
    pub fn finish(mut self) -> Result<Trace, Malformed> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.one(&rest)?;
        }
        Ok(self.trace)
    }

    fn many(&mut self, mut text: &[u8]) -> Result<(), Malformed> {
        while !text.is_empty() {
            match job(text) {
                Ok((line, used)) => {
                    self.line += 1;
                    self.keep(line)?;
                    text = &text[used..];
                }
                // A header, an empty line, or a fault.
                Err(_) => {
                    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
                    self.one(&text[..end])?;
                    text = &text[(end + 1).min(text.len())..];
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.line += 1;
        let text = text.trim_ascii();
        match text.first() {
            None => Ok(()),
            Some(b';') => {
                self.header(&text[1..]);
                Ok(())
            }
            Some(_) => match job(text) {
                Ok((line, _)) => self.keep(line),
                Err(fault) => self.refuse(fault),
            },
        }
    }

    fn keep(&mut self, line: Line) -> Result<(), Malformed> {
        if let Some(fault) = range(&line) {
            return self.refuse(fault);
        }
        if self.trace.lines.len() >= u32::MAX as usize - 1 {
            return Err(Malformed { line: self.line, fault: Fault::TooMany });
        }
        self.trace.lines.push(line);
        Ok(())
    }

    fn refuse(&mut self, fault: Fault) -> Result<(), Malformed> {
        if self.lenient {
            self.trace.malformed += 1;
            return Ok(());
        }
        Err(Malformed { line: self.line, fault })
    }

    fn header(&mut self, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else { return };
        let Some((key, value)) = text.split_once(':') else { return };
        let number = value.split_whitespace().next().and_then(|word| word.parse().ok());
        match key.trim() {
            "MaxProcs" => self.trace.max_procs = self.trace.max_procs.or(number),
            "MaxNodes" => self.trace.max_nodes = self.trace.max_nodes.or(number),
            _ => {}
        }
    }
}

/// A trace as text; what is not known of a job is −1.
pub fn print(trace: &Trace, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    for (key, value) in [("MaxNodes", trace.max_nodes), ("MaxProcs", trace.max_procs)] {
        if let Some(value) = value {
            writeln!(out, "; {key}: {value}")?;
        }
    }
    for line in &trace.lines {
        let Line { id, submit, wait, run, cores, estimate, memory_kib, user, group, queue } = line;
        writeln!(
            out,
            "{id} {submit} {wait} {run} {cores} -1 -1 {cores} {estimate} {memory_kib} 1 {user} {group} -1 {queue} -1 -1 -1"
        )?;
    }
    Ok(())
}

/// What is beyond what anything here can count.
fn range(line: &Line) -> Option<Fault> {
    let out = |field: usize, value: i64, most: i64| (value > most).then_some(Fault::OutOfRange { field, value });
    let least = |field: usize, value: i64| (value < -LATEST).then_some(Fault::OutOfRange { field, value });
    out(2, line.submit, LATEST)
        .or(least(2, line.submit))
        .or(out(3, line.wait, LATEST))
        .or(least(3, line.wait))
        .or(out(4, line.run, LONGEST))
        .or(out(9, line.estimate, LONGEST))
}

/// One job, and how many bytes it and the rest of its line take.
fn job(text: &[u8]) -> Result<(Line, usize), Fault> {
    let mut fields = [0i64; FIELDS];
    let mut at = 0;
    for (field, value) in fields.iter_mut().enumerate() {
        while matches!(text.get(at), Some(b' ' | b'\t' | b'\r')) {
            at += 1;
        }
        match text.get(at) {
            None | Some(b'\n') => return Err(Fault::TooFew { found: field }),
            Some(_) => {}
        }
        *value = number(text, &mut at, field)?;
    }
    let used = match text[at..].iter().position(|byte| *byte == b'\n') {
        Some(end) => at + end + 1,
        None => text.len(),
    };
    let cores = if fields[7] > 0 { fields[7] } else { fields[4] };
    // Both are kilobytes for each processor.
    let memory_kib = [fields[9], fields[6]].into_iter().find(|known| *known > 0).unwrap_or(-1);
    let line = Line {
        id: fields[0],
        submit: fields[1],
        wait: fields[2],
        run: fields[3],
        cores,
        estimate: fields[8],
        memory_kib,
        user: fields[11],
        group: fields[12],
        queue: fields[14],
    };
    Ok((line, used))
}

/// A whole number; what follows a decimal point is cut off.
#[inline]
fn number(text: &[u8], at: &mut usize, field: usize) -> Result<i64, Fault> {
    let begin = *at;
    let negative = text[begin] == b'-';
    let mut place = begin + usize::from(negative || text[begin] == b'+');
    let (first, mut value) = (place, 0i64);
    while let Some(digit) = text.get(place).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        place += 1;
    }
    let digits = place - first;
    if text.get(place) == Some(&b'.') {
        place += 1;
        while text.get(place).is_some_and(u8::is_ascii_digit) {
            place += 1;
        }
    }
    let ends = matches!(text.get(place), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    if digits == 0 || digits > 18 || !ends {
        let word = text[begin..].split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let text = String::from_utf8_lossy(&word[..word.len().min(40)]).into_owned();
        return Err(Fault::NotANumber { field: field + 1, text });
    }
    *at = place;
    Ok(if negative { -value } else { value })
}

//! The machine, drawn: sockets with their cores, and which job has each. A letter names the job, a colour only repeats it.
//! Data in, SVG out; must not know where it comes from.

use std::fmt::Write;

use api::BoardCore;

use crate::{chart::escape, words::Words};

/// Cores beside each other in a socket.
const COLUMNS: usize = 8;
/// From one core to the next, and the edge of one, in pixels.
const STEP: usize = 34;
const EDGE: usize = 28;
/// Around the cores of a socket.
const MARGIN: usize = 10;

/// The sign of a job in the drawing: `A` to `Z`, `a` to `z`; of those that are not listed `+`.
pub fn sign(job: u16) -> char {
    match u8::try_from(job) {
        Ok(at @ 0..26) => char::from(b'A' + at),
        Ok(at @ 26..52) => char::from(b'a' + at - 26),
        _ => '+',
    }
}

/// The class that gives a job its colour.
pub fn colour(job: u16) -> String {
    format!("s{}", job % 6 + 1)
}

/// A picture for each socket.
pub fn draw(words: &Words, cores: &[BoardCore]) -> String {
    let mut out = String::new();
    for socket in cores.chunk_by(|one, next| one.socket == next.socket) {
        let number = socket.first().map_or(0, |core| core.socket);
        put_socket(&mut out, words, number, socket).ok();
    }
    out
}

fn put_socket(out: &mut String, words: &Words, number: u32, cores: &[BoardCore]) -> std::fmt::Result {
    let columns = cores.len().clamp(1, COLUMNS);
    let rows = cores.len().div_ceil(columns);
    let (width, height) = (columns * STEP + 2 * MARGIN, rows * STEP + 2 * MARGIN);
    let busy = cores.iter().filter(|core| core.job.is_some()).count();
    let title = words.with("machine-socket", &[("number", (number + 1).into())]);
    let told = words.with("machine-socket-told", &[("busy", busy.into()), ("cores", cores.len().into())]);
    write!(
        out,
        "<svg class=\"socket\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{}\"><rect class=\"socket-edge\" x=\"1\" y=\"1\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
        escape(&format!("{title}. {told}")),
        width - 2,
        height - 2,
    )?;
    for (at, core) in cores.iter().enumerate() {
        let (x, y) = (MARGIN + at % columns * STEP + 3, MARGIN + at / columns * STEP + 3);
        match core.job {
            None => {
                write!(out, "<rect class=\"core\" x=\"{x}\" y=\"{y}\" width=\"{EDGE}\" height=\"{EDGE}\" rx=\"5\"/>")?
            }
            Some(job) => write!(
                out,
                "<rect class=\"core core-busy {}\" x=\"{x}\" y=\"{y}\" width=\"{EDGE}\" height=\"{EDGE}\" rx=\"5\"/>\
                 <text class=\"core-sign\" x=\"{}\" y=\"{}\">{}</text>",
                colour(job),
                x + EDGE / 2,
                y + EDGE / 2 + 5,
                sign(job),
            )?,
        }
    }
    out.write_str("</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn sockets_with_their_jobs() {
        let words = Words::new(Language::English, jiff::tz::TimeZone::UTC);
        let core = |socket, job| BoardCore { socket, job };
        let cores = [core(0, Some(0)), core(0, Some(0)), core(0, None), core(1, Some(27)), core(1, Some(500))];
        let svg = draw(&words, &cores);
        assert_eq!(svg.matches("<svg").count(), 2);
        assert_eq!(svg.matches(">A</text>").count(), 2);
        assert!(svg.contains(">b</text>") && svg.contains(">+</text>"), "{svg}");
        assert!(svg.contains("aria-label=\"Processor 1. 2 of 3 cores compute.\""), "{svg}");
        assert_eq!(svg.matches("class=\"core\"").count(), 1);
    }
}

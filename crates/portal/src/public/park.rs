//! The machines of a cluster, drawn: each with its name, how full it is, and a sign where it does not compute. Of very many
//! only how full they are. Data in, SVG out; must not know where it comes from.

use std::fmt::Write;

use api::{BoardNode, BoardState};

use crate::{chart::escape, words::Words};

/// So many are drawn with their names.
const NAMED: usize = 48;
/// So many are drawn at all.
const MOST: usize = 2000;
/// A machine with its name, in pixels, and machines beside each other.
const BOX: (usize, usize) = (148, 62);
const COLUMNS: usize = 6;
/// One without.
const SMALL: usize = 22;
const SMALL_COLUMNS: usize = 40;
/// Letters of a name that fit.
const LETTERS: usize = 11;

/// The states in the order in which they are told, with their class and sign.
const STATES: [(BoardState, &str, &str); 6] = [
    (BoardState::Busy, "busy", ""),
    (BoardState::Free, "free", ""),
    (BoardState::Drained, "drained", "‖"),
    (BoardState::Off, "off", "○"),
    (BoardState::Switching, "switching", "…"),
    (BoardState::Down, "down", "✕"),
];

fn look(state: BoardState) -> (&'static str, &'static str) {
    STATES.iter().find(|(known, ..)| *known == state).map_or(("free", ""), |(_, class, sign)| (class, sign))
}

/// `7 machines: 3 compute, 2 are free, 2 are off`
pub fn told(words: &Words, nodes: &[BoardNode]) -> String {
    let count = |state| nodes.iter().filter(|node| node.state == state).count() as u32;
    told_of(words, &STATES.map(|(state, ..)| (Some(state), count(state))))
}

/// The same of so many in each state; in none are those that no jobs are sent to.
pub fn told_of(words: &Words, states: &[(Option<BoardState>, u32)]) -> String {
    let count = |state| states.iter().filter(|(known, _)| *known == state).map(|(_, count)| count).sum::<u32>();
    let known = STATES.iter().map(|(state, class, _)| (Some(*state), *class)).chain([(None, "reports")]);
    let counts = known.filter_map(|(state, class)| {
        let count = count(state);
        (count > 0).then(|| words.with(&format!("park-{class}"), &[("count", count.into())]))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    let all: u32 = states.iter().map(|(_, count)| count).sum();
    words.with("park-told", &[("count", all.into()), ("states", counts.into())])
}

/// A picture of all of them.
pub fn draw(words: &Words, nodes: &[BoardNode]) -> String {
    let mut out = String::new();
    let nodes = &nodes[..nodes.len().min(MOST)];
    let put = if nodes.len() > NAMED { put_small } else { put_named };
    put(&mut out, nodes, &escape(&told(words, nodes))).ok();
    out
}

fn open(out: &mut String, columns: usize, step: (usize, usize), count: usize, label: &str) -> std::fmt::Result {
    let (width, height) = (columns * step.0, count.div_ceil(columns) * step.1);
    write!(
        out,
        "<svg class=\"park\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{label}\">"
    )
}

/// How much of `length` its jobs have, at least a little if they have anything.
fn full(node: &BoardNode, length: usize) -> usize {
    let part = node.busy as usize * length / (node.cores as usize).max(1);
    if node.busy > 0 { part.clamp(3, length) } else { 0 }
}

fn put_named(out: &mut String, nodes: &[BoardNode], label: &str) -> std::fmt::Result {
    let columns = nodes.len().clamp(1, COLUMNS);
    open(out, columns, BOX, nodes.len(), label)?;
    for (at, node) in nodes.iter().enumerate() {
        let (x, y) = (at % columns * BOX.0 + 4, at / columns * BOX.1 + 4);
        let (width, height) = (BOX.0 - 8, BOX.1 - 8);
        let (class, sign) = look(node.state);
        let name: String = match node.name.chars().count() > LETTERS {
            true => node.name.chars().take(LETTERS - 1).chain(['…']).collect(),
            false => node.name.clone(),
        };
        let count = if sign.is_empty() { format!("{}/{}", node.busy, node.cores) } else { sign.to_owned() };
        write!(
            out,
            "<g class=\"node node-{class}\"><title>{}</title><rect class=\"node-edge\" x=\"{x}\" y=\"{y}\" \
             width=\"{width}\" height=\"{height}\" rx=\"7\"/><text class=\"node-name\" x=\"{}\" y=\"{}\">{}</text>\
             <text class=\"node-count\" x=\"{}\" y=\"{}\">{count}</text><rect class=\"node-all\" x=\"{}\" y=\"{}\" \
             width=\"{}\" height=\"10\" rx=\"4\"/>",
            escape(&node.name),
            x + 10,
            y + 22,
            escape(&name),
            x + width - 10,
            y + 22,
            x + 10,
            y + 34,
            width - 20,
        )?;
        let part = full(node, width - 20);
        if part > 0 {
            write!(
                out,
                "<rect class=\"node-part\" x=\"{}\" y=\"{}\" width=\"{part}\" height=\"10\" rx=\"4\"/>",
                x + 10,
                y + 34
            )?;
        }
        out.write_str("</g>")?;
    }
    out.write_str("</svg>")
}

fn put_small(out: &mut String, nodes: &[BoardNode], label: &str) -> std::fmt::Result {
    open(out, SMALL_COLUMNS, (SMALL, SMALL), nodes.len(), label)?;
    for (at, node) in nodes.iter().enumerate() {
        let (x, y) = (at % SMALL_COLUMNS * SMALL + 2, at / SMALL_COLUMNS * SMALL + 2);
        let edge = SMALL - 4;
        let (class, sign) = look(node.state);
        let part = full(node, edge);
        write!(
            out,
            "<g class=\"node node-{class}\"><title>{}</title><rect class=\"node-all\" x=\"{x}\" y=\"{y}\" width=\"{edge}\" \
             height=\"{edge}\" rx=\"3\"/>",
            escape(&node.name)
        )?;
        if part > 0 {
            let top = y + edge - part;
            write!(
                out,
                "<rect class=\"node-part\" x=\"{x}\" y=\"{top}\" width=\"{edge}\" height=\"{part}\" rx=\"3\"/>"
            )?;
        }
        if !sign.is_empty() {
            write!(out, "<text class=\"node-sign\" x=\"{}\" y=\"{}\">{sign}</text>", x + edge / 2, y + edge - 4)?;
        }
        out.write_str("</g>")?;
    }
    out.write_str("</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    fn node(name: &str, state: BoardState, busy: u32) -> BoardNode {
        BoardNode { name: name.to_owned(), state, cores: 16, busy }
    }

    #[test]
    fn machines_with_names_and_signs() {
        let words = Words::new(Language::English, jiff::tz::TimeZone::UTC);
        let nodes = [
            node("n1", BoardState::Busy, 4),
            node("n2", BoardState::Free, 0),
            node("<b>-and-a-long-name", BoardState::Off, 0),
            node("n4", BoardState::Down, 0),
        ];
        let svg = draw(&words, &nodes);
        assert_eq!(svg.matches("<g class=\"node").count(), 4);
        assert!(svg.contains(">4/16</text>") && svg.contains(">✕</text>"), "{svg}");
        assert!(svg.contains("width=\"30\" height=\"10\"") && svg.matches("node-part").count() == 1, "{svg}");
        assert!(!svg.contains("<b>") && svg.contains("-and-a-…"), "{svg}");
        let told = told(&words, &nodes);
        assert_eq!(told, "4 machines: 1 computes, 1 is free, 1 is off, 1 does not answer");
        assert!(svg.contains(&told));
    }

    #[test]
    fn of_very_many_how_full_they_are() {
        let words = Words::new(Language::French, jiff::tz::TimeZone::UTC);
        let nodes: Vec<BoardNode> = (0..300).map(|at| node(&format!("n{at}"), BoardState::Busy, at % 17)).collect();
        let svg = draw(&words, &nodes);
        assert!(svg.contains("viewBox=\"0 0 880 176\"") && !svg.contains("node-name"));
        assert!(svg.contains("<title>n299</title>"));
        assert!(svg.len() < 60_000, "{}", svg.len());
    }
}

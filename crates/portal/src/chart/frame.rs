//! What pictures have in common: the figure around them, the grid, the legend, the table. The picture is as wide as its
//! place; only the innermost part is stretched, so that letters and lines keep their size.

use std::fmt::Write;

use super::{Level, Unit, scale};
use crate::words::Words;

/// The stretched part in units of its own, and its height in pixels.
pub(super) const WIDTH: i64 = 720;
pub(super) const HEIGHT: i64 = 168;
/// Above the plot, for the uppermost label.
const ABOVE: i64 = 10;
/// Below it, for the times.
const BELOW: i64 = 26;

/// Letters that mean something in HTML, made harmless.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// What a figure is made of.
pub(super) struct Frame<'a> {
    /// Name that is unique on the page.
    pub id: &'a str,
    /// What one sees.
    pub title: &'a str,
    /// What it says, in words.
    pub desc: &'a str,
    /// Of the vertical axis.
    pub unit: Unit,
    /// The greatest number that must fit.
    pub most: i64,
    /// Labels below, each at thousandths of the width.
    pub below: Vec<(i64, String)>,
    /// Class and words.
    pub legend: Vec<(String, String)>,
    /// Rows of the table, the head first.
    pub table: Vec<Vec<String>>,
}

impl Frame<'_> {
    /// The number at the top of the plot.
    pub fn top(&self) -> i64 {
        scale::top(self.most, self.unit.step(self.most, 4))
    }

    /// The whole figure: grounds, the grid over them, and what it is about over that.
    pub fn draw(&self, words: &Words, grounds: &str, body: &str) -> String {
        let mut out = String::with_capacity(grounds.len() + body.len() + 4096);
        let (id, height) = (escape(self.id), ABOVE + HEIGHT + BELOW);
        put(
            &mut out,
            format_args!(
                "<svg class=\"chart-picture\" width=\"100%\" height=\"{height}\" role=\"img\" \
                 aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\
                 <g transform=\"translate(0 {ABOVE})\">",
                escape(self.title),
                escape(self.desc),
            ),
        );
        stretched(&mut out, grounds);
        self.put_grid(&mut out, words);
        stretched(&mut out, body);
        out.push_str("</g></svg>");
        self.put_legend(&mut out);
        self.put_table(&mut out, words);
        let title = escape(self.title);
        format!("<figure class=\"chart\"><figcaption>{title}</figcaption>{out}</figure>")
    }

    fn put_grid(&self, out: &mut String, words: &Words) {
        let (top, step) = (self.top(), self.unit.step(self.most, 4));
        for line in 0..=top / step {
            let y = HEIGHT - share(line * step, top, HEIGHT);
            let class = if line == 0 { "chart-axis" } else { "chart-grid" };
            put(out, format_args!("<line class=\"{class}\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>"));
            let label = escape(&self.unit.write(words, line * step));
            put(out, format_args!("<text class=\"chart-text end\" x=\"-8\" y=\"{}\">{label}</text>", y + 4));
        }
        for (at, label) in &self.below {
            let (whole, tenth) = (at / 10, at % 10);
            // The last label reaches a little over the edge, where there is room for it; a long one stays inside.
            let class = if *at > 960 && label.chars().count() > 7 { "end" } else { "middle" };
            put(
                out,
                format_args!(
                    "<text class=\"chart-text {class}\" x=\"{whole}.{tenth}%\" y=\"{}\">{}</text>",
                    HEIGHT + 18,
                    escape(label)
                ),
            );
        }
    }

    fn put_legend(&self, out: &mut String) {
        if self.legend.is_empty() {
            return;
        }
        out.push_str("<ul class=\"legend\">");
        for (class, name) in &self.legend {
            let sign = match class.starts_with("chart-line") || class.starts_with("chart-mark") {
                true => format!("<path class=\"{class}\" d=\"M0 6h26\"/>"),
                false => format!("<rect class=\"{class}\" width=\"26\" height=\"12\"/>"),
            };
            put(
                out,
                format_args!(
                    "<li><svg aria-hidden=\"true\" width=\"26\" height=\"12\">{sign}</svg>{}</li>",
                    escape(name)
                ),
            );
        }
        out.push_str("</ul>");
    }

    fn put_table(&self, out: &mut String, words: &Words) {
        let Some((head, rows)) = self.table.split_first() else { return };
        let title = escape(self.title);
        put(
            out,
            format_args!(
                "<details><summary>{}</summary><div class=\"scroll\" role=\"region\" tabindex=\"0\" \
                 aria-label=\"{title}\"><table class=\"data\"><caption class=\"visually-hidden\">{title}</caption>\
                 <thead><tr>",
                escape(&words.say("chart-table"))
            ),
        );
        for (at, cell) in head.iter().enumerate() {
            let class = if at > 0 { " class=\"num\"" } else { "" };
            put(out, format_args!("<th scope=\"col\"{class}>{}</th>", escape(cell)));
        }
        out.push_str("</tr></thead><tbody>");
        for row in rows {
            for (at, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                match at {
                    0 => put(out, format_args!("<tr><th scope=\"row\">{cell}</th>")),
                    _ => put(out, format_args!("<td class=\"num\">{cell}</td>")),
                }
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div></details>");
    }
}

/// What is stretched to the width of the plot.
fn stretched(out: &mut String, what: &str) {
    if !what.is_empty() {
        put(
            out,
            format_args!(
                "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" width=\"100%\" \
                 height=\"{HEIGHT}\">{what}</svg>"
            ),
        );
    }
}

/// Writing to a text cannot fail.
pub(super) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).ok();
}

/// `value` of `whole`, as part of `length`; never outside of it.
pub(super) fn share(value: i64, whole: i64, length: i64) -> i64 {
    let part = i128::from(value.max(0)) * i128::from(length) / i128::from(whole.max(1));
    i64::try_from(part).unwrap_or(length).min(length)
}

/// A ground over the full height from one place to another.
pub(super) fn ground(out: &mut String, level: Level, from: i64, until: i64) {
    let width = (until - from).max(1);
    put(out, format_args!("<rect class=\"{}\" x=\"{from}\" width=\"{width}\" height=\"{HEIGHT}\"/>", level.class()));
}

/// The levels that occur, each once with its name, in the order of the levels.
pub(super) fn levels<'a>(all: impl Iterator<Item = (Level, &'a str)>) -> Vec<(String, String)> {
    let mut named: Vec<(Level, &str)> = Vec::new();
    for (level, name) in all {
        if !name.is_empty() && !named.contains(&(level, name)) {
            named.push((level, name));
        }
    }
    named.sort_by_key(|(level, _)| *level as u8);
    named.into_iter().map(|(level, name)| (level.class().to_owned(), name.to_owned())).collect()
}

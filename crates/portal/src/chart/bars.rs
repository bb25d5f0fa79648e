//! Stacked columns with names: days of a month, hours of a day, projects.

use super::{
    Level, Unit,
    curve::class,
    frame::{Frame, HEIGHT, WIDTH, ground, levels, put, share},
};
use crate::words::Words;

/// One column.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What stands below it, short.
    pub label: String,
    /// What the table says; the label where this is empty.
    pub name: String,
    /// One for each series.
    pub values: Vec<i64>,
    /// Its ground, and what the legend says of it.
    pub shade: Option<(Level, String)>,
}

/// A picture of columns.
#[derive(Clone, Debug)]
pub struct Bars<'a> {
    /// Name that is unique on the page.
    pub id: &'a str,
    /// What one sees.
    pub title: String,
    /// What the parts of a column are, from below.
    pub series: Vec<String>,
    /// What the columns are: the head of the table.
    pub what: String,
    /// The columns.
    pub bars: Vec<Bar>,
    /// Of all values.
    pub unit: Unit,
}

impl Bars<'_> {
    /// The figure.
    pub fn draw(&self, words: &Words) -> String {
        let count = (self.bars.len() as i64).max(1);
        // As many labels as a phone has room for.
        let longest = self.bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or(1).max(2) as i64;
        let every = (count * (longest + 1) + 33) / 34;
        let desc = self.told(words);
        let labelled = self.bars.iter().zip(0..).filter(|(_, at)| at % every == 0);
        let frame = Frame {
            id: self.id,
            title: &self.title,
            desc: &desc,
            unit: self.unit,
            most: self.bars.iter().map(sum).max().unwrap_or(0),
            below: labelled.map(|(bar, at)| ((2 * at + 1) * 500 / count, bar.label.clone())).collect(),
            legend: self.legend(),
            table: self.table(words),
        };
        let (mut grounds, mut body) = (String::new(), String::new());
        let edge = |at: i64| at * WIDTH / count;
        for (bar, at) in self.bars.iter().zip(0..) {
            if let Some((level, _)) = &bar.shade {
                ground(&mut grounds, *level, edge(at), edge(at + 1));
            }
        }
        let gap = (WIDTH / count / 6).min(12);
        for part in 0..self.series.len() {
            put(&mut body, format_args!("<path class=\"{}\" d=\"", class("chart-area", part)));
            for (bar, at) in self.bars.iter().zip(0..) {
                let below = bar.values.iter().take(part).fold(0, |sum: i64, value| sum.saturating_add(*value));
                let above = below.saturating_add(bar.values.get(part).copied().unwrap_or(0));
                let (low, high) = (share(below, frame.top(), HEIGHT), share(above, frame.top(), HEIGHT));
                let (left, width) = (edge(at) + gap, (edge(at + 1) - edge(at) - 2 * gap).max(1));
                if high > low {
                    put(&mut body, format_args!("M{left} {}v{}h{width}v{}z", HEIGHT - low, low - high, high - low));
                }
            }
            body.push_str("\"/>");
        }
        frame.draw(words, &grounds, &body)
    }

    fn legend(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if self.series.len() > 1 {
            all.extend(self.series.iter().enumerate().map(|(at, name)| (class("chart-area", at), name.clone())));
        }
        all.extend(levels(self.bars.iter().filter_map(|bar| bar.shade.as_ref()).map(|(l, name)| (*l, name.as_str()))));
        all
    }

    fn told(&self, words: &Words) -> String {
        let total = self.bars.iter().map(sum).fold(0, i64::saturating_add);
        match self.bars.iter().max_by_key(|bar| sum(bar)) {
            Some(greatest) if total > 0 => words.with(
                "chart-sum",
                &[
                    ("total", self.unit.write(words, total).into()),
                    ("most", self.unit.write(words, sum(greatest)).into()),
                    ("at", greatest.told().into()),
                ],
            ),
            _ => words.with("chart-unknown", &[("name", self.title.as_str().into())]),
        }
    }

    fn table(&self, words: &Words) -> Vec<Vec<String>> {
        let mut rows = vec![vec![self.what.clone()]];
        rows[0].extend(self.series.iter().cloned());
        let is_summed = self.series.len() > 1;
        if is_summed {
            rows[0].push(words.say("chart-all"));
        }
        for bar in &self.bars {
            let mut row = vec![bar.told().to_owned()];
            row.extend(bar.values.iter().map(|value| self.unit.write(words, *value)));
            row.extend(is_summed.then(|| self.unit.write(words, sum(bar))));
            rows.push(row);
        }
        rows
    }
}

impl Bar {
    fn told(&self) -> &str {
        if self.name.is_empty() { &self.label } else { &self.name }
    }
}

fn sum(bar: &Bar) -> i64 {
    bar.values.iter().fold(0, |sum, value| sum.saturating_add(*value))
}

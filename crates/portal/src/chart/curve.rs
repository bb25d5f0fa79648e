//! Lines or stacked areas over time. Points are thinned to what a pixel can show: of a line the least and the greatest of
//! each column, so that no peak is lost; of areas the mean, so that their size stays true.

use super::{
    Level, Unit,
    frame::{Frame, HEIGHT, WIDTH, ground, levels, put, share},
    scale,
};
use crate::words::Words;

/// Columns that a picture has at most.
const COLUMNS: i64 = WIDTH / 2;
/// Rows of the table.
const ROWS: i64 = 24;

/// How series stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Each from 0.
    Lines,
    /// Each on the one before.
    Stacked,
}

/// One of several.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// One for each time; `None`: nobody knows.
    pub values: Vec<Option<i64>>,
}

/// A ground behind a stretch of time: dear hours.
#[derive(Clone, Debug)]
pub struct Shade {
    /// From,
    pub from: i64,
    /// up to; both milliseconds since the epoch.
    pub until: i64,
    /// How high.
    pub level: Level,
    /// What the legend says; the same for all of a kind.
    pub name: String,
}

/// A picture over time.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// Name that is unique on the page.
    pub id: &'a str,
    /// What one sees.
    pub title: String,
    /// Left edge,
    pub from: i64,
    /// right edge; milliseconds since the epoch.
    pub until: i64,
    /// When, ascending.
    pub times: Vec<i64>,
    /// What.
    pub series: Vec<Series>,
    /// Of all values.
    pub unit: Unit,
    /// How.
    pub look: Look,
    /// Grounds.
    pub shades: Vec<Shade>,
    /// A horizontal line and its name: what was reserved.
    pub limit: Option<(i64, String)>,
}

impl Curve<'_> {
    /// The figure.
    pub fn draw(&self, words: &Words) -> String {
        let desc = self.told(words);
        let below = scale::times(words, self.from, self.until, 7)
            .into_iter()
            .map(|(at, label)| (self.place(at, 1000), label))
            .collect();
        let mut frame = Frame {
            id: self.id,
            title: &self.title,
            desc: &desc,
            unit: self.unit,
            most: self.most(),
            below,
            legend: self.legend(),
            table: self.table(words),
        };
        if self.series.len() == 1 && frame.legend.len() == 1 {
            frame.legend.clear();
        }
        let (mut grounds, mut body) = (String::new(), String::new());
        for shade in &self.shades {
            ground(&mut grounds, shade.level, self.place(shade.from, WIDTH), self.place(shade.until, WIDTH));
        }
        match self.look {
            Look::Lines => self.put_lines(&mut body, frame.top()),
            Look::Stacked => self.put_areas(&mut body, frame.top()),
        }
        if let Some((limit, _)) = self.limit {
            let y = HEIGHT - share(limit, frame.top(), HEIGHT);
            put(&mut body, format_args!("<path class=\"chart-mark\" d=\"M0 {y}H{WIDTH}\"/>"));
        }
        frame.draw(words, &grounds, &body)
    }

    /// Where a time is, of so many.
    fn place(&self, at: i64, of: i64) -> i64 {
        share(at.clamp(self.from, self.until) - self.from, self.until - self.from, of)
    }

    fn most(&self) -> i64 {
        let of = |at: usize| {
            let known = self.series.iter().filter_map(|series| series.values.get(at).copied().flatten());
            match self.look {
                Look::Lines => known.max().unwrap_or(0),
                Look::Stacked => known.fold(0, i64::saturating_add),
            }
        };
        let greatest = (0..self.times.len()).map(of).max().unwrap_or(0);
        greatest.max(self.limit.as_ref().map_or(0, |(limit, _)| *limit))
    }

    fn legend(&self) -> Vec<(String, String)> {
        let kind = match self.look {
            Look::Lines => "chart-line",
            Look::Stacked => "chart-area",
        };
        let series = self.series.iter().enumerate();
        let mut all: Vec<_> = series.map(|(at, series)| (class(kind, at), series.name.clone())).collect();
        all.extend(self.limit.iter().map(|(_, name)| ("chart-mark".to_owned(), name.clone())));
        all.extend(levels(self.shades.iter().map(|shade| (shade.level, shade.name.as_str()))));
        all
    }

    /// Least, greatest and mean of each series, in words.
    fn told(&self, words: &Words) -> String {
        let each = self.series.iter().map(|series| {
            let known: Vec<i64> = series.values.iter().copied().flatten().collect();
            let (Some(least), Some(most)) = (known.iter().min(), known.iter().max()) else {
                return words.with("chart-unknown", &[("name", series.name.as_str().into())]);
            };
            let write = |value| self.unit.write(words, value);
            words.with(
                "chart-range",
                &[
                    ("name", series.name.as_str().into()),
                    ("least", write(*least).into()),
                    ("most", write(*most).into()),
                    ("mean", write(mean(&known)).into()),
                ],
            )
        });
        each.collect::<Vec<_>>().join(" ")
    }

    /// Means of equal stretches of time.
    fn table(&self, words: &Words) -> Vec<Vec<String>> {
        let is_long = self.until - self.from > 2 * 86_400_000;
        let mut rows = vec![vec![words.say("chart-time")]];
        rows[0].extend(self.series.iter().map(|series| series.name.clone()));
        for columns in self.columns(ROWS.min(self.times.len() as i64).max(1)) {
            let Some(&at) = columns.first().and_then(|first| self.times.get(*first)) else { continue };
            let mut row = vec![if is_long { words.time(at) } else { words.clock(at) }];
            row.extend(self.series.iter().map(|series| {
                let known: Vec<i64> =
                    columns.iter().filter_map(|at| series.values.get(*at).copied().flatten()).collect();
                if known.is_empty() { "–".to_owned() } else { self.unit.write(words, mean(&known)) }
            }));
            rows.push(row);
        }
        rows
    }

    /// Which points lie in each of so many columns; empty columns are left out.
    fn columns(&self, count: i64) -> Vec<Vec<usize>> {
        let mut columns: Vec<(i64, Vec<usize>)> = Vec::new();
        let inside = self.times.iter().enumerate().filter(|(_, at)| (self.from..=self.until).contains(*at));
        for (index, at) in inside {
            let column = self.place(*at, count).min(count - 1);
            match columns.last_mut() {
                Some((last, points)) if *last == column => points.push(index),
                _ => columns.push((column, vec![index])),
            }
        }
        columns.into_iter().map(|(_, points)| points).collect()
    }

    fn put_lines(&self, out: &mut String, top: i64) {
        let columns = self.columns(COLUMNS);
        for (at, series) in self.series.iter().enumerate() {
            let mut pen = Pen::default();
            for points in &columns {
                let known = || points.iter().filter_map(|index| Some((*index, series.values.get(*index).copied()??)));
                let (Some(least), Some(most)) = (known().min_by_key(|p| p.1), known().max_by_key(|p| p.1)) else {
                    pen.lift();
                    continue;
                };
                let (first, second) = if least.0 <= most.0 { (least, most) } else { (most, least) };
                for (index, value) in [first, second] {
                    pen.to(self.place(self.times[index], WIDTH), HEIGHT - share(value, top, HEIGHT));
                }
            }
            put(out, format_args!("<path class=\"{}\" d=\"{}\"/>", class("chart-line", at), pen.path));
        }
    }

    fn put_areas(&self, out: &mut String, top: i64) {
        let columns = self.columns(COLUMNS);
        // Where nobody knows anything, there is no area: stretches of columns that are known.
        let known = |points: &&Vec<usize>| {
            self.series.iter().any(|series| points.iter().any(|at| series.values.get(*at).copied().flatten().is_some()))
        };
        let stretches: Vec<&[Vec<usize>]> = columns
            .chunk_by(|one, next| known(&one) == known(&next))
            .filter(|some| some.iter().all(|c| known(&c)))
            .collect();
        let mut floors: Vec<Vec<i64>> = stretches.iter().map(|columns| vec![0; columns.len()]).collect();
        for (at, series) in self.series.iter().enumerate() {
            let mut path = String::new();
            for (columns, floor) in stretches.iter().zip(&mut floors) {
                let place =
                    |points: &Vec<usize>| points.first().map_or(0, |first| self.place(self.times[*first], WIDTH));
                let lower: Vec<(i64, i64)> = columns.iter().zip(floor.iter()).map(|(c, f)| (place(c), *f)).collect();
                for (points, floor) in columns.iter().zip(floor.iter_mut()) {
                    let values: Vec<i64> =
                        points.iter().filter_map(|index| series.values.get(*index).copied().flatten()).collect();
                    *floor = floor.saturating_add(mean(&values).max(0));
                }
                let y = |value: i64| HEIGHT - share(value, top, HEIGHT);
                let mut pen = Pen::default();
                for (points, value) in columns.iter().zip(floor.iter()) {
                    pen.to(place(points), y(*value));
                }
                for (x, value) in lower.into_iter().rev() {
                    pen.to(x, y(value));
                }
                path.push_str(&pen.path);
                path.push('z');
            }
            put(out, format_args!("<path class=\"{}\" d=\"{path}\"/>", class("chart-area", at)));
        }
    }
}

/// `chart-line s1`; the seventh looks like the first.
pub(super) fn class(kind: &str, at: usize) -> String {
    format!("{kind} s{}", at % 6 + 1)
}

fn mean(values: &[i64]) -> i64 {
    let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
    i64::try_from(sum / values.len().max(1) as i128).unwrap_or(0)
}

/// Writes a path by steps, which are short, and leaves out what lies on a level line.
#[derive(Default)]
struct Pen {
    path: String,
    last: Option<(i64, i64)>,
    level: bool,
}

impl Pen {
    fn to(&mut self, x: i64, y: i64) {
        match self.last {
            // The step of nothing makes a lonely point a dot.
            None => put(&mut self.path, format_args!("M{x} {y}h0")),
            Some(last) if last == (x, y) => return,
            Some((left, before)) => {
                let (right, down) = (x - left, y - before);
                match (right, down) {
                    (_, 0) if self.level && right > 0 => self.extend(right),
                    (_, 0) => put(&mut self.path, format_args!("h{right}")),
                    (0, _) => put(&mut self.path, format_args!("v{down}")),
                    _ => put(&mut self.path, format_args!("l{right} {down}")),
                }
                self.level = down == 0 && right > 0;
            }
        }
        self.last = Some((x, y));
    }

    /// Makes the level step that was written last longer.
    fn extend(&mut self, by: i64) {
        if let Some(at) = self.path.rfind('h') {
            let before: i64 = self.path[at + 1..].parse().unwrap_or(0);
            self.path.truncate(at);
            put(&mut self.path, format_args!("h{}", before + by));
        }
    }

    fn lift(&mut self) {
        (self.last, self.level) = (None, false);
    }
}

//! What is measured: figures, their goals, and what came out. Must not know how anything is measured.

use std::collections::BTreeMap;

use super::party::Who;

/// A number that a round gives.
#[derive(Debug, PartialEq)]
pub struct Figure {
    pub what: &'static str,
    pub unit: &'static str,
    pub goal: Goal,
}

/// What a figure should come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    None,
    AtLeast(f64),
    AtMost(f64),
    /// At least this share of what bare scripts do.
    OfBare(f64),
}

impl Figure {
    pub const fn rate(what: &'static str, goal: Goal) -> Self {
        Self { what, unit: "/s", goal }
    }

    pub const fn milliseconds(what: &'static str, goal: Goal) -> Self {
        Self { what, unit: "ms", goal }
    }

    pub const fn mebibytes(what: &'static str, goal: Goal) -> Self {
        Self { what, unit: "MiB", goal }
    }

    pub const fn percent(what: &'static str, goal: Goal) -> Self {
        Self { what, unit: "%", goal }
    }
}

impl Goal {
    /// In words.
    pub fn text(self, unit: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::AtLeast(value) => format!(">= {value} {unit}"),
            Self::AtMost(value) => format!("<= {value} {unit}"),
            Self::OfBare(share) => format!(">= {share} of bare"),
        }
    }

    /// Whether it is reached; `None` where there is nothing to compare with.
    pub fn reached(self, ours: f64, bare: Option<f64>) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtLeast(value) => Some(ours >= value),
            Self::AtMost(value) => Some(ours <= value),
            Self::OfBare(share) => bare.map(|bare| ours >= share * bare),
        }
    }
}

/// Everything that was measured.
#[derive(Default)]
pub struct Results {
    /// In the order in which they were first measured.
    rows: Vec<(&'static Figure, BTreeMap<Who, Vec<f64>>)>,
    absent: Vec<Who>,
}

impl Results {
    /// One more value.
    pub fn add(&mut self, figure: &'static Figure, who: Who, value: f64) {
        let at = self.rows.iter().position(|(known, _)| known.what == figure.what).unwrap_or_else(|| {
            self.rows.push((figure, BTreeMap::new()));
            self.rows.len() - 1
        });
        self.rows[at].1.entry(who).or_default().push(value);
    }

    /// Somebody who is not installed.
    pub fn absent(&mut self, who: Who) {
        if !self.absent.contains(&who) {
            self.absent.push(who);
        }
    }

    pub fn absentees(&self) -> &[Who] {
        &self.absent
    }

    pub fn rows(&self) -> impl Iterator<Item = (&'static Figure, &BTreeMap<Who, Vec<f64>>)> {
        self.rows.iter().map(|(figure, values)| (*figure, values))
    }
}

/// The middle one; the mean of the two in the middle where their number is even. Zero of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len() / 2, sorted.len() % 2) {
        (0, 0) => 0.0,
        (half, 0) => f64::midpoint(sorted[half - 1], sorted[half]),
        (half, _) => sorted[half],
    }
}

/// The smallest value that at least `percent` of all do not exceed (nearest rank). Zero of none.
pub fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_ranks() {
        let check = |values: &[f64], middle: f64, p50: f64, p99: f64| {
            assert_eq!((median(values), percentile(values, 50), percentile(values, 99)), (middle, p50, p99));
        };
        check(&[], 0.0, 0.0, 0.0);
        check(&[3.0], 3.0, 3.0, 3.0);
        check(&[4.0, 1.0], 2.5, 1.0, 4.0);
        check(&[9.0, 1.0, 5.0], 5.0, 5.0, 9.0);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        check(&hundred, 50.5, 50.0, 99.0);
    }

    #[test]
    fn goals_are_reached_or_not() {
        let check = |goal: Goal, ours: f64, bare: Option<f64>, expected: Option<bool>| {
            assert_eq!(goal.reached(ours, bare), expected, "{goal:?} {ours} {bare:?}");
        };
        check(Goal::AtLeast(400.0), 400.0, None, Some(true));
        check(Goal::AtLeast(400.0), 399.9, None, Some(false));
        check(Goal::AtMost(10.0), 10.1, None, Some(false));
        check(Goal::OfBare(0.6), 700.0, Some(1000.0), Some(true));
        check(Goal::OfBare(0.6), 590.0, Some(1000.0), Some(false));
        check(Goal::OfBare(0.6), 590.0, None, None);
        check(Goal::None, 1.0, Some(1.0), None);
    }
}

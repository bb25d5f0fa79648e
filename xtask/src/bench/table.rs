//! The table of a bench: what was measured, the median of every party, ours beside the others', and the goals.

use super::figures::{Figure, Results, median};
use super::party::Who;

const PARTIES: [Who; 4] = [Who::Bare, Who::Algoric, Who::Slurm, Who::HyperQueue];

/// All rows, and who could not take part.
pub fn show(results: &Results) -> String {
    let mut lines = vec![
        [
            "(median of all rounds)",
            "unit",
            "bare",
            "algoric",
            "least..most",
            "slurm",
            "hyperqueue",
            "ratios",
            "goal",
            "",
        ]
        .map(String::from)
        .to_vec(),
    ];
    for (figure, values) in results.rows() {
        let of = |who: Who| values.get(&who).map(|values| median(values));
        let mut line = vec![figure.what.to_owned(), figure.unit.to_owned()];
        for who in PARTIES {
            line.push(of(who).map_or("-".into(), short));
            if who == Who::Algoric {
                line.push(values.get(&who).map_or(String::new(), |values| spread(values)));
            }
        }
        line.push(ratios(figure, of));
        line.push(figure.goal.text(figure.unit));
        let reached = of(Who::Algoric).and_then(|ours| figure.goal.reached(ours, of(Who::Bare)));
        line.push(reached.map_or("", |reached| if reached { "reached" } else { "MISSED" }).into());
        lines.push(line);
    }
    let mut text = aligned(&lines);
    for who in results.absentees() {
        text.push_str(&format!("{}: not installed (--install-peers)\n", who.name()));
    }
    text
}

/// How many times better than each other party we are: faster for a rate, shorter or smaller for all else.
fn ratios(figure: &Figure, of: impl Fn(Who) -> Option<f64>) -> String {
    let Some(ours) = of(Who::Algoric).filter(|ours| *ours > 0.0) else { return String::new() };
    let others = [Who::Bare, Who::Slurm, Who::HyperQueue].into_iter();
    let ratios = others.filter_map(|who| {
        let theirs = of(who).filter(|theirs| *theirs > 0.0)?;
        let ratio = if figure.unit == "/s" { ours / theirs } else { theirs / ours };
        Some(format!("{} x {}", short(ratio), who.name()))
    });
    ratios.collect::<Vec<_>>().join(", ")
}

fn spread(values: &[f64]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{}..{}", short(least), short(most))
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value {
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ if value >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Columns side by side: the first to the left, numbers to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 | 1 | 7.. => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::figures::Goal;
    use super::*;

    #[test]
    fn a_table() {
        const RATE: Figure = Figure::rate("jobs", Goal::OfBare(0.6));
        const TIME: Figure = Figure::milliseconds("squeue", Goal::AtMost(15.0));
        let mut results = Results::default();
        for value in [900.0, 1100.0, 1000.0] {
            results.add(&RATE, Who::Algoric, value);
        }
        results.add(&RATE, Who::Bare, 2000.0);
        results.add(&TIME, Who::Algoric, 2.0);
        results.add(&TIME, Who::Slurm, 80.0);
        results.absent(Who::HyperQueue);
        results.absent(Who::HyperQueue);
        let expected = "\
(median of all rounds)  unit  bare  algoric  least..most  slurm  hyperqueue  ratios        goal
jobs                    /s    2000     1000    900..1100      -           -  0.50 x bare   >= 0.6 of bare  MISSED
squeue                  ms       -     2.00                80.0           -  40.0 x slurm  <= 15 ms        reached
hyperqueue: not installed (--install-peers)
";
        assert_eq!(show(&results), expected);
    }
}

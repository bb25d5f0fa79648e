//! Pictures of what was played, as SVG: how many waited, how many cores were used, how long jobs waited. Must not know
//! where pictures go.

use std::fmt::Write as _;

use crate::clock::Played;
use crate::workload::Workload;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 20.0;
const BOTTOM: f64 = 45.0;
/// Points of a curve: about one a pixel.
const POINTS: usize = 800;
/// Told apart by everybody, also in grey.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];

/// A curve with a name.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
}

/// Means over equal parts of the time from the first submission to the last end, in days from the first: how many jobs
/// waited, and how many cores were in use.
pub fn over_time(name: &str, workload: &Workload, played: &Played) -> (Curve, Curve) {
    let first = workload.jobs.first().map_or(0, |job| job.submit);
    let last = played.ends.iter().copied().max().unwrap_or(first).max(first + 1);
    let mut waiting = Means::new(first, last);
    let mut used = Means::new(first, last);
    for ((job, start), end) in workload.jobs.iter().zip(&played.starts).zip(&played.ends) {
        waiting.add(job.submit, *start, 1.0);
        used.add(*start, *end, f64::from(job.cores));
    }
    (waiting.curve(name), used.curve(name))
}

/// The part of all jobs that waited at most so long; to the right, hours, each ten times as many as the one before.
pub fn waits(name: &str, workload: &Workload, played: &Played) -> Curve {
    let mut waits: Vec<i64> = workload.jobs.iter().zip(&played.starts).map(|(job, start)| start - job.submit).collect();
    waits.sort_unstable();
    let count = waits.len().max(1);
    let point = |step: usize| {
        let place = (step * (count - 1)) / POINTS;
        let hours = waits.get(place).map_or(0.0, |wait| *wait as f64 / 3600.0);
        // A second is as good as none.
        (hours.max(1.0 / 3600.0).log10(), (place + 1) as f64 / count as f64)
    };
    Curve { name: name.to_owned(), points: (0..=POINTS).map(point).collect() }
}

/// Sums of rectangles over equal parts of time, in parts that are begun and ended as differences.
struct Means {
    first: i64,
    width: f64,
    sums: Vec<f64>,
    /// What changes at the beginning of each part, for those covered whole.
    steps: Vec<f64>,
}

impl Means {
    fn new(first: i64, last: i64) -> Self {
        let width = (last - first) as f64 / POINTS as f64;
        Means { first, width, sums: vec![0.0; POINTS + 1], steps: vec![0.0; POINTS + 2] }
    }

    fn add(&mut self, from: i64, until: i64, height: f64) {
        if until <= from {
            return;
        }
        let place = |instant: i64| ((instant - self.first) as f64 / self.width).clamp(0.0, POINTS as f64);
        let (from, until) = (place(from), place(until));
        let (begin, end) = (from as usize, until as usize);
        if begin == end {
            self.sums[begin] += (until - from) * height;
            return;
        }
        self.sums[begin] += (begin as f64 + 1.0 - from) * height;
        self.sums[end] += (until - end as f64) * height;
        self.steps[begin + 1] += height;
        self.steps[end] -= height;
    }

    fn curve(&self, name: &str) -> Curve {
        let mut level = 0.0;
        let mut points = Vec::with_capacity(POINTS);
        for part in 0..POINTS {
            level += self.steps[part];
            let days = (part as f64 + 0.5) * self.width / 86_400.0;
            points.push((days, self.sums[part] + level));
        }
        Curve { name: name.to_owned(), points }
    }
}

/// A picture of some curves; the lower end of the upright axis is 0.
pub fn svg(title: &str, across: &str, upright: &str, curves: &[Curve]) -> String {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let left = all().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let right = all().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    let top = all().map(|point| point.1).fold(0.0, f64::max);
    let (left, right) = if left < right { (left, right) } else { (0.0, 1.0) };
    let top = if top > 0.0 { top } else { 1.0 };
    let x = |value: f64| LEFT + (value - left) / (right - left) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut out = String::new();
    let mut put = |line: std::fmt::Arguments| {
        // Writing to a string cannot fail.
        out.write_fmt(line).unwrap_or_default();
        out.push('\n');
    };
    put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"{title}\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{}</text>",
        escaped(title)
    ));
    for tick in ticks(0.0, top) {
        put(format_args!(
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"end\">{tick}</text>",
            WIDTH - RIGHT,
            y(tick),
            LEFT - 6.0,
            y(tick) + 4.0
        ));
    }
    for tick in ticks(left, right) {
        put(format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>", x(tick), HEIGHT - 28.0));
    }
    put(format_args!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 8.0,
        escaped(across),
        (TOP + HEIGHT - BOTTOM) / 2.0,
        escaped(upright)
    ));
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<String> = curve.points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
        put(format_args!("<polyline fill=\"none\" stroke=\"{colour}\" points=\"{}\"/>", points.join(" ")));
    }
    for (place, (curve, colour)) in curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let at = WIDTH - RIGHT - 150.0 * (curves.len() - place) as f64;
        put(format_args!("<text x=\"{at:.1}\" y=\"20\" fill=\"{colour}\">{}</text>", escaped(&curve.name)));
    }
    out.push_str("</svg>\n");
    out
}

/// Round numbers between two, four to eight of them.
fn ticks(from: f64, to: f64) -> Vec<f64> {
    let rough = (to - from) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    // Rounded once more, so that 0.30000000000000004 is 0.3.
    (first..=last).map(|count| (count as f64 * step * 1e9).round() / 1e9).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Dropped, Job};

    #[test]
    fn means_add_up() {
        let job = |submit, cores| Job { submit, run: 3_600, estimate: 3_600, cores, line: 0 };
        let workload = Workload { jobs: vec![job(0, 2), job(100, 3)], dropped: Dropped::default(), procs: 4 };
        let played = Played { starts: vec![0, 3_600], ends: vec![3_600, 7_200] };
        let (waiting, used) = over_time("a", &workload, &played);
        let area = |curve: &Curve| curve.points.iter().map(|point| point.1).sum::<f64>() * 7_200.0 / POINTS as f64;
        assert!((area(&waiting) - 3_500.0).abs() < 1e-6);
        assert!((area(&used) - 18_000.0).abs() < 1e-6);
        assert_eq!(ticks(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        let picture = svg("a < b", "days", "jobs", &[waiting, waits("w", &workload, &played)]);
        assert!(picture.contains("a &lt; b") && picture.contains("<polyline"));
    }
}

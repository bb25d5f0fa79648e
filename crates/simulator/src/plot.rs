//! Pictures of what was played, as SVG: how many waited, how many cores were used, how long jobs waited, what machines
//! drew at which time of the day, over what that cost then. Must not know where pictures go.

use std::fmt::Write as _;

use crate::clock::Played;
use crate::tariff::Tariff;
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

/// Seconds of a day, and of the parts that it is drawn in.
const DAY: i64 = 86_400;
const PART: i64 = 900;

/// What machines drew in the mean at each time of the day, in kilowatts over hours; from draws, that is from when until
/// when how many watts, and the second of the local day at second 0.
pub fn over_the_day(name: &str, draws: &[(i64, i64, i64)], local0: i64) -> Curve {
    let first = draws.iter().map(|draw| draw.0).min().unwrap_or(0);
    let last = draws.iter().map(|draw| draw.1).max().unwrap_or(0);
    let mut watt_seconds = [0i128; (DAY / PART) as usize];
    let mut seconds = [0i128; (DAY / PART) as usize];
    let add = |sums: &mut [i128], (from, until, watts): (i64, i64, i64)| {
        let whole = (until - from) / DAY;
        sums.iter_mut().for_each(|sum| *sum += i128::from(watts) * i128::from(whole * PART));
        let mut at = from + whole * DAY;
        while at < until {
            let local = (at + local0).rem_euclid(DAY);
            let next = until.min(at + PART - local % PART);
            sums[(local / PART) as usize] += i128::from(watts) * i128::from(next - at);
            at = next;
        }
    };
    draws.iter().for_each(|draw| add(&mut watt_seconds, *draw));
    add(&mut seconds, (first, last, 1));
    let parts = watt_seconds.iter().zip(seconds).enumerate();
    let hour = |part: usize| (part as f64 + 0.5) * PART as f64 / 3600.0;
    let points = parts.map(|(part, (sum, seconds))| (hour(part), *sum as f64 / seconds.max(1) as f64 / 1000.0));
    Curve { name: name.to_owned(), points: points.collect() }
}

/// The axis across: what it is called, and where something stands on it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Across {
    name: &'static str,
    marks: Marks,
}

/// Where something is written below the axis.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Marks {
    /// At round numbers.
    Round,
    /// At all multiples.
    Every(u32),
    /// At so many seconds, as [`tenfold`] places them.
    Named(&'static [(i64, &'static str)]),
}

impl Across {
    /// Days: the numbers as they are.
    pub const DAYS: Self = Across { name: "days", marks: Marks::Round };

    /// Hours of the day.
    pub const HOURS: Self = Across { name: "hour of the day", marks: Marks::Every(6) };

    /// How long somebody waited, as [`waits`] has it: each mark is about ten times as far as the one before.
    pub const WAITS: Self = Across {
        name: "time waited",
        marks: Marks::Named(&[
            (1, "1 s"),
            (10, "10 s"),
            (60, "1 min"),
            (600, "10 min"),
            (3_600, "1 h"),
            (36_000, "10 h"),
            (86_400, "1 day"),
            (864_000, "10 days"),
            (8_640_000, "100 days"),
        ]),
    };

    fn ticks(&self, from: f64, to: f64) -> Vec<(f64, String)> {
        let plain = |tick: f64| (tick, tick.to_string());
        match self.marks {
            Marks::Round => ticks(from, to).into_iter().map(plain).collect(),
            Marks::Every(step) => multiples(f64::from(step), from, to).into_iter().map(plain).collect(),
            Marks::Named(marks) => {
                let all = marks.iter().map(|(seconds, name)| (tenfold(*seconds), (*name).to_owned()));
                all.filter(|(place, _)| (from..=to).contains(place)).collect()
            }
        }
    }
}

/// Where so many seconds stand. One is as good as none.
fn tenfold(seconds: i64) -> f64 {
    (seconds.max(1) as f64).log10()
}

/// Behind curves, from left to right, something of some height.
#[derive(Clone, PartialEq, Debug)]
pub struct Ground {
    /// From where to where on the axis across.
    pub across: (f64, f64),
    /// Between 0 and 1: the higher the darker.
    pub height: f64,
    /// What is written there.
    pub label: String,
}

/// What electricity costs at each time of the day: the dearer the darker.
pub fn prices(tariff: &Tariff) -> Vec<Ground> {
    let prices = tariff.at(0);
    let dearest = (0..DAY / PART).map(|part| prices.price(part * PART)).max().unwrap_or(0).max(1);
    let mut grounds: Vec<Ground> = Vec::new();
    let mut at = 0;
    while at < DAY {
        let next = prices.next_change(at).unwrap_or(DAY).min(DAY);
        let (price, hour) = (prices.price(at) as f64, |second: i64| second as f64 / 3600.0);
        let label = format!("{} €/kWh", price / 1e6);
        grounds.push(Ground { across: (hour(at), hour(next)), height: price / dearest as f64, label });
        at = next;
    }
    grounds
}

/// The part of all jobs that waited at most so long, over [`Across::WAITS`].
pub fn waits(name: &str, workload: &Workload, played: &Played) -> Curve {
    let mut waits: Vec<i64> = workload.jobs.iter().zip(&played.starts).map(|(job, start)| start - job.submit).collect();
    waits.sort_unstable();
    let count = waits.len().max(1);
    let point = |step: usize| {
        let place = (step * (count - 1)) / POINTS;
        (tenfold(waits.get(place).copied().unwrap_or(0)), (place + 1) as f64 / count as f64)
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

/// A picture of some curves over some ground; the lower end of the upright axis is 0.
pub fn svg(title: &str, across: Across, upright: &str, curves: &[Curve], grounds: &[Ground]) -> String {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let edges = || grounds.iter().flat_map(|ground| [ground.across.0, ground.across.1]);
    let left = all().map(|point| point.0).chain(edges()).fold(f64::INFINITY, f64::min);
    let right = all().map(|point| point.0).chain(edges()).fold(f64::NEG_INFINITY, f64::max);
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
    for ground in grounds {
        let (from, until) = (x(ground.across.0), x(ground.across.1));
        put(format_args!(
            "<rect x=\"{from:.1}\" width=\"{:.1}\" y=\"{TOP}\" height=\"{:.1}\" fill=\"#f0c000\" \
             fill-opacity=\"{:.2}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            until - from,
            HEIGHT - TOP - BOTTOM,
            0.4 * ground.height * ground.height,
            (from + until) / 2.0,
            HEIGHT - BOTTOM - 8.0,
            escaped(&ground.label)
        ));
    }
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
    for (place, mark) in across.ticks(left, right) {
        put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}</text>",
            x(place),
            HEIGHT - 28.0
        ));
    }
    put(format_args!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 8.0,
        escaped(across.name),
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
    multiples(step.unwrap_or(rough), from, to)
}

/// All multiples between two.
fn multiples(step: f64, from: f64, to: f64) -> Vec<f64> {
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
        let picture = svg("a < b", Across::DAYS, "jobs", &[waiting], &[]);
        assert!(picture.contains("a &lt; b") && picture.contains("<polyline"));
        // One waits for nothing, the other 3 500 seconds.
        let picture = svg("w", Across::WAITS, "part", &[waits("w", &workload, &played)], &[]);
        assert!(["1 s", "10 s", "1 min", "10 min"].iter().all(|mark| picture.contains(&format!(">{mark}<"))));
        assert!(!picture.contains(">1 h<"), "{picture}");
    }

    #[test]
    fn days_add_up() {
        let draws = [(100, 3 * DAY + 5_000, 200), (50_000, 51_000, 1_000)];
        let curve = over_the_day("a", &draws, 3_600);
        // All day 200 W; from 14:53:20 to 15:10 on one of three days 1000 W more.
        let at = |hour: f64| curve.points.iter().find(|point| point.0 > hour).map(|point| point.1);
        assert_eq!(at(3.0), Some(0.2));
        assert!((at(15.0).unwrap() - (0.2 + 600.0 / 2_700.0)).abs() < 1e-9, "{:?}", at(15.0));
        let tariff = Tariff::new(String::new(), 200_000, &[(22 * 3600, 6 * 3600, 100_000)]);
        let grounds: Vec<_> = prices(&tariff).into_iter().map(|ground| (ground.across, ground.height)).collect();
        assert_eq!(grounds, [((0.0, 6.0), 0.5), ((6.0, 22.0), 1.0), ((22.0, 24.0), 0.5)]);
        let picture = svg("a", Across::HOURS, "kW", &[curve], &prices(&tariff));
        let hours: Vec<_> = Across::HOURS.ticks(0.0, 24.0).into_iter().map(|(_, mark)| mark).collect();
        assert_eq!(hours, ["0", "6", "12", "18", "24"], "as a day is parted");
        assert!(picture.contains("0.1 €/kWh") && picture.matches("<rect").count() == 4);
    }
}

//! Curves as a picture in SVG. Must not know what they mean.

use std::fmt::{Display, Write as _};

use super::Curve;

const WIDTH: f64 = 900.0;
/// How high the curves' part of it is.
const PLOT: f64 = 235.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const BOTTOM: f64 = 45.0;
/// Where the names of curves begin, and how far one line of them is from the next.
const NAMES: f64 = 40.0;
const LINE: f64 = 18.0;
/// About how wide a letter is: nobody knows before it is drawn.
const LETTER: f64 = 6.6;
/// The line before a curve's name, and the gap behind it.
const SAMPLE: f64 = 18.0;
const GAP: f64 = 20.0;
/// Told apart by everybody, also in grey.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];

/// The axis across: what it is called, and where something stands on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Across {
    /// What it is called.
    pub name: String,
    /// Where something stands.
    pub marks: Marks,
}

/// Where something is written below the axis.
#[derive(Clone, PartialEq, Debug)]
pub enum Marks {
    /// At round numbers.
    Round,
    /// At all multiples.
    Every(u32),
    /// At these places.
    Named(Vec<(f64, String)>),
}

impl Marks {
    fn between(&self, from: f64, to: f64, number: impl Fn(f64) -> String) -> Vec<(f64, String)> {
        let plain = |place: f64| (place, number(place));
        match self {
            Marks::Round => round_numbers(from, to).into_iter().map(plain).collect(),
            Marks::Every(step) => multiples(f64::from(*step), from, to).into_iter().map(plain).collect(),
            Marks::Named(marks) => marks.iter().filter(|(place, _)| (from..=to).contains(place)).cloned().collect(),
        }
    }
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

/// Some curves over some ground; the lower end of the upright axis is 0.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture<'a> {
    /// What it shows.
    pub title: &'a str,
    /// The axis across.
    pub across: Across,
    /// What the upright axis is called.
    pub upright: &'a str,
    /// The curves.
    pub curves: &'a [Curve],
    /// What is behind them.
    pub grounds: &'a [Ground],
    /// Stands between whole numbers and tenths.
    pub point: char,
}

impl Picture<'_> {
    /// As a file's text.
    pub fn svg(&self) -> String {
        let places = places_of_names(self.curves);
        let frame = Frame::new(self, places.last().map_or(NAMES, |place| place.1) + 10.0);
        let (height, title) = (frame.bottom() + BOTTOM, Escaped(self.title));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"12\" role=\"img\" aria-label=\"{title}\">\n<rect width=\"{WIDTH}\" height=\"{height}\" \
             fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{title}</text>\n"
        );
        // Writing to a string cannot fail.
        self.names(&mut out, &places).unwrap_or_default();
        self.grounds(&mut out, &frame).unwrap_or_default();
        self.axes(&mut out, &frame).unwrap_or_default();
        self.curves(&mut out, &frame).unwrap_or_default();
        out.push_str("</svg>\n");
        out
    }

    /// What each curve is called, with a line as it is drawn.
    fn names(&self, out: &mut String, places: &[(f64, f64)]) -> std::fmt::Result {
        for ((curve, colour), (x, y)) in self.coloured().zip(places) {
            writeln!(
                out,
                "<line x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>\
                 <text x=\"{2:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{3}</text>",
                x + SAMPLE - 5.0,
                y - 4.0,
                x + SAMPLE,
                Escaped(&curve.name)
            )?;
        }
        Ok(())
    }

    fn grounds(&self, out: &mut String, frame: &Frame) -> std::fmt::Result {
        for ground in self.grounds {
            let (from, until) = (frame.x(ground.across.0), frame.x(ground.across.1));
            writeln!(
                out,
                "<rect x=\"{from:.1}\" width=\"{:.1}\" y=\"{:.1}\" height=\"{PLOT}\" fill=\"#f0c000\" \
                 fill-opacity=\"{:.2}\"/>",
                until - from,
                frame.top,
                0.4 * ground.height * ground.height
            )?;
            let (middle, low) = ((from + until) / 2.0, frame.bottom() - 8.0);
            // Upright where it is too narrow to be written across, and nowhere where it is too narrow for that.
            let place = if until - from > width(&ground.label) {
                format!("x=\"{middle:.1}\" y=\"{low:.1}\" text-anchor=\"middle\"")
            } else if until - from > LINE {
                format!("transform=\"translate({:.1} {low:.1}) rotate(-90)\"", middle + 4.0)
            } else {
                continue;
            };
            writeln!(out, "<text {place} fill=\"#555\">{}</text>", Escaped(&ground.label))?;
        }
        Ok(())
    }

    fn axes(&self, out: &mut String, frame: &Frame) -> std::fmt::Result {
        for tick in round_numbers(0.0, frame.most) {
            let y = frame.y(tick);
            writeln!(
                out,
                "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                self.number(tick)
            )?;
        }
        for (place, mark) in self.across.marks.between(frame.across.0, frame.across.1, |place| self.number(place)) {
            let (x, y) = (frame.x(place), frame.bottom() + 17.0);
            writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>", Escaped(&mark))?;
        }
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (LEFT + WIDTH - RIGHT) / 2.0,
            frame.bottom() + 37.0,
            Escaped(&self.across.name),
            frame.top + PLOT / 2.0,
            Escaped(self.upright)
        )
    }

    fn curves(&self, out: &mut String, frame: &Frame) -> std::fmt::Result {
        for (curve, colour) in self.coloured() {
            write!(out, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"")?;
            for (number, (x, y)) in curve.points.iter().enumerate() {
                let gap = if number == 0 { "" } else { " " };
                write!(out, "{gap}{:.1},{:.1}", frame.x(*x), frame.y(*y))?;
            }
            out.push_str("\"/>\n");
        }
        Ok(())
    }

    fn number(&self, number: f64) -> String {
        number.to_string().replace('.', &self.point.to_string())
    }

    fn coloured(&self) -> impl Iterator<Item = (&Curve, &'static str)> {
        self.curves.iter().zip(COLOURS.iter().copied().cycle())
    }
}

/// Where the names of curves stand, one behind the other in as many lines as they need.
fn places_of_names(curves: &[Curve]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (LEFT, NAMES);
    let mut places = Vec::new();
    for curve in curves {
        let long = SAMPLE + width(&curve.name);
        if x > LEFT && x + long > WIDTH - RIGHT {
            (x, y) = (LEFT, y + LINE);
        }
        places.push((x, y));
        x += long + GAP;
    }
    places
}

/// About how wide a text is.
fn width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// Where values are on the picture.
struct Frame {
    /// Where the curves' part begins.
    top: f64,
    /// The least and the greatest value across.
    across: (f64, f64),
    /// The greatest value of the upright axis.
    most: f64,
}

impl Frame {
    fn new(picture: &Picture, top: f64) -> Self {
        let points = || picture.curves.iter().flat_map(|curve| &curve.points);
        let edges = picture.grounds.iter().flat_map(|ground| [ground.across.0, ground.across.1]);
        let across = points().map(|point| point.0).chain(edges);
        let (from, to) = across.fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), x| (from.min(x), to.max(x)));
        let most = points().map(|point| point.1).fold(0.0, f64::max);
        Frame {
            top,
            across: if from < to { (from, to) } else { (0.0, 1.0) },
            most: if most > 0.0 { most } else { 1.0 },
        }
    }

    fn bottom(&self) -> f64 {
        self.top + PLOT
    }

    fn x(&self, value: f64) -> f64 {
        let (from, to) = self.across;
        LEFT + (value - from) / (to - from) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom() - value / self.most * PLOT
    }
}

/// Round numbers between two, four to eight of them.
fn round_numbers(from: f64, to: f64) -> Vec<f64> {
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

/// A text as it may stand in a file of XML.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // Those that no file of XML may have.
                '\0'..'\t' | '\u{b}' | '\u{c}' | '\u{e}'..' ' => f.write_char('\u{fffd}')?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(name: &str) -> Curve {
        Curve { name: name.to_owned(), points: vec![(0.0, 0.0), (24.0, 1.0)] }
    }

    fn drawn(title: &str, curves: &[Curve], grounds: &[Ground]) -> String {
        let across = Across { name: "hours".into(), marks: Marks::Every(6) };
        Picture { title, across, upright: "kW", curves, grounds, point: ',' }.svg()
    }

    #[test]
    fn what_is_written_stays_text() {
        let picture = drawn("a < \"b\"\u{1}", &[curve("<&>")], &[]);
        assert!(picture.contains("aria-label=\"a &lt; &quot;b&quot;\u{fffd}\"") && picture.contains(">&lt;&amp;&gt;<"));
        assert!(["0", "6", "12", "18", "24"].iter().all(|hour| picture.contains(&format!(">{hour}</text>"))));
        assert!(picture.contains(">0,2</text>") && !picture.contains(">0.2<"), "{picture}");
        assert_eq!(round_numbers(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    }

    #[test]
    fn no_name_lies_upon_another() {
        let names =
            ["easy, off-after=600s", "conservative, off-after=600s", "centre, predictive", "b", "fcfs, always-on"];
        let curves: Vec<Curve> = names.iter().cycle().take(12).map(|name| curve(name)).collect();
        let places = places_of_names(&curves);
        let ends = |at: usize| places[at].0 + SAMPLE + width(&curves[at].name);
        for at in 0..places.len() {
            assert!(ends(at) <= WIDTH - RIGHT, "{places:?}");
            let before = at.checked_sub(1).filter(|before| places[*before].1 == places[at].1);
            assert!(before.is_none_or(|before| ends(before) < places[at].0), "{places:?}");
        }
        assert!(places.last().is_some_and(|last| last.1 > NAMES), "more than a line of them");
        let tall = drawn("t", &curves, &[]);
        assert!(tall.contains(&format!("viewBox=\"0 0 900 {}\"", places[11].1 + 10.0 + PLOT + BOTTOM)), "{tall}");
    }

    #[test]
    fn what_is_too_narrow_is_written_upright_or_not_at_all() {
        let ground = |from, until| Ground { across: (from, until), height: 1.0, label: "0.1696 €/kWh".into() };
        let picture = drawn("t", &[curve("a")], &[ground(0.0, 21.6), ground(21.6, 23.9), ground(23.9, 24.0)]);
        let written: Vec<&str> = picture.lines().filter(|line| line.contains("€/kWh")).collect();
        assert_eq!(written.len(), 2, "{written:?}");
        assert!(written[0].contains("text-anchor") && written[1].contains("rotate(-90)"), "{written:?}");
    }
}

//! Letters as pen strokes, so that a picture needs no font file and looks the same everywhere.
//!
//! A glyph is a few strokes; a stroke is points, each a pair of base-36 digits (x, y; y upwards; the base
//! line is 4, small letters reach 14, capitals 18). A stroke that begins with `~` is smooth: a
//! quadratic B-spline that begins and ends in its outer points.

use super::canvas::{Canvas, Colour};

/// Base line and cap height of the glyphs' coordinates.
const BASE: f64 = 4.0;
const CAP: f64 = 14.0;
/// Between two glyphs.
const GAP: f64 = 4.2;

/// Characters with their widths and strokes.
#[rustfmt::skip]
const GLYPHS: &[(char, f64, &str)] = &[
    (' ', 3.0, ""),
    ('a', 8.0, "~89 8e 0e 04 84 89;8e 84"),
    ('b', 8.0, "0i 04;~09 0e 8e 84 04 09"),
    ('c', 8.0, "~8c 7e 0e 04 74 86"),
    ('d', 8.0, "8i 84;~89 8e 0e 04 84 89"),
    ('e', 8.0, "09 89;~89 8e 0e 04 74 86"),
    ('f', 5.0, "~6i 2i 2d;2d 24;0e 5e"),
    ('g', 8.0, "~89 8e 0e 04 84 89;8e 83;~83 80 10"),
    ('h', 8.0, "0i 04;~09 0e 8e 89;89 84"),
    ('i', 0.0, "0e 04;0i 0i"),
    ('j', 2.0, "2e 23;~23 20 00;2i 2i"),
    ('k', 8.0, "0i 04;7e 08;3b 84"),
    ('l', 0.0, "0i 04"),
    ('m', 12.0, "0e 04;~09 0e 6e 6a;6a 64;~69 6e ce c9;c9 c4"),
    ('n', 8.0, "0e 04;~09 0e 8e 89;89 84"),
    ('o', 8.0, "~09 0e 8e 84 04 09"),
    ('p', 8.0, "0e 00;~09 0e 8e 84 04 09"),
    ('q', 8.0, "8e 80;~89 8e 0e 04 84 89"),
    ('r', 5.0, "0e 04;~09 0e 5e"),
    ('s', 7.0, "~7c 6e 0e 0a 3a 79 74 14 06"),
    ('t', 6.0, "2h 28;~28 24 64;0e 5e"),
    ('u', 8.0, "0e 09;~09 04 84 89;8e 84"),
    ('v', 8.0, "0e 44 8e"),
    ('w', 12.0, "0e 34 6d 94 ce"),
    ('x', 8.0, "0e 84;8e 04"),
    ('y', 8.0, "0e 44;8e 20"),
    ('z', 8.0, "0e 8e 04 84"),
    ('A', 10.0, "04 5i a4;29 89"),
    ('B', 10.0, "04 0i 5i;~5i 9i 9b 5b;5b 0b;~5b ab a4 54;54 04"),
    ('C', 10.0, "~ag 9i 0i 04 94 a6"),
    ('D', 10.0, "44 04 0i 4i;~4i ai a4 44"),
    ('E', 9.0, "9i 0i 04 94;0b 7b"),
    ('F', 9.0, "9i 0i 04;0b 7b"),
    ('G', 10.0, "~ag 9i 0i 04 a4 aa;aa 6a"),
    ('H', 10.0, "0i 04;ai a4;0b ab"),
    ('I', 0.0, "0i 04"),
    ('J', 6.0, "6i 68;~68 64 14 06"),
    ('K', 10.0, "0i 04;9i 09;3c a4"),
    ('L', 8.0, "0i 04 84"),
    ('M', 12.0, "04 0i 6a ci c4"),
    ('N', 10.0, "04 0i a4 ai"),
    ('O', 10.0, "~0b 0i ai a4 04 0b"),
    ('P', 10.0, "04 0i 5i;~5i ai aa 5a;5a 0a"),
    ('Q', 10.0, "~0b 0i ai a4 04 0b;68 a4"),
    ('R', 10.0, "04 0i 5i;~5i ai aa 5a;5a 0a;5a a4"),
    ('S', 9.0, "~9f 8i 0i 0c 4b 9a 94 14 07"),
    ('T', 10.0, "0i ai;5i 54"),
    ('U', 10.0, "0i 0a;~0a 04 a4 aa;aa ai"),
    ('V', 10.0, "0i 54 ai"),
    ('W', 14.0, "0i 44 7f a4 ei"),
    ('X', 10.0, "0i a4;ai 04"),
    ('Y', 10.0, "0i 5b ai;5b 54"),
    ('Z', 10.0, "0i ai 04 a4"),
    ('0', 8.0, "~0b 0i 8i 84 04 0b"),
    ('1', 8.0, "1f 5i 54"),
    ('2', 8.0, "~0e 0i 8i 8c 5a 04;04 84"),
    ('3', 8.0, "~0f 0i 7i 7b 3b;~3b 8b 84 04 07"),
    ('4', 9.0, "74 7i 08 98"),
    ('5', 8.0, "7i 1i 0b;~0b 1d 8d 84 14 06"),
    ('6', 8.0, "~7g 6i 0i 09;~09 0d 8d 84 04 09"),
    ('7', 8.0, "0i 8i 34"),
    ('8', 8.0, "~4i 7i 7b 1b 1i 4i;~4b 8b 84 04 0b 4b"),
    ('9', 8.0, "~8d 8i 0i 09 89 8d;~8d 84 24 16"),
    ('.', 0.0, "04 04"),
    (',', 1.0, "14 02"),
    (':', 0.0, "0c 0c;05 05"),
    (';', 1.0, "1c 1c;14 02"),
    ('\'', 0.0, "0i 0e"),
    ('’', 0.0, "0i 0e"),
    ('"', 3.0, "0i 0e;3i 3e"),
    ('!', 0.0, "0i 09;04 04"),
    ('?', 7.0, "~0f 0i 7i 7c 3d 39;34 34"),
    ('/', 7.0, "03 7j"),
    ('-', 5.0, "0a 5a"),
    ('–', 8.0, "0a 8a"),
    ('_', 8.0, "03 83"),
    ('+', 8.0, "0a 8a;4e 46"),
    ('×', 6.0, "0d 67;6d 07"),
    ('=', 8.0, "0c 8c;08 88"),
    ('<', 8.0, "8e 09 84"),
    ('>', 8.0, "0e 89 04"),
    ('≤', 8.0, "8g 0c 88;05 85"),
    ('≥', 8.0, "0g 8c 08;05 85"),
    ('(', 3.0, "~3j 0g 05 32"),
    (')', 3.0, "~0j 3g 35 02"),
    ('&', 9.0, "94 2e;~2e 1i 6i 6d 3b;~3b 09 04 84 9a"),
    ('%', 12.0, "14 bi;~0f 0i 4i 4c 0c 0f;~87 8a ca c4 84 87"),
    ('·', 0.0, "0a 0a"),
    ('²', 4.0, "~0h 0i 4i 4g 0c;0c 4c"),
    ('³', 4.0, "~0h 0i 4i 4f 1f;~1f 4f 4c 0c 0d"),
    ('°', 4.0, "~0g 0i 4i 4e 0e 0g"),
];

/// Width and strokes of a character; what is unknown is an empty box.
fn glyph(c: char) -> (f64, &'static str) {
    let known = GLYPHS.iter().find(|(glyph, ..)| *glyph == c);
    known.map_or((8.0, "04 0i 8i 84 04"), |&(_, width, strokes)| (width, strokes))
}

/// A letter with an accent, as letter and accent (drawn over a small letter).
fn accented(c: char) -> (char, &'static str) {
    const GRAVE: &str = "2j 5g";
    const ACUTE: &str = "3g 6j";
    const HAT: &str = "1g 4j 7g";
    const DOTS: &str = "2i 2i;6i 6i";
    match c {
        'à' => ('a', GRAVE),
        'â' => ('a', HAT),
        'ç' => ('c', "44 52 30"),
        'è' => ('e', GRAVE),
        'é' => ('e', ACUTE),
        'ê' => ('e', HAT),
        'ë' => ('e', DOTS),
        'ô' => ('o', HAT),
        'ù' => ('u', GRAVE),
        'û' => ('u', HAT),
        'É' => ('E', "3k 6n"),
        _ => (c, ""),
    }
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    /// Height of capitals, pixels.
    pub size: f64,
    /// Width of the stroke in parts of the height: 0.12 is regular, 0.17 bold.
    pub weight: f64,
    pub colour: Colour,
}

/// Where the given point lies in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

impl Pen {
    /// Length of a line, pixels.
    pub fn length(&self, text: &str) -> f64 {
        let units: f64 = text.chars().map(|c| glyph(accented(c).0).0 + GAP).sum();
        (units - GAP).max(0.0) * self.size / CAP
    }

    /// Writes a line; `x`, `y` is on the base line.
    pub fn write(&self, canvas: &mut Canvas, text: &str, (x, y): (f64, f64), align: Align) {
        let mut x = match align {
            Align::Left => x,
            Align::Middle => x - self.length(text) / 2.0,
            Align::Right => x - self.length(text),
        };
        for c in text.chars() {
            let (base, accent) = accented(c);
            let (width, strokes) = glyph(base);
            let mut lines = Vec::new();
            for stroke in strokes.split(';').chain(accent.split(';')) {
                self.stroke(stroke, (x, y), &mut lines);
            }
            self.ink(canvas, &lines);
            x += (width + GAP) * self.size / CAP;
        }
    }

    /// Turns a stroke into short straight lines in pixels.
    fn stroke(&self, stroke: &str, (x, y): (f64, f64), lines: &mut Vec<[(f64, f64); 2]>) {
        let (smooth, points) = stroke.strip_prefix('~').map_or((false, stroke), |points| (true, points));
        let unit = self.size / CAP;
        let points: Vec<(f64, f64)> = points
            .split_whitespace()
            .filter_map(|pair| {
                let mut digits = pair.chars().filter_map(|c| c.to_digit(36)).map(f64::from);
                let (px, py) = (digits.next()?, digits.next()?);
                Some((x + px * unit, y - (py - BASE) * unit))
            })
            .collect();
        let path = if smooth { spline(&points) } else { points };
        lines.extend(path.windows(2).map(|pair| [pair[0], pair[1]]));
    }

    /// Lays ink on every pixel near the lines, less at the edge of the stroke.
    fn ink(&self, canvas: &mut Canvas, lines: &[[(f64, f64); 2]]) {
        let half = (self.size * self.weight / 2.0).max(0.5);
        let points = || lines.iter().flatten();
        let (left, right) = points().fold((f64::MAX, f64::MIN), |(l, r), p| (l.min(p.0), r.max(p.0)));
        let (top, bottom) = points().fold((f64::MAX, f64::MIN), |(t, b), p| (t.min(p.1), b.max(p.1)));
        if lines.is_empty() {
            return;
        }
        let reach = half + 1.0;
        for row in (top - reach).floor() as isize..=(bottom + reach).ceil() as isize {
            for col in (left - reach).floor() as isize..=(right + reach).ceil() as isize {
                let pixel = (col as f64 + 0.5, row as f64 + 0.5);
                let near = lines.iter().map(|line| distance(pixel, *line)).fold(f64::MAX, f64::min);
                let cover = (half + 0.5 - near).clamp(0.0, 1.0);
                if cover > 0.0 {
                    canvas.lay(col, row, self.colour, cover);
                }
            }
        }
    }
}

/// The quadratic B-spline of some points, from the first to the last, as points close together.
fn spline(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const PARTS: u32 = 8;
    let middle = |a: (f64, f64), b: (f64, f64)| ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    let [first, inner @ .., last] = points else { return points.to_vec() };
    let mut path = vec![*first];
    let mut from = *first;
    for (i, &control) in inner.iter().enumerate() {
        let to = inner.get(i + 1).map_or(*last, |&next| middle(control, next));
        for part in 1..=PARTS {
            let t = f64::from(part) / f64::from(PARTS);
            let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
            path.push((a * from.0 + b * control.0 + c * to.0, a * from.1 + b * control.1 + c * to.1));
        }
        from = to;
    }
    path
}

/// From a point to a straight line between two.
fn distance(p: (f64, f64), [a, b]: [(f64, f64); 2]) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let long = dx * dx + dy * dy;
    let t = if long > 0.0 { (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / long).clamp(0.0, 1.0) } else { 0.0 };
    let (ex, ey) = (p.0 - a.0 - t * dx, p.1 - a.1 - t * dy);
    (ex * ex + ey * ey).sqrt()
}

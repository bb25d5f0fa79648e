//! Writing on pages: letters of known width, lines, page breaks. Marks are kept until all is written, as a page's foot says
//! how many pages there are. Must not know what is written.

use jiff::civil::Date;
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings};
use rustybuzz::{Face, UnicodeBuffer};

use crate::facturx::Fault;

/// The typeface: see `fonts/README.md`.
const LETTERS: [&[u8]; 2] =
    [include_bytes!("../fonts/Inter-Regular.otf"), include_bytes!("../fonts/Inter-SemiBold.otf")];

/// A4 in points.
pub(crate) const WIDTH: f32 = 595.276;
pub(crate) const HEIGHT: f32 = 841.89;

/// A thick or an ordinary letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weight {
    Regular,
    Strong,
}

/// The colours of our papers: legible when printed in grey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ink {
    /// Text.
    Black,
    /// What explains.
    Grey,
    /// Titles: the sea on a November evening.
    Navy,
    /// Lines between rows.
    Pale,
    /// The ground under the head of a table.
    Mist,
}

impl Ink {
    fn fill(self) -> Fill {
        let (red, green, blue) = match self {
            Ink::Black => (24, 28, 34),
            Ink::Grey => (92, 102, 114),
            Ink::Navy => (18, 53, 91),
            Ink::Pale => (205, 213, 221),
            Ink::Mist => (237, 241, 245),
        };
        Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
    }
}

/// How letters look.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Style {
    pub size: f32,
    pub weight: Weight,
    pub ink: Ink,
}

impl Style {
    pub(crate) const fn new(size: f32, weight: Weight, ink: Ink) -> Self {
        Self { size, weight, ink }
    }

    /// From one line to the next.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.42
    }
}

/// Where a text stands at its `x`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// It begins there.
    Left,
    /// It ends there.
    Right,
}

#[derive(Clone, Debug)]
enum Mark {
    Text { x: f32, y: f32, style: Style, text: String },
    Area { left: f32, top: f32, right: f32, bottom: f32, ink: Ink },
}

/// A paper that is being written. Lengths in points from the upper left corner; `y` of a text is its base line.
pub(crate) struct Pen {
    faces: Vec<Face<'static>>,
    pages: Vec<Vec<Mark>>,
}

impl Pen {
    pub(crate) fn new() -> Result<Self, Fault> {
        let faces: Vec<Face<'static>> = LETTERS.iter().filter_map(|letters| Face::from_slice(letters, 0)).collect();
        if faces.len() != LETTERS.len() {
            return Err(Fault::Pdf("the typeface cannot be read".to_owned()));
        }
        Ok(Self { faces, pages: vec![Vec::new()] })
    }

    fn face(&self, weight: Weight) -> &Face<'static> {
        &self.faces[weight as usize]
    }

    pub(crate) fn new_page(&mut self) {
        self.pages.push(Vec::new());
    }

    pub(crate) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// The text with only letters that the typeface has: a PDF/A must not show a letter that is missing.
    fn legible(&self, weight: Weight, text: &str) -> String {
        let face = self.face(weight);
        text.chars()
            .filter(|letter| *letter != '\u{ad}')
            .map(|letter| match letter {
                '\t' | '\n' | '\r' => ' ',
                letter if face.glyph_index(letter).is_some_and(|glyph| glyph.0 != 0) => letter,
                _ => '?',
            })
            .collect()
    }

    /// How wide a text is.
    pub(crate) fn width(&self, style: Style, text: &str) -> f32 {
        let face = self.face(style.weight);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&self.legible(style.weight, text));
        let advance: i32 = rustybuzz::shape(face, &[], buffer).glyph_positions().iter().map(|at| at.x_advance).sum();
        advance as f32 * style.size / face.units_per_em() as f32
    }

    /// One line of text.
    pub(crate) fn text(&mut self, x: f32, y: f32, side: Side, style: Style, text: &str) {
        let text = self.legible(style.weight, text);
        if text.trim().is_empty() {
            return;
        }
        let x = match side {
            Side::Left => x,
            Side::Right => x - self.width(style, &text),
        };
        self.put(Mark::Text { x, y, style, text });
    }

    /// One line of text, shortened with `…` where it does not fit.
    pub(crate) fn fitting(&mut self, x: f32, y: f32, width: f32, style: Style, text: &str) {
        let mut text = self.legible(style.weight, text);
        if self.width(style, &text) > width {
            while !text.is_empty() && self.width(style, &format!("{text}…")) > width {
                text.pop();
            }
            text.push('…');
        }
        self.text(x, y, Side::Left, style, &text);
    }

    /// The lines that a text needs in a width. A word that is wider than that is cut.
    pub(crate) fn lines(&self, width: f32, style: Style, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in self.legible(style.weight, text).split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(style, &longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if self.width(style, &line) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// A filled rectangle; a line is a flat one.
    pub(crate) fn area(&mut self, (left, right): (f32, f32), (top, bottom): (f32, f32), ink: Ink) {
        self.put(Mark::Area { left, top, right, bottom, ink });
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Writes on a page that is already full: its foot.
    pub(crate) fn on(&mut self, page: usize, write: impl FnOnce(&mut Pen)) {
        let later = self.pages.split_off((page + 1).min(self.pages.len()));
        write(self);
        self.pages.extend(later);
    }

    /// All pages as a PDF/A-3b.
    pub(crate) fn finish(self, title: &Title<'_>) -> Result<Vec<u8>, Fault> {
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A3_B)
            .finish()
            .map_err(|error| Fault::Pdf(format!("{error:?}")))?;
        let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
        let fonts: Vec<Font> = LETTERS.iter().filter_map(|letters| Font::new((*letters).into(), 0)).collect();
        let [regular, strong] = fonts.as_slice() else {
            return Err(Fault::Pdf("the typeface cannot be read".to_owned()));
        };
        for marks in &self.pages {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(Fault::Pdf("a page without size".to_owned()))?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for mark in marks {
                ink(&mut surface, mark, regular, strong);
            }
            surface.finish();
            page.finish();
        }
        document.set_metadata(title.metadata());
        document.finish().map_err(|error| Fault::Pdf(format!("{error:?}")))
    }
}

/// What the file says of itself.
pub(crate) struct Title<'a> {
    pub title: &'a str,
    pub author: &'a str,
    pub language: &'a str,
    pub date: Date,
}

impl Title<'_> {
    fn metadata(&self) -> Metadata {
        let number = |part: i8| u8::try_from(part).unwrap_or(1);
        let date = DateTime::new(u16::try_from(self.date.year()).unwrap_or(1970))
            .month(number(self.date.month()))
            .day(number(self.date.day()))
            .hour(0)
            .minute(0)
            .second(0)
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        Metadata::new()
            .title(self.title.to_owned())
            .authors(vec![self.author.to_owned()])
            .creator("Algoric".to_owned())
            .language(self.language.to_owned())
            .creation_date(date)
    }
}

fn ink(surface: &mut Surface<'_>, mark: &Mark, regular: &Font, strong: &Font) {
    match mark {
        Mark::Text { x, y, style, text } => {
            let font = match style.weight {
                Weight::Regular => regular,
                Weight::Strong => strong,
            };
            surface.set_fill(Some(style.ink.fill()));
            let at = Point::from_xy(*x, *y);
            surface.draw_text(at, font.clone(), style.size, text, false, TextDirection::LeftToRight);
        }
        Mark::Area { left, top, right, bottom, ink } => {
            if let Some(path) = rectangle(*left, *top, *right, *bottom) {
                surface.set_fill(Some(ink.fill()));
                surface.draw_path(&path);
            }
        }
    }
}

fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_ltrb(left, top, right, bottom)?);
    path.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PLAIN: Style = Style::new(10.0, Weight::Regular, Ink::Black);

    #[test]
    fn figures_stand_in_columns() {
        let pen = Pen::new().unwrap();
        assert_eq!(pen.width(PLAIN, "1111"), pen.width(PLAIN, "8888"));
    }

    #[test]
    fn text_is_broken_between_words_and_long_words_are_cut() {
        let pen = Pen::new().unwrap();
        for text in
            ["calcul de structure pour la carène du Vaillant", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "WW", ""]
        {
            let lines = pen.lines(60.0, PLAIN, text);
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
            for line in lines {
                assert!(pen.width(PLAIN, &line) <= 60.0, "{line}");
            }
        }
    }

    #[test]
    fn letters_that_the_typeface_lacks_do_not_spoil_the_paper() {
        let pen = Pen::new().unwrap();
        assert_eq!(pen.legible(Weight::Regular, "Œuvre\t№\u{1F30A} “ÿ”\u{7}"), "Œuvre ?? “ÿ”?");
    }
}

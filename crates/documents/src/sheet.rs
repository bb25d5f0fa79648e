//! A page of figures: a year of a project, to be printed or kept. All words come along, in the reader's language; what is
//! long goes on on further pages. Must not know what the figures mean.

use jiff::civil::Date;

use crate::facturx::Fault;
use crate::pen::{HEIGHT, Ink, Pen, Side, Style, Title, WIDTH, Weight};

const LEFT: f32 = 48.0;
const RIGHT: f32 = WIDTH - 48.0;
const BOTTOM: f32 = HEIGHT - 60.0;

const TITLE: Style = Style::new(21.0, Weight::Strong, Ink::Navy);
const HEAD: Style = Style::new(10.5, Weight::Strong, Ink::Navy);
const TEXT: Style = Style::new(9.5, Weight::Regular, Ink::Black);
const CELL: Style = Style::new(8.5, Weight::Regular, Ink::Black);
const LABEL: Style = Style::new(8.0, Weight::Regular, Ink::Grey);
const FIGURE: Style = Style::new(12.0, Weight::Strong, Ink::Navy);

/// What stands on the page.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Whose page this is: the centre.
    pub author: String,
    /// What it is about.
    pub title: String,
    /// What is told of it.
    pub heading: String,
    /// More of it, in some lines; may be empty.
    pub about: String,
    /// Labels and figures.
    pub facts: Vec<(String, String)>,
    /// A title, and columns: name, height, and how that is written. None is less than nothing.
    pub chart: (String, Vec<(String, i64, String)>),
    /// Tables; those without rows are left out.
    pub tables: Vec<Table>,
    /// What explains, in small letters.
    pub notes: Vec<String>,
    /// `fr`, `en`.
    pub language: String,
    /// The last day of what is told.
    pub date: Date,
}

/// A table: the first column is text, the others are numbers.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

/// The page as a PDF/A-3b.
///
/// # Errors
/// What the writer of PDF refuses.
pub fn sheet(sheet: &Sheet) -> Result<Vec<u8>, Fault> {
    let mut drawn = Drawn { pen: Pen::new()?, y: 66.0 };
    drawn.pen.text(LEFT, drawn.y, Side::Left, TITLE, &sheet.title);
    drawn.y += 22.0;
    drawn.lines(HEAD, &sheet.heading);
    drawn.lines(TEXT, &sheet.about);
    drawn.y += 10.0;
    drawn.facts(&sheet.facts);
    drawn.chart(&sheet.chart.0, &sheet.chart.1);
    for table in sheet.tables.iter().filter(|table| !table.rows.is_empty()) {
        drawn.table(table);
    }
    for note in &sheet.notes {
        drawn.lines(LABEL, note);
    }
    let pages = drawn.pen.pages();
    for page in 0..pages {
        let foot = format!("{} · {} · {}/{pages}", sheet.author, sheet.heading, page + 1);
        drawn.pen.on(page, |pen| pen.fitting(LEFT, HEIGHT - 36.0, RIGHT - LEFT, LABEL, &foot));
    }
    let title = format!("{}, {}", sheet.title, sheet.heading);
    drawn.pen.finish(&Title { title: &title, author: &sheet.author, language: &sheet.language, date: sheet.date })
}

struct Drawn {
    pen: Pen,
    /// The next base line.
    y: f32,
}

impl Drawn {
    fn room(&mut self, height: f32) -> bool {
        let is_new = self.y + height > BOTTOM;
        if is_new {
            self.pen.new_page();
            self.y = 62.0;
        }
        is_new
    }

    fn lines(&mut self, style: Style, text: &str) {
        for line in self.pen.lines(RIGHT - LEFT, style, text) {
            self.room(style.leading());
            self.pen.text(LEFT, self.y, Side::Left, style, &line);
            self.y += style.leading();
        }
    }

    /// Three in a row.
    fn facts(&mut self, facts: &[(String, String)]) {
        let width = (RIGHT - LEFT) / 3.0;
        for row in facts.chunks(3) {
            self.room(34.0);
            for (x, (label, figure)) in (0_u8..).zip(row) {
                let x = LEFT + f32::from(x) * width;
                self.pen.fitting(x, self.y, width - 8.0, LABEL, label);
                self.pen.fitting(x, self.y + 15.0, width - 8.0, FIGURE, figure);
            }
            self.y += 36.0;
        }
    }

    fn chart(&mut self, title: &str, columns: &[(String, i64, String)]) {
        let most = columns.iter().map(|(_, value, _)| *value).max().unwrap_or(0);
        if most <= 0 {
            return;
        }
        let height = 84.0;
        self.room(height + 40.0);
        self.pen.text(LEFT, self.y, Side::Left, HEAD, title);
        let base = self.y + 20.0 + height;
        let width = (RIGHT - LEFT) / columns.len() as f32;
        for (at, (name, value, shown)) in columns.iter().enumerate() {
            let left = LEFT + at as f32 * width;
            let top = base - height * (*value).max(0) as f32 / most as f32;
            self.pen.area((left + 3.0, left + width - 3.0), (top, base), Ink::Navy);
            self.pen.fitting(left + 3.0, base + 11.0, width - 4.0, LABEL, name);
            self.pen.fitting(left + 3.0, top - 3.0, width - 4.0, LABEL, shown);
        }
        self.pen.area((LEFT, RIGHT), (base, base + 0.6), Ink::Pale);
        self.y = base + 34.0;
    }

    fn table(&mut self, table: &Table) {
        self.room(60.0);
        self.pen.text(LEFT, self.y, Side::Left, HEAD, &table.title);
        self.y += 18.0;
        self.head(&table.head);
        for row in &table.rows {
            if self.room(13.0) {
                self.head(&table.head);
            }
            self.cells(row, CELL);
            self.y += 13.0;
        }
        self.y += 16.0;
    }

    fn head(&mut self, head: &[String]) {
        self.pen.area((LEFT - 4.0, RIGHT + 4.0), (self.y - 10.0, self.y + 4.0), Ink::Mist);
        self.cells(head, LABEL);
        self.y += 15.0;
    }

    /// The first cell has a third of the width, the others share the rest.
    fn cells(&mut self, cells: &[String], style: Style) {
        let first = (RIGHT - LEFT) * 0.28;
        let width = (RIGHT - LEFT - first) / cells.len().saturating_sub(1).max(1) as f32;
        for (at, cell) in cells.iter().enumerate() {
            if at == 0 {
                self.pen.fitting(LEFT, self.y, first - 6.0, style, cell);
            } else {
                self.pen.text(LEFT + first + at as f32 * width, self.y, Side::Right, style, cell);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn page(rows: usize) -> Sheet {
        let row = |number: usize| vec![format!("member-{number}"), "1 234,5".to_owned(), "12".to_owned()];
        Sheet {
            author: "Fablab du Loch".to_owned(),
            title: "crue".to_owned(),
            heading: "Rapport 2026".to_owned(),
            about: "Crues éclair de la vallée du Loch".to_owned(),
            facts: (0..10).map(|at| (format!("fait {at}"), "12,5 kWh".to_owned())).collect(),
            chart: ("Heures".to_owned(), (0..12).map(|at| (format!("m{at}"), at * 10, at.to_string())).collect()),
            tables: vec![
                Table {
                    title: "Membres".to_owned(),
                    head: vec!["a".into(), "b".into(), "c".into()],
                    rows: (0..rows).map(row).collect(),
                },
                Table { title: "leer".to_owned(), head: vec!["a".into()], rows: Vec::new() },
            ],
            notes: vec!["Deux chiffres qui ne s’additionnent pas.".to_owned()],
            language: "fr".to_owned(),
            date: "2026-12-31".parse().unwrap(),
        }
    }

    /// How many pages a file says that it has.
    fn pages(bytes: &[u8]) -> usize {
        let text = String::from_utf8_lossy(bytes);
        text.matches("/Type/Page").count() + text.matches("/Type /Page").count()
            - text.matches("/Type/Pages").count()
            - text.matches("/Type /Pages").count()
    }

    #[test]
    fn a_year_is_one_page_and_what_is_long_goes_on() {
        let one = sheet(&page(8)).unwrap();
        assert!(one.starts_with(b"%PDF-"));
        assert_eq!(one, sheet(&page(8)).unwrap(), "the same figures give the same bytes");
        assert_eq!((pages(&one), pages(&sheet(&page(80)).unwrap())), (1, 3));
    }

    #[test]
    fn nothing_to_show_is_a_page_all_the_same() {
        let empty = Sheet { facts: Vec::new(), chart: (String::new(), Vec::new()), ..page(0) };
        assert_eq!(pages(&sheet(&empty).unwrap()), 1);
    }
}

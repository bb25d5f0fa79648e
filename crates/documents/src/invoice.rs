//! How an invoice looks: one page that says all, then the jobs behind it. A4; the customer's address stands in the window
//! of a French envelope.

use crate::facturx::{Fault, title};
use crate::money::{Cents, Millionths};
use crate::paper::{AnnexLine, Kind, Line, Paper, Party, VatCategory};
use crate::pen::{HEIGHT, Ink, Pen, Side, Style, Title, WIDTH, Weight};
use crate::words::{Language, Words};

const LEFT: f32 = 48.0;
const RIGHT: f32 = WIDTH - 48.0;
/// Where the window of an envelope begins.
const WINDOW: f32 = 312.0;
/// The last base line above a page's foot.
const BOTTOM: f32 = HEIGHT - 74.0;

const TITLE: Style = Style::new(21.0, Weight::Strong, Ink::Navy);
const NAME: Style = Style::new(12.0, Weight::Strong, Ink::Navy);
const HEAD: Style = Style::new(10.5, Weight::Strong, Ink::Navy);
const TEXT: Style = Style::new(9.5, Weight::Regular, Ink::Black);
const STRONG: Style = Style::new(9.5, Weight::Strong, Ink::Black);
const SMALL: Style = Style::new(8.0, Weight::Regular, Ink::Grey);
const LABEL: Style = Style::new(8.0, Weight::Strong, Ink::Grey);
const SUM: Style = Style::new(11.5, Weight::Strong, Ink::Navy);

/// Draws the paper.
pub(crate) fn draw(paper: &Paper) -> Result<Vec<u8>, Fault> {
    let mut sheet = Sheet { pen: Pen::new()?, y: 0.0, words: Words::new(paper.language), paper };
    sheet.head();
    sheet.lines();
    sheet.totals();
    sheet.mentions();
    if !paper.annex.is_empty() {
        sheet.annex();
    }
    sheet.feet();
    let title = title(paper);
    let language = paper.language.tag();
    sheet.pen.finish(&Title { title: &title, author: &paper.seller.name, language, date: paper.issued })
}

struct Sheet<'a> {
    pen: Pen,
    /// The next base line.
    y: f32,
    words: Words,
    paper: &'a Paper,
}

/// A column: where it stands, and its title's key.
type Column = (f32, Side, &'static str);

const LINE_COLUMNS: [Column; 5] = [
    (LEFT, Side::Left, "what"),
    (338.0, Side::Right, "quantity"),
    (420.0, Side::Right, "unit-price"),
    (468.0, Side::Right, "rate"),
    (RIGHT, Side::Right, "net"),
];

const ANNEX_COLUMNS: [Column; 8] = [
    (LEFT, Side::Left, "annex-job"),
    (94.0, Side::Left, "annex-name"),
    (178.0, Side::Left, "annex-member"),
    (242.0, Side::Left, "annex-project"),
    (306.0, Side::Left, "annex-ended"),
    (424.0, Side::Right, "annex-hours"),
    (482.0, Side::Right, "annex-energy"),
    (RIGHT, Side::Right, "annex-amount"),
];

impl Sheet<'_> {
    fn language(&self) -> Language {
        self.paper.language
    }

    fn is_credit_note(&self) -> bool {
        matches!(self.paper.kind, Kind::CreditNote { .. })
    }

    /// Lines one below the other; returns the base line after the last.
    fn column(&mut self, x: f32, mut y: f32, width: f32, style: Style, lines: &[String]) -> f32 {
        for line in lines {
            for part in self.pen.lines(width, style, line) {
                self.pen.text(x, y, Side::Left, style, &part);
                y += style.leading();
            }
        }
        y
    }

    fn party(&mut self, x: f32, y: f32, width: f32, name: Style, party: &Party) -> f32 {
        let y = self.column(x, y, width, name, std::slice::from_ref(&party.name));
        let mut address = party.street.clone();
        address.push(format!("{} {}", party.post_code, party.city));
        if party.country != "FR" {
            address.push(party.country.clone());
        }
        self.column(x, y, width, TEXT, &address)
    }

    fn numbers(&self, party: &Party) -> Vec<String> {
        let siren = party.siren.as_ref().filter(|_| party.siret.is_none());
        [("siret", &party.siret), ("rna", &party.rna), ("vat-number", &party.vat)]
            .iter()
            .filter_map(|(key, number)| number.as_ref().map(|number| self.words.with(key, &[("number", number)])))
            .chain(siren.map(|number| self.words.with("siren", &[("number", number)])))
            .collect()
    }

    fn head(&mut self) {
        let paper = self.paper;
        let name = if self.is_credit_note() { "title-credit-note" } else { "title-invoice" };
        self.pen.text(RIGHT, 66.0, Side::Right, TITLE, &self.words.say(name));
        let number = self.words.with("number", &[("number", &paper.number)]);
        self.pen.text(RIGHT, 84.0, Side::Right, STRONG, &number);
        let mut y = self.party(LEFT, 62.0, 240.0, NAME, &paper.seller);
        let numbers: Vec<String> = self.numbers(&paper.seller).into_iter().chain(paper.seller.email.clone()).collect();
        y = self.column(LEFT, y + 3.0, 240.0, SMALL, &numbers);

        self.pen.text(WINDOW, 140.0, Side::Left, LABEL, &self.words.say("buyer"));
        let mut buyer = self.party(WINDOW, 156.0, RIGHT - WINDOW, STRONG, &paper.buyer);
        let numbers = self.numbers(&paper.buyer);
        buyer = self.column(WINDOW, buyer + 3.0, RIGHT - WINDOW, SMALL, &numbers);

        let mut facts = vec![(
            self.words.say(if self.is_credit_note() { "issued-credit-note" } else { "issued" }),
            self.words.date(paper.issued),
        )];
        let (first, last) = (self.words.date(paper.period.0), self.words.date(paper.period.1));
        facts.push((self.words.say("period"), self.words.with("period-days", &[("first", &first), ("last", &last)])));
        if !self.is_credit_note() {
            facts.push((self.words.say("due"), self.words.date(paper.due)));
        }
        y = y.max(buyer) + 22.0;
        for (label, fact) in &facts {
            self.pen.text(LEFT, y, Side::Left, SMALL, label);
            self.pen.text(LEFT + 132.0, y, Side::Left, TEXT, fact);
            y += TEXT.leading();
        }
        if let Kind::CreditNote { of, dated } = &paper.kind {
            let dated = self.words.date(*dated);
            let text = self.words.with("corrects", &[("number", of), ("date", &dated)]);
            y = self.column(LEFT, y + 2.0, RIGHT - LEFT, STRONG, &[text]);
        }
        self.y = self.column(LEFT, y + 16.0, RIGHT - LEFT, HEAD, std::slice::from_ref(&paper.subject)) + 6.0;
    }

    /// The head of a table.
    fn table(&mut self, columns: &[Column]) {
        self.pen.area((LEFT - 6.0, RIGHT + 6.0), (self.y - 11.0, self.y + 6.0), Ink::Mist);
        let is_named = self.paper.annex.iter().any(|job| !job.name.is_empty());
        for (x, side, key) in columns.iter().filter(|(.., key)| is_named || *key != "annex-name") {
            self.pen.text(*x, self.y, *side, LABEL, &self.words.say(key));
        }
        self.y += 20.0;
    }

    /// A new page when there is no room for so much; a table's head is repeated.
    fn room(&mut self, height: f32, columns: &[Column]) {
        if self.y + height > BOTTOM {
            self.pen.new_page();
            self.y = 62.0;
            if !columns.is_empty() {
                self.table(columns);
            }
        }
    }

    fn rule(&mut self, left: f32) {
        let top = self.y - 9.5;
        self.pen.area((left, RIGHT + if left > LEFT { 0.0 } else { 6.0 }), (top, top + 0.6), Ink::Pale);
        self.y += 4.5;
    }

    fn lines(&mut self) {
        self.table(&LINE_COLUMNS);
        let paper = self.paper;
        for line in &paper.lines {
            self.line(line);
        }
    }

    fn line(&mut self, line: &Line) {
        let width = 218.0;
        let name = self.pen.lines(width, TEXT, &line.name);
        let detail = self.pen.lines(width, SMALL, line.detail.as_deref().unwrap_or(""));
        let height = TEXT.leading() * name.len() as f32 + SMALL.leading() * detail.len() as f32;
        self.room(height + 6.0, &LINE_COLUMNS);
        let language = self.language();
        let rate = match line.category {
            VatCategory::Standard(rate) => format!("{}\u{a0}%", rate.show(0, language)),
            VatCategory::Exempt | VatCategory::Outside => self.words.say("no-vat"),
        };
        let cells = [
            format!("{}\u{a0}{}", line.quantity.show(0, language), line.unit),
            line.price.show(2, language),
            rate,
            line.net.show(language),
        ];
        for ((x, side, _), cell) in LINE_COLUMNS.iter().skip(1).zip(&cells) {
            self.pen.text(*x, self.y, *side, TEXT, cell);
        }
        self.y = self.column(LEFT, self.y, width, TEXT, &name);
        self.y = self.column(LEFT, self.y, width, SMALL, &detail) + 5.0;
        self.rule(LEFT - 6.0);
    }

    fn totals(&mut self) {
        let paper = self.paper;
        let language = self.language();
        let mut rows = vec![(self.words.say("total-net"), paper.net, TEXT)];
        let mut taxed = false;
        for vat in &paper.vat {
            if let VatCategory::Standard(rate) = vat.category {
                taxed = true;
                let (rate, base) = (rate.show(0, language), vat.base.show(language));
                rows.push((self.words.with("vat-line", &[("rate", &rate), ("base", &base)]), vat.tax, TEXT));
            }
        }
        let gross = if taxed { "total-gross" } else { "total-gross-no-vat" };
        rows.push((self.words.say(gross), paper.total, STRONG));
        if paper.paid != Cents(0) {
            rows.push((self.words.say("paid"), Cents(-paper.paid.0), TEXT));
        }
        let due = if self.is_credit_note() { "to-give-back" } else { "to-pay" };
        let due = (self.words.say(due), Cents(paper.total.0 - paper.paid.0));
        self.room(rows.len() as f32 * 16.0 + 40.0, &[]);
        self.y += 4.0;
        for (label, sum, style) in rows {
            self.pen.text(420.0, self.y, Side::Right, style, &label);
            self.pen.text(RIGHT, self.y, Side::Right, style, &sum.show(language));
            self.y += 15.5;
        }
        self.y += 6.0;
        self.rule(262.0);
        self.y += 6.0;
        self.pen.text(420.0, self.y, Side::Right, SUM, &due.0);
        self.pen.text(RIGHT, self.y, Side::Right, SUM, &due.1.show(language));
        self.y += 30.0;
    }

    fn mentions(&mut self) {
        let paper = self.paper;
        if let Some(payment) = &paper.payment {
            let bank = match &payment.bic {
                Some(bic) => format!("IBAN {}   BIC {bic}", payment.iban),
                None => format!("IBAN {}", payment.iban),
            };
            self.room(60.0, &[]);
            self.pen.text(LEFT, self.y, Side::Left, HEAD, &self.words.say("payment-title"));
            self.y += 16.0;
            let reference = self.words.with("payment-reference", &[("number", &paper.number)]);
            self.y = self.column(LEFT, self.y, RIGHT - LEFT, TEXT, &[bank, reference]) + 12.0;
        }
        let inside = if self.is_credit_note() { "data-inside-credit-note" } else { "data-inside" };
        for mention in paper.mentions.iter().cloned().chain([self.words.say(inside)]) {
            let lines = self.pen.lines(RIGHT - LEFT, SMALL, &mention);
            self.room(SMALL.leading() * lines.len() as f32, &[]);
            self.y = self.column(LEFT, self.y, RIGHT - LEFT, SMALL, &lines) + 2.5;
        }
    }

    fn annex(&mut self) {
        self.pen.new_page();
        self.y = 66.0;
        self.pen.text(LEFT, self.y, Side::Left, HEAD, &self.words.say("annex-title"));
        self.y += 26.0;
        self.table(&ANNEX_COLUMNS);
        let paper = self.paper;
        for job in &paper.annex {
            self.job(job);
        }
        let language = self.language();
        let sum = |of: fn(&AnnexLine) -> i64| Millionths(paper.annex.iter().map(of).sum());
        let hours = sum(|job| job.core_hours.0);
        let energy = sum(|job| job.energy_kwh.unwrap_or_default().0);
        let amount = sum(|job| job.amount.0);
        self.room(40.0, &[]);
        self.y += 4.0;
        let count = self.words.with("annex-sum", &[("count", &paper.annex.len().to_string())]);
        let strong = Style { size: SMALL.size, ..STRONG };
        self.pen.text(LEFT, self.y, Side::Left, strong, &count);
        for ((x, side, _), cell) in ANNEX_COLUMNS[5..].iter().zip([
            hours.thousandths(language),
            energy.thousandths(language),
            amount.show(6, language),
        ]) {
            self.pen.text(*x, self.y, *side, strong, &cell);
        }
        self.y += 20.0;
        self.y = self.column(LEFT, self.y, RIGHT - LEFT, SMALL, &[self.words.say("annex-rounding")]);
    }

    fn job(&mut self, job: &AnnexLine) {
        self.room(12.0, &ANNEX_COLUMNS);
        let language = self.language();
        let style = Style { ink: Ink::Black, ..SMALL };
        let ended = self.words.short_date(job.ended);
        let texts = [&job.job, &job.name, &job.member, &job.project, &ended];
        for (at, text) in texts.into_iter().enumerate() {
            let (x, ..) = ANNEX_COLUMNS[at];
            let next = if at + 1 < texts.len() { ANNEX_COLUMNS[at + 1].0 } else { 366.0 };
            self.pen.fitting(x, self.y, next - x - 6.0, style, text);
        }
        let energy = job.energy_kwh.map_or_else(|| self.words.say("no-vat"), |energy| energy.thousandths(language));
        let numbers = [job.core_hours.thousandths(language), energy, job.amount.show(6, language)];
        for ((x, side, _), number) in ANNEX_COLUMNS[5..].iter().zip(&numbers) {
            self.pen.text(*x, self.y, *side, style, number);
        }
        self.y += 13.0;
    }

    fn feet(&mut self) {
        let pages = self.pen.pages();
        let seller = &self.paper.seller;
        let mut legal = vec![seller.name.clone()];
        legal.extend(self.numbers(seller));
        let legal = legal.join(" · ");
        let title = title(self.paper);
        for page in 0..pages {
            let of = [("page", &*(page + 1).to_string()), ("pages", &*pages.to_string())];
            let count = self.words.with("page", &of);
            let right = format!("{title} · {count}");
            self.pen.on(page, |pen| {
                pen.fitting(LEFT, HEIGHT - 44.0, RIGHT - LEFT - pen.width(SMALL, &right) - 16.0, SMALL, &legal);
                pen.text(RIGHT, HEIGHT - 44.0, Side::Right, SMALL, &right);
            });
        }
    }
}

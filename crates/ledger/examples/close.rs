//! How long a month takes to close: `cargo run --release -p ledger --example close`. A year of a small centre, 100
//! projects of 50 customers and 200 000 jobs, the last month of it closed; then the same with all jobs in one month.
//! `-- --write FILE` instead writes the year down with its last month open, for `store/examples/books.rs` to put into a
//! data file: a line for each entry (`entry`, number, hash, text) and document (`document`, number, entry, JSON), with tabs.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)]

use std::fmt::Write;
use std::time::Instant;

use jiff::tz::TimeZone;
use ledger::book::{self, Ended, Overrun};
use ledger::chain::{Hash, verify};
use ledger::csv::{self, Names};
use ledger::day::{Day, Month};
use ledger::fec::{Separator, fec};
use ledger::invoice::{
    Address, Asked, Customer, CustomerKind, Fiscal, Language, SHIPPED as MENTIONS, Seller, Status, issue, prepare,
};
use ledger::journal::Journal;
use ledger::posting::{Entry, What};
use ledger::price::{Usage, price};
use ledger::tariff::{Book, Category, SHIPPED};
use model::{JobId, RunId, Time};

const JOBS: u32 = 200_000;
const PROJECTS: u32 = 100;
const CUSTOMERS: u32 = 50;
const HOUR: i64 = 3_600_000;

/// As a store keeps it: text and hash, and the entries of the month that are not billed.
#[derive(Default)]
struct Centre {
    journal: Journal,
    stored: Vec<(String, Hash)>,
    /// Number, entry, JSON.
    documents: Vec<(String, u64, String)>,
}

impl Centre {
    fn post(&mut self, at: Time, what: What) {
        let day = Day::of(at, &TimeZone::UTC);
        let sealed = self.journal.post(at, day, what).unwrap();
        self.stored.push((sealed.text, sealed.hash));
    }

    /// All jobs of a year from `start` on, `apart` milliseconds between two ends: reserved and settled.
    fn work(&mut self, book: &Book, start: Time, apart: i64) {
        for job in 0..JOBS {
            let end = Time(start.0 + i64::from(job) * apart);
            let (project, run) = (project(job % PROJECTS), RunId { job: JobId(job + 1), attempt: 0 });
            let ms = HOUR / 2 + i64::from(job) * 7919 % (10 * HOUR);
            let usage = |ms: i64| Usage {
                machine: "sandy-bridge".into(),
                start: Time(end.0 - ms),
                end,
                cores: 1 + job % 16,
                memory_mib: 32 * 1024,
                energy_uj: ms * 100_000,
                ..Usage::default()
            };
            let lines = |ms| price(book, Category::Company, &[usage(ms)]).unwrap();
            let reserve = book::reserve(&self.journal, &project, run, &lines(ms + HOUR)).unwrap();
            self.post(end, What::Reserve(reserve));
            let ended = Ended { project, member: job % 300, run, usage: lines(ms) };
            let what = book::settle(&self.journal, ended, Overrun::Centre).unwrap();
            self.post(end, what);
        }
    }

    /// Every customer's invoice of a month: entries read from their text, drafts, numbers, postings, documents as JSON.
    fn close(&mut self, month: Month, today: Day) -> usize {
        let fiscal = Fiscal::parse(MENTIONS).unwrap();
        let regime = fiscal.regime(Status::Vat, today).unwrap();
        let numbers: Vec<u64> = self.journal.unbilled().map(|(number, _)| number).collect();
        let read = |number: &u64| serde_json::from_str::<Entry>(&self.stored[*number as usize - 1].0).unwrap();
        let entries: Vec<Entry> = numbers.iter().map(read).collect();
        let mut by_customer: Vec<Vec<Entry>> = vec![Vec::new(); CUSTOMERS as usize];
        for entry in entries {
            let number: u32 = entry.what.project().unwrap()[1..].parse().unwrap();
            by_customer[(number % CUSTOMERS) as usize].push(entry);
        }
        let (mut bytes, at) = (0, today.start(&TimeZone::UTC));
        for (id, entries) in by_customer.iter().enumerate() {
            let projects: Vec<String> = (0..PROJECTS).filter(|at| *at as usize % 50 == id).map(project).collect();
            let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
            let customer = customer(id);
            let asked = Asked { journal: &self.journal, entries, customer: &customer, projects: &projects, regime };
            let draft = prepare(&asked, month, today).unwrap();
            let (what, document) = issue(&draft, &self.journal, &seller(), &fiscal, Status::Vat, today).unwrap();
            self.post(at, what);
            let body = serde_json::to_string(&document).unwrap();
            bytes += body.len();
            self.documents.push((document.number, self.stored.len() as u64, body));
        }
        bytes
    }

    /// What was posted and issued, a line each; a document stands behind its entry.
    fn lines(&self) -> String {
        let (mut lines, mut documents) = (String::new(), self.documents.iter().peekable());
        for (at, (text, hash)) in self.stored.iter().enumerate() {
            writeln!(lines, "entry\t{}\t{hash}\t{text}", at + 1).unwrap();
            while let Some((number, entry, body)) = documents.next_if(|(_, entry, _)| *entry == at as u64 + 1) {
                writeln!(lines, "document\t{number}\t{entry}\t{body}").unwrap();
            }
        }
        lines
    }
}

fn project(number: u32) -> String {
    format!("p{number}")
}

fn address() -> Address {
    Address {
        lines: vec!["1, rue du Port".into()],
        postcode: "56400".into(),
        town: "Auray".into(),
        country: "FR".into(),
    }
}

fn seller() -> Seller {
    let (siren, vat_number) = ("123456789".to_owned(), "FR00123456789".to_owned());
    Seller { name: "Fablab du Loch".into(), address: address(), siren, vat_number, ..Seller::default() }
}

fn customer(id: usize) -> Customer {
    Customer {
        id: format!("C{id}"),
        name: format!("Customer {id}"),
        kind: CustomerKind::Business,
        category: Category::Company,
        language: Language::Fr,
        address: address(),
        siren: "987654321".into(),
        vat_number: String::new(),
        terms_days: 30,
    }
}

struct Everybody;

impl Names for Everybody {
    fn member(&self, number: u32) -> String {
        number.to_string()
    }
    fn customer_of(&self, project: &str) -> String {
        project.to_owned()
    }
    fn category_of(&self, _customer: &str) -> String {
        "company".to_owned()
    }
    fn customer_name(&self, customer: &str) -> String {
        customer.to_owned()
    }
    fn invoice_of(&self, _entry: u64) -> Option<String> {
        None
    }
}

/// Nanoseconds of processor time until now, where Linux tells.
fn processor_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}

/// Runs it and says how long it took.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (begun, processor) = (Instant::now(), processor_ns());
    let result = work();
    let processor = (processor_ns() - processor) / 1e9;
    println!("{what}: {:.3} s, processor {processor:.3} s", begun.elapsed().as_secs_f64());
    result
}

fn main() {
    // The first jobs of the year began before it.
    let book = Book::parse(&SHIPPED.replace("from = \"2026", "from = \"2024"), TimeZone::UTC).unwrap();
    let (start, month) = (Time(1_735_689_600_000), |month| Month::new(2025, month).unwrap()); // 2025-01-01
    let mut year = Centre::default();
    let apart = 365 * 24 * HOUR / i64::from(JOBS);
    timed("200 000 jobs priced, reserved, settled, sealed", || year.work(&book, start, apart));
    for number in 1..12 {
        year.close(month(number), month(number).next().first());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--write", file] => return std::fs::write(file, year.lines()).unwrap(),
        ref others => assert!(others.is_empty(), "not understood: {others:?}"),
    }
    let first = Day::of(Time(start.0 + 366 * 24 * HOUR), &TimeZone::UTC);
    let bytes = timed("a month of that year closed (goal: 2 s)", || year.close(month(12), first));
    println!("  documents of {} KiB, ledger of {} entries", bytes / 1024, year.stored.len());
    let entries = || year.stored.iter().map(|(text, hash)| (text.as_str(), *hash));
    timed("the year's chain verified", || verify(entries(), &[]).unwrap());
    let journal = timed("the year replayed", || Journal::replay(entries()).unwrap());
    assert!(journal == year.journal);
    let read: Vec<Entry> = year.stored.iter().map(|(text, _)| serde_json::from_str(text).unwrap()).collect();
    let all = (month(1).first(), first);
    timed("the accountant's file of the year", || fec(&read, &journal, &Everybody, all, Separator::Tab).len());
    timed("usage.csv and postings.csv of the year", || {
        read.iter()
            .map(|entry| csv::usage(entry, &Everybody).len() + csv::postings(entry, &Everybody).len())
            .sum::<usize>()
    });
    let mut busy = Centre::default();
    busy.work(&book, start, 30 * 24 * HOUR / i64::from(JOBS));
    timed("200 000 jobs in one month, closed", || busy.close(month(1), month(2).first()));
}

//! `algoric invoice`: prepared, looked at, issued, paid, and told to the accountant. The centre numbers and posts; papers
//! and tables are made here, of what it stored.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use api::{GiveBack, MoneyReply, MoneyRequest, Prepared};
use documents::Paper;
use ledger::{
    csv,
    day::{Day, Month},
    fec::{Separator, fec},
    invoice::Document,
};
use model::{JobId, Money, RunId};
use serde::{Deserialize, Serialize};

use super::{ask, books::Books, id, texts, things};
use crate::{
    client::ClientError,
    commands::House,
    console, exit,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
    zone,
};

/// Invoices and credit notes (treasurers): prepare, review, issue, pay
#[derive(clap::Subcommand)]
pub enum InvoiceCommand {
    /// Prepares the invoices of a month that is over. Nothing is numbered yet; a second time replaces the first
    Prepare {
        /// The month: 2026-11
        month: String,
        /// Only of these customers
        customers: Vec<String>,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Shows what is prepared, to be looked at
    Review {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
        /// What is shown is good: it may be issued
        #[arg(long)]
        accept: bool,
    },
    /// Numbers what was accepted, and posts it; from then on it never changes
    Issue {
        /// Only these, as review names them
        names: Vec<String>,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Lists issued documents
    List(Format),
    /// Prints an issued document as JSON
    Show {
        /// Its number
        number: String,
    },
    /// Writes down a payment, and matches it with invoices
    Pay {
        /// From whom
        customer: String,
        /// How much: 120.50 EUR
        amount: Money,
        /// What the bank calls it: the same twice is one
        #[arg(long)]
        id: String,
        /// What stands on it; an invoice that it names is paid first
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Gives something of an issued invoice back, and prepares the credit note
    CreditNote(CreditNoteArgs),
    /// Lists invoices that are late
    Reminders(Format),
    /// Makes the papers (PDF/A with Factur-X) of issued documents
    Pdf {
        /// Where to; one that is there already is made again, the same
        directory: PathBuf,
        /// Only these numbers
        numbers: Vec<String>,
    },
    /// Prints all documents, a line each, for tables
    Csv,
    /// Prints the accountant's file (FEC) of a year
    Fec {
        /// The year
        #[arg(value_parser = year)]
        year: i16,
    },
}

/// What a credit note is for.
#[derive(clap::Args)]
pub struct CreditNoteArgs {
    /// The invoice that it corrects
    invoice: String,
    /// Give all of a job back [default: what was given back already]
    #[arg(long, conflicts_with = "amount")]
    job: Option<u32>,
    /// Which start of the job
    #[arg(long, default_value_t = 0, requires = "job")]
    attempt: u32,
    /// Give an amount back
    #[arg(long, requires = "project")]
    amount: Option<Money>,
    /// To this project
    #[arg(long)]
    project: Option<String>,
    /// Why
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    /// Names the correction: the same twice is one
    #[arg(long)]
    id: Option<String>,
}

/// Does it.
pub fn run(command: InvoiceCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        InvoiceCommand::Prepare { month, customers, json } => {
            prepared(MoneyRequest::Prepare { month, customers }, json, house)
        }
        InvoiceCommand::CreditNote(args) => {
            let CreditNoteArgs { invoice, job, attempt, amount, project, note, id: given } = args;
            let back = match (job, amount, project) {
                (Some(job), ..) => Some(GiveBack::Run(RunId { job: JobId(job), attempt })),
                (None, Some(amount), Some(project)) => {
                    Some(GiveBack::Amount { project, microeur: amount.0, id: id(given, "correction"), note })
                }
                _ => None,
            };
            prepared(MoneyRequest::CreditNote { invoice, back }, false, house)
        }
        InvoiceCommand::Review { json, accept } => review(json, accept, house),
        InvoiceCommand::Issue { names, json } => issue(names, json, house),
        InvoiceCommand::List(format) => {
            let mut rows: Vec<InvoiceRow> = things(&mut house.call()?, MoneyRequest::Invoices)?;
            rows.sort_by(|one, other| (one.day, &one.number).cmp(&(other.day, &other.number)));
            show::list(&rows, format, &house.words)?;
            Ok(exit::OK)
        }
        InvoiceCommand::Reminders(format) => {
            let rows: Vec<ReminderRow> = things(&mut house.call()?, MoneyRequest::Reminders)?;
            show::list(&rows, format, &house.words)?;
            Ok(exit::OK)
        }
        InvoiceCommand::Show { number } => show_one(number, house),
        InvoiceCommand::Pay { customer, amount, id, text } => pay(customer, amount, id, text, house),
        InvoiceCommand::Pdf { directory, numbers } => pdf(&directory, numbers, house),
        InvoiceCommand::Csv => tables(house, |books| {
            let lines = books.journal.invoices().map(|(number, one)| csv::invoice(number, one, &books.people));
            csv::INVOICES.to_owned() + &lines.collect::<String>()
        }),
        InvoiceCommand::Fec { year } => tables(house, |books| {
            let day = |month| Month::new(year, month);
            let Some((first, last)) = day(1).zip(day(12)) else { return String::new() };
            let span = (first.first(), last.last());
            fec(&books.entries, &books.journal, &books.people, span, Separator::Tab)
        }),
    }
}

/// A year of an accountant.
fn year(text: &str) -> Result<i16, &'static str> {
    text.parse().ok().filter(|year| (1900..=9999).contains(year)).ok_or("a year has four digits: 2026")
}

fn tables(house: &House, print: impl FnOnce(&Books) -> String) -> anyhow::Result<u8> {
    console::print(print(&Books::read(&mut house.call()?)?));
    Ok(exit::OK)
}

/// Drafts that were made, and who gets none.
fn prepared(request: MoneyRequest, json: bool, house: &House) -> anyhow::Result<u8> {
    let MoneyReply::Prepared(Prepared { drafts, left_out }) = ask(&mut house.call()?, request)? else {
        return Err(ClientError::Unfit.into());
    };
    let drafts: Vec<DraftRow> = drafts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?;
    show_drafts(&drafts, json, house)?;
    Ok(complain(&left_out))
}

/// Says what was left out; that is a failure.
fn complain(left_out: &[String]) -> u8 {
    left_out.iter().for_each(|why| console::complain(format!("algoric: {why}\n")));
    if left_out.is_empty() { exit::OK } else { exit::FAILED }
}

fn show_drafts(drafts: &[DraftRow], json: bool, house: &House) -> anyhow::Result<()> {
    if json {
        return show::json(&drafts);
    }
    show::list(drafts, Format::default(), &house.words)
}

fn review(json: bool, accept: bool, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    let drafts: Vec<DraftRow> = things(&mut centre, MoneyRequest::Drafts)?;
    if !accept {
        show_drafts(&drafts, json, house)?;
        return Ok(exit::OK);
    }
    for DraftRow { name, version, .. } in drafts {
        centre.order(&api::Request::Money(Box::new(MoneyRequest::Accept { name, version })))?;
    }
    // Again, for it says now who accepted it.
    show_drafts(&things::<DraftRow>(&mut centre, MoneyRequest::Drafts)?, json, house)?;
    Ok(exit::OK)
}

fn issue(names: Vec<String>, json: bool, house: &House) -> anyhow::Result<u8> {
    let reply = ask(&mut house.call()?, MoneyRequest::Issue(names))?;
    let MoneyReply::Issued { numbers, left_out } = reply else { return Err(ClientError::Unfit.into()) };
    if json {
        show::json(&numbers)?;
    } else {
        numbers.iter().for_each(console::line);
    }
    Ok(complain(&left_out))
}

fn show_one(number: String, house: &House) -> anyhow::Result<u8> {
    texts(&mut house.call()?, MoneyRequest::Documents(vec![number]), |text| {
        let document: serde_json::Value = serde_json::from_str(&text)?;
        show::json(&document)
    })?;
    Ok(exit::OK)
}

fn pay(customer: String, amount: Money, id: String, text: String, house: &House) -> anyhow::Result<u8> {
    #[derive(Deserialize)]
    struct Settles {
        invoice: String,
        paid_microeur: i64,
    }
    let request = MoneyRequest::Pay { customer, id, amount_microeur: amount.0, text };
    let settles: Vec<Settles> = things(&mut house.call()?, request)?;
    let mut left = amount;
    for Settles { invoice, paid_microeur } in settles {
        left -= Money(paid_microeur);
        let gaps = [("invoice", invoice.into()), ("amount", house.words.euros(paid_microeur).into())];
        console::line(house.words.with("invoice-paid", &gaps));
    }
    if left != Money::ZERO {
        console::line(house.words.with("invoice-left-over", &[("amount", house.words.euros(left.0).into())]));
    }
    Ok(exit::OK)
}

fn pdf(directory: &std::path::Path, numbers: Vec<String>, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    let books = Books::read(&mut centre)?;
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let zone = zone::of_process();
    texts(&mut centre, MoneyRequest::Documents(numbers), |text| {
        let document: Document = serde_json::from_str(&text)?;
        let paper = Paper::of(&document, &books.people, &zone);
        let path = directory.join(format!("{}.pdf", document.number));
        let bytes = documents::pdf(&paper).with_context(|| document.number.clone())?;
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        console::line(path.display().to_string());
        Ok(())
    })?;
    Ok(exit::OK)
}

/// What is prepared, as the centre tells it.
#[derive(Serialize, Deserialize)]
struct DraftRow {
    name: String,
    version: i64,
    by: String,
    accepted_by: Option<String>,
    draft: serde_json::Value,
}

impl Noun for DraftRow {
    const COLUMNS: &'static [Column] = &[
        text("column-name"),
        text("money-column-customer"),
        number("money-column-net"),
        number("money-column-lines"),
        text("money-column-by"),
        text("money-column-accepted"),
    ];

    fn name(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let draft = &self.draft;
        vec![
            self.name.clone(),
            draft["customer"]["name"].as_str().unwrap_or_default().to_owned(),
            words.euros(draft["net"].as_i64().unwrap_or(0)),
            draft["lines"].as_array().map_or(0, Vec::len).to_string(),
            self.by.clone(),
            self.accepted_by.clone().unwrap_or_else(|| words.say("no")),
        ]
    }
}

/// An issued document.
#[derive(Serialize, Deserialize)]
struct InvoiceRow {
    number: String,
    kind: String,
    customer: String,
    month: Month,
    day: Day,
    due: Day,
    net: Money,
    vat: Money,
    total: Money,
    open: Money,
    matched: Vec<String>,
    paid: Option<Day>,
    credit_of: Option<String>,
}

impl Noun for InvoiceRow {
    const COLUMNS: &'static [Column] = &[
        text("money-column-number"),
        text("money-column-day"),
        text("money-column-customer"),
        number("money-column-total"),
        number("money-column-open"),
        text("money-column-due"),
    ];

    fn name(&self) -> String {
        self.number.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let total = words.euros(self.total.0);
        vec![
            self.number.clone(),
            self.day.to_string(),
            self.customer.clone(),
            total,
            words.euros(self.open.0),
            // A credit note asks for nothing.
            if self.credit_of.is_none() { self.due.to_string() } else { String::new() },
        ]
    }
}

/// An invoice that is late.
#[derive(Serialize, Deserialize)]
struct ReminderRow {
    number: String,
    customer: String,
    open: Money,
    due: Day,
    days_late: i64,
    step: usize,
}

impl Noun for ReminderRow {
    const COLUMNS: &'static [Column] = &[
        text("money-column-number"),
        text("money-column-customer"),
        number("money-column-open"),
        text("money-column-due"),
        number("money-column-late"),
        number("money-column-reminder"),
    ];

    fn name(&self) -> String {
        self.number.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![
            self.number.clone(),
            self.customer.clone(),
            words.euros(self.open.0),
            self.due.to_string(),
            self.days_late.to_string(),
            self.step.to_string(),
        ]
    }
}

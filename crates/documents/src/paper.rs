//! What stands on an invoice or a credit note. Sums are rounded already: a paper repeats the books, it does not compute.

use jiff::civil::Date;

use crate::money::{Cents, Millionths};
use crate::words::Language;

/// An invoice or a credit note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paper {
    /// Which of the two.
    pub kind: Kind,
    /// Its number, one of a continuous series.
    pub number: String,
    /// The day it was issued.
    pub issued: Date,
    /// The day by which it is to be paid.
    pub due: Date,
    /// First and last day of what is invoiced.
    pub period: (Date, Date),
    /// The centre.
    pub seller: Party,
    /// The customer.
    pub buyer: Party,
    /// What it is about, in one line: `Scientific computing, October 2026`.
    pub subject: String,
    /// What is sold.
    pub lines: Vec<Line>,
    /// VAT by category and rate: the sums of the lines' sums.
    pub vat: Vec<Vat>,
    /// All lines, without VAT.
    pub net: Cents,
    /// All VAT.
    pub tax: Cents,
    /// Both together.
    pub total: Cents,
    /// What was paid before.
    pub paid: Cents,
    /// How to pay. Credit notes need none.
    pub payment: Option<Payment>,
    /// What the law wants to be said, and other words, one sentence or paragraph each.
    pub mentions: Vec<String>,
    /// The jobs behind the lines.
    pub annex: Vec<AnnexLine>,
    /// The paper's language.
    pub language: Language,
}

/// What a paper is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An invoice (UNTDID 1001: 380).
    Invoice,
    /// A credit note (381): its sums are positive, and are given back.
    CreditNote {
        /// The number of the invoice that it corrects.
        of: String,
        /// That invoice's day.
        dated: Date,
    },
}

/// Who sells or buys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Party {
    /// The name by law.
    pub name: String,
    /// Street and number, in one or two lines.
    pub street: Vec<String>,
    /// Post code.
    pub post_code: String,
    /// Town.
    pub city: String,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// SIREN, nine digits.
    pub siren: Option<String>,
    /// SIRET, fourteen digits.
    pub siret: Option<String>,
    /// Number in the register of associations: `W561234567`.
    pub rna: Option<String>,
    /// VAT number: `FR…`.
    pub vat: Option<String>,
    /// Where to ask.
    pub email: Option<String>,
}

/// One line of what is sold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it is: `Core-hours, blade`.
    pub name: String,
    /// More of it, in small letters: the tariff's name and day, the project.
    pub detail: Option<String>,
    /// How much.
    pub quantity: Millionths,
    /// The unit for people: `h`, `kWh`.
    pub unit: String,
    /// The unit by UN/ECE recommendation 20: `HUR`, `KWH`, `C62`.
    pub unit_code: String,
    /// Euro for one, without VAT.
    pub price: Millionths,
    /// Without VAT.
    pub net: Cents,
    /// How it is taxed.
    pub category: VatCategory,
}

/// How something is taxed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VatCategory {
    /// At a rate, in millionths of a per cent: 20 % is `Millionths(20_000_000)`.
    Standard(Millionths),
    /// Exempt: franchise en base.
    Exempt,
    /// Outside the scope of VAT.
    Outside,
}

/// The VAT of one category.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vat {
    /// Which.
    pub category: VatCategory,
    /// What is taxed.
    pub base: Cents,
    /// The tax.
    pub tax: Cents,
    /// Why there is none, in the words of the law of that day.
    pub reason: Option<String>,
    /// The same from the code list VATEX; without it, the usual one of the category.
    pub code: Option<String>,
}

/// Where to pay to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// The account.
    pub iban: String,
    /// Its bank.
    pub bic: Option<String>,
}

/// A job behind a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnnexLine {
    /// Its number.
    pub job: String,
    /// Its name, if it may be shown.
    pub name: String,
    /// Whose.
    pub member: String,
    /// Under which project.
    pub project: String,
    /// The day it ended.
    pub ended: Date,
    /// Core-hours.
    pub core_hours: Millionths,
    /// Energy in kWh; `None` where nothing was measured.
    pub energy_kwh: Option<Millionths>,
    /// Its price without VAT, in euro, as posted.
    pub amount: Millionths,
}

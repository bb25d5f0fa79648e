//! The data inside the paper: EN 16931 in the syntax of UN/CEFACT (Factur-X), checked by its business rules before it is
//! embedded. Source of the terms (`BT-…`, `BG-…`): EN 16931-1:2017.

use std::time::{Duration, SystemTime};

use en16931::invoice::{
    Code, Contact, Delivery, InvoiceLine, Item, LineVat, Party as BusinessParty, PaymentInstructions, Period,
    PostalAddress, PrecedingInvoice, PriceDetails, VatBreakdown,
};
use en16931::profiles::En16931;
use en16931::validation::profile::Validated;
use en16931::{
    Date as BusinessDate, DocumentReference, Identifier, Invoice, InvoiceAmount, Percentage, Quantity, UnitPriceAmount,
};
use en16931_formats::Syntax;
use en16931_formats::report::Kind as Mark;
use en16931_formats::zugferd::{self, EmbedOptions, Metadata};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::money::{Cents, Millionths};
use crate::paper::{Kind, Line, Paper, Party, Vat, VatCategory};

/// EN 16931 without national rules.
const GUIDELINE: &str = "urn:cen.eu:en16931:2017";
/// ISO 6523: who numbers firms (SIREN, SIRET).
const SIREN: &str = "0002";
const SIRET: &str = "0009";

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The data breaks rules of EN 16931: `BR-06: …`, one each.
    #[error("the invoice breaks rules of EN 16931:\n{}", .0.join("\n"))]
    Rules(Vec<String>),
    /// A term that cannot be written: what, and why.
    #[error("{what}: {why}")]
    Term {
        /// Which.
        what: &'static str,
        /// The reason.
        why: String,
    },
    /// The writer of PDF refused.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

fn term<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> Fault {
    move |why| Fault::Term { what, why: why.to_string() }
}

pub(crate) fn xml(paper: &Paper) -> Result<String, Fault> {
    let written = en16931_formats::write(&proof(paper)?, Syntax::Cii);
    let lost: Vec<String> =
        written.entries.iter().filter(|entry| entry.kind != Mark::Derived).map(|entry| entry.to_string()).collect();
    if lost.is_empty() { Ok(written.xml) } else { Err(Fault::Rules(lost)) }
}

/// Puts the paper's data into its picture.
pub(crate) fn embed(pdf: &[u8], paper: &Paper) -> Result<Vec<u8>, Fault> {
    let title = title(paper);
    let metadata = Metadata { subject: paper.subject.clone(), author: paper.seller.name.clone(), title };
    let options =
        EmbedOptions { metadata: Some(metadata), modified: Some(midnight(paper.issued)), ..EmbedOptions::default() };
    zugferd::embed(pdf, &proof(paper)?, &options).map_err(|error| Fault::Pdf(error.to_string()))
}

/// How files and windows name the paper.
pub(crate) fn title(paper: &Paper) -> String {
    let words = crate::words::Words::new(paper.language);
    let kind = match paper.kind {
        Kind::Invoice => words.say("title-invoice"),
        Kind::CreditNote { .. } => words.say("title-credit-note"),
    };
    format!("{kind} {}", paper.number)
}

fn midnight(day: Date) -> SystemTime {
    let days = day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days());
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(days.unsigned_abs()) * 86_400)
}

fn proof(paper: &Paper) -> Result<Validated<En16931>, Fault> {
    let invoice = invoice(paper)?;
    Validated::new(invoice).map_err(|rejected| {
        let report = rejected.report();
        Fault::Rules(report.fatal().map(|finding| finding.to_string()).collect())
    })
}

fn invoice(paper: &Paper) -> Result<Invoice, Fault> {
    let code = match paper.kind {
        Kind::Invoice => "380",
        Kind::CreditNote { .. } => "381",
    };
    let mut builder = Invoice::builder(GUIDELINE, &paper.number, date(paper.issued)?, code, "EUR")
        .seller(party(&paper.seller, true)?)
        .buyer(party(&paper.buyer, false)?)
        .invoicing_period(Period { start: Some(date(paper.period.0)?), end: Some(date(paper.period.1)?) })
        // Services are delivered when their period is over.
        .delivery(Delivery { date: Some(date(paper.period.1)?), ..Delivery::default() })
        .due_date(date(paper.due)?);
    if let Some(payment) = &paper.payment {
        let mut instructions =
            PaymentInstructions::sepa_credit_transfer(payment.iban.replace(' ', ""), payment.bic.as_deref());
        instructions.remittance_information = Some(paper.number.clone());
        builder = builder.payment(instructions);
    }
    for mention in &paper.mentions {
        builder = builder.note(mention.as_str());
    }
    for (at, line) in paper.lines.iter().enumerate() {
        builder = builder.line(business_line(at + 1, line));
    }
    let mut invoice = builder.build();
    if let Kind::CreditNote { of, dated } = &paper.kind {
        invoice.kind = en16931::DocumentKind::CreditNote;
        let reference = PrecedingInvoice { reference: DocumentReference::new(of), issue_date: Some(date(*dated)?) };
        invoice.preceding_invoices.push(reference);
    }
    invoice.vat_breakdown = paper.vat.iter().map(breakdown).collect();
    let totals = &mut invoice.totals;
    totals.line_total = amount(paper.net);
    totals.taxable_total = amount(paper.net);
    totals.vat_total = Some(amount(paper.tax));
    totals.gross_total = amount(paper.total);
    totals.paid = (paper.paid != Cents(0)).then(|| amount(paper.paid));
    totals.due = amount(Cents(paper.total.0 - paper.paid.0));
    Ok(invoice)
}

fn date(day: Date) -> Result<BusinessDate, Fault> {
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    BusinessDate::new(i32::from(day.year()), part(day.month()), part(day.day())).map_err(term("a date"))
}

fn amount(sum: Cents) -> InvoiceAmount {
    InvoiceAmount::from_minor_units(sum.0)
}

fn decimal(number: Millionths) -> Decimal {
    Decimal::new(number.0, 6).normalize()
}

/// A party; the seller's registration for taxes is its SIREN where it has no VAT number (BR-E-02 wants one of the two).
fn party(party: &Party, sells: bool) -> Result<BusinessParty, Fault> {
    let what = if sells { "the seller's address" } else { "the customer's address" };
    let street = party.street.first().map_or("", String::as_str);
    let mut address = PostalAddress::new(street, &party.city, &party.post_code, &party.country).map_err(term(what))?;
    (address.line2, address.line3) = (party.street.get(1).cloned(), party.street.get(2).cloned());
    let mut out = BusinessParty::new(&party.name, address);
    out.vat_identifier = party.vat.clone();
    out.legal_registration = party.siren.as_ref().map(|number| Identifier::schemed(number, SIREN));
    out.identifiers = party.siret.iter().map(|number| Identifier::schemed(number, SIRET)).collect();
    if sells && party.vat.is_none() {
        out.tax_registration = party.siren.clone().or_else(|| party.rna.clone());
    }
    if let Some(email) = &party.email {
        out.contact = Contact { email: Some(email.clone()), ..Contact::default() };
    }
    Ok(out)
}

fn business_line(number: usize, line: &Line) -> InvoiceLine {
    let (category, rate) = category(line.category);
    InvoiceLine {
        id: number.to_string(),
        note: None,
        order_line_reference: None,
        accounting_reference: None,
        object_identifier: None,
        quantity: Quantity::new(decimal(line.quantity)),
        unit_code: Code::new(&line.unit_code),
        net_amount: amount(line.net),
        period: None,
        allowances: Vec::new(),
        charges: Vec::new(),
        price: PriceDetails { net_price: UnitPriceAmount::new(decimal(line.price)), ..PriceDetails::default() },
        vat: LineVat { category, rate },
        item: Item { name: Some(line.name.clone()), description: line.detail.clone(), ..Item::default() },
    }
}

/// UNTDID 5305: the category, and its rate where it has one.
fn category(category: VatCategory) -> (Code, Option<Percentage>) {
    match category {
        VatCategory::Standard(rate) => (Code::new("S"), Some(Percentage::new(decimal(rate)))),
        VatCategory::Exempt => (Code::new("E"), Some(Percentage::new(Decimal::ZERO))),
        VatCategory::Outside => (Code::new("O"), None),
    }
}

fn breakdown(vat: &Vat) -> VatBreakdown {
    let (code, rate) = category(vat.category);
    let usual = match vat.category {
        VatCategory::Standard(_) => None,
        VatCategory::Exempt => Some("VATEX-FR-FRANCHISE"),
        VatCategory::Outside => Some("VATEX-EU-O"),
    };
    VatBreakdown {
        taxable_amount: amount(vat.base),
        tax_amount: amount(vat.tax),
        category: code,
        rate,
        exemption_reason: vat.reason.clone(),
        exemption_reason_code: vat.code.as_deref().or(usual).map(Code::new),
    }
}

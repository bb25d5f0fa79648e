//! From an issued document of the ledger to the paper. Repeats what was issued; names of jobs and members come from the
//! caller, as the ledger keeps none.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::csv::UsageRow;
use ledger::invoice as issued;
use ledger::posting::BillKind;
use ledger::tariff::Resource;
use model::{Money, RunId, Time};

use crate::money::{Cents, Millionths};
use crate::paper::{AnnexLine, Kind, Line, Paper, Party, Payment, Vat, VatCategory};
use crate::words::{Language, Words};

/// Who stands behind numbers, on an annex.
pub trait Names {
    /// A job as its member knows it, and its name where it may be shown.
    fn job(&self, run: RunId) -> (String, String);
    /// A member by its number; a pseudonym once erased.
    fn member(&self, number: u32) -> String;
}

impl Paper {
    /// The paper of an issued document. Days of the annex are days of `zone`.
    pub fn of(document: &issued::Document, names: &dyn Names, zone: &TimeZone) -> Self {
        let language = match document.customer.language {
            issued::Language::Fr => Language::French,
            issued::Language::En => Language::English,
        };
        let words = Words::new(language);
        let kind = match (document.kind, &document.credit_of) {
            (BillKind::CreditNote, Some((of, dated))) => Kind::CreditNote { of: of.clone(), dated: dated.0 },
            _ => Kind::Invoice,
        };
        let month = words.with("subject", &[("month", &words.month(document.from.0))]);
        let payment = matches!(kind, Kind::Invoice)
            .then(|| given(&document.seller.iban).map(|iban| Payment { iban: spaced(&iban), bic: None }))
            .flatten();
        Paper {
            kind,
            number: document.number.clone(),
            issued: document.issued.0,
            due: document.due.0,
            period: (document.from.0, document.to.0),
            seller: seller(&document.seller),
            buyer: buyer(&document.customer),
            subject: month,
            lines: document.lines.iter().map(|line| paper_line(line, &words)).collect(),
            vat: document.vat.iter().map(vat).collect(),
            net: cents(document.net),
            tax: cents(document.vat_total),
            total: cents(document.total),
            paid: Cents(0),
            payment,
            mentions: document.mentions.clone(),
            annex: document.annex.iter().map(|row| annex_line(row, names, zone, &words)).collect(),
            language,
        }
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An account number in groups of four, as on a cheque.
fn spaced(iban: &str) -> String {
    let letters: Vec<char> = iban.chars().filter(|letter| !letter.is_whitespace()).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Sums of issued documents are whole cents.
fn cents(sum: Money) -> Cents {
    Cents(sum.to_cents().0 / Money::cents(1).0)
}

fn address(address: &issued::Address) -> Party {
    Party {
        street: address.lines.clone(),
        post_code: address.postcode.clone(),
        city: address.town.clone(),
        country: address.country.clone(),
        ..Party::default()
    }
}

fn seller(seller: &issued::Seller) -> Party {
    Party {
        name: seller.name.clone(),
        siren: given(&seller.siren),
        siret: given(&seller.siret),
        vat: given(&seller.vat_number),
        email: given(&seller.email),
        ..address(&seller.address)
    }
}

fn buyer(customer: &issued::Customer) -> Party {
    Party {
        name: customer.name.clone(),
        siren: given(&customer.siren),
        vat: given(&customer.vat_number),
        ..address(&customer.address)
    }
}

fn paper_line(line: &issued::Line, words: &Words) -> Line {
    let (item, unit_code) = match &line.item {
        issued::Item::Resource(resource) => (resource.name(), unit_code(*resource)),
        issued::Item::Charge => ("charge", "C62"),
        issued::Item::Prepaid => ("prepaid", "C62"),
        issued::Item::Reason(reason) => (reason.name(), "C62"),
        issued::Item::Rounding => ("rounding", "C62"),
    };
    let project = given(&line.project).map(|project| words.with("line-project", &[("project", &project)]));
    let tariff = given(&line.tariff).map(|tariff| words.with("line-tariff", &[("tariff", &tariff)]));
    let detail: Vec<String> = project.into_iter().chain(tariff).collect();
    let unit =
        if let issued::Item::Resource(_) = line.item { words.say(&format!("unit-{item}")) } else { String::new() };
    Line {
        name: words.say(&format!("item-{item}")),
        detail: (!detail.is_empty()).then(|| detail.join(" · ")),
        quantity: Millionths(line.quantity_micro),
        unit,
        unit_code: unit_code.to_owned(),
        price: Millionths(line.price.0),
        net: cents(line.net),
        category: category(&line.vat_category, line.vat_permille),
    }
}

/// UN/ECE recommendation 20: hours and kilowatt-hours have codes of their own, all else is `one`.
fn unit_code(resource: Resource) -> &'static str {
    match resource {
        Resource::CoreHour | Resource::GpuHour | Resource::MachineHour => "HUR",
        Resource::Kwh => "KWH",
        Resource::MemoryGibHour | Resource::GibMonth => "C62",
    }
}

fn category(code: &str, permille: u32) -> VatCategory {
    match code {
        "E" => VatCategory::Exempt,
        "O" => VatCategory::Outside,
        _ => VatCategory::Standard(Millionths(i64::from(permille) * 100_000)),
    }
}

fn vat(vat: &issued::Vat) -> Vat {
    Vat {
        category: category(&vat.category, vat.permille),
        base: cents(vat.base),
        tax: cents(vat.amount),
        reason: given(&vat.exemption),
        code: given(&vat.exemption_code),
    }
}

fn annex_line(row: &UsageRow, names: &dyn Names, zone: &TimeZone, words: &Words) -> AnnexLine {
    let (job, name) = row.run.map_or_else(Default::default, |run| names.job(run));
    let hour_ms = 3_600_000;
    let core_hours = i128::from(row.used.core_ms) * 1_000_000 / hour_ms;
    // A deduction says why where a job says what it is.
    let reason = words.find(&format!("item-{}", row.tariff));
    AnnexLine {
        job,
        name: reason.unwrap_or(name),
        member: row.member.map_or_else(String::new, |number| names.member(number)),
        project: row.project.clone(),
        ended: day(row.end, zone),
        core_hours: Millionths(i64::try_from(core_hours).unwrap_or(i64::MAX)),
        // Microjoules to millionths of a kilowatt-hour.
        energy_kwh: (row.used.energy_uj != 0).then_some(Millionths(row.used.energy_uj / 3_600_000)),
        amount: Millionths(row.amount.0),
    }
}

fn day(at: Time, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at.0).map_or(Date::MAX, |at| at.to_zoned(zone.clone()).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_stand_in_groups() {
        assert_eq!(spaced("FR7630006000011234567890189"), "FR76 3000 6000 0112 3456 7890 189");
        assert_eq!(spaced("FR76 3000"), "FR76 3000");
    }

    #[test]
    fn every_item_has_a_name_and_every_resource_a_unit_in_both_languages() {
        let items = ["charge", "prepaid", "rounding"].into_iter();
        let reasons = ledger::posting::Reason::ALL.iter().map(|reason| reason.name());
        let resources: Vec<&str> = Resource::ALL.iter().map(|resource| resource.name()).collect();
        let items: Vec<&str> = items.chain(reasons).chain(resources.iter().copied()).collect();
        for language in [Language::French, Language::English] {
            let words = Words::new(language);
            for item in &items {
                assert!(words.find(&format!("item-{item}")).is_some(), "{item}");
            }
            for resource in &resources {
                assert!(words.find(&format!("unit-{resource}")).is_some(), "{resource}");
            }
        }
    }
}

//! The accountant's file (*fichier des écritures comptables*, livre des procédures fiscales, art. A. 47 A-1): eighteen
//! columns, tabs or pipes, days as `AAAAMMJJ`, decimal commas. Must not know where it is written.
//!
//! It has the books (classes 1 to 7) line by line as they were posted, and nothing of the centre's own account of work.
//! Its entries are numbered from 1 in the order of the ledger.

use model::Money;

use crate::account::Account;
use crate::csv::Names;
use crate::day::Day;
use crate::journal::Journal;
use crate::posting::{BillKind, Entry, Posted, What};

/// The columns, in their order.
pub const COLUMNS: [&str; 18] = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
];

/// What is between columns: the law lets one choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Separator {
    /// A tabulator.
    #[default]
    Tab,
    /// `|`.
    Pipe,
}

/// What the file is called: `SIRENFECAAAAMMJJ.txt`, with the last day of the year it is for.
pub fn file_name(siren: &str, last: Day) -> String {
    format!("{siren}FEC{}.txt", last.compact())
}

/// The file of all entries from a day to another, both with. `journal` is the state behind the last entry: it knows which
/// invoices are paid, and so which lines belong together (*lettrage*).
pub fn fec<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    journal: &Journal,
    names: &dyn Names,
    (first, last): (Day, Day),
    separator: Separator,
) -> String {
    let between = match separator {
        Separator::Tab => "\t",
        Separator::Pipe => "|",
    };
    let mut text = COLUMNS.join(between) + "\r\n";
    let is_meant = |entry: &&Entry| entry.day >= first && entry.day <= last;
    let is_legal = |entry: &&Entry| entry.lines.iter().any(|line| line.account.is_legal());
    for (at, entry) in entries.into_iter().filter(is_meant).filter(is_legal).enumerate() {
        for row in rows(at + 1, entry, journal, names) {
            text.push_str(&row.map(|cell| clean(&cell)).join(between));
            text.push_str("\r\n");
        }
    }
    text
}

fn rows(number: usize, entry: &Entry, journal: &Journal, names: &dyn Names) -> Vec<[String; 18]> {
    let (code, label, piece, words) = match &entry.what {
        What::Bill(it) => {
            let kind = if it.kind == BillKind::Invoice { "Facture" } else { "Avoir" };
            ("VE", "Ventes", it.number.clone(), format!("{kind} {} {}", it.number, names.customer_name(&it.customer)))
        }
        What::Pay(it) => ("BQ", "Banque", it.id.clone(), format!("Règlement {}", names.customer_name(&it.customer))),
        _ => ("OD", "Opérations diverses", entry.number.to_string(), "Heures prépayées consommées".to_owned()),
    };
    // The lines of customers in the order of what a payment pays.
    let mut matched = 0;
    let mut row = |line: &Posted| {
        let has_party = [Account::Clients, Account::Advances].contains(&line.account);
        let (aux, aux_label) =
            if has_party { (line.party.clone(), names.customer_name(&line.party)) } else { Default::default() };
        let invoice = match &entry.what {
            What::Bill(it) => it.credit_of.as_ref().or(Some(&it.number)),
            What::Pay(it) => it.settles.get(matched).map(|(number, _)| number),
            _ => None,
        };
        let is_client = line.account == Account::Clients;
        matched += usize::from(is_client);
        let letters = invoice.filter(|_| is_client).and_then(|number| lettering(journal, number));
        let (letters, since) = letters.unwrap_or_default();
        [
            code.to_owned(),
            label.to_owned(),
            number.to_string(),
            entry.day.compact(),
            line.account.name().to_owned(),
            line.account.label().to_owned(),
            aux,
            aux_label,
            piece.clone(),
            entry.day.compact(),
            words.clone(),
            amount(line.debit),
            amount(line.credit),
            letters,
            since,
            entry.day.compact(),
            String::new(),
            String::new(),
        ]
    };
    entry.lines.iter().filter(|line| line.account.is_legal()).map(&mut row).collect()
}

/// The letters of an invoice that is exactly paid, and the day since when. From the number of its entry, so that they
/// stay the same in every later file.
fn lettering(journal: &Journal, number: &str) -> Option<(String, String)> {
    let invoice = journal.invoice(number).filter(|invoice| invoice.open == Money::ZERO)?;
    let (mut rest, mut letters) = (invoice.entry, Vec::new());
    while rest > 0 || letters.is_empty() {
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    Some((letters.into_iter().rev().collect(), invoice.paid?.compact()))
}

/// A text that cannot break its line, whichever separator is chosen.
fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter == '|' || letter.is_control() { ' ' } else { letter }).collect()
}

/// `12,50`: whole cents, as all of the books are.
fn amount(amount: Money) -> String {
    amount.to_string().replace('.', ",")
}

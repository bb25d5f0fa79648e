//! `algoric ledger`: every entry, whether it is what it was, and what it adds up to.

use ledger::{account::Account, chain::Head, csv, posting::Entry};
use serde_json::json;

use super::books::Books;
use crate::{
    commands::House,
    console, exit,
    report::Fault,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// The centre's books: entries, balances, and whether anybody changed them
#[derive(clap::Subcommand)]
pub enum LedgerCommand {
    /// Checks every entry, from the first on, against its hash, every rule and every document (treasurers)
    Verify {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Lists entries (treasurers)
    List {
        #[command(flatten)]
        format: Format,
        /// Only those of this project
        #[arg(long)]
        project: Option<String>,
    },
    /// Shows the balances of all accounts (treasurers)
    Balance(Format),
    /// Prints what each job used and cost, a line each, for tables (treasurers)
    Usage,
    /// Prints every line of every entry, for tables (treasurers)
    Postings,
}

/// Does it.
pub fn run(command: LedgerCommand, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    let books = Books::read(&mut centre)?;
    match command {
        LedgerCommand::Verify { json } => {
            let printed = Books::printed(&mut centre)?;
            compare(&books, &printed)?;
            said(books.journal.head(), printed.len(), json, house)?;
        }
        LedgerCommand::List { format, project } => {
            let is_meant = |entry: &&Entry| project.is_none() || entry.what.project() == project.as_deref();
            let rows: Vec<EntryRow> =
                books.entries.iter().filter(is_meant).map(|entry| EntryRow(entry.clone())).collect();
            show::list(&rows, format, &house.words)?;
        }
        LedgerCommand::Balance(format) => show::list(&balances(&books), format, &house.words)?,
        LedgerCommand::Usage => {
            console::print(csv::USAGE);
            books.entries.iter().for_each(|entry| console::print(csv::usage(entry, &books.people)));
        }
        LedgerCommand::Postings => {
            console::print(csv::POSTINGS);
            books.entries.iter().for_each(|entry| console::print(csv::postings(entry, &books.people)));
        }
    }
    Ok(exit::OK)
}

/// What was printed on documents is what the chain has there.
fn compare(books: &Books, printed: &[(String, Head)]) -> anyhow::Result<()> {
    for (number, head) in printed {
        let entry = books.journal.invoice(number).map(|invoice| invoice.entry);
        let before = head.count.checked_sub(1).and_then(|at| books.hashes.get(usize::try_from(at).ok()?));
        // A document names the head that its own entry stands behind.
        if entry != Some(head.count + 1) || before.copied().unwrap_or_default() != head.hash {
            let what = format!("document {number} says that entry {} had the hash {}", head.count, head.hash);
            return Err(Fault::new("ledger-broken", [("what", what)]).into());
        }
    }
    Ok(())
}

fn said(head: Head, documents: usize, as_json: bool, house: &House) -> anyhow::Result<()> {
    if as_json {
        return show::json(&json!({ "entries": head.count, "hash": head.hash.to_string(), "documents": documents }));
    }
    let gaps =
        [("entries", head.count.into()), ("documents", documents.into()), ("hash", head.hash.to_string().into())];
    console::line(house.words.with("ledger-sound", &gaps));
    Ok(())
}

/// An entry as a row.
#[derive(serde::Serialize)]
#[serde(transparent)]
struct EntryRow(Entry);

impl Noun for EntryRow {
    const COLUMNS: &'static [Column] = &[
        number("money-column-number"),
        text("money-column-day"),
        text("column-what"),
        text("column-project"),
        number("money-column-amount"),
    ];

    fn name(&self) -> String {
        self.0.number.to_string()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let Entry { number, day, what, lines, .. } = &self.0;
        let amount = lines.iter().map(|line| line.debit).sum::<model::Money>();
        let project = what.project().unwrap_or_default().to_owned();
        vec![number.to_string(), day.to_string(), what.key().to_string(), project, words.euros(amount.0)]
    }
}

/// An account's balance.
#[derive(serde::Serialize)]
struct BalanceRow {
    account: &'static str,
    label: &'static str,
    /// Debits less credits.
    balance_microeur: i64,
}

fn balances(books: &Books) -> Vec<BalanceRow> {
    let row = |account: &Account| BalanceRow {
        account: account.name(),
        label: account.label(),
        balance_microeur: books.journal.total(*account).0,
    };
    Account::ALL.iter().map(row).filter(|row| row.balance_microeur != 0).collect()
}

impl Noun for BalanceRow {
    const COLUMNS: &'static [Column] =
        &[text("money-column-account"), text("column-description"), number("money-column-balance")];

    fn name(&self) -> String {
        self.account.to_owned()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![self.account.to_owned(), self.label.to_owned(), words.euros(self.balance_microeur)]
    }
}

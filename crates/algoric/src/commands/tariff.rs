//! `algoric tariff`: dated tariffs read, checked and shown. Needs no centre: a tariff is a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use ledger::tariff::{Book, SHIPPED, TableRow, table_json};

use super::House;
use crate::{
    console, exit,
    show::{self, Column, Format, Noun, text},
    words::Words,
    zone,
};

/// Tariffs: what is asked for an hour, from when to when, of whom
#[derive(clap::Subcommand)]
pub enum TariffCommand {
    Check(CheckArgs),
    Show(ShowArgs),
    /// Prints tariffs to begin with, to be changed
    Template,
}

/// Says what is wrong in a file of tariffs: gaps, overlaps, unknown words, negative prices
#[derive(clap::Args)]
pub struct CheckArgs {
    /// The file (TOML)
    file: PathBuf,
}

/// Shows all prices of a file of tariffs
#[derive(clap::Args)]
pub struct ShowArgs {
    /// The file (TOML): what `[money] tariffs` names, for prices in force
    file: PathBuf,

    /// A type of machine; several are given one by one
    #[arg(long = "machine", value_name = "TYPE", default_value = "machine")]
    machines: Vec<String>,

    #[command(flatten)]
    format: Format,

    /// Print the table with its units and its rule of rounding, for scripts that recompute amounts
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    table: bool,
}

impl Noun for TableRow {
    const COLUMNS: &'static [Column] = &[
        text("tariff-column-id"),
        text("tariff-column-from"),
        text("tariff-column-to"),
        text("tariff-column-kind"),
        text("tariff-column-prices"),
    ];

    fn name(&self) -> String {
        self.id.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let price = |(resource, price): (&&str, &model::Money)| {
            words.with(&format!("tariff-price-{resource}"), &[("price", price.to_string().into())])
        };
        let flat = (self.microeur_per_month.0 != 0)
            .then(|| words.with("tariff-price-month", &[("price", self.microeur_per_month.to_string().into())]));
        let prices: Vec<String> = self.microeur.iter().map(price).chain(flat).collect();
        let to = self.to.map_or_else(|| words.say("tariff-open"), |to| to.to_string());
        vec![
            self.id.clone(),
            self.from.to_string(),
            to,
            words.say(&format!("tariff-kind-{}", self.kind.name())),
            if prices.is_empty() { words.say("tariff-free") } else { prices.join("; ") },
        ]
    }
}

/// Does it.
pub fn run(command: TariffCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        TariffCommand::Template => console::print(SHIPPED),
        TariffCommand::Check(args) => {
            let book = book(&args.file)?;
            let count = book.tariffs().count();
            console::line(house.words.with("tariff-sound", &[("count", count.into())]));
        }
        TariffCommand::Show(args) => {
            let machines: Vec<&str> = args.machines.iter().map(String::as_str).collect();
            let rows = book(&args.file)?.table(&machines);
            if args.table {
                console::print(table_json(&rows));
            } else {
                show::list(&rows, args.format, &house.words)?;
            }
        }
    }
    Ok(exit::OK)
}

fn book(path: &Path) -> anyhow::Result<Book> {
    let place = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(place)?;
    Book::parse(&text, zone::of_process()).with_context(place)
}

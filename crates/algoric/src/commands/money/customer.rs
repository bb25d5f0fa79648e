//! `algoric customer`: who is sent invoices.

use api::MoneyRequest;
use ledger::invoice::{Address, Customer};

use super::{order, things};
use crate::{
    commands::House,
    exit,
    show::{self, Column, Format, Noun, text},
    words::Words,
};

/// Lists or changes who is sent invoices
#[derive(clap::Subcommand)]
pub enum CustomerCommand {
    /// Makes a customer, or writes down all facts about one anew (treasurers)
    Add(Box<AddArgs>),
    /// Lists customers (treasurers)
    List(Format),
}

/// A customer's facts.
#[derive(clap::Args)]
pub struct AddArgs {
    /// A code without a person's name in it: it stays in the ledger
    code: String,
    /// The name on the letter box
    #[arg(long)]
    name: String,
    /// What it is to the law
    #[arg(long, default_value = "business", value_parser = ["business", "public", "person"])]
    kind: String,
    /// Which tariffs it pays
    #[arg(long, value_parser = ["member", "company", "school", "laboratory", "local_authority", "public_interest"])]
    category: String,
    /// What its documents are written in
    #[arg(long, default_value = "fr", value_parser = ["fr", "en"])]
    language: String,
    /// Street and number; twice for a second line
    #[arg(long = "street")]
    street: Vec<String>,
    #[arg(long, default_value = "")]
    postcode: String,
    #[arg(long, default_value = "")]
    town: String,
    /// Two letters of ISO 3166
    #[arg(long, default_value = "FR")]
    country: String,
    /// Nine digits; not for persons
    #[arg(long, default_value = "")]
    siren: String,
    /// Where there is one
    #[arg(long, default_value = "")]
    vat_number: String,
    /// Days to pay
    #[arg(long, default_value_t = 30)]
    terms_days: u16,
}

/// Does it.
pub fn run(command: CustomerCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        CustomerCommand::Add(args) => {
            let args = *args;
            let customer = Customer {
                id: args.code,
                name: args.name,
                kind: args.kind.parse()?,
                category: args.category.parse()?,
                language: args.language.parse()?,
                address: Address {
                    lines: args.street,
                    postcode: args.postcode,
                    town: args.town,
                    country: args.country,
                },
                siren: args.siren,
                vat_number: args.vat_number,
                terms_days: args.terms_days,
            };
            order(MoneyRequest::Customer(serde_json::to_string(&customer)?), house)
        }
        CustomerCommand::List(format) => {
            let rows: Vec<Row> = things(&mut house.call()?, MoneyRequest::Customers)?;
            show::list(&rows, format, &house.words)?;
            Ok(exit::OK)
        }
    }
}

/// A customer as a row.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Row(Customer);

impl Noun for Row {
    const COLUMNS: &'static [Column] = &[
        text("money-column-customer"),
        text("column-name"),
        text("money-column-category"),
        text("money-column-town"),
        text("money-column-siren"),
    ];

    fn name(&self) -> String {
        self.0.id.clone()
    }

    fn cells(&self, _words: &Words) -> Vec<String> {
        let Customer { id, name, category, address, siren, .. } = &self.0;
        vec![id.clone(), name.clone(), category.to_string(), address.town.clone(), siren.clone()]
    }
}

//! `algoric energy contract`: what a kilowatt-hour costs now and in the next days.

use api::{ContractReport, EnergyReply, EnergyRequest, PriceStep};
use energy::contract::{SHIPPED, parse};

use jiff::fmt::temporal::DateTimePrinter;

use super::{ask, footnotes, zone};
use crate::{
    client::ClientError,
    commands::House,
    console, exit,
    show::{self, Column, Noun, number, text},
    words::{Words, language_of_environment},
};

/// Shows the contract in force and its prices in the next days
#[derive(clap::Args)]
pub struct Args {
    /// For so many days
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=31))]
    days: u32,

    /// Lists the contracts that come with the program instead: names for config.toml
    #[arg(long, conflicts_with_all = ["days", "json"])]
    all: bool,

    /// Print JSON, for programs: micro-euros, milliseconds since 1970
    #[arg(long)]
    json: bool,
}

impl Noun for PriceStep {
    const COLUMNS: &'static [Column] = &[
        text("column-start"),
        text("column-end"),
        text("energy-column-rate"),
        number("energy-column-price"),
        text("energy-column-known"),
    ];

    fn name(&self) -> String {
        self.rate.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let rate = format!("rate-{}", self.rate.replace(' ', "-"));
        let rate = if words.has(&rate) { words.say(&rate) } else { self.rate.clone() };
        let known = words.say(if self.is_known { "yes" } else { "no" });
        let price = words.fixed(self.microeur_per_kwh, 1_000_000, 4);
        vec![words.time(self.start), words.time(self.end), rate, price, known]
    }
}

/// Asks, and shows it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    if args.all {
        for contract in parse(SHIPPED)? {
            console::line(format!("{}\n    {}, {}", contract.name, contract.from, contract.source));
        }
        return Ok(exit::OK);
    }
    let request = EnergyRequest::Contract { days: args.days };
    let mut centre = house.call()?;
    let EnergyReply::Contract(report) = ask(&mut centre, request)? else {
        return Err(ClientError::Unfit.into());
    };
    if args.json {
        show::json(&report)?;
    } else {
        let zone = zone(&mut centre)?;
        let name =
            zone.iana_name().map(str::to_owned).or_else(|| DateTimePrinter::new().time_zone_to_string(&zone).ok());
        let local = Words::new(language_of_environment(), zone);
        console::print(page(&report, &local));
        if let Some(name) = name {
            console::line(local.with("contract-zone", &[("zone", name.into())]));
        }
    }
    Ok(exit::OK)
}

fn page(report: &ContractReport, words: &Words) -> String {
    let title = words.with(
        "contract-title",
        &[
            ("name", report.name.as_str().into()),
            ("source", report.source.as_str().into()),
            ("euros", words.fixed(report.microeur_per_month, 1_000_000, 2).into()),
        ],
    );
    format!("{title}\n{}{}", show::table(&report.steps, words), footnotes(&[], report.is_assumed, 0, words))
}

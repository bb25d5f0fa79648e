//! `algoric price`: what a core-hour costs the centre, term by term, beside what clouds ask for one. Needs no centre.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use fluent_bundle::FluentValue;
use ledger::derive::{Anchors, Beside, Costs, Derived, SHIPPED_ANCHORS, SHIPPED_COSTS};
use serde::Serialize;

use super::House;
use crate::{console, exit, show, words::Words};

/// Prices: what a core-hour costs the centre
#[derive(clap::Subcommand)]
pub enum PriceCommand {
    Derive(DeriveArgs),
}

/// Works out the price of a core-hour at which the centre neither wins nor loses, and shows each term
#[derive(clap::Args)]
pub struct DeriveArgs {
    /// What the centre spends (TOML) [default: a template, printed by --template]
    #[arg(value_name = "COSTS")]
    costs: Option<PathBuf>,

    /// Prices of clouds to stand beside it (TOML) [default: those that came with this version]
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,

    /// Print the template, to be filled in
    #[arg(long, conflicts_with_all = ["costs", "json"])]
    template: bool,

    /// Print JSON, for programs. Amounts are millionths of a euro
    #[arg(long)]
    json: bool,
}

/// A type of machine, and what others ask.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    derived: Derived,
    beside: Vec<Beside>,
}

/// Derives, and says it.
pub fn run(command: PriceCommand, house: &House) -> anyhow::Result<u8> {
    let PriceCommand::Derive(args) = command;
    if args.template {
        console::print(SHIPPED_COSTS);
        return Ok(exit::OK);
    }
    let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| path.display().to_string());
    let place = |path: &Option<PathBuf>| path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let costs = args.costs.as_ref().map_or_else(|| Ok(SHIPPED_COSTS.to_owned()), read)?;
    let costs = Costs::parse(&costs).and_then(|costs| Ok((costs.derive()?, costs))).with_context(|| place(&args.costs));
    let (derived, costs) = costs?;
    let anchors = args.anchors.as_ref().map_or_else(|| Ok(SHIPPED_ANCHORS.to_owned()), read)?;
    let anchors = Anchors::parse(&anchors).with_context(|| place(&args.anchors))?;
    let answers: Vec<Answer> =
        derived.into_iter().map(|derived| Answer { beside: anchors.beside(derived.break_even), derived }).collect();
    if args.json {
        show::json(&answers)?;
        return Ok(exit::OK);
    }
    let blocks: Vec<String> = answers.iter().map(|answer| block(answer, &house.words)).collect();
    console::line(blocks.join("\n"));
    if !costs.source.is_empty() {
        console::line(house.words.with("price-source", &[("source", costs.source.into())]));
    }
    Ok(exit::OK)
}

/// One type of machine: its terms, their sum, and the clouds.
fn block(answer: &Answer, words: &Words) -> String {
    let derived = &answer.derived;
    let gaps: [(&str, FluentValue<'_>); 3] = [
        ("machine", derived.machine.as_str().into()),
        ("hours", derived.core_hours.into()),
        ("kwh", (derived.watt_hours / 1000).into()),
    ];
    let title = words.with("price-machine", &gaps);
    let term = |name: &str| {
        let key = format!("price-term-{name}");
        if words.has(&key) { words.say(&key) } else { name.to_owned() }
    };
    let mut rows: Vec<Vec<String>> = derived
        .terms
        .iter()
        .map(|cost| vec![term(&cost.name), cost.per_year.to_cents().to_string(), cost.per_core_hour.to_string()])
        .collect();
    let sum = derived.terms.iter().map(|cost| cost.per_year).sum::<model::Money>();
    rows.push(vec![words.say("price-break-even"), sum.to_cents().to_string(), derived.break_even.to_string()]);
    let titles = ["price-column-term", "price-column-year", "price-column-hour"].map(|key| words.say(key)).to_vec();
    let terms = show::plain(titles, rows, &[false, true, true]);

    let beside = answer.beside.iter().map(|other| {
        let share =
            other.ours_permille.map_or_else(|| "?".to_owned(), |permille| words.decimal(permille as f64 / 10.0));
        let core = other.per_core.map_or_else(|| "?".to_owned(), |price| price.to_string());
        vec![other.name.clone(), other.date.to_string(), format!("{} {}", other.price, other.currency), core, share]
    });
    let titles =
        ["cloud", "date", "price", "core", "share"].map(|key| words.say(&format!("price-column-{key}"))).to_vec();
    let clouds = show::plain(titles, beside.collect(), &[false, false, true, true, true]);
    format!("{title}\n\n{terms}\n{clouds}")
}

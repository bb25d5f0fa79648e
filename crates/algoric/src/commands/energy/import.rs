//! `algoric energy index` and `algoric energy import`: what comes from outside, by hand or from saved files.

use std::{io::Read, path::PathBuf};

use anyhow::Context as _;
use api::{EnergyReply, EnergyRequest, Request, SiteIndex};
use energy::{calendar::Calendar, reconcile::parse_indexes};
use jiff::{Timestamp, civil};
use model::Time;

use super::{ask, kwh, month::energy_of};
use crate::{
    client::ClientError,
    commands::House,
    console, exit,
    report::Fault,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// Lists the indexes of the site's own meter, or takes one down (operators)
#[derive(clap::Args)]
pub struct IndexArgs {
    /// When it was read: 2026-11-01 (its first instant), 2026-11-01T18:30, or with an offset
    #[arg(value_name = "DATE", requires = "kwh")]
    date: Option<String>,

    /// What it showed, in kilowatt-hours
    #[arg(value_name = "KWH")]
    kwh: Option<String>,

    /// Takes all of a file with the columns at (with its offset) and kwh or wh; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "date")]
    csv: Option<PathBuf>,

    /// Forgets the index of this date
    #[arg(long, value_name = "DATE", conflicts_with_all = ["date", "csv"])]
    remove: Option<String>,

    #[command(flatten)]
    format: Format,
}

/// Takes in a saved calendar (operators)
///
/// tempo: colours of days, from RTE (tempoLight or tempo_like_calendars) or lines date,colour. spot: prices, lines
/// start,end,eur_per_kwh or eur_per_mwh. eco2mix: carbon of the grid, JSON or CSV of ODRÉ. Days and times that are known
/// already are replaced; it takes effect at once.
#[derive(clap::Args)]
pub struct ImportArgs {
    /// tempo, spot or eco2mix
    #[arg(value_name = "CALENDAR", value_parser = ["tempo", "spot", "eco2mix"])]
    calendar: String,

    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Noun for SiteIndex {
    const COLUMNS: &'static [Column] = &[text("column-when"), number("energy-column-index")];

    fn name(&self) -> String {
        self.at.0.to_string()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![words.time(self.at), kwh(self.energy_uj, words)]
    }
}

/// Does what it says.
pub fn index(args: &IndexArgs, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    let order = if let Some(file) = &args.csv {
        let indexes = parse_indexes(&read(file)?).map_err(|wrong| unreadable(file, wrong))?;
        let row = |index: energy::reconcile::Index| SiteIndex { at: index.at, energy_uj: index.energy.0 };
        EnergyRequest::AddIndexes(indexes.into_iter().map(row).collect())
    } else if let (Some(date), Some(kwh)) = (&args.date, &args.kwh) {
        EnergyRequest::AddIndexes(vec![SiteIndex { at: instant(date)?, energy_uj: energy_of(kwh)? }])
    } else if let Some(date) = &args.remove {
        EnergyRequest::RemoveIndex(instant(date)?)
    } else {
        let EnergyReply::Indexes(rows) = ask(&mut centre, EnergyRequest::Indexes)? else {
            return Err(ClientError::Unfit.into());
        };
        show::list(&rows, args.format, &house.words)?;
        return Ok(exit::OK);
    };
    centre.order(&Request::Energy(order))?;
    Ok(exit::OK)
}

/// Lines sent at once: a year of quarter hours is 35 000 of them.
const AT_ONCE: usize = 50_000;

/// Does what it says.
pub fn import(args: &ImportArgs, house: &House) -> anyhow::Result<u8> {
    let Some(calendar) = Calendar::from_name(&args.calendar) else { return Ok(exit::USAGE) };
    let lines = calendar.lines(&read(&args.file)?).map_err(|wrong| unreadable(&args.file, wrong.to_string()))?;
    let mut centre = house.call()?;
    let (mut known, mut oddities) = (0, Vec::new());
    for part in lines.chunks(AT_ONCE) {
        let lines = part.iter().map(|line| (line.key.clone(), line.line.clone())).collect();
        let calendar = args.calendar.clone();
        match ask(&mut centre, EnergyRequest::Import { calendar, lines })? {
            EnergyReply::Imported { lines, odd } => (known, oddities) = (lines, odd),
            _ => return Err(ClientError::Unfit.into()),
        }
    }
    let words = &house.words;
    console::line(words.with("energy-imported", &[("count", lines.len().into()), ("known", known.into())]));
    for (rule, what) in oddities {
        console::line(words.with(&format!("energy-odd-{rule}"), &[("what", what.into())]));
    }
    Ok(exit::OK)
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| file.display().to_string())?;
    Ok(text)
}

fn unreadable(file: &std::path::Path, wrong: String) -> Fault {
    Fault::new("energy-unreadable", [("file", file.display().to_string()), ("why", wrong)])
}

/// A day is its first instant here; a time is local unless it has its offset.
fn instant(text: &str) -> Result<Time, Fault> {
    let local = |clock: civil::DateTime| clock.to_zoned(crate::zone::of_process()).map(|zoned| zoned.timestamp());
    let day = text.parse::<civil::Date>().ok().filter(|_| text.len() == 10);
    let found = match day {
        Some(day) => local(day.at(0, 0, 0, 0)),
        None => text.parse::<Timestamp>().or_else(|_| text.parse().and_then(local)),
    };
    let fault = |_| Fault::new("energy-no-date", [("text", text.to_owned())]).code(exit::USAGE);
    found.map(|at| Time(at.as_millisecond())).map_err(fault)
}

//! `algoric energy index` and `algoric energy import`: what comes from outside, by hand or from saved files.

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use anyhow::Context as _;
use api::{EnergyReply, EnergyRequest, Request, SiteIndex};
use energy::{calendar::Calendar, reconcile::parse_indexes};
use jiff::{Timestamp, civil, tz::TimeZone};
use model::Time;

use super::{ask, kwh, month::energy_of, zone};
use crate::{
    client::ClientError,
    commands::House,
    console, exit,
    report::Fault,
    show::{self, Column, Format, Noun, number, text},
    words::{Words, language_of_environment},
};

/// Lists the indexes of the site's own meter, or takes one down (operators)
#[derive(clap::Args)]
pub struct IndexArgs {
    /// When it was read: 2026-11-01 (its first instant) or 2026-11-01T18:30, in the zone of [electricity], or with an
    /// offset
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

    /// The site has a new meter, which may show less than the last one did
    #[arg(long, conflicts_with = "remove")]
    new_meter: bool,

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
    let zone = zone(&mut centre)?;
    let words = Words::new(language_of_environment(), zone.clone());
    let EnergyReply::Indexes(known) = ask(&mut centre, EnergyRequest::Indexes)? else {
        return Err(ClientError::Unfit.into());
    };
    let (order, said) = if let Some(date) = &args.remove {
        let at = instant(date, zone)?;
        if !known.iter().any(|index| index.at == at) {
            return Err(Fault::new("energy-index-none", [("time", words.time(at))]).into());
        }
        (EnergyRequest::RemoveIndex(at), words.with("energy-index-removed", &[("time", words.time(at).into())]))
    } else if let Some(new) = read_off(args, zone, &words)? {
        if let Some((before, after)) = going_back(&known, &new).filter(|_| !args.new_meter) {
            let gaps = [
                ("time", words.time(after.at)),
                ("kwh", kwh(after.energy_uj, &words)),
                ("earlier", words.time(before.at)),
                ("more", kwh(before.energy_uj, &words)),
            ];
            return Err(Fault::new("energy-index-back", gaps).into());
        }
        let said = match new.as_slice() {
            [one] => {
                let gaps = [("time", words.time(one.at).into()), ("kwh", kwh(one.energy_uj, &words).into())];
                words.with("energy-index-noted", &gaps)
            }
            all => words.with("energy-indexes-noted", &[("count", all.len().into())]),
        };
        (EnergyRequest::AddIndexes(new), said)
    } else {
        show::list(&known, args.format, &words)?;
        return Ok(exit::OK);
    };
    centre.order(&Request::Energy(order))?;
    console::line(said);
    Ok(exit::OK)
}

/// The indexes that were given, if any. Who types a date has read the meter: it is not to come.
fn read_off(args: &IndexArgs, zone: TimeZone, words: &Words) -> anyhow::Result<Option<Vec<SiteIndex>>> {
    if let Some(file) = &args.csv {
        let indexes = parse_indexes(&read(file)?).map_err(|wrong| unreadable(file, wrong))?;
        let row = |index: energy::reconcile::Index| SiteIndex { at: index.at, energy_uj: index.energy.0 };
        return Ok(Some(indexes.into_iter().map(row).collect()));
    }
    let Some((date, kwh)) = args.date.as_ref().zip(args.kwh.as_ref()) else { return Ok(None) };
    let at = instant(date, zone)?;
    if at.0 > Timestamp::now().as_millisecond() {
        return Err(Fault::new("energy-index-future", [("time", words.time(at))]).code(exit::USAGE).into());
    }
    Ok(Some(vec![SiteIndex { at, energy_uj: energy_of(kwh)? }]))
}

/// Two indexes of which the later shows less, and one of them is new. A new one replaces that of the same instant.
fn going_back(known: &[SiteIndex], new: &[SiteIndex]) -> Option<(SiteIndex, SiteIndex)> {
    let all: BTreeMap<Time, (SiteIndex, bool)> = known
        .iter()
        .map(|index| (index.at, (*index, false)))
        .chain(new.iter().map(|index| (index.at, (*index, true))))
        .collect();
    let pairs = all.values().zip(all.values().skip(1));
    pairs
        .filter(|((before, old), (after, newer))| (*old || *newer) && after.energy_uj < before.energy_uj)
        .map(|((before, _), (after, _))| (*before, *after))
        .next()
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

/// A day is its first instant in the zone; a time is local to it unless it has its offset.
fn instant(text: &str, zone: TimeZone) -> Result<Time, Fault> {
    let local = |clock: civil::DateTime| clock.to_zoned(zone).map(|zoned| zoned.timestamp());
    let day = text.parse::<civil::Date>().ok().filter(|_| text.len() == 10);
    let found = match day {
        Some(day) => local(day.at(0, 0, 0, 0)),
        None => text.parse::<Timestamp>().or_else(|_| text.parse().and_then(local)),
    };
    let fault = |_| Fault::new("energy-no-date", [("text", text.to_owned())]).code(exit::USAGE);
    found.map(|at| Time(at.as_millisecond())).map_err(fault)
}

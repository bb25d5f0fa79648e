//! `algoric meter`: what tells what this machine draws. A test needs no centre.

mod calibrate;

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use centre::Paths;
use drivers::meters::{About, Meter, MeterConfig, MeterError, Roots, Scope};
use energy::{
    Energy, Power, UJ_PER_KWH,
    meter::{Channel, Follower, Limits, Reading},
};
use model::{Span, Time};
use serde::Serialize;

use super::House;
use crate::{
    console, exit,
    show::{self, Column, Noun, number, text},
    words::Words,
};

/// The meters of this machine: what they are, what they say
#[derive(clap::Subcommand)]
pub enum MeterCommand {
    Test(TestArgs),
    Calibrate(calibrate::Args),
}

/// Reads each configured meter, and says what it is, what it covers and how sure it is
///
/// Without any [[meter]] in config.toml, looks for what the machine has by itself. Exit code 1 when one does not
/// answer, or there is none.
#[derive(clap::Args)]
pub struct TestArgs {
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A meter that answered, or why it did not.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    name: String,
    covers: &'static str,
    milliwatts: Option<i64>,
    counter_uj: Option<i64>,
    uncertainty_permille: Option<u32>,
    error: Option<String>,
}

/// Does what it says.
pub fn run(command: MeterCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        MeterCommand::Test(args) => test(&args, house),
        MeterCommand::Calibrate(args) => calibrate::run(&args, house),
    }
}

fn test(args: &TestArgs, house: &House) -> anyhow::Result<u8> {
    let path = Paths::new(house.place.data()).config();
    let configured = centre::load_config(&path)?.meter;
    let is_guess = configured.is_empty();
    let mut rows = read_all(if is_guess { &OWN } else { &configured });
    if is_guess {
        rows.retain(|row| row.error.is_none());
    }
    if args.json {
        show::json(&rows)?;
    } else {
        if is_guess {
            console::line(house.words.with("meter-none-configured", &[("path", path.display().to_string().into())]));
        }
        console::print(page(&rows, &house.words));
    }
    let is_good = !rows.is_empty() && rows.iter().all(|row| row.error.is_none());
    Ok(if is_good { exit::OK } else { exit::FAILED })
}

/// What a machine may have without anybody saying so.
const OWN: [MeterConfig; 3] = [
    MeterConfig::Ipmi { address: None, user: None, password_file: None },
    MeterConfig::Rapl { factor_permille: 1000 },
    MeterConfig::Nvml {},
];

/// Those that answered as a table, the others below it.
fn page(rows: &[Row], words: &Words) -> String {
    let (good, bad): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.error.is_none());
    let mut page = if good.is_empty() { String::new() } else { show::table(&good, words) };
    for row in &bad {
        let why = row.error.as_deref().unwrap_or_default();
        page.push_str(&words.with("meter-failed", &[("name", row.name.as_str().into()), ("why", why.into())]));
        page.push('\n');
    }
    if rows.is_empty() {
        page.push_str(&words.say("meter-none-found"));
        page.push('\n');
    }
    page
}

impl Noun for &Row {
    const COLUMNS: &'static [Column] = &[
        text("meter-column-meter"),
        text("meter-column-covers"),
        number("meter-column-watts"),
        number("meter-column-counter"),
        number("meter-column-sure"),
    ];

    fn name(&self) -> String {
        self.kind.to_owned()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let tenth = |number: i64, unit: i64| {
            let tenths = number / (unit / 10);
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        let watts = self.milliwatts.map(|milliwatts| tenth(milliwatts, 1000));
        let counter = self.counter_uj.map(|counter| format!("{} kWh", tenth(counter, UJ_PER_KWH)));
        let sure = self.uncertainty_permille.map(|permille| format!("{} %", tenth(permille.into(), 10)));
        let cell = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        let covers = words.say(&format!("meter-{}", self.covers));
        vec![self.name.clone(), covers, cell(watts), cell(counter), cell(sure)]
    }
}

/// Reads them all, and those that have only a counter once more, a second later.
fn read_all(meters: &[MeterConfig]) -> Vec<Row> {
    let roots = Roots::default();
    let mut opened: Vec<Result<Box<dyn Meter>, MeterError>> = meters.iter().map(|meter| meter.open(&roots)).collect();
    let first: Vec<_> = opened.iter_mut().zip(meters).map(|(meter, config)| look(meter, config)).collect();
    let lacks_watts = |look: &Look| look.as_ref().is_ok_and(|(_, reading)| watts(&reading.channels).is_none());
    if first.iter().any(lacks_watts) {
        thread::sleep(Duration::from_secs(1));
    }
    let rows = first.into_iter().zip(meters).zip(&mut opened);
    rows.map(|((look, config), meter)| match look {
        Ok((about, reading)) => {
            let power = watts(&reading.channels).or_else(|| mean_since(&reading, meter, config));
            answered(config, about, power, &reading.channels)
        }
        Err(error) => failed(config, error),
    })
    .collect()
}

type Look = Result<(About, Reading), String>;

fn look(meter: &mut Result<Box<dyn Meter>, MeterError>, config: &MeterConfig) -> Look {
    let meter = meter.as_mut().map_err(|error| sentence(error))?;
    let channels = meter.read().map_err(|error| sentence(&error))?;
    let channels = channels.into_iter().map(|channel| channel.scaled(config.scale_permille())).collect();
    Ok((meter.about(), Reading { at: now(), source: 0, channels }))
}

/// The mean power since a reading.
fn mean_since(before: &Reading, meter: &mut Result<Box<dyn Meter>, MeterError>, config: &MeterConfig) -> Option<Power> {
    let (_, after) = look(meter, config).ok()?;
    // Whatever it says is shown: a test is for seeing what is wrong.
    let limits = Limits { least: Power(0), most: Power(i64::MAX / 100_000), longest: Span::minutes(1) };
    let mut follower = Follower::default();
    follower.take(&limits, before.clone());
    let interval = *follower.take(&limits, after).intervals.first()?;
    Some(interval.energy.mean(interval.span()))
}

/// The sum of all channels' power; `None` if one does not tell it.
fn watts(channels: &[Channel]) -> Option<Power> {
    channels.iter().map(|channel| channel.power).sum()
}

fn answered(config: &MeterConfig, about: About, power: Option<Power>, channels: &[Channel]) -> Row {
    let counters: Option<Energy> = channels.iter().map(|channel| channel.counter.map(|counter| counter.energy)).sum();
    Row {
        kind: config.kind(),
        name: about.name,
        covers: covers(about.scope),
        milliwatts: power.map(|power| power.0),
        counter_uj: counters.map(|energy| energy.0),
        uncertainty_permille: Some(about.uncertainty_permille),
        error: None,
    }
}

fn failed(config: &MeterConfig, error: String) -> Row {
    let name = format!("[[meter]] {}", config.kind());
    let (milliwatts, counter_uj, uncertainty_permille) = (None, None, None);
    let (kind, error) = (config.kind(), Some(error));
    Row { kind, name, covers: "", milliwatts, counter_uj, uncertainty_permille, error }
}

fn covers(scope: Scope) -> &'static str {
    match scope {
        Scope::Socket => "socket",
        Scope::Board => "board",
        Scope::Processors => "processors",
        Scope::Gpus => "gpus",
        Scope::Estimate => "estimate",
    }
}

/// An error with what caused it.
fn sentence(error: &MeterError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

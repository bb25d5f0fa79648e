//! `algoric energy`: how much was used, by whom, and what it cost. The centre sums; this shows.

mod export;
mod import;
mod month;
mod prices;

use api::{EnergyBy, EnergyReply, EnergyReport, EnergyRequest, MeterRow, OwnerRow, Reply, Request, UsedRow};
use clap::ValueEnum;
use energy::{UJ_PER_KWH, period::Period};
use jiff::{fmt::temporal::DateTimeParser, tz::TimeZone};

use super::House;
use crate::{
    client::{Client, ClientError},
    console, exit,
    report::Fault,
    show::{self, Column, Noun, number, text},
    words::{Words, percent},
};

/// Shows how much electricity was used, by whom, and what it cost
///
/// energy = jobs + system + idle + unmeasured, to the microjoule. SYSTEM is work that no job asked for, IDLE what the
/// machine draws with nothing to do and nobody reserved, UNMEASURED what is known in sum only, or estimated. A run counts
/// where it ends.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// A year, a month or a day (2026, 2026-11, 2026-11-22) [default: this month]
    #[arg(value_name = "PERIOD")]
    period: Option<String>,

    /// In which rows
    #[arg(long, value_enum, default_value = "part", value_name = "WHAT")]
    by: By,

    /// Print JSON, for programs: microjoules, micro-euros, milligrams of CO2e, milliseconds since 1970
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    more: Option<More>,
}

/// In which rows use is shown.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// Months of a year, days of a month, hours of a day
    Part,
    Hour,
    Day,
    Month,
    Year,
    Machine,
    /// Projects, with the runs that you may see
    Project,
    /// Runs that you may see
    Job,
}

/// Other questions and orders.
#[derive(clap::Subcommand)]
enum More {
    Reconcile(month::Args),
    Index(import::IndexArgs),
    Import(import::ImportArgs),
    Contract(prices::Args),
    Export(export::Args),
}

/// Does what it says.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    match &args.more {
        Some(More::Reconcile(args)) => month::run(args, house),
        Some(More::Index(args)) => import::index(args, house),
        Some(More::Import(args)) => import::import(args, house),
        Some(More::Contract(args)) => prices::run(args, house),
        Some(More::Export(args)) => export::run(args, house),
        None => used(args, house),
    }
}

fn used(args: &Args, house: &House) -> anyhow::Result<u8> {
    let period = args.period.as_deref().map(period).transpose()?.map(|period| period.to_string());
    let by = match args.by {
        By::Part => EnergyBy::Part,
        By::Hour => EnergyBy::Hour,
        By::Day => EnergyBy::Day,
        By::Month => EnergyBy::Month,
        By::Year => EnergyBy::Year,
        By::Machine => EnergyBy::Machine,
        By::Project => EnergyBy::Project,
        By::Job => EnergyBy::Job,
    };
    let reply = ask(&mut house.call()?, EnergyRequest::Used { period, by })?;
    let EnergyReply::Used(report) = reply else { return Err(ClientError::Unfit.into()) };
    if args.json {
        show::json(&report)?;
    } else {
        console::print(page(&report, &house.words));
    }
    Ok(exit::OK)
}

/// Asks the centre about electricity.
pub fn ask(centre: &mut Client, request: EnergyRequest) -> Result<EnergyReply, ClientError> {
    match centre.ask(&Request::Energy(request))? {
        Reply::Energy(reply) => Ok(reply),
        _ => Err(ClientError::Unfit),
    }
}

/// The zone of days, months and prices: the contract's, which is seldom the caller's on a machine that keeps UTC.
pub fn zone(centre: &mut Client) -> anyhow::Result<TimeZone> {
    let EnergyReply::Zone(name) = ask(centre, EnergyRequest::Zone)? else { return Err(ClientError::Unfit.into()) };
    match name.as_str() {
        "" => Ok(crate::zone::of_process()),
        name => Ok(DateTimeParser::new().parse_time_zone(name)?),
    }
}

/// A period as people name it.
fn period(text: &str) -> Result<Period, Fault> {
    text.parse().map_err(|_| Fault::new("energy-no-period", [("period", text.to_owned())]).code(exit::USAGE))
}

/// The table with its sum, and how sure it is.
fn page(report: &EnergyReport, words: &Words) -> String {
    let table = match (report.used.is_empty(), report.owners.is_empty()) {
        (true, true) => words.say("energy-nothing") + "\n",
        (false, _) => with_sum(&report.used, sum_used(&report.used, words), words),
        (true, false) => with_sum(&report.owners, sum_owners(&report.owners, words), words),
    };
    let guessed: i64 =
        report.used.iter().map(|row| row.guessed_uj).chain(report.owners.iter().map(|row| row.guessed_uj)).sum();
    table + &footnotes(&report.meters, report.is_assumed, guessed, words)
}

fn with_sum<T: Noun + Clone>(rows: &[T], sum: T, words: &Words) -> String {
    let mut all = rows.to_vec();
    if rows.len() > 1 {
        all.push(sum);
    }
    show::table(&all, words)
}

/// By which meter, how sure, and with what guessed.
pub fn footnotes(meters: &[MeterRow], is_assumed: bool, guessed_uj: i64, words: &Words) -> String {
    let mut lines: Vec<String> = meters.iter().map(|meter| self::meter(meter, words)).collect();
    if is_assumed {
        lines.push(words.say("energy-assumed"));
    } else if guessed_uj > 0 {
        lines.push(words.with("energy-guessed", &[("energy", words.energy(guessed_uj).into())]));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A meter, and how sure it is.
fn meter(meter: &MeterRow, words: &Words) -> String {
    let gaps = [
        ("machine", meter.machine.as_str().into()),
        ("meter", meter.name.as_str().into()),
        ("percent", words.fixed(meter.uncertainty_permille.into(), 10, 0).into()),
        ("idle", meter.idle_mw.map(|idle| words.fixed(idle, 1000, 0)).unwrap_or_default().into()),
        ("time", meter.calibrated.map(|at| words.time(at)).unwrap_or_default().into()),
    ];
    let mut line = match meter.name.is_empty() {
        true => words.with("energy-no-meter", &gaps),
        false => words.with("energy-meter", &gaps),
    };
    if meter.is_fallback {
        line.push(' ');
        line.push_str(&words.say("energy-fallback"));
    }
    if let Some(idle) = meter.idle_mw {
        let key = match (meter.calibrated, idle) {
            (Some(_), _) => "energy-idle-calibrated",
            (None, 0) => "energy-idle-unknown",
            (None, _) => "energy-idle-assumed",
        };
        line.push(' ');
        line.push_str(&words.with(key, &gaps));
    }
    line
}

/// Energy as tables show it.
pub fn kwh(uj: i64, words: &Words) -> String {
    words.fixed(uj, UJ_PER_KWH, 3)
}

/// Euros as tables show them: prices of single jobs are small.
pub fn euros(microeur: i64, words: &Words) -> String {
    words.fixed(microeur, 1_000_000, 3)
}

/// Grams as tables show them.
pub fn grams(mg: i64, words: &Words) -> String {
    words.fixed(mg, 1000, 1)
}

impl Noun for UsedRow {
    const COLUMNS: &'static [Column] = &[
        text("energy-column-what"),
        number("energy-column-kwh"),
        number("energy-column-jobs"),
        number("energy-column-system"),
        number("energy-column-idle"),
        number("energy-column-unmeasured"),
        number("energy-column-euros"),
        number("energy-column-production"),
        number("energy-column-lifecycle"),
    ];

    fn name(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let energies = [self.energy_uj, self.jobs_uj, self.system_uj, self.unallocated_uj, self.unmeasured_uj];
        let mut cells = vec![self.name.clone()];
        cells.extend(energies.map(|energy| kwh(energy, words)));
        cells.extend([euros(self.microeur, words), grams(self.production_mg, words), grams(self.lifecycle_mg, words)]);
        cells
    }
}

impl Noun for OwnerRow {
    const COLUMNS: &'static [Column] = &[
        text("energy-column-what"),
        text("column-user"),
        number("energy-column-runs"),
        number("energy-column-kwh"),
        number("energy-column-dynamic"),
        number("energy-column-reserved"),
        number("energy-column-gpu"),
        number("energy-column-measured"),
        number("energy-column-euros"),
        number("energy-column-production"),
        number("energy-column-lifecycle"),
    ];

    fn name(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let mut cells = vec![self.name.clone(), self.user.clone(), self.runs.to_string()];
        cells.extend([self.energy_uj, self.dynamic_uj, self.idle_uj, self.gpu_uj].map(|energy| kwh(energy, words)));
        cells.push(percent(self.measured_ms, self.length_ms));
        cells.extend([euros(self.microeur, words), grams(self.production_mg, words), grams(self.lifecycle_mg, words)]);
        cells
    }
}

fn sum_used(rows: &[UsedRow], words: &Words) -> UsedRow {
    let sum = |of: fn(&UsedRow) -> i64| rows.iter().map(of).sum();
    UsedRow {
        name: words.say("energy-sum"),
        energy_uj: sum(|row| row.energy_uj),
        jobs_uj: sum(|row| row.jobs_uj),
        system_uj: sum(|row| row.system_uj),
        unallocated_uj: sum(|row| row.unallocated_uj),
        unmeasured_uj: sum(|row| row.unmeasured_uj),
        covered_ms: sum(|row| row.covered_ms),
        microeur: sum(|row| row.microeur),
        guessed_uj: sum(|row| row.guessed_uj),
        production_mg: sum(|row| row.production_mg),
        lifecycle_mg: sum(|row| row.lifecycle_mg),
    }
}

fn sum_owners(rows: &[OwnerRow], words: &Words) -> OwnerRow {
    let sum = |of: fn(&OwnerRow) -> i64| rows.iter().map(of).sum();
    OwnerRow {
        name: words.say("energy-sum"),
        user: String::new(),
        runs: rows.iter().map(|row| row.runs).sum(),
        energy_uj: sum(|row| row.energy_uj),
        dynamic_uj: sum(|row| row.dynamic_uj),
        idle_uj: sum(|row| row.idle_uj),
        gpu_uj: sum(|row| row.gpu_uj),
        length_ms: sum(|row| row.length_ms),
        measured_ms: sum(|row| row.measured_ms),
        microeur: sum(|row| row.microeur),
        guessed_uj: sum(|row| row.guessed_uj),
        production_mg: sum(|row| row.production_mg),
        lifecycle_mg: sum(|row| row.lifecycle_mg),
    }
}

//! `algoric energy reconcile`: a month against the site's meter and the bill.

use api::{EnergyReply, EnergyRequest, MonthReport};
use energy::UJ_PER_KWH;
use model::Time;

use super::{ask, footnotes, kwh, period};
use crate::words::percent;
use crate::{client::ClientError, commands::House, console, exit, report::Fault, show, words::Words};

/// Holds a month against the site's meter and the bill: jobs + system + idle + unmeasured + overhead = bill, and what is
/// unexplained
///
/// The site's own meter (`algoric energy index`) gives what cooling, network and light used, and with that a measured PUE.
#[derive(clap::Args)]
pub struct Args {
    /// The month: 2026-11
    #[arg(value_name = "MONTH")]
    month: String,

    /// What the bill says, in kilowatt-hours
    #[arg(long, value_name = "KWH")]
    bill: Option<String>,

    /// Print JSON, for programs: microjoules and micro-euros
    #[arg(long)]
    json: bool,
}

/// Asks, and shows it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let month = period(&args.month)?.to_string();
    let billed_uj = args.bill.as_deref().map(energy_of).transpose()?;
    let EnergyReply::Month(report) = ask(&mut house.call()?, EnergyRequest::Month { month, billed_uj })? else {
        return Err(ClientError::Unfit.into());
    };
    if args.json {
        show::json(&report)?;
    } else {
        let now = Time(jiff::Timestamp::now().as_millisecond());
        console::print(page(&report, now, &house.words));
    }
    Ok(exit::OK)
}

/// Kilowatt-hours as people write them.
pub fn energy_of(text: &str) -> Result<i64, Fault> {
    let wrong = || Fault::new("energy-no-kwh", [("text", text.to_owned())]).code(exit::USAGE);
    let millionths = energy::millionths(text).filter(|kwh| *kwh >= 0).ok_or_else(wrong)?;
    let energy = i128::from(millionths) * i128::from(UJ_PER_KWH) / 1_000_000;
    i64::try_from(energy).map_err(|_| wrong())
}

fn page(report: &MonthReport, now: Time, words: &Words) -> String {
    let machines = &report.machines;
    let whole = report.billed_uj.or(report.site_uj).unwrap_or(machines.energy_uj);
    let mut rows = Vec::new();
    let mut row = |key: &str, energy: Option<i64>, note: String| {
        let cell = energy.map_or_else(|| "-".to_owned(), |energy| kwh(energy, words));
        let share = energy.map_or_else(String::new, |energy| percent(energy, whole));
        rows.push(vec![words.say(key), cell, share, note]);
    };
    row("month-jobs", Some(machines.jobs_uj), String::new());
    row("month-system", Some(machines.system_uj), String::new());
    row("month-idle", Some(machines.unallocated_uj), String::new());
    row("month-unmeasured", Some(machines.unmeasured_uj), String::new());
    let sure = ("energy", kwh(report.uncertainty_uj, words).into());
    let so_far = (report.until.min(now) - report.from).0.max(0);
    let known = percent(machines.covered_ms, so_far.saturating_mul(report.count.into()));
    let note = words.with("month-machines-note", &[sure, ("count", report.count.into()), ("known", known.into())]);
    row("month-machines", Some(machines.energy_uj), note);
    let pue = report.pue_permille.map(|pue| words.with("month-pue", &[("pue", words.fixed(pue, 1000, 2).into())]));
    row("month-overhead", report.overhead_uj, pue.unwrap_or_default());
    let note = match (report.site_uj, report.is_interpolated) {
        (None, _) => words.with("month-no-site", &[("month", report.month.as_str().into())]),
        (Some(_), true) => words.say("month-interpolated"),
        (Some(_), false) => String::new(),
    };
    row("month-site", report.site_uj, note);
    if report.billed_uj.is_some() {
        row("month-bill", report.billed_uj, String::new());
    }
    if let Some(unexplained) = report.unexplained_uj {
        let note = if unexplained < 0 { words.say("month-too-much") } else { String::new() };
        row("month-unexplained", Some(unexplained), note);
    }
    let titles = ["energy-column-account", "energy-column-kwh", "energy-column-share", "energy-column-note"];
    let table = show::plain(titles.map(|title| words.say(title)).into(), rows, &[false, true, true, false]);
    let cost = words.with(
        "month-cost",
        &[
            ("euros", words.fixed(report.microeur, 1_000_000, 2).into()),
            ("subscription", words.fixed(report.subscription_microeur, 1_000_000, 2).into()),
        ],
    );
    format!("{table}{cost}\n{}", footnotes(&report.meters, report.is_assumed, machines.guessed_uj, words))
}

//! `algoric energy export`: three tables, from which anybody can check with a script of their own that every microjoule has
//! an owner, and that it was shared by the rules.

use std::{fs, path::PathBuf};

use anyhow::Context;
use centre::Paths;
use energy::{
    Energy,
    export::{self, JobLine},
    reconcile::Accounts,
};
use model::Time;
use store::Reader;

use super::House;
use crate::{console, exit};

/// Writes meter.csv, jobs.csv, accounts.csv and period.csv, for who wants to check the account
///
/// Each interval of the meters, each run with its share, and what is nobody's, in microjoules, micro-euros and milligrams
/// of CO2e. Intervals are there for as long as they are kept (keep_samples_hours): what is older is not in meter.csv,
/// and period.csv says so. Reads the data file itself, with or without a centre, so only who runs the centre can do it.
#[derive(clap::Args)]
pub struct Args {
    /// Where; it is made
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

/// First line of `period.csv`: for how long there are intervals in `meter.csv`, and for how long the others account.
const PERIOD: &str = "machine,meter_ms,account_ms\n";

/// All time.
const ALL: (Time, Time) = (Time(0), Time(i64::MAX / 2));

pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let file = Paths::new(house.place.data()).database();
    let reader = Reader::open(&file)?;
    let mut known_until = Time(0);
    let (mut meter, mut accounts) = (export::METER.to_owned(), export::ACCOUNTS.to_owned());
    let mut period = PERIOD.to_owned();
    for machine in reader.metered()? {
        let mut metered_ms = 0;
        for sample in reader.samples(&machine, ALL.0, ALL.1)? {
            metered_ms += sample.interval.span().0;
            known_until = known_until.max(sample.interval.end);
            meter.push_str(&export::meter(&machine, &sample.interval, sample.idle));
        }
        let hours = reader.hours(&machine, ALL.0, ALL.1)?;
        let sum = |part: fn(&Accounts) -> Energy| hours.iter().map(|hour| part(&hour.accounts)).sum();
        let sums = Accounts {
            jobs: sum(|accounts| accounts.jobs),
            system: sum(|accounts| accounts.system),
            unallocated: sum(|accounts| accounts.unallocated),
            unmeasured: sum(|accounts| accounts.unmeasured),
        };
        let accounted_ms: i64 = hours.iter().map(|hour| hour.row.covered_ms).sum();
        period.push_str(&format!("{},{metered_ms},{accounted_ms}\n", export::field(&machine)));
        accounts.push_str(&export::accounts(&machine, &sums));
    }
    let mut jobs = export::JOBS.to_owned();
    for run in reader.job_energy_between(ALL.0, ALL.1)? {
        let name = match run.attempt {
            0 => run.job.to_string(),
            attempt => format!("{}.{attempt}", run.job),
        };
        let line = JobLine {
            start: run.start,
            // Of a run that is not over: as far as it is counted.
            end: run.end.unwrap_or(known_until),
            cpu_us: run.cpu_us,
            cores: run.cores,
            memory_mib: run.memory_mib,
        };
        jobs.push_str(&export::job(name, &run.machine, &line, &run.account));
    }
    fs::create_dir_all(&args.to).with_context(|| format!("making {}", args.to.display()))?;
    for (name, text) in [("meter.csv", meter), ("jobs.csv", jobs), ("accounts.csv", accounts), ("period.csv", period)] {
        let path = args.to.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        console::line(path.display().to_string());
    }
    Ok(exit::OK)
}

//! `algoric grow usage`: what members used of this machine before the cluster came is told to Slurm, whose fair share goes on
//! from there. Called again it tells what is still missing. How Slurm can be told is `dialect::cluster::past`'s.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use dialect::cluster::{
    accounting,
    past::{self, Given},
};
use drivers::slurm::Slurm;
use nix::unistd::{Uid, User};
use scheduler::FairUsage;

use super::{House, now_s};
use crate::{console, exit, report::Fault};

/// Tells Slurm what members used before it came, so that fair share goes on (root, on the controller)
///
/// Slurm takes no figures: a job of a few seconds in each member's name, in a partition of its own that only root can use,
/// weighs as much as what was used here and has faded since. The centre leaves these jobs out. Called again it tells only
/// what is missing. `sacctmgr modify account NAME set RawUsage=0` takes it back.
#[derive(clap::Args)]
pub struct Args {
    /// Only say what would be told
    #[arg(long)]
    dry_run: bool,
}

/// Whose use: project in Slurm's letters, user.
type Whose = (String, String);

/// What is missing is told in so many rounds: each comes nearer.
const ROUNDS: usize = 5;
/// Less is not worth a job, in CPU-seconds.
const LEAST: u64 = 60;
/// So many of a hundred are near enough.
const NEAR: u64 = 97;
/// A round's jobs are over by then, or are given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let paths = centre::Paths::new(house.place.data());
    let file = centre::load_config(&paths.config())?;
    if file.cluster.engine != centre::Engine::Slurm {
        return Err(Fault::new("grow-usage-no-slurm", []).into());
    }
    if !args.dry_run && !Uid::effective().is_root() {
        return Err(Fault::new("grow-usage-not-root", []).into());
    }
    let half_life_s = f64::from(file.priority.half_life_days.max(1)) * 86_400.0;
    let wanted = wanted(&store::Reader::open(&paths.database())?.past_use()?, half_life_s);
    let slurm = file.cluster.slurm();
    let mut refused = BTreeMap::new();
    for round in 0..ROUNDS {
        let rest = rest(&wanted, &given(&slurm)?, &refused);
        if rest.is_empty() || args.dry_run {
            break;
        }
        tell(&slurm, &rest, round == 0, &mut refused)?;
    }
    let told = given(&slurm)?;
    for (whose, wanted) in &wanted {
        let hours = |seconds: u64| format!("{}.{:02}", seconds / 3600, seconds % 3600 / 36);
        let told = told.used.get(whose).copied().unwrap_or(0);
        let gaps = [
            ("project", whose.0.as_str().into()),
            ("user", whose.1.as_str().into()),
            ("wanted", hours(*wanted).into()),
            ("told", hours(told).into()),
        ];
        console::line(house.words.with("grow-usage-row", &gaps));
        if let Some(why) = refused.get(whose) {
            console::line(format!("    {why}"));
        }
    }
    let missing = rest(&wanted, &told, &BTreeMap::new()).len();
    let key = if args.dry_run { "grow-usage-dry" } else { "grow-usage-done" };
    console::line(house.words.with(key, &[("count", missing.into())]));
    Ok(if missing == 0 || args.dry_run { exit::OK } else { exit::FAILED })
}

/// What everybody used, as it has faded until now, in CPU-seconds.
fn wanted(past: &FairUsage, half_life_s: f64) -> BTreeMap<Whose, u64> {
    let age_s = past.at.map_or(0.0, |at| (now_s() - at.0 / 1000).max(0) as f64);
    let faded = (-age_s / half_life_s).exp2();
    let row = |row: &scheduler::UsageRow| {
        let user = User::from_uid(Uid::from_raw(row.uid.0)).ok().flatten()?;
        let seconds = ((row.cpu_ms + row.recent_cpu_ms) as f64 * faded / 1000.0) as u64;
        (seconds >= LEAST).then_some(((row.account.to_lowercase(), user.name), seconds))
    };
    past.rows.iter().filter_map(row).collect()
}

fn given(slurm: &Slurm) -> anyhow::Result<Given> {
    let said = slurm.ask("sacct", &past::given_arguments(), &accounting::ENVIRONMENT)?;
    Ok(past::given(&String::from_utf8_lossy(&said)))
}

/// What Slurm has still to be told.
fn rest(wanted: &BTreeMap<Whose, u64>, given: &Given, refused: &BTreeMap<Whose, String>) -> Vec<(Whose, u64)> {
    let missing = |(whose, wanted): (&Whose, &u64)| {
        let told = given.used.get(whose).copied().unwrap_or(0);
        let rest = wanted.saturating_sub(told);
        let is_near = told * 100 >= wanted * NEAR || rest < LEAST;
        (!is_near && !refused.contains_key(whose)).then(|| (whose.clone(), rest))
    };
    wanted.iter().filter_map(missing).collect()
}

/// One round: a job for each, all at once; its partitions go again, whatever happens.
fn tell(
    slurm: &Slurm,
    rest: &[(Whose, u64)],
    is_first: bool,
    refused: &mut BTreeMap<Whose, String>,
) -> anyhow::Result<()> {
    let mut jobs = BTreeSet::new();
    let told = rest.iter().enumerate().try_for_each(|(place, (whose, seconds))| {
        match submit(slurm, &past::partition(place), whose, past::weight(*seconds, is_first))? {
            Ok(job) => drop(jobs.insert(job)),
            Err(why) => drop(refused.insert(whose.clone(), why)),
        }
        anyhow::Ok(())
    });
    let told = told.and_then(|()| await_all(slurm, rest.len(), &jobs));
    for job in &jobs {
        // Most are over.
        slurm.ask("scancel", &["--quiet".to_owned(), job.to_string()], &[]).ok();
    }
    for place in 0..rest.len() {
        let mut tries = 0;
        while let Err(fault) = slurm.ask("scontrol", &past::delete(&past::partition(place)), &[]) {
            tries += 1;
            if tries == 20 {
                console::complain(format!("{fault}\n"));
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    told
}

/// A job in a member's name; inside: Slurm refuses it, and why.
fn submit(slurm: &Slurm, partition: &str, whose: &Whose, weight: u64) -> anyhow::Result<Result<u32, String>> {
    let [new, old] = past::create(partition, weight);
    slurm.ask("scontrol", &new, &[]).or_else(|_| slurm.ask("scontrol", &old, &[]))?;
    let Some(user) = User::from_name(&whose.1)? else { return Ok(Err(format!("{}?", whose.1))) };
    match slurm.ask("sbatch", &past::submit(partition, &whose.0, (user.uid.as_raw(), user.gid.as_raw())), &[]) {
        Ok(said) => Ok(Ok(String::from_utf8_lossy(&said).trim().parse().context("sbatch names no job")?)),
        Err(fault) => Ok(Err(fault.to_string())),
    }
}

/// Lets all start, and waits until accounting has their ends.
fn await_all(slurm: &Slurm, partitions: usize, jobs: &BTreeSet<u32>) -> anyhow::Result<()> {
    for place in 0..partitions {
        slurm.ask("scontrol", &past::open(&past::partition(place)), &[])?;
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let over: BTreeSet<u32> = given(slurm)?.over.into_iter().collect();
        if jobs.is_subset(&over) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Time;

    fn row(uid: u32, cpu_ms: u64) -> scheduler::UsageRow {
        scheduler::UsageRow { account: "Eau".to_owned(), uid: model::Uid(uid), cpu_ms, recent_cpu_ms: 0 }
    }

    #[test]
    fn what_was_used_fades_until_now() {
        let week_s = 7 * 86_400;
        let at = Some(Time((now_s() - week_s) * 1000));
        let past = FairUsage { at, rows: vec![row(0, 7_200_000), row(4_000_000_001, 9_000_000)], charged: Vec::new() };
        let wanted = wanted(&past, week_s as f64);
        let root = ("eau".to_owned(), "root".to_owned());
        assert!(wanted[&root].abs_diff(3600) <= 1, "{wanted:?}");
        assert_eq!(wanted.len(), 1, "nobody has that number any more");
    }

    #[test]
    fn what_is_near_enough_is_left() {
        let whose = ("eau".to_owned(), "root".to_owned());
        let of = |wanted: u64, told: u64| {
            let given = Given { used: [(whose.clone(), told)].into(), over: Vec::new() };
            rest(&[(whose.clone(), wanted)].into(), &given, &BTreeMap::new()).first().map(|(_, rest)| *rest)
        };
        assert_eq!(
            [of(10_000, 0), of(10_000, 7_000), of(10_000, 9_700), of(10_000, 12_000), of(100, 50)],
            [Some(10_000), Some(3_000), None, None, None]
        );
    }
}

//! At the end: what Slurm's own accounting says of everything that ran on the cluster, against the centre's ledger, job by
//! job.
//!
//! The rule: each row of `sacct` that has an end is a run with its price, its seconds times its CPUs. What a failed machine
//! ended (`NODE_FAIL`), and what an urgent job sent back to the queue out of `low` (`PREEMPTED`), is free: the ledger has it
//! with its price and gives that back in a line of its own; for the latter it gives a tenth on top, as credit. So `sacct`
//! counts what the ledger prices, and what is owed is that without the rows that are free, each of which is listed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, CORE_SECOND_MICROEUR, Used};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter =
    Chapter { name: "totals", about: "`sacct` and the ledger agree, to the second and the cent.", play };

/// The portal's figures may lag by so much.
const LAG: Duration = Duration::from_secs(30);

/// Numbers of Slurm's jobs begin here.
const FIRST: u32 = 20_001;

/// A row of `sacct`.
struct Row {
    job: u32,
    state: String,
    core_s: i64,
}

impl Row {
    fn is_free(&self) -> bool {
        ["NODE_FAIL", "PREEMPTED"].contains(&self.state.as_str())
    }
}

/// Core-seconds of each job.
type Sums = BTreeMap<u32, i64>;

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    cluster.until_idle(Duration::from_secs(180))?;
    std::thread::sleep(LAG);
    // By states: without them `sacct` leaves out of a window what was held while it ran (it has no time of eligibility).
    let line = "sacct -a -D -X -n -P -S now-1days -E now -s CA,CD,DL,F,NF,OOM,PR,RQ,TO -o Account,JobIDRaw,State,ElapsedRaw,AllocCPUS,End -A carene,crue";
    let table = evidence.type_line(cluster, HEAD, "root", line)?.text;
    let (csv, used) = centre::usage(cluster)?;
    evidence.file("sacct.txt", &table)?;
    evidence.file("usage.csv", &csv)?;
    for project in ["carene", "crue"] {
        let rows: Vec<Row> = table.lines().filter_map(|line| row(line, project)).collect();
        let own: Vec<&Used> = used.iter().filter(|used| used.project == project && used.job >= FIRST).collect();
        compare(evidence, project, &rows, &own);
    }
    Ok(())
}

/// A row that has an end: what a killed slurmctld forgot has none.
fn row(line: &str, project: &str) -> Option<Row> {
    let [account, job, state, elapsed, cpus, end] = line.split('|').collect::<Vec<_>>()[..] else { return None };
    let state = state.split(' ').next().unwrap_or_default().to_owned();
    let core_s = elapsed.parse::<i64>().ok()? * cpus.parse::<i64>().ok()?;
    (account == project && end != "Unknown").then_some(Row { job: job.parse().ok()?, state, core_s })
}

fn compare(evidence: &mut Evidence, project: &str, rows: &[Row], own: &[&Used]) {
    let sums = |all: &mut dyn Iterator<Item = (u32, i64)>| {
        let mut sums = Sums::new();
        all.filter(|(_, core_s)| *core_s != 0).for_each(|(job, core_s)| *sums.entry(job).or_default() += core_s);
        sums
    };
    let seconds = |used: &&&Used| (used.job, used.core_s.round() as i64);
    let of_sacct = sums(&mut rows.iter().map(|row| (row.job, row.core_s)));
    let priced = sums(&mut own.iter().filter(|used| used.core_s > 0.0).map(|used| seconds(&used)));
    let odd: Vec<String> = of_sacct
        .keys()
        .chain(priced.keys())
        .filter(|job| of_sacct.get(job) != priced.get(job))
        .map(|job| format!("{job}: {:?} and {:?}", of_sacct.get(job), priced.get(job)))
        .collect();
    let total = |sums: &Sums| sums.values().sum::<i64>();
    let seen =
        format!("{} jobs, {} and {} core-seconds {}", priced.len(), total(&of_sacct), total(&priced), odd.join(", "));
    let what = format!("each job of {project} has the same core-seconds by `sacct` and by the ledger");
    evidence.check(&what, odd.is_empty() && !priced.is_empty(), &seen);

    let free = sums(&mut rows.iter().filter(|row| row.is_free()).map(|row| (row.job, row.core_s)));
    let back = sums(&mut own.iter().filter(|used| used.core_s < 0.0).map(|used| (used.job, -seconds(&used).1)));
    let list: Vec<String> = rows
        .iter()
        .filter(|row| row.is_free())
        .map(|row| format!("{} {} {} core-seconds", row.job, row.state, row.core_s))
        .collect();
    let seen = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    evidence.check(
        &format!("what {project} gets back is what machines failed and urgent jobs displaced"),
        free == back,
        &seen,
    );

    // Credits for what was displaced pay for later runs.
    let cents = |amount: i64| amount as f64 / 10_000.0;
    let owed: i64 = own.iter().filter(|used| used.core_s != 0.0).map(|used| used.amount_microeur).sum();
    let expected = (total(&of_sacct) - total(&free)) * CORE_SECOND_MICROEUR;
    let what = format!("what {project}'s runs cost, computed from `sacct`, and by the ledger, in cents");
    evidence.check(
        &what,
        (cents(owed) - cents(expected)).abs() < 0.5,
        &format!("{} and {}", cents(expected), cents(owed)),
    );
    let displaced: i64 = rows.iter().filter(|row| row.state == "PREEMPTED").map(|row| row.core_s).sum();
    let credit = displaced * CORE_SECOND_MICROEUR / 10;
    let taken: i64 = -own.iter().filter(|used| used.core_s == 0.0).map(|used| used.amount_microeur).sum::<i64>();
    let what = format!("what {project} is credited for displaced runs is a tenth of them at most");
    evidence.check(
        &what,
        (0..=credit).contains(&taken),
        &format!("{} of {} cents are used", cents(taken), cents(credit)),
    );
}

//! At the end: what Slurm's own accounting says of everything that ran on the cluster, against the centre's ledger.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, CORE_SECOND_MICROEUR};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter =
    Chapter { name: "totals", about: "`sacct` and the ledger agree, to the second and the cent.", play };

/// The portal's figures may lag by so much.
const LAG: Duration = Duration::from_secs(30);

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    cluster.until_idle(Duration::from_secs(60))?;
    std::thread::sleep(LAG);
    let line = "sacct -a -D -X -n -P -S now-1days -o Account,JobIDRaw,State,ElapsedRaw,AllocCPUS -A carene,crue";
    let table = evidence.type_line(cluster, HEAD, "root", line)?.text;
    let (csv, used) = centre::usage(cluster)?;
    evidence.file("sacct.txt", &table)?;
    evidence.file("usage.csv", &csv)?;
    // What the embedded engine ran has no part in it: it stands in the table of before.
    let first: Vec<&str> = csv.lines().skip(1).take(super::history::SCRIPTS.len()).collect();
    let of_slurm = &used[first.len().min(used.len())..];
    for project in ["carene", "crue"] {
        let seconds: i64 = table
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.split('|').collect();
                let [account, _, state, elapsed, cpus] = fields[..] else { return None };
                // What a killed slurmctld forgot has no end.
                if ["PENDING", "RUNNING"].contains(&state) {
                    return None;
                }
                (account == project).then(|| Some(elapsed.parse::<i64>().ok()? * cpus.parse::<i64>().ok()?))?
            })
            .sum();
        let own = || of_slurm.iter().filter(|used| used.project == project);
        let ledger: f64 = own().map(|used| used.core_s).sum();
        let what = format!("core-seconds of {project} by `sacct` and by the ledger");
        evidence.check(&what, (ledger - seconds as f64).abs() < 0.5, &format!("{seconds} and {ledger}"));
        let cents = own().map(|used| used.amount_microeur).sum::<i64>() as f64 / 10_000.0;
        let expected = (seconds * CORE_SECOND_MICROEUR) as f64 / 10_000.0;
        let what = format!("what {project} owes, computed from `sacct`, and by the ledger");
        evidence.check(&what, (cents - expected).abs() < 0.5, &format!("{expected} and {cents} cents"));
    }
    Ok(())
}

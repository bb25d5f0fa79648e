//! The centre goes on with the cluster as its engine: what was, remains; the same scripts cost the same.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Chapter;
use super::history::{SCRIPTS, submit_all};
use crate::demo::cluster::centre::{self, Used, order};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "engine",
    about: "The centre drives the cluster: the same scripts end the same way, and cost the same.",
    play,
};

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let (before, mut first) = centre::usage(cluster)?;
    // In the order in which they were submitted.
    first.sort_by_key(|used| used.job);
    evidence.type_line(cluster, HEAD, "root", &order("stop"))?;
    cluster.until("! pgrep -x algoric", Duration::from_secs(20))?;
    centre::configure(cluster, "[cluster]\nengine = \"slurm\"\nqueue_seconds = 1\nusage_seconds = 2\n")?;
    // Grown clusters show everybody their own jobs only; the centre's user must see all.
    evidence.type_line(cluster, HEAD, "root", "sacctmgr -i add user nobody account=root adminlevel=operator")?;
    centre::up(cluster)?;
    let after = centre::usage(cluster)?.0;
    evidence.same("the history of before is still there, letter by letter", &after, &before);
    evidence.type_line(cluster, HEAD, "root", &order("status"))?;
    let accounts = submit_all(cluster, evidence, "")?;
    for (name, _, _, _, _, end) in SCRIPTS {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}|"))).unwrap_or_default();
        evidence.check(&format!("`{name}` ends as {end}, as by the embedded engine"), line.ends_with(end), line);
    }
    let lines = first.len() + SCRIPTS.len() + 1;
    cluster
        .until(&format!("test $({} | wc -l) -ge {lines}", order("ledger usage")), Duration::from_secs(60))
        .context("what Slurm accounted for does not come into the ledger")?;
    let (table, used) = centre::usage(cluster)?;
    evidence.file("usage.csv", &table)?;
    let numbers = |used: &[Used]| used.iter().map(|used| used.job).collect::<BTreeSet<u32>>();
    let seen = format!("{:?}, then {:?}", numbers(&first), numbers(&used[first.len().min(used.len())..]));
    evidence.check("no number of a job comes twice", numbers(&used).len() == used.len(), &seen);
    let second = |name: &str| {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}|")))?;
        let job: u32 = line.split('|').nth(1)?.parse().ok()?;
        used.iter().rev().find(|used| used.job == job)
    };
    for ((name, _, _, cores, seconds, _), one) in SCRIPTS.iter().zip(&first) {
        let Some(other) = second(name) else {
            evidence.check(&format!("`{name}` is in the ledger"), false, "it is not");
            continue;
        };
        let length = |used: &Used| (used.end_ms - used.start_ms) as f64 / 1000.0;
        let (ours, slurms) = (length(one), length(other));
        let seen = format!("{ours:.3} s and {slurms:.3} s, of {seconds}");
        evidence.check(&format!("`{name}` is as long by both, to 2 s"), (ours - slurms).abs() <= 2.0, &seen);
        let is_right = [one, other].into_iter().all(|used| {
            let cores_held = used.core_s - length(used) * f64::from(*cores);
            cores_held.abs() < 0.002 && super::price_is_right(used)
        });
        let seen = format!("{} and {} µEUR", one.amount_microeur, other.amount_microeur);
        evidence.check(&format!("`{name}` costs the same for each second by both"), is_right, &seen);
    }
    Ok(())
}

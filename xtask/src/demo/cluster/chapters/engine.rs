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
    let (before, mut embedded) = centre::usage(cluster)?;
    // In the order in which they were submitted.
    embedded.sort_by_key(|used| used.job);
    // What is set aside for jobs that wait (901, 909) goes on with them; it can make the column wider.
    let people =
        order("project list; ") + &order("member list; ") + &order("ledger balance | grep -v '^90[19]' | tr -s ' '");
    let had = evidence.type_line(cluster, HEAD, "root", &people)?.text;
    evidence.type_line(cluster, HEAD, "root", &order("stop"))?;
    // Its supervisor of the job that runs goes on.
    cluster.until(&format!("! {}", order("status")), Duration::from_secs(180))?;
    centre::configure(cluster, "[cluster]\nengine = \"slurm\"\n")?;
    centre::up(cluster)?;
    let after = centre::usage(cluster)?.0;
    evidence.same("the history of before is still there, letter by letter", &after, &before);
    let has = evidence.type_line(cluster, HEAD, "root", &people)?.text;
    evidence.check(
        "projects, members and balances are what they were",
        has == had && had.contains("carene"),
        &format!("{} lines", has.lines().count()),
    );
    moved(cluster, evidence)?;
    let first = centre::usage(cluster)?.1;
    let accounts = submit_all(cluster, evidence, "")?;
    for (name, _, _, _, _, end) in SCRIPTS {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}|"))).unwrap_or_default();
        evidence.check(&format!("`{name}` ends as {end}, as by the embedded engine"), line.ends_with(end), line);
    }
    let lines = first.len() + SCRIPTS.len() + 1;
    cluster
        .until(&format!("test $({} | wc -l) -ge {lines}", order("ledger usage")), Duration::from_secs(180))
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
    for ((name, _, _, cores, seconds, _), one) in SCRIPTS.iter().zip(&embedded) {
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

/// What waited for the embedded engine is submitted to Slurm, as its owner and for its project; what ran ends where it is.
fn moved(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let there = "squeue -h -a -t all -o '%j %u %a %T %k' | grep algoric-moved | sed 's/algoric-moved:[0-9]*/MARK/' | sort | uniq";
    cluster
        .until(&format!("test $({there} | cut -d' ' -f1 | sort -u | wc -l) = 4"), Duration::from_secs(180))
        .context("what waited does not come to Slurm")?;
    cluster.until("test \"$(squeue -h -o %j)\" = held", Duration::from_secs(180))?;
    let queue = evidence.type_line(cluster, HEAD, "root", there)?.text;
    let names: BTreeSet<&str> = queue.lines().filter_map(|line| line.split(' ').next()).collect();
    let is_hers = queue.lines().all(|line| line.contains(" alice carene "));
    evidence.check("what waited waits in Slurm, as hers and for her project", is_hers && names.len() == 4, &queue);
    evidence.check("with its comment", queue.contains("mine,MARK"), &queue);
    evidence.check("what was held is held there", queue.contains("held alice carene PENDING"), &queue);
    let wrote = evidence.type_line(cluster, HEAD, "alice", "sort moved.out")?.text;
    let expected = "after carene rack\nrow carene rack 2\nrow carene rack 5\nwaits carene rack";
    evidence.same("each runs there once", &wrote, expected);
    let runs = evidence.type_line(
        cluster,
        HEAD,
        "alice",
        &format!("{}squeue -h -n stays -o '%T'", super::history::embedded()),
    )?;
    evidence.type_line(cluster, HEAD, "alice", "touch go")?;
    cluster.until("test -e /home/alice/stayed.out", Duration::from_secs(180))?;
    let ended = format!("{}sacct -n -X -P --name stays -o State | grep -q COMPLETED", super::history::embedded());
    let is_over =
        cluster.until(&format!("cd /home/alice && {}", ended.replace("sacct", "sacct -a")), Duration::from_secs(180));
    evidence.check(
        "what ran when the cluster came ends where it is, and is accounted for",
        is_over.is_ok(),
        &format!("{} before it ended", runs.text.trim()),
    );
    evidence.type_line(cluster, HEAD, "alice", "scancel -n held")?;
    // All of it has its price: one that stayed, four that ran there, in six lines with the one that was held.
    cluster.until(
        &format!("test $({} | wc -l) -ge {}", order("ledger usage"), SCRIPTS.len() + 1 + 5),
        Duration::from_secs(180),
    )?;
    Ok(())
}

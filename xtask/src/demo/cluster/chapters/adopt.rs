//! A cluster that is there is taken over by another centre as it is: people, projects and history are read, and nothing on it
//! is changed.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::COMMANDS;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter =
    Chapter { name: "adopt", about: "`algoric adopt` takes a cluster over as it is, and changes nothing on it.", play };

/// The other centre's data.
const DATA: &str = "/var/lib/second";

/// Everything of Slurm's that somebody configured.
const SLURMS: &str = "sacctmgr -nP show assoc; sacctmgr -nP show qos; sacctmgr -nP show user; sacctmgr -nP show cluster \
                      format=cluster,tres; cat /etc/slurm/*.conf; scontrol -o show partition";

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    cluster.until_idle(Duration::from_secs(180))?;
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    let before = root(SLURMS)?.text;
    let dry = root(&format!("algoric --data {DATA} adopt --dry-run"))?;
    let nothing = root(&format!("test ! -e {DATA}"))?;
    let adopted = root(&format!("algoric --data {DATA} adopt"))?;
    let after = root(SLURMS)?.text;
    let up =
        format!("setsid algoric --data {DATA} up --listen 127.0.0.1:8090 >> /var/log/second.log 2>&1 < /dev/null &");
    root(&up)?;
    cluster.until(&format!("algoric --data {DATA} cluster status"), Duration::from_secs(60))?;
    // Slurm's database may have a run that was put back within seconds before its start was told there: it has CPUs, but no
    // second of them. And `%2`, how many tasks of an array may run at once, is a wish for the future, not history.
    let rows = "sacct -a -X -D -n -P -S now-2days -E now -s CA,CD,DL,F,NF,OOM,PR,RQ,TO -o JobID,User,Account,State,ElapsedRaw,AllocCPUS | grep -v 'Unknown\\|PENDING\\|RUNNING' | sed 's/CANCELLED by .*|/CANCELLED|/; s/CANCELLED[^|]*/CANCELLED/; s/\\(PREEMPTED\\|REQUEUED\\)|0|.*/\\1|0|/; s/%[0-9]*]/]/' | sort";
    let there = root(rows)?.text;
    let ours = format!("export PATH={COMMANDS}:$PATH ALGORIC_DATA={DATA}; {rows}");
    let is_read =
        cluster.until(&format!("test \"$({ours} | wc -l)\" = {}", there.lines().count()), Duration::from_secs(180));
    let here = root(&ours)?.text;
    let projects = root(&format!("algoric --data {DATA} project list; algoric --data {DATA} member list"))?.text;
    let last = root(SLURMS)?.text;
    root(&format!("algoric --data {DATA} stop"))?;

    let found = dry.text.lines().next().unwrap_or_default().to_owned();
    evidence.check("a dry run says what was found, and writes nothing", dry.is_good() && nothing.is_good(), &found);
    evidence.check("it is adopted", adopted.is_good(), adopted.text.lines().last().unwrap_or_default());
    let people = ["carene", "crue", "alice", "bob", "carol"];
    evidence.check(
        "its accounts and users are projects and members",
        people.iter().all(|one| projects.contains(one)),
        &projects,
    );
    let odd: Vec<&str> = there.lines().filter(|line| !here.lines().any(|other| other == *line)).collect();
    let seen = format!("{} jobs; {}", there.lines().count(), odd.join(", "));
    evidence.check(
        "its whole history is here, as it is there",
        is_read.is_ok() && odd.is_empty() && there.lines().count() > 10,
        &seen,
    );
    evidence.check(
        "nothing on the cluster was changed",
        before == after && after == last,
        "the tree, QOS, users, configuration",
    );
    Ok(())
}

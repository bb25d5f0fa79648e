//! Urgent work takes the place of less urgent: who gives way goes back to the queue, and is done afterwards.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::order;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter =
    Chapter { name: "urgent", about: "A job of QOS `urgent` is not kept waiting by `low` ones.", play };

const PATIENCE: Duration = Duration::from_secs(180);

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    // Who runs the centre may call something urgent.
    evidence.type_line(cluster, HEAD, "root", &order("operator add bob"))?;
    evidence.type_line(cluster, HEAD, "root", &order("cluster reconcile"))?;
    // Three that fill all machines; each says when it begins anew and when it is done.
    let low = "echo begin $SLURM_RESTART_COUNT >> low.$SLURM_JOB_NAME; sleep 8; echo end >> low.$SLURM_JOB_NAME";
    for name in ["one", "two", "three"] {
        let line = format!("sbatch --parsable -q low -J {name} -N1 --exclusive --requeue -o /dev/null --wrap '{low}'");
        evidence.type_line(cluster, HEAD, "alice", &line)?;
    }
    cluster.until("test $(squeue -h -t R -q low | wc -l) = 3", PATIENCE)?;
    evidence.type_line(
        cluster,
        HEAD,
        "bob",
        "sleep 2; sbatch --parsable -q urgent -J now -N1 --exclusive -o /dev/null --wrap 'sleep 3'",
    )?;
    cluster.until("test -n \"$(squeue -h -t R -n now)\"", PATIENCE)?;
    let during = evidence.type_line(cluster, HEAD, "root", "squeue -o '%.8j %.8q %.8T %.20R %.12S'")?.text;
    cluster.until_idle(PATIENCE)?;
    let line = "sacct -D -X -a -P -n -S now-5minutes -o JobName,QOS,State,ElapsedRaw --name one,two,three,now | sort";
    let accounts = evidence.type_line(cluster, HEAD, "root", line)?.text;
    let wrote = evidence.type_line(cluster, HEAD, "alice", "cat low.one low.two low.three | sort | uniq -c")?.text;
    let waited = evidence.type_line(
        cluster,
        HEAD,
        "bob",
        "sacct -X -n -P -o Submit,Start --name now | tail -1 | { IFS='|' read a b; echo $(($(date -d $b +%s) - $(date -d $a +%s))); }",
    )?;
    // What follows is about members.
    evidence.type_line(cluster, HEAD, "root", &order("operator remove bob"))?;
    evidence.check(
        "it runs while one of the others waits",
        during.contains("now   urgent  RUNNING") && during.matches("RUNNING").count() == 3,
        &during,
    );
    let preempted = accounts.lines().filter(|line| line.contains("|PREEMPTED|")).count();
    let completed = accounts.lines().filter(|line| line.contains("|COMPLETED|")).count();
    evidence.check("one gave way, and all four were done", (preempted, completed) == (1, 4), &accounts);
    let seconds = waited.text.trim().parse::<u32>();
    evidence.check(
        "it waited for less than ten seconds",
        seconds.is_ok_and(|seconds| seconds < 10),
        &format!("{} s", waited.text.trim()),
    );
    evidence.check(
        "who gave way began again, and nobody ended twice",
        wrote.contains("3 end") && wrote.contains("1 begin 1"),
        &wrote,
    );
    Ok(())
}

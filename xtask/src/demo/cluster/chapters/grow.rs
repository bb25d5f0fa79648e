//! Machines with nothing but ssh become a cluster by `algoric grow`: asked, planned, set up, looked at again.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Chapter;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, MACHINES};
use crate::rooms::address;

pub const CHAPTER: Chapter =
    Chapter { name: "grow", about: "`algoric grow` makes a cluster of four machines that have only ssh.", play };

/// What its operator decides. Waits are short, so that the whole story is.
const PARK: &str = r#"[cluster]
name = "rack"
controller = "head"

[slurm]
lines = [LINES]

[[project]]
name = "carene"
members = ["alice"]

[[project]]
name = "crue"
members = ["bob", "carol"]
"#;

/// Waits are short, and keys grow old soon.
const LINES: &str = r#""AuthInfo=cred_expire=5", "KillWait=2", "JobAcctGatherFrequency=5", "SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=2""#;

/// What Debian's Slurm needs where there is no systemd beside cgroup v2: it would ask it for its groups.
const NO_CGROUPS: &str = r#", "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/affinity""#;

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let has_v2 = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let lines = LINES.to_owned() + if has_v2 { NO_CGROUPS } else { "" };
    let machine = |name: &str| {
        let compute = name != HEAD;
        format!("\n[[machine]]\nname = \"{name}\"\naddress = \"{}\"\ncompute = {compute}\n", address(MACHINES, name))
    };
    let machines: String = MACHINES.iter().map(|name| machine(name)).collect();
    fs::write(cluster.home("park.toml"), PARK.replace("LINES", &lines) + &machines)?;
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    root("cp /home/park.toml .")?;
    let scan = root("algoric grow scan --trust-new-keys")?;
    let plan = root("algoric grow plan")?;
    let apply = root("algoric grow apply")?;
    let again = root("algoric grow apply")?;
    let check = root("algoric grow check")?;
    let hand = root("sed -i 's/^KillWait=2/KillWait=7/' /etc/slurm/slurm.conf; algoric grow check")?;
    let mended = root("algoric grow apply | tail -1; algoric grow check | tail -1")?;
    let conf = root("cat /etc/slurm/slurm.conf")?.text;
    let page = root("cat grow/PLAN.md")?.text;
    let last = |text: &str| text.trim().lines().last().unwrap_or_default().to_owned();

    let level = root("sacctmgr -nP show user where name=nobody format=user,admin")?.text;
    evidence.check("all machines say what they are", scan.is_good(), &last(&scan.text));
    evidence.check("there is a plan", plan.is_good(), &last(&plan.text));
    evidence.check("it is carried out", apply.is_good(), &last(&apply.text));
    evidence.check(
        "carried out again it changes nothing",
        again.is_good() && again.text.contains("nothing to do"),
        &last(&again.text),
    );
    evidence.check("a look finds everything as planned", check.is_good(), &last(&check.text));
    evidence.check("what a hand has changed is found", !hand.is_good(), &last(&hand.text));
    evidence.check("and mended", mended.is_good(), &mended.text);
    evidence.same("the centre's user is shown everybody's jobs", &level, "nobody|Operator");
    let first = conf.lines().find(|line| line.starts_with("FirstJobId=")).unwrap_or("no FirstJobId");
    evidence.same("numbers begin above those that the centre's own engine gave", first, "FirstJobId=20001");
    evidence.file("slurm.conf", &conf)?;
    evidence.file("PLAN.md", &page)?;
    ensure!(apply.is_good(), "there is no cluster: see grow/typed.txt");
    Ok(())
}

//! Each part is killed while jobs run: what was accepted is done, once, and accounted for.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Chapter;
use crate::demo::cluster::centre;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, SERVICES, Service};

pub const CHAPTER: Chapter = Chapter {
    name: "crashes",
    about: "`kill -9` of each part of Slurm, and of the centre, with jobs running: none is lost, none is done twice.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(120);

/// slurmctld writes down what it knows every five seconds: what it began since is run by a slurmctld that is killed, but its
/// accounts never hear of the end (`sacctmgr show runawayjobs` lists it).
const SAVED: Duration = Duration::from_secs(6);

/// How many jobs are under way each time.
const JOBS: usize = 6;

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let services = SERVICES.iter().map(Victim::Service);
    for victim in services.chain([Victim::Centre]) {
        if let Err(error) = one(cluster, evidence, &victim) {
            evidence.check(&format!("{} was killed", victim.title()), false, &format!("{error:#}"));
        }
    }
    steps(cluster, evidence)
}

/// Who is killed.
enum Victim {
    Service(&'static Service),
    /// The centre, its launcher and all that belongs to them.
    Centre,
}

impl Victim {
    fn title(&self) -> String {
        match self {
            Victim::Service(service) => service.title(),
            Victim::Centre => "the centre".into(),
        }
    }

    fn kill(&self, cluster: &Cluster) -> Result<usize> {
        match self {
            Victim::Service(service) => cluster.kill(service),
            Victim::Centre => centre::kill(cluster),
        }
    }

    fn bring_up(&self, cluster: &Cluster) -> Result<()> {
        match self {
            Victim::Service(service) => cluster.bring_up(service),
            Victim::Centre => centre::up(cluster),
        }
    }
}

/// Kills one of them, and starts it again after some seconds.
fn one(cluster: &mut Cluster, evidence: &mut Evidence, victim: &Victim) -> Result<()> {
    let (title, name) = (victim.title(), victim.title().replace(' ', "-"));
    let script = "echo $SLURM_JOB_ID begin >> $SLURM_JOB_NAME; until [ -e $SLURM_JOB_NAME.go ]; do sleep 0.2; done; \
                  sleep 4; echo $SLURM_JOB_ID end >> $SLURM_JOB_NAME";
    let submit = format!("sbatch --parsable -J {name} -n1 --mem=50 -o /dev/null --wrap '{script}'");
    let mut accepted = Vec::new();
    for _ in 0..JOBS {
        accepted.push(cluster.must("alice", &submit)?);
    }
    cluster.until(&format!("test $(squeue -h -t R -n {name} | wc -l) = {JOBS}"), PATIENCE)?;
    sleep(SAVED);
    victim.kill(cluster)?;
    // They end while it is away, or just after.
    cluster.must("alice", &format!("touch {name}.go"))?;
    // A submission meanwhile counts only if it is answered.
    let meanwhile = evidence.type_line(cluster, HEAD, "alice", &format!("timeout 4 {submit}"))?;
    accepted.extend(meanwhile.text.trim().parse::<u32>().ok().map(|id| id.to_string()));
    sleep(Duration::from_secs(2));
    victim.bring_up(cluster)?;
    cluster.until_idle(PATIENCE)?;
    let ids = accepted.join(",");
    let finished = format!("test $(sacct -a -n -X -P -o State -j {ids} | grep -c '^COMPLETED') = {}", accepted.len());
    let settled = cluster.until(&finished, Duration::from_secs(40));
    let accounts = evidence.type_line(
        cluster,
        HEAD,
        "root",
        &format!("sacct -a -n -X -D -P -o JobID,State,ExitCode,ElapsedRaw -j {ids}"),
    )?;
    let wrote = cluster.must("alice", &format!("sort {name} | uniq -c"))?;
    let once = |id: &String, word: &str| wrote.lines().any(|line| line.trim() == format!("1 {id} {word}"));
    let is_whole = accepted.iter().all(|id| once(id, "begin") && once(id, "end"));
    let has_others = wrote.lines().count() != 2 * accepted.len();
    evidence.check(
        &format!("{title} was killed: {} accepted jobs began once and ended once", accepted.len()),
        is_whole && !has_others,
        &format!("{} lines of {}", wrote.lines().count(), 2 * accepted.len()),
    );
    evidence.check(&format!("{title} was killed: all are accounted for as done"), settled.is_ok(), &accounts.text);
    Ok(())
}

/// Kills the supervisors of all steps on one machine: what they ran cannot go on, and nobody says that it was done.
fn steps(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let line =
        "sbatch --parsable --no-requeue -w n3 -J orphan -n1 -o /dev/null --wrap 'sleep 20; echo survived >> orphan'";
    let id = cluster.must("alice", line)?;
    cluster.until("test -n \"$(squeue -h -t R -n orphan)\"", PATIENCE)?;
    sleep(Duration::from_secs(1));
    let killed = cluster.rooms.kill("n3", "slurmstepd")?;
    let slurmd = SERVICES.last().context("there are services")?;
    cluster.kill(slurmd)?;
    cluster.bring_up(slurmd)?;
    cluster.until_idle(PATIENCE)?;
    let accounts =
        evidence.type_line(cluster, HEAD, "root", &format!("sacct -a -n -X -P -o State,ExitCode -j {id}"))?.text;
    evidence.check(
        &format!("{killed} supervisors were killed with their daemon: the job is not said to be done"),
        killed > 0 && !accounts.contains("COMPLETED") && !accounts.trim().is_empty(),
        &accounts,
    );
    Ok(())
}

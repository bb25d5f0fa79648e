//! What each command costs as a whole process, on an idle centre and beside ten thousand waiting jobs.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::cluster::Cluster;
use super::figures::{Figure, Goal};
use super::party::{Party, Who, many};
use super::queue::milliseconds;
use super::{CLUSTERS, Measurement, Plan};

/// So many jobs `sacct` is asked about at once.
const ASKED: usize = 100;

pub const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "idle",
        figures: &[
            Figure::milliseconds("idle: squeue", Goal::AtMost(5.0)),
            Figure::milliseconds("idle: sinfo", Goal::AtMost(5.0)),
            Figure::milliseconds("idle: scontrol show job ID", Goal::AtMost(5.0)),
            Figure::milliseconds("idle: scancel ID", Goal::AtMost(5.0)),
            Figure::milliseconds("idle: sacct -j ID", Goal::None),
            Figure::milliseconds("idle: sbatch", Goal::None),
            Figure::milliseconds("idle: srun true", Goal::AtMost(20.0)),
        ],
        parties: CLUSTERS,
        prepare: |_, _| Ok(()),
        round: idle,
        once: false,
    },
    Measurement {
        name: "queue",
        figures: &[
            Figure::milliseconds("long queue: squeue", Goal::AtMost(40.0)),
            Figure::milliseconds("long queue: squeue --json", Goal::AtMost(200.0)),
            Figure::milliseconds("long queue: sprio", Goal::None),
            Figure::milliseconds("long queue: sacct of 100 jobs", Goal::AtMost(15.0)),
        ],
        parties: CLUSTERS,
        prepare: fill,
        round: ask,
        once: false,
    },
    Measurement {
        name: "cancel",
        figures: &[Figure::milliseconds("long queue: scancel -u, all of it", Goal::AtMost(1000.0))],
        parties: CLUSTERS,
        prepare: fill,
        round: cancel,
        once: true,
    },
];

/// A held job is looked at; one that is over is cancelled, which changes nothing.
fn idle(party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let Party::Cluster(cluster) = party else { return Ok(vec![None; 7]) };
    let submit = |extra: &[&str]| {
        let arguments = [&["--parsable", "-o", "/dev/null"], extra, &["--wrap", "true"]].concat();
        cluster.ask("sbatch", &arguments).map(|id| id.trim().to_owned())
    };
    let held = submit(&["-H"])?;
    let over = submit(&[])?;
    cluster.ask("scancel", &[&over])?;
    let times = [
        milliseconds(|| cluster.command("squeue", &[]))?,
        milliseconds(|| cluster.command("sinfo", &[]))?,
        milliseconds(|| cluster.command("scontrol", &["show", "job", &held]))?,
        milliseconds(|| cluster.command("scancel", &[&over]))?,
        milliseconds(|| cluster.command("sacct", &["-j", &over]))?,
        milliseconds(|| cluster.command("sbatch", &["-H", "-o", "/dev/null", "--wrap", "true"]))?,
        milliseconds(|| cluster.command("srun", &["true"]))?,
    ];
    cluster.ask("scancel", &["--state", "PENDING"])?;
    Ok(times.into_iter().map(Some).collect())
}

/// One job takes the whole machine; behind it wait many, each a submission of its own.
fn fill(party: &Party, plan: &Plan) -> Result<()> {
    let Party::Cluster(cluster) = party else { return Ok(()) };
    // The first hundred are over when it is asked about them.
    for _ in 0..ASKED {
        cluster.ask("sbatch", &["-o", "/dev/null", "--wrap", "true"])?;
    }
    cluster.drained()?;
    let cores = std::thread::available_parallelism()?.to_string();
    cluster.ask("sbatch", &["-c", &cores, "-o", "/dev/null", "--wrap", "sleep 100000"])?;
    many(&cluster.command("sbatch", &["-o", "/dev/null", "--wrap", "true"]), plan.pending, 8)
}

fn ask(party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let Party::Cluster(cluster) = party else { return Ok(vec![None; 4]) };
    let hundred = (1..=ASKED).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    // The bench's Slurm sorts by number and has no priorities to show.
    let has_priorities = cluster.who == Who::Algoric;
    Ok(vec![
        Some(milliseconds(|| cluster.command("squeue", &[]))?),
        Some(milliseconds(|| cluster.command("squeue", &["--json"]))?),
        if has_priorities { Some(milliseconds(|| cluster.command("sprio", &[]))?) } else { None },
        Some(milliseconds(|| cluster.command("sacct", &["-j", &hundred]))?),
    ])
}

/// All that one user has, until the queue is empty of it.
fn cancel(party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let Party::Cluster(cluster) = party else { return Ok(vec![None]) };
    let begun = Instant::now();
    let status = cluster
        .command("scancel", &["-u", &user(cluster)?])
        .stdout(Stdio::null())
        .status()
        .context("cannot start scancel")?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(status.success(), "scancel failed ({status})");
    let left = cluster.ask("squeue", &["-h", "-t", "PENDING", "-o", "%i"])?;
    ensure!(left.trim().is_empty(), "scancel left {} jobs", left.lines().count());
    Ok(vec![Some(took)])
}

/// Whose the waiting jobs are.
fn user(cluster: &Cluster) -> Result<String> {
    let users = cluster.ask("squeue", &["-h", "-o", "%u"])?;
    Ok(users.lines().next().context("nobody waits")?.trim().to_owned())
}

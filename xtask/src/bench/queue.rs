//! What commands cost while the queue is long.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::cluster::{Cluster, MEMBER};
use super::figures::median;
use super::party::{Party, Who, many};
use super::{Plan, idle};
use crate::tools;

/// How often each command is called in one round.
const CALLS: usize = 7;

/// One job takes the whole machine; behind it wait many, each a submission of its own. One is another member's.
pub fn fill(party: &Party, plan: &Plan) -> Result<()> {
    let Party::Cluster(cluster) = party else { return Ok(()) };
    let jobs = if cluster.who == Who::Slurm { plan.pending / plan.peer_share } else { plan.pending };
    let cores = std::thread::available_parallelism()?.to_string();
    cluster.ask("sbatch", &["-c", &cores, "-o", "/dev/null", "--wrap", "sleep 100000"])?;
    if let Some(mut sbatch) = as_member(cluster, "sbatch", &["-o", "/dev/null", "--wrap", "true"]) {
        ensure!(
            sbatch.stdout(Stdio::null()).status().context("cannot act as another member")?.success(),
            "another member cannot submit: is {} closed to others?",
            cluster.folder.display()
        );
    }
    let begun = Instant::now();
    many(&cluster.command("sbatch", &["-o", "/dev/null", "--wrap", "true"]), jobs, 8)?;
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{}: {jobs} jobs wait, submitted at {:.0}/s", cluster.who.name(), jobs as f64 / seconds);
    Ok(())
}

/// A command of another member; `None` where we are not root, who alone can act as somebody else.
fn as_member(cluster: &Cluster, name: &str, arguments: &[&str]) -> Option<Command> {
    let mut command = cluster.command(name, arguments);
    command.uid(MEMBER).gid(MEMBER);
    tools::is_root().then_some(command)
}

/// Asks what people ask, and looks at what the queue occupies.
pub fn ask(party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let Party::Cluster(cluster) = party else { return Ok(vec![None; 7]) };
    let newest = cluster.ask("sbatch", &["--parsable", "-o", "/dev/null", "--wrap", "true"])?;
    let newest = newest.trim();
    let heart = cluster.heart()?;
    Ok(vec![
        Some(milliseconds(|| cluster.command("squeue", &[]))?),
        Some(milliseconds(|| cluster.command("squeue", &["-j", newest]))?),
        match as_member(cluster, "squeue", &["--me"]) {
            Some(_) => Some(milliseconds(|| as_member(cluster, "squeue", &["--me"]).unwrap_or(Command::new("false")))?),
            None => None,
        },
        // The one that runs: Slurm's accounts know nothing yet of a job that waits.
        Some(milliseconds(|| cluster.command("sacct", &["-j", newest]))?),
        Some(milliseconds(|| cluster.command("sbatch", &["-o", "/dev/null", "--wrap", "true"]))?),
        idle::memory(&[heart], "VmRSS:"),
        idle::memory(&[heart], "Pss:"),
    ])
}

/// The median time that a command takes.
pub fn milliseconds(command: impl Fn() -> Command) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let mut command = command();
        command.stdout(Stdio::null());
        let begun = Instant::now();
        let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        ensure!(status.success(), "{:?} failed ({status})", command.get_program());
    }
    Ok(median(&times))
}

/// The slowest scheduling pass over 100 000 waiting jobs of several kinds, by the scheduler's own measurement.
pub fn pass(_party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let arguments = ["run", "--release", "--quiet", "--package", "scheduler", "--example", "pass"];
    let printed = tools::output(&mut tools::command("cargo", arguments))?;
    Ok(vec![Some(slowest_pass(&printed).context("it printed no milliseconds")?)])
}

/// The largest number before `ms` in lines about a pass.
fn slowest_pass(printed: &str) -> Option<f64> {
    let passes = printed.lines().filter_map(|line| line.split_once("pass").map(|(_, after)| after));
    let times = passes.filter_map(|after| after.split(" ms").next()?.split_whitespace().next_back()?.parse().ok());
    times.max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_pass_is_found() {
        let printed = "one core free: 0 started, pass 0.356 ms\n  first pass: 26 started in 0.102 ms\n  why: 12.1 ms\n";
        assert_eq!(slowest_pass(printed), Some(0.356));
        assert_eq!(slowest_pass("why: 12.1 ms"), None);
    }
}

//! Jobs per second, and how soon a job starts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::cluster::{Cluster, until};
use super::figures::percentile;
use super::party::{Party, Who, many};
use super::{Plan, cpu};
use crate::tools;

/// How many scripts run at once without an engine: the two cores of the reference.
const BARE_AT_ONCE: usize = 2;

/// How many `sbatch` run at once.
const SUBMITTERS: usize = 8;

/// Every run's jobs have a name of their own, by which they are found in the accounts.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// As one array: jobs a second, from the first submit until all are accounted; and what one of them takes of the
/// processors, which tells more where others use the machine too.
pub fn array(party: &Party, plan: &Plan) -> Result<Vec<Option<f64>>> {
    let jobs = share(party, plan.jobs, plan);
    let before = cpu::of_party(party);
    let seconds = match party {
        Party::Bare(bare) => scripts(&bare.folder, jobs)?,
        Party::HyperQueue(hyperqueue) => hyperqueue.array(&script(plan)?, jobs)?,
        Party::Cluster(cluster) => {
            let all = format!("1-{jobs}");
            let submit = |name: &str| cluster.ask("sbatch", &["-J", name, "-a", &all, "--wrap", "true"]).map(|_| ());
            to_the_end(cluster, jobs, submit)?
        }
    };
    let used = cpu::of_party(party).zip(before).map(|(after, before)| 1e3 * (after - before) / jobs as f64);
    Ok(vec![Some(jobs as f64 / seconds), used])
}

/// As one `sbatch` each: jobs a second as above, and how many `sbatch` a second meanwhile.
pub fn singles(party: &Party, plan: &Plan) -> Result<Vec<Option<f64>>> {
    let jobs = share(party, plan.jobs, plan);
    match party {
        Party::Bare(bare) => Ok(vec![Some(jobs as f64 / scripts(&bare.folder, jobs)?), None]),
        Party::HyperQueue(_) => Ok(vec![None, None]),
        Party::Cluster(cluster) => {
            let mut submitting = 0.0;
            let seconds = to_the_end(cluster, jobs, |name| {
                let begun = Instant::now();
                many(&cluster.command("sbatch", &["-J", name, "--wrap", "true"]), jobs, SUBMITTERS)?;
                submitting = begun.elapsed().as_secs_f64();
                Ok(())
            })?;
            Ok(vec![Some(jobs as f64 / seconds), Some(jobs as f64 / submitting)])
        }
    }
}

/// How many jobs this party gets: Slurm needs minutes for what others do in seconds.
fn share(party: &Party, jobs: usize, plan: &Plan) -> usize {
    if party.who() == Who::Slurm { (jobs / plan.peer_share).max(1) } else { jobs }
}

/// `#!/bin/sh` and `true`, in a file.
fn script(plan: &Plan) -> Result<PathBuf> {
    let file = plan.folder.join("true.sh");
    fs::write(&file, "#!/bin/sh\ntrue\n")?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(file)
}

/// Seconds for so many scripts without any engine.
fn scripts(folder: &Path, times: usize) -> Result<f64> {
    let file = folder.join("true.sh");
    fs::write(&file, "#!/bin/sh\ntrue\n")?;
    let begun = Instant::now();
    let mut sh = Command::new("sh");
    sh.arg(file);
    many(&sh, times, BARE_AT_ONCE)?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Seconds until `jobs` jobs, submitted under the name that `submit` is given, are all in the accounts as completed.
fn to_the_end(cluster: &Cluster, jobs: usize, submit: impl FnOnce(&str) -> Result<()>) -> Result<f64> {
    let name = format!("run{}", RUNS.fetch_add(1, Ordering::Relaxed));
    let since = tools::output(Command::new("date").arg("+%FT%T"))?;
    let begun = Instant::now();
    submit(&name)?;
    cluster.drained()?;
    let mut completed = 0;
    until("all jobs are accounted", Duration::from_millis(50), || {
        completed = cluster.completed(&name, since.trim())?;
        Ok(completed >= jobs)
    })
    .with_context(|| format!("{completed} of {jobs} completed"))?;
    Ok(begun.elapsed().as_secs_f64())
}

/// From just before `sbatch` is started to the first line of the job, on an idle machine: p50 and p99.
///
/// The job's first line starts `date`, which costs everybody, bare scripts too, the same millisecond.
pub fn latency(party: &Party, plan: &Plan) -> Result<Vec<Option<f64>>> {
    let folder = plan.folder.join("starts");
    fs::create_dir_all(&folder)?;
    let script = folder.join("start.sh");
    fs::write(&script, "#!/bin/sh\ndate +%s%N > \"$1\"\n")?;
    let starts = if party.who().is_peer() { plan.starts / plan.peer_share } else { plan.starts };
    let waits = match party {
        Party::HyperQueue(hyperqueue) => hyperqueue.latency(&script, &folder.join("out"), starts)?,
        Party::Bare(_) => one_by_one(&folder, starts, |out| command(Command::new("sh").arg(&script).arg(out)))?,
        Party::Cluster(cluster) => one_by_one(&folder, starts, |out| {
            let mut sbatch = cluster.command("sbatch", &["-o", "/dev/null"]);
            command(sbatch.arg(&script).arg(out))
        })?,
    };
    Ok(vec![Some(percentile(&waits, 50)), Some(percentile(&waits, 99))])
}

fn command(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().context("cannot start it")?;
    ensure!(status.success(), "{:?} failed ({status})", command.get_program());
    Ok(())
}

/// Milliseconds from each `start` to what the job wrote into the file that it was given.
fn one_by_one(folder: &Path, times: usize, start: impl Fn(&Path) -> Result<()>) -> Result<Vec<f64>> {
    let mut waits = Vec::new();
    for at in 0..times {
        let out = folder.join(format!("out{at}"));
        // Not in step with anybody's timer.
        sleep(Duration::from_millis(30 + (at as u64 * 37) % 50));
        let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        start(&out)?;
        let mut written = String::new();
        until("the job starts", Duration::from_millis(5), || {
            written = fs::read_to_string(&out).unwrap_or_default();
            Ok(written.ends_with('\n'))
        })?;
        let first: u128 = written.trim().parse().context("the job wrote something else than a time")?;
        waits.push(first.saturating_sub(begun) as f64 / 1e6);
        fs::remove_file(&out)?;
    }
    Ok(waits)
}

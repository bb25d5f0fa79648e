//! What the centre's looks cost slurmctld, with ten thousand jobs in the queue. Takes minutes: not among what is played when
//! everything is tested.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Chapter;
use crate::demo::cluster::centre::{self, order};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "polling",
    about: "With ten thousand waiting jobs the centre's looks take less than one per cent of a core of slurmctld's.",
    play,
};

const JOBS: u32 = 10_000;

/// Each time is looked at for so long.
const SPAN: Duration = Duration::from_secs(120);

/// A core, in per cent.
const LIMIT: f64 = 1.0;

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    // Held, so that Slurm itself has nothing to do about them; four at once, as each takes its time.
    let quarter = JOBS / 4;
    let submit =
        format!("for i in $(seq {quarter}); do sbatch -Q -H -n1 --mem=50 -t 10 -o /dev/null --wrap true; done");
    let begun = Instant::now();
    let lines: Vec<String> = ["a", "b", "c", "d"].map(|_| format!("({submit}) &")).into();
    let line = format!("{} wait", lines.join(" "));
    cluster.rooms.shell_for(Duration::from_secs(1200), HEAD, "alice", &line)?;
    let seconds = begun.elapsed().as_secs_f64();
    let waiting = cluster.must("root", "squeue -h | wc -l")?;
    evidence.check("ten thousand jobs wait", waiting == JOBS.to_string(), &format!("{waiting}, after {seconds:.0} s"));
    let shown = format!("{} | grep -q ' {JOBS} waiting'", order("cluster status"));
    let is_shown = cluster.until(&shown, Duration::from_secs(180));
    evidence.check("the centre shows them", is_shown.is_ok(), &cluster.must("root", &order("cluster status"))?);

    // slurmctld writes down what it was told, and is quiet then.
    sleep(Duration::from_secs(20));
    let with = used(cluster)?;
    cluster.must("root", &order("stop"))?;
    sleep(Duration::from_secs(5));
    let without = used(cluster)?;
    centre::up(cluster)?;
    let per_cent = |used: f64| 100.0 * used / SPAN.as_secs_f64();
    let seen = format!(
        "{:.2} % of a core with the centre, {:.2} % without: {:.2} % for its looks",
        per_cent(with),
        per_cent(without),
        per_cent(with - without)
    );
    evidence.check("its looks take less than 1 % of a core", per_cent(with - without) < LIMIT, &seen);
    cluster.must("root", "scancel -u alice; true")?;
    cluster.until_idle(Duration::from_secs(120))
}

/// Seconds of processor time that slurmctld uses in [`SPAN`].
fn used(cluster: &Cluster) -> Result<f64> {
    let pids = cluster.rooms.processes(HEAD, "slurmctld")?;
    let ticks = || -> Result<f64> {
        let mut sum = 0.0;
        for pid in &pids {
            let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
            // After the name, which may have blanks: utime and stime are the 14th and 15th of all.
            let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let [user, system] = [11, 12].map(|at| fields.get(at).and_then(|field| field.parse::<f64>().ok()));
            sum += user.context("utime")? + system.context("stime")?;
        }
        Ok(sum)
    };
    let before = ticks()?;
    sleep(SPAN);
    // Linux counts hundredths for everybody (USER_HZ).
    Ok((ticks()? - before) / 100.0)
}

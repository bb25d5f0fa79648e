//! Each part is killed while jobs run: what was accepted is done, once, and accounted for.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, Part, order, own_commands};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, SERVICES, Service};

pub const CHAPTER: Chapter = Chapter {
    name: "crashes",
    about: "`kill -9` of each part of Slurm, and of the centre, with jobs running: none is lost, none is done twice.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

/// How many jobs are under way each time.
const JOBS: usize = 5;

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let orphan = Orphan::begin(cluster)?;
    let services = SERVICES.iter().map(Victim::Service);
    let own = [Part::Launcher, Part::Centre].map(Victim::Part);
    for victim in services.chain([Victim::All]).chain(own) {
        in_turn(cluster, evidence, &victim)?;
    }
    web(cluster, evidence)?;
    orphan.end(cluster, evidence)
}

/// Who is killed.
enum Victim {
    Service(&'static Service),
    /// The centre, its launcher and all that belongs to them.
    All,
    /// One of these.
    Part(Part),
}

impl Victim {
    fn title(&self) -> String {
        match self {
            Victim::Service(service) => service.title(),
            Victim::All => "all of the centre".into(),
            Victim::Part(Part::Launcher) => "the launcher".into(),
            Victim::Part(_) => "the centre".into(),
        }
    }

    /// What its jobs are called.
    fn name(&self) -> String {
        self.title().replace(' ', "-")
    }

    fn kill(&self, cluster: &Cluster) -> Result<usize> {
        match self {
            Victim::Service(service) => cluster.kill(service),
            Victim::All => centre::kill(cluster),
            Victim::Part(part) => centre::kill_part(cluster, *part),
        }
    }

    fn bring_up(&self, cluster: &Cluster) -> Result<()> {
        match self {
            Victim::Service(service) => cluster.bring_up(service),
            Victim::All | Victim::Part(_) => centre::up(cluster),
        }
    }
}

/// Plays one of them, and once more where something did not come to pass in time; what was looked at is judged at once.
fn in_turn(cluster: &mut Cluster, evidence: &mut Evidence, victim: &Victim) -> Result<()> {
    let (mut is_played, mut troubles) = (false, Vec::new());
    for name in [victim.name(), victim.name() + "-again"] {
        match one(cluster, evidence, victim, &name) {
            Ok(()) => {
                is_played = true;
                break;
            }
            Err(error) => troubles.push(format!("{error:#}")),
        }
        cluster.clear(&name)?;
    }
    if !troubles.is_empty() {
        evidence.check(&format!("{} was killed, at the second try", victim.title()), is_played, &troubles.join("\n"));
    }
    Ok(())
}

/// Kills one of them with jobs of this name under way, and starts it again after some seconds.
fn one(cluster: &mut Cluster, evidence: &mut Evidence, victim: &Victim, name: &str) -> Result<()> {
    let title = victim.title();
    let script = "echo $SLURM_JOB_ID begin >> $SLURM_JOB_NAME; until [ -e $SLURM_JOB_NAME.go ]; do sleep 0.2; done; \
                  sleep 4; echo $SLURM_JOB_ID end >> $SLURM_JOB_NAME";
    let submit = format!("sbatch --parsable -J {name} -n1 --mem=50 -o /dev/null --wrap '{script}'");
    let mut accepted = Vec::new();
    for _ in 0..JOBS {
        accepted.push(cluster.must("alice", &submit)?);
    }
    cluster.until(&format!("test $(squeue -h -t R -n {name} | wc -l) = {JOBS}"), PATIENCE)?;
    if title.starts_with("slurmctld") {
        // Jobs whose start it has not written down wait for the one that follows, which begins them a second time and drains
        // their machines ("Duplicate jobid"): Slurm's own weakness, not looked for here.
        cluster.until_written(name)?;
    }
    victim.kill(cluster)?;
    // They end while it is away, or just after.
    cluster.must("alice", &format!("touch {name}.go"))?;
    // A submission meanwhile counts only if it is answered.
    let meanwhile = evidence.type_line(cluster, HEAD, "alice", &format!("timeout 4 {submit}"))?;
    accepted.extend(meanwhile.text.trim().parse::<u32>().ok().map(|id| id.to_string()));
    sleep(Duration::from_secs(2));
    victim.bring_up(cluster)?;
    cluster.until(&format!("queue=$(squeue -h -n {name}) && test -z \"$queue\""), PATIENCE)?;
    let ids = accepted.join(",");
    let finished = format!("test $(sacct -a -n -X -P -o State -j {ids} | grep -c '^COMPLETED') = {}", accepted.len());
    let settled = cluster.until(&finished, Duration::from_secs(120));
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

/// The web process alone: the centre starts it again.
fn web(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let page = "python3 -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:8080/login\")'";
    let before = cluster.must("root", &order("status --json | grep -E 'pid|started' | sort"))?;
    cluster.until(page, PATIENCE)?;
    centre::kill_part(cluster, Part::Web)?;
    let back = cluster.until(page, Duration::from_secs(120));
    let after = cluster.must("root", &order("status --json | grep -E 'pid|started' | sort"))?;
    let seen = if before == after { "the same centre and launcher" } else { "other processes" };
    evidence.check(
        "the web process was killed: the pages are there again, nothing else began anew",
        back.is_ok() && before == after,
        seen,
    );
    Ok(())
}

/// A job whose supervisor (slurmstepd) is killed. What it ran cannot be followed any more, but Slurm does not look: the job
/// stays `RUNNING` until its machine's slurmd names its jobs to slurmctld again (when it starts, when slurmctld reads its
/// configuration, else every half an hour), and is `NODE_FAIL` then, unless it began less than `BatchStartTimeout` ago.
struct Orphan {
    id: String,
}

impl Orphan {
    /// Begins before the others are killed: it must be some seconds old.
    fn begin(cluster: &Cluster) -> Result<Self> {
        let line = "sbatch --parsable --no-requeue -w n3 -J orphan -n1 --mem=50 -o /dev/null --wrap \
                    'sleep 1000; echo survived >> orphan'";
        let id = cluster.must("alice", line)?;
        cluster.until("test -n \"$(squeue -h -t R -n orphan)\"", PATIENCE)?;
        Ok(Self { id })
    }

    fn end(&self, cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
        let id = &self.id;
        let killed = cluster.rooms.kill("n3", "slurmstepd")?;
        sleep(Duration::from_secs(2));
        let queue = |evidence: &mut Evidence, before: &str| {
            evidence.type_line(cluster, HEAD, "alice", &format!("{before}squeue -h -j {id} -o '%T %N'"))
        };
        let slurm = queue(evidence, "")?.text;
        let ours = queue(evidence, &own_commands())?.text;
        evidence.same(
            "a slurmstepd was killed: Slurm goes on calling its job running, and so do we",
            &(slurm + &ours),
            "RUNNING n3\nRUNNING n3",
        );
        let begun = Instant::now();
        evidence.type_line(cluster, HEAD, "root", "scontrol reconfigure")?;
        cluster.until_idle(PATIENCE)?;
        let row = evidence.type_line(cluster, HEAD, "root", &format!("sacct -a -n -X -P -o State -j {id}"))?.text;
        let what = format!("{killed} supervisors were killed: asked anew, the job is not said to be done");
        evidence.check(
            &what,
            row.trim() == "NODE_FAIL",
            &format!("{} after {:.0} s", row.trim(), begun.elapsed().as_secs_f64()),
        );
        let given_back = format!("{} | grep ^{id}, | grep -q ,failure,-", order("ledger usage"));
        let is_given_back = cluster.until(&given_back, Duration::from_secs(120)).is_ok();
        evidence.check("and costs nothing", is_given_back, &format!("job {id} in the ledger"));
        Ok(())
    }
}

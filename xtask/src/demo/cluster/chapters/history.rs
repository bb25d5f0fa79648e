//! Before there is a cluster: a centre with its own engine on the head, with members, prices and jobs behind it.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, COMMANDS, order};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "history",
    about: "A centre on one machine, by its own engine: members, prices, jobs, an account.",
    play,
};

/// What is run by either engine: name, options, script, cores, seconds, and the state and exit code it ends with.
pub const SCRIPTS: &[(&str, &str, &str, u32, u32, &str)] = &[
    ("nap", "-n1", "sleep 4", 1, 4, "COMPLETED|0:0"),
    ("pair", "-n2 -N1", "sleep 6", 2, 6, "COMPLETED|0:0"),
    ("fails", "-n1", "sleep 3; exit 7", 1, 3, "FAILED|7:0"),
    ("killed", "-n1", "sleep 2; kill -9 \\$\\$", 1, 2, "FAILED|0:9"),
];

/// Submits them, waits, and gives `NAME|JOB|STATE|EXITCODE` of each. `before` is what a line of shell needs first.
pub fn submit_all(cluster: &Cluster, evidence: &mut Evidence, before: &str) -> Result<String> {
    let mut names = Vec::new();
    for (name, options, script, ..) in SCRIPTS {
        let line = format!("{before}sbatch -Q -J {name} {options} --mem=100 -o /dev/null --wrap \"{script}\"");
        evidence.type_line(cluster, HEAD, "alice", &line)?;
        names.push(*name);
    }
    let names = names.join(",");
    let over = format!("{before}queue=$(squeue -h -n {names}) && test -z \"$queue\"");
    cluster.until(&over, Duration::from_secs(180))?;
    let ended = format!(
        "{before}test $(sacct -a -n -X -P -o State --name {names} | grep -cE 'COMPL|FAIL') = {}",
        SCRIPTS.len()
    );
    cluster.until(&ended, Duration::from_secs(180))?;
    let line = format!("{before}sacct -n -X -P -o JobName,JobID,State,ExitCode --name {names}");
    Ok(evidence.type_line(cluster, HEAD, "alice", &line)?.text)
}

/// What still waits, and what runs, when the cluster comes.
fn leave(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let mut alice = |line: &str| evidence.type_line(cluster, HEAD, "alice", &format!("{}{line}", embedded()));
    let said =
        |what: &str| format!("'echo {what} $SLURM_JOB_ACCOUNT $SLURM_CLUSTER_NAME $SLURM_ARRAY_TASK_ID >> moved.out'");
    alice(
        "sbatch -Q -J stays -n1 --mem=50 -o /dev/null --wrap 'until [ -e go ]; do sleep 0.2; done; echo stayed > stayed.out'",
    )?;
    alice(&format!("sbatch -Q -J waits -n2 --mem=50 -t 7 --comment mine -o /dev/null --wrap {}", said("waits")))?;
    alice(&format!(
        "sbatch -Q -J after -d afterok:$(squeue -h -n waits -o %i) -n1 --mem=50 -o /dev/null --wrap {}",
        said("after")
    ))?;
    alice(&format!("sbatch -Q -J row -a 2,5 -n2 --mem=50 -o /dev/null --wrap {}", said("row")))?;
    alice(&format!("sbatch -Q -J held -H -n1 --mem=50 -o /dev/null --wrap {}", said("held")))?;
    let queue = alice("squeue -h -o '%j %T' | sort")?;
    let expected = "after PENDING\nheld PENDING\nrow PENDING\nstays RUNNING\nwaits PENDING";
    evidence.same("when the cluster comes one job runs, and others wait", &queue.text, expected);
    Ok(())
}

/// What is said before a line, for the embedded engine's own commands.
pub fn embedded() -> String {
    format!("export PATH={COMMANDS}:$PATH; ")
}

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    centre::found(cluster)?;
    centre::up(cluster)?;
    let place = "--category company --street \"1, rue de l’Exemple\" --postcode 56330 --town Pluvigner";
    for line in [
        "project add carene".to_owned(),
        "project add crue".to_owned(),
        format!("customer add C1 --name \"Chantier du Loch SARL\" --siren 987654324 {place}"),
        format!("customer add C2 --name \"Commune de Pluvigner-sur-Exemple\" --siren 123456709 {place}"),
        "project customer carene C1".to_owned(),
        "project customer crue C2".to_owned(),
        "project budget carene \"50000 EUR\" --period month".to_owned(),
        "project budget crue \"50000 EUR\" --period month".to_owned(),
        "member add alice --project carene".to_owned(),
        "member add bob --project crue".to_owned(),
        "member add carol --project crue".to_owned(),
    ] {
        let said = evidence.type_line(cluster, HEAD, "root", &order(&line))?;
        anyhow::ensure!(said.is_good(), "algoric {line}: {}", said.text);
    }
    let accounts = submit_all(cluster, evidence, &embedded())?;
    for (name, _, _, _, _, end) in SCRIPTS {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}|"))).unwrap_or_default();
        evidence.check(&format!("`{name}` ends as {end}"), line.ends_with(end), line);
    }
    cluster.until(
        &format!("test $({} | wc -l) = {}", order("ledger usage"), SCRIPTS.len() + 1),
        Duration::from_secs(120),
    )?;
    let (table, used) = centre::usage(cluster)?;
    evidence.file("usage.csv", &table)?;
    leave(cluster, evidence)?;
    let amounts_are_right = used.iter().all(super::price_is_right);
    evidence.check(
        "each has its price",
        amounts_are_right && used.len() == SCRIPTS.len(),
        &format!("{} lines of usage", used.len()),
    );
    Ok(())
}

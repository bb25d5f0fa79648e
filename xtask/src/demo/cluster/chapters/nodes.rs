//! Machines report by themselves: `grow` puts the agent on each; two jobs on three machines get what the meters say; nothing
//! breaks when all agents are killed, nor when the network to the centre is cut.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Chapter;
use crate::demo::cluster::centre::{self, order};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, NODES};
use crate::rooms::address;

pub const CHAPTER: Chapter = Chapter {
    name: "nodes",
    about: "Each machine reports its energy and health; the energy of jobs sums to the meters; all may be silent.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

/// No machine here has a meter of its own: each has a model, which all three compute from the load of the one machine that
/// they are parts of.
const SETTINGS: &str = "sample_seconds = 2\n[[meter]]\nkind = \"model\"\nidle_watts = 60\nmilliwatts_per_cpu = 9000\n";

/// What the accounts in the centre's file say: of machines, of jobs, of those two jobs.
fn sums(cluster: &Cluster) -> Result<(i64, i64)> {
    let json = cluster.must("root", &order("node list --json"))?;
    anyhow::ensure!(json.contains("\"n3\""), "n3 is not among them: {json}");
    let table = cluster.must("root", &order("energy --by machine --json"))?;
    let report: serde_json::Value = serde_json::from_str(&table).context("energy --json")?;
    let rows = report["used"].as_array().context("no rows")?;
    let of = |key: &str| rows.iter().filter_map(|row| row[key].as_i64()).sum::<i64>();
    let parts = of("jobs_uj") + of("system_uj") + of("unallocated_uj") + of("unmeasured_uj");
    anyhow::ensure!(of("energy_uj") == parts, "the accounts do not sum to the meters: {table}");
    Ok((of("energy_uj"), of("jobs_uj")))
}

fn jobs(cluster: &Cluster) -> Result<i64> {
    let table = cluster.must("root", &order("energy --by job --json"))?;
    let report: serde_json::Value = serde_json::from_str(&table).context("energy --json")?;
    let rows = report["owners"].as_array().context("no rows")?;
    Ok(rows.iter().filter_map(|row| row["energy_uj"].as_i64()).sum())
}

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    begin(cluster, evidence)?;
    share(cluster, evidence)?;
    fall_silent(cluster, evidence)?;
    fall_ill(cluster, evidence)
}

/// All three report.
fn reporting() -> String {
    format!("test $({} | grep -c ' reports ') = 3", order("node list"))
}

fn begin(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let place = format!("{}:7443", address(&[HEAD, "n1", "n2", "n3"], HEAD));
    evidence.type_line(cluster, HEAD, "root", &order("stop"))?;
    cluster.until("! pgrep -x algoric", Duration::from_secs(60))?;
    centre::configure(cluster, "[nodes]\nlisten = \"0.0.0.0:7443\"\ndrain = true\n")?;
    centre::up(cluster)?;
    let park = cluster.must("root", "cat park.toml")?;
    let node =
        format!("[node]\ncentre = \"{place}\"\nprogram = \"/usr/local/bin/algoric\"\nsettings = '''{SETTINGS}'''\n\n");
    let own = park.find("# What follows was measured").context("the park was not measured")?;
    fs::write(cluster.home("park.toml"), format!("{}{node}{}\n", &park[..own], &park[own..]))?;
    evidence.type_line(cluster, HEAD, "root", "cp /home/park.toml . && algoric grow plan | tail -1")?;
    let apply = evidence.type_line(cluster, HEAD, "root", "algoric grow apply")?;
    evidence.check(
        "grow lets each machine in and starts its agent",
        apply.is_good(),
        apply.text.trim().lines().last().unwrap_or(""),
    );
    cluster.until(&reporting(), PATIENCE)?;
    evidence.type_line(cluster, HEAD, "root", &order("node show n1; true")).map(drop)
}

/// Two jobs on three machines: one on two of them, one on the third.
fn share(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let burn = "srun sh -c 'end=$(($(date +%s)+20)); while [ $(date +%s) -lt $end ]; do :; done'";
    let mut ids = Vec::new();
    for (who, wish) in [("alice", "-w n1,n2 -N2 -n2"), ("bob", "-w n3 -N1 -n1")] {
        let line = format!("sbatch --parsable {wish} -o /dev/null --wrap \"{}\"", burn.replace('$', "\\$"));
        ids.push(evidence.type_line(cluster, HEAD, who, &line)?.text.trim().to_owned());
    }
    cluster.until_idle(PATIENCE)?;
    // A price waits for the energy that the machines still have to report.
    let priced = format!("test $({} | grep -cE '^({}),') = 2", order("ledger usage"), ids.join("|"));
    cluster.until(&priced, PATIENCE)?;
    let seen = evidence.type_line(
        cluster,
        HEAD,
        "root",
        &order("energy --by machine; algoric --data /var/lib/algoric energy --by job"),
    )?;
    let ((metered, shared), jobs) = (sums(cluster)?, jobs(cluster)?);
    evidence.check(
        "the energy of the jobs is what the machines' accounts have for jobs, to the microjoule",
        jobs == shared && jobs > 0,
        &format!("{jobs} and {shared} uJ, of {metered} that the meters say"),
    );
    evidence.check("three machines are in the report", NODES.iter().all(|name| seen.text.contains(name)), "");
    let cost = evidence.type_line(cluster, HEAD, "root", &order("ledger usage | tail -2"))?;
    evidence.check("both jobs have their price", cost.text.lines().count() == 2, cost.text.trim());
    Ok(())
}

fn fall_silent(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    // The network to the centre is cut: what is measured waits, and comes once.
    evidence.type_line(
        cluster,
        "n2",
        "root",
        "ip link set eth0 down; sleep 10; wc -l < /var/lib/algoric-node/waiting",
    )?;
    evidence.type_line(cluster, "n2", "root", "ip link set eth0 up; sleep 8; wc -l < /var/lib/algoric-node/waiting")?;
    let (metered, _) = sums(cluster)?;
    evidence.check(
        "after the network was cut the accounts still sum to the meters",
        metered > 0,
        &format!("{metered} uJ"),
    );
    // All agents die.
    for name in NODES {
        cluster.rooms.kill(name, "algoric")?;
    }
    sleep(Duration::from_secs(63));
    let silent = evidence.type_line(cluster, HEAD, "root", &order("node list"))?;
    evidence.check("all are shown silent", silent.text.matches("silent for 1 min").count() == 3, &silent.text);
    let job = evidence.type_line(cluster, HEAD, "alice", "sbatch --wait -N3 -o /dev/null --wrap 'srun hostname'")?;
    evidence.check("and jobs go on", job.is_good(), job.text.trim());
    let check = evidence.type_line(cluster, HEAD, "root", "algoric grow check")?;
    evidence.check("grow says that they do not run", !check.is_good(), "");
    evidence.type_line(cluster, "n3", "root", PROBE)?;
    let again = evidence.type_line(cluster, HEAD, "root", "algoric grow apply | tail -1")?;
    evidence.check("and starts them", again.is_good(), again.text.trim());
    cluster.until(&reporting(), PATIENCE)?;
    cluster.until_idle(PATIENCE)
}

/// Of one machine's own: well where a file is.
const PROBE: &str = "mkdir -p /etc/algoric/probes.d && printf '[[probe]]\\nname = \"scratch\"\\ncommand = \"/usr/bin/test -e /var/lib/algoric-node/well\"\\nok_exitcode = 0\\ntimeout = 5\\n' > /etc/algoric/probes.d/scratch.toml";

/// A machine whose probe fails takes no more jobs, until it is well; what a person drained stays.
fn fall_ill(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let state = "scontrol -o show node n3 | grep -oE '(State|Reason)=.*' | sed 's/ ThreadsPerCore=.* Reason/ Reason/'";
    let is_drained = "sinfo -h -n n3 -o %t | grep -q dr";
    let ill = cluster.until(is_drained, PATIENCE);
    let why = evidence.type_line(cluster, HEAD, "root", state)?.text;
    let elsewhere = evidence.type_line(cluster, HEAD, "alice", "sbatch -W -N2 -o /dev/null --wrap 'srun hostname'")?;
    evidence.type_line(cluster, "n3", "root", "touch /var/lib/algoric-node/well")?;
    let well = cluster.until("sinfo -h -n n3 -o %t | grep -qx idle", PATIENCE);
    let after = evidence.type_line(cluster, HEAD, "root", state)?.text;
    evidence.type_line(cluster, HEAD, "root", "scontrol update nodename=n3 state=drain reason='new disk'")?;
    sleep(Duration::from_secs(100));
    let kept = evidence.type_line(cluster, HEAD, "root", state)?.text;
    evidence.type_line(cluster, HEAD, "root", "scontrol update nodename=n3 state=resume")?;
    evidence.check(
        "a machine whose probe fails is drained, and says why",
        ill.is_ok() && why.contains("algoric: scratch"),
        &why,
    );
    evidence.check("jobs run on the others", elsewhere.is_good(), &elsewhere.text);
    evidence.check("it is given back when it is well", well.is_ok(), &after);
    evidence.check("what a person drained stays drained", kept.contains("new disk"), &kept);
    cluster.until("sinfo -h -n n3 -o %t | grep -qx idle", PATIENCE)?;
    cluster.until_idle(PATIENCE)
}

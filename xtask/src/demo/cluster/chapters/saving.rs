//! Machines that nobody needs are switched off and woken by Slurm, which calls `algoric power`. The power is a made plug's:
//! what it takes away kills a machine's slurmd, what it gives starts it as after a boot.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::order;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, NODES};
use crate::tools;

pub const CHAPTER: Chapter = Chapter {
    name: "saving",
    about: "Slurm switches idle machines off through `algoric power`, and a job wakes one.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

const POWER: &str = "\n[power]\nsuspend_after = 5\nboot = 20\nprogram = \"/usr/local/bin/algoric\"\n";

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let switches: String = (1..=NODES.len())
        .map(|at| {
            format!(
                "[[switch]]\nmachine = \"n{at}\"\nkind = \"tasmota\"\naddress = \"127.0.0.1:8081\"\noutlet = {}\nshutdown = \"/bin/true\"\n\n",
                at - 1
            )
        })
        .collect();
    std::fs::write(cluster.home("power.toml"), switches)?;
    std::fs::copy(tools::root().join("xtask/demo/plug.py"), cluster.home("plug.py"))?;
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    root(
        "mkdir -p /etc/algoric; cp /home/power.toml /etc/algoric; setsid python3 /home/plug.py > /var/log/plug.log 2>&1 < /dev/null &",
    )?;
    let state = "algoric power state 'n[1-3]'";
    cluster.until(state, PATIENCE)?;
    let first = root(state)?.text;
    // Waits are short here: Slurm gives a machine half a minute to go down otherwise.
    root(&format!(
        "cp park.toml park.before; sed -i 's/^lines = \\[/lines = [\"SuspendTimeout=5\", /' park.toml; printf '%s' '{POWER}' >> park.power; awk '/^\\[slurm\\]/ {{ while ((getline line < \"park.power\") > 0) print line }} {{ print }}' park.toml > park.new && mv park.new park.toml"
    ))?;
    let grown = root("algoric grow plan && algoric grow apply --folder grow | tail -1")?;
    let off = cluster.until("test \"$(sinfo -h -N -o %t | sort -u)\" = idle~", PATIENCE);
    let asleep = root("sinfo -h -N -o '%N %t'; algoric power state 'n[1-3]'")?.text;
    let daemons: usize =
        NODES.iter().map(|node| cluster.rooms.processes(node, "slurmd").map_or(0, |all| all.len())).sum();
    let seen = cluster.until(&format!("{} | grep -q '0 of 3'", order("status")), Duration::from_secs(180));
    let status = root(&order("status"))?.text;
    let begun = Instant::now();
    let ran = evidence.type_line(
        cluster,
        HEAD,
        "alice",
        "sbatch -Q -W -n1 --mem=50 -o woken.out --wrap 'hostname'; cat woken.out",
    )?;
    let seconds = begun.elapsed().as_secs_f64();
    let awake = evidence.type_line(cluster, HEAD, "root", "algoric power state 'n[1-3]'; squeue -h")?.text;

    evidence.same("all are on", &first, "n1 on\nn2 on\nn3 on");
    evidence.check("`grow` writes it down and does it", grown.is_good(), &grown.text);
    let is_off = off.is_ok() && asleep.contains("n1 off\nn2 off\nn3 off") && daemons == 0;
    evidence.check("without jobs Slurm has all of them switched off", is_off, &asleep);
    evidence.check(
        "the centre shows them so",
        seen.is_ok(),
        status.lines().find(|line| line.contains("of 3")).unwrap_or(&status),
    );
    evidence.check(
        "a job wakes one, and runs there",
        ran.is_good() && ran.text.starts_with('n'),
        &format!("{} after {seconds:.0} s", ran.text.trim()),
    );
    evidence.check("the others stay off", awake.matches(" off").count() >= 2, &awake);
    Ok(())
}

//! Machines are woken before anybody waits for them, and sent to sleep when nobody will: by the centre's forecast, which is
//! the simulator's. After `saving`, whose made plug switches them.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, DATA, order};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "forecast",
    about: "The centre has Slurm wake machines that will be needed, and send others to sleep.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    cluster.until_idle(PATIENCE)?;
    let all_sleep = "test \"$(sinfo -h -N -o %t | sort -u)\" = idle~";
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    // From here on Slurm by itself would leave them as they are for an hour.
    let slower = root(
        "sed -i 's/^suspend_after = .*/suspend_after = 3600/' park.toml; algoric grow plan && algoric grow apply --folder grow | tail -1; scontrol show config | grep '^SuspendTime '",
    )?;
    // It takes them no time to come up: nobody needs them on before.
    restart(cluster, 1)?;
    let slept = cluster.until(all_sleep, PATIENCE);
    let look = "sinfo -h -N -o '%N %t'; grep -E 'machine .* is (woken|sent)' /var/log/algoric.log | tail -1";
    let at_rest = evidence.type_line(cluster, HEAD, "root", look)?.text;
    // It takes them half a minute, and the hour was a busy one.
    restart(cluster, 30)?;
    let woken = cluster.until("sinfo -h -N -o %t | grep -qx idle", PATIENCE);
    let after_a_busy_hour = evidence.type_line(cluster, HEAD, "root", &format!("squeue -h; {look}"))?.text;
    let ran = evidence.type_line(
        cluster,
        HEAD,
        "alice",
        "sbatch -Q -W -n1 --mem=50 -o dawn.out --wrap hostname; cat dawn.out",
    )?;

    evidence.check("Slurm alone would wait for an hour", slower.text.contains("3600 sec"), &slower.text);
    let is_asleep = slept.is_ok() && at_rest.contains("is sent to sleep");
    evidence.check("machines that boot at once are sent to sleep", is_asleep, &at_rest);
    let is_woken = woken.is_ok() && after_a_busy_hour.contains("is woken");
    evidence.check("after a busy hour machines are woken though no job is there", is_woken, &after_a_busy_hour);
    evidence.check("a job runs", ran.is_good() && ran.text.starts_with('n'), &ran.text);
    Ok(())
}

/// The centre comes back, and believes that a machine takes so many seconds to boot.
fn restart(cluster: &Cluster, boot: u32) -> Result<()> {
    cluster.must("root", &order("stop"))?;
    cluster.until("! pgrep -x algoric", PATIENCE)?;
    let line = format!(
        "sed -i '/^power = /d; /^boot = /d' {DATA}/config.toml && sed -i '/^engine = /a power = \"predictive=60s\"\\nboot = {boot}' {DATA}/config.toml"
    );
    cluster.must("root", &line)?;
    centre::up(cluster)
}

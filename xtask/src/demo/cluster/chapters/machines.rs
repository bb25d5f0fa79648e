//! Three machines are one cluster: tasks on each, by `srun` from outside, inside jobs, in arrays.

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD, NODES};

pub const CHAPTER: Chapter = Chapter {
    name: "machines",
    about: "Jobs run on three machines, each with its own name and address, with accounting.",
    play,
};

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let mut said = |who: &str, line: &str| -> Result<String> {
        Ok(evidence.type_line(cluster, HEAD, who, line)?.text.trim().to_owned())
    };
    let machines = said("alice", "sinfo -h -N -o '%N %T'")?;
    let names = said("alice", "srun -N3 bash -c 'echo $SLURM_NODEID $SLURMD_NODENAME $(hostname)' | sort")?;
    let addresses = said(
        "alice",
        "srun -N3 -n3 bash -c 'echo $(hostname) $(ip -o -4 addr show eth0 | grep -o \"10[0-9.]*/\")' | sort",
    )?;
    let shared = said("alice", "echo hello > note; srun -N3 cat note | sort | uniq -c")?;
    let script = "#!/bin/bash\n#SBATCH -N 3 -n 6 -o inside.out\nscontrol show hostnames\nsrun bash -c 'echo $SLURM_PROCID of $SLURM_NTASKS on $(hostname)' | sort -n\necho $SLURM_JOB_NODELIST $SLURM_TASKS_PER_NODE";
    said("alice", &format!("printf '%s\\n' '{}' > inside.sh", script.replace('\'', "'\\''")))?;
    let inside = said("alice", "sbatch -W inside.sh; cat inside.out")?;
    let array = said(
        "alice",
        "sbatch -Q -W --mem=100 -a 1-12 -o a.%a.out --wrap 'sleep 1; hostname' && cat a.*.out | sort | uniq -c",
    )?;
    let accounted = said(
        "alice",
        "sleep 1; sacct -n -P -X -o JobID,State,NNodes,AllocCPUS,NodeList --name bash,cat,inside.sh,wrap",
    )?;
    let steps = said(
        "alice",
        "sacct -n -P -o JobID,NTasks,NodeList -j $(sacct -n -X -P -o JobID --name inside.sh) | grep -v '|n\\[1-3\\]$' ; true",
    )?;

    evidence.same("three machines have room", &machines, "n1 idle\nn2 idle\nn3 idle");
    evidence.same("a task on each, under its own name", &names, "0 n1 n1\n1 n2 n2\n2 n3 n3");
    evidence.same("each has its own address", &addresses, "n1 10.77.0.1/\nn2 10.77.0.2/\nn3 10.77.0.3/");
    evidence.same("the home is the same on all", &shared, "3 hello");
    let expected = "0 of 6 on n1\n1 of 6 on n1\n2 of 6 on n2\n3 of 6 on n2\n4 of 6 on n3\n5 of 6 on n3\nn[1-3] 2(x3)";
    evidence.check(
        "a step inside a job has two tasks on each machine",
        inside.ends_with(expected) && inside.contains("n1\nn2\nn3\n"),
        inside.trim_start_matches(|first: char| first != '\n'),
    );
    let on_all = NODES.iter().all(|node| array.contains(node));
    let tasks: u32 = array.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u32>().ok()).sum();
    evidence.check("an array of twelve is spread over all", on_all && tasks == 12, &array);
    let completed = accounted.lines().filter(|line| line.contains("|COMPLETED|")).count();
    evidence.check(
        "all of it is accounted for",
        completed == accounted.lines().count() && completed == 16,
        &format!("{completed} of {} completed", accounted.lines().count()),
    );
    evidence.file("steps.txt", &steps)?;
    Ok(())
}

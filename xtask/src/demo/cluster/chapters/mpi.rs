//! OpenMPI across the machines, started both ways that members know.

use anyhow::{Context, Result};

use super::Chapter;
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};
use crate::tools;

pub const CHAPTER: Chapter =
    Chapter { name: "mpi", about: "OpenMPI's processes on three machines speak to each other.", play };

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let source =
        std::fs::read_to_string(tools::root().join("examples/cluster/pi.c")).context("examples/cluster/pi.c")?;
    std::fs::write(cluster.home("alice").join("pi.c"), source)?;
    evidence.type_line(cluster, HEAD, "alice", "mpicc.openmpi -O2 -o pi pi.c")?;
    let expected = "pi 3.1415926536, 6 processes: n1 n1 n2 n2 n3 n3";
    for (how, line) in [
        ("`mpirun` in a batch job", "mpirun.openmpi --bind-to none ./pi"),
        ("`srun --mpi=pmix`", "srun --mpi=pmix ./pi"),
    ] {
        let line = format!("sbatch -Q -W -N3 -n6 -o pi.out --wrap '{line}'; cat pi.out");
        let said = evidence.type_line(cluster, HEAD, "alice", &line)?;
        evidence.same(&format!("six processes compute together, by {how}"), &said.text, expected);
    }
    let said = evidence.type_line(cluster, HEAD, "alice", "srun --mpi=pmix -N3 -n6 ./pi")?;
    evidence.same("the same by `srun` from outside", &said.text, expected);
    Ok(())
}

//! What machines are, against what they were when a plan was made of them. Must not know who asked them.

use crate::Measured;

/// One thing that is not as it was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Drift {
    /// What: a short word, as texts are named.
    pub what: &'static str,
    /// As it was planned with.
    pub was: String,
    /// As it is.
    pub is: String,
}

/// What changed on a machine, as far as the cluster's configuration speaks of it. Memory counts where jobs are promised
/// more than there is, or a quarter more came: not each megabyte of a new kernel.
pub fn compare(was: &Measured, is: &Measured) -> Vec<Drift> {
    let mut found = Vec::new();
    let mut look = |what, was: String, is: String| {
        if was != is {
            found.push(Drift { what, was, is });
        }
    };
    let shape = |m: &Measured| format!("{} x {} x {}", m.sockets, m.cores_per_socket, m.threads_per_core);
    look("name", was.hostname.clone(), is.hostname.clone());
    look("processors", shape(was), shape(is));
    let kinds = |m: &Measured| m.gpu.iter().map(|gpu| gpu.kind.clone()).collect::<Vec<_>>().join(", ");
    look("gpus", kinds(was), kinds(is));
    look("cgroup", format!("{:?}", was.cgroup), format!("{:?}", is.cgroup));
    look("slurm", was.slurm.clone().unwrap_or_default(), is.slurm.clone().unwrap_or_default());
    if is.memory_mib < was.memory_for_jobs(false) || is.memory_mib > was.memory_mib + was.memory_mib / 4 {
        found.push(Drift { what: "memory", was: was.memory_mib.to_string(), is: is.memory_mib.to_string() });
    }
    found
}

//! Which processes of a job belong to its steps: the tasks of `srun` and whatever they started. They bear the step's
//! number in their environment, which a batch script never does (what a submission brings along of an outer step is left
//! out). Must not know what is done to whom.

use std::collections::{HashMap, HashSet};

use nix::unistd::Pid;

use super::super::tree::{self, Process};

/// The variable that tells a step's processes from the script's.
const MARK: &[u8] = b"SLURM_STEP_ID=";

/// The processes of a job, parents before children.
#[derive(Debug)]
pub(super) struct Parts {
    all: Vec<Process>,
    parents: HashMap<Pid, Pid>,
    in_steps: HashSet<Pid>,
}

impl Parts {
    /// Of everybody below a supervisor.
    pub(super) fn below(supervisor: Pid) -> Self {
        let mut parts = Self { all: Vec::new(), parents: HashMap::new(), in_steps: HashSet::new() };
        for (process, stat) in tree::descendants(supervisor) {
            parts.all.push(process);
            parts.parents.insert(process.pid, stat.parent);
            if parts.in_steps.contains(&stat.parent) || is_marked(process.pid) {
                parts.in_steps.insert(process.pid);
            }
        }
        parts
    }

    /// Everybody, and whether they belong to a step.
    pub(super) fn each(&self) -> impl Iterator<Item = (Process, bool)> + '_ {
        self.all.iter().map(|process| (*process, self.in_steps.contains(&process.pid)))
    }

    /// Everybody whom no step needs: neither in one nor its `srun` (which has an end to tell when its tasks are gone) nor
    /// between these and the supervisor. `None`: there is no step.
    pub(super) fn beside_steps(&self) -> Option<Vec<Process>> {
        let own = std::fs::read_link("/proc/self/exe").ok();
        let is_srun =
            |process: &&Process| own.is_some() && std::fs::read_link(format!("/proc/{}/exe", process.pid)).ok() == own;
        let mut needed = self.in_steps.clone();
        needed.extend(self.all.iter().filter(is_srun).map(|process| process.pid));
        if needed.is_empty() {
            return None;
        }
        for pid in needed.clone() {
            let mut above = self.parents.get(&pid);
            while let Some(parent) = above.filter(|parent| needed.insert(**parent)) {
                above = self.parents.get(parent);
            }
        }
        Some(self.all.iter().copied().filter(|process| !needed.contains(&process.pid)).collect())
    }
}

fn is_marked(pid: Pid) -> bool {
    let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environ.split(|byte| *byte == 0).any(|entry| entry.starts_with(MARK))
}

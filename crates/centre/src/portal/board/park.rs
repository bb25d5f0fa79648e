//! What everybody may see of a cluster: its machines and what runs on them, as they were a few seconds ago. Must not know
//! how Slurm says it.

use api::{Board, BoardJob, BoardNode, BoardState};
use dialect::cluster::{nodes::Node, queue::Queued};
use model::{ArrayPlace, JobState, QueueRow};

use super::MOST_JOBS;
use crate::{cluster::Cluster, core::Centre};

impl Centre {
    /// The board of a centre whose jobs a cluster runs.
    pub(super) fn board_of_cluster(&self, cluster: &Cluster, here: Board) -> Board {
        let (park, jobs) = (cluster.park(), cluster.queue());
        let is = |queued: &&Queued, state| queued.row.state == state;
        let mut running: Vec<&Queued> = jobs.clone().filter(|job| runs(job)).collect();
        running.sort_by_key(|job| (std::cmp::Reverse(job.row.cpus), job.row.start, job.row.id));
        let nodes: Vec<BoardNode> = park.nodes.iter().map(seen).collect();
        let takes_none = |node: &BoardNode| matches!(node.state, BoardState::Drained | BoardState::Down);
        let sum = |of: fn(&Node) -> u64| park.nodes.iter().map(of).sum::<u64>();
        Board {
            machine: park.name.clone(),
            cores: Vec::new(),
            memory_mib: sum(|node| node.memory_mib),
            memory_used_mib: sum(|node| node.memory_allocated_mib),
            gpus: sum(|node| node.gpus.into()) as u32,
            gpus_used: sum(|node| node.gpus_allocated.into()) as u32,
            is_drained: !nodes.is_empty() && nodes.iter().all(takes_none),
            nodes,
            running: running.len() as u32,
            waiting: jobs.filter(|job| is(job, JobState::Pending)).map(|job| records(&job.row)).sum(),
            jobs: running.into_iter().take(MOST_JOBS).map(|job| self.seen_in_queue(cluster, job)).collect(),
            ..here
        }
    }

    pub(super) fn seen_in_queue(&self, cluster: &Cluster, job: &Queued) -> BoardJob {
        let row = &job.row;
        // Slurm writes names of accounts in small letters.
        let mut projects = self.people.projects.iter();
        let project = projects.find(|project| project.public && project.name.eq_ignore_ascii_case(&row.account));
        BoardJob {
            project: project.map(|project| (project.name.clone(), project.description.clone())),
            cores: row.cpus.div_ceil(cluster.threads_of(&row.node)),
            since: row.start.unwrap_or(self.now),
            until: row.end,
            is_suspended: row.state == JobState::Suspended,
        }
    }
}

/// Whether it is on its machines.
pub(super) fn runs(job: &Queued) -> bool {
    matches!(job.row.state, JobState::Running | JobState::Suspended)
}

/// How many jobs a row of the queue is.
fn records(row: &QueueRow) -> u64 {
    match &row.array {
        ArrayPlace::Pending { tasks, .. } => tasks.len(),
        ArrayPlace::Single | ArrayPlace::Task { .. } => 1,
    }
}

/// A machine as everybody understands it. What is worse comes first: a machine that is off and out of service is out of
/// service.
pub(super) fn seen(node: &Node) -> BoardNode {
    let any = |states: &[&str]| states.iter().any(|state| node.is(state));
    let state = if any(&["POWERING_UP", "POWERING_DOWN", "POWER_UP", "POWER_DOWN", "REBOOT_ISSUED"]) {
        BoardState::Switching
    } else if any(&["POWERED_DOWN"]) {
        BoardState::Off
    } else if !node.is_up() || any(&["ERROR", "FAIL"]) {
        BoardState::Down
    } else if node.cpus_allocated > 0 {
        BoardState::Busy
    } else if any(&["DRAIN", "DRAINED", "MAINT", "MAINTENANCE", "FAILING", "RESERVED", "PLANNED_DOWN"]) {
        BoardState::Drained
    } else {
        BoardState::Free
    };
    let threads = node.threads_per_core.max(1);
    BoardNode {
        name: node.name.clone(),
        state,
        cores: node.cpus.div_ceil(threads),
        busy: node.cpus_allocated.div_ceil(threads),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_as_everybody_understands_them() {
        let node = |states: &str, cpus_allocated| Node {
            name: "n1".to_owned(),
            cpus: 16,
            threads_per_core: 2,
            cpus_allocated,
            states: states.split('+').map(str::to_owned).collect(),
            ..Node::default()
        };
        for (states, cpus, state, busy) in [
            ("IDLE", 0, BoardState::Free, 0),
            ("MIXED", 3, BoardState::Busy, 2),
            ("ALLOCATED", 16, BoardState::Busy, 8),
            ("ALLOCATED+DRAIN", 16, BoardState::Busy, 8),
            ("IDLE+DRAIN", 0, BoardState::Drained, 0),
            ("IDLE+POWERED_DOWN", 0, BoardState::Off, 0),
            ("IDLE+POWERING_UP", 0, BoardState::Switching, 0),
            ("MIXED+POWERING_UP+NOT_RESPONDING", 4, BoardState::Switching, 2),
            ("DOWN", 0, BoardState::Down, 0),
            ("IDLE+NOT_RESPONDING", 0, BoardState::Down, 0),
        ] {
            let seen = seen(&node(states, cpus));
            assert_eq!((seen.state, seen.busy, seen.cores), (state, busy, 8), "{states}");
        }
    }
}

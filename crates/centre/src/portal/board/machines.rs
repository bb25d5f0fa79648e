//! The machines one by one: those that compute, here or in a cluster, and those that only report. Who runs the centre is
//! told what the machines say of themselves, everybody whether they are well. Must not know pages.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use api::{
    AgentRow, BoardJob, BoardReply, BoardState, MachineHealth, MachineInside, MachineShown, MachinesBoard, PortalReply,
    Reply,
};
use dialect::{cluster::nodes::Node, cluster::queue::Queued, values::hostlist};
use model::{NodePower, NodeRow};

use super::park;
use crate::{
    cluster::Cluster,
    connection::ConnId,
    core::Centre,
    portal::{caller::Caller, roles::Action},
};

/// So many jobs of a machine are told; of others only how many there are.
const MOST_JOBS: usize = 12;
/// So many machines at once.
const MOST: u32 = 500;

/// As people put machines in order: `n2` comes before `n10`.
fn place(name: &str) -> (&str, u64, &str) {
    let digits = name.find(|letter: char| letter.is_ascii_digit()).unwrap_or(name.len());
    let (stem, rest) = name.split_at(digits);
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    (stem, rest[..end].parse().unwrap_or(0), name)
}

impl Centre {
    /// Those of one name, or so many behind one.
    pub(super) fn board_machines(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        name: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) {
        let mut reports: BTreeMap<String, AgentRow> =
            self.agent_rows().into_iter().filter(|row| row.enrolled).map(|row| (row.name.clone(), row)).collect();
        let mut all = match &self.cluster {
            Some(cluster) => cluster.park().nodes.iter().map(of_cluster).collect(),
            None => self.own_machines(),
        };
        let only: Vec<String> =
            reports.keys().filter(|name| all.iter().all(|one| one.name != **name)).cloned().collect();
        all.extend(only.into_iter().map(|name| MachineShown { name, ..MachineShown::default() }));
        all.sort_by(|one, other| place(&one.name).cmp(&place(&other.name)));
        let mut states: Vec<(Option<BoardState>, u32)> = Vec::new();
        for machine in &all {
            match states.iter_mut().find(|(state, _)| *state == machine.state) {
                Some((_, count)) => *count += 1,
                None => states.push((machine.state, 1)),
            }
        }
        all.retain(|one| name.is_none_or(|name| one.name == name));
        all.retain(|one| after.is_none_or(|after| place(&one.name) > place(after)));
        let limit = limit.clamp(1, MOST) as usize;
        let more = all.len() > limit;
        all.truncate(limit);
        self.put_jobs(&mut all);
        let sees_inside = caller.may(Action::SeeInside);
        for machine in &mut all {
            let report = reports.remove(&machine.name);
            if let Some(report) = &report {
                heard(machine, report);
            }
            match &mut machine.inside {
                Some(inside) if sees_inside => inside.report = report,
                inside => *inside = None,
            }
        }
        let cluster = self.cluster.as_ref().map_or_else(String::new, |cluster| cluster.park().name.clone());
        let board = MachinesBoard { now: self.now, cluster, states, machines: all, more };
        let reply = PortalReply::Board(BoardReply::Machines(Box::new(board)));
        self.reply(conn, &Reply::Portal(Box::new(reply)));
    }

    /// The machine, or the parts of it that can be switched.
    fn own_machines(&self) -> Vec<MachineShown> {
        let rows = self.node_rows();
        let is_whole = rows.len() == 1;
        let power = self.drawn_now();
        let shown = |row: NodeRow| MachineShown {
            power_mw: power.filter(|_| is_whole),
            memory_used_mib: is_whole.then_some(row.memory_allocated_mib),
            ..of_this_machine(row)
        };
        rows.into_iter().map(shown).collect()
    }

    /// What runs on each of these.
    fn put_jobs(&self, machines: &mut [MachineShown]) {
        let mut jobs = match &self.cluster {
            Some(cluster) => self.jobs_of_cluster(cluster),
            None => self.jobs_here(),
        };
        for machine in machines.iter_mut().filter(|machine| machine.state.is_some()) {
            let mut own = jobs.remove(&machine.name).unwrap_or_default();
            machine.running = own.len() as u32;
            own.truncate(MOST_JOBS);
            machine.jobs = own;
        }
    }

    fn jobs_here(&self) -> HashMap<String, Vec<BoardJob>> {
        let mut all: HashMap<String, Vec<BoardJob>> = HashMap::new();
        for (run, placement, start) in self.greatest_runs() {
            let nodes = self.state.nodes_of(run.job);
            let names = if nodes.is_empty() { vec![&*self.node] } else { nodes };
            let job = self.board_job(run, placement, start);
            for name in names {
                all.entry(name.to_owned()).or_default().push(job.clone());
            }
        }
        all
    }

    fn jobs_of_cluster(&self, cluster: &Cluster) -> HashMap<String, Vec<BoardJob>> {
        let mut running: Vec<&Queued> = cluster.queue().filter(|job| park::runs(job)).collect();
        running.sort_by_key(|job| (Reverse(job.row.cpus), job.row.start, job.row.id));
        let mut all: HashMap<String, Vec<BoardJob>> = HashMap::new();
        for job in running {
            let shown = self.seen_in_queue(cluster, job);
            for name in hostlist::expand(&job.row.node).unwrap_or_default() {
                all.entry(name).or_default().push(shown.clone());
            }
        }
        all
    }
}

/// What a report changes in what everybody sees.
fn heard(machine: &mut MachineShown, report: &AgentRow) {
    let any = |state: &str| report.findings.iter().any(|one| one.state == state);
    machine.power_mw = machine.power_mw.or(report.power_mw);
    machine.health = match () {
        () if report.silent_ms.is_some() => MachineHealth::Silent,
        () if any("bad") => MachineHealth::Bad,
        () if any("good") => MachineHealth::Good,
        () => MachineHealth::Unknown,
    };
    if machine.state.is_none() {
        (machine.cores, machine.memory_mib) = (report.cores, report.memory_mib);
        machine.inside.get_or_insert_default();
    }
}

fn of_cluster(node: &Node) -> MachineShown {
    let seen = park::seen(node);
    let inside = MachineInside { slurm: node.states.join("+"), reason: node.reason.clone(), report: None };
    MachineShown {
        name: seen.name,
        state: Some(seen.state),
        cores: seen.cores,
        busy: seen.busy,
        memory_mib: node.memory_mib,
        memory_used_mib: Some(node.memory_allocated_mib),
        gpus: node.gpus,
        gpus_used: node.gpus_allocated,
        inside: Some(Box::new(inside)),
        ..MachineShown::default()
    }
}

fn of_this_machine(row: NodeRow) -> MachineShown {
    let state = match row.power {
        NodePower::Failed { .. } => BoardState::Down,
        NodePower::On if !row.up => BoardState::Down,
        NodePower::On if row.cpus_allocated > 0 => BoardState::Busy,
        NodePower::On if row.drained.is_some() => BoardState::Drained,
        NodePower::On => BoardState::Free,
        NodePower::Off => BoardState::Off,
        NodePower::GoingOff | NodePower::Booting => BoardState::Switching,
    };
    let threads = row.threads_per_core.max(1);
    let reason = row.drained.map(|(reason, ..)| reason);
    MachineShown {
        name: row.name,
        state: Some(state),
        cores: row.cpus.div_ceil(threads),
        busy: row.cpus_allocated.div_ceil(threads),
        memory_mib: row.memory_mib,
        gpus: row.gpus,
        gpus_used: row.gpus_allocated,
        inside: Some(Box::new(MachineInside { reason, ..MachineInside::default() })),
        ..MachineShown::default()
    }
}

#[cfg(test)]
mod tests {
    use api::AgentFinding;

    use super::*;

    #[test]
    fn machines_are_in_the_order_of_people() {
        let mut names = ["n10", "n2", "login", "n2-b", "", "gpu1", "n1"];
        names.sort_by(|one, other| place(one).cmp(&place(other)));
        assert_eq!(names, ["", "gpu1", "login", "n1", "n2", "n2-b", "n10"]);
    }

    #[test]
    fn a_silent_machine_is_neither_well_nor_ill() {
        let finding =
            |state: &str| AgentFinding { name: "cpus".to_owned(), state: state.to_owned(), text: String::new() };
        for (silent_ms, states, expected) in [
            (None, vec![], MachineHealth::Unknown),
            (None, vec!["unknown"], MachineHealth::Unknown),
            (None, vec!["unknown", "good"], MachineHealth::Good),
            (None, vec!["good", "bad"], MachineHealth::Bad),
            (Some(90_000), vec!["good", "bad"], MachineHealth::Silent),
        ] {
            let findings = states.iter().map(|state| finding(state)).collect();
            let report = AgentRow { silent_ms, findings, cores: 4, power_mw: Some(7), ..AgentRow::default() };
            let mut machine = MachineShown::default();
            heard(&mut machine, &report);
            assert_eq!((machine.health, machine.cores, machine.power_mw), (expected, 4, Some(7)), "{report:?}");
        }
    }
}

//! What a run of the cluster costs: the price that any run has, by the same code, in the batch that writes the run. Must not
//! know what a price is made of.

use ledger::price::Usage;
use model::{JobState, Memory, QueueRow, Reason, RunId, Time};
use store::ClusterRun;

use super::Cluster;
use crate::{
    core::Centre,
    money::{ToldEnd, ToldRun},
};

impl Cluster {
    /// The first of a run's machines: all of a run's machines are of one type.
    fn first_node(nodes: &str) -> String {
        if !nodes.contains(['[', ',']) {
            return nodes.to_owned();
        }
        let names = dialect::values::hostlist::expand(nodes).unwrap_or_default();
        names.into_iter().next().unwrap_or_default()
    }

    /// Physical cores that a request will hold, of whatever machine.
    pub(crate) fn cores_of(&self, request: &model::Request) -> u32 {
        let each = self.threads.values().copied().max().unwrap_or(1);
        request.cpus().div_ceil(request.threads_per_core.unwrap_or(u32::MAX).min(each).max(1))
    }

    /// QOS whose jobs only urgent ones displace: who was displaced out of it was by an emergency.
    fn only_urgent_displaces(&self, qos: &str) -> bool {
        let mut displacing = self.park.qos.iter().filter(|one| one.preempts.iter().any(|name| name == qos)).peekable();
        displacing.peek().is_some() && displacing.all(|one| one.name == "urgent")
    }
}

/// What a run held of machines of a kind with so many threads a core: threads, memory, GPUs; and when. The same as
/// [`crate::money`] makes of a run of this machine, so that either has the same price.
pub(crate) fn held(
    machine: String,
    threads: u32,
    (cpus, memory_mib, gpus): (u32, Option<u64>, u32),
    (start, end): (Time, Time),
) -> Usage {
    Usage {
        machine,
        start,
        end: end.max(start),
        cores: cpus.div_ceil(threads.max(1)),
        memory_mib: memory_mib.unwrap_or(0),
        gpus,
        ..Usage::default()
    }
}

impl Centre {
    /// What a run held, as the ledger counts it: cores, where Slurm counts threads.
    fn held_by(&self, nodes: &str, cpus: u32, memory_mib: Option<u64>, gpus: u32, from: Time, until: Time) -> Usage {
        let first = Cluster::first_node(nodes);
        let cluster = self.cluster.as_ref();
        let threads = cluster.and_then(|cluster| cluster.threads.get(&first)).copied().unwrap_or(1).max(1);
        let kind = cluster.and_then(|cluster| cluster.kinds.get(&first)).cloned();
        held(kind.unwrap_or_else(|| self.machine_kind()), threads, (cpus, memory_mib, gpus), (from, until))
    }

    /// What a run that goes on has used so far, with the energy that its machines told; `None`: it has not begun. A
    /// row of the queue tells memory for each machine, or for each CPU.
    pub(crate) fn used_so_far_there(&self, row: &QueueRow) -> Option<Usage> {
        let start = row.start?;
        let memory = match row.memory {
            Memory::PerNode(mib) => Some(mib * u64::from(row.nodes.max(1))),
            Memory::PerCpu(mib) => Some(mib * u64::from(row.cpus)),
            Memory::Default | Memory::Unlimited => None,
        };
        let mut usage = self.held_by(&row.node, row.cpus, memory, row.gpus, start, start + row.elapsed(self.now));
        usage.energy_uj = self.energy_there(row.id, start);
        Some(usage)
    }

    /// Prices a run that the accounting told; of one that it told otherwise before, the difference.
    pub(super) fn settle_told(&mut self, run: &ClusterRun) {
        let finished = &run.finished;
        let stops = finished.suspended;
        let usage = finished.start.map(|start| {
            let memory = finished.placement.memory_mib;
            let mut usage = self.held_by(&run.nodes, run.cpus, memory, run.gpus, start, finished.end - stops);
            usage.energy_uj = run.energy_uj;
            usage
        });
        let before = match run.is_known {
            true => Some(self.told_before(finished.run, &run.key, &run.nodes)),
            false => None,
        };
        let end = self.how_it_ended(run);
        let (project, member) = (run.spec.account.clone(), run.spec.owner.uid);
        let limit = run.spec.time_limit.span();
        let mark = format!("slurm {} {:016x}", run.key, run.mark);
        let machines = self.awaited_of(&run.nodes);
        self.settle_run(ToldRun { run: finished.run, project, member, usage, before, limit, end, mark, machines });
    }

    /// What was priced before of a row that has changed since.
    fn told_before(&self, run: RunId, key: &str, nodes: &str) -> Option<Usage> {
        let known = self.reader.cluster_runs(run.job).ok()?;
        let held = known.into_iter().find(|one| one.key == key)?.held?;
        let start = held.start?;
        Some(self.held_by(nodes, held.cpus, held.memory_mib, held.gpus, start, held.end - held.suspended))
    }

    fn how_it_ended(&self, run: &ClusterRun) -> ToldEnd {
        let cluster = self.cluster.as_ref();
        let by_urgent = || cluster.is_some_and(|cluster| cluster.only_urgent_displaces(&run.spec.qos));
        match run.finished.state {
            _ if run.finished.reason == Reason::NodeFailure => ToldEnd::MachineFailed,
            JobState::Preempted if by_urgent() => ToldEnd::Displaced,
            _ => ToldEnd::Itself,
        }
    }
}

//! Which runs of the cluster hold what of which machine: the queue tells who is there, the accounting who was, and how much
//! CPU time they used in all. Must not know what a run costs.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use dialect::values::hostlist;
use energy::live::Holds;
use model::{JobId, JobState, RunId, Span, Time};
use store::{ClusterRun, EndedThere};

use crate::{
    cluster::Cluster,
    core::Centre,
    metering::{Over, Running},
};

/// A run that is neither in the queue nor in the accounting for so long is over, as far as energy goes.
const MISSED: Span = Span::minutes(10);

/// Runs that hold something, or did a moment ago, by number: when each began, and which it is.
#[derive(Default)]
pub(crate) struct Runs {
    known: HashMap<JobId, Vec<(Time, RunId)>>,
    /// Since when one that is not over is in no listing.
    missed: HashMap<RunId, Time>,
}

impl Runs {
    /// The run of a job that was there at an instant: the last that had begun.
    pub(super) fn of(&self, job: u32, at: Time) -> Option<RunId> {
        let known = self.known.get(&JobId(job))?;
        known.iter().filter(|(start, _)| *start <= at).max_by_key(|(start, _)| *start).map(|(_, run)| *run)
    }

    fn learn(&mut self, start: Time, run: RunId) {
        let known = self.known.entry(run.job).or_default();
        known.retain(|(_, other)| *other != run);
        known.push((start, run));
        if known.len() > 8 {
            known.remove(0);
        }
    }
}

/// What a run holds of one of its machines: an even part of its CPUs, the first having what does not divide.
fn part(cpus: u32, memory_mib: Option<u64>, place: usize, machines: usize, threads: u32) -> Holds {
    let machines = machines.max(1) as u32;
    let cpus = cpus / machines + u32::from((place as u32) < cpus % machines);
    Holds { cores: cpus.div_ceil(threads.max(1)), memory_mib: memory_mib.unwrap_or(0), gpus: Vec::new() }
}

impl Centre {
    /// What a run holds of a machine, if that is one of its own.
    fn part_of(&self, name: &str, nodes: &str, cpus: u32, memory_mib: Option<u64>) -> Option<Holds> {
        let names = hostlist::expand(nodes).unwrap_or_default();
        let place = names.iter().position(|one| one == name)?;
        let threads = self.cluster.as_ref().map_or(1, |cluster| cluster.threads_of(name));
        Some(part(cpus, memory_mib, place, names.len(), threads))
    }

    /// Those of the queue that hold something of a machine.
    pub(super) fn running_there(&self, name: &str) -> Vec<Running> {
        let rows = self.cluster.as_ref().map(Cluster::holding).into_iter().flatten();
        let one = |row: &model::QueueRow| {
            let start = row.start?;
            let known = self.agents.runs.known.get(&row.id)?;
            let (_, run) = known.iter().find(|(at, _)| *at == start)?;
            let holds = self.part_of(name, &row.node, row.cpus, memory(row))?;
            let suspended = (row.state == JobState::Suspended).then_some(self.now);
            Some(Running { run: *run, start, holds, suspended })
        };
        rows.filter_map(one).collect()
    }

    /// Energy that machines told of a job that began then, so far.
    pub(crate) fn energy_there(&self, job: JobId, start: Time) -> i64 {
        let known = self.agents.runs.known.get(&job);
        let run = known.and_then(|known| known.iter().find(|(at, _)| *at == start)).map(|(_, run)| *run);
        run.map_or(0, |run| self.energy_so_far(run).0)
    }

    /// A run that is over, as far as a machine is concerned. Of its CPU time on several, each had an even part.
    pub(super) fn over_there(&self, name: &str, ended: &EndedThere) -> Option<Over> {
        let holds = self.part_of(name, &ended.nodes, ended.cpus, ended.memory_mib)?;
        let machines = hostlist::expand(&ended.nodes).map_or(1, |names| names.len().max(1)) as u64;
        let EndedThere { run, start, end, cpu_us, .. } = *ended;
        Some(Over { run, start, end, holds, cpu_us: cpu_us / machines })
    }

    /// The queue was looked at: runs that hold something since, and those that stand still.
    pub(crate) fn agents_see_queue(&mut self) {
        let Some(cluster) = self.cluster.as_ref().filter(|_| !self.agents.is_empty()) else { return };
        let rows: Vec<model::QueueRow> = cluster.holding().cloned().collect();
        let mut there = BTreeSet::new();
        for row in rows {
            let Some(start) = row.start else { continue };
            let Some(run) = self.run_begun(row.id, start) else { continue };
            there.insert(run);
            let names = hostlist::expand(&row.node).unwrap_or_default();
            for name in names {
                let Some(holds) = self.part_of(&name, &row.node, row.cpus, memory(&row)) else { continue };
                let Some(account) = self.agents.all.get_mut(&*name).and_then(|agent| agent.account.as_mut()) else {
                    continue;
                };
                account.keeper.live().begin(run, start, holds);
                account.keeper.live().stand_still(run, self.now, row.state == JobState::Suspended);
            }
        }
        self.miss(&there);
    }

    /// Which run began then. A requeue begins another one; as long as the accounting has not told the end of the one
    /// before, its number is not known.
    fn run_begun(&mut self, job: JobId, start: Time) -> Option<RunId> {
        let known = self.agents.runs.known.get(&job);
        if let Some((_, run)) = known.and_then(|known| known.iter().find(|(at, _)| *at == start)) {
            return Some(*run);
        }
        let told = self.reader.cluster_runs(job).ok()?;
        let attempt = told.iter().map(|one| one.attempt + 1).max().unwrap_or(0);
        let run = RunId { job, attempt };
        if known.is_some_and(|known| known.iter().any(|(_, other)| *other == run)) {
            return None;
        }
        self.agents.runs.learn(start, run);
        Some(run)
    }

    /// Runs that are in no listing any more, and that no accounting tells of, are over.
    fn miss(&mut self, there: &BTreeSet<RunId>) {
        let now = self.now;
        let agents = &mut self.agents;
        let mut gone = BTreeSet::new();
        for account in agents.all.values_mut().filter_map(|agent| agent.account.as_mut()) {
            let live = account.keeper.live();
            let missing: Vec<RunId> = live.running().filter(|run| !there.contains(run)).collect();
            for run in missing {
                let since = *agents.runs.missed.entry(run).or_insert(now);
                if now - since > MISSED {
                    let counted = live.counted(run).unwrap_or(0);
                    live.end(run, since, counted);
                }
                gone.insert(run);
            }
        }
        agents.runs.missed.retain(|run, _| gone.contains(run));
        let is_needed = |job: &JobId| there.iter().chain(&gone).any(|run| run.job == *job);
        if agents.runs.known.len() > 2 * (there.len() + gone.len()) + 1000 {
            agents.runs.known.retain(|job, _| is_needed(job));
        }
    }

    /// The accounting told a run.
    pub(crate) fn agents_see_end(&mut self, told: &ClusterRun) {
        let finished = &told.finished;
        let Some(start) = finished.start.filter(|_| !self.agents.is_empty()) else { return };
        let run = finished.run;
        self.agents.runs.learn(start, run);
        let names = hostlist::expand(&told.nodes).unwrap_or_default();
        let mut counted = 0;
        for name in &names {
            let holds = self.part_of(name, &told.nodes, told.cpus, finished.placement.memory_mib);
            let account = self.agents.all.get_mut(&**name).and_then(|agent| agent.account.as_mut());
            if let (Some(holds), Some(account)) = (holds, account) {
                account.keeper.live().begin(run, start, holds);
                counted += account.keeper.live().counted(run).unwrap_or(0);
            }
        }
        // What is not counted yet was used since, in even parts: the accounting has one sum for all machines.
        let used = finished.usage.user_us + finished.usage.system_us;
        let rest = used.saturating_sub(counted) / names.len().max(1) as u64;
        for name in &names {
            if let Some(account) = self.agents.all.get_mut(&**name).and_then(|agent| agent.account.as_mut()) {
                let live = account.keeper.live();
                let counted = live.counted(run).unwrap_or(0);
                live.end(run, finished.end, counted + rest);
            }
        }
    }

    /// Machines whose account of a run is not closed and will be: they report, and have meters.
    pub(crate) fn awaited_of(&self, nodes: &str) -> BTreeSet<Arc<str>> {
        if self.agents.is_empty() {
            return BTreeSet::new();
        }
        let names = hostlist::expand(nodes).unwrap_or_default();
        let agents = names.iter().filter_map(|name| self.agents.all.get(&**name));
        let tell = agents.filter(|agent| agent.account.is_some() && !agent.is_silent(self.now));
        tell.map(|agent| agent.name.clone()).collect()
    }
}

fn memory(row: &model::QueueRow) -> Option<u64> {
    match row.memory {
        model::Memory::PerNode(mib) => Some(mib),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole() {
        for (cpus, machines) in [(7, 3), (1, 4), (64, 2), (0, 1)] {
            let sum: u32 = (0..machines).map(|place| part(cpus, None, place, machines, 1).cores).sum();
            assert_eq!(sum, cpus);
        }
        assert_eq!(part(8, Some(5), 0, 2, 2), Holds { cores: 2, memory_mib: 5, gpus: Vec::new() });
    }

    #[test]
    fn a_requeued_job_is_another_run() {
        let mut runs = Runs::default();
        let run = |attempt| RunId { job: JobId(7), attempt };
        runs.learn(Time(100), run(0));
        runs.learn(Time(500), run(1));
        let of = |at| runs.of(7, Time(at));
        assert_eq!((of(50), of(100), of(499), of(500)), (None, Some(run(0)), Some(run(0)), Some(run(1))));
        assert_eq!(runs.of(8, Time(600)), None);
    }
}

//! Invariants: what must hold whatever happened. Tests call this after each step; it is slow on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use model::JobId;

use crate::array::Array;
use crate::by_node::parts;
use crate::class::ClassNumber;
use crate::floor::Floor;
use crate::job::{Extra, Job, Phase, Slot};
use crate::state::State;
use crate::uses::Uses;

impl State {
    /// Says what is wrong with the state: something of the machine given twice, indexes that do not agree with the
    /// jobs, counters that do not add up.
    ///
    /// # Errors
    /// A text for whoever looks for the mistake.
    pub fn check(&self) -> Result<(), String> {
        self.check_machine()?;
        self.check_classes()?;
        self.check_indexes()?;
        self.index.queue.check(&self.classes)
    }

    /// A number that two states share if they know the same, however they came to know it. What merely follows from the
    /// clock is left out. Slow, for tests.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for job in self.jobs.values() {
            let mut plain = Job { slot: Slot::Out, ..job.clone() };
            if let Some(extra) = &mut plain.extra {
                (extra.timer, extra.held, extra.expected) = (None, None, None);
            }
            plain.extra = plain.extra.filter(|extra| **extra != Extra::default());
            format!("{plain:?} {:?}", self.class_of(job).traits).hash(&mut hasher);
        }
        for (id, array) in &self.arrays {
            let plain = Array { waiting: BTreeSet::new(), ..array.clone() };
            format!("{id} {plain:?}").hash(&mut hasher);
        }
        let nodes: Vec<_> = self.nodes.views().map(|view| view.doing.without_idle()).collect();
        let rest = (&self.fair, &self.reservations, &self.drained, self.next_id, nodes);
        format!("{rest:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// No core and no GPU has two users, memory is enough, and the books on it are right.
    fn check_machine(&self) -> Result<(), String> {
        let topology = &self.rules.topology;
        let mut cores: BTreeMap<u32, JobId> = BTreeMap::new();
        let mut memory = 0;
        let mut memory_on = vec![0; topology.nodes.len()];
        let mut floor = Floor::new(topology);
        let mut uses = Uses::default();
        for (id, job) in &self.jobs {
            let Phase::Active(active) = &job.phase else { continue };
            memory += active.placement.memory_mib.unwrap_or(0);
            for (node, part) in parts(active.placement.memory_mib.unwrap_or(0), &active.cores, topology) {
                memory_on[node] += part.memory;
            }
            if active.uses_cores() {
                for core in &active.cores {
                    if let Some(other) = cores.insert(*core, *id) {
                        return Err(format!("core {core} is used by jobs {other} and {id}"));
                    }
                }
                floor.use_cores(topology, *id, &active.cores);
            } else if active.stop.is_some_and(|stop| stop.cause.is_some()) {
                floor.lend(topology, *id, &active.cores);
            }
            if let Some(gpu) = active.gpus.iter().find(|gpu| floor.gpu_user(**gpu).is_some()) {
                return Err(format!("GPU {gpu} is given twice, to job {id} too"));
            }
            floor.take(topology, *id, active.placement.memory_mib.unwrap_or(0), (&active.cores, &active.gpus));
            if let Some(share) = self.share(job) {
                uses.add(&share);
            }
        }
        self.check_nodes(&mut floor)?;
        if memory > topology.total.memory {
            return Err(format!("{memory} MiB are given, there are {}", topology.total.memory));
        }
        for (node, used) in topology.nodes.iter().zip(&memory_on) {
            if topology.binds_memory() && *used > node.amount.memory {
                return Err(format!("{memory_on:?} MiB are given on nodes, of which one has {}", node.amount.memory));
            }
        }
        if !self.floor.agrees_with(&floor) {
            return Err("what is in use is not what runs".to_owned());
        }
        let mut submitted = BTreeMap::new();
        for job in self.jobs.values().filter(|job| !job.is_done()) {
            *submitted.entry(self.uid_of(job)).or_insert(0) += job.task_count();
        }
        if submitted != self.submitted {
            return Err(format!("users have {submitted:?} jobs, {:?} are counted", self.submitted));
        }
        if !self.uses.agrees_with(&uses) {
            return Err("the counters of limits are wrong".to_owned());
        }
        Ok(())
    }

    /// Runs have their places on nodes that are on, and are counted there.
    fn check_nodes(&self, floor: &mut Floor) -> Result<(), String> {
        let topology = &self.rules.topology;
        let mut runs = vec![0; topology.nodes.len()];
        for job in self.jobs.values() {
            let Some(active) = job.active() else { continue };
            topology.nodes_of(&active.cores, &active.gpus).into_iter().for_each(|node| runs[node] += 1);
        }
        for (node, view) in self.nodes.views().enumerate() {
            if view.runs != runs[node] {
                return Err(format!("{} runs are counted on {}, there are {}", view.runs, view.node.name, runs[node]));
            }
            if !view.doing.is_on() {
                floor.switch(topology, node, false);
                if runs[node] > 0 {
                    return Err(format!("{} has a job and is {:?}", view.node.name, view.doing));
                }
            }
        }
        Ok(())
    }

    /// Classes count their jobs.
    fn check_classes(&self) -> Result<(), String> {
        let mut counts: BTreeMap<ClassNumber, u32> = BTreeMap::new();
        for job in self.jobs.values() {
            *counts.entry(job.class).or_default() += 1;
        }
        for (number, class) in self.classes.iter() {
            if counts.get(&number) != Some(&self.classes.jobs(number)) {
                return Err(format!("class {number:?} of {:?} miscounts its jobs", class.traits.request));
            }
        }
        Ok(())
    }

    /// Every job is in the indexes it belongs in, and in no others.
    fn check_indexes(&self) -> Result<(), String> {
        let queued: usize = self.classes.iter().map(|(_, class)| class.line.len()).sum();
        let slots = self.jobs.values().filter(|job| job.slot == Slot::Queued).count();
        if queued != slots {
            return Err(format!("{queued} jobs stand in lines, {slots} should"));
        }
        for (number, class) in self.classes.iter() {
            for id in class.line.iter() {
                if self.jobs.get(&id).is_none_or(|job| job.class != number || job.slot != Slot::Queued) {
                    return Err(format!("job {id} stands in a line it does not belong in"));
                }
            }
        }
        if self.index.by_user.len() != self.jobs.len() {
            return Err("the index by user is wrong".to_owned());
        }
        // Entering every job anew must give the very same indexes.
        let mut fresh = self.clone();
        for id in self.jobs.keys() {
            fresh.unindex(*id);
        }
        let empty = fresh.index.timers.len()
            + fresh.index.waiters.len()
            + fresh.index.singles.len()
            + fresh.index.doomed.len()
            + fresh.index.active.len()
            + fresh.index.done.len()
            + fresh.arrays.values().map(|array| array.waiting.len()).sum::<usize>();
        if empty != 0 {
            return Err(format!("{empty} entries of indexes belong to no job"));
        }
        for id in self.jobs.keys() {
            fresh.index_job(*id);
        }
        let differs = |what: &str, same: bool| if same { Ok(()) } else { Err(format!("the index of {what} is wrong")) };
        differs("timers", fresh.index.timers == self.index.timers)?;
        differs("waiters", fresh.index.waiters == self.index.waiters)?;
        differs("singletons", fresh.index.singles == self.index.singles)?;
        differs("doomed jobs", fresh.index.doomed == self.index.doomed)?;
        differs("active jobs", fresh.index.active == self.index.active)?;
        differs("finished jobs", fresh.index.done == self.index.done)?;
        differs("arrays", fresh.arrays == self.arrays)?;
        differs("jobs", fresh.jobs == self.jobs)
    }
}

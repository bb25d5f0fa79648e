//! Making place for a public emergency: the fewest and least important runs that must go, and their way back. Must not
//! know who was named urgent by whom.

use std::cmp::Reverse;

use model::{JobId, Time};

use super::start::Pass;
use crate::by_node::parts;
use crate::class::{Class, ClassNumber};
use crate::config::PreemptMode;
use crate::event::{RequeueCause, What};
use crate::job::{Active, Job};
use crate::placement::place_with_memory;
use crate::resources::Amount;
use crate::state::State;

/// What a job could have once some runs have made place.
#[derive(Clone)]
struct Clearing {
    cores: Vec<bool>,
    gpus: Vec<bool>,
    memory: u64,
    /// Memory left on each node.
    memory_on: Vec<u64>,
    /// Cores left in its partition.
    cap: Option<i64>,
}

/// A run that may be displaced.
struct Victim<'a> {
    job: &'a Job,
    active: &'a Active,
    mode: PreemptMode,
}

impl Clearing {
    /// What is there now, and what is about to be given back anyway.
    fn now(state: &State, class: &Class) -> Self {
        let topology = &state.rules.topology;
        let most = state.rules.partition_of(&class.standing).and_then(|partition| partition.max_cores);
        let mut clearing = Clearing {
            cores: (0..topology.cores.len()).map(|core| state.may_use(class, core)).collect(),
            gpus: state.floor.free_gpus(),
            memory: state.floor.free().memory,
            memory_on: state.floor.memory_left(topology),
            cap: most.map(|most| state.cap_now(class, most)),
        };
        let ending = state.index.active.iter().filter_map(|id| state.jobs.get(id));
        for (job, active) in ending.filter_map(|job| Some((job, job.active()?))) {
            if active.ending.is_some() {
                clearing.clear(state, class, &Victim { job, active, mode: PreemptMode::Cancel });
            }
        }
        clearing
    }

    /// A run makes place.
    fn clear(&mut self, state: &State, class: &Class, victim: &Victim) {
        let active = victim.active;
        if active.uses_cores() {
            for core in active.cores.iter().map(|core| *core as usize) {
                self.cores[core] = state.floor.lenders(core).iter().all(|lender| state.may_displace(class, *lender));
            }
            if state.class_of(victim.job).traits.partition == class.traits.partition {
                self.cap = self.cap.map(|cap| cap + active.cores.len() as i64);
            }
        }
        // A stopped run keeps its memory and its GPUs.
        if victim.mode != PreemptMode::Suspend {
            active.gpus.iter().for_each(|gpu| self.gpus[*gpu] = true);
            let memory = active.placement.memory_mib.unwrap_or(0);
            self.memory += memory;
            for (node, part) in parts(memory, &active.cores, &state.rules.topology) {
                self.memory_on[node] += part.memory;
            }
        }
    }

    /// Whether a job of this class can start then; `kept` is for others.
    fn is_enough(&self, state: &State, class: &Class, kept: &Amount) -> bool {
        let topology = &state.rules.topology;
        let need = &class.standing.need;
        let mut amount = Amount { memory: self.memory, ..Amount::default() };
        for (core, place) in topology.cores.iter().enumerate() {
            amount.cores[place.kind as usize] += u32::from(self.cores[core]);
        }
        for (gpu, place) in topology.gpus.iter().enumerate() {
            amount.gpus[place.kind as usize] += u32::from(self.gpus[gpu]);
        }
        need.fits(&amount.less(kept), topology)
            && self.cap.is_none_or(|cap| i64::from(need.core_count(topology)) <= cap)
            && place_with_memory(need, &self.cores, &self.gpus, &self.memory_on, topology).is_some()
    }
}

impl State {
    /// What reservations keep from a class while a job of it would run.
    fn kept_from(&self, class: &Class, now: Time) -> Amount {
        let stay = self.stay(class, now, Amount::default());
        let mut kept = Amount::default();
        for (name, reservation) in &self.reservations {
            let meets = reservation.start < stay.until && now < reservation.end;
            if meets && class.traits.reservation != Some(*name) {
                let inside = self.index.active.iter().filter_map(|id| self.jobs.get(id)).filter_map(|job| {
                    let own = self.class_of(job).traits.reservation == Some(*name);
                    job.active().filter(|_| own).map(|active| self.amount_of(active))
                });
                let inside = inside.fold(Amount::default(), |sum, amount| sum.plus(&amount));
                kept = kept.plus(&self.claim(reservation).less(&inside));
            }
        }
        kept
    }

    /// Whether the partition of a displaced run has cores left for it; nobody waits for ever for a limit that was
    /// lowered meanwhile.
    fn has_cap_for(&self, job: &Job, active: &Active) -> bool {
        let class = self.class_of(job);
        let Some(most) = self.rules.partition_of(&class.standing).and_then(|partition| partition.max_cores) else {
            return true;
        };
        let partition = class.traits.partition;
        let used = self.uses.cores_of_partition(partition).saturating_sub(self.stopped_cores(partition, |_| true));
        used == 0 || used + active.cores.len() as u32 <= most
    }

    /// Runs that a class may displace, the first to go first: least important, then youngest.
    fn victims(&self, class: &Class) -> Vec<Victim<'_>> {
        let mut victims: Vec<Victim> = Vec::new();
        for job in self.index.active.iter().filter_map(|id| self.jobs.get(id)) {
            let Some(active) = job.active().filter(|active| active.ending.is_none()) else { continue };
            let mode = self.rules.displacement(&class.standing, &self.class_of(job).standing);
            let gains = match mode {
                PreemptMode::Off => false,
                PreemptMode::Suspend => active.stop.is_none(),
                PreemptMode::Requeue | PreemptMode::Cancel => true,
            };
            if gains {
                victims.push(Victim { job, active, mode });
            }
        }
        victims.sort_by_key(|victim| (victim.active.priority, Reverse(victim.active.start), Reverse(victim.job.id)));
        victims
    }

    /// The event that displaces a run.
    fn displace(&self, victim: &Victim, by: JobId) -> What {
        let id = victim.job.id;
        match victim.mode {
            PreemptMode::Suspend | PreemptMode::Off => What::Suspended { run: victim.job.run(), cause: Some(by) },
            PreemptMode::Requeue if self.class_of(victim.job).traits.requeue => {
                What::Requeued { id, cause: RequeueCause::Preempted(by), hold: false }
            }
            PreemptMode::Requeue | PreemptMode::Cancel => What::Preempted { id, by },
        }
    }
}

impl Pass<'_> {
    /// What must happen so that a job which may displace others can start; nothing if it cannot be helped, if what it
    /// needs is about to be free, or if another such job waits already: one at a time, so that nobody makes place in
    /// vain.
    pub(super) fn make_place(&mut self, number: ClassNumber, id: JobId) -> Vec<What> {
        if self.somebody_waits() {
            return Vec::new();
        }
        let state = self.state();
        let class = state.classes.get(number);
        let kept = state.kept_from(class, self.now());
        let clearing = Clearing::now(state, class);
        let enough = |clearing: &Clearing| clearing.is_enough(state, class, &kept);
        if enough(&clearing) {
            self.arriving.push(number);
            return Vec::new();
        }
        let with = |victims: &[&Victim]| {
            let mut clearing = clearing.clone();
            victims.iter().for_each(|victim| clearing.clear(state, class, victim));
            clearing
        };
        let all = state.victims(class);
        let single = all.iter().find(|victim| enough(&with(&[*victim])));
        let mut chosen: Vec<&Victim> = Vec::from_iter(single);
        if chosen.is_empty() {
            let mut so_far = clearing.clone();
            for victim in &all {
                so_far.clear(state, class, victim);
                chosen.push(victim);
                if enough(&so_far) {
                    break;
                }
            }
            if !enough(&so_far) {
                return Vec::new();
            }
            // Whoever turns out not to be needed stays, the most important first.
            for at in (0..chosen.len()).rev() {
                let mut fewer = chosen.clone();
                fewer.remove(at);
                if enough(&with(&fewer)) {
                    chosen = fewer;
                }
            }
        }
        self.arriving.push(number);
        chosen.into_iter().map(|victim| state.displace(victim, id)).collect()
    }

    /// Lets a displaced run go on whose cores are free again, if nobody who may displace it is about to start.
    pub(super) fn next_resume(&self) -> Vec<What> {
        let state = self.state();
        let mut stopped: Vec<(&Job, &Active)> = (state.index.active.iter())
            .filter_map(|id| state.jobs.get(id))
            .filter_map(|job| Some((job, job.active()?)))
            .filter(|(_, active)| active.ending.is_none() && active.stop.is_some_and(|stop| stop.cause.is_some()))
            .filter(|(_, active)| state.floor.are_unused(&active.cores))
            .filter(|(job, active)| state.has_cap_for(job, active))
            .collect();
        stopped.sort_by_key(|(job, active)| (Reverse(active.priority), active.start, job.id));
        let wanted =
            |job: &Job| self.arriving.iter().any(|number| state.may_displace(state.classes.get(*number), job.id));
        let next = stopped.into_iter().find(|(job, _)| !wanted(job));
        next.map(|(job, _)| What::Resumed { run: job.run() }).into_iter().collect()
    }
}

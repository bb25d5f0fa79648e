//! What will be free when, if everything runs as long as it may: the base of promises to jobs that wait. Must not know
//! who waits.
//!
//! Where memory belongs to nodes, there is room for a job only where nodes have its cores with their memory; what is
//! planned stands on nodes, those first that are on. What reservations keep is not bound to nodes.
//!
//! What runs goes on to its limit; what is being ended is gone in a moment; what lends its cores goes on when they are
//! free again. Reservations keep their part from everybody else while they are in force.

mod on_nodes;

use std::collections::BTreeSet;

use model::{JobId, Span, Time};

use crate::backfill::delays_nobody;
use crate::by_node::{ByNode, NodeParts};
use crate::class::Class;
use crate::event::Reservation;
use crate::job::{Active, Job};
use crate::names::Name;
use crate::resources::{Amount, Need};
use crate::state::State;
use on_nodes::Timeline;

/// Later than anything that is planned.
pub(super) const NEVER: Time = Time(i64::MAX / 4);

/// Something that is taken for a time: by a run, or in the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    /// From.
    pub from: Time,
    /// Until.
    pub until: Time,
    /// How much.
    pub amount: Amount,
    /// Within this reservation.
    pub reservation: Option<Name>,
    /// In this partition.
    pub partition: Name,
}

impl Stay {
    fn is_at(&self, instant: Time) -> bool {
        self.from <= instant && instant < self.until
    }
}

/// The future, as jobs of one kind see it.
pub(super) struct Horizon<'a> {
    state: &'a State,
    now: Time,
    /// What is free from an instant on, reservations and plans aside; the first is now.
    free: Vec<(Time, Amount)>,
    /// What has a place on the machine...
    stays: Vec<Stay>,
    /// ...and when each of these goes, in order.
    ends: Vec<Time>,
    /// What is planned...
    plans: Vec<Stay>,
    /// ...and each on which nodes.
    planned: Vec<NodeParts>,
    /// What each node has free, what is planned being taken, where memory belongs to nodes.
    on_nodes: Vec<Timeline>,
}

/// What must not be taken from a job that was promised a start.
pub(super) struct Promise {
    /// When it is to start.
    pub at: Time,
    need: Need,
    partition: Name,
    reservation: Option<Name>,
    marks: Vec<Mark>,
    /// What nodes have for it from then to its end, where its memory belongs to them.
    on_nodes: Option<ByNode>,
}

/// How much there is for a promised job at an instant that matters to it.
struct Mark {
    at: Time,
    room: Room,
    cap: Option<u32>,
}

/// What a class may have at an instant.
struct Room {
    /// What is free, without what other reservations keep.
    free: Amount,
    /// Cores that are left in its own reservation; `None`: it has none, or all there are.
    own: Option<u32>,
    /// What other reservations keep.
    kept: Vec<(Name, Amount)>,
}

impl Room {
    /// What is left when something else is taken of what is free, and so many cores of the own reservation.
    fn without(&self, taken: &Amount, own: u32) -> Amount {
        let free = self.free.less(taken);
        self.own.map_or(free, |left| free.at_most_cores(left.saturating_sub(own)))
    }
}

impl State {
    /// How long a job of a class stays if it starts at `from`.
    pub(super) fn stay(&self, class: &Class, from: Time, amount: Amount) -> Stay {
        let until = class.traits.duration().map_or(NEVER, |span| (from + span.max(Span(1))).min(NEVER));
        let (reservation, partition) = (class.traits.reservation, class.traits.partition);
        Stay { from, until, amount, reservation, partition }
    }

    /// What is free now to a class, reservations aside: with the cores that others lend, if it may displace them.
    pub(super) fn free_to(&self, class: &Class) -> Amount {
        let mut free = *self.floor.free();
        if class.standing.displaces && self.floor.has_lenders() {
            for (core, place) in self.rules.topology.cores.iter().enumerate() {
                free.cores[place.kind as usize] += u32::from(self.floor.is_lent(core) && self.may_use(class, core));
            }
        }
        free
    }

    /// Whether a class may have this core now.
    pub(super) fn may_use(&self, class: &Class, core: usize) -> bool {
        !self.floor.is_dark(core)
            && !self.floor.is_used(core)
            && self.floor.lenders(core).iter().all(|lender| self.may_displace(class, *lender))
    }

    /// Whether jobs of a class may take the place of this one.
    pub(super) fn may_displace(&self, class: &Class, other: JobId) -> bool {
        class.standing.displaces
            && self.jobs.get(&other).is_some_and(|job| {
                let other = self.class_of(job);
                self.rules.displacement(&class.standing, &other.standing) != crate::config::PreemptMode::Off
            })
    }

    /// The part of the machine that a reservation keeps: so many cores and as large a part of the memory.
    pub(super) fn claim(&self, reservation: &Reservation) -> Amount {
        let total = &self.rules.topology.total;
        let Some(cores) = reservation.cores else { return *total };
        let all = u64::from(total.core_count().max(1));
        let memory = total.memory / all * u64::from(cores).min(all);
        Amount { memory, gpus: Default::default(), ..total.at_most_cores(cores) }
    }

    /// What a run has.
    pub(super) fn amount_of(&self, active: &Active) -> Amount {
        let topology = &self.rules.topology;
        let memory = active.placement.memory_mib.unwrap_or(0);
        let mut amount = Amount { memory, ..Amount::default() };
        for core in &active.cores {
            amount.cores[topology.cores[*core as usize].kind as usize] += 1;
        }
        for gpu in &active.gpus {
            amount.gpus[topology.gpus[*gpu].kind as usize] += 1;
        }
        amount
    }

    /// When a run is over at the latest, as far as anybody can say.
    fn leaves(&self, job: &Job, active: &Active, now: Time) -> Time {
        let soon = now + Span(1);
        match (&active.ending, active.stop) {
            (Some(_), _) => soon,
            // An operator stopped it, and will let it go on some day.
            (None, Some(_)) => NEVER,
            (None, None) => {
                active.limit(self.class_of(job).traits.time_limit).map_or(NEVER, |limit| limit.max(soon).min(NEVER))
            }
        }
    }
}

impl<'a> Horizon<'a> {
    /// The future as jobs of this class see it; of none: as those do who displace nobody.
    pub fn new(state: &'a State, now: Time, viewer: Option<&Class>) -> Self {
        let topology = &state.rules.topology;
        let mut until: Vec<Time> = vec![now; topology.cores.len()];
        let mut runs: Vec<(&Job, &Active, Time)> = Vec::with_capacity(state.index.active.len());
        let mut lenders: Vec<(&Job, &Active)> = Vec::new();
        for job in state.index.active.iter().filter_map(|id| state.jobs.get(id)) {
            let Some(active) = job.active() else { continue };
            if active.stop.is_some_and(|stop| stop.cause.is_some()) && active.ending.is_none() {
                lenders.push((job, active));
                continue;
            }
            let leaves = state.leaves(job, active, now);
            if active.uses_cores() {
                active.cores.iter().for_each(|core| until[*core as usize] = leaves);
            }
            runs.push((job, active, leaves));
        }
        // Those that lend go on one after the other, the most important first.
        lenders.sort_by_key(|(job, active)| (std::cmp::Reverse(active.priority), active.start, job.id));
        for (job, active) in lenders {
            let resumes = active.cores.iter().map(|core| until[*core as usize]).max().unwrap_or(now);
            let limit = state.class_of(job).traits.duration();
            let rest = limit.map(|span| Span((span.0 - active.ran(now).0).max(1)));
            let leaves = rest.map_or(NEVER, |rest| (resumes + rest).min(NEVER));
            if !viewer.is_some_and(|class| state.may_displace(class, job.id)) {
                active.cores.iter().for_each(|core| until[*core as usize] = leaves);
            }
            runs.push((job, active, leaves));
        }
        let (stays, ends, plans) = (Vec::new(), Vec::new(), Vec::new());
        let (planned, on_nodes) = (Vec::new(), Vec::new());
        let mut horizon = Horizon { state, now, free: Vec::new(), stays, ends, plans, planned, on_nodes };
        horizon.fill(&until, &runs);
        if state.memory_binds() {
            horizon.fill_nodes(&until, &runs);
        }
        horizon
    }

    fn fill(&mut self, until: &[Time], runs: &[(&Job, &Active, Time)]) {
        let topology = &self.state.rules.topology;
        let held = self.state.floor.free();
        let mut first = Amount { memory: held.memory, gpus: held.gpus, ..Amount::default() };
        // Of thousands of cores most become free at few instants, run by run.
        let mut cores: Vec<(Time, usize)> = Vec::with_capacity(until.len());
        for (core, leaves) in until.iter().enumerate().filter(|(core, _)| !self.state.floor.is_dark(*core)) {
            let kind = topology.cores[core].kind as usize;
            if *leaves <= self.now {
                first.cores[kind] += 1;
            } else {
                cores.push((*leaves, kind));
            }
        }
        cores.sort_unstable();
        let mut changes: Vec<(Time, Amount)> = Vec::with_capacity(2 * runs.len());
        for those in cores.chunk_by(|one, next| one == next) {
            let (leaves, kind) = those[0];
            let mut amount = Amount::default();
            amount.cores[kind] = those.len() as u32;
            changes.push((leaves, amount));
        }
        for (job, active, leaves) in runs {
            let amount = self.state.amount_of(active);
            changes.push((*leaves, Amount { cores: Default::default(), ..amount }));
            let traits = &self.state.class_of(job).traits;
            let (reservation, partition) = (traits.reservation, traits.partition);
            self.stays.push(Stay { from: active.start, until: *leaves, amount, reservation, partition });
        }
        self.ends.extend(self.stays.iter().map(|stay| stay.until));
        self.ends.sort_unstable();
        self.ends.dedup();
        changes.extend(self.dark().map(|(_, ready, amount)| (ready, *amount)));
        changes.sort_unstable_by_key(|(at, _)| *at);
        self.free.push((self.now, first));
        for (at, amount) in changes {
            match self.free.last_mut() {
                Some((last, free)) if *last == at => *free = free.plus(&amount),
                Some((_, free)) => {
                    let more = free.plus(&amount);
                    self.free.push((at, more));
                }
                None => {}
            }
        }
    }

    /// The nodes that are not on but can be: which, when at the earliest, and what they have.
    pub fn dark(&self) -> impl Iterator<Item = (usize, Time, &'a Amount)> + use<'a> {
        let (state, now) = (self.state, self.now);
        let nodes = state.rules.topology.nodes.iter().enumerate().filter(|(node, _)| !state.nodes.is_on(*node));
        nodes.filter_map(move |(node, place)| Some((node, state.nodes.ready(node, now)?, &place.amount)))
    }

    /// What becomes free when; the first is what is free now.
    pub fn releases(&self) -> impl Iterator<Item = (Time, Amount)> {
        let before = std::iter::once(Amount::default()).chain(self.free.iter().map(|(_, free)| *free));
        self.free.iter().zip(before).map(|((at, free), before)| (*at, free.less(&before)))
    }

    /// What is free at an instant, plans and reservations aside.
    pub fn free_at(&self, instant: Time) -> Amount {
        let after = self.free.partition_point(|(at, _)| *at <= instant);
        self.free.get(after.max(1) - 1).map_or_else(Amount::default, |(_, free)| *free)
    }

    fn inside(&self, name: Name, instant: Time) -> Amount {
        let all = self.stays.iter().chain(&self.plans);
        let inside = all.filter(|stay| stay.reservation == Some(name) && stay.until > instant && stay.from <= instant);
        inside.fold(Amount::default(), |sum, stay| sum.plus(&stay.amount))
    }

    /// What a class may have at an instant.
    fn room(&self, class: &Class, instant: Time) -> Room {
        let mut room = Room { free: self.free_at(instant), own: None, kept: Vec::new() };
        for plan in self.plans.iter().filter(|plan| plan.is_at(instant)) {
            room.free = room.free.less(&plan.amount);
        }
        for (name, reservation) in self.state.reservations.iter().filter(|(_, reservation)| reservation.is_on(instant))
        {
            let left = self.state.claim(reservation).less(&self.inside(*name, instant));
            if class.traits.reservation != Some(*name) {
                room.free = room.free.less(&left);
                room.kept.push((*name, left));
            } else if reservation.cores.is_some() {
                room.own = Some(left.core_count());
            }
        }
        room
    }

    /// Cores that a class's partition has left for it at an instant; `None`: no limit.
    fn cap(&self, class: &Class, instant: Time) -> Option<u32> {
        let most = self.state.rules.partition_of(&class.standing)?.max_cores?;
        if instant == self.now && self.plans.is_empty() {
            return Some(self.state.cap_now(class, most).max(0) as u32);
        }
        let all = self.stays.iter().chain(&self.plans);
        let used = all.filter(|stay| stay.partition == class.traits.partition && stay.is_at(instant));
        Some(most.saturating_sub(used.map(|stay| stay.amount.core_count()).sum()))
    }

    /// The instants in a stay at which there may be less than just before: reservations and plans begin. Hundreds begin
    /// at one instant when nodes come up.
    fn drops(&self, stay: &Stay) -> BTreeSet<Time> {
        self.starts().filter(|at| stay.from < *at && *at < stay.until).collect()
    }

    /// Whether a job of a class has room for a stay, from its first instant to its last.
    pub fn has_room(&self, class: &Class, stay: &Stay) -> bool {
        let topology = &self.state.rules.topology;
        let need = &class.standing.need;
        let inside = match class.traits.reservation {
            None => true,
            Some(name) => (self.state.reservations.get(&name))
                .is_some_and(|reservation| reservation.start <= stay.from && stay.until <= reservation.end),
        };
        let fits = |instant: Time| {
            let room = self.room(class, instant).without(&Amount::default(), 0);
            need.fits(&room, topology) && self.cap(class, instant).is_none_or(|cap| need.core_count(topology) <= cap)
        };
        inside && fits(stay.from) && self.nodes_have(need, stay) && self.drops(stay).into_iter().all(fits)
    }

    /// The first instant from `from` to `last` at which a job of a class has room.
    fn first_room(&self, class: &Class, from: Time, last: Time) -> Option<Time> {
        let reservations = &self.state.reservations;
        let free = self.free.partition_point(|(at, _)| *at < from)..self.free.partition_point(|(at, _)| *at <= last);
        let ends = self.ends.partition_point(|at| *at < from)..self.ends.partition_point(|at| *at <= last);
        let mut instants: Vec<Time> = self.free.get(free).into_iter().flatten().map(|(at, _)| *at).collect();
        instants.extend(self.ends.get(ends).into_iter().flatten());
        instants.extend(reservations.values().flat_map(|reservation| [reservation.start, reservation.end]));
        instants.extend(self.plans.iter().map(|plan| plan.until));
        instants.push(from);
        instants.retain(|at| from <= *at && *at <= last);
        instants.sort_unstable();
        instants.dedup();
        instants.into_iter().find(|at| self.has_room(class, &self.state.stay(class, *at, Amount::default())))
    }

    /// Plans a job of a class at the first instant from `from` to `last` at which it has room, if there is one.
    pub fn plan(&mut self, class: &Class, from: Time, last: Time) -> Option<Time> {
        let at = self.first_room(class, from, last)?;
        self.note(class, at);
        Some(at)
    }

    /// A job of a class is planned at an instant at which it has room.
    fn note(&mut self, class: &Class, at: Time) {
        let room = self.room(class, at).without(&Amount::default(), 0);
        let (need, topology) = (&class.standing.need, &self.state.rules.topology);
        let stay = self.state.stay(class, at, need.amount_of(&room, topology));
        let parts = self.take_nodes(need, &stay);
        self.planned.push(parts);
        self.plans.push(stay);
    }

    /// What is left over at an instant when all that is planned and kept is taken.
    pub fn left_at(&self, instant: Time) -> Amount {
        self.free_at(instant).less(&self.wanted_at(instant))
    }

    /// What is planned, and what reservations keep, at an instant.
    pub fn wanted_at(&self, instant: Time) -> Amount {
        let plans = self.plans.iter().filter(|plan| plan.is_at(instant)).map(|plan| plan.amount);
        let reservations = self.state.reservations.iter().filter(|(_, reservation)| reservation.is_on(instant));
        let kept =
            reservations.map(|(name, reservation)| self.state.claim(reservation).less(&self.inside(*name, instant)));
        plans.chain(kept).fold(Amount::default(), |sum, amount| sum.plus(&amount))
    }

    /// When more is wanted than just before: reservations and plans begin.
    fn starts(&self) -> impl Iterator<Item = Time> {
        let reservations = self.state.reservations.values().map(|reservation| reservation.start);
        reservations.chain(self.plans.iter().map(|plan| plan.from))
    }

    /// The first instant after another at which more may be wanted than just before.
    pub fn next_rise(&self, after: Time) -> Option<Time> {
        self.starts().filter(|at| after < *at && *at < NEVER).min()
    }

    /// The instants from now until `last` at which more may be wanted than just before.
    pub fn rises(&self, last: Time) -> Vec<Time> {
        let mut rises: Vec<Time> = self.starts().filter(|at| self.now < *at && *at <= last).collect();
        rises.push(self.now);
        rises.sort_unstable();
        rises.dedup();
        rises
    }

    /// The first instant at which a job of a class has room, with what keeps it free; the plan is noted.
    pub fn promise(&mut self, class: &Class) -> Option<Promise> {
        let at = self.first_room(class, self.now, Time(i64::MAX))?;
        let stay = self.state.stay(class, at, Amount::default());
        let mut marks: Vec<Mark> = vec![self.mark(class, at)];
        marks.extend(self.drops(&stay).into_iter().map(|at| self.mark(class, at)));
        let need = class.standing.need;
        let on_nodes = self.binds(&need).then(|| self.on_nodes_during(stay.from, stay.until));
        self.note(class, at);
        let (partition, reservation) = (class.traits.partition, class.traits.reservation);
        Some(Promise { at, need, partition, reservation, marks, on_nodes })
    }

    fn mark(&self, class: &Class, at: Time) -> Mark {
        Mark { at, room: self.room(class, at), cap: self.cap(class, at) }
    }
}

impl Promise {
    /// The first instant at which it would no longer hold, were this to stay on these nodes from now on.
    pub fn suffers_at(&self, stay: &Stay, parts: &NodeParts, state: &State) -> Option<Time> {
        let topology = &state.rules.topology;
        let room_for_both = |mark: &Mark| {
            // Who stays within a reservation takes from what it keeps first.
            let theirs = mark.room.kept.iter().find(|(name, _)| stay.reservation == Some(*name));
            let taken = theirs.map_or(stay.amount, |(_, kept)| stay.amount.less(kept));
            let together = self.reservation.is_some() && stay.reservation == self.reservation;
            let own = if together { stay.amount.core_count() } else { 0 };
            let cap = mark.cap.filter(|_| stay.partition == self.partition);
            let room_in_partition =
                cap.is_none_or(|cap| self.need.core_count(topology) + stay.amount.core_count() <= cap);
            room_in_partition && self.need.fits(&mark.room.without(&taken, own), topology)
        };
        let suffers = |mark: &&Mark| !delays_nobody(stay.until, mark.at, || room_for_both(mark));
        let nodes_for_both = || {
            let left = self.on_nodes.clone().map(|free| free.less(parts));
            left.is_none_or(|left| left.fits(&self.need, topology))
        };
        let on_nodes = (!delays_nobody(stay.until, self.at, nodes_for_both)).then_some(self.at);
        self.marks.iter().filter(suffers).map(|mark| mark.at).chain(on_nodes).min()
    }
}

//! Who starts next, and where: the jobs in their order, and behind the first that must wait only those that delay
//! nobody who was promised a start (EASY backfilling, with one promise for each partition).

use std::cell::OnceCell;
use std::collections::BTreeMap;

use model::{CpuSet, JobId, RunId, Span, Time, TimeLimit, Uid};

use super::horizon::{Horizon, Promise};
use crate::backfill::{Behind, Queue, walk};
use crate::by_node::parts;
use crate::class::{Class, ClassNumber};
use crate::event::{Change, Placement, What};
use crate::names::Name;
use crate::placement::{Place, place_with_memory};
use crate::resources::Amount;
use crate::state::State;

/// What a pass over the queue has found so far.
pub(super) struct Pass<'a> {
    state: &'a State,
    now: Time,
    /// Those that must wait and are promised a start: the first of each partition.
    heads: Vec<(ClassNumber, Name)>,
    promises: Vec<Option<Promise>>,
    /// How the future looks to those who may displace nobody.
    common: OnceCell<Horizon<'a>>,
    /// Those that displaced others, or let others end, and start in a moment.
    pub arriving: Vec<ClassNumber>,
}

impl State {
    /// The next start, or what must make place for one; else what may go on.
    pub(super) fn next_start(&self, now: Time) -> Vec<What> {
        let mut pass = Pass::new(self, now);
        let events = if self.drained.is_some() { Vec::new() } else { pass.walk() };
        if events.is_empty() { pass.next_resume() } else { events }
    }

    /// When those are expected to start who must wait and are promised a start: the first of each partition.
    pub(crate) fn promised(&self, heads: &BTreeMap<Name, JobId>, now: Time) -> BTreeMap<JobId, Time> {
        let mut pass = Pass::new(self, now);
        let jobs = heads.values().filter_map(|id| self.jobs.get(id));
        pass.heads = jobs.map(|job| (job.class, self.class_of(job).traits.partition)).collect();
        pass.make_promises();
        let promises = heads.values().zip(&pass.promises);
        promises.filter_map(|(id, promise)| Some((*id, promise.as_ref()?.at))).collect()
    }

    /// Cores that a partition has left for a class now, of `most`; negative when more are in use. Those that were
    /// displaced count for the others only.
    pub(crate) fn cap_now(&self, class: &Class, most: u32) -> i64 {
        let partition = class.traits.partition;
        let displaced = |id: &JobId| class.standing.displaces && self.may_displace(class, *id);
        let used = self.uses.cores_of_partition(partition).saturating_sub(self.stopped_cores(partition, displaced));
        i64::from(most) - i64::from(used)
    }

    /// Cores of a partition that displaced runs lend, those of some runs only.
    pub(super) fn stopped_cores(&self, partition: Name, which: impl Fn(&JobId) -> bool) -> u32 {
        if !self.floor.has_lenders() {
            return 0;
        }
        let jobs = self.index.active.iter().filter(|id| which(id)).filter_map(|id| self.jobs.get(id));
        let stopped = jobs
            .filter(|job| self.class_of(job).traits.partition == partition)
            .filter_map(|job| job.active().filter(|active| active.stop.is_some_and(|stop| stop.cause.is_some())));
        stopped.map(|active| active.cores.len() as u32).sum()
    }

    /// The start of a job, or of the next task of an array, at a place.
    fn start(&self, id: JobId, class: &Class, place: &Place) -> Option<What> {
        let job = self.jobs.get(&id)?;
        let topology = &self.rules.topology;
        let cpus: CpuSet = (place.cores.iter())
            .flat_map(|core| {
                let threads = &topology.cores[*core as usize].threads;
                threads.iter().take(class.standing.need.threads as usize).copied()
            })
            .collect();
        let placement = Placement {
            memory_mib: self.rules.memory(&class.traits.request, cpus.len() as u32),
            gpus: place.gpus.iter().map(|gpu| topology.gpus[*gpu].index).collect(),
            cpus,
        };
        let (run, task) = match job.tasks() {
            None => (job.run(), None),
            Some(tasks) => {
                let record = if tasks.len() == 1 { id } else { self.next_id };
                (RunId { job: record, attempt: job.restarts }, Some((id, job.next_task()?)))
            }
        };
        Some(What::Started { run, task, placement })
    }

    /// A place for a job of a class now: on cores that nobody wants back if there are enough.
    pub(super) fn find_place(&self, class: &Class) -> Option<Place> {
        let need = &class.standing.need;
        let topology = &self.rules.topology;
        let gpus = self.floor.free_gpus();
        let cores = 0..topology.cores.len();
        let free: Vec<bool> = cores.clone().map(|core| self.floor.is_free(core)).collect();
        let memory = if need.memory > 0 { self.floor.memory_left(topology) } else { Vec::new() };
        place_with_memory(need, &free, &gpus, &memory, topology).or_else(|| {
            let usable: Vec<bool> = cores.map(|core| self.may_use(class, core)).collect();
            if usable == free { None } else { place_with_memory(need, &usable, &gpus, &memory, topology) }
        })
    }

    fn amount_at(&self, class: &Class, place: &Place) -> Amount {
        let topology = &self.rules.topology;
        let mut amount = Amount { memory: class.standing.need.memory, ..Amount::default() };
        for core in &place.cores {
            amount.cores[topology.cores[*core as usize].kind as usize] += 1;
        }
        for gpu in &place.gpus {
            amount.gpus[topology.gpus[*gpu].kind as usize] += 1;
        }
        amount
    }
}

/// The queue in its order, walked along.
struct InOrder<'p, 'a, I> {
    pass: &'p mut Pass<'a>,
    order: I,
    waiting: usize,
}

impl<I: Iterator<Item = (ClassNumber, JobId)>> Queue for InOrder<'_, '_, I> {
    type Job = (ClassNumber, JobId);
    type Start = Vec<What>;

    fn next(&mut self) -> Option<Self::Job> {
        let (state, now) = (self.pass.state, self.pass.now);
        self.order.find(|(number, _)| state.block(state.classes.get(*number), now).is_none())
    }

    fn start(&mut self, (number, id): Self::Job) -> Option<Vec<What>> {
        let class = self.pass.state.classes.get(number);
        self.pass.try_start(class, id).map(|start| vec![start])
    }

    /// The first of each partition is promised a start.
    fn wait(&mut self, (number, id): Self::Job) -> Behind<Vec<What>> {
        let state = self.pass.state;
        let class = state.classes.get(number);
        if class.standing.displaces {
            let events = self.pass.make_place(number, id);
            if !events.is_empty() {
                return Behind::Do(events);
            }
        }
        let partition = class.traits.partition;
        if !self.pass.heads.iter().any(|(_, other)| *other == partition) {
            self.pass.heads.push((number, partition));
        }
        self.waiting += 1;
        let nothing_free = state.floor.free().core_count() == 0 && !state.floor.has_lenders();
        let depth = if state.rules.config.backfill { state.rules.config.backfill_depth } else { 0 };
        let stop = self.waiting > depth || (nothing_free && !class.standing.displaces);
        if stop { Behind::Stop } else { Behind::GoOn }
    }
}

impl<'a> Pass<'a> {
    fn new(state: &'a State, now: Time) -> Self {
        Pass { state, now, heads: Vec::new(), promises: Vec::new(), common: OnceCell::new(), arriving: Vec::new() }
    }

    /// Goes through the queue until somebody can start, or must be made place for.
    fn walk(&mut self) -> Vec<What> {
        let order = self.state.index.queue.order(self.now);
        walk(&mut InOrder { pass: self, order, waiting: 0 }).unwrap_or_default()
    }

    pub(super) fn state(&self) -> &'a State {
        self.state
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// Whether somebody was found already who must wait.
    pub(super) fn somebody_waits(&self) -> bool {
        !self.heads.is_empty()
    }

    /// The start of a job, if there is room and nobody's promise suffers.
    fn try_start(&mut self, class: &Class, id: JobId) -> Option<What> {
        let (state, need) = (self.state, &class.standing.need);
        if !need.fits(&state.free_to(class), &state.rules.topology) {
            return None;
        }
        if let Some(most) = state.rules.partition_of(&class.standing).and_then(|partition| partition.max_cores)
            && i64::from(need.core_count(&state.rules.topology)) > state.cap_now(class, most)
        {
            return None;
        }
        if !state.reservations.is_empty() {
            let stay = state.stay(class, self.now, Amount::default());
            let own = class.standing.displaces.then(|| Horizon::new(state, self.now, Some(class)));
            let horizon = own.as_ref().unwrap_or_else(|| self.common(class));
            if !horizon.has_room(class, &stay) {
                return None;
            }
        }
        let place = state.find_place(class)?;
        let stay = state.stay(class, self.now, state.amount_at(class, &place));
        let on_nodes = parts(need.memory, &place.cores, &state.rules.topology);
        self.make_promises();
        let suffers = |promise: &Promise| promise.suffers_at(&stay, &on_nodes, state);
        match self.promises.iter().flatten().filter_map(suffers).min() {
            None => state.start(id, class, &place),
            Some(at) => self.shortened(class, id, at),
        }
    }

    /// A job that may take less time (`--time-min`) is given less, if it is over then by the time that somebody else
    /// needs its place; in the next pass it starts. The tasks of an array have one limit, which stays.
    fn shortened(&self, class: &Class, id: JobId, until: Time) -> Option<What> {
        let least = class.traits.time_min.filter(|least| *least > Span::ZERO)?;
        let job = self.state.jobs.get(&id).filter(|job| job.tasks().is_none())?;
        let minute = Span::minutes(1).0;
        let limit = Span((until - self.now).0 / minute * minute);
        let change = Change::TimeLimit(TimeLimit::Span(limit));
        (limit >= least).then_some(What::Updated { id: job.id, change, by: Uid::ROOT })
    }

    /// The future as those see it who displace nobody; it is the same to all of them.
    fn common(&self, class: &Class) -> &Horizon<'a> {
        self.common.get_or_init(|| Horizon::new(self.state, self.now, Some(class)))
    }

    /// Promises starts to those who must wait, if that was not done yet: only when somebody else might start.
    fn make_promises(&mut self) {
        if self.promises.len() == self.heads.len() {
            return;
        }
        let state = self.state;
        // Promises to earlier heads bind later ones: all on one horizon where nobody displaces.
        self.promises.clear();
        let mut shared: Option<Horizon> = None;
        for (number, _) in &self.heads {
            let class = state.classes.get(*number);
            let promise = if class.standing.displaces {
                Horizon::new(state, self.now, Some(class)).promise(class)
            } else {
                shared.get_or_insert_with(|| Horizon::new(state, self.now, Some(class))).promise(class)
            };
            // A job that can never be promised anything (its reservation is too short) holds up nobody.
            self.promises.push(promise);
        }
    }
}

//! Everything the scheduler knows, and the indexes that make it quick to ask. What is stored follows from the events
//! alone; the indexes follow from that and the latest instant at which somebody asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{DependencyKind, JobId, JobSpec, Span, Text, Time, Uid};

use crate::array::Array;
use crate::class::{Class, Classes, Traits};
use crate::config::Config;
use crate::decide::ready::Ready;
use crate::dependency::TermState;
use crate::event::Reservation;
use crate::fair::Fair;
use crate::flexible::Prices;
use crate::floor::Floor;
use crate::job::{Job, Phase, Slot};
use crate::names::{Name, Names, Owners, Titles};
use crate::power::Nodes;
use crate::queue::{Ageing, Queue};
use crate::rules::Rules;
use crate::uses::{Share, Uses};

/// Everything the scheduler knows: waiting, running and lately finished jobs, what is in use, what is kept for whom,
/// who used how much.
///
/// [`State::apply`] folds events into it, [`State::decide`] says what should happen; both do the same on every machine.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) rules: Rules,
    pub(crate) names: Names,
    pub(crate) owners: Owners,
    pub(crate) titles: Titles,
    pub(crate) classes: Classes,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) arrays: BTreeMap<JobId, Array>,
    pub(crate) fair: Fair,
    pub(crate) reservations: BTreeMap<Name, Reservation>,
    pub(crate) drained: Option<(String, Uid, Time)>,
    pub(crate) next_id: JobId,
    pub(crate) floor: Floor,
    /// What can be switched, and what it is doing.
    pub(crate) nodes: Nodes,
    pub(crate) uses: Uses,
    /// What each user has waiting and running, each task of an array counted.
    pub(crate) submitted: BTreeMap<Uid, u64>,
    pub(crate) index: Index,
    /// The latest instant that [`State::decide`] was told.
    pub(crate) clock: Time,
    /// What is known of the price of electricity, as data: no event says it.
    pub(crate) prices: Prices,
    /// What is kept ready by forecast, where machines are switched so; it learns, and no event says it.
    pub(crate) ready: Option<Ready>,
    /// The machine's name, shared between rows.
    pub(crate) node: Arc<str>,
}

/// The project under which the use of all projects without shares is kept.
const OTHERS: &str = "default";

/// A job's name among those of one user.
pub(crate) type Title = (Uid, Arc<Text>);

/// What follows from the jobs and the clock.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// The order of what may start.
    pub queue: Queue,
    /// All records, by user.
    pub by_user: BTreeSet<(Uid, JobId)>,
    /// What is due when.
    pub timers: BTreeSet<(Time, Due, JobId)>,
    /// Who waits for whom: (job or array, waiting record).
    pub waiters: BTreeSet<(JobId, JobId)>,
    /// Records that wait to be the only one of their name.
    pub singles: BTreeSet<(Uid, Arc<Text>, JobId)>,
    /// For names that somebody waits for: the records that have them and are not over, by array.
    pub twins: BTreeMap<Title, BTreeSet<(JobId, JobId)>>,
    /// Records to be cancelled, as what they wait for can no longer happen.
    pub doomed: BTreeSet<JobId>,
    /// Records that have a place on the machine.
    pub active: BTreeSet<JobId>,
    /// Records that are over, by when.
    pub done: BTreeSet<(Time, JobId)>,
    /// The latest instant at which a wait was found over: before it, the clock has jumped back.
    pub begun_until: Time,
}

/// What becomes due at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Due {
    /// A wait is over.
    Begin,
    /// A signal is to be sent.
    Signal,
    /// A time limit is reached.
    Limit,
    /// A deadline can no longer be met.
    Deadline,
}

impl Index {
    fn new(ageing: Ageing) -> Self {
        Index {
            queue: Queue::new(ageing),
            by_user: BTreeSet::new(),
            timers: BTreeSet::new(),
            waiters: BTreeSet::new(),
            singles: BTreeSet::new(),
            twins: BTreeMap::new(),
            doomed: BTreeSet::new(),
            active: BTreeSet::new(),
            done: BTreeSet::new(),
            begun_until: Time(i64::MIN),
        }
    }
}

fn ageing(config: &Config) -> Ageing {
    Ageing { weight: config.weights.age, full: Span(config.max_age.0.max(1)) }
}

impl State {
    /// An empty centre: no jobs, numbers from 1.
    pub fn new(config: Config) -> Self {
        let mut names = Names::default();
        let rules = Rules::new(config, &mut names);
        let config = &rules.config;
        let shares = config.shares.iter().map(|(account, share)| (names.number(account), *share)).collect();
        let others = names.number(OTHERS);
        State {
            fair: Fair::new(config.half_life, shares, others),
            floor: Floor::new(&rules.topology),
            nodes: Nodes::new(&rules.config.nodes, &rules.topology, &Nodes::default()),
            index: Index::new(ageing(config)),
            node: config.machine.name.as_str().into(),
            rules,
            names,
            owners: Owners::default(),
            titles: Titles::default(),
            classes: Classes::default(),
            jobs: BTreeMap::new(),
            arrays: BTreeMap::new(),
            reservations: BTreeMap::new(),
            drained: None,
            next_id: JobId(1),
            uses: Uses::default(),
            submitted: BTreeMap::new(),
            clock: Time(i64::MIN),
            prices: Prices::default(),
            ready: None,
        }
    }

    /// Takes a new configuration; all jobs stay. What runs keeps its place, by the operating system's numbers of its
    /// CPUs.
    pub fn reconfigure(&mut self, config: Config) {
        let shares = config.shares.iter().map(|(account, share)| (self.names.number(account), *share)).collect();
        let ids: Vec<JobId> = self.jobs.keys().copied().collect();
        for id in &ids {
            self.unindex(*id);
        }
        self.rules = Rules::new(config, &mut self.names);
        self.node = self.rules.config.machine.name.as_str().into();
        self.fair.reconfigure(self.rules.config.half_life, shares);
        self.index.queue = Queue::new(ageing(&self.rules.config));
        self.rebase();
        self.furnish();
        for id in &ids {
            self.index_job(*id);
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.rules.config
    }

    /// The number that the next submission gets.
    pub fn next_id(&self) -> JobId {
        self.next_id
    }

    /// Numbers go on from here, but never back below one that is in use.
    pub fn set_next_id(&mut self, id: JobId) {
        let taken = self.jobs.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1));
        self.next_id = JobId(id.0.max(taken));
    }

    /// Rebuilds what is in use from what runs, after the machine has changed.
    fn furnish(&mut self) {
        let topology = &self.rules.topology;
        self.floor = Floor::new(topology);
        self.nodes = Nodes::new(&self.rules.config.nodes, topology, &self.nodes);
        for (id, job) in &mut self.jobs {
            let (id, Phase::Active(active)) = (*id, &mut job.phase) else { continue };
            active.cores = topology.cores_of(&active.placement.cpus);
            active.gpus = topology.gpu_places(&active.placement.gpus);
            let (cores, gpus, memory) =
                (active.cores.clone(), active.gpus.clone(), active.placement.memory_mib.unwrap_or(0));
            match active.stop {
                None => self.floor.use_cores(topology, id, &cores),
                Some(stop) if stop.cause.is_some() => self.floor.lend(topology, id, &cores),
                Some(_) => {}
            }
            self.floor.take(topology, id, memory, (&cores, &gpus));
            let nodes = topology.nodes_of(&cores, &gpus);
            self.nodes.enter(&nodes, self.clock);
        }
        for node in (0..topology.nodes.len()).filter(|node| !self.nodes.is_on(*node)) {
            self.floor.switch(topology, node, false);
        }
        let shares: Vec<Share> = self.jobs.values().filter_map(|job| self.share(job)).collect();
        self.uses = Uses::default();
        shares.iter().for_each(|share| self.uses.add(share));
    }

    /// Computes what all classes stand for anew.
    pub(crate) fn rebase(&mut self) {
        for number in self.classes.numbers() {
            let class = self.classes.get(number);
            let uid = self.owners.get(class.traits.owner).uid;
            let standing = self.rules.standing(&class.traits, self.fair.factor(class.traits.account, uid));
            if standing != class.standing {
                self.index.queue.rebase(&mut self.classes, number, standing);
            }
        }
    }

    /// The class of a job.
    pub(crate) fn class_of(&self, job: &Job) -> &Class {
        self.classes.get(job.class)
    }

    /// The user of a job.
    pub(crate) fn uid_of(&self, job: &Job) -> Uid {
        self.owners.get(self.class_of(job).traits.owner).uid
    }

    /// The traits of a submission.
    pub(crate) fn traits(&mut self, spec: &JobSpec) -> Traits {
        Traits::of(spec, &mut self.names, &mut self.owners)
    }

    /// Priority as listings show it: 0 when held, else at least 1.
    pub(crate) fn priority(&self, job: &Job, now: Time) -> u32 {
        if job.hold.is_some() {
            return 0;
        }
        let class = self.class_of(job);
        let age = match job.eligible {
            Some(eligible) if class.traits.priority.is_none() => now - eligible,
            _ => Span::ZERO,
        };
        let priority = class.standing.base + self.index.queue.ageing().points(age);
        priority.clamp(1, i64::from(u32::MAX)) as u32
    }

    /// More tasks of a user wait.
    pub(crate) fn count_in(&mut self, uid: Uid, tasks: u64) {
        *self.submitted.entry(uid).or_default() += tasks;
    }

    /// Tasks of a user are over.
    pub(crate) fn count_out(&mut self, uid: Uid, tasks: u64) {
        if let Some(count) = self.submitted.get_mut(&uid) {
            *count = count.saturating_sub(tasks);
            if *count == 0 {
                self.submitted.remove(&uid);
            }
        }
    }

    /// Changes a job and keeps the indexes right.
    pub(crate) fn revise<R>(&mut self, id: JobId, how: impl FnOnce(&mut Job) -> R) -> Option<R> {
        self.unindex(id);
        let result = self.jobs.get_mut(&id).map(how);
        self.index_job(id);
        result
    }

    /// Gives a job other traits.
    pub(crate) fn reclass(&mut self, id: JobId, how: impl FnOnce(&mut Traits)) {
        self.unindex(id);
        if let Some(share) = self.jobs.get(&id).and_then(|job| self.share(job)) {
            self.uses.remove(&share);
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            let mut traits = (*self.classes.get(job.class).traits).clone();
            how(&mut traits);
            let uid = self.owners.get(traits.owner).uid;
            self.fair.know(traits.account, uid);
            let (rules, fair) = (&self.rules, &self.fair);
            let class = self.classes.join(traits, |traits| rules.standing(traits, fair.factor(traits.account, uid)));
            self.classes.leave(job.class);
            job.class = class;
        }
        if let Some(share) = self.jobs.get(&id).and_then(|job| self.share(job)) {
            self.uses.add(&share);
        }
        self.index_job(id);
    }

    /// What a job adds to the counters of what runs.
    pub(crate) fn share(&self, job: &Job) -> Option<Share> {
        let active = job.active()?;
        let traits = &self.class_of(job).traits;
        Some(Share {
            partition: traits.partition,
            qos: traits.qos,
            uid: self.owners.get(traits.owner).uid,
            cores: active.cores.len() as u32,
            cpus: active.placement.cpus.len() as u32,
        })
    }

    /// Where a waiting job belongs at the present clock.
    fn slot(&self, job: &Job) -> Slot {
        if !job.is_pending() || !job.is_open() {
            return Slot::Out;
        }
        if job.waits_until(self.clock).is_some() {
            return Slot::Timed;
        }
        match self.arrays.get(&job.base()) {
            Some(array) if array.is_full() => Slot::Throttled,
            _ => Slot::Queued,
        }
    }

    /// What becomes due for a job, and when.
    fn dues(&self, job: &Job) -> impl Iterator<Item = (Time, Due)> + use<> {
        let traits = &self.class_of(job).traits;
        let deadline = job.deadline();
        let list = match &job.phase {
            Phase::Pending => {
                let begin = job.extra.as_ref().and_then(|extra| extra.timer);
                // The first instant at which even its shortest run would end too late.
                let shortest = traits.time_min.or(traits.duration()).unwrap_or(Span::ZERO);
                [begin.map(|at| (at, Due::Begin)), deadline.map(|at| (at - shortest + Span(1), Due::Deadline)), None]
            }
            Phase::Active(active) if active.ending.is_none() => {
                let moving = active.stop.is_none();
                [
                    active.limit(traits.time_limit).filter(|_| moving).map(|at| (at, Due::Limit)),
                    active.signal(traits).filter(|_| moving).map(|at| (at, Due::Signal)),
                    deadline.map(|at| (at, Due::Deadline)),
                ]
            }
            Phase::Active(_) | Phase::Done(_) => [None; 3],
        };
        list.into_iter().flatten()
    }

    /// Enters a job in the indexes.
    pub(crate) fn index_job(&mut self, id: JobId) {
        self.hold_flexible(id);
        let Some(job) = self.jobs.get(&id) else { return };
        let slot = self.slot(job);
        let class = job.class;
        let entry = (job.eligible.unwrap_or(job.submit), id);
        let base = job.in_array().then(|| job.base());
        if slot == Slot::Queued {
            self.index.queue.insert(&mut self.classes, class, entry, self.clock);
        }
        if let (Slot::Queued | Slot::Throttled, Some(base)) = (slot, base)
            && let Some(array) = self.arrays.get_mut(&base)
        {
            array.waiting.insert(id);
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.slot = slot;
            let clock = self.clock;
            let timer = if slot == Slot::Timed { job.waits_until(clock) } else { None };
            if let Some(extra) = &mut job.extra {
                // A delay that lies ahead, as the clock has jumped back, counts again when the clock gets there.
                let ahead = extra.delay.map(|(from, _)| from).filter(|from| *from > clock && slot != Slot::Out);
                extra.timer = timer.into_iter().chain(ahead).min();
            }
        }
        let Some(job) = self.jobs.get(&id) else { return };
        if slot != Slot::Out {
            let over = job.waits().filter(|instant| *instant <= self.clock).max();
            self.index.begun_until = self.index.begun_until.max(over.unwrap_or(Time(i64::MIN)));
        }
        for (at, due) in self.dues(job) {
            self.index.timers.insert((at, due, id));
        }
        match &job.phase {
            Phase::Pending => self.index_waits(id),
            Phase::Active(_) => drop(self.index.active.insert(id)),
            Phase::Done(done) => drop(self.index.done.insert((done.end, id))),
        }
    }

    /// Enters what a waiting job waits for.
    fn index_waits(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let Some(dependencies) = job.dependencies() else { return };
        for term in dependencies.terms.iter().filter(|term| term.state != TermState::Met) {
            match term.wish.job {
                Some(other) => drop(self.index.waiters.insert((other, id))),
                None if term.wish.kind == DependencyKind::Singleton => {
                    self.index.singles.insert((self.uid_of(job), job.name.clone(), id));
                }
                None => {}
            }
        }
        let left = if let crate::job::Place::Array(tasks) = &job.place { tasks.len() } else { 1 };
        let own = self.class_of(job).traits.kill_on_invalid_dep;
        if own.unwrap_or(self.rules.config.kill_on_invalid_dep) && dependencies.have_failed(left) {
            self.index.doomed.insert(id);
        }
    }

    /// Takes a job out of the indexes.
    pub(crate) fn unindex(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        for (at, due) in self.dues(job) {
            self.index.timers.remove(&(at, due, id));
        }
        if let Some(dependencies) = job.dependencies() {
            for term in &dependencies.terms {
                match term.wish.job {
                    Some(other) => drop(self.index.waiters.remove(&(other, id))),
                    None => drop(self.index.singles.remove(&(self.uid_of(job), job.name.clone(), id))),
                }
            }
            self.index.doomed.remove(&id);
        }
        match &job.phase {
            Phase::Pending => {}
            Phase::Active(_) => drop(self.index.active.remove(&id)),
            Phase::Done(done) => drop(self.index.done.remove(&(done.end, id))),
        }
        let (slot, class, base) = (job.slot, job.class, job.base());
        let entry = (job.eligible.unwrap_or(job.submit), id);
        if slot == Slot::Queued {
            self.index.queue.remove(&mut self.classes, class, entry);
        }
        if let (Slot::Queued | Slot::Throttled, Some(array)) = (slot, self.arrays.get_mut(&base)) {
            array.waiting.remove(&id);
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.slot = Slot::Out;
            if let Some(extra) = &mut job.extra {
                extra.timer = None;
            }
        }
    }
}

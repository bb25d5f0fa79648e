//! Why jobs wait, as one word each. Says only what holds at the instant asked about.

use std::collections::BTreeMap;

use model::{JobId, Reason, Time};

use crate::class::{Class, ClassNumber};
use crate::dependency::TermState;
use crate::event::Reservation;
use crate::job::{Hold, Job, Phase};
use crate::names::Name;
use crate::state::State;
use crate::uses::Uses;

impl Reservation {
    /// Whether it is in force.
    pub(crate) fn is_on(&self, now: Time) -> bool {
        self.start <= now && now < self.end
    }

    /// Whether this user may use it for this project.
    pub(crate) fn admits(&self, user: &str, account: &str) -> bool {
        self.users.iter().any(|name| name == user) || self.accounts.iter().any(|name| name == account)
    }
}

impl Hold {
    fn reason(self) -> Reason {
        match self {
            Hold::User => Reason::JobHeldUser,
            Hold::Operator => Reason::JobHeldAdmin,
            Hold::Requeued => Reason::RequeuedHeld,
        }
    }
}

impl State {
    /// The reservation that a class asks for, if there is one and the class may use it.
    pub(crate) fn reservation_of(&self, class: &Class) -> Option<&Reservation> {
        let reservation = self.reservations.get(&class.traits.reservation?)?;
        let owner = self.owners.get(class.traits.owner);
        reservation.admits(&owner.user, self.names.text(class.traits.account)).then_some(reservation)
    }

    /// Why no job of a class may start now, whatever is free on the machine.
    pub(crate) fn block(&self, class: &Class, now: Time) -> Option<Reason> {
        if class.standing.blocked.is_some() {
            return class.standing.blocked;
        }
        if self.drained.is_some() || self.is_beyond_lost(class) {
            return Some(Reason::NodeDown);
        }
        if class.traits.reservation.is_some() {
            let duration = class.traits.duration();
            let fits = |reservation: &&Reservation| {
                let topology = &self.rules.topology;
                let cores = reservation.cores.map_or(topology.total, |cores| topology.total.at_most_cores(cores));
                reservation.is_on(now)
                    && duration.is_some_and(|span| now + span <= reservation.end)
                    && class.standing.need.cores_fit(&cores, topology)
            };
            if self.reservation_of(class).filter(fits).is_none() {
                return Some(Reason::Reservation);
            }
        }
        self.limit(class, &self.uses)
    }

    /// Whether a class needs more than the nodes that have not failed can ever give.
    pub(crate) fn is_beyond_lost(&self, class: &Class) -> bool {
        let (lost, topology) = (self.nodes.lost(), &self.rules.topology);
        let need = &class.standing.need;
        let has_memory = || !topology.binds_memory() || self.nodes.sound(topology).fits(need, topology);
        let fits = || need.fits(&topology.total.less(lost), topology) && has_memory();
        !lost.is_nothing() && !fits()
    }

    /// Which limit of its QOS keeps a class from starting one more job, if so much runs.
    pub(crate) fn limit(&self, class: &Class, uses: &Uses) -> Option<Reason> {
        let qos = self.rules.qos_of(&class.standing)?;
        let name = class.traits.qos;
        let cpus = class.standing.need.cpus_given(&self.rules.topology);
        if qos.max_cpus.is_some_and(|limit| uses.cpus_of_qos(name) + cpus > limit) {
            return Some(Reason::QosGrpCpuLimit);
        }
        if qos.max_cpus_per_user.is_none() && qos.max_jobs_per_user.is_none() {
            return None;
        }
        let (jobs, used) = uses.of_user(name, self.owners.get(class.traits.owner).uid);
        if qos.max_cpus_per_user.is_some_and(|limit| used + cpus > limit) {
            return Some(Reason::QosMaxCpuPerUser);
        }
        qos.max_jobs_per_user.is_some_and(|limit| jobs + 1 > limit).then_some(Reason::QosMaxJobsPerUser)
    }

    /// Why a waiting job is not in the queue at all; `None`: it is.
    pub(crate) fn obstacle(&self, job: &Job, now: Time) -> Option<Reason> {
        if let Some(hold) = job.hold {
            return Some(hold.reason());
        }
        if let Some(dependencies) = job.dependencies() {
            let left = job.tasks().map_or(1, model::IndexSet::len);
            if dependencies.have_failed(left) {
                return Some(Reason::DependencyNeverSatisfied);
            }
            let later = matches!(dependencies.state(), TermState::From(instant) if instant > now);
            if later || !dependencies.are_met() {
                return Some(Reason::Dependency);
            }
        }
        if job.not_before(now).is_some() {
            return Some(Reason::BeginTime);
        }
        let full = job.in_array() && self.arrays.get(&job.base()).is_some_and(crate::array::Array::is_full);
        full.then_some(Reason::JobArrayTaskLimit)
    }

    /// Why a waiting job waits, without asking whether it is the first in the queue: for those that wait no more.
    pub(crate) fn plain_reason(&self, job: &Job, now: Time) -> Reason {
        let block = || self.block(self.class_of(job), now);
        self.obstacle(job, now).or_else(block).unwrap_or(Reason::Priority)
    }

    /// Why a job waits, or ended as it did.
    pub(crate) fn reason(&self, job: &Job, now: Time) -> Reason {
        Reasons::new(self, now).of(job)
    }
}

/// The reasons of many jobs at one instant.
pub(crate) struct Reasons<'a> {
    state: &'a State,
    now: Time,
    heads: Option<BTreeMap<Name, JobId>>,
    promised: Option<BTreeMap<JobId, Time>>,
    blocks: BTreeMap<ClassNumber, Option<Reason>>,
}

impl<'a> Reasons<'a> {
    /// At this instant.
    pub fn new(state: &'a State, now: Time) -> Self {
        Reasons { state, now, heads: None, promised: None, blocks: BTreeMap::new() }
    }

    fn block(&mut self, number: ClassNumber) -> Option<Reason> {
        let (state, now) = (self.state, self.now);
        *self.blocks.entry(number).or_insert_with(|| state.block(state.classes.get(number), now))
    }

    /// The first job of each partition that waits for nothing but room.
    fn heads(&mut self) -> &BTreeMap<Name, JobId> {
        if self.heads.is_none() {
            let mut heads = BTreeMap::new();
            let partitions = self.state.rules.config.partitions.len();
            for (number, id) in self.state.index.queue.order(self.now) {
                if heads.len() >= partitions {
                    break;
                }
                if self.block(number).is_none() {
                    heads.entry(self.state.classes.get(number).traits.partition).or_insert(id);
                }
            }
            self.heads = Some(heads);
        }
        self.heads.get_or_insert_default()
    }

    /// Why this job waits, or ended as it did.
    pub fn of(&mut self, job: &Job) -> Reason {
        match &job.phase {
            // One that was held while it runs shows it.
            Phase::Active(_) => job.hold.map_or(Reason::None, Hold::reason),
            Phase::Done(done) => done.reason,
            Phase::Pending => self.of_pending(job),
        }
    }

    fn of_pending(&mut self, job: &Job) -> Reason {
        // Who is held for cheap hours shows it while it waits, and no more when it is over: no event says it.
        let held = || job.waits_until(self.now).map(|_| Reason::BeginTime);
        let obstacle = self.state.obstacle(job, self.now).or_else(held);
        if let Some(reason) = obstacle.or_else(|| self.block(job.class)) {
            return reason;
        }
        let partition = self.state.class_of(job).traits.partition;
        let is_head = self.heads().get(&partition) == Some(&job.id);
        if is_head { Reason::Resources } else { Reason::Priority }
    }

    /// When a job that waits for nothing but room is to start, for the first of each partition.
    pub fn promised(&mut self, id: JobId) -> Option<Time> {
        if self.promised.is_none() {
            let heads = self.heads().clone();
            self.promised = Some(self.state.promised(&heads, self.now));
        }
        // "Never" is what an unlimited run in the way makes of it.
        let known = self.promised.as_ref()?.get(&id).copied();
        known.filter(|at| at.0 < i64::MAX / 8)
    }
}

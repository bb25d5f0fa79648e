//! Why a job waits, as data for a person: every cause that holds, who goes first, what is short, when it is expected to
//! start. Must not know any language: the words are made elsewhere.

use model::{DependencyTerm, JobId, JobState, Reason, Span, Time, Uid};

use crate::dependency::TermState;
use crate::flexible::Better;
use crate::job::{Hold, Job};
use crate::power::{Doing, NodeView};
use crate::state::State;

/// Why a job waits.
#[derive(Clone, PartialEq, Debug)]
pub struct Why {
    /// The record.
    pub id: JobId,
    /// Where it is in its life.
    pub state: JobState,
    /// The one word that `squeue` shows.
    pub reason: Reason,
    /// Every cause that holds now; none for a job that does not wait.
    pub causes: Vec<Cause>,
    /// How many jobs that may start go before it.
    pub before: usize,
    /// The first of them.
    pub before_first: Vec<JobId>,
    /// When it is expected to start if everything takes as long as it may; `None`: cannot be said.
    pub expected: Option<Time>,
    /// What is short, where it waits for room.
    pub short: Vec<Shortage>,
}

/// A cause of waiting.
#[derive(Clone, PartialEq, Debug)]
pub enum Cause {
    /// Somebody holds it.
    Held(Hold),
    /// Terms of its dependency that do not hold (yet).
    Dependency {
        /// One of them is enough.
        any: bool,
        /// The terms and how far they are.
        terms: Vec<(DependencyTerm, TermState)>,
    },
    /// It is not to start before.
    Begin(Time),
    /// It fears no delay, and waits for cheap hours.
    CheapHours {
        /// The start that was chosen, and the mean prices of the run then and at its first possible start.
        better: Better,
        /// How long it was taken to run when the start was chosen.
        run: Span,
    },
    /// As many tasks of its array run as may.
    ArrayLimit {
        /// Run now.
        running: u32,
        /// May run.
        limit: u32,
    },
    /// Its partition is down or not there.
    PartitionDown(String),
    /// It asks for more than its partition has.
    TooBig {
        /// CPUs asked for.
        cpus: u32,
        /// CPUs that there are.
        of: u32,
    },
    /// It asks for longer than it may.
    TooLong,
    /// The machine takes no new jobs.
    Drained {
        /// Why.
        reason: String,
        /// Who said so.
        by: Uid,
        /// Since when.
        since: Time,
    },
    /// Its reservation has not begun, is over, is not there, or is too short or too small for it.
    Reservation {
        /// Its name.
        name: String,
        /// From when to when, if it is there.
        span: Option<(Time, Time)>,
    },
    /// A limit of its QOS is reached.
    QosLimit {
        /// The QOS.
        qos: String,
        /// Which limit.
        limit: Reason,
    },
    /// Its partition may use no more cores at once.
    PartitionFull {
        /// The partition.
        partition: String,
        /// Cores it may use.
        cores: u32,
    },
    /// Part of the machine is kept for others while it would run.
    Kept {
        /// The reservation.
        name: String,
        /// From.
        start: Time,
        /// Until.
        end: Time,
    },
    /// Nodes are on their way to come up.
    Booting {
        /// Which.
        nodes: Vec<String>,
        /// When the last of them should be up.
        up: Time,
    },
    /// It needs more than there is without a node that does not come up.
    NodeFailed {
        /// Which.
        node: String,
        /// Why.
        reason: String,
    },
    /// Others go first.
    Priority,
    /// It is next, but there is no room.
    Resources,
}

/// Something that a job needs and that is short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// CPUs.
    Cpus {
        /// Needed.
        needed: u64,
        /// Free now.
        free: u64,
    },
    /// Memory, MiB.
    Memory {
        /// Needed.
        needed: u64,
        /// Free now.
        free: u64,
    },
    /// GPUs.
    Gpus {
        /// Needed.
        needed: u64,
        /// Free now.
        free: u64,
    },
}

/// So many of the jobs that go before are named.
const NAMED: usize = 10;

/// Nothing is foretold behind more jobs than these: it would take long to compute, and come out wrong.
const FORESEEN: usize = 2000;

impl State {
    /// Why a job waits; `None`: there is no such record.
    pub fn why(&self, id: JobId, now: Time) -> Option<Why> {
        let job = self.jobs.get(&id)?;
        let mut why = Why {
            id,
            state: job.state(),
            reason: self.reason(job, now),
            causes: Vec::new(),
            before: 0,
            before_first: Vec::new(),
            expected: None,
            short: Vec::new(),
        };
        if !job.is_pending() {
            return Some(why);
        }
        why.causes = self.causes(job, why.reason, now);
        let class = self.class_of(job);
        if let Some(eligible) = job.eligible {
            let entry = (eligible, id);
            let (count, mut before) = self.index.queue.before(&self.classes, job.class, entry, now, (FORESEEN, NAMED));
            why.before = count;
            why.expected = self.forecast(job, (before.len() == count).then_some(&before), now);
            before.truncate(NAMED);
            why.before_first = before;
        }
        if class.standing.blocked.is_none() {
            why.short = self.shortages(job);
        }
        Some(why)
    }

    fn causes(&self, job: &Job, reason: Reason, now: Time) -> Vec<Cause> {
        let mut causes = Vec::new();
        causes.extend(job.hold.map(Cause::Held));
        if let Some(dependencies) = job.dependencies() {
            let holds = |state| matches!(state, TermState::Met) || matches!(state, TermState::From(at) if at <= now);
            let open = dependencies.terms.iter().filter(|term| !holds(term.state));
            let terms: Vec<_> = open.map(|term| (term.wish.clone(), term.state)).collect();
            if !holds(dependencies.state()) {
                causes.push(Cause::Dependency { any: dependencies.any, terms });
            }
        }
        causes.extend(job.not_before(now).map(Cause::Begin));
        if let Some((better, run)) = self.better_start(job).filter(|(better, _)| better.at > now) {
            causes.push(Cause::CheapHours { better, run });
        }
        if let Some(array) = self.arrays.get(&job.base())
            && let Some(limit) = array.limit.filter(|_| array.is_full())
        {
            causes.push(Cause::ArrayLimit { running: array.active, limit });
        }
        let class = self.class_of(job);
        causes.extend(self.block(class, now).and_then(|block| self.block_cause(job, block)));
        if self.is_beyond_lost(class) {
            causes.extend(self.failed_nodes());
        }
        match reason {
            Reason::Priority => causes.push(Cause::Priority),
            Reason::Resources => {
                causes.push(Cause::Resources);
                causes.extend(self.room_causes(job, now));
            }
            _ => {}
        }
        causes
    }

    /// What else than others' runs keeps room from a job.
    fn room_causes(&self, job: &Job, now: Time) -> Vec<Cause> {
        let class = self.class_of(job);
        let mut causes = Vec::new();
        if let Some(partition) = self.rules.partition_of(&class.standing)
            && let Some(cores) = partition.max_cores
            && i64::from(class.standing.need.core_count(&self.rules.topology)) > self.cap_now(class, cores)
        {
            causes.push(Cause::PartitionFull { partition: partition.name.clone(), cores });
        }
        causes.extend(self.boot_cause(now));
        let until = class.traits.duration().map_or(Time(i64::MAX), |span| now + span);
        for (name, reservation) in &self.reservations {
            if reservation.start < until && now < reservation.end && class.traits.reservation != Some(*name) {
                let (name, start, end) = (reservation.name.clone(), reservation.start, reservation.end);
                causes.push(Cause::Kept { name, start, end });
            }
        }
        causes
    }

    /// Nodes that are on their way to come up.
    fn boot_cause(&self, now: Time) -> Option<Cause> {
        let booting = |view: &(usize, NodeView)| matches!(view.1.doing, Doing::Booting { .. });
        let on_their_way: Vec<(usize, NodeView)> = self.nodes.views().enumerate().filter(booting).collect();
        let up = on_their_way.iter().filter_map(|(at, _)| self.nodes.ready(*at, now)).max()?;
        let nodes = on_their_way.into_iter().map(|(_, view)| view.node.name.clone()).collect();
        Some(Cause::Booting { nodes, up })
    }

    /// Nodes that do not come up.
    fn failed_nodes(&self) -> impl Iterator<Item = Cause> {
        self.nodes.views().filter_map(|view| match view.doing {
            Doing::Failed { reason, .. } => {
                Some(Cause::NodeFailed { node: view.node.name.clone(), reason: reason.clone() })
            }
            _ => None,
        })
    }

    fn block_cause(&self, job: &Job, block: Reason) -> Option<Cause> {
        let class = self.class_of(job);
        let traits = &class.traits;
        Some(match block {
            Reason::PartitionDown => Cause::PartitionDown(self.names.text(traits.partition).to_string()),
            Reason::PartitionConfig => Cause::TooBig { cpus: class.standing.need.cpus, of: self.rules.topology.cpus() },
            Reason::PartitionTimeLimit => Cause::TooLong,
            Reason::NodeDown => {
                let (reason, by, since) = self.drained.clone()?;
                Cause::Drained { reason, by, since }
            }
            Reason::Reservation => {
                let name = traits.reservation?;
                let span = self.reservations.get(&name).map(|reservation| (reservation.start, reservation.end));
                Cause::Reservation { name: self.names.text(name).to_string(), span }
            }
            limit => Cause::QosLimit { qos: self.names.text(traits.qos).to_string(), limit },
        })
    }

    fn shortages(&self, job: &Job) -> Vec<Shortage> {
        let need = &self.class_of(job).standing.need;
        let (free, topology) = (self.floor.free(), &self.rules.topology);
        let threads = free.cores.iter().zip(topology.kind_threads);
        let cpus: u64 = threads.map(|(count, each)| u64::from(*count) * u64::from(each.min(need.threads))).sum();
        let gpus = match need.gpu_kind {
            Some(kind) => u64::from(free.gpus[kind as usize]),
            None => u64::from(free.gpu_count()),
        };
        let mut short = Vec::new();
        if cpus < u64::from(need.cpus) {
            short.push(Shortage::Cpus { needed: u64::from(need.cpus), free: cpus });
        }
        if free.memory < need.memory {
            short.push(Shortage::Memory { needed: need.memory, free: free.memory });
        } else if topology.binds_memory() && need.memory > 0 && short.is_empty() {
            // Nodes have it, but not where the free cores are.
            let by_node = self.floor.by_node(topology);
            if !by_node.fits(need, topology) {
                short.push(Shortage::Memory { needed: need.memory, free: by_node.memory_for(need, topology) });
            }
        }
        if gpus < u64::from(need.gpus) {
            short.push(Shortage::Gpus { needed: u64::from(need.gpus), free: gpus });
        }
        short
    }
}

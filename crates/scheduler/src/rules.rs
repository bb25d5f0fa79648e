//! The configuration, made ready: names resolved, the machine prepared, and what follows for a class of jobs.
//! Must not know any job.

use std::collections::BTreeMap;

use model::{Memory, Reason, Request, TimeLimit};

use crate::class::{Standing, Traits};
use crate::config::{Config, Partition, PreemptMode, Qos};
use crate::fair::FULL;
use crate::names::{Name, Names};
use crate::placement::has_memory_when_empty;
use crate::resources::Need;
use crate::topology::Topology;

/// The configuration, made ready.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// As given.
    pub config: Config,
    /// The machine.
    pub topology: Topology,
    partitions: BTreeMap<Name, usize>,
    qos: BTreeMap<Name, usize>,
}

impl Rules {
    /// Prepares a configuration.
    pub fn new(config: Config, names: &mut Names) -> Self {
        let topology = Topology::new(&config.machine, &config.nodes);
        let number = |names: &mut Names, list: Vec<&String>| -> BTreeMap<Name, usize> {
            list.into_iter().enumerate().map(|(at, name)| (names.number(name), at)).collect()
        };
        let partitions = number(names, config.partitions.iter().map(|partition| &partition.name).collect());
        let qos = number(names, config.qos.iter().map(|qos| &qos.name).collect());
        Rules { config, topology, partitions, qos }
    }

    /// The partition that takes jobs which name none.
    pub fn default_partition(&self) -> Option<&Partition> {
        self.config.partitions.iter().find(|partition| partition.default).or(self.config.partitions.first())
    }

    /// A partition by name.
    pub fn partition(&self, name: &str) -> Option<&Partition> {
        self.config.partitions.iter().find(|partition| partition.name == name)
    }

    /// The QOS of jobs that name none.
    pub fn default_qos(&self) -> Option<&Qos> {
        self.qos("normal").or(self.config.qos.first())
    }

    /// A QOS by name.
    pub fn qos(&self, name: &str) -> Option<&Qos> {
        self.config.qos.iter().find(|qos| qos.name == name)
    }

    /// The partition of a class, if there still is one.
    pub fn partition_of(&self, standing: &Standing) -> Option<&Partition> {
        self.config.partitions.get(standing.partition?)
    }

    /// The QOS of a class, if there still is one.
    pub fn qos_of(&self, standing: &Standing) -> Option<&Qos> {
        self.config.qos.get(standing.qos?)
    }

    /// How jobs of the first QOS displace jobs of the second; [`PreemptMode::Off`]: not at all.
    pub fn displacement(&self, by: &Standing, of: &Standing) -> PreemptMode {
        match (self.qos_of(by), self.qos_of(of)) {
            (Some(by), Some(of)) if by.preempts.contains(&of.name) => of.preempt_mode,
            _ => PreemptMode::Off,
        }
    }

    /// What a job needs.
    pub fn need(&self, request: &Request) -> Need {
        let cpus = if request.exclusive { self.topology.cpus().max(request.cpus()) } else { request.cpus() };
        let threads = request.threads_per_core.map_or(u32::MAX, |threads| threads.max(1));
        // Memory by CPU counts the CPUs that a job is given: the threads of whole cores, unless it wants but some.
        let each = self.topology.kind_threads[0].clamp(1, threads.max(1));
        let given = cpus.div_ceil(each).saturating_mul(each);
        Need {
            cpus,
            threads,
            memory: request.memory_mib(given).unwrap_or(0),
            gpus: request.gpus,
            gpu_kind: request.gpu_type.as_deref().and_then(|kind| self.topology.gpu_kind(kind)),
            whole: request.exclusive,
        }
    }

    /// What the configuration makes of a class, with the fair-share factor of its user.
    pub fn standing(&self, traits: &Traits, fair: u32) -> Standing {
        let partition = self.partitions.get(&traits.partition).copied();
        let qos = self.qos.get(&traits.qos).copied();
        let need = self.need(&traits.request);
        let mut standing = Standing { need, blocked: None, partition, qos, displaces: false, base: 0 };
        standing.blocked = self.blocked(traits, &standing);
        standing.displaces = self.qos_of(&standing).is_some_and(|qos| !qos.preempts.is_empty());
        standing.base = self.base(traits, &standing, fair);
        standing
    }

    /// Why jobs of this class cannot start as long as the configuration stays as it is.
    fn blocked(&self, traits: &Traits, standing: &Standing) -> Option<Reason> {
        let Some(partition) = self.partition_of(standing).filter(|partition| partition.up) else {
            return Some(Reason::PartitionDown);
        };
        let total = &self.topology.total;
        let capped = partition.max_cores.map_or(*total, |cores| total.at_most_cores(cores));
        let fits = standing.need.fits(&capped, &self.topology) && has_memory_when_empty(&standing.need, &self.topology);
        if traits.request.node_count() > 1 || !fits {
            return Some(Reason::PartitionConfig);
        }
        let too_long = |greatest: TimeLimit| match (greatest.span(), traits.time_limit.span()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(greatest), Some(asked)) => asked > greatest,
        };
        let qos_limit = self.qos_of(standing).map_or(TimeLimit::Unlimited, |qos| qos.max_time);
        (too_long(partition.max_time) || too_long(qos_limit)).then_some(Reason::PartitionTimeLimit)
    }

    /// Priority without age: fair share, size, partition and QOS, each by its weight, minus nice.
    fn base(&self, traits: &Traits, standing: &Standing, fair: u32) -> i64 {
        match traits.priority {
            Some(fixed) => i64::from(fixed),
            None => self.parts(standing, fair).iter().sum::<i64>() - i64::from(traits.nice),
        }
    }

    /// What fair share, size, partition and QOS, in this order, add to a priority.
    pub fn parts(&self, standing: &Standing, fair: u32) -> [i64; 4] {
        let weights = &self.config.weights;
        let part = |weight: u32, top: u64, bottom: u64| (u64::from(weight) * top.min(bottom) / bottom.max(1)) as i64;
        let cores = u64::from(self.topology.total.core_count());
        let wanted = standing.need.cores_of(&self.topology.total, &self.topology);
        let size = wanted.iter().map(|count| u64::from(*count)).sum();
        let partition = self.partition_of(standing).map_or(0, |partition| partition.priority);
        let qos = self.qos_of(standing).map_or(0, |qos| qos.priority);
        [
            part(weights.fair_share, u64::from(fair), u64::from(FULL)),
            part(weights.size, size, cores),
            part(weights.partition, u64::from(partition), 1000),
            part(weights.qos, u64::from(qos), 1000),
        ]
    }

    /// Memory in MiB that a job is given with these CPUs; `None`: not limited.
    pub fn memory(&self, request: &Request, cpus: u32) -> Option<u64> {
        match request.memory {
            Memory::Default | Memory::Unlimited => None,
            Memory::PerNode(_) | Memory::PerCpu(_) => request.memory_mib(cpus),
        }
    }
}

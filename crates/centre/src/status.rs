//! The centre and its machine at a glance, settings, and why a job waits.

use std::collections::BTreeMap;

use api::{LoadRow, Reply, StatusReport, WhyCause, WhyReport};
use drivers::local::{protocol::CgroupVersion, system};
use model::{JobId, NodePower, NodeRow, PartitionRow, Uid};
use scheduler::{Cause, Hold, NodeUse, RowFilter};

use crate::{
    connection::{ConnId, Peer},
    core::Centre,
};

impl Centre {
    pub(crate) fn status(&mut self, conn: ConnId, peer: Peer) {
        let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
        let load = self.state.machine_use();
        let mut report = StatusReport {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            launcher_pid: self.hello.as_ref().map_or(0, |hello| hello.pid),
            url: self.url.clone(),
            data: self.paths.data.display().to_string(),
            ready: self.hello.is_some() && self.degraded.is_none(),
            not_ready: match (&self.degraded, &self.hello) {
                (Some(why), _) => why.clone(),
                (None, None) => "the launcher has not answered yet".to_owned(),
                _ => String::new(),
            },
            started: self.started,
            now: self.now,
            node: self.node_row(),
            nodes: self.state.nodes().map(|view| (view.node.name.clone(), crate::power::shown(view.doing))).collect(),
            guarantees: self.guarantees(),
            running: load.running as u32,
            pending: self.waiting(),
            suspended: load.suspended as u32,
            users: self.load_by_user(only),
            budgets: self.budget_warnings(peer),
            rss_kib: resident_kib().unwrap_or(0),
        };
        self.cluster_status(only, &mut report);
        self.reply(conn, &Reply::Status(Box::new(report)));
    }

    /// Waiting jobs, each task of an array counted.
    pub(crate) fn waiting(&self) -> u64 {
        self.remaining.values().sum::<u64>().saturating_sub(self.state.runs().count() as u64)
    }

    fn load_by_user(&self, only: Option<Uid>) -> Vec<LoadRow> {
        let mut users: BTreeMap<Uid, LoadRow> = BTreeMap::new();
        let filter = RowFilter { user: only, ..RowFilter::default() };
        self.state.ids(&filter, &mut |id| {
            let Some(job) = self.state.job(id) else { return };
            let owner = job.owner();
            let row = users.entry(owner.uid).or_insert_with(|| LoadRow {
                user: owner.user.clone(),
                uid: owner.uid,
                running: 0,
                cpus: 0,
                pending: 0,
            });
            match job.placement() {
                Some(placement) => {
                    row.running += 1;
                    row.cpus += placement.cpus.len() as u32;
                }
                None => row.pending += job.tasks().map_or(1, |tasks| tasks.len()),
            }
        });
        users.into_values().collect()
    }

    pub(crate) fn node_row(&self) -> NodeRow {
        let machine = &self.state.config().machine;
        let load = self.state.machine_use();
        let sockets = machine.sockets().max(1);
        NodeRow {
            name: self.node.to_string(),
            sockets,
            cores_per_socket: (machine.cores.len() as u32).div_ceil(sockets),
            threads_per_core: machine.threads_per_core(),
            cpus: machine.cpus(),
            cpus_allocated: load.cpus_allocated,
            memory_mib: machine.memory_mib,
            memory_allocated_mib: load.memory_allocated_mib,
            memory_free_mib: system::memory().map_or(0, |memory| memory.available_mib),
            load_centi: system::load_centi().unwrap_or(0),
            watts: self.metering.as_ref().and_then(crate::metering::Metering::watts),
            gpus: machine.gpus.len() as u32,
            gpus_allocated: load.gpus_allocated,
            drained: load.drained,
            power: NodePower::On,
            up: self.hello.is_some(),
            reserved: load
                .reservations
                .iter()
                .any(|held| held.cores.is_none() && held.start <= self.now && self.now < held.end),
            simulated: machine.simulated,
            partitions: self.state.config().partitions.iter().map(|partition| partition.name.clone()).collect(),
            boot: system::boot_time().ok(),
            started: Some(self.started),
            os: kernel().unwrap_or_default(),
        }
    }

    /// The machine; where parts of it can be switched, each of them.
    pub(crate) fn node_rows(&self) -> Vec<NodeRow> {
        let whole = self.node_row();
        let parts: Vec<NodeRow> = self.state.node_uses().map(|part| node_of(&whole, part)).collect();
        if parts.is_empty() { vec![whole] } else { parts }
    }

    /// The names of [`Centre::node_rows`].
    fn node_names(&self) -> Vec<String> {
        let names: Vec<String> = self.state.nodes().map(|view| view.node.name.clone()).collect();
        if names.is_empty() { vec![self.node.to_string()] } else { names }
    }

    pub(crate) fn partition_rows(&self) -> Vec<PartitionRow> {
        let config = self.state.config();
        let named_default = config.partitions.iter().any(|partition| partition.default);
        let rows = config.partitions.iter().enumerate().map(|(number, partition)| PartitionRow {
            name: partition.name.clone(),
            default: partition.default || (!named_default && number == 0),
            up: partition.up,
            max_time: partition.max_time,
            default_time: partition.default_time,
            default_memory: partition.default_memory,
            nodes: self.node_names(),
            cpus: config.machine.cpus(),
            memory_mib: config.machine.memory_mib,
        });
        rows.collect()
    }

    /// What limits hold here, in words.
    fn guarantees(&self) -> String {
        let Some(hello) = &self.hello else { return String::new() };
        let holds = &hello.guarantees;
        let by = match holds.cgroup {
            CgroupVersion::V2 => "cgroup v2",
            CgroupVersion::V1 => "cgroup v1",
            CgroupVersion::None => "no cgroup",
        };
        let word = |kept: bool, yes: &'static str, no: &'static str| if kept { yes } else { no };
        let cores = match (self.state.config().machine.simulated, holds.cpuset) {
            (true, _) => "cores not bound (simulated machine)",
            (false, true) => "cores bound",
            (false, false) => "cores by affinity",
        };
        format!(
            "{by}: {cores}, memory {}, processes {}",
            word(holds.memory, "enforced", "measured every half second"),
            word(holds.containment, "contained", "found by their mark")
        )
    }

    /// `scontrol show config`: what is true here, under Slurm's names where programs ask for them.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let limits = &self.file.limits;
        let config = self.state.config();
        let seconds = |count: u32| format!("{count} sec");
        let word = |text: &str| text.to_owned();
        let (none, who) = (
            word("(null)"),
            match self.service_uid {
                Uid::ROOT => word("root(0)"),
                Uid(number) => format!("{number}({number})"),
            },
        );
        let list: Vec<(&str, String)> = vec![
            ("AccountingStorageBackupHost", none.clone()),
            ("AccountingStorageEnforce", word(if self.people.projects.is_empty() { "none" } else { "associations" })),
            ("AccountingStorageHost", self.node.to_string()),
            ("AccountingStorageTRES", word("cpu,mem,energy,node,billing,fs/disk,vmem,pages")),
            ("AccountingStorageType", word("accounting_storage/algoric")),
            ("BackfillEnabled", self.file.priority.backfill.to_string()),
            ("BOOT_TIME", dialect::text::shown(|out| dialect::text::put_timestamp(out, self.started, &self.zone))),
            ("ClusterName", self.name.clone()),
            ("DefMemPerCPU", default_memory(self)),
            ("EnforcePartLimits", word("NO")),
            ("Epilog", self.file.scripts.epilog.clone().unwrap_or_else(|| none.clone())),
            ("FirstJobId", word("1")),
            ("GresTypes", word(if config.machine.gpus.is_empty() { "(null)" } else { "gpu" })),
            ("JobAcctGatherFrequency", word("1")),
            ("JobAcctGatherType", word("jobacct_gather/cgroup")),
            ("JobCompType", word("jobcomp/none")),
            ("JobFileAppend", word("0")),
            ("JobRequeue", word("1")),
            ("KillOnBadExit", word("0")),
            ("KillWait", seconds(limits.kill_wait)),
            ("Licenses", none.clone()),
            ("MailProg", none.clone()),
            ("MaxArraySize", limits.max_array.to_string()),
            ("MaxJobCount", limits.max_jobs.to_string()),
            ("MaxMemPerNode", word("UNLIMITED")),
            ("MaxNodeCount", word("1")),
            ("MaxStepCount", word("40000")),
            ("MaxTasksPerNode", word("32768")),
            ("MinJobAge", seconds(limits.min_job_age)),
            ("MpiDefault", word("none")),
            ("MULTIPLE_SLURMD", word("No")),
            ("NEXT_JOB_ID", self.state.next_id().to_string()),
            ("PreemptType", word("preempt/qos")),
            ("PrivateData", word(if self.file.privacy.private_jobs { "jobs,usage" } else { "none" })),
            ("ProctrackType", format!("proctrack/{}", self.guarantees().split(':').next().unwrap_or(""))),
            ("Prolog", self.file.scripts.prolog.clone().unwrap_or_else(|| none.clone())),
            ("PropagateResourceLimits", word("ALL")),
            ("RequeueDelay", seconds(limits.requeue_delay)),
            ("ReturnToService", word("1")),
            ("SchedulerType", word("sched/backfill")),
            ("SelectType", word("select/cons_tres")),
            ("SelectTypeParameters", word("CR_CORE_MEMORY")),
            ("SlurmUser", who.clone()),
            ("SlurmctldHost[0]", self.node.to_string()),
            ("SlurmdUser", who),
            ("SLURM_CONF", self.paths.config().display().to_string()),
            ("SLURM_VERSION", format!("22.05-algoric-{}", env!("CARGO_PKG_VERSION"))),
            ("StateSaveLocation", self.paths.data.display().to_string()),
            ("SwitchType", word("switch/none")),
            ("TaskPlugin", word("task/affinity")),
            ("TmpFS", word("/tmp")),
            ("TopologyPlugin", word("topology/none")),
            ("TrackWCKey", word("No")),
            ("UsePam", word("No")),
            ("WaitTime", seconds(0)),
        ];
        let mut all: Vec<(String, String)> = list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        all.extend(self.priority_settings());
        // Programs look names up; people read them by the alphabet.
        all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        all
    }

    fn priority_settings(&self) -> Vec<(String, String)> {
        let (config, weights) = (self.state.config(), self.state.weights());
        let span = |span: model::Span| dialect::text::shown(|out| dialect::text::put_full_span(out, span));
        let list = [
            ("PriorityDecayHalfLife", span(config.half_life)),
            ("PriorityFavorSmall", "No".to_owned()),
            ("PriorityMaxAge", span(config.max_age)),
            ("PriorityType", "priority/multifactor".to_owned()),
            ("PriorityWeightAge", weights.age.to_string()),
            ("PriorityWeightAssoc", "0".to_owned()),
            ("PriorityWeightFairShare", weights.fair_share.to_string()),
            ("PriorityWeightJobSize", weights.size.to_string()),
            ("PriorityWeightPartition", weights.partition.to_string()),
            ("PriorityWeightQOS", weights.qos.to_string()),
        ];
        list.map(|(key, value): (&str, String)| (key.to_owned(), value)).into()
    }

    /// Of some jobs, the first few that the reader may see.
    fn seen(&mut self, peer: Peer, ids: &[JobId]) -> Vec<JobId> {
        let owners: Vec<(JobId, Uid)> =
            ids.iter().take(64).filter_map(|id| Some((*id, self.state.job(*id)?.owner().uid))).collect();
        owners.into_iter().filter(|(_, owner)| self.may_see(peer.uid, *owner)).map(|(id, _)| id).take(8).collect()
    }

    /// Why a job waits, with what the reader may see of others.
    pub(crate) fn why_report(&mut self, peer: Peer, id: JobId, shown: String) -> Option<WhyReport> {
        let why = self.state.why(id, self.now)?;
        let row = self.state.row(id, self.now)?;
        let running: Vec<JobId> = self.state.runs().map(|(run, _, _)| run.job).collect();
        let (ahead_ids, running_ids) = (self.seen(peer, &why.before_first), self.seen(peer, &running));
        let load = self.state.machine_use();
        let machine = &self.state.config().machine;
        let request = self.state.job(id)?.request();
        let mut report = WhyReport {
            shown,
            state: row.state,
            reason: row.reason,
            priority: row.priority,
            ahead: why.before as u32,
            ahead_ids,
            running_ids,
            running: running.len() as u32,
            needs_cpus: row.cpus,
            free_cpus: machine.cpus().saturating_sub(load.cpus_allocated),
            needs_memory_mib: request.memory_mib(row.cpus).unwrap_or(0),
            free_memory_mib: machine.memory_mib.saturating_sub(load.memory_allocated_mib),
            needs_gpus: request.gpus,
            free_gpus: (machine.gpus.len() as u32).saturating_sub(load.gpus_allocated),
            total_cpus: machine.cpus(),
            dependency: row.dependency,
            eligible: row.eligible,
            expected_start: why.expected,
            drained: load.drained.map(|(reason, _, _)| reason),
            limit: None,
            causes: why.causes.into_iter().map(|cause| self.told(id, cause)).collect(),
        };
        report.limit = report.causes.iter().find_map(|cause| match cause {
            WhyCause::ArrayLimit { limit, .. } => Some(("array".to_owned(), limit.to_string())),
            WhyCause::QosLimit { qos, limit } => Some((format!("qos {qos}"), limit.to_string())),
            WhyCause::Reservation { name, .. } => Some(("reservation".to_owned(), name.clone())),
            WhyCause::PartitionDown(name) => Some(("partition".to_owned(), name.clone())),
            WhyCause::TooBig { of, .. } => Some(("cpus".to_owned(), of.to_string())),
            WhyCause::TooLong(limit) => Some(("time".to_owned(), limit.clone())),
            _ => None,
        });
        Some(report)
    }

    /// A cause as it travels: people have names.
    fn told(&mut self, id: JobId, cause: Cause) -> WhyCause {
        match cause {
            Cause::Held(Hold::User) => WhyCause::Held,
            Cause::Held(Hold::Operator) => WhyCause::HeldByOperator,
            Cause::Held(Hold::Requeued) => WhyCause::HeldAfterRequeue,
            Cause::Dependency { .. } => WhyCause::Dependency,
            Cause::Begin(at) => WhyCause::Begin(at),
            Cause::CheapHours { better, run } => self.cheap_hours(id, better, run),
            Cause::ArrayLimit { running, limit } => WhyCause::ArrayLimit { running, limit },
            Cause::PartitionDown(name) => WhyCause::PartitionDown(name),
            Cause::TooBig { cpus, of } => WhyCause::TooBig { cpus, of },
            Cause::TooLong => WhyCause::TooLong(self.longest(id)),
            Cause::Drained { reason, by, since } => WhyCause::Drained { reason, by: self.people.name(by), since },
            Cause::Reservation { name, span } => WhyCause::Reservation { name, span },
            Cause::QosLimit { qos, limit } => WhyCause::QosLimit { qos, limit },
            Cause::PartitionFull { partition, cores } => WhyCause::PartitionFull { partition, cores },
            Cause::Kept { name, start, end } => WhyCause::Kept { name, start, end },
            Cause::Booting { nodes, up } => WhyCause::Booting { nodes: nodes.join(","), up },
            Cause::NodeFailed { node, reason } => WhyCause::NodeFailed { node, reason },
            Cause::Priority => WhyCause::Priority,
            Cause::Resources => WhyCause::Resources,
        }
    }

    /// The longest that a job may run, by its partition and its QOS.
    fn longest(&self, id: JobId) -> String {
        let Some(job) = self.state.job(id) else { return String::new() };
        let config = self.state.config();
        let partition = config.partitions.iter().find(|partition| partition.name == **job.partition());
        let qos = config.qos.iter().find(|qos| qos.name == **job.qos());
        let limits = [partition.map(|partition| partition.max_time), qos.map(|qos| qos.max_time)];
        let least = limits.into_iter().flatten().filter_map(model::TimeLimit::span).min();
        let least = least.map_or(model::TimeLimit::Unlimited, model::TimeLimit::Span);
        dialect::text::shown(|out| dialect::text::put_full_limit(out, least))
    }
}

/// A part of the machine that can be switched.
fn node_of(whole: &NodeRow, part: NodeUse<'_>) -> NodeRow {
    let power = crate::power::shown(part.view.doing);
    // Why it is down stands where it stands for all that is out of service.
    let failed = match &power {
        NodePower::Failed { reason, since } => Some((reason.clone(), Uid::ROOT, *since)),
        _ => None,
    };
    NodeRow {
        name: part.view.node.name.clone(),
        sockets: 1,
        cores_per_socket: part.view.node.cores,
        cpus: part.cpus,
        cpus_allocated: part.cpus_allocated,
        memory_mib: part.view.node.memory_mib,
        gpus: part.view.node.gpus,
        gpus_allocated: part.gpus_allocated,
        watts: None,
        drained: whole.drained.clone().or(failed),
        power,
        ..whole.clone()
    }
}

/// Kernel name, release and version, then the architecture.
fn kernel() -> Option<String> {
    let machine = nix::sys::utsname::uname().ok()?;
    Some(format!("{} {}", system::os().ok()?, machine.machine().to_string_lossy()))
}

/// What the centre itself takes of the memory.
pub(crate) fn resident_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
}

fn default_memory(centre: &Centre) -> String {
    match centre.state.config().partitions.first().map(|partition| partition.default_memory) {
        Some(model::Memory::PerCpu(mib)) => mib.to_string(),
        _ => "UNLIMITED".to_owned(),
    }
}

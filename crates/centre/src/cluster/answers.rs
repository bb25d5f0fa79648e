//! What members ask of a centre whose jobs a Slurm runs: answered from the mirror, and where that does not say it, by what
//! the embedded engine still has. Must not know how the mirror is filled.

use std::collections::BTreeMap;

use api::{JobTarget, LoadRow, QueueQuery, Refusal, RefusalCode, Reply, Request, WhyCause, WhyReport};
use dialect::cluster::queue::Queued;
use model::{
    AccountRow, ArrayPlace, Exit, JobId, JobState, Memory, NodePower, NodeRow, PartitionRow, Reason, Text, Uid,
};

use super::Cluster;
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
};

/// Rows that fit into a message.
const PART: usize = 256;

type Unanswered = Result<Option<Request>, Refusal>;

/// Whether somebody who names this target means this row.
fn is_meant(target: &JobTarget, row: &Queued) -> bool {
    let one = |index: u32| target.tasks.as_ref().is_none_or(|tasks| tasks.contains(index));
    match &row.row.array {
        ArrayPlace::Task { base, index } => (target.id == *base && one(*index)) || target.id == row.row.id,
        ArrayPlace::Pending { base, tasks, .. } => {
            target.id == *base
                && target.tasks.as_ref().is_none_or(|asked| tasks.iter().any(|task| asked.contains(task)))
        }
        ArrayPlace::Single => target.id == row.row.id,
    }
}

impl Cluster {
    /// The rows that a target means.
    pub(crate) fn meant<'a>(&'a self, target: &'a JobTarget) -> impl Iterator<Item = &'a Queued> {
        self.queue.values().filter(move |row| is_meant(target, row))
    }

    /// Whether a number is one of Slurm's queue.
    pub(super) fn has(&self, target: &JobTarget) -> bool {
        self.meant(target).next().is_some()
    }

    /// Jobs that wait and that run.
    fn load(&self) -> (u64, u32, u32) {
        let (mut pending, mut running, mut suspended) = (0, 0, 0);
        for row in self.queue.values().map(|row| &row.row) {
            match row.state {
                JobState::Pending => pending += tasks(&row.array),
                JobState::Running | JobState::Completing => running += 1,
                JobState::Suspended => suspended += 1,
                _ => {}
            }
        }
        (pending, running, suspended)
    }
}

fn tasks(array: &ArrayPlace) -> u64 {
    match array {
        ArrayPlace::Pending { tasks, .. } => tasks.len(),
        _ => 1,
    }
}

impl Centre {
    /// Answers what the cluster knows; what it does not is given back.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn cluster_answers(&mut self, conn: ConnId, peer: Peer, request: Request) -> Unanswered {
        if self.cluster.is_none() {
            return Ok(Some(request));
        }
        match request {
            Request::Queue(query) => self.mirrored_queue(conn, peer, query),
            Request::Accounts(query) => {
                self.mirrored_accounts(conn, peer, &query);
                Ok(Some(Request::Accounts(query)))
            }
            Request::Nodes => {
                let rows = self.cluster_nodes();
                self.reply(conn, &Reply::Nodes(rows));
                Ok(None)
            }
            Request::Partitions => {
                let rows = self.cluster_partitions();
                self.reply(conn, &Reply::Partitions(rows));
                Ok(None)
            }
            Request::Cluster(request) => {
                self.cluster_order(conn, peer, &request)?;
                Ok(None)
            }
            Request::Why(target) => self.why_there(conn, peer, target),
            Request::Allocate(_) | Request::StepBegin(_) => {
                Err(refuse(RefusalCode::Other, "Slurm runs the jobs here: use its own srun and salloc"))
            }
            other => self.cluster_orders(conn, peer, other),
        }
    }

    /// The mirror's rows first; then what the embedded engine still has, which ends the answer.
    fn mirrored_queue(&mut self, conn: ConnId, peer: Peer, mut query: QueueQuery) -> Unanswered {
        let rows: Vec<model::QueueRow> = self.seen_rows(peer, &query).into_iter().map(|row| row.row).collect();
        let has_rows = !rows.is_empty();
        for part in rows.chunks(PART) {
            self.reply(conn, &Reply::Queue(part.to_vec()));
        }
        if let (Some(targets), Some(cluster)) = (&mut query.targets, &self.cluster) {
            targets.retain(|target| !cluster.has(target) && self.state.job(target.id).is_some());
            if targets.is_empty() {
                if !has_rows {
                    return Ok(Some(Request::Queue(query)));
                }
                self.reply(conn, &Reply::End);
                return Ok(None);
            }
        }
        Ok(Some(Request::Queue(query)))
    }

    /// The mirror's rows that a question is about and the asker may see.
    fn seen_rows(&mut self, peer: Peer, query: &QueueQuery) -> Vec<Queued> {
        let sees_all = self.may_see(peer.uid, Uid(u32::MAX));
        let users: Option<Vec<Uid>> =
            query.users.as_ref().map(|names| names.iter().filter_map(|name| self.people.uid(name)).collect());
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let is_asked = |row: &Queued| {
            (sees_all || row.row.owner.uid == peer.uid)
                && (query.finished || !row.row.state.is_final())
                && users.as_ref().is_none_or(|users| users.contains(&row.row.owner.uid))
                && query.targets.as_ref().is_none_or(|targets| targets.iter().any(|target| is_meant(target, row)))
        };
        cluster.queue.values().filter(|row| is_asked(row)).cloned().collect()
    }

    /// What is not over goes before what the file has: the accounting will bring it there.
    fn mirrored_accounts(&mut self, conn: ConnId, peer: Peer, query: &api::AccountQuery) {
        let users = match (&query.users, query.all_users || query.targets.is_some()) {
            (Some(users), _) => Some(users.clone()),
            (None, true) => None,
            (None, false) => Some(vec![self.people.name(peer.uid)]),
        };
        let asked = QueueQuery { targets: query.targets.clone(), users, finished: false };
        let rows = self.seen_rows(peer, &asked);
        let until = |row: &&Queued| query.until.is_none_or(|until| row.row.submit <= until);
        let rows: Vec<AccountRow> = rows.iter().filter(until).map(account_row).collect();
        for part in rows.chunks(PART) {
            self.reply(conn, &Reply::Accounts(part.to_vec()));
        }
    }

    /// The cluster's machines.
    pub(crate) fn cluster_nodes(&self) -> Vec<NodeRow> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let row = |node: &dialect::cluster::nodes::Node| {
            let out = ["DRAIN", "DOWN", "FAIL", "MAINT", "DRAINED", "DRAINING"].iter().any(|state| node.is(state));
            let reason = node.reason.clone().unwrap_or_else(|| node.states.join("+"));
            let power = match node {
                node if node.is("POWERED_DOWN") => NodePower::Off,
                node if node.is("POWERING_DOWN") => NodePower::GoingOff,
                node if node.is("POWERING_UP") => NodePower::Booting,
                _ => NodePower::On,
            };
            NodeRow {
                name: node.name.clone(),
                sockets: node.sockets,
                cores_per_socket: node.cores_per_socket,
                threads_per_core: node.threads_per_core,
                cpus: node.cpus,
                cpus_allocated: node.cpus_allocated,
                memory_mib: node.memory_mib,
                memory_allocated_mib: node.memory_allocated_mib,
                memory_free_mib: node.memory_free_mib,
                load_centi: node.load_centi,
                watts: None,
                gpus: node.gpus,
                gpus_allocated: node.gpus_allocated,
                drained: out.then_some((reason, Uid::ROOT, cluster.seen)),
                power,
                up: node.is_up(),
                reserved: node.is("RESERVED"),
                simulated: false,
                partitions: node.partitions.clone(),
                boot: None,
                started: None,
                os: node.os.clone(),
            }
        };
        cluster.park.nodes.iter().map(row).collect()
    }

    fn cluster_partitions(&self) -> Vec<PartitionRow> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let row = |partition: &dialect::cluster::nodes::Partition| PartitionRow {
            name: partition.name.clone(),
            default: partition.default,
            up: partition.up,
            max_time: partition.max_time,
            default_time: partition.default_time,
            default_memory: partition.default_memory,
            nodes: partition.nodes.clone(),
            cpus: partition.cpus,
            memory_mib: partition.memory_mib,
        };
        cluster.park.partitions.iter().map(row).collect()
    }

    /// Adds the cluster to the centre at a glance.
    pub(crate) fn cluster_status(&self, only: Option<Uid>, report: &mut api::StatusReport) {
        let Some(cluster) = &self.cluster else { return };
        let (pending, running, suspended) = cluster.load();
        report.pending += pending;
        report.running += running;
        report.suspended += suspended;
        let nodes = self.cluster_nodes();
        report.nodes = nodes.iter().map(|node| (node.name.clone(), node.power.clone())).collect();
        report.node = together(&report.node, &cluster.park.name, &nodes);
        report.guarantees = format!("Slurm {} on cluster {}", cluster.park.version, cluster.park.name);
        let mut users: BTreeMap<Uid, LoadRow> = report.users.drain(..).map(|row| (row.uid, row)).collect();
        for row in cluster.queue.values().map(|row| &row.row).filter(|row| only.is_none_or(|uid| row.owner.uid == uid))
        {
            if row.state.is_final() {
                continue;
            }
            let owner = &row.owner;
            let load = users.entry(owner.uid).or_insert_with(|| LoadRow {
                user: owner.user.clone(),
                uid: owner.uid,
                running: 0,
                cpus: 0,
                pending: 0,
            });
            if row.state == JobState::Pending {
                load.pending += tasks(&row.array);
            } else {
                (load.running, load.cpus) = (load.running + 1, load.cpus + row.cpus);
            }
        }
        report.users = users.into_values().collect();
        let faults = [&cluster.fault, &cluster.usage_fault];
        if let Some(fault) = faults.into_iter().flatten().next()
            && report.ready
        {
            (report.ready, report.not_ready) = (false, format!("the cluster cannot be followed: {fault}"));
        }
    }

    /// How the cluster is seen, and how long ago.
    pub(super) fn cluster_state(&self) -> Result<api::ClusterState, Refusal> {
        let cluster = self.cluster.as_ref().ok_or_else(|| refuse(RefusalCode::Other, super::reconcile::NO_SLURM))?;
        let (waiting, running, suspended) = cluster.load();
        let age = |seen: model::Time| (seen.0 > 0).then(|| (crate::service::clock() - seen).0.max(0));
        Ok(api::ClusterState {
            name: cluster.park.name.clone(),
            version: cluster.park.version.clone(),
            up: cluster.park.nodes.iter().filter(|node| node.is_up()).count() as u32,
            nodes: cluster.park.nodes.len() as u32,
            running: running + suspended,
            waiting,
            moving: self.waiting() as u32,
            queue_age: age(cluster.seen),
            usage_age: age(cluster.read),
            queue_fault: cluster.fault.clone(),
            usage_fault: cluster.usage_fault.clone(),
        })
    }

    /// Slurm's reason in our words.
    fn why_there(&mut self, conn: ConnId, peer: Peer, target: JobTarget) -> Unanswered {
        let found = self.cluster.as_ref().and_then(|cluster| cluster.meant(&target).next().cloned());
        let Some(job) = found else { return Ok(Some(Request::Why(target))) };
        if !self.may_see(peer.uid, job.row.owner.uid) {
            return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
        }
        let sees_all = self.may_see(peer.uid, Uid(u32::MAX));
        let report = self.why_of(&job, target.id.to_string(), sees_all);
        self.reply(conn, &Reply::Why(Box::new(report)));
        Ok(None)
    }

    fn why_of(&self, job: &Queued, shown: String, sees_all: bool) -> WhyReport {
        let row = &job.row;
        let mine = |other: &&Queued| sees_all || other.row.owner.uid == row.owner.uid;
        let queue = || self.cluster.iter().flat_map(|cluster| cluster.queue.values());
        let before = |other: &&Queued| {
            let other = &other.row;
            other.state == JobState::Pending
                && other.partition == row.partition
                && (other.priority, std::cmp::Reverse(other.id)) > (row.priority, std::cmp::Reverse(row.id))
        };
        let runs = |other: &&Queued| other.row.state == JobState::Running;
        let nodes = self.cluster_nodes();
        let usable: Vec<&NodeRow> = nodes.iter().filter(|node| node.up && node.drained.is_none()).collect();
        let sum = |of: fn(&NodeRow) -> u64| usable.iter().map(|node| of(node)).sum::<u64>();
        let free_memory = |node: &NodeRow| node.memory_mib.saturating_sub(node.memory_allocated_mib);
        let needs_memory = match row.memory {
            Memory::PerNode(mib) => mib.saturating_mul(u64::from(row.nodes.max(1))),
            _ => 0,
        };
        WhyReport {
            shown,
            state: row.state,
            reason: row.reason,
            priority: row.priority,
            ahead: queue().filter(before).count() as u32,
            ahead_ids: queue().filter(before).filter(mine).take(8).map(|other| other.row.id).collect(),
            running_ids: queue().filter(runs).filter(mine).take(8).map(|other| other.row.id).collect(),
            running: queue().filter(runs).count() as u32,
            needs_cpus: row.cpus,
            free_cpus: sum(|node| u64::from(node.cpus.saturating_sub(node.cpus_allocated))) as u32,
            needs_memory_mib: needs_memory,
            free_memory_mib: sum(free_memory),
            needs_gpus: row.gpus,
            free_gpus: sum(|node| u64::from(node.gpus.saturating_sub(node.gpus_allocated))) as u32,
            total_cpus: sum(|node| u64::from(node.cpus)) as u32,
            dependency: row.dependency.clone(),
            eligible: row.eligible,
            expected_start: row.start.filter(|_| row.state == JobState::Pending),
            drained: nodes.iter().find_map(|node| node.drained.as_ref().map(|(reason, _, _)| reason.clone())),
            limit: None,
            causes: self.cause(job, &nodes).into_iter().collect(),
        }
    }

    /// Our words for Slurm's reason.
    fn cause(&self, job: &Queued, nodes: &[NodeRow]) -> Option<WhyCause> {
        let row = &job.row;
        if row.state != JobState::Pending {
            return None;
        }
        let partition = row.partition.to_string();
        let most = || nodes.iter().map(|node| node.cpus).sum();
        Some(match row.reason {
            Reason::JobHeldUser => WhyCause::Held,
            Reason::JobHeldAdmin => WhyCause::HeldByOperator,
            Reason::RequeuedHeld => WhyCause::HeldAfterRequeue,
            Reason::Dependency | Reason::DependencyNeverSatisfied => WhyCause::Dependency,
            Reason::BeginTime => WhyCause::Begin(row.start.unwrap_or(row.submit)),
            Reason::JobArrayTaskLimit => {
                let limit = match &row.array {
                    ArrayPlace::Pending { limit, .. } => limit.unwrap_or(0),
                    _ => 0,
                };
                let running = self.cluster.iter().flat_map(|cluster| cluster.queue.values());
                let running = running.filter(|other| other.base == job.base && other.row.state == JobState::Running);
                let running = running.count() as u32;
                WhyCause::ArrayLimit { running, limit: limit.max(running) }
            }
            Reason::PartitionDown | Reason::PartitionInactive => WhyCause::PartitionDown(partition),
            Reason::PartitionConfig => WhyCause::TooBig { cpus: row.cpus, of: most() },
            Reason::PartitionTimeLimit => WhyCause::TooLong(String::new()),
            Reason::NodeDown => {
                let out = nodes.iter().find_map(|node| Some((&node.name, node.drained.as_ref()?)));
                let (node, reason) = out.map_or((job.slurm_reason.clone(), String::new()), |(name, (reason, _, _))| {
                    (name.clone(), reason.clone())
                });
                WhyCause::NodeFailed { node, reason }
            }
            Reason::Reservation => {
                WhyCause::Reservation { name: job.reservation.clone().unwrap_or_default(), span: None }
            }
            limit @ (Reason::QosGrpCpuLimit
            | Reason::QosMaxCpuPerUser
            | Reason::QosMaxJobsPerUser
            | Reason::AssocGrpCpuLimit
            | Reason::AssocGrpBillingLimit) => WhyCause::QosLimit { qos: row.qos.to_string(), limit },
            Reason::Resources => WhyCause::Resources,
            _ => WhyCause::Priority,
        })
    }

    /// Who waits for the end of a submission hears it once the accounting was read after it left the queue.
    pub(super) fn answer_waiters(&mut self) {
        let Some(cluster) = &mut self.cluster else { return };
        let live: std::collections::BTreeSet<JobId> =
            cluster.queue.values().filter(|row| !row.row.state.is_final()).map(|row| row.base).collect();
        let read = cluster.read;
        let over: Vec<JobId> =
            cluster.waited.iter().copied().filter(|base| !live.contains(base) && cluster.seen <= read).collect();
        for base in over {
            cluster.waited.remove(&base);
            self.journal.after(crate::journal::After::Over(base));
        }
    }
}

/// All machines as one: what the centre at a glance shows.
fn together(like: &NodeRow, name: &str, nodes: &[NodeRow]) -> NodeRow {
    let sum = |of: fn(&NodeRow) -> u64| nodes.iter().map(of).sum::<u64>();
    NodeRow {
        name: name.to_owned(),
        cpus: sum(|node| u64::from(node.cpus)) as u32,
        cpus_allocated: sum(|node| u64::from(node.cpus_allocated)) as u32,
        memory_mib: sum(|node| node.memory_mib),
        memory_allocated_mib: sum(|node| node.memory_allocated_mib),
        memory_free_mib: sum(|node| node.memory_free_mib),
        load_centi: sum(|node| u64::from(node.load_centi)) as u32,
        gpus: sum(|node| u64::from(node.gpus)) as u32,
        gpus_allocated: sum(|node| u64::from(node.gpus_allocated)) as u32,
        drained: None,
        up: nodes.iter().any(|node| node.up),
        simulated: false,
        ..like.clone()
    }
}

/// A job that is not over, as the accounts show it.
fn account_row(job: &Queued) -> AccountRow {
    let row = &job.row;
    let runs = row.state != JobState::Pending;
    AccountRow {
        id: row.id,
        array: row.array.clone(),
        step: None,
        attempt: row.restarts,
        name: row.name.clone(),
        owner: row.owner.clone(),
        account: row.account.clone(),
        partition: row.partition.clone(),
        qos: row.qos.clone(),
        state: row.state,
        cancelled_by: None,
        reason: row.reason,
        exit: Exit::default(),
        derived_exit: Exit::default(),
        submit: row.submit,
        eligible: row.eligible,
        start: row.start.filter(|_| runs),
        end: None,
        suspended: row.suspended,
        cpus_requested: row.cpus,
        cpus: if runs { row.cpus } else { 0 },
        tasks: row.tasks,
        nodes: row.nodes,
        memory: row.memory,
        memory_mib: None,
        gpus: if runs { row.gpus } else { 0 },
        time_limit: row.time_limit,
        priority: row.priority,
        usage: None,
        energy_uj: None,
        node: row.node.clone(),
        workdir: job.workdir.clone(),
        submit_line: Text::default(),
        comment: job.comment.clone(),
        wckey: None,
        reservation: job.reservation.clone(),
    }
}

//! Who goes first, and why: priorities taken apart, shares, qualities of service; and the two orders that change who goes
//! first among others, `scontrol top` and the state of a partition.

use std::collections::BTreeMap;

use api::{JobTarget, QueueQuery, Refusal, RefusalCode, Reply};
use model::{JobId, JobState, PriorityRow, PriorityWeights, QosRow, ShareRow, Span, Uid};
use scheduler::{Change, PreemptMode, What};
use store::{Fact, Write};

use crate::{
    connection::{ConnId, Peer, Shape},
    core::{Centre, refuse},
};

type Outcome = Result<(), Refusal>;

/// So many waiting jobs are put behind others at once.
const MOST_MOVED: usize = 20_000;

/// So many priorities are told in one answer.
const MOST_PRIORITIES: usize = 20_000;

impl Centre {
    /// `sprio`
    pub(crate) fn priorities(&mut self, conn: ConnId, peer: Peer, query: &QueueQuery) -> Outcome {
        let mut ids = self.visible(peer, query)?;
        ids.truncate(MOST_PRIORITIES);
        let rows = self.rows(&ids).into_iter().filter_map(|row| {
            let parts = self.state.priority_parts(row.id, self.now)?;
            // Who is held, or must wait for others first, has no place in the order yet.
            let counts = row.priority > 0 && row.eligible.is_some_and(|eligible| eligible <= self.now);
            counts.then_some(PriorityRow {
                row,
                age: parts.age,
                fair_share: parts.fair_share,
                size: parts.size,
                partition: parts.partition,
                qos: parts.qos,
                fixed: parts.fixed,
            })
        });
        let rows: Vec<PriorityRow> = rows.collect();
        let weights = self.state.weights();
        let weights = PriorityWeights {
            age: weights.age,
            fair_share: weights.fair_share,
            size: weights.size,
            partition: weights.partition,
            qos: weights.qos,
        };
        self.reply(conn, &Reply::Priorities { weights, rows });
        Ok(())
    }

    /// `sshare`: projects by name, each followed by its users. Members see their own projects' sums and their own use.
    pub(crate) fn shares(&mut self, conn: ConnId, peer: Peer) {
        let all = self.may_see(peer.uid, Uid(u32::MAX));
        let shares = self.state.shares();
        let running = self.running_minutes();
        let mut projects: BTreeMap<String, Vec<ShareRow>> = BTreeMap::new();
        let members = self.people.members.iter();
        let mut known: Vec<(String, Uid, u64, u32)> =
            shares.into_iter().map(|share| (share.account, share.uid, share.cpu_ms, share.factor)).collect();
        // Who is a member and never submitted anything has used nothing.
        let idle: Vec<(String, Uid)> =
            members.filter_map(|member| Some((member.project.clone(), self.people.uid(&member.user)?))).collect();
        for (project, uid) in idle {
            if !known.iter().any(|(account, other, ..)| *account == project && *other == uid) {
                known.push((project, uid, 0, 1 << 16));
            }
        }
        for (account, uid, used, factor) in known {
            let user = self.people.name(uid);
            let minutes = running.get(&(account.clone(), uid)).copied().unwrap_or(0);
            projects.entry(account.clone()).or_default().push(ShareRow {
                account,
                user: Some(user),
                shares: 1,
                used_cpu_ms: used,
                factor: Some(factor),
                running_cpu_minutes: minutes,
            });
        }
        let me = self.people.name(peer.uid);
        let of = self.people.shares();
        let mut rows = Vec::new();
        for (account, mut users) in projects {
            let mine = users.iter().any(|row| row.user.as_deref() == Some(&me));
            if !all && !mine {
                continue;
            }
            rows.push(ShareRow {
                user: None,
                shares: of.get(&account).copied().unwrap_or(1),
                used_cpu_ms: users.iter().fold(0, |sum: u64, row| sum.saturating_add(row.used_cpu_ms)),
                factor: None,
                running_cpu_minutes: users.iter().map(|row| row.running_cpu_minutes).sum(),
                account,
            });
            users.retain(|row| all || row.user.as_deref() == Some(&me));
            users.sort_by(|a, b| a.user.cmp(&b.user));
            rows.extend(users);
        }
        self.reply(conn, &Reply::Shares(rows));
    }

    /// CPU-minutes that running jobs may still take, by project and user; without a limit nothing can be said.
    fn running_minutes(&self) -> BTreeMap<(String, Uid), u64> {
        let mut minutes: BTreeMap<(String, Uid), u64> = BTreeMap::new();
        for (run, placement, start) in self.state.runs() {
            let Some(job) = self.state.job(run.job) else { continue };
            let Some(limit) = job.time_limit().span() else { continue };
            let left = Span(limit.0 - (self.now - start).0).as_seconds().max(0).unsigned_abs() / 60;
            let sum = minutes.entry((job.account().to_string(), job.owner().uid)).or_default();
            *sum = sum.saturating_add(left.saturating_mul(placement.cpus.len() as u64));
        }
        minutes
    }

    /// `sacctmgr show qos`
    pub(crate) fn qos_rows(&self) -> Vec<QosRow> {
        let row = |qos: &scheduler::Qos| QosRow {
            name: qos.name.clone(),
            priority: qos.priority,
            preempts: qos.preempts.clone(),
            preempt_mode: match qos.preempt_mode {
                PreemptMode::Off => "cluster",
                PreemptMode::Suspend => "suspend",
                PreemptMode::Requeue => "requeue",
                PreemptMode::Cancel => "cancel",
            }
            .to_owned(),
            max_cpus: qos.max_cpus,
            max_cpus_per_user: qos.max_cpus_per_user,
            max_jobs_per_user: qos.max_jobs_per_user,
            max_time: qos.max_time,
        };
        self.state.config().qos.iter().map(row).collect()
    }

    /// `scontrol top`: the owner's other waiting jobs of the same project, partition and QOS that would go first go
    /// after these, in their order. Nobody else's place changes for the better or the worse.
    pub(crate) fn top(&mut self, conn: ConnId, peer: Peer, targets: &[JobTarget]) -> Outcome {
        self.writable()?;
        crate::listing::not_too_many(targets.len())?;
        let mut chosen: Vec<JobId> = Vec::new();
        for target in targets {
            for (id, _) in self.resolve(target)? {
                if !self.may_change(peer.uid, id) {
                    return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
                }
                if self.state.job(id).is_some_and(|job| job.state() != JobState::Pending) {
                    return Err(refuse(RefusalCode::Other, "Job is no longer pending execution"));
                }
                chosen.push(id);
            }
        }
        let Some(first) = chosen.first().copied() else { return Ok(()) };
        let key = |centre: &Self, id: JobId| {
            let job = centre.state.job(id)?;
            let names = [job.account(), job.partition(), job.qos()].map(|name| name.to_string());
            Some((job.owner().uid, names))
        };
        let Some((owner, names)) = key(self, first) else { return Ok(()) };
        let mut ids = Vec::new();
        let filter = scheduler::RowFilter { user: Some(owner), ..scheduler::RowFilter::default() };
        self.state.ids(&filter, &mut |id| ids.push(id));
        let own = self.rows(&ids);
        let least = own.iter().filter(|row| chosen.contains(&row.id)).map(|row| row.priority).min().unwrap_or(0);
        let ahead = own.iter().filter(|row| {
            row.state == JobState::Pending
                && !chosen.contains(&row.id)
                && row.priority >= least.max(1)
                && [&row.account, &row.partition, &row.qos].iter().zip(&names).all(|(a, b)| ***a == **b)
        });
        let moves: Vec<(JobId, i32)> =
            ahead.map(|row| (row.id, row.nice.saturating_add_unsigned(row.priority - least + 1))).collect();
        if moves.len() > MOST_MOVED {
            return Err(refuse(RefusalCode::Other, format!("more than {MOST_MOVED} jobs would change their place")));
        }
        for (id, nice) in moves {
            self.record_own(What::Updated { id, change: Change::Nice(nice), by: peer.uid });
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    /// `scontrol update PartitionName=... State=...`: until the centre is started again, as the file says it then.
    pub(crate) fn set_partition(&mut self, conn: ConnId, peer: Peer, name: &str, up: bool) -> Outcome {
        self.writable()?;
        if !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, ""));
        }
        let mut config = self.state.config().clone();
        let Some(partition) = config.partitions.iter_mut().find(|partition| partition.name == name) else {
            return Err(refuse(RefusalCode::InvalidPartition, name));
        };
        partition.up = up;
        self.state.reconfigure(config);
        let text = format!("partition {name} {}", if up { "up" } else { "down" });
        let fact = Box::new(Fact::Noted { by: peer.uid, text });
        self.journal.write(Write::Event { at: self.now, base: None, fact });
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    /// `squeue --json`
    pub(crate) fn records(&mut self, conn: ConnId, peer: Peer, query: &QueueQuery) -> Outcome {
        self.queue(conn, peer, query, Shape::Record)
    }

    /// `scontrol write batch_script`, `sacct -B`: whose it is, and operators. Read from the file, behind what is on its
    /// way there.
    pub(crate) fn papers(&mut self, conn: ConnId, peer: Peer, target: &JobTarget) {
        let only = (!self.people.is_operator(peer.uid)).then_some(peer.uid);
        let id = self.state.job(target.id).map_or(target.id, |job| job.base());
        self.journal.after(crate::journal::After::Read(conn, Box::new(crate::reading::Question::Papers { id, only })));
    }
}

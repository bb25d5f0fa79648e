//! What the listing commands show: the queue, a job in full, accounts, steps. Long answers are made piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use api::{AccountQuery, JobTarget, QueueQuery, Refusal, RefusalCode, Reply};
use model::{
    ArrayPlace, CpuSet, IndexSet, JobId, JobState, Machine, QueueDetail, QueueRecord, QueueRow, StepRow, Text, Uid,
    Wishes,
};
use scheduler::RowFilter;
use store::{AccountFilter, LiveFacts};

use crate::{
    complain::complain,
    connection::{ConnId, Cursor, Peer, Shape},
    core::{Centre, refuse},
    journal::After,
    reading::Question,
};

/// Rows in one part of an answer.
const PART: usize = 256;

type Outcome = Result<(), Refusal>;

impl Centre {
    /// Starts the answer to `squeue`; [`Centre::advance`] goes on with it.
    pub(crate) fn queue(&mut self, conn: ConnId, peer: Peer, query: &QueueQuery, shape: Shape) -> Outcome {
        let visible = self.visible(peer, query)?;
        if let Some(conn) = self.conns.get(conn) {
            conn.cursor = Some(Cursor { shape, ids: visible, next: 0 });
        }
        self.advance(conn);
        Ok(())
    }

    /// The records that a question is about and the asker may see.
    pub(crate) fn visible(&mut self, peer: Peer, query: &QueueQuery) -> Result<Vec<JobId>, Refusal> {
        let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
        few(query.users.as_ref().map_or(0, Vec::len))?;
        not_too_many(query.targets.as_ref().map_or(0, Vec::len))?;
        let users: Option<Vec<Uid>> =
            query.users.as_ref().map(|names| names.iter().filter_map(|name| self.people.uid(name)).collect());
        let ids = match &query.targets {
            Some(targets) => {
                let mut ids = Vec::new();
                for target in targets {
                    let found = self.resolve(target)?;
                    let wanted =
                        |id: &JobId| query.finished || self.state.job(*id).is_some_and(|job| !job.state().is_final());
                    ids.extend(found.into_iter().map(|(id, _)| id).filter(wanted));
                }
                ids
            }
            None => match (only, &users) {
                (Some(uid), None) => self.ids_of(&[uid], query.finished),
                (Some(uid), Some(users)) if users.contains(&uid) => self.ids_of(&[uid], query.finished),
                (Some(_), Some(_)) => Vec::new(),
                (None, Some(users)) => self.ids_of(users, query.finished),
                (None, None) => {
                    let mut ids = Vec::new();
                    let filter = RowFilter { finished: query.finished, ..RowFilter::default() };
                    self.state.ids(&filter, &mut |id| ids.push(id));
                    ids
                }
            },
        };
        Ok(match only {
            None => ids,
            Some(uid) => {
                ids.into_iter().filter(|id| self.state.job(*id).is_some_and(|job| job.owner().uid == uid)).collect()
            }
        })
    }

    fn ids_of(&self, users: &[Uid], finished: bool) -> Vec<JobId> {
        let mut ids = Vec::new();
        for uid in users {
            let filter = RowFilter { user: Some(*uid), finished, ..RowFilter::default() };
            self.state.ids(&filter, &mut |id| ids.push(id));
        }
        ids
    }

    /// Goes on with a long answer as far as the other end takes it.
    pub(crate) fn advance(&mut self, id: ConnId) {
        let Some(mut cursor) = self.conns.get(id).and_then(|conn| conn.cursor.take()) else { return };
        while cursor.next < cursor.ids.len() {
            // A job in full can take megabytes (its arguments), so each goes alone.
            let until = cursor.ids.len().min(cursor.next + if cursor.shape == Shape::Full { 1 } else { PART });
            let part = &cursor.ids[cursor.next..until];
            let reply = match cursor.shape {
                Shape::Full => Reply::Details(part.iter().filter_map(|id| self.detail(*id)).collect()),
                Shape::Record => Reply::Records(self.records_of(part)),
                Shape::Row => Reply::Queue(self.rows(part)),
            };
            cursor.next = until;
            let Some(conn) = self.conns.get(id) else { return };
            conn.push(&reply);
            if conn.is_full() && !conn.flush().unwrap_or(true) {
                break;
            }
        }
        let Some(conn) = self.conns.get(id) else { return };
        if cursor.next >= cursor.ids.len() {
            conn.push(&Reply::End);
        } else {
            conn.cursor = Some(cursor);
        }
    }

    pub(crate) fn rows(&self, ids: &[JobId]) -> Vec<QueueRow> {
        let mut rows: Vec<QueueRow> = Vec::with_capacity(ids.len());
        self.state.rows_of(ids, self.now, &mut |row| rows.push(row));
        rows
    }

    /// Rows with what their submissions say. What cannot be read is left out, and said in the log.
    fn records_of(&self, ids: &[JobId]) -> Vec<QueueRecord> {
        let rows = self.rows(ids);
        let base = |row: &QueueRow| match &row.array {
            ArrayPlace::Single => row.id,
            ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. } => *base,
        };
        let bases: Vec<JobId> = rows.iter().map(base).collect();
        let stored: Vec<JobId> = bases.iter().copied().filter(|base| self.submissions.get(*base).is_none()).collect();
        let mut read = match self.reader.wishes(&stored) {
            Ok(wishes) => wishes.into_iter(),
            Err(fault) => {
                complain!("{fault}");
                Vec::new().into_iter()
            }
        };
        let machine = &self.state.config().machine;
        let whole = |(row, base): (QueueRow, JobId)| {
            let wishes = match self.submissions.get(base) {
                Some(stored) => Wishes::from(&*stored.spec),
                None => read.next().flatten().unwrap_or_default(),
            };
            let placement = self.state.job(row.id).and_then(|job| job.placement());
            let cores = placement.map(|placement| cores(machine, &placement.cpus)).unwrap_or_default();
            QueueRecord { row, wishes, cores }
        };
        rows.into_iter().zip(bases).map(whole).collect()
    }

    /// `scontrol show job`
    pub(crate) fn details(&mut self, conn: ConnId, peer: Peer, targets: &[JobTarget]) -> Outcome {
        not_too_many(targets.len())?;
        let mut ids = BTreeSet::new();
        if targets.is_empty() {
            let filter = RowFilter { finished: true, ..RowFilter::default() };
            self.state.ids(&filter, &mut |id| {
                ids.insert(id);
            });
        }
        for target in targets {
            ids.extend(self.resolve(target)?.into_iter().map(|(id, _)| id));
        }
        let owners: Vec<(JobId, Uid)> =
            ids.into_iter().filter_map(|id| Some((id, self.state.job(id)?.owner().uid))).collect();
        let visible: Vec<JobId> =
            owners.into_iter().filter(|(_, owner)| self.may_see(peer.uid, *owner)).map(|(id, _)| id).collect();
        if visible.is_empty() && !targets.is_empty() {
            return Err(refuse(RefusalCode::InvalidJobId, targets[0].id.to_string()));
        }
        if let Some(conn) = self.conns.get(conn) {
            conn.cursor = Some(Cursor { shape: Shape::Full, ids: visible, next: 0 });
        }
        self.advance(conn);
        Ok(())
    }

    fn detail(&mut self, id: JobId) -> Option<QueueDetail> {
        let row = self.state.row(id, self.now)?;
        let base = self.state.job(id)?.base();
        let suspended_since = self.state.job(id).and_then(|job| job.suspended_since());
        let stored = self.submission(base)?;
        let placement = self.state.job(id).and_then(|job| job.placement().cloned()).unwrap_or_default();
        let files = crate::launch::files(&row, &stored.spec, &self.node);
        Some(QueueDetail {
            row,
            spec: stored.spec.clone(),
            cpu_ids: placement.cpus,
            gpu_ids: placement.gpus,
            files: files.map(|file| file.unwrap_or_else(|| Text::from("/dev/null"))),
            suspended_since,
            considered: Some(self.now),
        })
    }

    /// `squeue -s`, `scontrol show step`
    pub(crate) fn steps(&mut self, conn: ConnId, peer: Peer, targets: &[JobTarget]) -> Outcome {
        not_too_many(targets.len())?;
        let mut rows = Vec::new();
        let runs: Vec<JobId> = self.state.runs().map(|(run, _, _)| run.job).collect();
        for id in runs {
            let Some(row) = self.state.row(id, self.now) else { continue };
            let asked = targets.is_empty() || targets.iter().any(|target| is_meant(target, &row));
            if !asked || !self.may_see(peer.uid, row.owner.uid) {
                continue;
            }
            let start = row.start.unwrap_or(row.submit);
            let step = |step, name, start, cpus, tasks, pid| StepRow {
                job: row.id,
                array: row.array.clone(),
                step,
                name,
                owner: row.owner.clone(),
                partition: row.partition.clone(),
                start,
                cpus,
                tasks,
                node: row.node.clone(),
                pid,
            };
            let base = self.state.job(id).map_or(id, |job| job.base());
            // An allocation has no script.
            if self.submission(base).is_none_or(|stored| stored.spec.batch) {
                rows.push(step(model::StepId::Batch, Text::from("batch"), start, 0, 1, None));
            }
            for live in self.steps.of(id) {
                rows.push(step(live.id(), live.name.clone(), live.start, live.cpus.len() as u32, live.tasks, live.pid));
            }
        }
        self.reply(conn, &Reply::Steps(rows));
        Ok(())
    }

    /// `sacct`: what is over is read from the file, after everything decided so far is in it.
    pub(crate) fn accounts(&mut self, conn: ConnId, peer: Peer, query: AccountQuery) -> Outcome {
        let (filter, live) = self.selection(peer, &query)?;
        self.journal.after(After::Read(conn, Box::new(Question::Accounts { filter, live })));
        Ok(())
    }

    /// Runs and steps as somebody asks for them: of those that they may see, what is to be read of the past, and what is
    /// not over.
    pub(crate) fn selection(
        &mut self,
        peer: Peer,
        query: &AccountQuery,
    ) -> Result<(AccountFilter, Vec<LiveFacts>), Refusal> {
        let sees_all = self.may_see(peer.uid, Uid(u32::MAX));
        few(query.users.as_ref().map_or(0, Vec::len))?;
        not_too_many(query.targets.as_ref().map_or(0, Vec::len))?;
        let most = u64::from(self.state.config().max_array);
        for tasks in query.targets.iter().flatten().filter_map(|target| target.tasks.as_ref()) {
            if tasks.len() > most {
                return Err(refuse(RefusalCode::InvalidJobId, format!("[{tasks}]")));
            }
        }
        let mut users = match (&query.users, query.all_users || query.targets.is_some()) {
            (Some(names), _) => Some(names.iter().filter_map(|name| self.people.uid(name)).collect::<Vec<_>>()),
            (None, true) => None,
            (None, false) => Some(vec![peer.uid]),
        };
        if !sees_all {
            let asked_others = users.as_ref().is_some_and(|users| !users.contains(&peer.uid));
            users = Some(if asked_others { Vec::new() } else { vec![peer.uid] });
        }
        let targets =
            query.targets.as_ref().map(|targets| targets.iter().map(|t| (t.id, t.tasks.clone())).collect::<Vec<_>>());
        let live = self.live_facts(query.targets.as_deref(), users.as_deref(), query);
        let filter = AccountFilter {
            targets,
            users,
            since: query.since,
            until: query.until,
            steps: query.steps,
            duplicates: query.duplicates,
        };
        Ok((filter, live))
    }

    fn live_facts(&self, targets: Option<&[JobTarget]>, users: Option<&[Uid]>, query: &AccountQuery) -> Vec<LiveFacts> {
        let mut ids = Vec::new();
        match (targets, users) {
            (Some(targets), _) => {
                let mut named = BTreeSet::new();
                for target in targets {
                    named.extend(self.resolve(target).unwrap_or_default().into_iter().map(|(id, _)| id));
                }
                ids.extend(named);
            }
            (None, Some(users)) => ids = self.ids_of(users, false),
            (None, None) => self.state.ids(&RowFilter::default(), &mut |id| ids.push(id)),
        }
        let mut facts = Vec::new();
        for id in ids {
            let Some(job) = self.state.job(id) else { continue };
            let owned = users.is_none_or(|users| users.contains(&job.owner().uid));
            if job.state().is_final() || !owned {
                continue;
            }
            let Some(row) = self.state.row(id, self.now) else { continue };
            if targets.is_none() && query.until.is_some_and(|until| row.submit > until) {
                continue;
            }
            facts.push(LiveFacts {
                base: job.base(),
                attempt: job.run().attempt,
                memory_mib: job.placement().and_then(|placement| placement.memory_mib),
                steps: self
                    .steps
                    .of(id)
                    .map(|step| (step.id(), step.name.clone(), step.start, step.cpus.len() as u32, step.tasks))
                    .collect(),
                row,
            });
        }
        facts
    }

    /// Waits for the end of a submission.
    pub(crate) fn wait(&mut self, conn: ConnId, peer: Peer, id: JobId) -> Outcome {
        let base = self.state.job(id).map_or(id, |job| job.base());
        if let Some(job) = self.state.job(id) {
            let owner = job.owner().uid;
            if !self.may_see(peer.uid, owner) {
                return Err(refuse(RefusalCode::AccessDenied, id.to_string()));
            }
        }
        if self.remaining.contains_key(&base) {
            self.waiters.entry(base).or_default().push(conn);
            if let Some(conn) = self.conns.get(conn) {
                conn.waits_for = Some(base);
            }
        } else {
            let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
            self.journal.after(After::Read(conn, Box::new(Question::Ending { base, only })));
        }
        Ok(())
    }

    /// Why does it wait?
    pub(crate) fn why(&mut self, conn: ConnId, peer: Peer, target: &JobTarget) -> Outcome {
        let found = self.resolve(target)?;
        let Some((id, _)) = found.first().cloned() else {
            return Err(refuse(RefusalCode::InvalidJobId, target.id.to_string()));
        };
        let owner = self.state.job(id).map(|job| job.owner().uid);
        if !owner.is_some_and(|owner| self.may_see(peer.uid, owner)) {
            return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
        }
        let report = self.why_report(peer, id, shown(target));
        match report {
            Some(report) => self.reply(conn, &Reply::Why(Box::new(report))),
            None => return Err(refuse(RefusalCode::InvalidJobId, target.id.to_string())),
        }
        Ok(())
    }
}

/// The cores that have one of these CPUs: socket, and place in it, both from 0.
fn cores(machine: &Machine, cpus: &CpuSet) -> Vec<(u32, u32)> {
    let mut next: BTreeMap<u32, u32> = BTreeMap::new();
    let mut cores = Vec::new();
    for core in &machine.cores {
        let place = next.entry(core.socket).or_default();
        if core.threads.iter().any(|thread| cpus.contains(*thread)) {
            cores.push((core.socket, *place));
        }
        *place += 1;
    }
    cores.sort_unstable();
    cores
}

/// Names are looked up one by one in the system's databases, which may be slow.
fn few(names: usize) -> Outcome {
    if names <= 100 { Ok(()) } else { Err(refuse(RefusalCode::Other, "more than 100 users in one question")) }
}

/// Each target can be an array with many records.
pub(crate) fn not_too_many(targets: usize) -> Outcome {
    if targets <= 1000 { Ok(()) } else { Err(refuse(RefusalCode::Other, "more than 1000 jobs in one question")) }
}

/// A job as its owner writes it.
fn shown(target: &JobTarget) -> String {
    match &target.tasks {
        None => target.id.to_string(),
        Some(tasks) if tasks.len() == 1 => format!("{}_{tasks}", target.id),
        Some(tasks) => format!("{}_[{tasks}]", target.id),
    }
}

/// Whether somebody who names this target means this row.
fn is_meant(target: &JobTarget, row: &QueueRow) -> bool {
    let one = |index: u32, tasks: &Option<IndexSet>| tasks.as_ref().is_none_or(|tasks| tasks.contains(index));
    match &row.array {
        ArrayPlace::Task { base, index } => (target.id == *base && one(*index, &target.tasks)) || target.id == row.id,
        ArrayPlace::Pending { base, .. } => target.id == *base,
        ArrayPlace::Single => target.id == row.id && row.state != JobState::Pending,
    }
}

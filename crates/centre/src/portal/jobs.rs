//! Jobs as pages show them. What somebody has now is told at once; lists and whole jobs are read on the archive's thread,
//! after everything decided so far is in the file. Must not know pages.

use std::collections::BTreeSet;

use api::{
    AccountQuery, JobForm, JobLine, JobQuery, JobReport, JobTarget, JobsQuery, JobsReply, JobsRequest, JobsWhich,
    PortalReply, Refusal, RefusalCode, Reply,
};
use dialect::patterns;
use model::{AccountRow, ArrayPlace, JobId, JobSpec, JobState, Text, Time, Uid};
use scheduler::RowFilter;
use store::{AccountFilter, Listed, LiveFacts, Reader, Sought, StoreError, Wanted};

use super::{caller::Caller, roles::Action};
use crate::{
    cluster::pages::Mirrored,
    connection::{ConnId, Peer},
    core::Centre,
    journal::After,
    reading::Question,
};

/// So many rows of anything fit on a page.
const MOST: u32 = 200;

/// A script of more bytes is shown in part.
const MOST_SCRIPT: usize = 256 << 10;

/// Which action is a request?
pub(super) fn action(_: &JobsRequest) -> Action {
    Action::Look
}

/// What is to be read of the past.
#[derive(Debug)]
pub(crate) enum JobsQuestion {
    /// Submissions of one or of everybody; with those of a cluster's queue.
    List { sought: Sought, there: Vec<JobLine> },
    /// One job, for somebody who may see only their own (`Some`) or all; with what is not over of it.
    One {
        query: JobQuery,
        asker: Uid,
        only: Option<Uid>,
        live: Vec<LiveFacts>,
        record: Option<JobId>,
        node: String,
        /// What a cluster's queue has of it.
        there: Option<Box<Mirrored>>,
        /// When that queue was seen.
        seen: Option<Time>,
    },
}

impl Centre {
    pub(super) fn jobs_asked(&mut self, conn: ConnId, caller: &Caller, request: JobsRequest) -> Result<(), Refusal> {
        let peer = self.peer_of(caller)?;
        let question = match request {
            JobsRequest::Mine { running, waiting } => {
                let reply = self.mine(peer, running.min(MOST), waiting.min(MOST));
                self.portal_reply(conn, PortalReply::Jobs(reply));
                return Ok(());
            }
            JobsRequest::List(query) => {
                let sees_all = query.everybody && self.may_see(peer.uid, Uid(u32::MAX));
                let owner = (!sees_all).then_some(peer.uid);
                let there = self.cluster.as_ref().map_or(Vec::new(), |cluster| cluster.lines(&query, owner));
                let sought = self.sought(owner, query)?;
                let is_sought = |line: &JobLine| {
                    sought.since.is_none_or(|since| line.submitted >= since)
                        && sought.until.is_none_or(|until| line.submitted < until)
                };
                JobsQuestion::List { there: there.into_iter().filter(is_sought).collect(), sought }
            }
            JobsRequest::Job(query) => {
                let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
                let (live, record) = self.live_of(peer, &query)?;
                let there = self.cluster.as_ref().and_then(|cluster| cluster.mirrored(&query)).map(Box::new);
                let seen = self.cluster.as_ref().map(crate::cluster::Cluster::seen);
                JobsQuestion::One {
                    query,
                    asker: peer.uid,
                    only,
                    live,
                    record,
                    node: self.node.to_string(),
                    there,
                    seen,
                }
            }
        };
        self.journal.after(After::Read(conn, Box::new(Question::Jobs(Box::new(question)))));
        Ok(())
    }

    /// What is looked for, as the data file is asked: states that only the queue knows as numbers, days as instants.
    fn sought(&self, owner: Option<Uid>, query: JobsQuery) -> Result<Sought, Refusal> {
        let wanted = match query.which {
            JobsWhich::All => Wanted::All,
            JobsWhich::Open => Wanted::Open,
            JobsWhich::Well => Wanted::Well,
            JobsWhich::Badly => Wanted::Badly,
        };
        let only = query.state.filter(|state| !state.is_final()).map(|state| self.in_state(owner, state));
        let day = |text: &Option<String>| text.as_deref().map(|text| self.day_bounds(text)).transpose();
        Ok(Sought {
            owner,
            before: query.before,
            wanted,
            ended: query.state.filter(|state| state.is_final()),
            only,
            name: query.name,
            project: query.project,
            application: query.application,
            since: day(&query.since)?.map(|(first, _)| first),
            until: day(&query.until)?.map(|(_, end)| end),
            count: query.count.min(MOST),
        })
    }

    /// Submissions of which something is in a state that is not final.
    fn in_state(&self, owner: Option<Uid>, state: JobState) -> Vec<JobId> {
        let filter = RowFilter { user: owner, finished: false, ..RowFilter::default() };
        let mut all = BTreeSet::new();
        self.state.ids(&filter, &mut |id| {
            all.extend(self.state.job(id).filter(|job| job.state() == state).map(|job| job.base()));
        });
        all.into_iter().collect()
    }

    fn mine(&mut self, peer: Peer, most_running: u32, most_waiting: u32) -> JobsReply {
        let (mut running, mut waiting) = (Vec::new(), Vec::new());
        let filter = RowFilter { user: Some(peer.uid), finished: false, ..RowFilter::default() };
        let mut all = Vec::new();
        self.state.ids(&filter, &mut |id| all.push(id));
        for id in all {
            match self.state.job(id).map(|job| job.state()) {
                Some(JobState::Pending) => waiting.push(id),
                Some(_) => running.push(id),
                None => {}
            }
        }
        let there = self.cluster.as_ref().map(|cluster| cluster.mine(peer.uid)).unwrap_or_default();
        let all_running = (running.len() + there.0.len()) as u64;
        let all_waiting = (waiting.len() + there.1.len()) as u64;
        running.reverse();
        running.truncate(most_running as usize);
        waiting.truncate(most_waiting as usize);
        let (mut running, mut waiting) = (self.rows(&running), self.rows(&waiting));
        running.extend(there.0);
        running.truncate(most_running as usize);
        waiting.extend(there.1);
        waiting.truncate(most_waiting as usize);
        JobsReply::Mine { running, waiting, all_running, all_waiting }
    }

    /// The number of the record that is not over, where one is meant.
    pub(crate) fn record_of(&self, target: &JobTarget) -> Option<JobId> {
        match self.resolve(target).as_deref() {
            Ok([(id, None)]) => Some(*id),
            _ => None,
        }
    }

    /// What is not over of a job or of one of its tasks, and the number of its record if it is one.
    fn live_of(&mut self, peer: Peer, query: &JobQuery) -> Result<(Vec<LiveFacts>, Option<JobId>), Refusal> {
        let tasks = query.task.map(|task| [task].into_iter().collect());
        let target = JobTarget { id: query.id, tasks };
        let record = self.record_of(&target);
        let asked = AccountQuery { targets: Some(vec![target]), steps: true, ..AccountQuery::default() };
        Ok((self.selection(peer, &asked)?.1, record))
    }
}

/// Answers on the archive's thread.
pub(crate) fn reply(reader: &Reader, question: JobsQuestion) -> Result<Reply, StoreError> {
    let reply = match question {
        JobsQuestion::List { sought, there } => {
            let (found, next) = reader.submissions(&sought)?;
            with_those_there(found.into_iter().map(line).collect(), next, there, sought.count as usize)
        }
        JobsQuestion::One { query, asker, only, live, record, node, there, seen } => {
            let base = reader.base_of(query.id)?.or(there.as_ref().map(|there| there.base));
            let Some(base) = base else { return Ok(unknown(query.id)) };
            let Some(told) = told(reader, base, there.as_deref())? else { return Ok(unknown(query.id)) };
            let (submitted, spec, script) = told;
            let owner = spec.owner.uid;
            // Whether it is there is nothing to others.
            if only.is_some_and(|uid| uid != owner) {
                return Ok(unknown(query.id));
            }
            let mut report = JobReport {
                id: base,
                task: query.task,
                submitted,
                script,
                open: !live.is_empty() || there.is_some(),
                own: owner == asker,
                states: reader.states_of(base)?,
                spec: Box::new(spec),
                rows: Vec::new(),
                shown: None,
                next: None,
                files: [None, None],
                series: Vec::new(),
                form: form(reader, base, owner == asker)?,
            };
            // A cluster's queue was not looked at since it was submitted.
            report.open |= report.states.is_empty() && seen.is_some_and(|seen| seen < submitted);
            rows(reader, &query, live, &mut report)?;
            let single = report.spec.array.is_none() || report.task.is_some();
            let last = report.rows.last().map(|row| row.id).or(report.open.then_some(query.id));
            let record = record.or(last).filter(|_| single);
            if let Some(record) = record {
                report.files = files(&report, record, &node);
                let text = reader.series(record)?;
                report.series = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            }
            JobsReply::Job(Box::new(report))
        }
    };
    Ok(Reply::Portal(Box::new(PortalReply::Jobs(reply))))
}

/// When it was submitted, its wishes and its script: as the file has them, with what has changed in a cluster's queue
/// since; of what only the queue has, as far as that tells.
fn told(
    reader: &Reader,
    base: JobId,
    there: Option<&Mirrored>,
) -> Result<Option<(Time, JobSpec, Vec<u8>)>, StoreError> {
    let Some(stored) = reader.submission(base)? else {
        return Ok(there.map(|there| (there.at, there.spec.clone(), Vec::new())));
    };
    let mut spec = (*stored.spec).clone();
    if let Some(there) = there {
        spec.name.clone_from(&there.spec.name);
        spec.time_limit = there.spec.time_limit;
    }
    let script = if spec.batch { stored.script.iter().copied().take(MOST_SCRIPT).collect() } else { Vec::new() };
    Ok(Some((stored.at, spec, script)))
}

fn unknown(id: JobId) -> Reply {
    Reply::Refused(Refusal { code: RefusalCode::InvalidJobId, detail: id.to_string() })
}

/// A page of the file's list, and what a cluster's queue has between its first and its last line.
fn with_those_there(mut lines: Vec<JobLine>, next: Option<JobId>, there: Vec<JobLine>, count: usize) -> JobsReply {
    for one in there {
        if let Some(known) = lines.iter_mut().find(|line| line.id == one.id) {
            (known.open, known.name) = (true, one.name);
        } else if next.is_none_or(|next| one.id > next) {
            lines.push(one);
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.id));
    let is_cut = lines.len() > count;
    lines.truncate(count);
    let next = if is_cut { lines.last().map(|line| line.id) } else { next };
    JobsReply::List { lines, next }
}

/// What was filled in, for who filled it in.
fn form(reader: &Reader, base: JobId, is_own: bool) -> Result<Option<JobForm>, StoreError> {
    let Some((app, fields)) = reader.form(base)?.filter(|_| is_own) else { return Ok(None) };
    Ok(serde_json::from_str(&fields).ok().map(|values| JobForm { app, values }))
}

fn line(listed: Listed) -> JobLine {
    let Listed { id, at, spec, open, states, ran, energy_uj } = listed;
    let (start, end) = ran.map_or((None, None), |(start, end)| (start, Some(end)));
    JobLine {
        id,
        submitted: at,
        cpus: spec.request.cpus(),
        tasks: spec.array.as_ref().map(|array| array.tasks.len()),
        name: spec.name,
        user: spec.owner.user,
        account: spec.account,
        open,
        states,
        start,
        end,
        energy_uj,
    }
}

/// Of a job all attempts with their steps; of an array the tasks that ended in one state.
fn rows(reader: &Reader, query: &JobQuery, live: Vec<LiveFacts>, report: &mut JobReport) -> Result<(), StoreError> {
    let most = query.count.clamp(1, MOST);
    match (report.spec.array.is_some(), query.task) {
        (true, None) => {
            // What few tasks did is what one looks for: the failed ones of thousands.
            let Some(state) = query.state.or_else(|| report.states.last().map(|(state, _)| *state)) else {
                return Ok(());
            };
            let mut rows = reader.tasks_in(report.id, state, query.from, most + 1)?;
            if rows.len() > most as usize {
                report.next = rows.pop().and_then(|row| task_of(&row));
            }
            (report.shown, report.rows) = (Some(state), rows);
        }
        (true, Some(task)) => {
            report.rows = reader.runs_of_task(report.id, task)?;
            if let Some(facts) = live.into_iter().next() {
                report.rows.extend(reader.live_account(facts)?);
            }
        }
        (false, _) => {
            let filter = AccountFilter {
                targets: Some(vec![(report.id, None)]),
                steps: true,
                duplicates: true,
                ..AccountFilter::default()
            };
            let mut all = Vec::new();
            reader.accounts(&filter, live, &mut |part| all.extend(part))?;
            all.truncate(MOST as usize);
            report.rows = all;
        }
    }
    Ok(())
}

fn task_of(row: &AccountRow) -> Option<u32> {
    match &row.array {
        ArrayPlace::Task { index, .. } => Some(*index),
        _ => None,
    }
}

/// Output and errors of a record.
fn files(report: &JobReport, record: JobId, node: &str) -> [Option<Text>; 2] {
    let spec: &JobSpec = &report.spec;
    let place = match report.task {
        Some(index) => ArrayPlace::Task { base: report.id, index },
        None => ArrayPlace::Single,
    };
    if !spec.batch {
        return [None, None];
    }
    let facts = patterns::Facts::of_record(record, &place, spec.name.as_bytes(), &spec.owner.user, node);
    let [out, err, _] = patterns::batch_files(spec, &facts);
    [out, err].map(|file| (file.as_bytes() != b"/dev/null").then_some(file))
}

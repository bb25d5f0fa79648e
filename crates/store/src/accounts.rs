//! What `sacct` reads: runs and steps that are over, joined by what still waits or runs.

use std::{collections::HashMap, sync::Arc};

use model::{
    AccountRow, ArrayPlace, Exit, IndexSet, JobId, JobSpec, JobState, Owner, QueueRow, Reason, Span, StepId, Text,
    Time, Uid, Usage,
};
use rusqlite::Row;

use crate::{Reader, StoreError};

/// Which runs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AccountFilter {
    /// Only these jobs (number before the underscore, or a record's), and of them only these tasks.
    pub targets: Option<Vec<(JobId, Option<IndexSet>)>>,
    /// Only of these users; `None`: everybody's.
    pub users: Option<Vec<Uid>>,
    /// Ended at or after.
    pub since: Option<Time>,
    /// Submitted at or before.
    pub until: Option<Time>,
    /// With their steps.
    pub steps: bool,
    /// With earlier attempts of requeued jobs.
    pub duplicates: bool,
}

/// A job that is not over, as the state knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct LiveFacts {
    /// The submission.
    pub base: JobId,
    /// What the queue shows.
    pub row: QueueRow,
    /// Which start.
    pub attempt: u32,
    /// Memory it has.
    pub memory_mib: Option<u64>,
    /// Its running steps: number, name, start, CPUs, tasks.
    pub steps: Vec<(StepId, Text, Time, u32, u32)>,
}

/// How many rows are given at once, at most.
const PART_ROWS: usize = 256;

/// How many bytes they take when sent, about.
const PART_BYTES: usize = 1 << 20;

/// What a row takes besides its texts, about.
const ROW_BYTES: usize = 512;

/// What one range of task numbers takes at most: three numbers of up to five bytes.
const RANGE_BYTES: usize = 15;

impl Reader {
    /// Gives the rows that the filter selects by submission, task, record, attempt and step, in parts that fit into one
    /// message each (256 rows, about 1 MiB); `live` must already be selected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accounts(
        &self,
        filter: &AccountFilter,
        live: Vec<LiveFacts>,
        each: &mut dyn FnMut(Vec<AccountRow>),
    ) -> Result<(), StoreError> {
        let mut bases = self.bases(filter)?;
        let mut waiting: HashMap<JobId, Vec<LiveFacts>> = HashMap::new();
        for facts in live {
            waiting.entry(facts.base).or_default().push(facts);
        }
        bases.extend(waiting.keys());
        bases.sort_unstable();
        bases.dedup();
        let mut parts = Parts { rows: Vec::new(), bytes: 0, each };
        for base in bases {
            let Some((submitted, spec, _, _)) = self.spec(base)? else { continue };
            if filter.users.as_ref().is_some_and(|users| !users.contains(&spec.owner.uid)) {
                continue;
            }
            let common = Common::new(base, submitted, spec);
            self.submission_rows(&common, filter, waiting.remove(&base).unwrap_or_default(), &mut parts)?;
        }
        parts.hand_over();
        Ok(())
    }

    /// The row of one job that is not over, without its steps; nothing of what is over is read for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn live_account(&self, facts: LiveFacts) -> Result<Option<AccountRow>, StoreError> {
        let Some((submitted, spec, _, _)) = self.spec(facts.base)? else { return Ok(None) };
        let common = Common::new(facts.base, submitted, spec);
        let mut row = None;
        let mut parts = Parts { rows: Vec::new(), bytes: 0, each: &mut |mut rows| row = rows.pop() };
        self.live_rows(&common, facts, false, &mut parts)?;
        parts.hand_over();
        Ok(row)
    }

    /// The submissions whose finished runs the filter may select.
    fn bases(&self, filter: &AccountFilter) -> Result<Vec<JobId>, StoreError> {
        let mut bases = Vec::new();
        match &filter.targets {
            Some(targets) => {
                for (id, _) in targets {
                    bases.extend(self.base_of(*id)?);
                }
            }
            None => {
                let (since, until) = (filter.since.map_or(i64::MIN, |t| t.0), filter.until.map_or(i64::MAX, |t| t.0));
                let query = format!(
                    "SELECT DISTINCT base FROM run WHERE \"end\" >= {since} AND base IN (SELECT id FROM submission WHERE at <= {until})"
                );
                bases = self.db.rows(&query, |row| row.get::<_, u32>(0).map(JobId))?;
            }
        }
        Ok(bases)
    }

    /// The rows of one submission: its runs come in order, and what is not over is put between them.
    fn submission_rows(
        &self,
        common: &Common,
        filter: &AccountFilter,
        mut live: Vec<LiveFacts>,
        parts: &mut Parts<'_>,
    ) -> Result<(), StoreError> {
        let place = |facts: &LiveFacts| (task_of(&facts.row.array), facts.row.id, facts.attempt);
        live.sort_by_key(place);
        let mut live = live.into_iter().peekable();
        let fault = self.db.fault("reading its runs");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/runs-of.sql")).map_err(&fault)?;
        let mut rows = statement.query([common.base.0]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            if !filter.duplicates && !row.get::<_, bool>("is_last").map_err(&fault)? {
                continue;
            }
            let run = run_row(common, row).map_err(&fault)?;
            if !wanted(filter, common.base, &run) {
                continue;
            }
            let at = (task_of(&run.array), run.id, run.attempt);
            while let Some(before) = live.next_if(|facts| place(facts) < at) {
                self.live_rows(common, before, filter.steps, parts)?;
            }
            parts.push(run.clone());
            if filter.steps && run.start.is_some() {
                if common.spec.batch {
                    parts.push(batch_row(&run, script_exit(row).map_err(&fault)?));
                }
                self.step_rows(&run, parts)?;
            }
        }
        live.try_for_each(|facts| self.live_rows(common, facts, filter.steps, parts))
    }

    fn live_rows(
        &self,
        common: &Common,
        facts: LiveFacts,
        steps: bool,
        parts: &mut Parts<'_>,
    ) -> Result<(), StoreError> {
        let waits = facts.row.state == JobState::Pending;
        let so_far = if waits { Vec::new() } else { self.job_energy(facts.row.id)? };
        let energy = so_far.iter().find(|energy| energy.attempt == facts.attempt);
        live_rows(common, facts, energy.map(|energy| energy.account.total().0), steps, parts);
        Ok(())
    }

    fn step_rows(&self, run: &AccountRow, parts: &mut Parts<'_>) -> Result<(), StoreError> {
        let fault = self.db.fault("reading its steps");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/steps-of.sql")).map_err(&fault)?;
        let mut rows = statement.query([run.id.0, run.attempt]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            parts.push(step_row(run, row).map_err(&fault)?);
        }
        Ok(())
    }
}

/// Rows on their way to who asked.
struct Parts<'a> {
    rows: Vec<AccountRow>,
    bytes: usize,
    each: &'a mut dyn FnMut(Vec<AccountRow>),
}

impl Parts<'_> {
    fn push(&mut self, row: AccountRow) {
        let weight = weight(&row);
        if self.rows.len() >= PART_ROWS || self.bytes + weight > PART_BYTES {
            self.hand_over();
        }
        self.bytes += weight;
        self.rows.push(row);
    }

    fn hand_over(&mut self) {
        self.bytes = 0;
        if !self.rows.is_empty() {
            (self.each)(std::mem::take(&mut self.rows));
        }
    }
}

/// About how many bytes a row takes when sent.
fn weight(row: &AccountRow) -> usize {
    let texts = [Some(&row.name), Some(&row.workdir), Some(&row.submit_line), row.comment.as_ref()];
    let strings = [row.wckey.as_ref(), row.reservation.as_ref()];
    let ranges = match &row.array {
        ArrayPlace::Pending { tasks, .. } => tasks.range_count(),
        ArrayPlace::Single | ArrayPlace::Task { .. } => 0,
    };
    let texts: usize = texts.into_iter().flatten().map(|text| text.as_bytes().len()).sum();
    let strings: usize = strings.into_iter().flatten().map(String::len).sum();
    ROW_BYTES + texts + strings + ranges * RANGE_BYTES
}

/// What all rows of one submission share.
pub(crate) struct Common {
    base: JobId,
    submitted: Time,
    owner: Arc<Owner>,
    account: Arc<str>,
    partition: Arc<str>,
    qos: Arc<str>,
    nowhere: Arc<str>,
    spec: Arc<JobSpec>,
}

impl Common {
    pub(crate) fn new(base: JobId, submitted: Time, spec: Arc<JobSpec>) -> Self {
        Self {
            base,
            submitted,
            owner: Arc::new(spec.owner.clone()),
            account: Arc::from(spec.account.as_str()),
            partition: Arc::from(spec.partition.as_str()),
            qos: Arc::from(spec.qos.as_str()),
            nowhere: Arc::from(""),
            spec,
        }
    }

    fn blank(&self, id: JobId, array: ArrayPlace) -> AccountRow {
        let spec = &self.spec;
        AccountRow {
            id,
            array,
            step: None,
            attempt: 0,
            name: spec.name.clone(),
            owner: self.owner.clone(),
            account: self.account.clone(),
            partition: self.partition.clone(),
            qos: self.qos.clone(),
            state: JobState::Pending,
            cancelled_by: None,
            reason: Reason::None,
            exit: Exit::default(),
            derived_exit: Exit::default(),
            submit: self.submitted,
            eligible: None,
            start: None,
            end: None,
            suspended: Span::ZERO,
            cpus_requested: spec.request.cpus(),
            cpus: 0,
            tasks: spec.request.task_count(),
            nodes: spec.request.node_count(),
            memory: spec.request.memory,
            memory_mib: None,
            gpus: 0,
            time_limit: spec.time_limit,
            priority: 0,
            usage: None,
            energy_uj: None,
            node: self.nowhere.clone(),
            workdir: spec.workdir.clone(),
            submit_line: spec.submit_line.clone(),
            comment: spec.comment.clone(),
            wckey: spec.wckey.clone(),
            reservation: spec.reservation.clone(),
        }
    }
}

/// Reads ranges as this crate wrote them.
pub(crate) fn indices(text: &str) -> IndexSet {
    let number = |text: &str| text.parse::<u32>().ok();
    let ranges = text.split(',').filter_map(|range| {
        let (ends, step) = range.split_once(':').unwrap_or((range, "1"));
        let (first, last) = ends.split_once('-').unwrap_or((ends, ends));
        Some((number(first)?, number(last)?, number(step)?))
    });
    IndexSet::from_ranges(ranges).unwrap_or_default()
}

pub(crate) fn state_named(name: &str) -> Option<JobState> {
    JobState::ALL.iter().copied().find(|state| state.text() == name)
}

fn reason_named(name: &str) -> Reason {
    Reason::ALL.iter().copied().find(|reason| reason.text() == name).unwrap_or(Reason::None)
}

fn usage(row: &Row<'_>, from: usize) -> rusqlite::Result<Usage> {
    let number = |at: usize| row.get::<_, i64>(from + at).map(i64::cast_unsigned);
    Ok(Usage {
        user_us: number(0)?,
        system_us: number(1)?,
        max_rss_kib: number(2)?,
        read_bytes: number(3)?,
        write_bytes: number(4)?,
    })
}

fn script_exit(row: &Row<'_>) -> rusqlite::Result<Exit> {
    Ok(Exit { code: row.get(8)?, signal: row.get(9)? })
}

/// Columns as `queries/runs-of.sql` lists them.
pub(crate) fn run_row(common: &Common, row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let (id, task): (u32, Option<u32>) = (row.get(0)?, row.get(2)?);
    let array = match (task, row.get::<_, Option<String>>(3)?) {
        (Some(index), _) => ArrayPlace::Task { base: common.base, index },
        (None, Some(tasks)) => ArrayPlace::Pending { base: common.base, tasks: indices(&tasks), limit: None },
        (None, None) => ArrayPlace::Single,
    };
    let start = row.get::<_, Option<i64>>(12)?.map(Time);
    Ok(AccountRow {
        attempt: row.get(1)?,
        state: state_named(&row.get::<_, String>(4)?).unwrap_or(JobState::NodeFail),
        reason: reason_named(&row.get::<_, String>(5)?),
        exit: Exit { code: row.get(6)?, signal: row.get(7)? },
        cancelled_by: row.get::<_, Option<u32>>(10)?.map(Uid),
        eligible: row.get::<_, Option<i64>>(11)?.map(Time),
        start,
        end: Some(Time(row.get(13)?)),
        suspended: Span(row.get(14)?),
        cpus: row.get(15)?,
        memory_mib: row.get::<_, Option<i64>>(16)?.map(i64::cast_unsigned),
        gpus: row.get::<_, String>(17)?.split(',').filter(|gpu| !gpu.is_empty()).count() as u32,
        usage: if start.is_some() { Some(usage(row, 18)?) } else { None },
        priority: row.get(23)?,
        node: Arc::from(row.get::<_, String>(24)?),
        energy_uj: row.get(26)?,
        ..common.blank(JobId(id), array)
    })
}

/// The batch script's own line, as Slurm tells it: a signal makes it CANCELLED, an own exit code FAILED.
fn batch_row(run: &AccountRow, exit: Exit) -> AccountRow {
    let state = match (run.state, exit) {
        (JobState::OutOfMemory | JobState::NodeFail, _) => run.state,
        (_, Exit { code: 0, signal: 0 }) => JobState::Completed,
        (_, Exit { signal: 0, .. }) => JobState::Failed,
        _ => JobState::Cancelled,
    };
    let exit = if run.state == JobState::OutOfMemory { run.exit } else { exit };
    AccountRow {
        step: Some(StepId::Batch),
        name: Text::from("batch"),
        partition: Arc::from(""),
        state,
        exit,
        cancelled_by: None,
        tasks: 1,
        ..run.clone()
    }
}

/// Columns as `queries/steps-of.sql` lists them.
fn step_row(run: &AccountRow, row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let name: String = row.get(1)?;
    Ok(AccountRow {
        step: Some(StepId::Number(row.get(0)?)),
        name: serde_json::from_str(&name).unwrap_or_else(|_| Text::from(name)),
        partition: Arc::from(""),
        state: state_named(&row.get::<_, String>(2)?).unwrap_or(JobState::NodeFail),
        exit: Exit { code: row.get(3)?, signal: row.get(4)? },
        cancelled_by: None,
        start: Some(Time(row.get(5)?)),
        end: Some(Time(row.get(6)?)),
        suspended: Span::ZERO,
        cpus: row.get(7)?,
        tasks: row.get(8)?,
        usage: Some(usage(row, 9)?),
        energy_uj: None,
        ..run.clone()
    })
}

fn live_rows(common: &Common, facts: LiveFacts, energy_uj: Option<i64>, steps: bool, parts: &mut Parts<'_>) {
    let LiveFacts { row, attempt, memory_mib, steps: mut running, .. } = facts;
    let is_pending = row.state == JobState::Pending;
    let job = AccountRow {
        attempt,
        name: row.name.clone(),
        account: row.account.clone(),
        partition: row.partition.clone(),
        qos: row.qos.clone(),
        state: row.state,
        reason: row.reason,
        submit: row.submit,
        eligible: row.eligible,
        start: row.start.filter(|_| !is_pending),
        suspended: row.suspended,
        cpus: row.cpus,
        gpus: row.gpus,
        time_limit: row.time_limit,
        priority: row.priority,
        memory_mib,
        energy_uj,
        node: row.node.clone(),
        ..common.blank(row.id, row.array.clone())
    };
    let running_step = |step, name, start, cpus, tasks| AccountRow {
        step: Some(step),
        name,
        partition: Arc::from(""),
        state: JobState::Running,
        start: Some(start),
        cpus,
        tasks,
        ..job.clone()
    };
    parts.push(job.clone());
    if steps && !is_pending {
        if common.spec.batch {
            let start = job.start.unwrap_or(job.submit);
            parts.push(running_step(StepId::Batch, Text::from("batch"), start, job.cpus, 1));
        }
        running.sort_by_key(|(step, ..)| *step);
        for (step, name, start, cpus, tasks) in running {
            parts.push(AccountRow { energy_uj: None, ..running_step(step, name, start, cpus, tasks) });
        }
    }
}

fn wanted(filter: &AccountFilter, base: JobId, row: &AccountRow) -> bool {
    let in_time = filter.targets.is_some() || filter.since.is_none_or(|since| row.end.is_none_or(|end| end >= since));
    let in_targets = filter.targets.as_ref().is_none_or(|targets| {
        targets.iter().any(|(id, tasks)| match tasks {
            None => *id == base || *id == row.id,
            Some(tasks) => {
                *id == base
                    && match &row.array {
                        ArrayPlace::Task { index, .. } => tasks.contains(*index),
                        // What is left was counted here; what was asked for may be "all up to four thousand million".
                        ArrayPlace::Pending { tasks: left, .. } => left.iter().any(|index| tasks.contains(index)),
                        ArrayPlace::Single => false,
                    }
            }
        })
    });
    in_time && in_targets
}

fn task_of(array: &ArrayPlace) -> u32 {
    match array {
        ArrayPlace::Single => 0,
        ArrayPlace::Task { index, .. } => *index,
        ArrayPlace::Pending { tasks, .. } => tasks.first().unwrap_or(0),
    }
}

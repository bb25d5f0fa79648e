//! Jobs as pages show them: lists that are read piece by piece, however many jobs there are, and one job.

use model::{AccountRow, JobId, JobSpec, JobState, RunId, Time, Uid};
use rusqlite::{OptionalExtension, Row, params};

use crate::{
    Reader, StoreError,
    accounts::{Common, indices, run_row, state_named},
};

/// Which submissions are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// All.
    All,
    /// Something of it waits or runs.
    Open,
    /// Over, and all went well.
    Well,
    /// Over, and not all went well.
    Badly,
}

/// Which submissions are looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sought {
    /// Of one member; `None`: of everybody.
    pub owner: Option<Uid>,
    /// Older than this one.
    pub before: Option<JobId>,
    /// In which state as a whole.
    pub wanted: Wanted,
    /// Something of it ended in this state.
    pub ended: Option<JobState>,
    /// Only these; `None`: all.
    pub only: Option<Vec<JobId>>,
    /// With this in its name, whatever the size of letters; empty: all.
    pub name: String,
    /// Of this project; empty: all.
    pub project: String,
    /// What runs: the name without digits; empty: all.
    pub application: String,
    /// Submitted from this time on.
    pub since: Option<Time>,
    /// Submitted before this time.
    pub until: Option<Time>,
    /// So many at most.
    pub count: u32,
}

/// A submission of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// Its number.
    pub id: JobId,
    /// When it was submitted.
    pub at: Time,
    /// The wishes.
    pub spec: JobSpec,
    /// Something of it waits or runs.
    pub open: bool,
    /// What is over, by state, the most frequent first.
    pub states: Vec<(JobState, u64)>,
    /// Start and end of one that is over and no array.
    pub ran: Option<(Option<Time>, Time)>,
    /// Its energy, microjoules.
    pub energy_uj: Option<i64>,
}

/// So many submissions are looked at for a page, at most: where a filter finds fewer, the page goes on from there.
const LOOKED_AT: u32 = 2000;

impl Reader {
    /// Submissions that are looked for, the newest first; and where to go on, if there may be more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions(&self, sought: &Sought) -> Result<(Vec<Listed>, Option<JobId>), StoreError> {
        let fault = self.db.fault("listing submissions");
        // An index has either the owner's or all of them in order; so the two are two texts.
        let whose = if sought.owner.is_some() { "uid = ?1 AND" } else { "?1 = 0 AND" };
        let from = match sought.wanted {
            Wanted::Open => "open JOIN submission USING (id)",
            _ => "submission",
        };
        let over = "NOT EXISTS (SELECT 1 FROM open WHERE open.id = looked.id)";
        let bad = "EXISTS (SELECT 1 FROM run WHERE base = looked.id AND state NOT IN ('COMPLETED', 'REQUEUED'))";
        let state = match sought.wanted {
            Wanted::All | Wanted::Open => "1".to_owned(),
            Wanted::Well => format!("{over} AND NOT {bad}"),
            Wanted::Badly => format!("{over} AND {bad}"),
        };
        // Numbers are given in the order of time: dates are numbers, which are looked up once.
        let inner = format!(
            "SELECT id, at, spec, account, application FROM {from} WHERE {whose} id < ?2 AND id >= ?3
             ORDER BY id DESC LIMIT {LOOKED_AT}"
        );
        let query = format!(
            "SELECT id, at, spec, EXISTS (SELECT 1 FROM open WHERE open.id = looked.id) FROM ({inner}) AS looked
             WHERE (?4 = '' OR instr(lower(json_extract(spec, '$.name')), ?4)) AND (?6 = '' OR account = ?6)
                AND (?7 = '' OR application = ?7) AND (?9 IS NULL OR id IN (SELECT value FROM json_each(?9)))
                AND (?8 = '' OR EXISTS (SELECT 1 FROM run WHERE base = looked.id AND state = ?8)) AND {state}
             ORDER BY id DESC LIMIT ?5"
        );
        let (owner, first, before) = self.bounds(sought)?;
        let ended = sought.ended.map_or("", JobState::text);
        let only = sought.only.as_ref().map(|ids| format!("{:?}", ids.iter().map(|id| id.0).collect::<Vec<_>>()));
        let mut statement = self.db.sql.prepare_cached(&query).map_err(&fault)?;
        let Sought { name, project, application, count, .. } = sought;
        let values = params![owner, before, first, name.to_lowercase(), count, project, application, ended, only];
        let mut rows = statement.query(values).map_err(&fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(&fault)? {
            found.push(self.listed(row)?);
        }
        let next = match found.last() {
            Some(last) if found.len() as u64 >= u64::from(*count) => Some(last.id),
            _ => self.looked_until(&inner, owner, before, first)?,
        };
        Ok((found, next))
    }

    /// Whose submissions, the first number that is looked at, and the first one that is not any more.
    fn bounds(&self, sought: &Sought) -> Result<(u32, i64, i64), StoreError> {
        let number = |at: Option<Time>| at.map(|at| self.first_since(at)).transpose();
        let end = |id: Option<JobId>| id.map_or(i64::from(u32::MAX), |id| id.0.into());
        let first = number(sought.since)?.map_or(0, |id| id.0.into());
        let before = end(sought.before).min(end(number(sought.until)?));
        Ok((sought.owner.map_or(0, |uid| uid.0), first, before))
    }

    /// The last submission that was looked at, if there may be others behind it.
    fn looked_until(&self, inner: &str, owner: u32, before: i64, first: i64) -> Result<Option<JobId>, StoreError> {
        let query = format!("SELECT min(id), count(*) FROM ({inner})");
        let (last, count): (Option<u32>, u32) = self
            .db
            .sql
            .prepare_cached(&query)
            .and_then(|mut one| one.query_row(params![owner, before, first], |row| Ok((row.get(0)?, row.get(1)?))))
            .map_err(self.db.fault("listing submissions"))?;
        Ok(last.filter(|_| count >= LOOKED_AT).map(JobId))
    }

    fn listed(&self, row: &Row<'_>) -> Result<Listed, StoreError> {
        let fault = self.db.fault("listing submissions");
        let (id, at): (u32, i64) = (row.get(0).map_err(&fault)?, row.get(1).map_err(&fault)?);
        let spec: String = row.get(2).map_err(&fault)?;
        let spec: JobSpec = serde_json::from_str(&spec).map_err(|bad| self.unreadable("a submission", &bad))?;
        let open = row.get(3).map_err(&fault)?;
        let id = JobId(id);
        let is_array = spec.array.is_some();
        let ran = if is_array || open { None } else { self.ran(id)? };
        let energy_uj = if is_array { None } else { self.energy_of_job(id)? };
        Ok(Listed { id, at: Time(at), states: self.states_of(id)?, spec, open, ran, energy_uj })
    }

    /// What is over of a submission, by state, the most frequent first; attempts that were tried again do not count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn states_of(&self, base: JobId) -> Result<Vec<(JobState, u64)>, StoreError> {
        let fault = self.db.fault("counting how tasks ended");
        let mut states: Vec<(JobState, u64)> = Vec::new();
        let mut add = |name: &str, count: u64| {
            let state = state_named(name).unwrap_or(JobState::NodeFail);
            match states.iter_mut().find(|(known, _)| *known == state) {
                Some((_, sum)) => *sum += count,
                None => states.push((state, count)),
            }
        };
        let single = "SELECT state, count(*) FROM run WHERE base = ?1 AND state <> 'REQUEUED' GROUP BY state";
        let mut statement = self.db.sql.prepare_cached(single).map_err(&fault)?;
        let mut rows = statement.query([base.0]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            add(&row.get::<_, String>(0).map_err(&fault)?, row.get::<_, i64>(1).map_err(&fault)?.cast_unsigned());
        }
        // Tasks that ended before they started stand in one row; it was counted as one already.
        let lists = "SELECT state, tasks FROM run WHERE base = ?1 AND task IS NULL AND tasks IS NOT NULL";
        let mut statement = self.db.sql.prepare_cached(lists).map_err(&fault)?;
        let mut rows = statement.query([base.0]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            let tasks = indices(&row.get::<_, String>(1).map_err(&fault)?).len();
            add(&row.get::<_, String>(0).map_err(&fault)?, tasks.saturating_sub(1));
        }
        states.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(states)
    }

    fn ran(&self, id: JobId) -> Result<Option<(Option<Time>, Time)>, StoreError> {
        let query = "SELECT start, \"end\" FROM run WHERE base = ?1 AND state <> 'REQUEUED' ORDER BY seq DESC LIMIT 1";
        let times = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?.map(Time), Time(row.get(1)?)));
        self.db
            .sql
            .prepare_cached(query)
            .and_then(|mut one| one.query_row([id.0], times).optional())
            .map_err(self.db.fault("reading when a job ran"))
    }

    fn energy_of_job(&self, id: JobId) -> Result<Option<i64>, StoreError> {
        self.db
            .sql
            .prepare_cached("SELECT sum(dynamic + idle + gpu) FROM job_energy WHERE job = ?1")
            .and_then(|mut one| one.query_row([id.0], |row| row.get(0)))
            .map_err(self.db.fault("reading a job's energy"))
    }

    /// Tasks of an array that ended in a state, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_in(&self, base: JobId, state: JobState, from: u32, count: u32) -> Result<Vec<AccountRow>, StoreError> {
        let Some((submitted, spec, _, _)) = self.spec(base)? else { return Ok(Vec::new()) };
        let common = Common::new(base, submitted, spec);
        let fault = self.db.fault("reading tasks");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/task-runs.sql")).map_err(&fault)?;
        let mut rows = statement.query(params![base.0, state.text(), from, count]).map_err(&fault)?;
        let mut tasks = Vec::new();
        while let Some(row) = rows.next().map_err(&fault)? {
            tasks.push(run_row(&common, row).map_err(&fault)?);
        }
        Ok(tasks)
    }

    /// Every run of a task of an array that is over, by attempt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_of_task(&self, base: JobId, task: u32) -> Result<Vec<AccountRow>, StoreError> {
        let Some((submitted, spec, _, _)) = self.spec(base)? else { return Ok(Vec::new()) };
        let common = Common::new(base, submitted, spec);
        let states = format!("{:?}", JobState::ALL.iter().map(|state| state.text()).collect::<Vec<_>>());
        let fault = self.db.fault("reading a task's runs");
        let mut statement = self.db.sql.prepare_cached(include_str!("../queries/one-task-runs.sql")).map_err(&fault)?;
        let rows = statement.query_map(params![base.0, task, states], |row| run_row(&common, row)).map_err(&fault)?;
        rows.collect::<rusqlite::Result<_>>().map_err(fault)
    }

    /// What a run used over time, as it was written; the last attempt's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn series(&self, job: JobId) -> Result<Option<String>, StoreError> {
        self.db
            .sql
            .prepare_cached("SELECT points FROM series WHERE job = ?1 ORDER BY attempt DESC LIMIT 1")
            .and_then(|mut one| one.query_row([job.0], |row| row.get(0)).optional())
            .map_err(self.db.fault("reading what a job used over time"))
    }
}

/// What is written of what runs use over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeriesWrite {
    /// Runs, the time of their last point, and their points as text: each replaces what there was.
    pub put: Vec<(RunId, Time, String)>,
    /// Series whose last point is older are removed.
    pub before: Time,
}

pub(crate) fn write(sql: &rusqlite::Connection, series: &SeriesWrite) -> rusqlite::Result<()> {
    let put = "INSERT OR REPLACE INTO series (job, attempt, at, points) VALUES (?1, ?2, ?3, ?4)";
    for (run, at, points) in &series.put {
        sql.prepare_cached(put)?.execute(params![run.job.0, run.attempt, at.0, points])?;
    }
    sql.prepare_cached("DELETE FROM series WHERE at < ?1")?.execute([series.before.0])?;
    Ok(())
}

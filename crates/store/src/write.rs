//! What is written, one value a row, and how.

use std::sync::Arc;

use model::{Exit, JobId, JobSpec, JobState, StepId, Text, Time, Usage};
use rusqlite::{Connection, params};
use scheduler::{FairUsage, Finished};

use crate::{AgentWrite, ClusterWrite, EnergyWrite, Fact, MoneyWrite, PeopleWrite, SeriesWrite};

/// The number of a script or an environment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BlobId(pub i64);

/// One row to write, or one change.
#[derive(Clone, Debug)]
pub enum Write {
    /// A script or an environment, before the submission that uses it.
    Blob {
        /// Its number, given by the caller.
        id: BlobId,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// A submission; it is open until [`Write::Close`].
    Submission {
        /// Its number.
        id: JobId,
        /// When.
        at: Time,
        /// What.
        spec: Arc<JobSpec>,
        /// Its script.
        script: BlobId,
        /// Its environment.
        environment: BlobId,
    },
    /// The form that a submission was filled in on, behind it.
    Form {
        /// Its number.
        id: JobId,
        /// The template.
        app: String,
        /// What was filled in: names and values, as JSON.
        fields: String,
    },
    /// Some wishes of a submission changed (the change itself is an event).
    Amend {
        /// Its number.
        id: JobId,
        /// As it is now.
        spec: Arc<JobSpec>,
    },
    /// A line of history.
    Event {
        /// When.
        at: Time,
        /// The submission concerned.
        base: Option<JobId>,
        /// What.
        fact: Box<Fact>,
    },
    /// A run is over.
    Run {
        /// Its submission.
        base: JobId,
        /// The facts.
        finished: Box<Finished>,
        /// The machine it ran on; empty: it never ran.
        node: Arc<str>,
    },
    /// A step of `srun` is over.
    Step(Box<StepRecord>),
    /// Nothing of a submission waits or runs any more.
    Close(JobId),
    /// Something of it waits again after all.
    Reopen(JobId),
    /// Past use for fair share, as it is now.
    Usage(Box<FairUsage>),
    /// A new project, or new facts about one.
    Project {
        /// Name.
        name: String,
        /// What it is.
        description: String,
        /// Share.
        shares: u32,
        /// Takes no new jobs.
        closed: bool,
    },
    /// Whether what a project computes may be told to everybody.
    Consent {
        /// Name.
        project: String,
        /// It may.
        public: bool,
    },
    /// A membership, or none any more.
    Member {
        /// Login name.
        user: String,
        /// Project.
        project: String,
        /// `Some(default)`: is a member; `None`: no more.
        membership: Option<bool>,
    },
    /// An operator, or none any more.
    Operator {
        /// Login name.
        user: String,
        /// Is one.
        is: bool,
    },
    /// Forget submissions that were over before this time, with all that belongs to them (retention).
    Prune(Time),
    /// What machines drew, and whose it was.
    Energy(Box<EnergyWrite>),
    /// Who pays for what.
    Money(Box<MoneyWrite>),
    /// Who uses the pages.
    People(Box<PeopleWrite>),
    /// What a Slurm cluster did.
    Cluster(Box<ClusterWrite>),
    /// What its machines told.
    Agent(Box<AgentWrite>),
    /// What runs use over time.
    Series(Box<SeriesWrite>),
    /// A write without content: does the disk take any?
    Probe(Time),
}

/// A step of `srun` that is over.
#[derive(Clone, PartialEq, Debug)]
pub struct StepRecord {
    /// The record.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// Its number.
    pub step: u32,
    /// Its name.
    pub name: Text,
    /// How it ended.
    pub state: JobState,
    /// Its worst exit.
    pub exit: Exit,
    /// When it started.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// CPUs.
    pub cpus: u32,
    /// Tasks.
    pub tasks: u32,
    /// What it used.
    pub usage: Usage,
}

impl StepRecord {
    /// The step as listed.
    pub fn id(&self) -> StepId {
        StepId::Number(self.step)
    }
}

/// Numbers joined by commas.
pub(crate) fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// A value that only this program wrote, as JSON.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|fault| rusqlite::Error::ToSqlConversionFailure(Box::new(fault)))
}

impl Write {
    /// Whether there is so much of it that memory is well spent on it.
    pub(crate) fn is_great(&self) -> bool {
        matches!(self, Write::Cluster(write) if matches!(&**write, ClusterWrite::Runs(runs) if runs.len() >= 500))
    }

    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Write::Blob { id, bytes } => {
                sql.prepare_cached(include_str!("../queries/insert-blob.sql"))?.execute(params![id.0, &bytes[..]])?;
            }
            Write::Submission { id, at, spec, script, environment } => {
                sql.prepare_cached(include_str!("../queries/insert-submission.sql"))?.execute(params![
                    id.0,
                    at.0,
                    spec.owner.uid.0,
                    spec.owner.user,
                    spec.account,
                    json(&**spec)?,
                    script.0,
                    environment.0
                ])?;
                sql.prepare_cached("INSERT INTO open (id) VALUES (?1)")?.execute([id.0])?;
            }
            Write::Form { id, app, fields } => {
                sql.prepare_cached("INSERT INTO form (id, app, fields) VALUES (?1, ?2, ?3)")?
                    .execute(params![id.0, app, fields])?;
            }
            Write::Amend { id, spec } => {
                sql.prepare_cached("UPDATE submission SET account = ?2, spec = ?3 WHERE id = ?1")?.execute(params![
                    id.0,
                    spec.account,
                    json(&**spec)?
                ])?;
            }
            Write::Event { at, base, fact } => {
                sql.prepare_cached("INSERT INTO event (at, base, body) VALUES (?1, ?2, ?3)")?.execute(params![
                    at.0,
                    base.map(|id| id.0),
                    json(&**fact)?
                ])?;
            }
            Write::Run { base, finished, node } => {
                let (cpus, gpus) = (&finished.placement.cpus, list(&finished.placement.gpus));
                let held = Held { cpus: cpus.len() as u32, cpu_ids: &cpus.to_string(), gpus: &gpus };
                insert_run(sql, *base, finished, node, held)?;
            }
            Write::Step(step) => insert_step(sql, step)?,
            Write::Close(id) => {
                sql.prepare_cached("DELETE FROM open WHERE id = ?1")?.execute([id.0])?;
            }
            Write::Reopen(id) => {
                sql.prepare_cached("INSERT OR IGNORE INTO open (id) VALUES (?1)")?.execute([id.0])?;
            }
            Write::Usage(usage) => {
                sql.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('usage', ?1)")?
                    .execute([json(&**usage)?])?;
            }
            Write::Project { .. } | Write::Consent { .. } | Write::Member { .. } | Write::Operator { .. } => {
                self.administer(sql)?;
            }
            Write::Prune(before) => {
                sql.execute_batch(&include_str!("../queries/prune.sql").replace(":before", &before.0.to_string()))?;
            }
            Write::Energy(energy) => energy.perform(sql)?,
            Write::Money(money) => money.perform(sql)?,
            Write::People(people) => people.perform(sql)?,
            Write::Cluster(cluster) => cluster.perform(sql)?,
            Write::Agent(agent) => agent.perform(sql)?,
            Write::Series(series) => crate::jobs::write(sql, series)?,
            Write::Probe(at) => {
                sql.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('alive', ?1)")?
                    .execute([at.0.to_string()])?;
            }
        }
        Ok(())
    }

    fn administer(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Write::Project { name, description, shares, closed } => sql
                .prepare_cached(include_str!("../queries/put-project.sql"))?
                .execute(params![name, description, shares, closed])?,
            Write::Consent { project, public } => sql
                .prepare_cached("UPDATE project SET public = ?2 WHERE name = ?1")?
                .execute(params![project, public])?,
            Write::Member { user, project, membership: Some(default) } => {
                if *default {
                    sql.prepare_cached("UPDATE member SET is_default = 0 WHERE user = ?1")?.execute([user])?;
                }
                sql.prepare_cached("INSERT OR REPLACE INTO member (user, project, is_default) VALUES (?1, ?2, ?3)")?
                    .execute(params![user, project, default])?
            }
            Write::Member { user, project, membership: None } => sql
                .prepare_cached("DELETE FROM member WHERE user = ?1 AND project = ?2")?
                .execute(params![user, project])?,
            Write::Operator { user, is: true } => {
                sql.prepare_cached("INSERT OR IGNORE INTO operator (user) VALUES (?1)")?.execute([user])?
            }
            Write::Operator { user, is: false } => {
                sql.prepare_cached("DELETE FROM operator WHERE user = ?1")?.execute([user])?
            }
            _ => 0,
        };
        Ok(())
    }
}

/// What a run held, as it stands in its row.
pub(crate) struct Held<'a> {
    pub(crate) cpus: u32,
    pub(crate) cpu_ids: &'a str,
    pub(crate) gpus: &'a str,
}

pub(crate) fn insert_run(
    sql: &Connection,
    base: JobId,
    run: &Finished,
    node: &str,
    held: Held<'_>,
) -> rusqlite::Result<()> {
    sql.prepare_cached(include_str!("../queries/insert-run.sql"))?.execute(params![
        run.run.job.0,
        run.run.attempt,
        base.0,
        run.task.map(|(_, index)| index),
        run.tasks.as_ref().map(ToString::to_string),
        run.state.text(),
        run.reason.text(),
        run.exit.code,
        run.exit.signal,
        run.script_exit.code,
        run.script_exit.signal,
        run.cancelled_by.map(|uid| uid.0),
        run.eligible.map(|time| time.0),
        run.start.map(|time| time.0),
        run.end.0,
        run.suspended.0,
        held.cpus,
        held.cpu_ids,
        run.placement.memory_mib.map(u64::cast_signed),
        held.gpus,
        run.usage.user_us.cast_signed(),
        run.usage.system_us.cast_signed(),
        run.usage.max_rss_kib.cast_signed(),
        run.usage.read_bytes.cast_signed(),
        run.usage.write_bytes.cast_signed(),
        run.priority,
        run.displaced_by.map(|id| id.0),
        node,
    ])?;
    Ok(())
}

pub(crate) fn insert_step(sql: &Connection, step: &StepRecord) -> rusqlite::Result<()> {
    sql.prepare_cached(include_str!("../queries/insert-step.sql"))?.execute(params![
        step.job.0,
        step.attempt,
        step.step,
        json(&step.name)?,
        step.state.text(),
        step.exit.code,
        step.exit.signal,
        step.start.0,
        step.end.0,
        step.cpus,
        step.tasks,
        step.usage.user_us.cast_signed(),
        step.usage.system_us.cast_signed(),
        step.usage.max_rss_kib.cast_signed(),
        step.usage.read_bytes.cast_signed(),
        step.usage.write_bytes.cast_signed(),
    ])?;
    Ok(())
}

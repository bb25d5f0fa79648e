//! Machines of a cluster that report by themselves, and their readings until these are shared. What a report says is text
//! here. Must not know what any of it means, nor how it came.

use model::{JobId, RunId, Time};
use rusqlite::{Connection, Row, params};

use crate::{Reader, SecretHash, StoreError};

/// What is written of machines that report.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentWrite {
    /// Somebody may let a machine in by a word, for a while.
    Invited {
        /// What it will be called.
        name: String,
        /// Hash of the word.
        word: SecretHash,
        /// Until when.
        until: Time,
    },
    /// A machine came, with this key.
    Enrolled {
        /// What it is called.
        name: String,
        /// Its key.
        key: [u8; 32],
    },
    /// Nothing more is taken from a machine.
    Forgotten(String),
    /// A report: what is new in it.
    Heard(Box<Heard>),
    /// Readings up to this number are shared: in the transaction of what came of them.
    Shared {
        /// Of which machine.
        name: String,
        /// The last.
        number: u64,
    },
    /// The price of a run waits, with what it needs; or no more.
    Awaits {
        /// Which.
        run: RunId,
        /// As JSON of the writer's.
        due: Option<String>,
    },
}

/// What is new in a report.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// Whose.
    pub name: String,
    /// When.
    pub seen: Time,
    /// The number of its last reading that is here.
    pub taken: u64,
    /// Readings that it gave up.
    pub lost: u64,
    /// What it is, if that is new.
    pub about: Option<String>,
    /// How it is, if that is new.
    pub health: Option<String>,
    /// Readings: number, time, content.
    pub readings: Vec<(u64, Time, String)>,
}

/// A machine as it is in the file.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredAgent {
    /// What it is called.
    pub name: String,
    /// Its key.
    pub key: Option<[u8; 32]>,
    /// An invitation: hash of its word, and until when.
    pub invited: Option<(SecretHash, Time)>,
    /// When it reported last.
    pub seen: Option<Time>,
    /// The number of its last reading.
    pub taken: u64,
    /// Readings that it gave up.
    pub lost: u64,
    /// What it is.
    pub about: Option<String>,
    /// How it is.
    pub health: Option<String>,
}

/// A run of a cluster that was over, as far as sharing needs to know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndedThere {
    /// Which.
    pub run: RunId,
    /// From,
    pub start: Time,
    /// until.
    pub end: Time,
    /// CPUs on all of its machines.
    pub cpus: u32,
    /// Memory on each of them, MiB.
    pub memory_mib: Option<u64>,
    /// Its machines, as Slurm writes them.
    pub nodes: String,
    /// CPU time that it used on all of them, microseconds.
    pub cpu_us: u64,
}

impl AgentWrite {
    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Invited { name, word, until } => {
                let query = "INSERT INTO agent (name, word, until) VALUES (?1, ?2, ?3) \
                    ON CONFLICT DO UPDATE SET word = excluded.word, until = excluded.until";
                sql.prepare_cached(query)?.execute(params![name, word, until.0])?;
            }
            Self::Enrolled { name, key } => {
                let query = "INSERT INTO agent (name, key) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE \
                    SET key = excluded.key, word = NULL, until = NULL, seen = NULL, about = NULL, health = NULL";
                sql.prepare_cached(query)?.execute(params![name, key])?;
            }
            Self::Forgotten(name) => {
                let query = "UPDATE agent SET key = NULL, word = NULL, until = NULL WHERE name = ?1";
                sql.prepare_cached(query)?.execute([name])?;
            }
            Self::Heard(heard) => heard.perform(sql)?,
            Self::Shared { name, number } => {
                let query = "DELETE FROM agent_reading WHERE machine = ?1 AND number <= ?2";
                sql.prepare_cached(query)?.execute(params![name, number.cast_signed()])?;
            }
            Self::Awaits { run, due: Some(due) } => {
                let query = "INSERT OR REPLACE INTO awaited (job, attempt, due) VALUES (?1, ?2, ?3)";
                sql.prepare_cached(query)?.execute(params![run.job.0, run.attempt, due])?;
            }
            Self::Awaits { run, due: None } => {
                let query = "DELETE FROM awaited WHERE job = ?1 AND attempt = ?2";
                sql.prepare_cached(query)?.execute(params![run.job.0, run.attempt])?;
            }
        }
        Ok(())
    }
}

impl Heard {
    fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        let query = "UPDATE agent SET seen = ?2, taken = max(taken, ?3), lost = ?4, about = coalesce(?5, about), \
            health = coalesce(?6, health) WHERE name = ?1";
        let (taken, lost) = (self.taken.cast_signed(), self.lost.cast_signed());
        sql.prepare_cached(query)?.execute(params![self.name, self.seen.0, taken, lost, self.about, self.health])?;
        let query = "INSERT OR IGNORE INTO agent_reading (machine, number, at, reading) VALUES (?1, ?2, ?3, ?4)";
        for (number, at, text) in &self.readings {
            sql.prepare_cached(query)?.execute(params![self.name, number.cast_signed(), at.0, text])?;
        }
        Ok(())
    }
}

impl Reader {
    /// All machines that report, or did, or may, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agents(&self) -> Result<Vec<StoredAgent>, StoreError> {
        let query = "SELECT name, key, word, until, seen, taken, lost, about, health FROM agent ORDER BY name";
        self.db.rows(query, stored)
    }

    /// A machine's readings that are not shared, in order, so many after this one: number, time, content.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_readings(&self, name: &str, after: u64, count: u32) -> Result<Vec<(u64, Time, String)>, StoreError> {
        let query = "SELECT number, at, reading FROM agent_reading WHERE machine = ?1 AND number > ?2 \
            ORDER BY number LIMIT ?3";
        self.db.rows_of(query, params![name, after.cast_signed(), count], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), Time(row.get(1)?), row.get(2)?))
        })
    }

    /// Runs whose price waits, and what it needs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn awaited(&self) -> Result<Vec<(RunId, String)>, StoreError> {
        self.db.rows("SELECT job, attempt, due FROM awaited ORDER BY job, attempt", |row| {
            Ok((RunId { job: JobId(row.get(0)?), attempt: row.get(1)? }, row.get(2)?))
        })
    }

    /// Runs of a cluster that were over after this time and have not got all of their energy from this machine.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_ended_there(&self, since: Time, machine: &str) -> Result<Vec<EndedThere>, StoreError> {
        self.db.rows_of(include_str!("../queries/runs-ended-there.sql"), params![since.0, machine], |row| {
            Ok(EndedThere {
                run: RunId { job: JobId(row.get(0)?), attempt: row.get(1)? },
                start: Time(row.get(2)?),
                end: Time(row.get(3)?),
                cpus: row.get(4)?,
                memory_mib: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
                nodes: row.get(6)?,
                cpu_us: row.get::<_, i64>(7)?.cast_unsigned(),
            })
        })
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredAgent> {
    let until = row.get::<_, Option<i64>>(3)?.map(Time);
    Ok(StoredAgent {
        name: row.get(0)?,
        key: row.get(1)?,
        invited: row.get::<_, Option<SecretHash>>(2)?.zip(until),
        seen: row.get::<_, Option<i64>>(4)?.map(Time),
        taken: row.get::<_, i64>(5)?.cast_unsigned(),
        lost: row.get::<_, i64>(6)?.cast_unsigned(),
        about: row.get(7)?,
        health: row.get(8)?,
    })
}

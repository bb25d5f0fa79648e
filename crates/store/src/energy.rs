//! What machines drew and whose it was, in the file: written with what it follows from in one transaction, so that what
//! is there always sums to the meter. Must not know how energy is measured or shared.

use std::sync::Arc;

use energy::account::JobAccount;
use energy::carbon::Carbon;
use energy::contract::Cost;
use energy::live::Shared;
use energy::reconcile::{Accounts, Index};
use energy::rollup::{HOUR, MINUTE, Row as RollUp, floor, from_intervals};
use energy::{Energy, Flag, Interval, PerKwh, Power};
use model::{CpuSet, JobId, Span, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Reader, StoreError};

/// What is written of energy.
#[derive(Clone, PartialEq, Debug)]
pub enum EnergyWrite {
    /// What was measured and shared since the last time.
    Settled(Settled),
    /// Intervals that ended before `samples`, and minutes before `minutes`, are not needed any more.
    Forget {
        /// For [`Reader::samples`].
        samples: Time,
        /// For [`Reader::minutes`].
        minutes: Time,
    },
    /// A calibration.
    Calibration(Calibration),
    /// An index of the site's meter, or another figure for the same instant.
    Index(Index),
    /// There was no such index.
    NoIndex(Time),
    /// Lines of an imported calendar: key and line. A line replaces the one with its key.
    Calendar {
        /// `tempo`, `spot`, `eco2mix`.
        name: String,
        /// What a later import replaces, and the line.
        lines: Vec<(String, String)>,
    },
}

/// One machine's energy over a while, shared.
#[derive(Clone, PartialEq, Debug)]
pub struct Settled {
    /// Its name.
    pub machine: Arc<str>,
    /// In order.
    pub samples: Vec<Shared>,
    /// Every run that has got a share, with all it has got so far.
    pub jobs: Vec<JobEnergy>,
    /// What a restart goes on from, as JSON of the writer's own.
    pub resume: String,
}

/// An interval as it is read back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredSample {
    /// The interval.
    pub interval: Interval,
    /// The part of it that the machine draws with nothing to do.
    pub idle: Energy,
}

/// An hour of a machine, or several together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hour {
    /// How much, and how it is known.
    pub row: RollUp,
    /// Whose.
    pub accounts: Accounts,
    /// What all of it cost.
    pub cost: Cost,
}

/// What one run is answerable for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobEnergy {
    /// Its record.
    pub job: JobId,
    /// Which start of it.
    pub attempt: u32,
    /// On which machine.
    pub machine: Arc<str>,
    /// From when on it held its parts.
    pub start: Time,
    /// Until when; `None`: it holds them, or not all that it used is counted yet.
    pub end: Option<Time>,
    /// CPU time that was counted, in microseconds.
    pub cpu_us: u64,
    /// Physical cores that it held.
    pub cores: u32,
    /// Memory that it held, in MiB.
    pub memory_mib: u64,
    /// GPUs that it held.
    pub gpus: u32,
    /// How much of its time was measured, in milliseconds.
    pub measured_ms: i64,
    /// Its energy, what that cost and what it emitted.
    pub account: JobAccount,
}

/// A run that was over, as far as sharing needs to know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndedRun {
    /// Its record.
    pub job: JobId,
    /// Which start.
    pub attempt: u32,
    /// From,
    pub start: Time,
    /// until.
    pub end: Time,
    /// The CPUs that it held.
    pub cpus: CpuSet,
    /// Memory that it held.
    pub memory_mib: Option<u64>,
    /// The GPUs that it held.
    pub gpus: Vec<u32>,
    /// CPU time that it used, in microseconds.
    pub cpu_us: u64,
}

/// What a drained and a busy machine were measured to draw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calibration {
    /// Which machine.
    pub machine: Arc<str>,
    /// When.
    pub at: Time,
    /// With nothing to do.
    pub idle: Power,
    /// More for each CPU that computes.
    pub per_cpu: Power,
    /// How far both may be off.
    pub uncertainty_permille: u32,
    /// The thousandths by which the processors' own counters are the whole, where they were compared.
    pub factor_permille: Option<u32>,
    /// Of each GPU, within `idle`; 0: not known.
    pub gpu_idle: Power,
    /// Against what: a meter's name, or who typed it in.
    pub source: String,
}

impl EnergyWrite {
    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Settled(settled) => settle(sql, settled)?,
            Self::Forget { samples, minutes } => {
                sql.prepare_cached("DELETE FROM sample WHERE \"end\" < ?1")?.execute([samples.0])?;
                let minute = floor(*minutes, MINUTE).0 / MINUTE.0;
                sql.prepare_cached("DELETE FROM sample_minute WHERE minute < ?1")?.execute([minute])?;
            }
            Self::Calibration(calibration) => put_calibration(sql, calibration)?,
            Self::Index(Index { at, energy }) => {
                sql.prepare_cached("INSERT OR REPLACE INTO site_index (at, energy) VALUES (?1, ?2)")?
                    .execute([at.0, energy.0])?;
            }
            Self::NoIndex(at) => {
                sql.prepare_cached("DELETE FROM site_index WHERE at = ?1")?.execute([at.0])?;
            }
            Self::Calendar { name, lines } => {
                let query = "INSERT OR REPLACE INTO calendar_line (calendar, key, line) VALUES (?1, ?2, ?3)";
                let mut insert = sql.prepare_cached(query)?;
                for (key, line) in lines {
                    insert.execute(params![name, key, line])?;
                }
            }
        }
        Ok(())
    }
}

/// The number of a machine's name.
fn number(sql: &Connection, machine: &str) -> rusqlite::Result<i64> {
    let mut known = sql.prepare_cached("SELECT id FROM metered WHERE name = ?1")?;
    if let Some(id) = known.query_row([machine], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    sql.prepare_cached("INSERT INTO metered (name) VALUES (?1)")?.insert([machine])
}

fn settle(sql: &Connection, settled: &Settled) -> rusqlite::Result<()> {
    let machine = number(sql, &settled.machine)?;
    for sample in &settled.samples {
        add_sample(sql, machine, sample)?;
    }
    let intervals = settled.samples.iter().map(|sample| &sample.interval);
    for row in from_intervals(intervals, MINUTE) {
        sql.prepare_cached(include_str!("../queries/add-minute.sql"))?.execute(params![
            machine,
            row.start.0.div_euclid(MINUTE.0),
            row.energy.0,
            row.unmeasured.0,
            row.covered_ms,
            row.most.0,
            row.flags,
        ])?;
    }
    for job in &settled.jobs {
        put_job(sql, machine, job)?;
    }
    sql.prepare_cached("UPDATE metered SET resume = ?2 WHERE id = ?1")?.execute(params![machine, settled.resume])?;
    Ok(())
}

fn add_sample(sql: &Connection, machine: i64, sample: &Shared) -> rusqlite::Result<()> {
    let Interval { end, energy, flag, source, .. } = sample.interval;
    let place = Flag::ALL.iter().position(|one| *one == flag).unwrap_or_default() as i64;
    sql.prepare_cached(include_str!("../queries/add-sample.sql"))?.execute(params![
        machine,
        end.0,
        sample.interval.span().0,
        energy.0,
        sample.idle.0,
        place,
        source,
    ])?;
    for part in &sample.parts {
        let Accounts { jobs, system, unallocated, unmeasured } = part.accounts;
        // A part lies within one hour, so this is one row, with its time, greatest power and flag.
        for row in from_intervals([&part.interval], HOUR) {
            let (price, rest) = part.cost.price.parts();
            sql.prepare_cached(include_str!("../queries/add-hour.sql"))?.execute(params![
                machine,
                row.start.0.div_euclid(HOUR.0),
                row.energy.0,
                jobs.0,
                system.0,
                unallocated.0,
                unmeasured.0,
                row.covered_ms,
                row.most.0,
                row.flags,
                price,
                rest,
                part.cost.estimated.0,
            ])?;
        }
    }
    Ok(())
}

fn put_job(sql: &Connection, machine: i64, job: &JobEnergy) -> rusqlite::Result<()> {
    let JobAccount { dynamic, idle, gpu, cost, carbon } = &job.account;
    let (price, price_rest) = cost.price.parts();
    let (production, lifecycle) = carbon.sums();
    let ((production, production_rest), (lifecycle, lifecycle_rest)) = (production.parts(), lifecycle.parts());
    sql.prepare_cached(include_str!("../queries/put-job-energy.sql"))?.execute(params![
        job.job.0,
        job.attempt,
        machine,
        job.start.0,
        job.end.map(|end| end.0),
        job.cpu_us.cast_signed(),
        job.cores,
        job.memory_mib.cast_signed(),
        job.gpus,
        job.measured_ms,
        dynamic.0,
        idle.0,
        gpu.0,
        price,
        price_rest,
        cost.estimated.0,
        production,
        production_rest,
        lifecycle,
        lifecycle_rest,
        carbon.by_grid.0,
    ])?;
    Ok(())
}

fn put_calibration(sql: &Connection, calibration: &Calibration) -> rusqlite::Result<()> {
    let query = "INSERT OR REPLACE INTO calibration (machine, at, idle, per_cpu, uncertainty_permille, \
        factor_permille, gpu_idle, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    sql.prepare_cached(query)?.execute(params![
        number(sql, &calibration.machine)?,
        calibration.at.0,
        calibration.idle.0,
        calibration.per_cpu.0,
        calibration.uncertainty_permille,
        calibration.factor_permille,
        calibration.gpu_idle.0,
        calibration.source,
    ])?;
    Ok(())
}

impl Reader {
    /// Machines of which anything is known, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn metered(&self) -> Result<Vec<String>, StoreError> {
        self.db.rows("SELECT name FROM metered ORDER BY name", |row| row.get(0))
    }

    /// The first hour of which anything is known of a machine.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_hour(&self, machine: &str) -> Result<Option<Time>, StoreError> {
        let query = "SELECT min(hour) FROM sample_hour WHERE machine = (SELECT id FROM metered WHERE name = ?1)";
        let found = self.db.rows_of(query, [machine], |row| row.get::<_, Option<i64>>(0))?;
        Ok(found.into_iter().flatten().next().map(|hour| Time(hour * HOUR.0)))
    }

    /// What a restart goes on from, as it was written ([`Settled::resume`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resume(&self, machine: &str) -> Result<Option<String>, StoreError> {
        let query = "SELECT resume FROM metered WHERE name = ?1 AND resume IS NOT NULL";
        Ok(self.db.rows_of(query, [machine], |row| row.get(0))?.pop())
    }

    /// A machine's intervals that overlap `from..until`, as far back as they are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn samples(&self, machine: &str, from: Time, until: Time) -> Result<Vec<StoredSample>, StoreError> {
        let query = include_str!("../queries/samples.sql");
        self.db.rows_of(query, params![machine, from.0, until.0], |row| {
            let (end, length): (i64, i64) = (row.get(0)?, row.get(1)?);
            let flag: u8 = row.get(4)?;
            let interval = Interval {
                start: Time(end - length),
                end: Time(end),
                energy: Energy(row.get(2)?),
                flag: Flag::ALL.get(usize::from(flag)).copied().unwrap_or(Flag::Gap),
                source: row.get(5)?,
            };
            Ok(StoredSample { interval, idle: Energy(row.get(3)?) })
        })
    }

    /// A machine's minutes that begin within `from..until`, as far back as they are kept. The one that is being measured
    /// is there as far as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn minutes(&self, machine: &str, from: Time, until: Time) -> Result<Vec<RollUp>, StoreError> {
        let query = include_str!("../queries/sample-minutes.sql");
        let (from, until) = between(from, until, MINUTE);
        self.db.rows_of(query, params![machine, from, until], |row| roll_up(row, MINUTE))
    }

    /// A machine's hours that begin within `from..until`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hours(&self, machine: &str, from: Time, until: Time) -> Result<Vec<Hour>, StoreError> {
        let query = include_str!("../queries/sample-hours.sql");
        let (from, until) = between(from, until, HOUR);
        self.db.rows_of(query, params![machine, from, until], |row| {
            let rolled = roll_up(row, HOUR)?;
            let accounts = Accounts {
                jobs: Energy(row.get(6)?),
                system: Energy(row.get(7)?),
                unallocated: Energy(row.get(8)?),
                unmeasured: rolled.unmeasured,
            };
            let price = PerKwh::from_parts(row.get(9)?, row.get(10)?);
            Ok(Hour { row: rolled, accounts, cost: Cost { price, estimated: Energy(row.get(11)?) } })
        })
    }

    /// What the runs of a record are answerable for, by attempt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn job_energy(&self, job: JobId) -> Result<Vec<JobEnergy>, StoreError> {
        self.db.rows_of(include_str!("../queries/job-energy-of.sql"), [job.0], job_energy)
    }

    /// What each run that held anything within `from..until` is answerable for, its whole life long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn job_energy_between(&self, from: Time, until: Time) -> Result<Vec<JobEnergy>, StoreError> {
        self.db.rows_of(include_str!("../queries/job-energy-between.sql"), [from.0, until.0], job_energy)
    }

    /// Runs of a machine whose account is not closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn job_energy_open(&self, machine: &str) -> Result<Vec<JobEnergy>, StoreError> {
        self.db.rows_of(include_str!("../queries/job-energy-open.sql"), [machine], job_energy)
    }

    /// Runs that were over after this time and have not got all of their energy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_ended_since(&self, since: Time) -> Result<Vec<EndedRun>, StoreError> {
        self.db.rows_of(include_str!("../queries/runs-ended-since.sql"), [since.0], |row| {
            let (cpus, gpus): (String, String) = (row.get(4)?, row.get(6)?);
            Ok(EndedRun {
                job: JobId(row.get(0)?),
                attempt: row.get(1)?,
                start: Time(row.get(2)?),
                end: Time(row.get(3)?),
                cpus: crate::accounts::indices(&cpus).iter().collect(),
                memory_mib: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
                gpus: gpus.split(',').filter_map(|gpu| gpu.parse().ok()).collect(),
                cpu_us: row.get::<_, i64>(7)?.cast_unsigned(),
            })
        })
    }

    /// All calibrations of a machine, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn calibrations(&self, machine: &str) -> Result<Vec<Calibration>, StoreError> {
        let query = "SELECT name, at, idle, per_cpu, uncertainty_permille, factor_permille, gpu_idle, source \
            FROM calibration JOIN metered ON id = machine WHERE name = ?1 ORDER BY at";
        self.db.rows_of(query, [machine], |row| {
            Ok(Calibration {
                machine: Arc::from(row.get::<_, String>(0)?),
                at: Time(row.get(1)?),
                idle: Power(row.get(2)?),
                per_cpu: Power(row.get(3)?),
                uncertainty_permille: row.get(4)?,
                factor_permille: row.get(5)?,
                gpu_idle: Power(row.get(6)?),
                source: row.get(7)?,
            })
        })
    }

    /// Indexes of the site's meter, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn site_indexes(&self) -> Result<Vec<Index>, StoreError> {
        self.db.rows("SELECT at, energy FROM site_index ORDER BY at", |row| {
            Ok(Index { at: Time(row.get(0)?), energy: Energy(row.get(1)?) })
        })
    }

    /// The lines of an imported calendar, by key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn calendar(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let query = "SELECT line FROM calendar_line WHERE calendar = ?1 ORDER BY key";
        self.db.rows_of(query, [name], |row| row.get(0))
    }
}

/// Numbers of the rows that begin within a time.
fn between(from: Time, until: Time, width: Span) -> (i64, i64) {
    let first_not_before = |at: Time| at.0.div_euclid(width.0) + i64::from(at.0.rem_euclid(width.0) > 0);
    (first_not_before(from), first_not_before(until))
}

/// The first six columns of `sample_minute` and, in that order, of what is read of `sample_hour`.
fn roll_up(row: &Row<'_>, width: Span) -> rusqlite::Result<RollUp> {
    Ok(RollUp {
        start: Time(row.get::<_, i64>(0)?.saturating_mul(width.0)),
        energy: Energy(row.get(1)?),
        unmeasured: Energy(row.get(2)?),
        covered_ms: row.get(3)?,
        most: Power(row.get(4)?),
        flags: row.get(5)?,
    })
}

/// Columns as `queries/job-energy-*.sql` list them.
fn job_energy(row: &Row<'_>) -> rusqlite::Result<JobEnergy> {
    let sum = |at: usize| Ok::<_, rusqlite::Error>(PerKwh::from_parts(row.get(at)?, row.get(at + 1)?));
    let account = JobAccount {
        dynamic: Energy(row.get(10)?),
        idle: Energy(row.get(11)?),
        gpu: Energy(row.get(12)?),
        cost: Cost { price: sum(13)?, estimated: Energy(row.get(15)?) },
        carbon: Carbon::from_sums(sum(16)?, sum(18)?, Energy(row.get(20)?)),
    };
    Ok(JobEnergy {
        job: JobId(row.get(0)?),
        attempt: row.get(1)?,
        machine: Arc::from(row.get::<_, String>(2)?),
        start: Time(row.get(3)?),
        end: row.get::<_, Option<i64>>(4)?.map(Time),
        cpu_us: row.get::<_, i64>(5)?.cast_unsigned(),
        cores: row.get(6)?,
        memory_mib: row.get::<_, i64>(7)?.cast_unsigned(),
        gpus: row.get(8)?,
        measured_ms: row.get(9)?,
        account,
    })
}

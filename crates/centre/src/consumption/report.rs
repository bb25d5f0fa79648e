//! Use of electricity, read back: by time, machine, project and run. On the archive's thread, so a year may take its time.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use api::{
    CalibrationRow, EnergyReply, EnergyReport, JobTarget, MeterRow, OwnerRow, Reply, RunAdvice, RunEnergy, RunsReport,
    SiteIndex, UsedRow,
};
use energy::{
    Energy, Flag, Interval,
    account::JobAccount,
    advice::Room,
    carbon::{Carbon, Factors},
    contract::Cost,
    period::Grain,
    reconcile::Accounts,
    rollup::HOUR,
};
use model::{AccountRow, ArrayPlace, JobId, Time, Uid};
use store::{AccountFilter, Hour, JobEnergy, LiveFacts, Reader, StoreError};

use super::{advice, month, sum};
use crate::electricity::Electricity;

/// What is to be read.
#[derive(Debug)]
pub(crate) enum EnergyQuestion {
    /// By time (`Some`) or machine.
    Used { from: Time, until: Time, grain: Option<Grain>, electricity: Arc<Electricity>, meters: Vec<MeterRow> },
    /// By project or run, of what the reader may see.
    Owners {
        from: Time,
        until: Time,
        by_project: bool,
        filter: AccountFilter,
        live: Vec<LiveFacts>,
        electricity: Arc<Electricity>,
        meters: Vec<MeterRow>,
    },
    /// Single runs.
    Runs {
        filter: AccountFilter,
        live: Vec<LiveFacts>,
        room: Room,
        electricity: Arc<Electricity>,
        meters: Vec<MeterRow>,
    },
    /// A job in sum, for somebody who may see only their own (`Some`) or all.
    Sum {
        target: JobTarget,
        /// Its record, if it is one that is not over.
        record: Option<JobId>,
        only: Option<Uid>,
        room: Room,
        electricity: Arc<Electricity>,
        meters: Vec<MeterRow>,
    },
    /// A month, settled.
    Month {
        month: String,
        from: Time,
        until: Time,
        billed: Option<Energy>,
        electricity: Arc<Electricity>,
        meters: Vec<MeterRow>,
    },
    /// Of the site's meter.
    Indexes,
    /// Of a machine.
    Calibrations { machine: String },
}

/// Reads it.
pub(crate) fn reply(reader: &Reader, question: EnergyQuestion) -> Result<Reply, StoreError> {
    Ok(Reply::Energy(match question {
        EnergyQuestion::Used { from, until, grain, electricity, meters } => {
            let used = used(reader, from, until, grain, &electricity)?;
            let (owners, is_assumed) = (Vec::new(), electricity.is_assumed);
            EnergyReply::Used(EnergyReport { from, until, used, owners, meters, is_assumed })
        }
        EnergyQuestion::Owners { from, until, by_project, filter, live, electricity, meters } => {
            let owners = owners(reader, from, until, by_project, &filter, live)?;
            let (used, is_assumed) = (Vec::new(), electricity.is_assumed);
            EnergyReply::Used(EnergyReport { from, until, used, owners, meters, is_assumed })
        }
        EnergyQuestion::Runs { filter, live, room, electricity, meters } => {
            let (total, runs, advice) = runs(reader, &filter, live, &room)?;
            EnergyReply::Runs(Box::new(RunsReport { total, runs, meters, is_assumed: electricity.is_assumed, advice }))
        }
        EnergyQuestion::Sum { target, record, only, room, electricity, meters } => {
            let (total, advice) = sum::of(reader, &target, record, only, &room)?;
            let is_assumed = electricity.is_assumed;
            EnergyReply::Runs(Box::new(RunsReport { total, runs: Vec::new(), meters, is_assumed, advice }))
        }
        EnergyQuestion::Month { month, from, until, billed, electricity, meters } => {
            let (sum, count) = all_machines(reader, from, until, &electricity.factors)?;
            let indexes = reader.site_indexes()?;
            let facts = month::Facts { month, from, until, billed, sum, count, indexes: &indexes, meters };
            EnergyReply::Month(Box::new(month::report(facts, &electricity)))
        }
        EnergyQuestion::Indexes => {
            let indexes = reader.site_indexes()?;
            let row = |index: &energy::reconcile::Index| SiteIndex { at: index.at, energy_uj: index.energy.0 };
            EnergyReply::Indexes(indexes.iter().map(row).collect())
        }
        EnergyQuestion::Calibrations { machine } => {
            let found = reader.calibrations(&machine)?;
            EnergyReply::Calibrations(found.into_iter().map(calibration_row).collect())
        }
    }))
}

/// Hours, summed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) accounts: Accounts,
    pub(crate) covered_ms: i64,
    pub(crate) cost: Cost,
    pub(crate) carbon: Carbon,
}

impl Sum {
    pub(crate) fn add(&mut self, hour: &Hour, factors: &Factors) {
        self.accounts += hour.accounts;
        self.covered_ms = self.covered_ms.saturating_add(hour.row.covered_ms);
        self.cost.price.0 = self.cost.price.0.saturating_add(hour.cost.price.0);
        self.cost.estimated += hour.cost.estimated;
        let (start, energy) = (hour.row.start, hour.row.energy);
        let interval = Interval { start, end: start + HOUR, energy, flag: Flag::Measured, source: 0 };
        factors.add(&interval, energy, &mut self.carbon);
    }

    pub(crate) fn row(&self, name: String) -> UsedRow {
        UsedRow {
            name,
            energy_uj: self.accounts.machines().0,
            jobs_uj: self.accounts.jobs.0,
            system_uj: self.accounts.system.0,
            unallocated_uj: self.accounts.unallocated.0,
            unmeasured_uj: self.accounts.unmeasured.0,
            covered_ms: self.covered_ms,
            microeur: self.cost.price.rounded(),
            guessed_uj: self.cost.estimated.0,
            production_mg: self.carbon.production().0,
            lifecycle_mg: self.carbon.lifecycle().0,
        }
    }
}

impl std::ops::AddAssign for Sum {
    fn add_assign(&mut self, other: Sum) {
        self.accounts += other.accounts;
        self.covered_ms = self.covered_ms.saturating_add(other.covered_ms);
        self.cost.price.0 = self.cost.price.0.saturating_add(other.cost.price.0);
        self.cost.estimated += other.cost.estimated;
        self.carbon += other.carbon;
    }
}

fn used(
    reader: &Reader,
    from: Time,
    until: Time,
    grain: Option<Grain>,
    electricity: &Electricity,
) -> Result<Vec<UsedRow>, StoreError> {
    let mut sums: BTreeMap<String, (Time, Sum)> = BTreeMap::new();
    for machine in reader.metered()? {
        for hour in reader.hours(&machine, from, until)? {
            let name = grain.map_or_else(|| machine.clone(), |grain| grain.name(hour.row.start, &electricity.zone));
            let (_, sum) = sums.entry(name).or_insert_with(|| (hour.row.start, Sum::default()));
            sum.add(&hour, &electricity.factors);
        }
    }
    let mut rows: Vec<(Time, UsedRow)> = sums.into_iter().map(|(name, (start, sum))| (start, sum.row(name))).collect();
    if grain.is_some() {
        // By time, not by name: the hour that comes twice has its offset in its name.
        rows.sort_by_key(|(start, _)| *start);
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// The sum of all machines, and how many there are.
fn all_machines(reader: &Reader, from: Time, until: Time, factors: &Factors) -> Result<(Sum, u32), StoreError> {
    let (mut sum, mut count) = (Sum::default(), 0);
    for machine in reader.metered()? {
        count += 1;
        for hour in reader.hours(&machine, from, until)? {
            sum.add(&hour, factors);
        }
    }
    Ok((sum, count))
}

/// Runs as listed, by record and attempt. What was over before it started is answerable for nothing.
fn listed(
    reader: &Reader,
    filter: &AccountFilter,
    live: Vec<LiveFacts>,
) -> Result<HashMap<(JobId, u32), AccountRow>, StoreError> {
    let mut found = HashMap::new();
    reader.accounts(filter, live, &mut |rows| {
        let runs = rows.into_iter().filter(|row| row.step.is_none() && row.start.is_some());
        found.extend(runs.map(|row| ((row.id, row.attempt), row)));
    })?;
    Ok(found)
}

fn owners(
    reader: &Reader,
    from: Time,
    until: Time,
    by_project: bool,
    filter: &AccountFilter,
    live: Vec<LiveFacts>,
) -> Result<Vec<OwnerRow>, StoreError> {
    let listed = listed(reader, filter, live)?;
    // A run belongs to the period in which it ends, whole: so the periods of a project sum to the project.
    let is_meant = |run: &JobEnergy| run.end.is_none_or(|end| (from..until).contains(&end));
    let mut rows: Vec<OwnerRow> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for run in reader.job_energy_between(from, until)?.into_iter().filter(is_meant) {
        let Some(seen) = listed.get(&(run.job, run.attempt)) else { continue };
        let (name, user) = match by_project {
            true => (seen.account.to_string(), String::new()),
            false => (shown(seen), seen.owner.user.clone()),
        };
        let place = *places.entry(name.clone()).or_insert_with(|| {
            rows.push(OwnerRow { name, user, ..OwnerRow::default() });
            rows.len() - 1
        });
        add(&mut rows[place], &run);
    }
    if by_project {
        rows.sort_by(|a, b| a.name.cmp(&b.name));
    }
    fold_first(&mut rows);
    Ok(rows)
}

/// So many rows fit into an answer.
const MOST_ROWS: usize = 20_000;

/// Of more rows than fit, the first become one, so that the sum stays.
fn fold_first(rows: &mut Vec<OwnerRow>) {
    if rows.len() <= MOST_ROWS {
        return;
    }
    let mut first = OwnerRow { name: "…".to_owned(), ..OwnerRow::default() };
    for row in rows.drain(..rows.len() - MOST_ROWS) {
        merge(&mut first, &row);
    }
    rows.insert(0, first);
}

fn merge(sum: &mut OwnerRow, row: &OwnerRow) {
    sum.runs += row.runs;
    sum.energy_uj += row.energy_uj;
    sum.dynamic_uj += row.dynamic_uj;
    sum.idle_uj += row.idle_uj;
    sum.gpu_uj += row.gpu_uj;
    sum.length_ms += row.length_ms;
    sum.measured_ms += row.measured_ms;
    sum.microeur += row.microeur;
    sum.guessed_uj += row.guessed_uj;
    sum.production_mg += row.production_mg;
    sum.lifecycle_mg += row.lifecycle_mg;
}

pub(super) fn add(row: &mut OwnerRow, run: &JobEnergy) {
    let JobAccount { dynamic, idle, gpu, cost, carbon } = &run.account;
    row.runs += 1;
    row.energy_uj += run.account.total().0;
    row.dynamic_uj += dynamic.0;
    row.idle_uj += idle.0;
    row.gpu_uj += gpu.0;
    row.length_ms += run.end.map_or(run.measured_ms, |end| (end - run.start).0);
    row.measured_ms += run.measured_ms;
    row.microeur += cost.price.rounded();
    row.guessed_uj += cost.estimated.0;
    row.production_mg += carbon.production().0;
    row.lifecycle_mg += carbon.lifecycle().0;
}

fn runs(
    reader: &Reader,
    filter: &AccountFilter,
    live: Vec<LiveFacts>,
    room: &Room,
) -> Result<(OwnerRow, Vec<RunEnergy>, Option<RunAdvice>), StoreError> {
    let mut seen: Vec<AccountRow> = listed(reader, filter, live)?.into_values().collect();
    seen.sort_by_key(|row| (row.id, row.attempt));
    let (mut total, mut found) = (OwnerRow::default(), Vec::new());
    for row in &seen {
        for run in reader.job_energy(row.id)?.into_iter().filter(|run| run.attempt == row.attempt) {
            let mut sums = OwnerRow { name: shown(row), user: row.owner.user.clone(), ..OwnerRow::default() };
            add(&mut sums, &run);
            merge(&mut total, &sums);
            let (job, attempt, state, cores) = (row.id, row.attempt, row.state, run.cores);
            found.push(RunEnergy { job, attempt, state, cores, row: sums });
        }
    }
    // What was tried again says less than its last attempt, which comes last of its record.
    let mut last = seen;
    last.reverse();
    last.dedup_by_key(|row| row.id);
    last.reverse();
    let cores: HashMap<(JobId, u32), u32> = found.iter().map(|run| ((run.job, run.attempt), run.cores)).collect();
    let held = |row: &AccountRow| cores.get(&(row.id, row.attempt)).copied();
    let advice = advice::of(&last, held, &advice::bill(&total), room);
    found.drain(..found.len().saturating_sub(MOST_ROWS));
    Ok((total, found, advice))
}

/// A run as `squeue` names it.
fn shown(row: &AccountRow) -> String {
    match &row.array {
        ArrayPlace::Task { base, index } => format!("{base}_{index}"),
        _ => row.id.to_string(),
    }
}

fn calibration_row(calibration: store::Calibration) -> CalibrationRow {
    CalibrationRow {
        at: calibration.at,
        idle_mw: calibration.idle.0,
        per_cpu_mw: calibration.per_cpu.0,
        uncertainty_permille: calibration.uncertainty_permille,
        factor_permille: calibration.factor_permille,
        source: calibration.source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_rows_the_sum_stays() {
        let sum = |rows: &[OwnerRow]| (rows.iter().map(|row| row.energy_uj).sum::<i64>(), rows.len());
        let row = |n: usize| OwnerRow { name: n.to_string(), runs: 1, energy_uj: n as i64, ..OwnerRow::default() };
        let mut rows: Vec<OwnerRow> = (0..MOST_ROWS + 3).map(row).collect();
        let (before, _) = sum(&rows);
        fold_first(&mut rows);
        assert_eq!(sum(&rows), (before, MOST_ROWS + 1));
        assert_eq!((rows[0].runs, rows[1].name.as_str()), (3, "3"));
        let few = rows.split_off(MOST_ROWS - 5);
        let mut kept = few.clone();
        fold_first(&mut kept);
        assert_eq!(kept, few);
    }
}

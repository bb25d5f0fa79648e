//! What a job used in all, at once, however many tasks it has: of an array the sums that the data file keeps, and advice by
//! some of its tasks. Must not know prices.

use api::{JobTarget, OwnerRow, RunAdvice};
use energy::advice::Room;
use model::{AccountRow, JobId, Uid};
use store::{Reader, StoreError};

use super::{advice, report::add};

/// So many tasks of each ending advise on the next ones.
const TASKS: u32 = 100;

/// The sums, and what a next run should ask for. Of somebody else's job nothing, to whom sees only their own.
pub(super) fn of(
    reader: &Reader,
    target: &JobTarget,
    record: Option<JobId>,
    only: Option<Uid>,
    room: &Room,
) -> Result<(OwnerRow, Option<RunAdvice>), StoreError> {
    let nothing = || Ok((OwnerRow::default(), None));
    let Some(base) = reader.base_of(target.id)? else { return nothing() };
    let Some(stored) = reader.submission(base)? else { return nothing() };
    let owner = &stored.spec.owner;
    if only.is_some_and(|uid| uid != owner.uid) {
        return nothing();
    }
    let mut total = OwnerRow { name: base.to_string(), user: owner.user.clone(), ..OwnerRow::default() };
    let task = target.tasks.as_ref().and_then(|tasks| tasks.first());
    if stored.spec.array.is_some() && task.is_none() {
        let rows = some_tasks(reader, base)?;
        let cores = held(reader, rows.first())?;
        array(reader, base, &mut total)?;
        return Ok((total.clone(), advice::of(&rows, |_| cores, &advice::bill(&total), room)));
    }
    let mut records: Vec<JobId> = reader.runs_over(base, task)?.iter().map(|run| run.job).collect();
    records.extend(record);
    records.sort_unstable();
    records.dedup();
    for record in &records {
        reader.job_energy(*record)?.iter().for_each(|run| add(&mut total, run));
    }
    let rows = match task {
        Some(task) => last(reader.runs_of_task(base, task)?),
        None => last_run(reader, base)?,
    };
    let cores = held(reader, rows.first())?;
    let advice = advice::of(&rows, |_| cores, &advice::bill(&total), room);
    Ok((total, advice))
}

/// The sums of an array; measured time is that of runs whose energy is known.
fn array(reader: &Reader, base: JobId, total: &mut OwnerRow) -> Result<(), StoreError> {
    let used = reader.array_used(base)?;
    total.runs = used.runs.max(0).cast_unsigned();
    total.energy_uj = used.energy_uj;
    total.idle_uj = used.idle_uj;
    total.dynamic_uj = used.energy_uj - used.idle_uj;
    total.length_ms = used.run_ms;
    total.measured_ms = used.measured_ms;
    total.microeur = used.electricity_microeur;
    total.production_mg = used.production_mg;
    total.lifecycle_mg = used.lifecycle_mg;
    Ok(())
}

/// Some tasks of each ending.
fn some_tasks(reader: &Reader, base: JobId) -> Result<Vec<AccountRow>, StoreError> {
    let mut rows = Vec::new();
    for (state, _) in reader.states_of(base)? {
        rows.extend(reader.tasks_in(base, state, 0, TASKS)?);
    }
    rows.retain(|row| row.start.is_some());
    Ok(rows)
}

fn last_run(reader: &Reader, base: JobId) -> Result<Vec<AccountRow>, StoreError> {
    let filter = store::AccountFilter { targets: Some(vec![(base, None)]), ..store::AccountFilter::default() };
    let mut rows = Vec::new();
    reader.accounts(&filter, Vec::new(), &mut |part| rows.extend(part))?;
    rows.retain(|row| row.step.is_none() && row.start.is_some());
    Ok(last(rows))
}

/// What was tried again says less than its last attempt.
fn last(mut rows: Vec<AccountRow>) -> Vec<AccountRow> {
    rows.sort_by_key(|row| row.attempt);
    rows.pop().into_iter().collect()
}

/// Cores that a run held, as far as it was measured. All tasks of an array asked for the same.
fn held(reader: &Reader, row: Option<&AccountRow>) -> Result<Option<u32>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let known = reader.job_energy(row.id)?;
    Ok(known.iter().find(|run| run.attempt == row.attempt).map(|run| run.cores))
}

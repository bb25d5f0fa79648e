//! What projects used by day, member and application: read in place of their runs. Triggers in the file keep it. Must not
//! know who may see it.

use model::{Time, Uid};
use rusqlite::{Connection, Row, params};

use crate::{Reader, StoreError};

/// Sums of runs that are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// How many.
    pub runs: i64,
    /// Of these, those that ended well.
    pub completed: i64,
    /// CPUs that were held, times milliseconds.
    pub cpu_ms: i64,
    /// CPU time, microseconds.
    pub used_us: i64,
    /// From when they could have started until they did, milliseconds.
    pub waited_ms: i64,
    /// Microjoules.
    pub energy_uj: i64,
    /// What that energy cost, micro-euros.
    pub electricity_microeur: i64,
    /// Milligrams of CO2e, production average.
    pub production_mg: i64,
    /// Milligrams of CO2e, consumption with its life cycle.
    pub lifecycle_mg: i64,
    /// What the project pays, micro-euros without tax.
    pub price_microeur: i64,
}

impl std::ops::AddAssign for Used {
    fn add_assign(&mut self, other: Used) {
        let add = |one: &mut i64, more: i64| *one = one.saturating_add(more);
        add(&mut self.runs, other.runs);
        add(&mut self.completed, other.completed);
        add(&mut self.cpu_ms, other.cpu_ms);
        add(&mut self.used_us, other.used_us);
        add(&mut self.waited_ms, other.waited_ms);
        add(&mut self.energy_uj, other.energy_uj);
        add(&mut self.electricity_microeur, other.electricity_microeur);
        add(&mut self.production_mg, other.production_mg);
        add(&mut self.lifecycle_mg, other.lifecycle_mg);
        add(&mut self.price_microeur, other.price_microeur);
    }
}

/// What one member used with one application on one day, or in one month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedDay {
    /// Days since 1970, local; of a month its first.
    pub day: i64,
    /// Who.
    pub uid: Uid,
    /// What ran: a job's name without digits.
    pub application: String,
    /// How much.
    pub used: Used,
}

/// Columns as `queries/usage-days.sql` and `usage-months.sql` list them.
fn read(row: &Row<'_>) -> rusqlite::Result<UsedDay> {
    Ok(UsedDay {
        day: row.get(0)?,
        uid: Uid(row.get(1)?),
        application: row.get(2)?,
        used: Used {
            runs: row.get(3)?,
            completed: row.get(4)?,
            cpu_ms: row.get(5)?,
            used_us: row.get(6)?,
            waited_ms: row.get(7)?,
            energy_uj: row.get(8)?,
            electricity_microeur: row.get(9)?,
            production_mg: row.get(10)?,
            lifecycle_mg: row.get(11)?,
            price_microeur: row.get(12)?,
        },
    })
}

impl Reader {
    /// Gives what a project used from a day on, until (not with) another, by day, member and application.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn used(&self, project: &str, from: i64, until: i64, each: &mut dyn FnMut(UsedDay)) -> Result<(), StoreError> {
        self.used_by(include_str!("../queries/usage-days.sql"), (project, from, until), each)
    }

    /// The first day on which a run of a project ended, in days since 1970.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_used(&self, project: &str) -> Result<Option<i64>, StoreError> {
        let query = "SELECT min(day) FROM usage_day WHERE project = ?1";
        Ok(self.db.rows_of(query, [project], |row| row.get::<_, Option<i64>>(0))?.into_iter().flatten().next())
    }

    /// The same by month: of a row the day is the first of its month, and so must the ends be. A year is read at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn used_by_month(
        &self,
        project: &str,
        from: i64,
        until: i64,
        each: &mut dyn FnMut(UsedDay),
    ) -> Result<(), StoreError> {
        self.used_by(include_str!("../queries/usage-months.sql"), (project, from, until), each)
    }

    fn used_by(
        &self,
        query: &str,
        (project, from, until): (&str, i64, i64),
        each: &mut dyn FnMut(UsedDay),
    ) -> Result<(), StoreError> {
        let fault = self.db.fault("reading what a project used");
        let mut statement = self.db.sql.prepare_cached(query).map_err(&fault)?;
        let mut rows = statement.query(params![project, from, until]).map_err(&fault)?;
        while let Some(row) = rows.next().map_err(&fault)? {
            each(read(row).map_err(&fault)?);
        }
        Ok(())
    }
}

/// What ran is not to be known any more, of one member or of all before a time; how much it used is.
pub(crate) fn forget_names(sql: &Connection, of: Option<Uid>, before: Option<Time>) -> rusqlite::Result<()> {
    for query in [include_str!("../queries/usage-merge.sql"), include_str!("../queries/usage-unname.sql")] {
        sql.execute(query, params![of.map(|uid| uid.0), before.map(|time| time.0)])?;
    }
    Ok(())
}

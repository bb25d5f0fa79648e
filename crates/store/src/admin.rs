//! Projects, members, operators: read back whole, they are few.

use crate::{Db, StoreError};

/// A project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// Name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Share.
    pub shares: u32,
    /// Takes no new jobs.
    pub closed: bool,
    /// What it computes may be told to everybody.
    pub public: bool,
}

/// A membership.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Login name.
    pub user: String,
    /// Project.
    pub project: String,
    /// Their default one.
    pub default: bool,
}

impl Db {
    /// All projects, also closed ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn projects(&self) -> Result<Vec<Project>, StoreError> {
        self.rows("SELECT name, description, shares, closed, public FROM project ORDER BY name", |row| {
            let (name, description, shares) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Project { name, description, shares, closed: row.get(3)?, public: row.get(4)? })
        })
    }

    /// All memberships.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.rows("SELECT user, project, is_default FROM member ORDER BY user, project", |row| {
            Ok(Member { user: row.get(0)?, project: row.get(1)?, default: row.get(2)? })
        })
    }

    /// Operators named by command.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn operators(&self) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT user FROM operator ORDER BY user", |row| row.get(0))
    }

    pub(crate) fn rows<T>(
        &self,
        query: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows_of(query, [], read)
    }

    pub(crate) fn rows_of<T>(
        &self,
        query: &str,
        of: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let fault = self.fault("reading it");
        let mut statement = self.sql.prepare_cached(query).map_err(&fault)?;
        let rows = statement.query_map(of, read).map_err(&fault)?;
        rows.collect::<rusqlite::Result<Vec<T>>>().map_err(fault)
    }
}

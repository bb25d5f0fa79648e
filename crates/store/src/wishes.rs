//! What listings for programs show of a submission, read without its script and environment, and without making anything
//! of the parts that nobody asks for: a queue of ten thousand is asked about at once.

use model::{JobId, Wishes};
use rusqlite::OptionalExtension;

use crate::{Reader, StoreError};

impl Reader {
    /// What these submissions say, each if there is one; all of them as they were at one moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wishes(&self, ids: &[JobId]) -> Result<Vec<Option<Wishes>>, StoreError> {
        let fault = self.db.fault("reading submissions");
        // One look at the file for all: each look of its own would lock it.
        let together = self.db.sql.unchecked_transaction().map_err(&fault)?;
        let mut found = Vec::with_capacity(ids.len());
        {
            let mut statement = together.prepare_cached("SELECT spec FROM submission WHERE id = ?1").map_err(&fault)?;
            for id in ids {
                let wishes =
                    statement.query_row([id.0], |row| Ok(serde_json::from_str(row.get_ref(0)?.as_str()?))).optional();
                found.push(match wishes.map_err(&fault)? {
                    None => None,
                    Some(Ok(wishes)) => Some(wishes),
                    Some(Err(why)) => return Err(self.unreadable(&format!("submission {id}"), &why)),
                });
            }
        }
        together.finish().map_err(&fault)?;
        Ok(found)
    }
}

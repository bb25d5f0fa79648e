//! What listings for programs show of a submission, read without its script and environment, and without making anything
//! of the parts that nobody asks for: a queue of ten thousand is asked about at once.

use model::{JobId, Wishes};
use rusqlite::OptionalExtension;

use crate::{Reader, StoreError};

impl Reader {
    /// What that submission says, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wishes(&self, id: JobId) -> Result<Option<Wishes>, StoreError> {
        let fault = self.db.fault("reading a submission");
        let mut statement = self.db.sql.prepare_cached("SELECT spec FROM submission WHERE id = ?1").map_err(&fault)?;
        let wishes = statement.query_row([id.0], |row| Ok(serde_json::from_str(row.get_ref(0)?.as_str()?))).optional();
        match wishes.map_err(&fault)? {
            None => Ok(None),
            Some(Ok(wishes)) => Ok(Some(wishes)),
            Some(Err(why)) => Err(self.unreadable(&format!("submission {id}"), &why)),
        }
    }
}

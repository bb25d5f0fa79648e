//! The one thread that writes: batches come in order, each is one transaction, each is answered when it is on disk.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
};

use crate::{Db, StoreError, Write};

/// Rows that are committed together or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    /// Given back in [`Committed`].
    pub number: u64,
    /// In this order.
    pub writes: Vec<Write>,
}

/// The fate of a batch.
#[derive(Debug)]
pub struct Committed {
    /// Which.
    pub number: u64,
    /// On disk, or why not (then nothing of it is).
    pub result: Result<(), StoreError>,
}

/// Handle of the writing thread. Dropping it finishes what was sent.
pub struct Writer {
    batches: Option<Sender<Batch>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on an opened file; `done` is called on that thread after each batch and must only pass it on.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(db: Db, done: impl Fn(Committed) + Send + 'static) -> std::io::Result<Self> {
        let (batches, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .stack_size(256 << 10)
            .spawn(move || serve(db, &inbox, done))?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }

    /// Hands over a batch; [`Committed`] follows.
    pub fn send(&self, batch: Batch) {
        // The thread only ends when this handle is dropped, so there is always somebody to take it.
        if let Some(batches) = &self.batches {
            batches.send(batch).ok();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn serve(mut db: Db, inbox: &Receiver<Batch>, done: impl Fn(Committed)) {
    while let Ok(batch) = inbox.recv() {
        let result = commit(&mut db, &batch.writes);
        done(Committed { number: batch.number, result });
    }
    // Best effort: whoever opens the file next finds it without a log.
    db.fold_log().ok();
}

/// Of pages, while much is written at once.
const GREAT_CACHE_KIB: i64 = 32 << 10;

fn commit(db: &mut Db, writes: &[Write]) -> Result<(), StoreError> {
    let path = db.path.clone();
    let fault = |source| StoreError::Sql { path: path.clone(), doing: "writing to it", source };
    let is_great = writes.iter().any(Write::is_great);
    if is_great {
        // Else pages go to the log and come back several times in one transaction.
        db.sql.pragma_update(None, "cache_size", -GREAT_CACHE_KIB).map_err(fault)?;
    }
    let done = write_all(db, writes).map_err(fault);
    if is_great {
        db.sql.pragma_update(None, "cache_size", -crate::db::CACHE_KIB).map_err(fault)?;
        db.sql.execute_batch("PRAGMA shrink_memory").map_err(fault)?;
    }
    done
}

fn write_all(db: &mut Db, writes: &[Write]) -> rusqlite::Result<()> {
    let transaction = db.sql.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for write in writes {
        write.perform(&transaction)?;
    }
    transaction.commit()
}

//! The ledger's state at a start: what was kept of it in the data file, and the entries after that. What was kept and
//! does not fit is left aside, because the entries say everything. Must not know what an entry says.

use ledger::{chain::Hash, journal::Journal};
use store::{MoneyWrite, Reader, StoreError};

use crate::{complain::complain, core::Centre};

/// After so many more entries the state is kept again, so that a start folds in no more than these: some 60 ms.
const EVERY: u64 = 10_000;

/// A ledger read from the file.
pub(super) struct Replayed {
    /// The state behind the last entry, or why there is none.
    pub(super) ledger: Result<Journal, String>,
    /// The entries that were in the kept state already.
    pub(super) kept: u64,
}

/// The ledger in a data file.
pub(super) fn replay(reader: &Reader) -> Result<Replayed, StoreError> {
    if let Some(kept) = kept(reader)? {
        let count = kept.head().count;
        if let ledger @ Ok(_) = follow(kept, reader)? {
            return Ok(Replayed { ledger, kept: count });
        }
    }
    Ok(Replayed { ledger: follow(Journal::default(), reader)?, kept: 0 })
}

/// What was kept, if it ends with an entry of this ledger.
fn kept(reader: &Reader) -> Result<Option<Journal>, StoreError> {
    let Some(journal) = reader.ledger_kept()?.and_then(|bytes| Journal::kept(&bytes)) else { return Ok(None) };
    let head = journal.head();
    let stored = reader.ledger_hash(head.count)?;
    Ok(stored.is_some_and(|hash| hash == head.hash.to_string()).then_some(journal))
}

fn follow(mut ledger: Journal, reader: &Reader) -> Result<Result<Journal, String>, StoreError> {
    let mut broken = None;
    reader.ledger_each(ledger.head().count, &mut |_, text, hash| {
        if broken.is_some() {
            return;
        }
        let hash = hash.parse::<Hash>().map_err(|fault| fault.to_string());
        broken = hash.and_then(|hash| ledger.follow([(text, hash)]).map_err(|fault| fault.to_string())).err();
    })?;
    Ok(broken.map_or(Ok(ledger), Err))
}

impl Centre {
    /// Keeps the ledger's state, with the batch of its last entry, when enough was posted since the last time.
    pub(super) fn keep_ledger(&mut self) {
        let count = self.money.ledger.head().count;
        if count < self.money.kept + EVERY {
            return;
        }
        self.money.kept = count;
        match self.money.ledger.keep() {
            Ok(bytes) => self.write_money(MoneyWrite::LedgerState(bytes.into())),
            Err(fault) => complain!("the ledger's state cannot be kept: {fault}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{path::Path, sync::mpsc::channel};

    use jiff::tz::TimeZone;
    use ledger::{
        day::Day,
        posting::{Grant, Pot, What},
    };
    use model::{Money, Time};
    use store::{Batch, Db, Write, Writer};

    use super::*;

    /// A ledger of so many credits, as its entries and as what is written.
    fn credits(count: u32, note: &str) -> (Journal, Vec<Write>) {
        let (mut journal, mut writes) = (Journal::default(), Vec::new());
        for number in 0..count {
            let (project, id, note) = ("p".to_owned(), number.to_string(), note.to_owned());
            let grant = Grant { project, id, pot: Pot::Credit, core_ms: 0, amount: Money(1), note };
            let sealed = journal.post(Time(0), Day::of(Time(0), &TimeZone::UTC), What::Grant(grant)).unwrap();
            let (text, hash) = (sealed.text.as_str().into(), sealed.hash.to_string().into());
            let entry = MoneyWrite::Entry { number: sealed.entry.number, text, hash };
            writes.push(Write::Money(Box::new(entry)));
        }
        (journal, writes)
    }

    fn state(bytes: Vec<u8>) -> Write {
        Write::Money(Box::new(MoneyWrite::LedgerState(bytes.into())))
    }

    fn write(path: &Path, writes: Vec<Write>) {
        let (done, fate) = channel();
        let writer = Writer::start(Db::open(path).unwrap().0, move |done_| done.send(done_.result).unwrap()).unwrap();
        writer.send(Batch { number: 1, writes });
        fate.recv().unwrap().unwrap();
    }

    #[test]
    fn a_start_goes_on_from_what_was_kept_if_it_fits() {
        let check = |what: &str, bytes: Vec<u8>, expected: u64| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file.db");
            let (whole, mut writes) = credits(5, "ours");
            writes.push(state(bytes));
            write(&path, writes);
            let found = replay(&Reader::open(&path).unwrap()).unwrap();
            assert_eq!((found.ledger, found.kept), (Ok(whole), expected), "{what}");
        };
        let kept = |count, note| credits(count, note).0.keep().unwrap();
        check("in the middle", kept(3, "ours"), 3);
        check("at the end", kept(5, "ours"), 5);
        check("of another ledger", kept(3, "another's"), 0);
        check("of a ledger that had gone on", kept(6, "ours"), 0);
        check("empty", kept(0, "ours"), 0);
        check("no state", b"no state".to_vec(), 0);
    }

    #[test]
    fn what_came_after_is_checked_as_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        let (_, mut writes) = credits(4, "ours");
        let (_, other) = credits(5, "another's");
        writes.push(other.into_iter().next_back().unwrap());
        writes.push(state(credits(4, "ours").0.keep().unwrap()));
        write(&path, writes);
        let found = replay(&Reader::open(&path).unwrap()).unwrap();
        assert!(found.ledger.unwrap_err().contains("ledger entry 5"));
    }
}

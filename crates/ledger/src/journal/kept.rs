//! The state as bytes, so that a start folds in only the entries after it. Bytes that do not fit are no state: whoever has
//! the entries has everything. Must not know where the bytes are kept.

use sha2::{Digest, Sha256};

use super::{Journal, JournalError};

/// Which shape [`Journal`] has in bytes; another one is not read. A test fails where it must be raised.
const SHAPE: u8 = 1;

impl Journal {
    /// The state as bytes: [`SHAPE`], SHA-256 of the rest, and the rest as postcard writes it. Some seven bytes for every
    /// entry that there ever was, and what is open.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`], for what postcard cannot write: nothing that a state has.
    pub fn keep(&self) -> Result<Vec<u8>, JournalError> {
        let body = postcard::to_allocvec(self).map_err(|fault| JournalError::Unreadable(fault.to_string()))?;
        Ok([&[SHAPE], Sha256::digest(&body).as_slice(), &body].concat())
    }

    /// The state that was kept; `None` where these are not the bytes that [`Journal::keep`] of this version gave. Whether
    /// it is a state of *this* ledger its [`Journal::head`] tells.
    pub fn kept(bytes: &[u8]) -> Option<Self> {
        let (digest, body) = bytes.strip_prefix(&[SHAPE])?.split_at_checked(32)?;
        let is_whole = Sha256::digest(body).as_slice() == digest;
        is_whole.then(|| postcard::from_bytes(body).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::tz::TimeZone;
    use model::{JobId, Money, RunId, Time};

    use super::*;
    use crate::chain::Hash;
    use crate::day::{Day, Month};
    use crate::journal::{Invoice, Unbilled};
    use crate::posting::{Bill, BillKind, Cost, Cover, Reserve, What};

    /// A state with something in every part, and one key: sets have no order.
    fn state() -> Journal {
        let day = Day::of(Time(0), &TimeZone::UTC);
        let run = RunId { job: JobId(7), attempt: 1 };
        let cost = Cost { amount: Money(5), core_ms: 6, energy_uj: 7 };
        let reserve = Reserve { project: "p".into(), run, nth: 0, cost, cover: Cover::default() };
        let mut journal = Journal::default();
        journal.post(Time(0), day, What::Reserve(reserve)).unwrap();
        let (project, number) = ("p".to_owned(), "F1970-0001".to_owned());
        let one = Unbilled { project, amount: Money(9), day, is_advance: true, credits: Some(number.clone()) };
        journal.unbilled.insert(1, one);
        journal.unbilled_of.entry("p".into()).or_default().insert(1);
        let bill = Bill {
            kind: BillKind::Invoice,
            number: number.clone(),
            customer: "C".into(),
            month: Month::new(1970, 1).unwrap(),
            bills: vec![1],
            projects: vec![("p".into(), Money(9))],
            net: Money(10_000),
            advance: Money::ZERO,
            vat: Money(20_000),
            due: day,
            credit_of: None,
        };
        journal.invoices.insert(number, Invoice::new(&bill, day, 2));
        journal.series.insert((BillKind::Invoice, 1970), (1, day));
        journal
    }

    #[test]
    fn what_was_kept_is_read() {
        let bytes = state().keep().unwrap();
        assert_eq!(Journal::kept(&bytes), Some(state()));
        assert_eq!(Journal::kept(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Journal::kept(&[]), None);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Journal::kept(&changed), None, "byte {at}");
        }
    }

    #[test]
    fn another_shape_has_another_number() {
        let digest = Hash(Sha256::digest(&state().keep().unwrap()[33..]).into());
        // Where this changes, raise SHAPE: a state that an older version kept must not be read.
        insta::assert_snapshot!(format!("{SHAPE} {digest}"), @"1 7c9cdcc8e3cf167ed505d8a4dcdeda90dfcd94c96b88b931f95b361d10783150");
    }
}

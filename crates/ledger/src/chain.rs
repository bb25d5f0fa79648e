//! Entries hold each other by their hashes, so that nobody changes one behind the ledger's back. Must not know what an
//! entry says.
//!
//! # The form
//! An entry is one line of JSON, as serde writes [`Entry`] (fields in their order, no spaces). Its hash is SHA-256 of
//! the hash before it in lower-case hexadecimal (64 zeros before the first), a line feed, and that line. The line itself
//! is stored, so that anybody can check a ledger with a script of ten lines and without this program.
//!
//! A chain shows what was changed, left out, put in or exchanged *inside* it. Whoever rewrites it from some entry to its
//! very end leaves no trace in it: so its [`Head`] goes out of the house, onto every invoice.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::posting::Entry;

/// The form of entries that this version writes.
pub const FORMAT: u32 = 1;

/// SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// Where a chain ends: its length, and the hash of its last entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Head {
    /// How many entries.
    pub count: u64,
    /// Of the last one.
    pub hash: Hash,
}

/// An entry with its line and hash: what is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// Read.
    pub entry: Entry,
    /// As it is stored and hashed.
    pub text: String,
    /// Over the hash before it and the text.
    pub hash: Hash,
}

/// The first entry that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "ledger entry {number}: {what}. Everything before it is as it was written; restore the ledger from a backup, and compare"
)]
pub struct Broken {
    /// Where in the chain, from 1 on.
    pub number: u64,
    /// What is wrong.
    pub what: String,
}

impl Hash {
    /// Over the hash before it and a line.
    pub fn of(before: Hash, line: &str) -> Self {
        let mut sha = Sha256::new();
        sha.update(before.digits());
        sha.update(b"\n");
        sha.update(line.as_bytes());
        Self(sha.finalize().into())
    }

    /// In lower-case hexadecimal.
    fn digits(self) -> [u8; 64] {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        std::array::from_fn(|at| digit(if at % 2 == 0 { self.0[at / 2] >> 4 } else { self.0[at / 2] & 15 }))
    }
}

impl Head {
    /// Seals an entry behind this head. Its number and format must be right already.
    ///
    /// # Errors
    /// What serde cannot write: nothing that an entry has.
    pub fn seal(&self, entry: Entry) -> Result<Sealed, serde_json::Error> {
        let text = serde_json::to_string(&entry)?;
        let hash = Hash::of(self.hash, &text);
        Ok(Sealed { entry, text, hash })
    }

    /// Reads the next entry and checks that it is the one that was written here.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn open(&self, text: &str, hash: Hash) -> Result<Sealed, Broken> {
        let number = self.count + 1;
        let broken = |what: String| Broken { number, what };
        let entry: Entry = serde_json::from_str(text).map_err(|fault| broken(format!("it cannot be read: {fault}")))?;
        if entry.number != number {
            let what =
                format!("entry {} stands in its place: one is missing, put in, or in another place", entry.number);
            return Err(broken(what));
        }
        if Hash::of(self.hash, text) != hash {
            return Err(broken("its text or its hash was changed".to_owned()));
        }
        if entry.format != FORMAT {
            return Err(broken(format!("its form is {}, and this version knows form {FORMAT}", entry.format)));
        }
        Ok(Sealed { entry, text: text.to_owned(), hash })
    }

    /// The head behind this entry.
    pub fn after(sealed: &Sealed) -> Self {
        Self { count: sealed.entry.number, hash: sealed.hash }
    }
}

/// Checks a whole chain, in the order in which it is stored. `known` are heads that went out of the house (on invoices).
///
/// # Errors
/// The first entry that is not what it was.
pub fn verify<'a>(entries: impl IntoIterator<Item = (&'a str, Hash)>, known: &[Head]) -> Result<Head, Broken> {
    let mut head = Head::default();
    for (text, hash) in entries {
        head = Head::after(&head.open(text, hash)?);
        if let Some(known) = known.iter().find(|known| known.count == head.count && known.hash != head.hash) {
            let what = format!("its hash was {} when it was printed on an invoice", known.hash);
            return Err(Broken { number: head.count, what });
        }
    }
    match known.iter().map(|known| known.count).max().filter(|count| *count > head.count) {
        Some(count) => {
            let what = format!("it is missing, and all after it: an invoice was printed after entry {count}");
            Err(Broken { number: head.count + 1, what })
        }
        None => Ok(head),
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().iter().try_for_each(|digit| f.write_char(char::from(*digit)))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no hash of 64 hexadecimal digits")]
pub struct HashError(String);

impl FromStr for Hash {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        let wrong = || HashError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

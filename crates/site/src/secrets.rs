//! What only the machines of a cluster may know. Must not know where randomness comes from, and never shows itself.

use std::fmt;

/// Letters of the munge key, which takes 32 to 1024 bytes: five bits of chance in each.
const KEY: usize = 256;
/// Letters of the password.
const PASSWORD: usize = 32;
/// How many bytes of chance there must be.
pub const CHANCE: usize = KEY + PASSWORD;

/// The secrets of a cluster: letters and digits, so that no file and no shell needs quotes for them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The key that all machines share.
    pub munge_key: String,
    /// What slurmdbd says to the database.
    pub database_password: String,
}

impl Secrets {
    /// Makes them of chance, each letter of a byte.
    pub fn of_chance(chance: &[u8; CHANCE]) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let letters = |bytes: &[u8]| bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        let (key, password) = chance.split_at(KEY);
        Self { munge_key: letters(key), database_password: letters(password) }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

//! Secrets that we make: long, random, and known here by their hashes only. Must not know what they open.

use api::Secret;
use sha2::{Digest, Sha256};
use store::SecretHash;

/// Letters of codes: none that is taken for another one on paper (no 0 O, no 1 I L, no U).
const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// So many letters has a code: 78 bits, of which nobody guesses one before it is too old.
const CODE: usize = 16;

/// Bytes that nobody can guess.
///
/// # Errors
/// The system has none to give.
fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// What a browser or a program keeps: 256 bits.
///
/// # Errors
/// The system has nothing random to give.
pub(super) fn long(mark: &str) -> Result<Secret, getrandom::Error> {
    let mut text = mark.to_owned();
    for byte in random::<32>()? {
        text += &format!("{byte:02x}");
    }
    Ok(Secret(text))
}

/// A code for a link, or for paper: `K7QF-2M9X-4TBC-8ZWD`.
///
/// # Errors
/// The system has nothing random to give.
pub(super) fn code() -> Result<Secret, getrandom::Error> {
    let mut text = String::new();
    while text.len() < CODE + CODE / 4 - 1 {
        for byte in random::<32>()? {
            // The greatest multiple of 30 below 256: beyond it some letters would come more often.
            if byte >= 240 || text.len() >= CODE + CODE / 4 - 1 {
                continue;
            }
            if text.len() % 5 == 4 {
                text.push('-');
            }
            text.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        }
    }
    Ok(Secret(text))
}

/// Its hash, which is all that is kept of it.
pub(super) fn hash(secret: &Secret) -> SecretHash {
    Sha256::digest(secret.0.as_bytes()).into()
}

/// The hash of a code, however somebody typed it from paper.
pub(super) fn hash_of_code(code: &Secret) -> SecretHash {
    let letters = code.0.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
    let mut typed = String::new();
    for (place, letter) in letters.take(2 * CODE).enumerate() {
        if place > 0 && place % 4 == 0 {
            typed.push('-');
        }
        typed.push(letter);
    }
    hash(&Secret(typed))
}

/// What the forms of a session carry: follows from the session's secret, and does not tell it.
pub(super) fn csrf(secret: &str) -> String {
    let hash = Sha256::new().chain_update(b"form of ").chain_update(secret).finalize();
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn codes_are_read_from_paper() {
        let code = code().unwrap();
        assert_eq!(code.0.len(), 19, "{}", code.0);
        assert!(code.0.split('-').all(|part| part.len() == 4));
        let typed = Secret(format!(" {} ", code.0.to_lowercase().replace('-', " ")));
        assert_eq!(hash_of_code(&typed), hash(&code));
        assert_ne!(hash_of_code(&Secret(String::new())), hash(&code));
    }

    #[test]
    fn two_are_never_the_same_and_none_is_shown() {
        let (one, other) = (long("s").unwrap(), long("s").unwrap());
        assert_ne!(one.0, other.0);
        assert_eq!(one.0.len(), 65);
        assert_eq!(format!("{one:?}"), "Secret(..)");
        assert!(!one.0.contains(&csrf(&one.0)));
    }
}

//! Passwords are hashed slowly on purpose (argon2id), so a thread of its own does it: the loop goes on meanwhile, and more
//! than a few at once are turned away. Must not know whose they are.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use api::Secret;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};

/// So many may wait: at 50 ms each nobody waits longer than a second.
const QUEUE: usize = 16;

/// A hash that no password has: looked at where there is none, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YWxnb3JpYy1ub2JvZHk$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Passwords that everybody tries first; longer than the shortest that is taken, or made of one word and a number.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789a",
    "azertyuiop",
    "qwertyuiop",
    "motdepasse",
    "password",
    "bonjour",
    "soleil",
    "doudou",
    "marseille",
    "iloveyou",
    "jetaime",
    "football",
    "algoric",
    "administrateur",
    "admin",
    "changeme",
    "letmein",
    "welcome",
    "bienvenue",
    "fablab",
];

/// What is to be done with passwords.
pub(super) struct Errand<T> {
    /// A password that must be right, and the hash that it is compared with; `None`: there is nobody of that name.
    pub(super) check: Option<(Secret, Option<String>)>,
    /// One whose hash is wanted, if the other one is right.
    pub(super) make: Option<Secret>,
    /// Given back.
    pub(super) then: T,
}

/// What came of it.
pub(crate) struct Hashed<T> {
    /// The password was right, or none had to be.
    pub(super) right: bool,
    /// The wanted hash.
    pub(super) made: Option<String>,
    /// What was given.
    pub(super) then: T,
}

/// The thread that hashes.
pub(crate) struct Hasher<T> {
    errands: SyncSender<Errand<T>>,
}

impl<T: Send + 'static> Hasher<T> {
    /// Starts it; `done` is called on that thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(done: impl Fn(Hashed<T>) + Send + 'static) -> std::io::Result<Self> {
        let (errands, inbox) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("passwords".to_owned())
            .stack_size(256 << 10)
            .spawn(move || serve(&inbox, done))?;
        Ok(Self { errands })
    }

    /// Hands it over; `false`: too many wait already.
    pub(super) fn ask(&self, errand: Errand<T>) -> bool {
        !matches!(self.errands.try_send(errand), Err(TrySendError::Full(_)))
    }
}

fn serve<T>(inbox: &Receiver<Errand<T>>, done: impl Fn(Hashed<T>)) {
    while let Ok(Errand { check, make, then }) = inbox.recv() {
        let right = check.is_none_or(|(password, against)| is_right(&password, against.as_deref()));
        let made = make.filter(|_| right).and_then(|password| made(&password));
        done(Hashed { right, made, then });
    }
}

/// 19 MiB and two passes, as OWASP advises for argon2id.
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn is_right(password: &Secret, against: Option<&str>) -> bool {
    let right = hasher().verify_password(password.0.as_bytes(), against.unwrap_or(NOBODY)).is_ok();
    right && against.is_some()
}

fn made(password: &Secret) -> Option<String> {
    hasher().hash_password(password.0.as_bytes()).ok().map(|hash| hash.to_string())
}

/// Whether a password is one: long enough, not too long, and not one that everybody tries first. What it is made of is
/// its owner's affair (NIST SP 800-63B).
pub(super) fn is_fit(password: &Secret, login: &str, name: &str) -> bool {
    let text = password.0.as_str();
    let small = text.to_lowercase();
    let core = small.trim_matches(|letter: char| !letter.is_alphabetic());
    let letters = small.chars().collect::<std::collections::BTreeSet<char>>().len();
    let is_known = |word: &str| !word.is_empty() && (small == word.to_lowercase() || core == word.to_lowercase());
    (10..=256).contains(&text.chars().count())
        && text.len() <= 1024
        && letters >= 4
        && !COMMON.iter().any(|word| is_known(word))
        && !is_known(login)
        && !is_known(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn right_and_wrong() {
        let secret = |text: &str| Secret(text.to_owned());
        let hash = made(&secret("marée haute à 14 h")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_right(&secret("marée haute à 14 h"), Some(&hash)));
        assert!(!is_right(&secret("marée haute à 15 h"), Some(&hash)));
        assert!(!is_right(&secret("x"), Some("no hash")));
        assert!(!is_right(&secret("marée haute à 14 h"), None));
        assert_ne!(made(&secret("the same")).unwrap(), made(&secret("the same")).unwrap(), "salted");
        // The hash of nobody is looked at in full, so that an unknown name takes as long as a known one.
        let looked_at = hasher().verify_password(b"x", NOBODY);
        assert!(matches!(looked_at, Err(argon2::password_hash::Error::PasswordInvalid)), "{looked_at:?}");
    }

    #[test]
    fn what_a_password_is() {
        for (text, fit) in [
            ("correct horse", true),
            ("marée haute", true),
            ("short", false),
            ("123456789", false),
            ("1234567890", false),
            ("aaaaaaaaaaaaaa", false),
            ("motdepasse2024", false),
            ("Password!!!!", false),
            ("anna.martin", false),
            ("Anna Martin 35", false),
            ("anna likes the sea", true),
        ] {
            assert_eq!(is_fit(&Secret(text.to_owned()), "anna.martin", "Anna Martin"), fit, "{text}");
        }
        assert!(!is_fit(&Secret("xyzt".repeat(100)), "a", "b"));
    }

    #[test]
    fn more_than_a_few_are_turned_away() {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let hasher = Hasher::start(move |_: Hashed<()>| {
            wait.recv().ok();
        })
        .unwrap();
        let ask = || hasher.ask(Errand { check: None, make: None, then: () });
        let taken = (0..100).filter(|_| ask()).count();
        assert!((QUEUE..=QUEUE + 2).contains(&taken), "{taken}");
        drop(go);
    }
}

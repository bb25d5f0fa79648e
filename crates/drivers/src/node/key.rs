//! A key of Ed25519 in a file that only its owner reads. Must not know what is signed with it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// A key, both halves.
#[derive(Clone)]
pub struct Key {
    pub(super) pkcs8: Vec<u8>,
    /// The half that everybody may know.
    pub public: [u8; 32],
}

impl Key {
    /// The key in a file; where there is none yet, a new one. It is never written over.
    ///
    /// # Errors
    /// The file, or what is in it.
    pub fn at(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(pkcs8) => Self::of(pkcs8),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Self::make(path),
            Err(fault) => Err(fault),
        }
    }

    fn make(path: &Path) -> io::Result<Self> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let made = made.map_err(|_| io::Error::other("the system gives no random bytes"))?;
        // Whole or not at all, whoever is killed.
        let beside = path.with_extension(format!("new{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(made.as_ref())?;
        file.sync_all()?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match linked {
            Ok(()) => Self::of(made.as_ref().to_vec()),
            // Somebody was faster.
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Self::of(fs::read(path)?),
            Err(fault) => Err(fault),
        }
    }

    fn of(pkcs8: Vec<u8>) -> io::Result<Self> {
        let pair =
            Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| io::Error::other("this file has no key of Ed25519"))?;
        let public = pair.public_key().as_ref().try_into().map_err(io::Error::other)?;
        Ok(Self { pkcs8, public })
    }
}

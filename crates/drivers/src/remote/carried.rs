//! This program as it is brought to other machines, and a way to put bytes there. Must not know who needs them.

use std::fmt::Write as _;
use std::time::Duration;
use std::{fs, io};

use ring::digest::{SHA256, digest};

use super::{Host, RemoteError, Said, Ssh};

/// Bytes with their sum.
#[derive(Clone, Debug)]
pub struct Carried {
    bytes: Vec<u8>,
    digest: String,
}

impl Carried {
    /// These bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        let digest = digest(&SHA256, &bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
            // A text in memory takes everything.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        });
        Self { bytes, digest }
    }

    /// The file that this program was started from, even where another has its name by now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn own() -> io::Result<Self> {
        fs::read("/proc/self/exe").map(Self::of)
    }

    /// SHA-256, as `sha256sum` writes it.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Ssh {
    /// Puts bytes into a file, which only root may read then. Its folder is made.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn put(&self, host: &Host, path: &str, what: &Carried, limit: Duration) -> Result<Said, RemoteError> {
        let to = quoted(path);
        let script = format!("umask 022 && mkdir -p \"$(dirname {to})\" && umask 077 && cat > {to}");
        let shell = if host.login == "root" { "sh" } else { "sudo -n sh" };
        self.talk(host, &[&format!("{shell} -c {}", quoted(&script))], &what.bytes, limit)
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sums_are_those_of_sha256sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Carried::of(Vec::new()).digest(), empty);
        assert_eq!(Carried::own().unwrap().digest().len(), 64);
    }

    #[test]
    fn a_path_stays_one_word() {
        let script = format!("printf %s {}", quoted("a 'b' $c"));
        let said =
            std::process::Command::new("sh").args(["-c", &format!("sh -c {}", quoted(&script))]).output().unwrap();
        assert_eq!(said.stdout, b"a 'b' $c");
    }
}

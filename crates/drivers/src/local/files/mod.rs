//! A member's servant for files: a process of the member's own, forked by the launcher for the web process, which touches
//! files within the member's rights and nobody else's. It takes requests over one socket and leaves when nobody asks any
//! more. Must not know pages, sessions, or jobs.
//!
//! Whoever asks is trusted with the member's files, so the servant has not to defend the member from the web process; but
//! a path never leaves its root (`reach`), whatever links do meanwhile, and nothing here waits for somebody: no pipe, no
//! device is opened.

mod bin;
mod birth;
mod change;
mod look;
mod pack;
mod reach;
mod room;
mod serve;
mod tree;
mod unpack;
mod upload;

pub use birth::permitted_for;
pub(crate) use birth::{Birth, live, permitted};
pub use files::Order;
pub use serve::serve;

use files::Fault;
use nix::errno::Errno;

/// What the system's answer means for a file.
fn fault(error: Errno) -> Fault {
    match error {
        Errno::ENOENT => Fault::Missing,
        Errno::EACCES | Errno::EPERM => Fault::Denied,
        Errno::EXDEV | Errno::ELOOP => Fault::Outside,
        Errno::ENOTDIR => Fault::NotFolder,
        Errno::EISDIR => Fault::NotFile,
        Errno::EEXIST | Errno::ENOTEMPTY => Fault::Exists,
        Errno::ENOSPC => Fault::Full,
        Errno::EDQUOT => Fault::Quota,
        Errno::EROFS => Fault::ReadOnly,
        Errno::ENAMETOOLONG | Errno::EINVAL | Errno::EILSEQ => Fault::Unfit,
        Errno::EFBIG => Fault::TooMuch,
        other => Fault::Other(other.desc().to_owned()),
    }
}

/// The same for what the standard library answers.
fn io_fault(error: &std::io::Error) -> Fault {
    match error.raw_os_error() {
        Some(code) => fault(Errno::from_raw(code)),
        None => Fault::Other(error.to_string()),
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

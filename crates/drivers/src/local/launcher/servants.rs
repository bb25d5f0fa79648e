//! Processes that serve members' files to the web process: forked here, as only the launcher can become a member. What
//! they do is `local/files`' affair; they leave by themselves.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use files::Order;
use nix::unistd::{ForkResult, fork};

use super::super::files::{Birth, live, permitted};
use super::super::protocol::Report;
use super::Launcher;

/// So many members have their files served at once; more is somebody's mistake.
const MOST: usize = 400;
/// One that is just leaving, and the next.
const MOST_EACH: usize = 3;

impl Launcher {
    /// Starts a servant. The centre has found that this member may; whether such a user may be served at all is found
    /// here, too.
    pub(super) fn serve_files(&mut self, order: Order) {
        let uid = order.uid;
        let started = permitted(uid).map_err(io::Error::other).and_then(|()| self.start_servant(order));
        if let Err(error) = started {
            let text = format!("files of uid {uid} cannot be served: {error}");
            self.tell(&Report::Fault { text });
        }
    }

    fn start_servant(&mut self, order: Order) -> io::Result<()> {
        let uid = order.uid;
        let of_member = self.servants.iter().filter(|(whose, _)| *whose == uid).count();
        if self.servants.len() >= MOST || of_member >= MOST_EACH {
            return Err(io::Error::other("too many processes serve files already"));
        }
        let run = File::options().read(true).custom_flags(libc::O_DIRECTORY | libc::O_PATH).open(&self.run)?;
        let birth = Birth { order, run: run.into(), root: self.settings.root };
        // SAFETY: there is one thread only, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => live(birth),
            ForkResult::Parent { child } => self.servants.push((uid, child)),
        }
        Ok(())
    }
}

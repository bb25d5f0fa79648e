//! The centre's end of the socket to the launcher, for an event loop: nothing here blocks.
//! Must not know who decides what to order.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket, socketpair};

use super::protocol::{HookKind, Launch, Order, Report, ScriptId};
use super::wire::Wire;

/// Scripts that the launcher keeps: at most so many, and so many bytes (but the newest in any case). Both sides count
/// alike, so the centre knows what the launcher still has.
const SCRIPTS: usize = 32;
const SCRIPT_BYTES: usize = 8 << 20;

/// What both sides remember of the scripts sent: names and lengths here, contents beside them on the launcher's side.
#[derive(Debug)]
pub(crate) struct Scripts<T> {
    kept: VecDeque<(ScriptId, usize, T)>,
}

impl<T> Default for Scripts<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

impl<T> Scripts<T> {
    pub(crate) fn get(&self, id: ScriptId) -> Option<&T> {
        self.kept.iter().rev().find(|(kept, _, _)| *kept == id).map(|(_, _, content)| content)
    }

    pub(crate) fn insert(&mut self, id: ScriptId, length: usize, content: T) {
        self.kept.push_back((id, length, content));
        while self.kept.len() > 1 && (self.kept.len() > SCRIPTS || self.bytes() > SCRIPT_BYTES) {
            self.kept.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|(_, length, _)| length).sum()
    }
}

/// A connection to the launcher.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    scripts: Scripts<()>,
}

impl Link {
    /// Over a connected stream socket ([`pair`]).
    pub fn new(socket: OwnedFd) -> Self {
        Self { wire: Wire::new(socket), scripts: Scripts::default() }
    }

    /// To a launcher that listens at `path`.
    ///
    /// # Errors
    /// What the system says: nobody listens (`ConnectionRefused`, `NotFound`), or one may not (`PermissionDenied`).
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &UnixAddr::new(path)?)?;
        Ok(Self::new(socket))
    }

    /// To wait on: readable always, writable while [`Link::flush`] said `false`.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wire.fd()
    }

    /// Puts an order behind those that wait; [`Link::flush`] sends them.
    ///
    /// # Errors
    /// `InvalidInput` when it is longer than a frame may be; it is left out then.
    pub fn send(&mut self, order: &Order) -> io::Result<()> {
        self.wire.queue(order)
    }

    /// Orders a launch, with its script where the launcher no longer has it.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn launch(&mut self, launch: Box<Launch>, script: &[u8]) -> io::Result<()> {
        let id = launch.script;
        if self.scripts.get(id).is_none() {
            self.wire.queue(&Order::Script { id, bytes: script.into() })?;
            self.scripts.insert(id, script.len(), ());
        }
        self.wire.queue(&Order::Launch(launch))
    }

    /// Sends what waits, as far as it goes without blocking; says whether all is gone.
    ///
    /// # Errors
    /// `BrokenPipe` when the launcher is gone.
    pub fn flush(&mut self) -> io::Result<bool> {
        self.wire.flush()
    }

    /// Appends what the launcher has said; scripts are sent anew after it has failed itself. Says whether it is still there.
    ///
    /// # Errors
    /// `InvalidData` when it cannot be understood: the connection is of no more use.
    pub fn receive(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        let open = self.wire.fill()?;
        while let Some(frame) = self.wire.next_frame()? {
            let report =
                postcard::from_bytes(frame).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            if let Report::HookFailed { hook: HookKind::Launcher, .. } = report {
                // It may have failed to keep a script: whatever is needed again is sent again. It still counts those
                // that it has, which are older and so the first to go.
                self.scripts = Scripts::default();
            }
            reports.push(report);
        }
        Ok(open)
    }
}

/// Two connected sockets: one for [`Link::new`], one to hand to a new launcher. Both close on exec.
///
/// # Errors
/// What the system says.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?)
}

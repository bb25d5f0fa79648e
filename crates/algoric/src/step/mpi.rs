//! The sockets of an MPI program's tasks, and the server behind them.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
};

use dialect::environ::Variable;
use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, send, socketpair},
    unistd,
};

use super::{
    pmi::{Act, Pmi},
    task,
};

/// All of them.
pub struct Mpi {
    pmi: Pmi,
    name: String,
    tasks: u32,
    /// Our end of each task's socket, in the order of tasks.
    sockets: Vec<Option<OwnedFd>>,
}

impl Mpi {
    /// For so many tasks, whose common store has that name.
    pub fn new(name: &str, tasks: u32) -> Self {
        Self { pmi: Pmi::new(name, tasks), name: name.to_owned(), tasks, sockets: Vec::new() }
    }

    /// The end of the next task.
    ///
    /// # Errors
    /// When no socket can be made.
    pub fn socket(&mut self) -> io::Result<OwnedFd> {
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
        self.sockets.push(Some(ours));
        Ok(theirs)
    }

    /// How a task knows who it is, and where we are.
    pub fn variables(&self, rank: usize) -> [Variable; 4] {
        let (fd, size) = (task::EXTRA.to_string(), self.tasks.to_string());
        let own =
            [("PMI_FD", fd), ("PMI_RANK", rank.to_string()), ("PMI_SIZE", size), ("PMI_JOBID", self.name.clone())];
        own.map(|(name, value)| (name.as_bytes().to_vec(), value.into_bytes()))
    }

    /// What to wait at.
    pub fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sockets.iter().flatten().map(|socket| socket.as_fd())
    }

    /// A task is over.
    pub fn close(&mut self, rank: usize) {
        if let Some(socket) = self.sockets.get_mut(rank) {
            *socket = None;
        }
    }

    /// Answers what was asked; `true`: a task wants the whole program to be ended.
    pub fn serve(&mut self, ready: &[RawFd]) -> bool {
        let mut acts = Vec::new();
        for (rank, socket) in (0..).zip(&mut self.sockets) {
            let Some(open) = socket.as_ref().filter(|socket| ready.contains(&socket.as_raw_fd())) else { continue };
            let mut bytes = [0; 16 << 10];
            match unistd::read(open, &mut bytes) {
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Ok(0) | Err(_) => *socket = None,
                Ok(count) => acts.extend(self.pmi.take(rank, &bytes[..count])),
            }
        }
        let mut aborted = false;
        for act in acts {
            match act {
                // It asked, and waits for this; the socket has room.
                Act::Say(rank, bytes) => {
                    if let Some(Some(socket)) = self.sockets.get(rank as usize) {
                        send(socket.as_raw_fd(), &bytes, MsgFlags::MSG_NOSIGNAL).ok();
                    }
                }
                Act::Leave(rank) => self.close(rank as usize),
                Act::Abort(_) => aborted = true,
            }
        }
        aborted
    }
}

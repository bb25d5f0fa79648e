//! Messages with open files between an owner of an allocation and what runs for it inside the job: frames of a length
//! and postcard over a Unix stream socket in the abstract namespace, which needs no file and leaves none.
//!
//! Must not know what the messages mean.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut, Read as _},
    os::{
        fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd},
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener, UnixStream},
    },
};

use model::Text;
use nix::{
    cmsg_space,
    errno::Errno,
    sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, getsockopt, recvmsg, sendmsg, sockopt},
    unistd::geteuid,
};
use serde::{Serialize, de::DeserializeOwned};

/// Open files that go with one piece; the kernel takes 253.
const FILES: usize = 200;

/// The longest message: environments and command lines of many tasks.
const LONGEST: usize = 64 << 20;

/// Where somebody waits to be called back.
pub struct Door {
    listener: UnixListener,
    name: Text,
}

impl Door {
    /// Opens one under a name that nobody can guess.
    ///
    /// # Errors
    /// What the system says.
    pub fn open() -> io::Result<Self> {
        let mut random = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("algoric-{digits}");
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, name: Text::from(name) })
    }

    /// One that somebody else has opened.
    pub fn from_file(file: OwnedFd) -> Self {
        Self { listener: UnixListener::from(file), name: Text::default() }
    }

    /// The name to call.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Whoever has called, if it is somebody of our own user (or root); others are not let in.
    pub fn accept(&self) -> Option<Channel> {
        while let Ok((socket, _)) = self.listener.accept() {
            if is_one_of_us(&socket) && socket.set_nonblocking(false).is_ok() {
                return Some(Channel::new(socket));
            }
        }
        None
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// The kernel says who is at the other end.
fn is_one_of_us(socket: &UnixStream) -> bool {
    let uid = getsockopt(&socket, sockopt::PeerCredentials).map(|peer| peer.uid());
    uid.is_ok_and(|uid| uid == 0 || uid == geteuid().as_raw())
}

/// One connection.
pub struct Channel {
    socket: UnixStream,
    inbox: Vec<u8>,
    files: VecDeque<OwnedFd>,
}

impl Channel {
    fn new(socket: UnixStream) -> Self {
        Self { socket, inbox: Vec::new(), files: VecDeque::new() }
    }

    /// Calls whoever waits under that name, and makes sure that it is one of us.
    ///
    /// # Errors
    /// What the system says; somebody else's name.
    pub fn call(name: &[u8]) -> io::Result<Self> {
        let socket = UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?)?;
        if is_one_of_us(&socket) { Ok(Self::new(socket)) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// Sends a message, with open files before it.
    ///
    /// # Errors
    /// What the system says: the other end is gone.
    pub fn send<T: Serialize>(&self, message: &T, files: &[RawFd]) -> io::Result<()> {
        // Empty frames, which nobody reads, carry the files.
        for some in files.chunks(FILES) {
            self.write(&[0; 4], some)?;
        }
        let body = postcard::to_allocvec(message).map_err(io::Error::other)?;
        let length = u32::try_from(body.len()).ok().filter(|length| *length as usize <= LONGEST);
        let length = length.ok_or(io::ErrorKind::InvalidInput)?;
        self.write(&length.to_le_bytes(), &[])?;
        self.write(&body, &[])
    }

    /// Sends a message if the other end takes it without being waited for.
    ///
    /// # Errors
    /// It does not, or is gone; the connection is of no more use.
    pub fn send_at_once<T: Serialize>(&self, message: &T) -> io::Result<()> {
        let body = postcard::to_allocvec(message).map_err(io::Error::other)?;
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let whole = [&length.to_le_bytes(), body.as_slice()].concat();
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let sent = sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(&whole)], &[], flags, None)?;
        if sent == whole.len() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    fn write(&self, mut bytes: &[u8], mut files: &[RawFd]) -> io::Result<()> {
        while !bytes.is_empty() {
            let rights = [ControlMessage::ScmRights(files)];
            let with: &[ControlMessage<'_>] = if files.is_empty() { &[] } else { &rights };
            let sent =
                sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(bytes)], with, MsgFlags::MSG_NOSIGNAL, None);
            match sent {
                Ok(count) => (bytes, files) = (&bytes[count..], &[]),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for the next message; `None`: the other end is gone.
    ///
    /// # Errors
    /// What the system says; no message of ours.
    pub fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(Some(message));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Takes in what is there, or waits for it; `false`: the other end is gone.
    ///
    /// # Errors
    /// What the system says.
    pub fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = vec![0; 64 << 10];
        let mut space = cmsg_space!([RawFd; FILES + 53]);
        let mut into = [IoSliceMut::new(&mut bytes)];
        let received =
            match recvmsg::<()>(self.socket.as_raw_fd(), &mut into, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
                Err(Errno::EINTR) => return Ok(true),
                other => other?,
            };
        for message in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(files) = message {
                // SAFETY: the kernel has just made them ours.
                self.files.extend(files.into_iter().map(|file| unsafe { OwnedFd::from_raw_fd(file) }));
            }
        }
        let count = received.bytes;
        self.inbox.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }

    /// The next message, if it is all there.
    ///
    /// # Errors
    /// No message of ours.
    pub fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            let Some(head) = self.inbox.first_chunk::<4>() else { return Ok(None) };
            let length = u32::from_le_bytes(*head) as usize;
            if length > LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if length == 0 {
                self.inbox.drain(..4);
                continue;
            }
            let Some(body) = self.inbox.get(4..4 + length) else { return Ok(None) };
            let message = postcard::from_bytes(body).map_err(io::Error::other)?;
            self.inbox.drain(..4 + length);
            return Ok(Some(message));
        }
    }

    /// The files that have come, oldest first.
    pub fn files(&mut self) -> impl Iterator<Item = OwnedFd> + '_ {
        self.files.drain(..)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{
        fs::File,
        io::{Read as _, Seek as _, Write as _},
    };

    use super::*;

    #[test]
    fn messages_and_many_files_arrive() {
        let door = Door::open().unwrap();
        let caller = Channel::call(door.name().as_bytes()).unwrap();
        let mut called = door.accept().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"content").unwrap();
        let files = vec![file.as_raw_fd(); FILES + 3];
        let long = "x".repeat(300_000);
        let sender = std::thread::spawn({
            let long = long.clone();
            move || {
                caller.send(&long, &files).unwrap();
                caller.send(&7_u32, &[]).unwrap();
            }
        });
        assert_eq!(called.receive::<String>().unwrap(), Some(long));
        let got: Vec<OwnedFd> = called.files().collect();
        assert_eq!(got.len(), FILES + 3);
        let mut last = File::from(got.into_iter().next_back().unwrap());
        let mut content = String::new();
        last.rewind().unwrap();
        last.read_to_string(&mut content).unwrap();
        assert_eq!(content, "content");
        assert_eq!(called.receive::<u32>().unwrap(), Some(7));
        sender.join().unwrap();
        assert_eq!(called.receive::<u32>().unwrap(), None);
    }

    #[test]
    fn nonsense_is_an_error() {
        let door = Door::open().unwrap();
        let caller = Channel::call(door.name().as_bytes()).unwrap();
        let mut called = door.accept().unwrap();
        caller.write(&u32::MAX.to_le_bytes(), &[]).unwrap();
        assert!(called.receive::<u32>().is_err());
        assert!(Channel::call(b"algoric-nobody").is_err());
    }
}

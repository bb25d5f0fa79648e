//! What launcher and supervisors say to each other: one datagram a message, great things as attached memory files.
//! Must not know what is done about it.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use model::RunId;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, recvmsg, sendmsg,
    socketpair,
};
use serde::{Deserialize, Serialize, Serializer};

use super::protocol::{End, HookKind, Order};

/// What is longer than this is attached.
const INLINE: usize = 24 << 10;
/// No datagram is longer.
pub(crate) const DATAGRAM: usize = 64 << 10;

/// From the launcher to a supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Errand<'a> {
    /// Start this: an [`Order`] that is a launch, as it came, and its script.
    Launch {
        #[serde(borrow)]
        order: Piece<'a>,
        #[serde(borrow)]
        script: Piece<'a>,
    },
    /// Anything else about the run.
    Order(Order),
}

/// Bytes, here or in an attached memory file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Piece<'a> {
    Inline(#[serde(serialize_with = "bytes")] &'a [u8]),
    Attached(u64),
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Changes whenever [`Word`] or [`Errand`] change. After an upgrade, supervisors of the old version still run: with
/// them there is no talking, they write down how their run ends and go.
pub(crate) const WORDS: u16 = 3;

/// From a supervisor to the launcher. [`Word::Iam`] stays the first one, whatever else changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// A supervisor that has outlived its launcher introduces itself; its slot file tells the rest.
    Iam {
        version: u16,
        slot: u32,
        run: RunId,
    },
    Started {
        run: RunId,
        started: super::slot::Started,
    },
    Ended {
        run: RunId,
        end: End,
    },
    Suspended {
        run: RunId,
    },
    Resumed {
        run: RunId,
    },
    HookFailed {
        run: RunId,
        hook: HookKind,
        error: String,
    },
    Fault {
        text: String,
    },
}

/// Bytes that may be attached more than once.
#[derive(Debug)]
pub(crate) enum Content {
    Here(Vec<u8>),
    Attached(File, u64),
}

impl Content {
    /// Keeps what is long out of our own memory, which is copied at each fork.
    pub(crate) fn new(bytes: Vec<u8>) -> io::Result<Self> {
        if bytes.len() <= INLINE {
            return Ok(Self::Here(bytes));
        }
        let mut file = File::from(memfd_create("algoric-part", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(&bytes)?;
        Ok(Self::Attached(file, bytes.len() as u64))
    }

    pub(crate) fn piece<'a>(&'a self, attached: &mut Vec<RawFd>) -> Piece<'a> {
        match self {
            Content::Here(bytes) => Piece::Inline(bytes),
            Content::Attached(file, length) => {
                attached.push(file.as_raw_fd());
                Piece::Attached(*length)
            }
        }
    }
}

impl Piece<'_> {
    /// The bytes; attached files are taken in the order in which they came.
    pub(crate) fn take(&self, attached: &mut impl Iterator<Item = OwnedFd>) -> io::Result<Vec<u8>> {
        match self {
            Piece::Inline(bytes) => Ok(bytes.to_vec()),
            Piece::Attached(length) => {
                let file = attached.next().map(File::from).ok_or(io::ErrorKind::UnexpectedEof)?;
                let mut bytes = vec![0; usize::try_from(*length).map_err(io::Error::other)?];
                file.read_exact_at(&mut bytes, 0)?;
                Ok(bytes)
            }
        }
    }
}

/// Two ends that keep message boundaries and close on exec.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// Sends one message without blocking.
pub(crate) fn post<T: Serialize>(socket: BorrowedFd<'_>, message: &T, attached: &[RawFd]) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(io::Error::other)?;
    let rights = [ControlMessage::ScmRights(attached)];
    let control = if attached.is_empty() { &[][..] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    loop {
        match sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(&bytes)], control, flags, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A message taken in, with what was attached.
#[derive(Debug)]
pub(crate) enum Taken {
    /// So many bytes of the buffer, and files.
    Message(usize, Vec<OwnedFd>),
    /// Nothing there now.
    Nothing,
    /// The other end is closed.
    Closed,
}

/// Takes one message into `buffer` without blocking.
pub(crate) fn take(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Taken> {
    let mut control = nix::cmsg_space!([RawFd; 2]);
    let mut parts = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = match recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags) {
        Ok(message) => message,
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Taken::Nothing),
        Err(Errno::ECONNRESET) => return Ok(Taken::Closed),
        Err(error) => return Err(error.into()),
    };
    let mut files = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = part {
            // SAFETY: the kernel has just made these descriptors for us, and nobody else knows them.
            files.extend(fds.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    if message.bytes == 0 { Ok(Taken::Closed) } else { Ok(Taken::Message(message.bytes, files)) }
}

//! The commands' connections: who is at the other end, what came in, what still has to go out.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
};

use api::{Reply, Request};
use model::{Gid, JobId, Uid};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// Names a connection; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) struct ConnId(pub(crate) u64);

/// Who is at the other end, as the kernel says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    pub(crate) pid: u32,
}

/// How much of each job a long answer has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// A row (`squeue`).
    Row,
    /// What programs ask for (`squeue --json`).
    Record,
    /// Everything (`scontrol show job`).
    Full,
}

/// A long answer that is made piece by piece, as fast as the other end takes it.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) shape: Shape,
    pub(crate) ids: Vec<JobId>,
    pub(crate) next: usize,
}

/// One connection.
pub(crate) struct Conn {
    stream: UnixStream,
    pub(crate) peer: Peer,
    input: Vec<u8>,
    /// So much of the input is dealt with.
    taken: usize,
    output: Vec<u8>,
    sent: usize,
    greeted: bool,
    /// A request is being answered; the next one waits.
    pub(crate) busy: bool,
    pub(crate) cursor: Option<Cursor>,
    /// Whether the event loop watches for room to write.
    pub(crate) watched: bool,
    /// Close when everything is sent.
    pub(crate) closing: bool,
    /// The event loop does not look at what comes in: there is enough to do.
    pub(crate) muted: bool,
    /// The submission whose end it waits for.
    pub(crate) waits_for: Option<JobId>,
}

/// What came in.
pub(crate) enum Incoming {
    /// A whole request.
    Request(Box<Request>),
    /// Nothing more for now.
    Nothing,
    /// The other end is gone, or talks nonsense.
    Gone,
}

/// While more than this waits to go out, a long answer is not made longer.
const ENOUGH: usize = 256 << 10;

impl Conn {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let credentials = getsockopt(&stream.as_fd(), PeerCredentials)?;
        let peer = Peer {
            uid: Uid(credentials.uid()),
            gid: Gid(credentials.gid()),
            pid: u32::try_from(credentials.pid()).unwrap_or(0),
        };
        Ok(Self {
            stream,
            peer,
            input: Vec::new(),
            taken: 0,
            output: Vec::new(),
            sent: 0,
            greeted: false,
            busy: false,
            cursor: None,
            watched: false,
            closing: false,
            muted: false,
            waits_for: None,
        })
    }

    pub(crate) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Takes in what has come, as long as there is need of it; `false`: the other end is gone.
    pub(crate) fn fill(&mut self) -> bool {
        let mut chunk = [0u8; 16 << 10];
        // A frame is never longer; what is beyond waits in the kernel.
        while !self.has_enough() {
            match self.stream.read(&mut chunk) {
                Ok(0) => return false,
                Ok(count) => {
                    self.input.extend_from_slice(&chunk[..count]);
                    if count < chunk.len() {
                        return true;
                    }
                }
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return fault.kind() == io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    /// Whether something came in that is not dealt with.
    pub(crate) fn has_input(&self) -> bool {
        self.input.len() > self.taken
    }

    /// Whether more input would only lie about: a request is being answered, answers wait, or a whole frame is there.
    pub(crate) fn has_enough(&self) -> bool {
        self.busy || self.closing || self.is_full() || self.input.len() - self.taken > api::MAX_FRAME + 4
    }

    /// The next request, if it is all there and the last one is answered.
    pub(crate) fn next(&mut self) -> Incoming {
        if self.busy || self.closing || self.is_full() {
            return Incoming::Nothing;
        }
        if !self.greeted {
            let Some((greeting, _)) = self.input[self.taken..].split_first_chunk::<8>() else {
                return Incoming::Nothing;
            };
            let version = u32::from_le_bytes([greeting[4], greeting[5], greeting[6], greeting[7]]);
            if greeting[..4] != api::MAGIC {
                return Incoming::Gone;
            }
            if version != api::VERSION {
                let detail = format!("the centre speaks version {}, this command {version}", api::VERSION);
                self.push(&Reply::Refused(api::Refusal { code: api::RefusalCode::WrongVersion, detail }));
                self.closing = true;
                return Incoming::Nothing;
            }
            self.taken += 8;
            self.greeted = true;
        }
        match api::decode::<Request>(&self.input[self.taken..]) {
            Ok(Some((request, used))) => {
                self.taken += used;
                // What is dealt with goes when it is most of what lies there, so that no byte is moved twice.
                if self.taken * 2 > self.input.len() {
                    self.input.drain(..self.taken);
                    self.taken = 0;
                    if self.input.is_empty() && self.input.capacity() > 64 << 10 {
                        self.input = Vec::new();
                    }
                }
                self.busy = true;
                Incoming::Request(Box::new(request))
            }
            Ok(None) => Incoming::Nothing,
            Err(_) => Incoming::Gone,
        }
    }

    /// Puts an answer behind those that wait.
    pub(crate) fn push(&mut self, reply: &Reply) {
        if reply.is_last() {
            self.busy = false;
        }
        if api::encode_into(reply, &mut self.output).is_err() {
            // Only an answer of many MiB in one piece could be too long, and none is made: end rather than lie.
            self.closing = true;
        }
    }

    /// Sends what waits as far as it goes; `Ok(true)`: all is gone.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        while self.sent < self.output.len() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(fault) => return Err(fault),
            }
        }
        self.output.clear();
        self.sent = 0;
        if self.output.capacity() > ENOUGH {
            self.output = Vec::new();
        }
        Ok(true)
    }

    /// Whether a long answer should wait until more has gone out.
    pub(crate) fn is_full(&self) -> bool {
        self.output.len() - self.sent > ENOUGH
    }
}

/// One user's connections at most; root is not counted.
const EACH: usize = 512;
/// So many are kept free for root, who must get through when members have taken all the others.
const ROOTS: usize = 64;
/// Bytes of requests that are not all there yet: a few large scripts at once, over all connections...
const BUDGET: usize = 256 << 20;
/// ...and over one user's.
const BUDGET_EACH: usize = 64 << 20;

/// All connections.
#[derive(Default)]
pub(crate) struct Connections {
    open: HashMap<ConnId, Conn>,
    by_user: HashMap<Uid, usize>,
    last: u64,
    /// All of them together: what the system lets us open, with room for files.
    most: usize,
}

impl Connections {
    /// For a process that may open so many files.
    pub(crate) fn new(files: usize) -> Self {
        Self { most: files.saturating_sub(128).max(ROOTS + 64), ..Self::default() }
    }

    /// Takes one in, unless its user has too many.
    pub(crate) fn insert(&mut self, conn: Conn) -> Option<ConnId> {
        let is_root = conn.peer.uid == Uid::ROOT;
        let most = if is_root { self.most } else { self.most - ROOTS };
        // Where few files may be open, nobody has more than a quarter of them.
        let each = EACH.min(self.most / 4);
        let count = self.by_user.entry(conn.peer.uid).or_default();
        if (*count >= each && !is_root) || self.open.len() >= most {
            return None;
        }
        *count += 1;
        self.last += 1;
        let id = ConnId(self.last);
        self.open.insert(id, conn);
        Some(id)
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn get(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.open.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        let conn = self.open.remove(&id)?;
        if let Some(count) = self.by_user.get_mut(&conn.peer.uid) {
            *count = count.saturating_sub(1);
        }
        Some(conn)
    }

    /// Whether what this connection sent so far may be kept: small requests always, large ones while there is room.
    pub(crate) fn within_budget(&self, id: ConnId) -> bool {
        let Some(conn) = self.open.get(&id) else { return true };
        let (uid, small) = (conn.peer.uid, conn.input.len() < 1 << 20);
        let sum = |whose: Option<Uid>| -> usize {
            let theirs = self.open.values().filter(|conn| whose.is_none_or(|uid| uid == conn.peer.uid));
            theirs.map(|conn| conn.input.len()).sum()
        };
        small || (sum(None) <= BUDGET && (uid == Uid::ROOT || sum(Some(uid)) <= BUDGET_EACH))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn conn(uid: u32) -> (Conn, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut conn = Conn::new(ours).unwrap();
        conn.peer.uid = Uid(uid);
        (conn, theirs)
    }

    #[test]
    fn nobody_takes_all_connections() {
        let mut all = Connections::new(328);
        let mut open = Vec::new();
        let mut fill = |all: &mut Connections, uid| {
            let mut count = 0;
            loop {
                let (conn, theirs) = conn(uid);
                let Some(_) = all.insert(conn) else { return count };
                open.push(theirs);
                count += 1;
            }
        };
        // 200 in all, of which 64 are root's: one user has 50, and the next as many.
        assert_eq!([1001, 1002, 1003].map(|uid| fill(&mut all, uid)), [50, 50, 36]);
        assert_eq!(fill(&mut all, 0), 64);
    }

    #[test]
    fn nobody_takes_all_memory() {
        let mut all = Connections::new(4096);
        let mut insert = |uid: u32, bytes: usize| {
            let (mut conn, _theirs) = conn(uid);
            conn.input = vec![0; bytes];
            let id = all.insert(conn).unwrap();
            all.within_budget(id)
        };
        assert!(insert(1001, 40 << 20));
        assert!(!insert(1001, 30 << 20), "more than one user may have");
        assert!(insert(1001, 1000), "small ones always");
        assert!(insert(1002, 60 << 20));
        assert!(insert(0, 100 << 20));
        assert!(!insert(1003, 30 << 20), "more than all may have");
    }
}

//! The servant's one loop: a request, its answer, the next. Must not know how it became who it is.

use std::io::{self, IoSlice, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use files::{Fault, Frame, Hello, Order, Reply, Request};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::look::{self, Shelf, View};
use super::pack::Pack;
use super::reach::Reach;
use super::unpack::Unpack;
use super::{bin, change, room, upload};

/// Leaves after nobody has asked anything for so long.
const IDLE: Duration = Duration::from_secs(60);
/// Leaves in the first quiet moment after so long.
const LIFE: Duration = Duration::from_secs(12 * 3600);
/// A quiet moment.
const QUIET: Duration = Duration::from_secs(5);
/// Whoever sends half a request has so long for the rest.
const PATIENCE: Duration = Duration::from_secs(60);
/// Archives under way at once.
const WORKS: usize = 8;

/// Serves one web process over `socket` as whoever we are, until it goes or asks no more.
///
/// # Errors
/// What the system says; what cannot be understood is `InvalidData`.
pub fn serve(socket: UnixStream, home: &Path, order: &Order) -> io::Result<()> {
    let mut servant = Servant::new(home, order);
    let hello = Hello { version: files::VERSION, secret: order.secret, roots: servant.reach.roots() };
    let mut socket = socket;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    send(&mut socket, &hello, &[])?;
    let begun = Instant::now();
    let mut head = Vec::new();
    loop {
        let wait = if begun.elapsed() > LIFE { QUIET } else { IDLE };
        let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(nix::errno::Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut prefix = [0; Frame::PREFIX];
        match socket.read_exact(&mut prefix) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            answer => answer?,
        }
        let lengths = Frame::parse(prefix).map_err(invalid)?;
        head.resize(lengths.head, 0);
        socket.read_exact(&mut head)?;
        servant.input.resize(lengths.body, 0);
        socket.read_exact(&mut servant.input)?;
        servant.output.clear();
        let reply = match files::decode::<Request>(&head) {
            Ok(request) => servant.answer(request).unwrap_or_else(Reply::Fault),
            Err(_) => Reply::Fault(Fault::Nonsense),
        };
        if matches!(reply, Reply::Fault(_)) {
            servant.output.clear();
        }
        send(&mut socket, &reply, &servant.output)?;
    }
}

fn invalid(error: files::FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn send<T: serde::Serialize>(socket: &mut UnixStream, message: &T, body: &[u8]) -> io::Result<()> {
    let head = files::encode(message, body.len()).map_err(invalid)?;
    let (mut head, mut body) = (head.as_slice(), body);
    while !head.is_empty() || !body.is_empty() {
        let count = match socket.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let of_head = count.min(head.len());
        head = &head[of_head..];
        body = &body[count - of_head..];
    }
    Ok(())
}

/// What lasts from request to request.
struct Servant {
    reach: Reach,
    uid: u32,
    shelf: Option<Shelf>,
    packs: Works<Pack>,
    unpacks: Works<Unpack>,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Servant {
    fn new(home: &Path, order: &Order) -> Self {
        Self {
            reach: Reach::new(home, &order.shared),
            uid: order.uid,
            shelf: None,
            packs: Works::default(),
            unpacks: Works::default(),
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    fn answer(&mut self, request: Request) -> Result<Reply, Fault> {
        let reach = &self.reach;
        Ok(match request {
            Request::Stat(place) => Reply::Entry(reach.entry(&place)?),
            Request::List { place, from, count, sort, descending, hidden, filter } => {
                let view = View { sort, descending, hidden, filter: filter.into_bytes() };
                Reply::Listing(look::list(reach, &mut self.shelf, &place, view, (from, count))?)
            }
            Request::Read { place, range, only } => {
                Reply::Data(look::read_part(reach, &place, range, only, &mut self.output)?)
            }
            Request::UploadState { place, key } => Reply::Done(upload::state(reach, &place, key)?),
            Request::Upload { place, key, offset } => {
                Reply::Done(upload::append(reach, &place, key, offset, &self.input)?)
            }
            Request::UploadEnd { place, key, size, replace } => {
                Reply::Entry(upload::end(reach, &place, key, size, replace)?)
            }
            Request::UploadDrop { place, key } => Reply::Done(upload::give_up(reach, &place, key)?),
            Request::Save { place, was } => Reply::Entry(change::save(reach, &place, was, &self.input)?),
            Request::MakeFolder(place) => Reply::Done(change::make_folder(reach, &place)?),
            Request::Rename { from, to } => Reply::Done(change::rename(reach, &from, &to)?),
            Request::Discard(place) => Reply::Done(bin::discard(reach, self.uid, &place)?),
            Request::Bin { from, count } => {
                let (items, total) = bin::list(reach, self.uid, from, count)?;
                Reply::Bin { items, total }
            }
            Request::Restore { root, id } => Reply::Place(bin::restore(reach, self.uid, root, id.as_bytes())?),
            Request::Destroy { root, id } => {
                let (count, more) = bin::destroy(reach, self.uid, root, id.as_ref().map(model::Text::as_bytes))?;
                Reply::Removed { count, more }
            }
            Request::Pack { place, form } => Reply::Number(self.packs.begin(Pack::new(reach, &place, form)?)?),
            Request::PackMore(number) => {
                let packed = self.packs.of(number)?.more(&mut self.output);
                if !matches!(&packed, Ok(packed) if !packed.end) {
                    self.packs.end(number);
                }
                Reply::Packed(packed?)
            }
            Request::PackDrop(number) => {
                self.packs.end(number);
                Reply::Done(0)
            }
            Request::Unpack(place) => Reply::Number(self.unpacks.begin(Unpack::new(reach, &place)?)?),
            Request::UnpackMore(number) => {
                let unpacked = self.unpacks.of(number)?.more();
                if !matches!(&unpacked, Ok(unpacked) if !unpacked.end) {
                    self.unpacks.end(number);
                }
                Reply::Unpacked(unpacked?)
            }
            Request::Room(root) => Reply::Room(room::of(reach, self.uid, root)?),
        })
    }
}

/// Works that go on over several requests; the oldest gives way when there are too many.
struct Works<T> {
    next: u32,
    under_way: Vec<(u32, T)>,
}

impl<T> Default for Works<T> {
    fn default() -> Self {
        Self { next: 1, under_way: Vec::new() }
    }
}

impl<T> Works<T> {
    fn begin(&mut self, work: T) -> Result<u32, Fault> {
        if self.under_way.len() >= WORKS {
            self.under_way.remove(0);
        }
        let number = self.next;
        self.next = number.checked_add(1).ok_or(Fault::TooMuch)?;
        self.under_way.push((number, work));
        Ok(number)
    }

    fn of(&mut self, number: u32) -> Result<&mut T, Fault> {
        let found = self.under_way.iter_mut().find(|(known, _)| *known == number);
        found.map(|(_, work)| work).ok_or(Fault::Missing)
    }

    fn end(&mut self, number: u32) {
        self.under_way.retain(|(known, _)| *known != number);
    }
}

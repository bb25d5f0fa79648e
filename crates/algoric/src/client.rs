//! The client's end of the Unix socket: one connection, questions and answers in frames of the `api` crate.
//!
//! Must not know what the answers mean, nor print anything.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use api::{FrameError, Refusal, Reply, Request};

use crate::place::Place;

/// The longest path that fits in a socket address, its final NUL left out.
const MAX_SOCKET_PATH: usize = 107;

/// How much is read at once: a whole queue comes in few reads.
const READ_SIZE: usize = 64 << 10;

/// Why there is no answer, or not the wished one.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no centre answers at {}: {source}", socket.display())]
    NoCentre {
        /// Where we looked.
        socket: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// It was there, and is gone; whether the order was carried out is unknown.
    #[error("the centre went away before it answered")]
    WentAway,
    /// It said no.
    #[error("refused: {:?} {}", .0.code, .0.detail)]
    Refused(Refusal),
    /// What came, or should go, is no message.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It answered another question than the one asked.
    #[error("the centre gave an answer that does not fit the question")]
    Unfit,
}

/// One connection to a centre.
pub struct Client {
    stream: UnixStream,
    inbox: Vec<u8>,
}

impl Client {
    /// Connects and greets. Fails at once when nobody listens.
    ///
    /// # Errors
    /// [`ClientError::NoCentre`].
    pub fn connect(place: &Place) -> Result<Self, ClientError> {
        let socket = place.socket();
        let greeted = dial(&socket).and_then(|mut stream| {
            let mut greeting = [0; 8];
            greeting[..4].copy_from_slice(&api::MAGIC);
            greeting[4..].copy_from_slice(&api::VERSION.to_le_bytes());
            stream.write_all(&greeting)?;
            Ok(stream)
        });
        match greeted {
            Ok(stream) => Ok(Self { stream, inbox: Vec::new() }),
            Err(source) => Err(ClientError::NoCentre { socket, source }),
        }
    }

    /// Asks, and waits for the one answer.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        self.send(request)?;
        self.next()
    }

    /// Gives an order that is answered by `Done`.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn order(&mut self, request: &Request) -> Result<(), ClientError> {
        match self.ask(request)? {
            Reply::Done => Ok(()),
            _ => Err(ClientError::Unfit),
        }
    }

    /// Asks, and collects what `take` finds in the parts of the answer.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn collect<T>(
        &mut self,
        request: &Request,
        take: impl Fn(Reply) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, ClientError> {
        self.send(request)?;
        let mut all = Vec::new();
        loop {
            let reply = self.next()?;
            let last = reply.is_last();
            match take(reply) {
                // The first part is often the only one.
                Some(part) if all.is_empty() => all = part,
                Some(part) => all.extend(part),
                None if last => {}
                None => return Err(ClientError::Unfit),
            }
            if last {
                return Ok(all);
            }
        }
    }

    /// Asks, and hands each part of the answer to `take`, which says whether it fits the question.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn each(&mut self, request: &Request, mut take: impl FnMut(Reply) -> bool) -> Result<(), ClientError> {
        self.send(request)?;
        loop {
            let reply = self.next()?;
            let last = reply.is_last();
            if !take(reply) && !last {
                return Err(ClientError::Unfit);
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Asks, and calls `notice` once if the answer takes longer than `patience`; then goes on waiting.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn ask_patiently(
        &mut self,
        request: &Request,
        patience: Duration,
        notice: impl FnOnce(),
    ) -> Result<Reply, ClientError> {
        self.send(request)?;
        self.stream.set_read_timeout(Some(patience)).map_err(|_| ClientError::WentAway)?;
        let early = self.read_reply();
        self.stream.set_read_timeout(None).map_err(|_| ClientError::WentAway)?;
        match early {
            Err(Silence::Slow) => {
                notice();
                self.next()
            }
            Err(Silence::Broken(error)) => Err(error),
            Ok(Reply::Refused(refusal)) => Err(ClientError::Refused(refusal)),
            Ok(reply) => Ok(reply),
        }
    }

    /// Waits until the centre hangs up, which it does by ending.
    pub fn wait_for_end(&mut self) {
        while self.next().is_ok() {}
    }

    /// Sends a question whose answers are heard one by one ([`Client::hear`]).
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post(&mut self, request: &Request) -> Result<(), ClientError> {
        self.send(request)
    }

    /// The next answer if it is there, when there is something to read; `None`: not all of it has come.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn hear(&mut self) -> Result<Option<Reply>, ClientError> {
        if let Some(reply) = self.take()? {
            return Ok(Some(reply));
        }
        let had = self.inbox.len();
        self.inbox.resize(had + self.wanted(), 0);
        let got = self.stream.read(&mut self.inbox[had..]);
        self.inbox.truncate(had + got.as_ref().copied().unwrap_or(0));
        match got {
            Ok(1..) => self.take(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Ok(_) | Err(_) => Err(ClientError::WentAway),
        }
    }

    /// What has come already.
    ///
    /// # Errors
    /// [`ClientError`], a refusal included.
    pub fn take(&mut self) -> Result<Option<Reply>, ClientError> {
        match api::decode(&self.inbox)? {
            None => Ok(None),
            Some((reply, used)) => {
                self.inbox.drain(..used);
                match reply {
                    Reply::Refused(refusal) => Err(ClientError::Refused(refusal)),
                    reply => Ok(Some(reply)),
                }
            }
        }
    }

    fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        let frame = api::encode(request)?;
        match self.stream.write_all(&frame) {
            Ok(()) => Ok(()),
            // A centre that refuses us (another version) may hang up before it has read all; its last words are there.
            Err(_) => self.next().and(Err(ClientError::WentAway)),
        }
    }

    fn next(&mut self) -> Result<Reply, ClientError> {
        loop {
            match self.read_reply() {
                Ok(Reply::Refused(refusal)) => return Err(ClientError::Refused(refusal)),
                // It came unasked, and too late.
                Ok(Reply::Signal(_)) => {}
                Ok(reply) => return Ok(reply),
                Err(Silence::Slow) => {}
                Err(Silence::Broken(error)) => return Err(error),
            }
        }
    }

    fn read_reply(&mut self) -> Result<Reply, Silence> {
        loop {
            if let Some((reply, used)) = api::decode(&self.inbox).map_err(ClientError::from)? {
                self.inbox.drain(..used);
                return Ok(reply);
            }
            let had = self.inbox.len();
            self.inbox.resize(had + self.wanted(), 0);
            let got = self.stream.read(&mut self.inbox[had..]);
            self.inbox.truncate(had + got.as_ref().copied().unwrap_or(0));
            match got {
                Ok(0) => return Err(ClientError::WentAway.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Silence::Slow),
                Err(_) => return Err(ClientError::WentAway.into()),
            }
        }
    }

    /// The rest of the frame whose beginning is there, so that a big one is not decoded anew after each read.
    fn wanted(&self) -> usize {
        let announced = self.inbox.first_chunk::<4>().map_or(0, |head| u32::from_le_bytes(*head) as usize + 4);
        announced.min(api::MAX_FRAME).saturating_sub(self.inbox.len()).max(READ_SIZE)
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// No answer within the time set, or none ever.
enum Silence {
    Slow,
    Broken(ClientError),
}

impl From<ClientError> for Silence {
    fn from(error: ClientError) -> Self {
        Silence::Broken(error)
    }
}

/// Connects, also where the path is too long for a socket address: then by way of its directory's descriptor.
fn dial(socket: &Path) -> io::Result<UnixStream> {
    if socket.as_os_str().len() <= MAX_SOCKET_PATH {
        return UnixStream::connect(socket);
    }
    let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let directory = File::open(directory)?;
    UnixStream::connect(Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{os::unix::net::UnixListener, thread};

    use api::RefusalCode;
    use model::JobId;

    use super::*;

    /// A centre that reads the greeting and one request, says what it is told to, and hangs up.
    fn centre_that_says(data: &Path, replies: Vec<Reply>, cut: usize) -> thread::JoinHandle<Request> {
        let directory = data.join("run");
        std::fs::create_dir_all(&directory).unwrap();
        let held = File::open(&directory).unwrap();
        let listener = UnixListener::bind(format!("/proc/self/fd/{}/centre.sock", held.as_raw_fd())).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut greeting = [0; 8];
            stream.read_exact(&mut greeting).unwrap();
            assert_eq!(&greeting[..4], &api::MAGIC);
            let mut bytes = Vec::new();
            let request = loop {
                let mut some = [0; 100];
                let n = stream.read(&mut some).unwrap();
                bytes.extend_from_slice(&some[..n]);
                if let Some((request, _)) = api::decode(&bytes).unwrap() {
                    break request;
                }
            };
            let mut answer = Vec::new();
            for reply in &replies {
                api::encode_into(reply, &mut answer).unwrap();
            }
            answer.truncate(answer.len() - cut);
            // In small bites, as a busy machine may deliver it.
            for bite in answer.chunks(7) {
                stream.write_all(bite).unwrap();
            }
            request
        })
    }

    fn exchange<T>(replies: Vec<Reply>, cut: usize, ask: impl Fn(&mut Client) -> T) -> T {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("d".repeat(150));
        let centre = centre_that_says(&data, replies, cut);
        let answer = ask(&mut Client::connect(&Place::at(&data)).unwrap());
        centre.join().unwrap();
        answer
    }

    #[test]
    fn answers_come_whole_also_by_a_long_path() {
        let reply = exchange(vec![Reply::Submitted(JobId(7))], 0, |client| client.ask(&Request::Ping).unwrap());
        assert!(matches!(reply, Reply::Submitted(JobId(7))));
    }

    #[test]
    fn a_cut_answer_is_no_answer() {
        let error = exchange(vec![Reply::Submitted(JobId(7))], 1, |client| client.ask(&Request::Ping).unwrap_err());
        assert!(matches!(error, ClientError::WentAway));
    }

    #[test]
    fn parts_are_put_together() {
        let setting = |name: &str| Reply::Settings(vec![(name.to_owned(), String::new())]);
        let take = |reply| match reply {
            Reply::Settings(list) => Some(list),
            _ => None,
        };
        let parts = exchange(vec![setting("a")], 0, |client| client.collect(&Request::Settings, take).unwrap());
        assert_eq!(parts.len(), 1);
        let parts = exchange(vec![Reply::Queue(vec![]), Reply::End], 0, |client| {
            client.collect(&Request::Status, |reply| match reply {
                Reply::Queue(rows) => Some(rows),
                _ => None,
            })
        });
        assert_eq!(parts.unwrap(), []);
    }

    #[test]
    fn no_is_an_error_of_its_own() {
        let refusal = Refusal { code: RefusalCode::WrongVersion, detail: "2".into() };
        let error = exchange(vec![Reply::Refused(refusal)], 0, |client| client.order(&Request::Ping).unwrap_err());
        assert!(matches!(error, ClientError::Refused(refusal) if refusal.code == RefusalCode::WrongVersion));
    }

    #[test]
    fn nobody_there_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let begun = std::time::Instant::now();
        assert!(matches!(Client::connect(&Place::at(dir.path())), Err(ClientError::NoCentre { .. })));
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}

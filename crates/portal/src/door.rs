//! The way to the centre: some connections to its socket, each used by one question at a time. Must not know what the
//! answers mean.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Mutex,
};

use crate::guard;
use api::{Ask, FrameError, PortalReply, PortalRequest, Refusal, Reply, Request, Who};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

/// Connections that are kept open while nobody asks.
const SPARE: usize = 16;

/// Why there is no answer, or not the wished one.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Nobody listens there, or whoever did has gone: whether an order was carried out is unknown then.
    #[error("the centre does not answer: {0}")]
    Away(#[from] io::Error),
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

/// The way to the centre.
pub struct Door {
    /// By way of its directory, as a path can be longer than a socket's address.
    _directory: File,
    path: PathBuf,
    spare: Mutex<Vec<Line>>,
}

/// One connection.
struct Line {
    stream: UnixStream,
    inbox: Vec<u8>,
}

impl Door {
    /// To the centre that answers at `socket`; it need not be there yet.
    ///
    /// # Errors
    /// When the socket's directory cannot be opened.
    pub fn new(socket: &Path) -> io::Result<Self> {
        let directory = File::open(socket.parent().unwrap_or(Path::new("/")))?;
        let name = socket.file_name().unwrap_or_default();
        let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
        Ok(Self { _directory: directory, path, spare: Mutex::default() })
    }

    /// Asks on somebody's behalf, and waits for the one answer.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn ask(&self, who: &Who, ask: Ask) -> Result<Reply, DoorError> {
        let mut last = Err(DoorError::Unfit);
        self.each(who, ask, |reply| last = Ok(reply)).await?;
        last
    }

    /// As [`Door::ask`], for what is answered by the centre's words for pages.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn portal(&self, who: &Who, ask: Ask) -> Result<PortalReply, DoorError> {
        match self.ask(who, ask).await? {
            Reply::Portal(reply) => Ok(*reply),
            _ => Err(DoorError::Unfit),
        }
    }

    /// As if the member had typed a command.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn command(&self, who: &Who, request: Request) -> Result<Reply, DoorError> {
        self.ask(who, Ask::Command(Box::new(request))).await
    }

    /// As a command whose answer comes in parts, of which `take` gets what it finds.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn collect<T>(
        &self,
        who: &Who,
        request: Request,
        take: impl Fn(Reply) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, DoorError> {
        let mut all = Vec::new();
        self.each(who, Ask::Command(Box::new(request)), |reply| all.extend(take(reply).unwrap_or_default())).await?;
        Ok(all)
    }

    /// Asks, and hands each part of the answer on.
    ///
    /// # Errors
    /// [`DoorError`], a refusal included.
    pub async fn each(&self, who: &Who, ask: Ask, mut take: impl FnMut(Reply)) -> Result<(), DoorError> {
        let request = Request::Portal(Box::new(PortalRequest { who: who.clone(), from: guard::from(), ask }));
        let frame = api::encode(&request)?;
        let mut line = self.line().await?;
        line.stream.write_all(&frame).await?;
        loop {
            let reply = line.next().await?;
            let is_last = reply.is_last();
            match reply {
                // A connection on which something was refused is as good as before.
                Reply::Refused(refusal) => {
                    self.keep(line);
                    return Err(DoorError::Refused(refusal));
                }
                reply => take(reply),
            }
            if is_last {
                self.keep(line);
                return Ok(());
            }
        }
    }

    /// A connection: one that is spare and still open, or a new one.
    async fn line(&self) -> Result<Line, DoorError> {
        while let Some(line) = self.spare.lock().ok().and_then(|mut spare| spare.pop()) {
            // The centre says nothing unasked: whatever is to be read is the end.
            let mut byte = [0; 1];
            if matches!(line.stream.try_read(&mut byte), Err(fault) if fault.kind() == io::ErrorKind::WouldBlock) {
                return Ok(line);
            }
        }
        let mut stream = UnixStream::connect(&self.path).await?;
        let mut greeting = [0; 8];
        greeting[..4].copy_from_slice(&api::MAGIC);
        greeting[4..].copy_from_slice(&api::VERSION.to_le_bytes());
        stream.write_all(&greeting).await?;
        Ok(Line { stream, inbox: Vec::new() })
    }

    fn keep(&self, line: Line) {
        if let Ok(mut spare) = self.spare.lock()
            && spare.len() < SPARE
            && line.inbox.is_empty()
        {
            spare.push(line);
        }
    }
}

impl Line {
    async fn next(&mut self) -> Result<Reply, DoorError> {
        loop {
            if let Some((reply, used)) = api::decode::<Reply>(&self.inbox)? {
                self.inbox.drain(..used);
                return Ok(reply);
            }
            if self.stream.read_buf(&mut self.inbox).await? == 0 {
                return Err(DoorError::Away(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }
}

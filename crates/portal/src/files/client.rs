//! The way to a member's files: a process of the member's own serves them, which the launcher starts when the centre says
//! so. One is kept for each member and used by all their pages. What it says is the member's word, and nobody else's.
//!
//! For pages of other places: [`Client::of`] a visit, then [`Client::stat`], [`Client::read`], [`Client::list`]; a job's
//! output is at [`Place::of_machine`].

use std::{
    collections::HashMap,
    fs::{File, Permissions},
    io,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use api::{Ask, FilesReply, FilesRequest, PortalReply, Who};
use files::{ByteRange, Entry, Frame, Hello, Listing, Place, Reply, Request, RootInfo, SECRET, Sort, Stamp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use crate::{door::DoorError, house::House, visit::Visit};

/// The socket where servants come in, beside the centre's.
const SOCKET: &str = "files.sock";
/// A new servant comes within so long, or not at all.
const BIRTH: Duration = Duration::from_secs(8);
/// A stranger has so long to say who it is.
const GREETING: Duration = Duration::from_secs(3);
/// Strangers heard at once.
const STRANGERS: usize = 32;
/// Longer takes no answer, but of a disk that has gone away.
const PATIENCE: Duration = Duration::from_secs(60);
/// A servant leaves after a minute without a question; just before, it is not relied on.
const RELIED_ON: Duration = Duration::from_secs(45);
/// Requests that may wait for one servant.
const WAITING: usize = 8;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It cannot be done.
    #[error(transparent)]
    Fault(#[from] files::Fault),
    /// The centre does not allow it, or does not answer.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// Nobody came to serve.
    #[error("the process that serves files did not start")]
    NotStarted,
    /// The servant has gone; whether it did what was asked is unknown.
    #[error("the process that serves files has gone")]
    Gone,
    /// It answered another question.
    #[error("the process that serves files gave an answer that does not fit")]
    Unfit,
}

/// All servants, and where new ones come in.
pub struct Files {
    listener: Mutex<Option<std::os::unix::net::UnixListener>>,
    expected: Arc<Expected>,
    servants: Mutex<HashMap<u32, Slot>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Servant>>>>;

/// Servants that were ordered: whose, and who waits.
type Expected = Mutex<HashMap<[u8; SECRET], (u32, oneshot::Sender<Arrival>)>>;

struct Arrival {
    stream: UnixStream,
    hello: Hello,
}

impl Files {
    /// With a socket in `directory`. Where there can be none, pages are served all the same, but for files.
    pub fn new(directory: &Path) -> Self {
        let listener = bind(directory).ok();
        Self { listener: Mutex::new(listener), expected: Arc::default(), servants: Mutex::default() }
    }

    /// Begins to let servants in, once.
    fn open(&self) -> io::Result<()> {
        let listener = self.listener.lock().ok().and_then(|mut listener| listener.take());
        if let Some(listener) = listener {
            listener.set_nonblocking(true)?;
            tokio::spawn(let_in(UnixListener::from_std(listener)?, self.expected.clone()));
        }
        Ok(())
    }

    fn slot(&self, uid: u32) -> Slot {
        let Ok(mut servants) = self.servants.lock() else { return Slot::default() };
        servants.retain(|_, slot| {
            Arc::strong_count(slot) > 1
                || slot.try_lock().is_ok_and(|servant| servant.as_ref().is_some_and(|servant| servant.serves()))
        });
        servants.entry(uid).or_default().clone()
    }
}

fn bind(directory: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    // By way of the directory, as a path can be longer than a socket's address.
    let opened = File::open(directory)?;
    let path = format!("/proc/self/fd/{}/{SOCKET}", opened.as_raw_fd());
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(&path)?;
    // Servants come as members; who is one shows by the kernel's word and a secret.
    std::fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    Ok(listener)
}

async fn let_in(listener: UnixListener, expected: Arc<Expected>) {
    let room = Arc::new(Semaphore::new(STRANGERS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(uid) = stream.peer_cred().map(|peer| peer.uid()) else { continue };
        let is_expected = expected.lock().is_ok_and(|all| all.values().any(|(whose, _)| *whose == uid));
        // Anybody of this machine can knock: whom nobody expects gets no room.
        if is_expected && let Ok(place) = room.clone().try_acquire_owned() {
            let expected = expected.clone();
            tokio::spawn(async move {
                if let Ok(Some(arrival)) = timeout(GREETING, greet(stream)).await {
                    let known = expected.lock().ok().and_then(|mut all| match all.remove(&arrival.hello.secret) {
                        Some((whose, waiting)) if whose == uid => Some(waiting),
                        _ => None,
                    });
                    if let Some(waiting) = known {
                        waiting.send(arrival).ok();
                    }
                }
                drop(place);
            });
        }
    }
}

async fn greet(mut stream: UnixStream) -> Option<Arrival> {
    let (head, _) = frame(&mut stream).await.ok()?;
    let hello: Hello = files::decode(&head).ok()?;
    (hello.version == files::VERSION).then_some(Arrival { stream, hello })
}

/// Head and body of the next frame.
async fn frame(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut prefix = [0; Frame::PREFIX];
    stream.read_exact(&mut prefix).await?;
    let lengths = Frame::parse(prefix).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let (mut head, mut body) = (vec![0; lengths.head], vec![0; lengths.body]);
    stream.read_exact(&mut head).await?;
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

/// One request on its way.
struct Errand {
    head: Vec<u8>,
    body: Vec<u8>,
    answer: oneshot::Sender<(Reply, Vec<u8>)>,
}

/// A member's process.
struct Servant {
    errands: mpsc::Sender<Errand>,
    roots: Vec<RootInfo>,
    used: Mutex<Instant>,
}

impl Servant {
    fn new(arrival: Arrival) -> Arc<Self> {
        let (errands, errands_in) = mpsc::channel(WAITING);
        let (reading, writing) = arrival.stream.into_split();
        let (sent, sent_in) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write(writing, errands_in, sent));
        tokio::spawn(async move {
            read(reading, sent_in).await;
            // Nobody else shall be let wait.
            writer.abort();
        });
        Arc::new(Self { errands, roots: arrival.hello.roots, used: Mutex::new(Instant::now()) })
    }

    fn serves(&self) -> bool {
        !self.errands.is_closed() && self.used.lock().is_ok_and(|used| used.elapsed() < RELIED_ON)
    }

    async fn ask(&self, request: &Request, body: Vec<u8>) -> Result<(Reply, Vec<u8>), Trouble> {
        let head = files::encode(request, body.len()).map_err(|_| files::Fault::TooMuch)?;
        let (answer, answered) = oneshot::channel();
        let errand = Errand { head, body, answer };
        let asked = async {
            self.errands.send(errand).await.ok()?;
            answered.await.ok()
        };
        let reply = timeout(PATIENCE, asked).await.ok().flatten().ok_or(Trouble::Gone)?;
        if let Ok(mut used) = self.used.lock() {
            *used = Instant::now();
        }
        match reply {
            (Reply::Fault(fault), _) => Err(fault.into()),
            reply => Ok(reply),
        }
    }
}

async fn write(
    mut stream: OwnedWriteHalf,
    mut errands: mpsc::Receiver<Errand>,
    sent: mpsc::UnboundedSender<oneshot::Sender<(Reply, Vec<u8>)>>,
) {
    while let Some(Errand { head, body, answer }) = errands.recv().await {
        if sent.send(answer).is_err()
            || stream.write_all(&head).await.is_err()
            || stream.write_all(&body).await.is_err()
        {
            break;
        }
    }
    stream.shutdown().await.ok();
}

async fn read(mut stream: OwnedReadHalf, mut sent: mpsc::UnboundedReceiver<oneshot::Sender<(Reply, Vec<u8>)>>) {
    while let Ok((head, body)) = frame(&mut stream).await {
        let Ok(reply) = files::decode(&head) else { return };
        let Some(answer) = sent.recv().await else { return };
        answer.send((reply, body)).ok();
    }
}

/// How a folder is asked for.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Leave out so many.
    pub from: u64,
    /// At most so many.
    pub count: u32,
    /// In which order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// Also names that begin with a dot.
    pub hidden: bool,
    /// Only names that contain this.
    pub filter: String,
}

/// A member's files.
#[derive(Clone)]
pub struct Client {
    house: Arc<House>,
    who: Who,
    servant: Arc<Servant>,
    /// The account's name.
    pub user: String,
}

impl Client {
    /// Of whoever visits. The centre is asked each time whether they may.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn of(visit: &Visit) -> Result<Self, Trouble> {
        let (house, who) = (visit.house().clone(), visit.who.clone());
        let (servant, user) = reach(&house, &who).await?;
        Ok(Self { house, who, servant, user })
    }

    /// The folders where paths begin.
    pub fn roots(&self) -> &[RootInfo] {
        &self.servant.roots
    }

    /// Asks for what changes something: once.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn order(&self, request: Request, body: Vec<u8>) -> Result<Reply, Trouble> {
        Ok(self.servant.ask(&request, body).await?.0)
    }

    /// Asks for what changes nothing: once more, of a new servant, if this one has gone.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn ask(&self, request: Request) -> Result<(Reply, Vec<u8>), Trouble> {
        match self.servant.ask(&request, Vec::new()).await {
            Err(Trouble::Gone) => {
                let (servant, _) = reach(&self.house, &self.who).await?;
                servant.ask(&request, Vec::new()).await
            }
            answer => answer,
        }
    }

    /// The next bytes of an archive that was begun.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn more_packed(&self, number: u32) -> Result<(files::Packed, Vec<u8>), Trouble> {
        match self.servant.ask(&Request::PackMore(number), Vec::new()).await? {
            (Reply::Packed(packed), bytes) => Ok((packed, bytes)),
            _ => Err(Trouble::Unfit),
        }
    }

    /// What is there.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn stat(&self, place: &Place) -> Result<Entry, Trouble> {
        match self.ask(Request::Stat(place.clone())).await? {
            (Reply::Entry(entry), _) => Ok(entry),
            _ => Err(Trouble::Unfit),
        }
    }

    /// What is in a folder.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn list(&self, place: &Place, view: &View) -> Result<Listing, Trouble> {
        let request = Request::List {
            place: place.clone(),
            from: view.from,
            count: view.count,
            sort: view.sort,
            descending: view.descending,
            hidden: view.hidden,
            filter: view.filter.as_str().into(),
        };
        match self.ask(request).await? {
            (Reply::Listing(listing), _) => Ok(listing),
            _ => Err(Trouble::Unfit),
        }
    }

    /// Part of a file, at most [`files::CHUNK`] bytes of it, and what the file is now. `only`: if it still is this one.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read(
        &self,
        place: &Place,
        offset: u64,
        length: u64,
        only: Option<Stamp>,
    ) -> Result<(Vec<u8>, Entry), Trouble> {
        let request = Request::Read { place: place.clone(), range: ByteRange { offset, length }, only };
        match self.ask(request).await? {
            (Reply::Data(entry), body) => Ok((body, entry)),
            _ => Err(Trouble::Unfit),
        }
    }
}

/// The servant of whoever that is: the one that serves, or a new one.
async fn reach(house: &Arc<House>, who: &Who) -> Result<(Arc<Servant>, String), Trouble> {
    let (uid, user) = account(house, who, FilesRequest::Account).await?;
    let slot = house.files.slot(uid);
    // Held while a new one is born, so that all who ask meanwhile share it.
    let mut kept = slot.lock().await;
    if let Some(servant) = kept.as_ref().filter(|servant| servant.serves()) {
        return Ok((servant.clone(), user));
    }
    *kept = None;
    let servant = hire(house, who, uid).await?;
    *kept = Some(servant.clone());
    Ok((servant, user))
}

async fn hire(house: &Arc<House>, who: &Who, uid: u32) -> Result<Arc<Servant>, Trouble> {
    let files = &house.files;
    files.open().map_err(|_| Trouble::NotStarted)?;
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(|_| Trouble::NotStarted)?;
    let (waiting, arrival) = oneshot::channel();
    files.expected.lock().map_err(|_| Trouble::NotStarted)?.insert(secret, (uid, waiting));
    let ordered = account(house, who, FilesRequest::Servant { secret }).await;
    let came = match &ordered {
        Ok((ordered, _)) if *ordered == uid => timeout(BIRTH, arrival).await.ok().and_then(Result::ok),
        _ => None,
    };
    if let Ok(mut expected) = files.expected.lock() {
        expected.remove(&secret);
    }
    ordered?;
    Ok(Servant::new(came.ok_or(Trouble::NotStarted)?))
}

async fn account(house: &Arc<House>, who: &Who, request: FilesRequest) -> Result<(u32, String), Trouble> {
    match house.door.portal(who, Ask::Files(request)).await? {
        PortalReply::Files(FilesReply::As { uid, user }) => Ok((uid, user.lossy().into_owned())),
        _ => Err(Trouble::Door(DoorError::Unfit)),
    }
}

//! Where things come in: the commands' socket, the launcher's, signals, other threads. One epoll waits
//! for all of them.

use std::{
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::{fs::PermissionsExt, net::UnixListener},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use drivers::local::link::Link;
use nix::{
    fcntl::{Flock, FlockArg},
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags},
        resource::{Resource, getrlimit, setrlimit},
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
};

use crate::{
    bell::Ear,
    opening::{ServiceError, system},
    paths::Paths,
};

pub(crate) const UNIX_DOOR: u64 = 0;
pub(crate) const LAUNCHER: u64 = 2;
pub(crate) const WAKE: u64 = 3;
pub(crate) const SIGNALS: u64 = 4;
pub(crate) const FIRST_CONN: u64 = 16;

/// All of them.
pub(crate) struct Doors {
    pub(crate) epoll: Epoll,
    pub(crate) unix: UnixListener,
    pub(crate) ear: Ear,
    pub(crate) signals: SignalFd,
    /// The launcher's socket has more to take.
    pub(crate) link_waits: bool,
}

/// The signals that end the centre in an orderly way.
fn stop_signals() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect()
}

/// Keeps the signals that end us for the loop; before any thread is started, as threads inherit it.
pub(crate) fn block_signals() -> Result<(), ServiceError> {
    stop_signals().thread_block().map_err(system("blocking signals"))
}

/// Raises the number of files that we may open, and says it: every command that waits holds one, and the usual 1024
/// are few.
pub(crate) fn open_files() -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let wanted = hard.min(65_536).max(soft);
    let have = if setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() { wanted } else { soft };
    usize::try_from(have).unwrap_or(1024)
}

/// One process serves one data directory.
pub(crate) fn lock(paths: &Paths) -> Result<Flock<std::fs::File>, ServiceError> {
    let path = paths.lock();
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(system(format!("opening {}", path.display())))?;
    // A predecessor that was just killed may need an instant to let go.
    for _ in 0..20 {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => return Ok(held),
            Err((back, _)) => file = back,
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(ServiceError::Taken(paths.data.display().to_string()))
}

/// Opens them.
pub(crate) fn open(paths: &Paths, link: &Link, ear: Ear) -> Result<Doors, ServiceError> {
    let socket = paths.socket();
    // We hold the lock: whatever is there is left over.
    std::fs::remove_file(&socket).ok();
    let unix = bind_unix(&socket)?;
    unix.set_nonblocking(true).map_err(system("setting up the socket"))?;
    // Everybody may knock: the kernel says who it is.
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).map_err(system("opening the socket"))?;
    let signals = SignalFd::with_flags(&stop_signals(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(system("signalfd"))?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(system("epoll"))?;
    let watch = |fd: BorrowedFd<'_>, token| {
        epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, token)).map_err(system("watching a socket"))
    };
    watch(unix.as_fd(), UNIX_DOOR)?;
    watch(link.fd(), LAUNCHER)?;
    watch(ear.wake.as_fd(), WAKE)?;
    watch(signals.as_fd(), SIGNALS)?;
    Ok(Doors { epoll, unix, ear, signals, link_waits: false })
}

/// Binds a socket whose path may be longer than the 107 bytes that fit: by way of its directory's descriptor.
fn bind_unix(socket: &Path) -> Result<UnixListener, ServiceError> {
    let shown = socket.display().to_string();
    let direct = UnixListener::bind(socket);
    match (direct, socket.parent(), socket.file_name()) {
        (Ok(listener), _, _) => Ok(listener),
        (Err(_), Some(parent), Some(name)) if shown.len() > 100 => {
            let directory = std::fs::File::open(parent).map_err(system(format!("opening {}", parent.display())))?;
            let short = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
            UnixListener::bind(short).map_err(system(format!("listening on {shown}")))
        }
        (Err(fault), _, _) => Err(system(format!("listening on {shown}"))(fault)),
    }
}

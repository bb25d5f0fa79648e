//! Opening what a place names without ever leaving its root: by openat2(2) with `RESOLVE_BENEATH`, where the kernel has it;
//! else part by part without following any link. Must not know what is done with what is opened.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use files::{Entry, Fault, Kind, Place, Root, RootInfo};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};
use std::os::unix::ffi::OsStrExt;

use super::fault;

/// A rename beside us can disturb the kernel's own check so often before we give up.
const TRIES: usize = 64;

/// A folder where paths begin.
#[derive(Debug)]
struct Top {
    root: Root,
    path: Vec<u8>,
    folder: OwnedFd,
}

/// All folders where paths begin.
#[derive(Debug)]
pub(super) struct Reach {
    tops: Vec<Top>,
    /// The kernel keeps us beneath.
    kernel: bool,
}

impl Reach {
    /// Opens the home and the shared folders, those that this user may open.
    pub(super) fn new(home: &Path, shared: &[model::Text]) -> Self {
        let machine = (Root::Machine, &b"/"[..]);
        let home = (Root::Home, home.as_os_str().as_bytes());
        let numbered = shared.iter().zip(0..).map(|(path, number)| (Root::Shared(number), path.as_bytes()));
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let tops = [machine, home].into_iter().chain(numbered).filter_map(|(root, path)| {
            let absolute = path.starts_with(b"/");
            let folder = absolute.then(|| open(path, flags, Mode::empty()).ok()).flatten()?;
            Some(Top { root, path: path.to_vec(), folder })
        });
        let mut reach = Self { tops: tops.collect(), kernel: true };
        reach.kernel = reach.kernel_keeps_us();
        reach
    }

    /// Without the kernel's help, for tests.
    #[cfg(test)]
    pub(super) fn by_hand(mut self) -> Self {
        self.kernel = false;
        self
    }

    fn kernel_keeps_us(&self) -> bool {
        let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_BENEATH);
        self.tops.first().is_some_and(|top| openat2(&top.folder, c".", how).is_ok())
    }

    /// The folders that could be opened, for the member to see.
    pub(super) fn roots(&self) -> Vec<RootInfo> {
        let shown = self.tops.iter().filter(|top| top.root != Root::Machine);
        shown.map(|top| RootInfo { root: top.root, path: top.path.as_slice().into() }).collect()
    }

    fn top(&self, root: Root) -> Result<&Top, Fault> {
        self.tops.iter().find(|top| top.root == root).ok_or(Fault::Missing)
    }

    /// The absolute path of a root.
    pub(super) fn root_path(&self, root: Root) -> Result<&[u8], Fault> {
        Ok(&self.top(root)?.path)
    }

    /// Opens what is there. Never waits for anybody; whoever opens to read asks [`Reach::file`].
    pub(super) fn open(&self, place: &Place, flags: OFlag) -> Result<OwnedFd, Fault> {
        let top = self.top(place.root)?;
        let parts = place.parts()?;
        let flags = flags | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let opened = if self.kernel {
            open_beneath(top, &c_string(place.path())?, flags)
        } else {
            open_by_parts(top.folder.as_fd(), &parts, flags)
        };
        opened.map_err(fault)
    }

    /// Opens a folder, to list it or to do something in it.
    pub(super) fn folder(&self, place: &Place) -> Result<OwnedFd, Fault> {
        self.open(place, OFlag::O_RDONLY | OFlag::O_DIRECTORY)
    }

    /// The folder that something lies in, and its name there. Nothing is written below the root of the machine.
    pub(super) fn spot(&self, place: &Place) -> Result<(OwnedFd, CString), Fault> {
        if place.root == Root::Machine {
            return Err(Fault::Denied);
        }
        let parent = place.parent().ok_or(Fault::Denied)?;
        let folder = self.open(&parent, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        Ok((folder, c_string(place.name())?))
    }

    /// Opens an ordinary file to read it. Looked at before it is opened: to open a pipe or a device can be felt on its
    /// other side.
    pub(super) fn file(&self, place: &Place) -> Result<(OwnedFd, FileStat), Fault> {
        let seen = self.open(place, OFlag::O_PATH)?;
        ordinary(seen.as_fd())?;
        let file = self.open(place, OFlag::O_RDONLY)?;
        let about = ordinary(file.as_fd())?;
        Ok((file, about))
    }

    /// What is there; a link is what it leads to, as far as that is in the root.
    pub(super) fn entry(&self, place: &Place) -> Result<Entry, Fault> {
        let Some(parent) = place.parent() else {
            let folder = self.open(place, OFlag::O_PATH)?;
            return Ok(entry_of(b"", &fstat(&folder).map_err(fault)?));
        };
        let folder = self.open(&parent, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        self.entry_in(folder.as_fd(), place)
    }

    /// The same, in a folder that is open already.
    pub(super) fn entry_in(&self, folder: BorrowedFd<'_>, place: &Place) -> Result<Entry, Fault> {
        let about = about(folder, &c_string(place.name())?).map_err(fault)?;
        if kind(&about) != SFlag::S_IFLNK {
            return Ok(entry_of(place.name(), &about));
        }
        let reached = self.open(place, OFlag::O_PATH).and_then(|there| fstat(&there).map_err(fault));
        Ok(match reached {
            Ok(there) => Entry { link: true, ..entry_of(place.name(), &there) },
            Err(_) => Entry { link: true, kind: Kind::Astray, ..entry_of(place.name(), &about) },
        })
    }
}

/// What a name in a folder is, links not followed.
pub(super) fn about(folder: BorrowedFd<'_>, name: &CStr) -> Result<FileStat, Errno> {
    fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)
}

/// Of which kind.
pub(super) fn kind(about: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits())
}

/// As an answer shows it.
pub(super) fn entry_of(name: &[u8], about: &FileStat) -> Entry {
    let kind = match kind(about) {
        SFlag::S_IFREG => Kind::File,
        SFlag::S_IFDIR => Kind::Folder,
        SFlag::S_IFLNK => Kind::Astray,
        _ => Kind::Other,
    };
    Entry {
        name: name.into(),
        kind,
        link: false,
        size: u64::try_from(about.st_size).unwrap_or(0),
        modified_ns: about.st_mtime.saturating_mul(1_000_000_000).saturating_add(about.st_mtime_nsec),
        mode: about.st_mode & 0o7777,
        file: (about.st_dev, about.st_ino),
    }
}

/// An ordinary file, and none of `/proc`: this process's own memory looks like one there.
pub(super) fn ordinary(file: BorrowedFd<'_>) -> Result<FileStat, Fault> {
    let about = fstat(file).map_err(fault)?;
    if kind(&about) != SFlag::S_IFREG {
        return Err(Fault::NotFile);
    }
    let where_ = fstatfs(file).map_err(fault)?;
    if where_.filesystem_type() == PROC_SUPER_MAGIC { Err(Fault::Denied) } else { Ok(about) }
}

/// A name or path as the kernel takes it.
pub(super) fn c_string(bytes: &[u8]) -> Result<CString, Fault> {
    CString::new(bytes).map_err(|_| Fault::Unfit)
}

fn open_beneath(top: &Top, path: &CStr, flags: OFlag) -> Result<OwnedFd, Errno> {
    let beneath = match top.root {
        // Paths of the machine follow the machine's links.
        Root::Machine => ResolveFlag::RESOLVE_IN_ROOT,
        _ => ResolveFlag::RESOLVE_BENEATH,
    };
    let flags =
        flags & !if flags.contains(OFlag::O_PATH) { OFlag::O_NONBLOCK | OFlag::O_NOCTTY } else { OFlag::empty() };
    let how = OpenHow::new().flags(flags).resolve(beneath | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let path = if path.is_empty() { c"." } else { path };
    let mut last = Errno::EAGAIN;
    for _ in 0..TRIES {
        match openat2(&top.folder, path, how) {
            Err(Errno::EAGAIN | Errno::EINTR) => last = Errno::EAGAIN,
            other => return other,
        }
    }
    Err(last)
}

fn open_by_parts(top: BorrowedFd<'_>, parts: &[&[u8]], flags: OFlag) -> Result<OwnedFd, Errno> {
    let Some((last, folders)) = parts.split_last() else { return openat(top, c".", flags, Mode::empty()) };
    let through = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut at: Option<OwnedFd> = None;
    for part in folders {
        let from = at.as_ref().map_or(top, AsFd::as_fd);
        at = Some(openat(from, *part, through, Mode::empty())?);
    }
    let from = at.as_ref().map_or(top, AsFd::as_fd);
    let opened = openat(from, *last, flags | OFlag::O_NOFOLLOW, Mode::empty())?;
    // With O_PATH a link itself is opened instead of refused.
    if flags.contains(OFlag::O_PATH) && kind(&fstat(&opened)?) == SFlag::S_IFLNK {
        return Err(Errno::ELOOP);
    }
    Ok(opened)
}

/// Reads at an offset until `buffer` is full or the file ends.
pub(super) fn read_at(file: &OwnedFd, buffer: &mut [u8], offset: u64) -> Result<usize, Fault> {
    let mut done = 0;
    while done < buffer.len() {
        let at = i64::try_from(offset + done as u64).map_err(|_| Fault::Unfit)?;
        match nix::sys::uio::pread(file, &mut buffer[done..], at) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    /// Both ways to stay beneath agree about what must not be reached; by hand, no link is followed at all.
    #[test]
    fn nothing_outside_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir_all(home.join("a/b")).unwrap();
        std::fs::write(home.join("a/b/file"), "mine").unwrap();
        std::fs::write(folder.path().join("outside"), "theirs").unwrap();
        symlink(folder.path().join("outside"), home.join("absolute")).unwrap();
        symlink("../outside", home.join("up")).unwrap();
        symlink("a/../../outside", home.join("crooked")).unwrap();
        symlink("a/b", home.join("inside")).unwrap();
        symlink("..", home.join("a/top")).unwrap();
        symlink("loop", home.join("loop")).unwrap();
        symlink("/proc/self/root", home.join("root")).unwrap();
        let reaches = [Reach::new(&home, &[]), Reach::new(&home, &[]).by_hand()];
        assert!(reaches[0].kernel);
        for reach in &reaches {
            let open = |path: &str| reach.file(&Place::new(Root::Home, path).unwrap()).map(|_| ());
            assert_eq!(open("a/b/file"), Ok(()));
            assert_eq!(open("a/b"), Err(Fault::NotFile));
            assert_eq!(open("a/none"), Err(Fault::Missing));
            for path in ["absolute", "up", "crooked", "loop", "root/etc/passwd"] {
                let got = open(path);
                assert!(matches!(got, Err(Fault::Outside | Fault::NotFolder)), "{path}: {got:?}");
            }
        }
        let open = |reach: &Reach, path: &str| reach.file(&Place::new(Root::Home, path).unwrap()).is_ok();
        assert_eq!(reaches.each_ref().map(|reach| open(reach, "inside/file")), [true, false]);
        assert_eq!(reaches.each_ref().map(|reach| open(reach, "a/top/a/b/file")), [true, false]);
        // This process's own memory is no file.
        for path in ["/proc/self/mem", "/proc/self/status", "/dev/fd/0", "/proc/self/exe"] {
            let place = Place::of_machine(path).unwrap();
            assert!(reaches.iter().all(|reach| reach.file(&place).is_err()), "{path}");
        }
    }
}

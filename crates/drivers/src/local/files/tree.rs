//! Walking and removing whole folders, without recursion and without following links. Must not know what for.

use std::collections::HashSet;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use files::Fault;
use nix::dir::{Dir, OwningIter};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, SFlag, fchmod, fchmodat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::fault;
use super::reach;

/// Folders within folders that are open at once; deeper is taken by nobody.
const DEEP: usize = 500;

/// Opens a folder in a folder, itself and no link.
pub(super) fn open_folder(parent: BorrowedFd<'_>, name: &CString) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(parent, name.as_c_str(), flags, Mode::empty())
}

/// A folder that is being walked.
struct Level {
    folder: OwnedFd,
    listing: OwningIter,
    /// Length of the path that leads here.
    path: usize,
    name: CString,
}

/// What is met on a walk.
pub(super) struct Met<'a> {
    /// The folder that it lies in.
    pub(super) folder: BorrowedFd<'a>,
    pub(super) name: CString,
    /// The path from where the walk began; a folder's ends with `/`.
    pub(super) path: &'a [u8],
    pub(super) about: FileStat,
}

/// A walk through a folder and all below it: folders before what is in them.
pub(super) struct Walk {
    levels: Vec<Level>,
    path: Vec<u8>,
    /// Folders that could not be opened, and names that went away or could not be looked at.
    pub(super) missed: u64,
}

impl Walk {
    /// From an open folder, called `name` at the beginning of paths.
    pub(super) fn new(folder: OwnedFd, name: &[u8]) -> Result<Self, Fault> {
        let mut path = name.to_vec();
        path.push(b'/');
        let level = Self::level(folder, CString::default(), path.len())?;
        Ok(Self { levels: vec![level], path, missed: 0 })
    }

    fn level(folder: OwnedFd, name: CString, path: usize) -> Result<Level, Fault> {
        let listed = folder.try_clone().map_err(|error| super::io_fault(&error))?;
        Ok(Level { listing: Dir::from_fd(listed).map_err(fault)?.into_iter(), folder, path, name })
    }

    /// The next one.
    pub(super) fn step(&mut self) -> Option<Met<'_>> {
        let (name, about) = loop {
            let level = self.levels.last_mut()?;
            self.path.truncate(level.path);
            let entry = match level.listing.next() {
                Some(Ok(entry)) => entry,
                Some(Err(_)) => {
                    self.missed += 1;
                    self.levels.pop();
                    continue;
                }
                None => {
                    self.levels.pop();
                    continue;
                }
            };
            let name = entry.file_name().to_owned();
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            match reach::about(level.folder.as_fd(), &name) {
                Ok(about) => break (name, about),
                Err(_) => self.missed += 1,
            }
        };
        self.path.extend_from_slice(name.as_bytes());
        let at = self.levels.len() - 1;
        if reach::kind(&about) == SFlag::S_IFDIR {
            self.path.push(b'/');
            let inside = open_folder(self.levels[at].folder.as_fd(), &name).map_err(fault);
            match inside.and_then(|folder| Self::level(folder, name.clone(), self.path.len())) {
                Ok(level) if self.levels.len() < DEEP => self.levels.push(level),
                _ => self.missed += 1,
            }
        }
        Some(Met { folder: self.levels[at].folder.as_fd(), name, path: &self.path, about })
    }
}

/// Removes what a name in a folder is, with all below it, until `deadline`: says how many it removed, and whether that
/// was all.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &CString, deadline: Instant) -> Result<(u64, bool), Fault> {
    let mut levels: Vec<Level> = Vec::new();
    let mut count = 0;
    let mut next = Some(name.clone());
    loop {
        let folder = levels.last().map_or(parent, |level| level.folder.as_fd());
        match next.take() {
            Some(name) => match remove_one(folder, &name)? {
                true => count += 1,
                false if levels.len() < DEEP => levels.push(enter(folder, name)?),
                false => return Err(Fault::TooMuch),
            },
            None => {
                let Some(done) = levels.pop() else { return Ok((count, true)) };
                let above = levels.last().map_or(parent, |level| level.folder.as_fd());
                match unlinkat(above, done.name.as_c_str(), UnlinkatFlags::RemoveDir) {
                    Ok(()) | Err(Errno::ENOENT) => count += 1,
                    // What came meanwhile, or was passed over while others went: next time.
                    Err(Errno::ENOTEMPTY) => return Ok((count, false)),
                    Err(error) => return Err(fault(error)),
                }
            }
        }
        if Instant::now() > deadline {
            return Ok((count, false));
        }
        while let (None, Some(level)) = (&next, levels.last_mut()) {
            let Some(entry) = level.listing.next() else { break };
            let name = entry.map_err(fault)?.file_name().to_owned();
            next = (!matches!(name.as_bytes(), b"." | b"..")).then_some(name);
        }
    }
}

/// Files and folders by what no name changes: device and number.
pub(super) type Made = HashSet<(u64, u64)>;

/// Which one it is.
pub(super) fn identity(about: &FileStat) -> (u64, u64) {
    (about.st_dev, about.st_ino)
}

/// Removes a folder with all below it that is among `made`, until `deadline`: says whether that was all. What somebody else
/// put there stays, and with it the folders that lead to it.
pub(super) fn remove_made(
    parent: BorrowedFd<'_>,
    name: &CString,
    made: &Made,
    deadline: Instant,
) -> Result<bool, Fault> {
    let mut levels: Vec<Level> = Vec::new();
    let mut next = Some(name.clone());
    loop {
        let folder = levels.last().map_or(parent, |level| level.folder.as_fd());
        if let Some(name) = next.take() {
            let about = reach::about(folder, &name).ok().filter(|about| made.contains(&identity(about)));
            match about.map(|about| reach::kind(&about)) {
                Some(SFlag::S_IFDIR) if levels.len() < DEEP => levels.push(enter(folder, name)?),
                Some(SFlag::S_IFREG) => unlinkat(folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir).map_err(fault)?,
                _ => {}
            }
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        let Some(level) = levels.last_mut() else { return Ok(true) };
        match level.listing.next() {
            Some(entry) => {
                let name = entry.map_err(fault)?.file_name().to_owned();
                next = (!matches!(name.as_bytes(), b"." | b"..")).then_some(name);
            }
            None => {
                let Some(done) = levels.pop() else { return Ok(true) };
                let above = levels.last().map_or(parent, |level| level.folder.as_fd());
                // It may have in it what is not ours.
                unlinkat(above, done.name.as_c_str(), UnlinkatFlags::RemoveDir).ok();
            }
        }
    }
}

/// Removes one name; `false`: it is a folder.
fn remove_one(folder: BorrowedFd<'_>, name: &CString) -> Result<bool, Fault> {
    let unlink = || unlinkat(folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir);
    match unlink() {
        Ok(()) | Err(Errno::ENOENT) => Ok(true),
        Err(Errno::EISDIR | Errno::EPERM) => Ok(false),
        // A folder that its owner may not write to cannot be emptied: in the bin that is nobody's wish any more.
        Err(Errno::EACCES) if fchmod(folder, Mode::S_IRWXU).is_ok() => match unlink() {
            Ok(()) => Ok(true),
            Err(Errno::EISDIR | Errno::EPERM) => Ok(false),
            Err(error) => Err(fault(error)),
        },
        Err(error) => Err(fault(error)),
    }
}

/// Opens a folder that is to be emptied, whatever its owner had forbidden himself.
fn enter(parent: BorrowedFd<'_>, name: CString) -> Result<Level, Fault> {
    let opened = match open_folder(parent, &name) {
        Err(Errno::EACCES) => {
            let is_folder = reach::about(parent, &name).is_ok_and(|about| reach::kind(&about) == SFlag::S_IFDIR);
            if is_folder {
                fchmodat(parent, name.as_c_str(), Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink).ok();
            }
            open_folder(parent, &name)
        }
        opened => opened,
    };
    Walk::level(opened.map_err(fault)?, name, 0)
}

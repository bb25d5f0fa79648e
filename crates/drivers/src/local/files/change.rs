//! Changing: saving a text, making folders, other names.

use std::ffi::CStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};

use files::{Entry, Fault, Kind, Place, Stamp};
use nix::errno::Errno;
use nix::fcntl::{OFlag, RenameFlags, openat, renameat, renameat2};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::look::matches;
use super::reach::{self, Reach, c_string};
use super::upload::{MARK, mode_like};
use super::{fault, io_fault};

/// Puts `bytes` in a file's place, if it still is what it was.
pub(super) fn save(reach: &Reach, place: &Place, was: Option<Stamp>, bytes: &[u8]) -> Result<Entry, Fault> {
    let (folder, target) = reach.spot(place)?;
    let old = unchanged(folder.as_fd(), place, was)?;
    let name = c_string(format!("{MARK}saving-{}", std::process::id()).as_bytes())?;
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    unlinkat(&folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir).ok();
    let opened = openat(&folder, name.as_c_str(), flags, Mode::from_bits_truncate(0o600)).map_err(fault)?;
    let mut file = File::from(opened);
    let written = file
        .write_all(bytes)
        .and_then(|()| Ok(fchmod(&file, mode_like(old.as_ref()))?))
        .and_then(|()| file.sync_all())
        .map_err(|error| io_fault(&error));
    let placed = written
        .and_then(|()| unchanged(folder.as_fd(), place, was))
        .and_then(|_| put_in_place(folder.as_fd(), &name, &target, was.is_some()));
    if placed.is_err() {
        unlinkat(&folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir).ok();
    }
    placed?;
    reach.entry_in(folder.as_fd(), place)
}

/// What is there now, if it is what it was.
fn unchanged(
    folder: BorrowedFd<'_>,
    place: &Place,
    was: Option<Stamp>,
) -> Result<Option<nix::sys::stat::FileStat>, Fault> {
    match (reach::about(folder, &c_string(place.name())?), was) {
        (Err(Errno::ENOENT), None) => Ok(None),
        (Err(Errno::ENOENT), Some(_)) => Err(Fault::Changed),
        (Err(error), _) => Err(fault(error)),
        (Ok(_), None) => Err(Fault::Exists),
        (Ok(about), Some(was)) => {
            let entry = reach::entry_of(place.name(), &about);
            match entry.kind {
                Kind::File if matches(&entry, was) => Ok(Some(about)),
                Kind::File => Err(Fault::Changed),
                // To save through a link would put a file in the link's place.
                Kind::Astray => Err(Fault::Outside),
                Kind::Folder | Kind::Other => Err(Fault::NotFile),
            }
        }
    }
}

/// A new folder.
pub(super) fn make_folder(reach: &Reach, place: &Place) -> Result<u64, Fault> {
    let (folder, name) = reach.spot(place)?;
    mkdirat(&folder, name.as_c_str(), Mode::from_bits_truncate(0o755)).map_err(fault)?;
    Ok(0)
}

/// Another name or folder; nothing is replaced.
pub(super) fn rename(reach: &Reach, from: &Place, to: &Place) -> Result<u64, Fault> {
    let (old_folder, old_name) = reach.spot(from)?;
    let (new_folder, new_name) = reach.spot(to)?;
    move_to((old_folder.as_fd(), &old_name), (new_folder.as_fd(), &new_name))?;
    Ok(0)
}

/// Moves within one disk, where nothing is yet.
pub(super) fn move_to(from: (BorrowedFd<'_>, &CStr), to: (BorrowedFd<'_>, &CStr)) -> Result<(), Fault> {
    let moved = match renameat2(from.0, from.1, to.0, to.1, RenameFlags::RENAME_NOREPLACE) {
        // A file system that knows no such flag, or a folder moved into itself.
        Err(Errno::EINVAL | Errno::ENOSYS) => match reach::about(to.0, to.1) {
            Err(Errno::ENOENT) => renameat(from.0, from.1, to.0, to.1),
            Err(error) => Err(error),
            Ok(_) => Err(Errno::EEXIST),
        },
        moved => moved,
    };
    moved.map_err(|error| if error == Errno::EXDEV { Fault::OtherDisk } else { fault(error) })
}

/// Gives a finished file its name, in the same folder.
pub(super) fn put_in_place(folder: BorrowedFd<'_>, from: &CStr, to: &CStr, replace: bool) -> Result<(), Fault> {
    if replace {
        renameat(folder, from, folder, to).map_err(fault)?;
    } else {
        move_to((folder, from), (folder, to))?;
    }
    // The name is on disk, too; where a folder cannot be synced the file itself is.
    openat(folder, c".", OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
        .map(|folder| nix::unistd::fsync(&folder).unwrap_or_default())
        .unwrap_or_default();
    Ok(())
}

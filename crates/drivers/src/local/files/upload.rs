//! Uploads that can go on later: the parts are appended to a file beside the target, whose length says how much is there,
//! and whose name says which upload it is. When all is there, it takes the target's place at once.

use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use files::{Entry, Fault, Place, UploadKey};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fchmod};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::change::put_in_place;
use super::reach::{self, Reach, c_string};
use super::{fault, io_fault};

/// Begins the names of files that are not whole yet.
pub(super) const MARK: &str = ".algoric-upload-";
/// Unfinished uploads are forgotten after so long, in seconds.
const FORGOTTEN: i64 = 7 * 24 * 3600;
/// The kernel is told to begin writing after so many bytes, so that there is little left to wait for at the end.
const STRIDE: u64 = 8 << 20;

/// How much is there.
pub(super) fn state(reach: &Reach, place: &Place, key: UploadKey) -> Result<u64, Fault> {
    let (folder, _) = reach.spot(place)?;
    match reach::about(folder.as_fd(), &part_name(place, key)?) {
        Ok(about) => Ok(u64::try_from(about.st_size).unwrap_or(0)),
        Err(Errno::ENOENT) => {
            sweep(reach, place);
            Ok(0)
        }
        Err(error) => Err(fault(error)),
    }
}

/// Appends `bytes`, if it is at `offset` that the file ends.
pub(super) fn append(reach: &Reach, place: &Place, key: UploadKey, offset: u64, bytes: &[u8]) -> Result<u64, Fault> {
    let (folder, _) = reach.spot(place)?;
    let name = part_name(place, key)?;
    let make = if offset == 0 { OFlag::O_CREAT } else { OFlag::empty() };
    let mut file = File::from(open_part(folder.as_fd(), &name, make)?);
    let done = u64::try_from(reach::ordinary(file.as_fd())?.st_size).unwrap_or(0);
    if done != offset {
        return Err(Fault::Elsewhere { done });
    }
    file.write_all(bytes).map_err(|error| io_fault(&error))?;
    let now = done + bytes.len() as u64;
    if done / STRIDE != now / STRIDE {
        begin_writing(&file, done / STRIDE * STRIDE);
    }
    Ok(now)
}

/// All is there.
pub(super) fn end(reach: &Reach, place: &Place, key: UploadKey, size: u64, replace: bool) -> Result<Entry, Fault> {
    let (folder, target) = reach.spot(place)?;
    let name = part_name(place, key)?;
    // An empty file has no parts.
    let make = if size == 0 { OFlag::O_CREAT } else { OFlag::empty() };
    let file = open_part(folder.as_fd(), &name, make)?;
    let done = u64::try_from(reach::ordinary(file.as_fd())?.st_size).unwrap_or(0);
    if done != size {
        return Err(Fault::Elsewhere { done });
    }
    let old = reach::about(folder.as_fd(), &target).ok();
    fchmod(&file, mode_like(old.as_ref())).map_err(fault)?;
    File::from(file).sync_all().map_err(|error| io_fault(&error))?;
    put_in_place(folder.as_fd(), &name, &target, replace)?;
    reach.entry_in(folder.as_fd(), place)
}

/// It is not wanted any more.
pub(super) fn give_up(reach: &Reach, place: &Place, key: UploadKey) -> Result<u64, Fault> {
    let (folder, _) = reach.spot(place)?;
    match unlinkat(&folder, part_name(place, key)?.as_c_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(0),
        Err(error) => Err(fault(error)),
    }
}

/// Rights of a file that takes the place of another: those of the other, else those of any new file.
pub(super) fn mode_like(old: Option<&FileStat>) -> Mode {
    let old = old.filter(|old| reach::kind(old) == nix::sys::stat::SFlag::S_IFREG);
    Mode::from_bits_truncate(old.map_or(0o644, |old| old.st_mode & 0o777))
}

fn open_part(folder: BorrowedFd<'_>, name: &CString, make: OFlag) -> Result<OwnedFd, Fault> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | make;
    openat(folder, name.as_c_str(), flags, Mode::from_bits_truncate(0o600)).map_err(|error| match error {
        // It was forgotten, or never began.
        Errno::ENOENT => Fault::Elsewhere { done: 0 },
        error => fault(error),
    })
}

fn part_name(place: &Place, key: UploadKey) -> Result<CString, Fault> {
    // FNV-1a: two files of one folder have two names, whatever keys are chosen.
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = place.name().iter().fold(0xcbf2_9ce4_8422_2325, step);
    c_string(format!("{MARK}{:016x}{hash:016x}", key.0).as_bytes())
}

fn begin_writing(file: &File, from: u64) {
    // SAFETY: the call takes four numbers; what it answers does not matter, the end of the upload waits for the disk.
    unsafe { libc::sync_file_range(file.as_raw_fd(), from.cast_signed(), 0, libc::SYNC_FILE_RANGE_WRITE) };
}

/// Removes what others began and never went on with.
fn sweep(reach: &Reach, place: &Place) {
    let Some(Ok(folder)) = place.parent().map(|parent| reach.folder(&parent)) else { return };
    let (Ok(own), Ok(mut listing)) = (folder.try_clone(), Dir::from_fd(folder)) else { return };
    let now = super::now();
    for entry in listing.iter().flatten() {
        let name = entry.file_name();
        let stale = || reach::about(own.as_fd(), name).is_ok_and(|about| about.st_mtime < now - FORGOTTEN);
        if name.to_bytes().starts_with(MARK.as_bytes()) && stale() {
            unlinkat(&own, name, UnlinkatFlags::NoRemoveDir).unwrap_or_default();
        }
    }
}

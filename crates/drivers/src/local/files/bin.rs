//! The bin, as desktops keep it (freedesktop.org's trash specification 1.0): in the home `.local/share/Trash`, in a shared
//! folder `.Trash-UID` at its top; `files/` has what was thrown away, `info/` where it was and when.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use files::{BinItem, Fault, Kind, Place, Root, address, unaddress};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::change::move_to;
use super::reach::{self, Reach, c_string};
use super::{fault, io_fault, tree};

/// The most items in one answer.
const PAGE: u32 = 1000;
/// Names in a bin that are looked at.
const MOST: usize = 100_000;
/// One request removes for so long.
const SLICE: Duration = Duration::from_millis(200);
/// The longest note that is read.
const NOTE: u64 = 32 << 10;
const SUFFIX: &[u8] = b".trashinfo";

/// An open bin.
struct Bin {
    root: Root,
    files: OwnedFd,
    info: OwnedFd,
}

/// Opens the bin of a root; makes it if it is to be used.
fn open(reach: &Reach, uid: u32, root: Root, make: bool) -> Result<Bin, Fault> {
    let way: Vec<Vec<u8>> = match root {
        Root::Home => [&b".local"[..], b"share", b"Trash"].map(<[u8]>::to_vec).into(),
        Root::Shared(_) => vec![format!(".Trash-{uid}").into_bytes()],
        Root::Machine => return Err(Fault::Denied),
    };
    let mut folder = reach.folder(&Place::top(root))?;
    for part in &way {
        folder = enter(folder.as_fd(), part, make)?;
    }
    let (files, info) = (enter(folder.as_fd(), b"files", make)?, enter(folder.as_fd(), b"info", make)?);
    Ok(Bin { root, files, info })
}

/// A folder of the bin, itself and no link: what is thrown away stays below its root.
fn enter(folder: BorrowedFd<'_>, name: &[u8], make: bool) -> Result<OwnedFd, Fault> {
    let name = c_string(name)?;
    if make {
        match mkdirat(folder, name.as_c_str(), Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    tree::open_folder(folder, &name).map_err(fault)
}

/// Moves something to the bin of its root.
pub(super) fn discard(reach: &Reach, uid: u32, place: &Place) -> Result<u64, Fault> {
    let (folder, name) = reach.spot(place)?;
    reach::about(folder.as_fd(), &name).map_err(fault)?;
    if in_bin(uid, place) {
        return Err(Fault::Denied);
    }
    let bin = open(reach, uid, place.root, true)?;
    let was = match place.root {
        // As the specification has it: absolute in the home, relative to the top elsewhere.
        Root::Home => [reach.root_path(place.root)?, b"/", place.path()].concat(),
        _ => place.path().to_vec(),
    };
    let path = was.split(|byte| *byte == b'/').map(address).collect::<Vec<_>>().join("/");
    let note = format!("[Trash Info]\nPath={path}\nDeletionDate={}\n", local_time());
    for number in 1..10_000 {
        let kept = kept_name(place.name(), number);
        let note_name = c_string(&[&kept, SUFFIX].concat())?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = match openat(&bin.info, note_name.as_c_str(), flags, Mode::from_bits_truncate(0o600)) {
            Ok(file) => file,
            Err(Errno::EEXIST) => continue,
            Err(error) => return Err(fault(error)),
        };
        let moved = File::from(file)
            .write_all(note.as_bytes())
            .map_err(|error| io_fault(&error))
            .and_then(|()| move_to((folder.as_fd(), &name), (bin.files.as_fd(), &c_string(&kept)?)));
        match moved {
            Ok(()) => return Ok(1),
            Err(error) => {
                unlinkat(&bin.info, note_name.as_c_str(), UnlinkatFlags::NoRemoveDir).ok();
                if error != Fault::Exists {
                    return Err(error);
                }
            }
        }
    }
    Err(Fault::TooMuch)
}

/// The bin itself, and what leads to it, is not thrown away.
fn in_bin(uid: u32, place: &Place) -> bool {
    let bin = match place.root {
        Root::Home => ".local/share/Trash".to_owned(),
        _ => format!(".Trash-{uid}"),
    };
    let (bin, path) = (bin.as_bytes(), place.path());
    let holds = |outer: &[u8], inner: &[u8]| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    holds(bin, path) || holds(path, bin)
}

/// The name that something has in the bin: its own, with a number before its ending if that is taken.
fn kept_name(name: &[u8], number: u32) -> Vec<u8> {
    // Room for the number and for the note's ending.
    let name = &name[..name.len().min(230)];
    if number == 1 {
        return name.to_vec();
    }
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0).unwrap_or(name.len());
    [&name[..dot], format!(".{number}").as_bytes(), &name[dot..]].concat()
}

/// What is in all bins, the newest first.
pub(super) fn list(reach: &Reach, uid: u32, from: u64, count: u32) -> Result<(Vec<BinItem>, u64), Fault> {
    let mut items = Vec::new();
    for root in reach.roots() {
        match open(reach, uid, root.root, false) {
            Ok(bin) => bin.read(reach, &mut items)?,
            Err(Fault::Missing | Fault::Denied | Fault::NotFolder | Fault::Outside) => {}
            Err(other) => return Err(other),
        }
    }
    items.sort_by(|one, other| other.when.cmp(&one.when).then_with(|| one.id.as_bytes().cmp(other.id.as_bytes())));
    let total = items.len() as u64;
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    Ok((items.into_iter().skip(from).take(count.min(PAGE) as usize).collect(), total))
}

impl Bin {
    fn read(&self, reach: &Reach, items: &mut Vec<BinItem>) -> Result<(), Fault> {
        let listing = self.files.try_clone().map_err(|error| io_fault(&error))?;
        for entry in Dir::from_fd(listing).map_err(fault)?.iter().take(MOST) {
            let name = entry.map_err(fault)?.file_name().to_owned();
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            let Ok(about) = reach::about(self.files.as_fd(), &name) else { continue };
            let (was, when) = self.note(reach, name.as_bytes()).unwrap_or_default();
            let entry = reach::entry_of(name.as_bytes(), &about);
            items.push(BinItem {
                root: self.root,
                id: name.as_bytes().into(),
                was: was.into(),
                when,
                kind: entry.kind,
                size: if entry.kind == Kind::File { entry.size } else { 0 },
            });
        }
        Ok(())
    }

    /// Where something was, below the root, and when it was thrown away.
    fn note(&self, reach: &Reach, id: &[u8]) -> Option<(Vec<u8>, String)> {
        let name = c_string(&[id, SUFFIX].concat()).ok()?;
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = openat(&self.info, name.as_c_str(), flags, Mode::empty()).ok()?;
        reach::ordinary(file.as_fd()).ok()?;
        let mut text = Vec::new();
        File::from(file).take(NOTE).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        let path = unaddress(value("Path=")?);
        let top = reach.root_path(self.root).ok()?;
        let was = match path.strip_prefix(b"/") {
            None => path.clone(),
            // Of the whole machine: it must be below the root.
            Some(_) => path.strip_prefix(top)?.strip_prefix(b"/")?.to_vec(),
        };
        let when: String = value("DeletionDate=").unwrap_or_default().chars().take(19).collect();
        Some((was, when))
    }

    fn forget(&self, id: &[u8]) -> Result<(), Fault> {
        let name = c_string(&[id, SUFFIX].concat())?;
        match unlinkat(&self.info, name.as_c_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(fault(error)),
        }
    }
}

/// Puts something back; the folders that it was in are made again.
pub(super) fn restore(reach: &Reach, uid: u32, root: Root, id: &[u8]) -> Result<Place, Fault> {
    let bin = open(reach, uid, root, false)?;
    let name = one_name(id)?;
    reach::about(bin.files.as_fd(), &name).map_err(fault)?;
    // Without a note it goes to the top, under the name that it has.
    let was = bin.note(reach, id).map(|(was, _)| was).filter(|was| !was.is_empty());
    let place = Place::new(root, was.as_deref().unwrap_or(id))?;
    make_folders(reach, &place)?;
    let (folder, target) = reach.spot(&place)?;
    move_to((bin.files.as_fd(), &name), (folder.as_fd(), &target))?;
    bin.forget(id)?;
    Ok(place)
}

fn make_folders(reach: &Reach, place: &Place) -> Result<(), Fault> {
    let mut missing = Vec::new();
    let mut at = place.parent();
    while let Some(folder) = at {
        match reach.folder(&folder) {
            Ok(_) => break,
            Err(Fault::Missing) => {
                at = folder.parent();
                missing.push(folder);
            }
            Err(error) => return Err(error),
        }
    }
    missing.iter().rev().try_for_each(|folder| super::change::make_folder(reach, folder).map(|_| ()))
}

/// Removes one thing, or all, for good: as much as there is time for, and whether there is more.
pub(super) fn destroy(reach: &Reach, uid: u32, root: Root, id: Option<&[u8]>) -> Result<(u64, bool), Fault> {
    let deadline = Instant::now() + SLICE;
    let bin = match open(reach, uid, root, false) {
        Err(Fault::Missing) => return Ok((0, false)),
        bin => bin?,
    };
    let names: Vec<CString> = match id {
        Some(id) => vec![one_name(id)?],
        None => {
            let listing = bin.files.try_clone().map_err(|error| io_fault(&error))?;
            let mut listing = Dir::from_fd(listing).map_err(fault)?;
            let names = listing.iter().take(MOST).flatten().map(|entry| entry.file_name().to_owned());
            names.filter(|name| !matches!(name.as_bytes(), b"." | b"..")).collect()
        }
    };
    let mut count = 0;
    for name in names {
        let (removed, whole) = tree::remove(bin.files.as_fd(), &name, deadline)?;
        count += removed;
        if !whole {
            return Ok((count, true));
        }
        bin.forget(name.as_bytes())?;
        if id.is_none() && Instant::now() > deadline {
            return Ok((count, true));
        }
    }
    Ok((count, false))
}

fn one_name(id: &[u8]) -> Result<CString, Fault> {
    // Also checks that it is one name and no way elsewhere.
    let place = Place::top(Root::Home).join(id)?;
    c_string(place.name())
}

/// As the specification has it: local time, without a zone.
fn local_time() -> String {
    let now = broken_down(super::now());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        now.tm_year + 1900,
        now.tm_mon + 1,
        now.tm_mday,
        now.tm_hour,
        now.tm_min,
        now.tm_sec
    )
}

/// Local time of seconds since 1970.
pub(super) fn broken_down(seconds: i64) -> libc::tm {
    // SAFETY: an all-zero structure is a valid one; both pointers are to live variables of the right types.
    unsafe {
        let mut local: libc::tm = std::mem::zeroed();
        libc::localtime_r(&seconds, &mut local);
        local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_bin() {
        for (name, number, kept) in
            [("a.txt", 1, "a.txt"), ("a.txt", 2, "a.2.txt"), ("a", 3, "a.3"), (".bashrc", 2, ".bashrc.2")]
        {
            assert_eq!(kept_name(name.as_bytes(), number), kept.as_bytes());
        }
        assert!(kept_name(&[b'x'; 255], 9999).len() + SUFFIX.len() <= 255);
    }

    #[test]
    fn the_bin_is_not_thrown_away() {
        for (path, is) in [
            (".local", true),
            (".local/share/Trash/files/x", true),
            (".local/share/other", false),
            (".localx", false),
            ("x", false),
        ] {
            assert_eq!(Place::new(Root::Home, path).map(|place| in_bin(7, &place)), Ok(is), "{path}");
        }
    }
}

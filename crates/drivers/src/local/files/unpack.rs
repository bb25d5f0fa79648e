//! Unpacking an archive that somebody uploaded, into a new folder beside it. An archive is a stranger's word: nothing is
//! written outside the new folder, no link and no device is made, and what grows beyond all measure is stopped and taken back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use files::zip::{self, DEFLATED, Found, STORED};
use files::{Fault, Place, Root, Unpacked, tar};
use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat, mkdirat};

use super::reach::{Reach, c_string};
use super::tree::Made;
use super::{fault, io_fault, tree};

/// One request unpacks for so long.
const SLICE: Duration = Duration::from_millis(200);
/// Files and folders of one archive.
const MOST: u64 = 1_000_000;
/// An archive may always come to so many bytes...
const FLOOR: u64 = 1 << 30;
/// ...and to so many times its own size.
const RATIO: u64 = 200;
/// Read at once.
const PART: usize = 64 << 10;
/// Folders of this name that are tried.
const NAMES: u32 = 1000;

/// An archive that is being unpacked.
pub(super) struct Unpack {
    /// Where the new folder lies.
    parent: OwnedFd,
    folder: OwnedFd,
    /// What was made, the folder included.
    made: Made,
    /// Why it was stopped: what was made is being removed.
    stopped: Option<Fault>,
    source: Source,
    now: Option<Now>,
    told: Unpacked,
    allowed: u64,
    /// Bytes that came out of it, also those that were left out.
    seen: u64,
    /// The folder that the last file went to.
    nearest: Option<(Vec<u8>, OwnedFd)>,
    part: Vec<u8>,
}

enum Source {
    Zip { file: Rc<File>, list: Stretch, read: Vec<u8> },
    Tar { stream: Box<dyn Read> },
}

/// What is being written.
struct Now {
    /// `None`: it is left out, and only read over.
    out: Option<File>,
    /// Where it comes from, in a zip.
    from: Option<Box<dyn Read>>,
    /// So much is to come.
    left: u64,
    /// So much fills up the last block.
    filling: u64,
    crc: Crc,
    /// What the sum must be.
    sum: Option<u32>,
}

/// What an archive says of its next name.
struct Next {
    name: Vec<u8>,
    what: What,
    mode: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    File,
    Folder,
    /// Nothing that is unpacked.
    Other,
}

/// Part of a file, read from its beginning.
struct Stretch {
    file: Rc<File>,
    at: u64,
    end: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

fn damaged(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Fault::Damaged,
        _ => io_fault(error),
    }
}

impl Unpack {
    /// Of an archive that lies there.
    pub(super) fn new(reach: &Reach, place: &Place) -> Result<Self, Fault> {
        if place.root == Root::Machine {
            return Err(Fault::Denied);
        }
        let (file, about) = reach.file(place)?;
        let length = u64::try_from(about.st_size).unwrap_or(0);
        let source = open(Rc::new(file.into()), length)?;
        let (parent, _) = reach.spot(place)?;
        let (into, folder) = new_folder(&parent, place.name())?;
        let made = Made::from([tree::identity(&fstat(&folder).map_err(fault)?)]);
        Ok(Self {
            parent,
            folder,
            made,
            stopped: None,
            source,
            now: None,
            told: Unpacked { into: into.into(), ..Unpacked::default() },
            allowed: length.saturating_mul(RATIO).max(FLOOR),
            seen: 0,
            nearest: None,
            part: vec![0; PART],
        })
    }

    /// Goes on for a while. What takes more room than there should be is removed again; of what is only damaged, the part
    /// that could be read stays.
    pub(super) fn more(&mut self) -> Result<Unpacked, Fault> {
        let deadline = Instant::now() + SLICE;
        while self.stopped.is_none() && !self.told.end && Instant::now() < deadline {
            match if self.now.is_some() { self.write_on() } else { self.begin_next() } {
                Err(why @ (Fault::Bomb | Fault::TooMuch | Fault::Full)) => self.stopped = Some(why),
                step => step?,
            }
        }
        if let Some(why) = self.stopped.clone() {
            self.now = None;
            let name = c_string(self.told.into.as_bytes())?;
            // What cannot be removed is no reason to say another thing than what went wrong.
            if tree::remove_made(self.parent.as_fd(), &name, &self.made, deadline).unwrap_or(true) {
                return Err(why);
            }
        }
        Ok(self.told.clone())
    }

    fn begin_next(&mut self) -> Result<(), Fault> {
        let found = match &mut self.source {
            Source::Zip { file, list, read } => next_of_zip(file, list, read)?,
            Source::Tar { stream } => next_of_tar(stream.as_mut(), &mut self.seen)?,
        };
        let Some((next, mut now)) = found else {
            self.told.end = true;
            return Ok(());
        };
        if self.told.entries + self.told.left_out >= MOST {
            return Err(Fault::TooMuch);
        }
        match self.make(&next) {
            Ok(out) => {
                self.told.entries += 1;
                now.out = out;
            }
            // It cannot be here, or is there already; the rest can.
            Err(Fault::Unfit | Fault::Exists | Fault::NotFolder | Fault::Outside) => {
                self.told.left_out += 1;
                now.sum = None;
                if now.from.is_some() {
                    now.left = 0;
                }
            }
            Err(other) => return Err(other),
        }
        self.now = Some(now);
        Ok(())
    }

    /// Makes what a name stands for; a file is opened.
    fn make(&mut self, next: &Next) -> Result<Option<File>, Fault> {
        let place = inside(&next.name)?;
        match (next.what, place.parent()) {
            (What::Other, _) => Err(Fault::Unfit),
            // The folder itself.
            (_, None) => Ok(None),
            (What::Folder, _) => self.enter(place.path()).map(|()| None),
            (What::File, Some(parent)) => {
                self.enter(parent.path())?;
                let folder = self.nearest.as_ref().map_or(&self.folder, |(_, folder)| folder);
                let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
                let mode = Mode::from_bits_truncate(0o600 | (next.mode & 0o777));
                let file = openat(folder, c_string(place.name())?.as_c_str(), flags, mode).map_err(fault)?;
                self.made.insert(tree::identity(&fstat(&file).map_err(fault)?));
                Ok(Some(file.into()))
            }
        }
    }

    /// Goes to a folder inside the new one, and makes what is missing on the way. Links are no way.
    fn enter(&mut self, path: &[u8]) -> Result<(), Fault> {
        if self.nearest.as_ref().is_some_and(|(known, _)| known == path) {
            return Ok(());
        }
        let mut at = self.folder.try_clone().map_err(|error| io_fault(&error))?;
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            let name = c_string(part)?;
            let is_new = match mkdirat(&at, name.as_c_str(), Mode::from_bits_truncate(0o755)) {
                Ok(()) => true,
                Err(Errno::EEXIST) => false,
                Err(error) => return Err(fault(error)),
            };
            at = tree::open_folder(at.as_fd(), &name).map_err(fault)?;
            if is_new {
                self.made.insert(tree::identity(&fstat(&at).map_err(fault)?));
            }
        }
        self.nearest = Some((path.to_vec(), at));
        Ok(())
    }

    fn write_on(&mut self) -> Result<(), Fault> {
        let Some(now) = &mut self.now else { return Ok(()) };
        let wanted = now.left.min(PART as u64) as usize;
        let count = match (&mut now.from, &mut self.source) {
            _ if wanted == 0 => Ok(0),
            (Some(from), _) => from.read(&mut self.part[..wanted]),
            (None, Source::Tar { stream }) => stream.read(&mut self.part[..wanted]),
            (None, Source::Zip { .. }) => Ok(0),
        }
        .map_err(|error| damaged(&error))?;
        if count == 0 && wanted > 0 {
            return Err(Fault::Damaged);
        }
        let bytes = &self.part[..count];
        now.left -= count as u64;
        self.seen += count as u64;
        if self.seen > self.allowed {
            return Err(Fault::Bomb);
        }
        now.crc.update(bytes);
        if let Some(out) = &mut now.out {
            out.write_all(bytes).map_err(|error| io_fault(&error))?;
            self.told.bytes += count as u64;
        }
        if now.left > 0 {
            return Ok(());
        }
        if now.sum.is_some_and(|sum| sum != now.crc.sum()) {
            return Err(Fault::Damaged);
        }
        if let (Source::Tar { stream }, filling) = (&mut self.source, now.filling as usize) {
            stream.read_exact(&mut self.part[..filling]).map_err(|error| damaged(&error))?;
        }
        self.now = None;
        Ok(())
    }
}

/// The path of a name in an archive, below the new folder.
fn inside(name: &[u8]) -> Result<Place, Fault> {
    if name.starts_with(b"/") {
        return Err(Fault::Unfit);
    }
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    Place::new(Root::Home, parts.join(&b'/'))
}

/// Which form it is, by its content.
fn open(file: Rc<File>, length: u64) -> Result<Source, Fault> {
    let mut head = Vec::new();
    Stretch { file: file.clone(), at: 0, end: 512 }.read_to_end(&mut head).map_err(|error| damaged(&error))?;
    let whole = Stretch { file: file.clone(), at: 0, end: length };
    if head.starts_with(b"PK") {
        let list = find_list(&file, length)?;
        let list = Stretch { file: file.clone(), at: list.offset, end: list.offset.saturating_add(list.length) };
        return Ok(Source::Zip { file, list, read: Vec::new() });
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Source::Tar { stream: Box::new(MultiGzDecoder::new(whole)) });
    }
    if head.get(257..262) == Some(b"ustar") {
        return Ok(Source::Tar { stream: Box::new(whole) });
    }
    Err(Fault::Damaged)
}

fn find_list(file: &Rc<File>, length: u64) -> Result<zip::List, Fault> {
    let piece = |at: u64, most: u64| {
        let mut bytes = Vec::new();
        let mut stretch = Stretch { file: file.clone(), at, end: at.saturating_add(most).min(length) };
        stretch.read_to_end(&mut bytes).map(|_| bytes).map_err(|error| damaged(&error))
    };
    match zip::find_end(&piece(length.saturating_sub(zip::TAIL), zip::TAIL)?)? {
        Found::Here(list) => Ok(list),
        Found::Elsewhere(at) => zip::parse_end_64(&piece(at, zip::END_64_LENGTH as u64)?),
    }
}

fn next_of_zip(file: &Rc<File>, list: &mut Stretch, read: &mut Vec<u8>) -> Result<Option<(Next, Now)>, Fault> {
    let item = loop {
        if let Some((item, used)) = zip::parse_central(read)? {
            read.drain(..used);
            break item;
        }
        let old = read.len();
        read.resize(old + PART, 0);
        let count = list.read(&mut read[old..]).map_err(|error| damaged(&error))?;
        read.truncate(old + count);
        if count == 0 {
            return if old == 0 { Ok(None) } else { Err(Fault::Damaged) };
        }
    };
    let known = !item.locked && matches!(item.method, STORED | DEFLATED);
    let what = match item.what {
        zip::What::Folder => What::Folder,
        zip::What::File if known => What::File,
        _ => What::Other,
    };
    let mut local = [0; zip::LOCAL_LENGTH];
    file.read_exact_at(&mut local, item.offset).map_err(|error| damaged(&error))?;
    let at = item.offset.checked_add(zip::content_after(&local)?).ok_or(Fault::Damaged)?;
    let stretch = Stretch { file: file.clone(), at, end: at.checked_add(item.packed).ok_or(Fault::Damaged)? };
    let is_file = what == What::File;
    let from: Box<dyn Read> = match item.method {
        DEFLATED => Box::new(DeflateDecoder::new(stretch)),
        _ => Box::new(stretch),
    };
    let left = if is_file { item.size } else { 0 };
    let sum = is_file.then_some(item.crc);
    let now = Now { out: None, from: Some(from), left, filling: 0, crc: Crc::new(), sum };
    Ok(Some((Next { name: item.name, what, mode: item.mode.unwrap_or(0o644) }, now)))
}

fn next_of_tar(stream: &mut dyn Read, seen: &mut u64) -> Result<Option<(Next, Now)>, Fault> {
    let (mut name, mut size) = (None, None);
    loop {
        let mut block = [0; tar::BLOCK];
        *seen += tar::BLOCK as u64;
        // Some programs leave out the empty blocks at the end.
        let begun = stream.read(&mut block).map_err(|error| damaged(&error))?;
        if begun == 0 {
            return Ok(None);
        }
        stream.read_exact(&mut block[begun..]).map_err(|error| damaged(&error))?;
        let Some(header) = tar::parse(&block)? else { return Ok(None) };
        let what = match header.what {
            tar::What::LongName => {
                let mut long = text(stream, header.size)?;
                while long.last() == Some(&0) {
                    long.pop();
                }
                name = Some(long);
                continue;
            }
            tar::What::Extended => {
                let content = text(stream, header.size)?;
                for (key, value) in tar::records(&content)? {
                    match key {
                        b"path" => name = Some(value.to_vec()),
                        b"size" => size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok()),
                        _ => {}
                    }
                }
                continue;
            }
            tar::What::LongTarget => {
                text(stream, header.size)?;
                continue;
            }
            tar::What::File => What::File,
            tar::What::Folder => What::Folder,
            tar::What::Link | tar::What::Other => What::Other,
        };
        let left = size.unwrap_or(header.size);
        let filling = tar::filling(left) as u64;
        let now = Now { out: None, from: None, left, filling, crc: Crc::new(), sum: None };
        return Ok(Some((Next { name: name.unwrap_or(header.name), what, mode: header.mode }, now)));
    }
}

/// A content that is about the next one.
fn text(stream: &mut dyn Read, size: u64) -> Result<Vec<u8>, Fault> {
    if size > tar::LONGEST {
        return Err(Fault::Damaged);
    }
    let mut content = vec![0; size as usize + tar::filling(size)];
    stream.read_exact(&mut content).map_err(|error| damaged(&error))?;
    content.truncate(size as usize);
    Ok(content)
}

/// A new folder, called as the archive is.
fn new_folder(parent: &OwnedFd, archive: &[u8]) -> Result<(Vec<u8>, OwnedFd), Fault> {
    let lower = archive.to_ascii_lowercase();
    let endings = [&b".tar.gz"[..], b".tgz", b".tar", b".zip", b".gz"];
    let ending = endings.iter().find(|ending| lower.ends_with(ending) && lower.len() > ending.len());
    let stem = match ending {
        Some(ending) => archive[..archive.len() - ending.len()].to_vec(),
        None => [&archive[..archive.len().min(240)], b".d"].concat(),
    };
    for number in 1..NAMES {
        let name = if number == 1 { stem.clone() } else { [&stem[..], format!("-{number}").as_bytes()].concat() };
        let made = c_string(&name)?;
        match mkdirat(parent, made.as_c_str(), Mode::from_bits_truncate(0o755)) {
            Ok(()) => return Ok((name, tree::open_folder(parent.as_fd(), &made).map_err(fault)?)),
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    Err(Fault::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for (name, path) in [
            ("a/b", Some("a/b")),
            ("./a//b/", Some("a/b")),
            ("./", Some("")),
            ("/etc/passwd", None),
            ("../a", None),
            ("a/../../b", None),
            ("a/..", None),
            ("a\0b", None),
        ] {
            let got = inside(name.as_bytes()).ok().map(|place| String::from_utf8_lossy(place.path()).into_owned());
            assert_eq!(got.as_deref(), path, "{name:?}");
        }
    }
}

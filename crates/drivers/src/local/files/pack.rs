//! A folder as an archive, made while it is fetched: at no time is more of it in memory than what goes out next. Links
//! are packed as links, never followed. What could not be read is named in the archive itself.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};

use files::zip::{self, DEFLATED, DosTime, Member, STORED};
use files::{CHUNK, Fault, Form, Kind, Packed, Place, Root, tar};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, readlinkat};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{FileStat, Mode, SFlag};

use super::bin::broken_down;
use super::reach::{self, Reach};
use super::tree::Walk;
use super::{fault, io_fault};

/// Read at once from a file.
const PART: usize = 64 << 10;
/// Names of what was left out that the archive lists.
const LISTED: usize = 10_000;
/// Files from this size on get 64-bit fields in a zip; compressed they grow a little at worst.
const BIG: u64 = 0xf000_0000;
/// The list of what was left out, as a file at the end.
const LEFT_OUT: &str = "_left-out.txt";

/// An archive under way.
pub(super) struct Pack {
    walk: Walk,
    /// The name of the folder, where paths begin.
    top: Vec<u8>,
    writer: Writer,
    /// The file that is being read, and how much of it is to come.
    open: Option<(OwnedFd, u64, u64)>,
    part: Vec<u8>,
    entries: u64,
    left_out: u64,
    list: String,
    /// Everything was met; only what ends the archive is to come.
    ending: bool,
    done: bool,
}

enum Writer {
    Zip(Box<Zip>),
    Tar(Tar),
}

impl Pack {
    /// Of a folder.
    pub(super) fn new(reach: &Reach, place: &Place, form: Form) -> Result<Self, Fault> {
        if place.root == Root::Machine {
            return Err(Fault::Denied);
        }
        let folder = reach.folder(place)?;
        let path = if place.name().is_empty() { reach.root_path(place.root)? } else { place.name() };
        let name = path.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or(b"files");
        let about = nix::sys::stat::fstat(&folder).map_err(fault)?;
        let mut writer = match form {
            Form::Zip => Writer::Zip(Box::new(Zip::new()?)),
            Form::TarGz => Writer::Tar(Tar::new()),
        };
        let top = [name, b"/"].concat();
        writer.begin(&top, Kind::Folder, &about, 0)?;
        writer.end()?;
        Ok(Self {
            walk: Walk::new(folder, name)?,
            top,
            writer,
            open: None,
            part: vec![0; PART],
            entries: 1,
            left_out: 0,
            list: String::new(),
            ending: false,
            done: false,
        })
    }

    /// Appends the next bytes of the archive to `out`: about as many as travel at once.
    pub(super) fn more(&mut self, out: &mut Vec<u8>) -> Result<Packed, Fault> {
        // One part more than is wanted never comes to more than fits.
        while !self.done && self.writer.ready() < CHUNK - 2 * PART {
            self.advance()?;
        }
        self.writer.take(out, CHUNK)?;
        let end = self.done && self.writer.ready() == 0;
        Ok(Packed { end, entries: self.entries, left_out: self.left_out + self.walk.missed })
    }

    fn advance(&mut self) -> Result<(), Fault> {
        if self.open.is_some() {
            return self.read_on();
        }
        if self.ending {
            self.done = true;
            return self.writer.finish();
        }
        match self.meet() {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(error),
            None => self.name_left_out(),
        }
    }

    /// The next file, folder or link.
    fn meet(&mut self) -> Option<Result<(), Fault>> {
        let met = self.walk.step()?;
        let (path, about, name) = (met.path.to_vec(), met.about, met.name);
        let packed = match reach::kind(&about) {
            SFlag::S_IFDIR => self.writer.begin(&path, Kind::Folder, &about, 0).and_then(|()| self.writer.end()),
            SFlag::S_IFLNK => match readlinkat(met.folder, name.as_c_str()) {
                Ok(target) => self.writer.link(&path, target.as_encoded_bytes(), &about),
                Err(_) => return Some(self.leave_out(&path)),
            },
            SFlag::S_IFREG => {
                let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
                let file = openat(met.folder, name.as_c_str(), flags, Mode::empty()).map_err(fault);
                match file.and_then(|file| Ok((reach::ordinary(file.as_fd())?, file))) {
                    Ok((about, file)) => {
                        let size = u64::try_from(about.st_size).unwrap_or(0);
                        self.open = Some((file, 0, size));
                        self.writer.begin(&path, Kind::File, &about, size)
                    }
                    Err(_) => return Some(self.leave_out(&path)),
                }
            }
            _ => return Some(self.leave_out(&path)),
        };
        self.entries += 1;
        Some(packed)
    }

    fn leave_out(&mut self, path: &[u8]) -> Result<(), Fault> {
        self.left_out += 1;
        if self.left_out <= LISTED as u64 {
            self.list += &String::from_utf8_lossy(path).replace(char::is_control, "\u{fffd}");
            self.list.push('\n');
        }
        Ok(())
    }

    /// Reads on in the open file. It is as long as it was when it was opened: what grows is cut, what shrinks filled up.
    fn read_on(&mut self) -> Result<(), Fault> {
        let Some((file, at, size)) = &mut self.open else { return Ok(()) };
        let length = (*size - *at).min(PART as u64) as usize;
        let part = &mut self.part[..length];
        // A disk that fails in the middle of a file: the rest is empty, and the file is named.
        let count = reach::read_at(file, part, *at).unwrap_or(0);
        part[count..].fill(0);
        *at += length as u64;
        let whole = at == size;
        self.writer.content(&self.part[..length])?;
        if whole {
            self.open = None;
            self.writer.end()?;
        }
        Ok(())
    }

    /// What could not be packed is said by the archive itself.
    fn name_left_out(&mut self) -> Result<(), Fault> {
        self.ending = true;
        if self.left_out + self.walk.missed == 0 {
            return Ok(());
        }
        let text = std::mem::take(&mut self.list);
        let text = format!("{text}{} in all.\n", self.left_out + self.walk.missed);
        let path = [self.top.as_slice(), LEFT_OUT.as_bytes()].concat();
        // SAFETY: an all-zero structure is a valid one.
        let mut about: FileStat = unsafe { std::mem::zeroed() };
        about.st_mode = 0o644;
        about.st_mtime = super::now();
        self.writer.begin(&path, Kind::File, &about, text.len() as u64)?;
        self.writer.content(text.as_bytes())?;
        self.writer.end()
    }
}

impl Writer {
    fn begin(&mut self, path: &[u8], kind: Kind, about: &FileStat, size: u64) -> Result<(), Fault> {
        match self {
            Writer::Zip(zip) => zip.begin(path, kind, about, size),
            Writer::Tar(tar) => tar.begin(path, kind, about, size),
        }
    }

    fn link(&mut self, path: &[u8], target: &[u8], about: &FileStat) -> Result<(), Fault> {
        match self {
            Writer::Zip(zip) => zip.link(path, target, about),
            Writer::Tar(tar) => tar.link(path, target, about),
        }
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self {
            Writer::Zip(zip) => zip.content(bytes),
            Writer::Tar(tar) => tar.content(bytes),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self {
            Writer::Zip(zip) => zip.end(),
            Writer::Tar(tar) => tar.end(),
        }
    }

    fn finish(&mut self) -> Result<(), Fault> {
        match self {
            Writer::Zip(zip) => zip.finish(),
            Writer::Tar(tar) => tar.finish(),
        }
    }

    /// Bytes that can be taken.
    fn ready(&self) -> usize {
        match self {
            Writer::Zip(zip) => zip.out.len() + usize::from(zip.list.is_some() && zip.finished) * PART,
            Writer::Tar(tar) => tar.out.len(),
        }
    }

    /// At most so many bytes.
    fn take(&mut self, to: &mut Vec<u8>, most: usize) -> Result<(), Fault> {
        if let Writer::Zip(zip) = self {
            zip.bring_list(most)?;
        }
        let from = match self {
            Writer::Zip(zip) => &mut zip.out,
            Writer::Tar(tar) => &mut tar.out,
        };
        to.extend(from.drain(..from.len().min(most)));
        Ok(())
    }
}

/// Compresses `bytes` to the end of `out`; says how much that came to.
fn squeeze(engine: &mut Compress, mut bytes: &[u8], out: &mut Vec<u8>, last: bool) -> Result<u64, Fault> {
    let begun = out.len();
    let flush = if last { FlushCompress::Finish } else { FlushCompress::None };
    loop {
        out.reserve(PART);
        let before = engine.total_in();
        let status = engine.compress_vec(bytes, out, flush).map_err(|_| Fault::Damaged)?;
        bytes = &bytes[(engine.total_in() - before) as usize..];
        let is_done = if last { status == Status::StreamEnd } else { bytes.is_empty() && out.len() < out.capacity() };
        if is_done {
            return Ok((out.len() - begun) as u64);
        }
    }
}

/// What other programs have compressed does not get smaller.
fn is_packed(path: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 24] = [
        b"gz", b"tgz", b"zip", b"xz", b"bz2", b"zst", b"7z", b"rar", b"png", b"jpg", b"jpeg", b"gif", b"webp", b"mp3",
        b"mp4", b"mkv", b"webm", b"ogg", b"flac", b"pdf", b"docx", b"xlsx", b"pptx", b"odt",
    ];
    let ending = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.contains(&ending.as_slice())
}

/// A zip under way. Its list of names, which comes at the end, waits in a file without a name.
struct Zip {
    out: Vec<u8>,
    /// Bytes that went out or wait in `out`.
    at: u64,
    list: Option<File>,
    listed: u64,
    count: u64,
    now: Option<Member>,
    engine: Compress,
    plain: Compress,
    crc: Crc,
    finished: bool,
}

/// A file without a name, where temporary ones are; not every disk has such (overlayfs since Linux 6.3): then in memory.
fn nameless() -> Result<File, Fault> {
    let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
    let file = match open(&std::env::temp_dir(), flags, Mode::from_bits_truncate(0o600)) {
        // Before O_TMPFILE was known there, it was taken for a folder that is opened to write.
        Err(Errno::EOPNOTSUPP | Errno::EISDIR) => memfd_create("algoric-archive", MFdFlags::MFD_CLOEXEC),
        other => other,
    };
    file.map(File::from).map_err(fault)
}

impl Zip {
    fn new() -> Result<Self, Fault> {
        Ok(Self {
            out: Vec::new(),
            at: 0,
            list: Some(nameless()?),
            listed: 0,
            count: 0,
            now: None,
            engine: Compress::new(Compression::fast(), false),
            plain: Compress::new(Compression::none(), false),
            crc: Crc::new(),
            finished: false,
        })
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.at += bytes.len() as u64;
    }

    fn member(&self, path: &[u8], what: zip::What, about: &FileStat) -> Member {
        let local = broken_down(about.st_mtime);
        let part = |number: i32| u16::try_from(number).unwrap_or(0);
        let dos = DosTime::new(
            [part(local.tm_year + 1900), part(local.tm_mon + 1), part(local.tm_mday)],
            [part(local.tm_hour), part(local.tm_min), part(local.tm_sec)],
        );
        let (mode, unix, offset) = (about.st_mode & 0o777, about.st_mtime, self.at);
        let name = path.to_vec();
        Member { name, what, mode, dos, unix, method: STORED, big: false, offset, crc: 0, packed: 0, size: 0 }
    }

    fn begin(&mut self, path: &[u8], kind: Kind, about: &FileStat, size: u64) -> Result<(), Fault> {
        let what = if kind == Kind::Folder { zip::What::Folder } else { zip::What::File };
        let mut member = self.member(path, what, about);
        if size > 0 {
            member.method = DEFLATED;
            member.big = size >= BIG;
        }
        self.put(&member.local());
        self.engine.reset();
        self.plain.reset();
        self.crc = Crc::new();
        self.now = Some(member);
        Ok(())
    }

    fn link(&mut self, path: &[u8], target: &[u8], about: &FileStat) -> Result<(), Fault> {
        let mut member = self.member(path, zip::What::Link, about);
        let mut crc = Crc::new();
        crc.update(target);
        (member.crc, member.packed, member.size) = (crc.sum(), target.len() as u64, target.len() as u64);
        self.put(&member.local());
        self.put(target);
        self.note(&member)
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Some(member) = &mut self.now else { return Ok(()) };
        self.crc.update(bytes);
        member.size += bytes.len() as u64;
        let engine = if is_packed(&member.name) { &mut self.plain } else { &mut self.engine };
        let length = squeeze(engine, bytes, &mut self.out, false)?;
        member.packed += length;
        self.at += length;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(mut member) = self.now.take() else { return Ok(()) };
        if member.method == DEFLATED {
            let engine = if is_packed(&member.name) { &mut self.plain } else { &mut self.engine };
            let length = squeeze(engine, &[], &mut self.out, true)?;
            member.packed += length;
            member.crc = self.crc.sum();
            self.at += length;
            self.put(&member.descriptor());
        }
        self.note(&member)
    }

    fn note(&mut self, member: &Member) -> Result<(), Fault> {
        let line = member.central();
        self.listed += line.len() as u64;
        self.count += 1;
        self.list.as_mut().map_or(Ok(()), |list| list.write_all(&line)).map_err(|error| io_fault(&error))
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.finished = true;
        self.list.as_mut().map_or(Ok(0), |list| list.seek(SeekFrom::Start(0))).map_err(|error| io_fault(&error))?;
        Ok(())
    }

    /// At the end: as much of the list as fits, and behind it the end of the archive.
    fn bring_list(&mut self, most: usize) -> Result<(), Fault> {
        while self.finished && self.out.len() < most {
            let Some(list) = &mut self.list else { return Ok(()) };
            let old = self.out.len();
            self.out.resize(old + PART, 0);
            let count = list.read(&mut self.out[old..]).map_err(|error| io_fault(&error))?;
            self.out.truncate(old + count);
            if count == 0 {
                self.list = None;
                let end = zip::end(self.count, self.listed, self.at);
                self.out.extend_from_slice(&end);
            }
        }
        Ok(())
    }
}

/// A compressed tar under way.
struct Tar {
    out: Vec<u8>,
    engine: Compress,
    crc: Crc,
    size: u64,
}

impl Tar {
    fn new() -> Self {
        // The header of gzip (RFC 1952): deflate, no flags, no time, made by Unix.
        let out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        Self { out, engine: Compress::new(Compression::fast(), false), crc: Crc::new(), size: 0 }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.crc.update(bytes);
        squeeze(&mut self.engine, bytes, &mut self.out, false)?;
        Ok(())
    }

    fn begin(&mut self, path: &[u8], kind: Kind, about: &FileStat, size: u64) -> Result<(), Fault> {
        let what = if kind == Kind::Folder { tar::What::Folder } else { tar::What::File };
        self.header(path, what, &[], about, size)
    }

    fn link(&mut self, path: &[u8], target: &[u8], about: &FileStat) -> Result<(), Fault> {
        self.header(path, tar::What::Link, target, about, 0)
    }

    fn header(
        &mut self,
        path: &[u8],
        what: tar::What,
        target: &[u8],
        about: &FileStat,
        size: u64,
    ) -> Result<(), Fault> {
        self.size = size;
        let mode = about.st_mode & 0o777;
        let header =
            tar::Header { name: path.to_vec(), what, target: target.to_vec(), mode, size, modified: about.st_mtime };
        self.put(&header.bytes())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.put(bytes)
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.put(&[0; tar::BLOCK][..tar::filling(self.size)])
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.put(&tar::END)?;
        squeeze(&mut self.engine, &[], &mut self.out, true)?;
        let (sum, amount) = (self.crc.sum(), self.crc.amount());
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.out.extend_from_slice(&amount.to_le_bytes());
        Ok(())
    }
}

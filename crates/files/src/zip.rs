//! Zip, byte by byte (PKWARE's APPNOTE.TXT 6.3.10; the extra field 0x5455 is Info-ZIP's): what is written so that it can
//! be streamed, and what is read of archives that others made. Must not know compression, nor where bytes come from.

use crate::Fault;

const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

/// Stands for "see the 64-bit field".
const FULL: u32 = u32::MAX;
/// Stored as it is.
pub const STORED: u16 = 0;
/// Deflate (RFC 1951).
pub const DEFLATED: u16 = 8;

const STREAMED: u16 = 1 << 3;
const UTF_8: u16 = 1 << 11;

const FORMAT: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;

/// Bytes of a local header before its name.
pub const LOCAL_LENGTH: usize = 30;
/// The end of an archive is in its last so many bytes.
pub const TAIL: u64 = 22 + 65_535 + 20;
/// Bytes of the 64-bit end.
pub const END_64_LENGTH: usize = 56;

/// What a name in an archive is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link; its content is where it leads.
    Link,
    /// Something else.
    Other,
}

/// When, as MS-DOS wrote it: local time in steps of two seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DosTime {
    time: u16,
    date: u16,
}

impl DosTime {
    /// From year, month, day, hour, minute, second. Before 1980 and after 2107 there is no time.
    pub fn new(date: [u16; 3], time: [u16; 3]) -> Self {
        let year = date[0].clamp(1980, 2107) - 1980;
        Self {
            time: (time[0].min(23) << 11) | (time[1].min(59) << 5) | (time[2].min(59) / 2),
            date: (year << 9) | (date[1].clamp(1, 12) << 5) | date[2].clamp(1, 31),
        }
    }
}

/// One name in an archive that is being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Relative, with `/`; a folder's ends with one.
    pub name: Vec<u8>,
    /// What it is.
    pub what: What,
    /// Permission bits.
    pub mode: u32,
    /// When it was changed, for people.
    pub dos: DosTime,
    /// ...and in seconds since 1970.
    pub unix: i64,
    /// [`STORED`] (all is known before it is written) or [`DEFLATED`] (what it came to follows it).
    pub method: u16,
    /// It may become 4 GiB.
    pub big: bool,
    /// Where it begins in the archive.
    pub offset: u64,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes of the content.
    pub size: u64,
}

impl Member {
    fn flags(&self) -> u16 {
        let utf_8 = if std::str::from_utf8(&self.name).is_ok() { UTF_8 } else { 0 };
        utf_8 | if self.method == DEFLATED { STREAMED } else { 0 }
    }

    fn common(&self, out: &mut Vec<u8>, sizes: bool) {
        put16(out, if self.big { 45 } else { 20 });
        put16(out, self.flags());
        put16(out, self.method);
        put16(out, self.dos.time);
        put16(out, self.dos.date);
        put32(out, if sizes { self.crc } else { 0 });
        for size in [self.packed, self.size] {
            put32(
                out,
                if self.big {
                    FULL
                } else if sizes {
                    size as u32
                } else {
                    0
                },
            );
        }
        put16(out, self.name.len() as u16);
    }

    /// What stands before the content.
    pub fn local(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LOCAL_LENGTH + self.name.len() + 20);
        put32(&mut out, LOCAL);
        self.common(&mut out, self.method == STORED);
        put16(&mut out, if self.big { 20 } else { 0 });
        out.extend_from_slice(&self.name);
        if self.big {
            put16(&mut out, 1);
            put16(&mut out, 16);
            put64(&mut out, 0);
            put64(&mut out, 0);
        }
        out
    }

    /// What stands behind the content, when it was not known before.
    pub fn descriptor(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put32(&mut out, DESCRIPTOR);
        put32(&mut out, self.crc);
        for size in [self.packed, self.size] {
            if self.big { put64(&mut out, size) } else { put32(&mut out, size as u32) }
        }
        out
    }

    /// Its line in the list at the end of the archive.
    pub fn central(&self) -> Vec<u8> {
        let far = self.offset >= u64::from(FULL);
        let mut wide = Vec::new();
        if self.big {
            put64(&mut wide, self.size);
            put64(&mut wide, self.packed);
        }
        if far {
            put64(&mut wide, self.offset);
        }
        let mut extra = Vec::new();
        if !wide.is_empty() {
            put16(&mut extra, 1);
            put16(&mut extra, wide.len() as u16);
            extra.extend_from_slice(&wide);
        }
        if let Ok(seconds) = i32::try_from(self.unix) {
            put16(&mut extra, 0x5455);
            put16(&mut extra, 5);
            extra.push(1);
            extra.extend_from_slice(&seconds.to_le_bytes());
        }
        let (format, dos) = match self.what {
            What::Folder => (FOLDER, 0x10),
            What::Link => (LINK, 0),
            What::File | What::Other => (FILE, 0),
        };
        let mut out = Vec::with_capacity(46 + self.name.len() + extra.len());
        put32(&mut out, CENTRAL);
        // Made by Unix.
        put16(&mut out, (3 << 8) | 45);
        self.common(&mut out, true);
        put16(&mut out, extra.len() as u16);
        // No comment, first disk, binary.
        out.extend_from_slice(&[0; 6]);
        put32(&mut out, ((format | (self.mode & 0o777)) << 16) | dos);
        put32(&mut out, if far { FULL } else { self.offset as u32 });
        out.extend_from_slice(&self.name);
        out.extend_from_slice(&extra);
        out
    }
}

/// The end of an archive with so many members, whose list takes `length` bytes from `offset` on.
pub fn end(count: u64, length: u64, offset: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let wide = count >= 0xffff || length >= u64::from(FULL) || offset >= u64::from(FULL);
    if wide {
        put32(&mut out, END_64);
        put64(&mut out, 44);
        put16(&mut out, (3 << 8) | 45);
        put16(&mut out, 45);
        put32(&mut out, 0);
        put32(&mut out, 0);
        for number in [count, count, length, offset] {
            put64(&mut out, number);
        }
        put32(&mut out, LOCATOR_64);
        put32(&mut out, 0);
        put64(&mut out, offset + length);
        put32(&mut out, 1);
    }
    put32(&mut out, END);
    put32(&mut out, 0);
    let count = if wide { 0xffff } else { count as u16 };
    put16(&mut out, count);
    put16(&mut out, count);
    put32(&mut out, if wide { FULL } else { length as u32 });
    put32(&mut out, if wide { FULL } else { offset as u32 });
    put16(&mut out, 0);
    out
}

/// Where the list of an archive is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List {
    /// Names in it.
    pub count: u64,
    /// Its bytes.
    pub length: u64,
    /// Where it begins.
    pub offset: u64,
}

/// What the end of an archive says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Where the list is.
    Here(List),
    /// Where a 64-bit end says it: [`parse_end_64`].
    Elsewhere(u64),
}

/// Finds the end in the last bytes of an archive ([`TAIL`] of them, or all).
///
/// # Errors
/// [`Fault::Damaged`].
pub fn find_end(tail: &[u8]) -> Result<Found, Fault> {
    let mut at = tail.len().checked_sub(22).ok_or(Fault::Damaged)?;
    loop {
        if get32(tail, at) == Some(END)
            && get16(tail, at + 20).is_some_and(|rest| at + 22 + usize::from(rest) == tail.len())
        {
            break;
        }
        at = at.checked_sub(1).ok_or(Fault::Damaged)?;
    }
    let locator = at.checked_sub(20).filter(|before| get32(tail, *before) == Some(LOCATOR_64));
    if let Some(offset) = locator.and_then(|before| get64(tail, before + 8)) {
        return Ok(Found::Elsewhere(offset));
    }
    let number = |at| get32(tail, at).map(u64::from).ok_or(Fault::Damaged);
    let count = u64::from(get16(tail, at + 10).ok_or(Fault::Damaged)?);
    Ok(Found::Here(List { count, length: number(at + 12)?, offset: number(at + 16)? }))
}

/// The 64-bit end, [`END_64_LENGTH`] bytes.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn parse_end_64(bytes: &[u8]) -> Result<List, Fault> {
    if get32(bytes, 0) != Some(END_64) {
        return Err(Fault::Damaged);
    }
    let number = |at| get64(bytes, at).ok_or(Fault::Damaged);
    Ok(List { count: number(32)?, length: number(40)?, offset: number(48)? })
}

/// One name in an archive that somebody made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// As it stands there.
    pub name: Vec<u8>,
    /// What it is.
    pub what: What,
    /// Permission bits, where the archive has them.
    pub mode: Option<u32>,
    /// How it is packed.
    pub method: u16,
    /// It is locked by a password.
    pub locked: bool,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes of the content, as the archive says.
    pub size: u64,
    /// Where its local header is.
    pub offset: u64,
}

/// Takes the next line off the list: the item, and how many bytes it took; `None`: not all there.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn parse_central(bytes: &[u8]) -> Result<Option<(Item, usize)>, Fault> {
    let Some(head) = bytes.get(..46) else { return Ok(None) };
    if get32(head, 0) != Some(CENTRAL) {
        return Err(Fault::Damaged);
    }
    let short = |at| get16(head, at).unwrap_or(0);
    let long = |at| get32(head, at).unwrap_or(0);
    let (name, extra, comment) = (usize::from(short(28)), usize::from(short(30)), usize::from(short(32)));
    let whole = 46 + name + extra + comment;
    if bytes.len() < whole {
        return Ok(None);
    }
    let name = bytes[46..46 + name].to_vec();
    let extra = &bytes[46 + name.len()..46 + name.len() + extra];
    let mut wide = wide_field(extra).unwrap_or_default();
    let mut wider = |value: u32| if value == FULL { take64(&mut wide) } else { Ok(u64::from(value)) };
    // In this order, whichever of them are there.
    let size = wider(long(24))?;
    let packed = wider(long(20))?;
    let offset = wider(long(42))?;
    let unix = (short(4) >> 8 == 3).then(|| long(38) >> 16);
    let what = match unix.map(|mode| mode & FORMAT) {
        _ if name.ends_with(b"/") => What::Folder,
        Some(LINK) => What::Link,
        Some(FOLDER) => What::Folder,
        Some(FILE | 0) | None => What::File,
        Some(_) => What::Other,
    };
    let mode = unix.map(|mode| mode & 0o777).filter(|mode| *mode != 0);
    let locked = short(8) & 1 != 0;
    Ok(Some((Item { name, what, mode, method: short(10), locked, crc: long(16), packed, size, offset }, whole)))
}

/// How many bytes after the beginning of a local header ([`LOCAL_LENGTH`] of it) the content begins.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn content_after(local: &[u8]) -> Result<u64, Fault> {
    match (get32(local, 0), get16(local, 26), get16(local, 28)) {
        (Some(LOCAL), Some(name), Some(extra)) => Ok(LOCAL_LENGTH as u64 + u64::from(name) + u64::from(extra)),
        _ => Err(Fault::Damaged),
    }
}

fn wide_field(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, length) = (get16(extra, 0)?, usize::from(get16(extra, 2)?));
        let content = extra.get(4..4 + length)?;
        if kind == 1 {
            return Some(content);
        }
        extra = &extra[4 + length..];
    }
}

fn take64(bytes: &mut &[u8]) -> Result<u64, Fault> {
    let value = get64(bytes, 0).ok_or(Fault::Damaged)?;
    *bytes = &bytes[8..];
    Ok(value)
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn get16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn get32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn get64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn member(name: Vec<u8>, size: u64, offset: u64, big: bool) -> Member {
        let dos = DosTime::new([2026, 11, 23], [1, 2, 3]);
        let (what, mode, method) = (What::File, 0o640, DEFLATED);
        Member { name, what, mode, dos, unix: 7, method, big, offset, crc: 9, packed: size / 2, size }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in prop::collection::vec(1_u8.., 1..300), size in any::<u64>(), offset in any::<u64>(), small in any::<bool>(),
        ) {
            let size = if small { size % 0xffff_0000 } else { size };
            let offset = if small { offset % 0xffff_0000 } else { offset / 2 };
            let written = member(name, size, offset, !small);
            let bytes = written.central();
            prop_assert_eq!(parse_central(&bytes[..bytes.len() - 1]).unwrap(), None);
            let (item, used) = parse_central(&bytes).unwrap().unwrap();
            prop_assert_eq!(used, bytes.len());
            prop_assert_eq!((item.size, item.packed, item.offset), (size, size / 2, offset));
            prop_assert_eq!(content_after(&written.local()).unwrap(), written.local().len() as u64);
            let list = List { count: offset % 100_000, length: size / 4, offset: offset / 4 };
            let tail = end(list.count, list.length, list.offset);
            let found = match find_end(&tail).unwrap() {
                Found::Here(list) => list,
                Found::Elsewhere(at) => {
                    prop_assert_eq!(at, list.offset + list.length);
                    parse_end_64(&tail).unwrap()
                }
            };
            prop_assert_eq!(found, list);
        }

        #[test]
        fn whatever_comes_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0_u8..4) {
            let mut bytes = bytes;
            let mark = [CENTRAL, LOCAL, END, END_64][usize::from(head)];
            bytes.splice(..0, mark.to_le_bytes());
            parse_central(&bytes).ok();
            content_after(&bytes).ok();
            find_end(&bytes).ok();
            parse_end_64(&bytes).ok();
        }
    }
}

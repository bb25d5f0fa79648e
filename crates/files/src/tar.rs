//! Tar, block by block, in GNU's dialect for long names and great sizes (tar(5)); read with the extended headers of POSIX
//! (pax), too. Must not know where bytes come from.

use crate::Fault;

/// Everything comes in blocks of so many bytes.
pub const BLOCK: usize = 512;
/// Two empty blocks.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// The most bytes of a name that is too long for its field.
pub const LONGEST: u64 = 64 << 10;

const LONG_LINK: &[u8] = b"././@LongLink";

/// What a header announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// The content is the name of the next one.
    LongName,
    /// The content is where the next link leads.
    LongTarget,
    /// The content says more about the next one ([`records`]).
    Extended,
    /// Something else: a hard link, a device, a pipe.
    Other,
}

/// One header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Relative, with `/`.
    pub name: Vec<u8>,
    /// What it is.
    pub what: What,
    /// Where a link leads.
    pub target: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Bytes of content, which follow in whole blocks.
    pub size: u64,
    /// When it was changed last, in seconds since 1970.
    pub modified: i64,
}

impl Header {
    /// All that stands before the content.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (text, letter) in [(&self.name, b'L'), (&self.target, b'K')] {
            if text.len() > 100 {
                out.extend_from_slice(&block(LONG_LINK, &[], 0o644, text.len() as u64 + 1, 0, letter));
                out.extend_from_slice(text);
                // The text ends with a NUL, and the block is filled up with more of them.
                out.resize(out.len() + 1 + filling(text.len() as u64 + 1), 0);
            }
        }
        let letter = match self.what {
            What::Folder => b'5',
            What::Link => b'2',
            _ => b'0',
        };
        out.extend_from_slice(&block(&self.name, &self.target, self.mode, self.size, self.modified, letter));
        out
    }
}

/// Bytes that fill up the last block of a content.
pub fn filling(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

fn block(name: &[u8], target: &[u8], mode: u32, size: u64, modified: i64, letter: u8) -> [u8; BLOCK] {
    let mut out = [0; BLOCK];
    let mut put = |at: usize, length: usize, text: &[u8]| {
        let text = &text[..text.len().min(length)];
        out[at..at + text.len()].copy_from_slice(text);
    };
    put(0, 100, name);
    put(100, 8, format!("{:07o}", mode & 0o777).as_bytes());
    put(108, 8, b"0000000");
    put(116, 8, b"0000000");
    if size < 1 << 33 {
        put(124, 12, format!("{size:011o}").as_bytes());
    } else {
        put(124, 1, &[0x80]);
        put(128, 8, &size.to_be_bytes());
    }
    put(136, 12, format!("{:011o}", modified.clamp(0, (1 << 33) - 1)).as_bytes());
    put(148, 8, b"        ");
    put(156, 1, &[letter]);
    put(157, 100, target);
    put(257, 8, b"ustar  \0");
    let sum: u32 = out.iter().map(|byte| u32::from(*byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out
}

/// Reads a header; `None`: the empty block that ends an archive.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn parse(block: &[u8; BLOCK]) -> Result<Option<Header>, Fault> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    if number(&block[148..156])? != u64::from(sum) {
        return Err(Fault::Damaged);
    }
    let text = |from: usize, to: usize| {
        let field = &block[from..to];
        &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
    };
    let mut name = text(0, 100).to_vec();
    // POSIX has a second field for what stands before the name; GNU has other things there.
    if &block[257..263] == b"ustar\0" && !text(345, 500).is_empty() {
        name = [text(345, 500), &name].join(&b'/');
    }
    let what = match block[156] {
        b'0' | 0 | b'7' if name.ends_with(b"/") => What::Folder,
        b'0' | 0 | b'7' => What::File,
        b'5' => What::Folder,
        b'2' => What::Link,
        b'L' => What::LongName,
        b'K' => What::LongTarget,
        b'x' | b'g' => What::Extended,
        _ => What::Other,
    };
    Ok(Some(Header {
        name,
        what,
        target: text(157, 257).to_vec(),
        mode: number(&block[100..108])? as u32 & 0o777,
        size: number(&block[124..136])?,
        modified: number(&block[136..148]).unwrap_or(0).cast_signed(),
    }))
}

/// Octal digits, or GNU's binary.
fn number(field: &[u8]) -> Result<u64, Fault> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x3f);
        let step = |value: u64, byte: &u8| value.checked_mul(256)?.checked_add(u64::from(*byte));
        return rest.iter().try_fold(start, step).ok_or(Fault::Damaged);
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ').take_while(|byte| !matches!(byte, 0 | b' '));
    digits.into_iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'7' => value.checked_mul(8).map(|value| value + u64::from(byte - b'0')).ok_or(Fault::Damaged),
        _ => Err(Fault::Damaged),
    })
}

/// A key and its value.
type Record<'a> = (&'a [u8], &'a [u8]);

/// The records of an extended header: `LENGTH KEY=VALUE\n` each.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn records(mut bytes: &[u8]) -> Result<Vec<Record<'_>>, Fault> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ').ok_or(Fault::Damaged)?;
        let length: usize =
            std::str::from_utf8(&bytes[..space]).ok().and_then(|text| text.parse().ok()).ok_or(Fault::Damaged)?;
        let record =
            bytes.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n")).ok_or(Fault::Damaged)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(Fault::Damaged)?;
        all.push((&record[..equals], &record[equals + 1..]));
        bytes = &bytes[length..];
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// As a reader puts headers together.
    fn read(bytes: &[u8]) -> Header {
        let (mut name, mut target, mut at) = (None, None, 0);
        loop {
            let header = parse(bytes[at..].first_chunk().unwrap()).unwrap().unwrap();
            at += BLOCK;
            let content = &bytes[at..];
            let text = || content[..header.size as usize - 1].to_vec();
            match header.what {
                What::LongName => name = Some(text()),
                What::LongTarget => target = Some(text()),
                _ => {
                    assert_eq!(at, bytes.len());
                    let (own, theirs) = (header.name.clone(), header.target.clone());
                    return Header { name: name.unwrap_or(own), target: target.unwrap_or(theirs), ..header };
                }
            }
            at += header.size as usize + filling(header.size);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in prop::collection::vec(1_u8.., 1..300), target in prop::collection::vec(1_u8.., 1..300),
            size in any::<u64>(), modified in 0_i64..1 << 33,
        ) {
            prop_assume!(!name.ends_with(b"/"));
            let link = Header { name, what: What::Link, target, mode: 0o640, size, modified };
            prop_assert_eq!(read(&link.bytes()), link);
        }

        #[test]
        fn whatever_comes_is_no_panic(mut block in prop::collection::vec(any::<u8>(), BLOCK), text in "[0-9 =a\n]{0,60}") {
            parse(block.first_chunk().unwrap()).ok();
            // With a right sum, too.
            let sum: u32 = block.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) }).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            parse(block.first_chunk().unwrap()).ok();
            records(text.as_bytes()).ok();
        }
    }

    #[test]
    fn extended_headers() {
        assert_eq!(records(b"12 path=a/b\n9 size=3\n").unwrap(), [(&b"path"[..], &b"a/b"[..]), (b"size", b"3")]);
        for bad in ["12 path=a/b", "99 path=a\n", "x a=b\n", "1 a=b\n", "0 a=b\n"] {
            assert_eq!(records(bad.as_bytes()), Err(Fault::Damaged), "{bad:?}");
        }
    }
}

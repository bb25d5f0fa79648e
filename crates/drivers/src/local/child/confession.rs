//! How a child that could not become the script says why: on one page that it shares with its supervisor.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use model::Exit;

/// Text of limited length on the stack. A child that lives in borrowed memory may be killed by its owner at any
/// instant, also in the middle of an allocation, which would leave its supervisor's heap in pieces: so it has none.
pub(super) struct Line {
    bytes: [u8; LONGEST],
    length: usize,
}

const LONGEST: usize = 1000;

impl Line {
    /// What is formatted, cut to what fits.
    pub(super) fn new(text: fmt::Arguments<'_>) -> Self {
        let mut line = Self { bytes: [0; LONGEST], length: 0 };
        fmt::write(&mut line, text).unwrap_or_default();
        line
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST - self.length;
        let cut = (0..=text.len().min(room)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        self.bytes[self.length..self.length + cut].copy_from_slice(&text.as_bytes()[..cut]);
        self.length += cut;
        if cut == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Lossy(self.as_bytes()).fmt(f)
    }
}

/// Bytes as a person may read them, without a copy: what is not UTF-8 becomes U+FFFD.
pub(super) struct Lossy<'a>(pub(super) &'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

/// Why a child did not become the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// It would have had to wait for somebody: once more, with memory of its own.
    Patience,
    /// It cannot be.
    Failure(Exit, String),
}

/// The page.
#[derive(Debug)]
pub(crate) struct Confession {
    page: std::ptr::NonNull<libc::c_void>,
}

const PAGE: usize = 4096;
/// Where the text begins: before it the mark, the exit code, and whether patience would help.
const TEXT_AT: usize = 8;

impl Confession {
    /// Maps the page; it stays until the process ends.
    pub(crate) fn new() -> io::Result<Self> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping at an address of the kernel's choice changes nobody's memory.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, protection, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { page: std::ptr::NonNull::new(page).ok_or(io::ErrorKind::OutOfMemory)? })
    }

    /// The mark: 0 while nothing is said, else the text's length plus one.
    fn mark(&self) -> &AtomicU32 {
        // SAFETY: the page is mapped, aligned and as long as this object lives.
        unsafe { AtomicU32::from_ptr(self.page.as_ptr().cast()) }
    }

    /// Before a child is born.
    pub(crate) fn clear(&self) {
        self.mark().store(0, Ordering::Release);
    }

    pub(super) fn say(&self, exit: Exit, impatient: bool, text: &[u8]) {
        let length = text.len().min(PAGE - TEXT_AT);
        // SAFETY: what is written lies within the page; the other side reads it only after the mark is set.
        unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            base.add(4).write(exit.code);
            base.add(5).write(exit.signal);
            base.add(6).write(u8::from(impatient));
            std::ptr::copy_nonoverlapping(text.as_ptr(), base.add(TEXT_AT), length);
        }
        self.mark().store(length as u32 + 1, Ordering::Release);
    }

    /// What was said, after the child is gone.
    pub(crate) fn heard(&self) -> Option<Heard> {
        let length = (self.mark().load(Ordering::Acquire).checked_sub(1)? as usize).min(PAGE - TEXT_AT);
        // SAFETY: within the page; nobody writes any more.
        let (exit, impatient, text) = unsafe {
            let base = self.page.as_ptr().cast::<u8>();
            let exit = Exit { code: base.add(4).read(), signal: base.add(5).read() };
            (exit, base.add(6).read() != 0, std::slice::from_raw_parts(base.add(TEXT_AT), length))
        };
        if impatient {
            return Some(Heard::Patience);
        }
        Some(Heard::Failure(exit, String::from_utf8_lossy(text).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let page = Confession::new().unwrap();
        assert_eq!(page.heard(), None);
        let exit = Exit { code: 2, signal: 53 };
        page.say(exit, false, b"why");
        assert_eq!(page.heard(), Some(Heard::Failure(exit, "why".to_owned())));
        page.say(exit, true, b"");
        assert_eq!(page.heard(), Some(Heard::Patience));
        page.clear();
        assert_eq!(page.heard(), None);
        page.say(exit, false, &[b'x'; 2 * PAGE]);
        assert!(matches!(page.heard(), Some(Heard::Failure(_, text)) if text.len() == PAGE - TEXT_AT));
    }

    #[test]
    fn lines_are_cut_between_characters() {
        let line = Line::new(format_args!("{}{}", Lossy(b"a\xffb "), "é".repeat(LONGEST)));
        assert!(line.to_string().starts_with("a\u{fffd}b éé") && line.as_bytes().len() >= LONGEST - 1);
        assert!(std::str::from_utf8(line.as_bytes()).is_ok());
    }
}

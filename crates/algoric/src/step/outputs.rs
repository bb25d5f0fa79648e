//! What the tasks write, on its way to where `srun` has it: line by line, with labels, and to whoever has attached.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
};

use nix::{errno::Errno, fcntl::OFlag, unistd};

use super::{
    attach::{Piece, Shown, Taps},
    lines::Lines,
};

/// One task's output on its way into one of the step's files.
struct Stream {
    pipe: OwnedFd,
    lines: Lines,
    file: usize,
    task: u32,
    is_error: bool,
}

/// All of them.
#[derive(Default)]
pub struct Outputs {
    streams: Vec<Stream>,
}

impl Outputs {
    /// A pipe for a task: what comes out of it goes to that file. The end that the task gets.
    ///
    /// # Errors
    /// When no pipe can be made.
    pub fn pipe(&mut self, task: u32, is_error: bool, file: usize, lines: Lines) -> io::Result<OwnedFd> {
        let (pipe, write) = unistd::pipe2(OFlag::O_CLOEXEC)?;
        self.take(pipe, task, is_error, file, lines);
        Ok(write)
    }

    /// As [`Outputs::pipe`], from something that is there already.
    pub fn take(&mut self, pipe: OwnedFd, task: u32, is_error: bool, file: usize, lines: Lines) {
        self.streams.push(Stream { pipe, lines, file, task, is_error });
    }

    /// Nothing more comes.
    pub fn is_over(&self) -> bool {
        self.streams.is_empty()
    }

    /// What to wait at.
    pub fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.streams.iter().map(|stream| stream.pipe.as_fd())
    }

    /// Passes on what is there.
    pub fn serve(&mut self, ready: &[RawFd], files: &mut [File], taps: &mut Taps) {
        self.streams.retain_mut(|stream| !ready.contains(&stream.pipe.as_raw_fd()) || stream.read(files, taps));
    }

    /// Shows what waits for the end of its line, and reads no further.
    pub fn give_up(&mut self, files: &mut [File]) {
        for mut stream in self.streams.drain(..) {
            let mut out = Vec::new();
            stream.lines.end(&mut out);
            put(files, stream.file, &out);
        }
    }
}

impl Stream {
    /// `false`: it was the end.
    fn read(&mut self, files: &mut [File], taps: &mut Taps) -> bool {
        let mut bytes = [0; 64 << 10];
        let mut out = Vec::new();
        let more = match unistd::read(&self.pipe, &mut bytes) {
            Err(Errno::EINTR | Errno::EAGAIN) => true,
            // The end of a terminal is an error.
            Ok(0) | Err(_) => {
                self.lines.end(&mut out);
                false
            }
            Ok(count) => {
                self.lines.take(&bytes[..count], &mut out);
                if !taps.is_empty() {
                    let piece = Piece { task: self.task, is_error: self.is_error, bytes: bytes[..count].to_vec() };
                    taps.show(&Shown::Piece(piece));
                }
                true
            }
        };
        put(files, self.file, &out);
        more
    }
}

/// A reader of ours that went away does not end the tasks.
fn put(files: &mut [File], file: usize, bytes: &[u8]) {
    if let Some(file) = files.get_mut(file) {
        file.write_all(bytes).ok();
    }
}

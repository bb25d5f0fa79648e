//! Standard input of `srun`, given to every task that wants it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use nix::{errno::Errno, unistd};

/// How much a slow task may lag behind before reading stops.
const MOST_WAITING: usize = 256 << 10;

/// One source, several readers, each at its own pace.
pub struct Broadcast {
    source: Option<OwnedFd>,
    readers: Vec<Reader>,
    /// What readers get at the end of the source.
    farewell: &'static [u8],
}

struct Reader {
    pipe: Option<OwnedFd>,
    waiting: Vec<u8>,
}

impl Broadcast {
    /// From `source` into these pipes, which must not block.
    pub fn new(source: Option<OwnedFd>, pipes: Vec<OwnedFd>) -> Self {
        let readers = pipes.into_iter().map(|pipe| Reader { pipe: Some(pipe), waiting: Vec::new() }).collect();
        let mut broadcast = Self { source, readers, farewell: b"" };
        broadcast.close_what_is_over();
        broadcast
    }

    /// The same; at the end of the source readers get these bytes.
    pub fn with_farewell(self, farewell: &'static [u8]) -> Self {
        Self { farewell, ..self }
    }

    /// The source, if it should be read now.
    pub fn source(&self) -> Option<BorrowedFd<'_>> {
        let lagging = self.readers.iter().any(|reader| reader.waiting.len() >= MOST_WAITING);
        self.source.as_ref().filter(|_| !lagging).map(AsFd::as_fd)
    }

    /// The pipes that have something to take, with their numbers.
    pub fn pipes(&self) -> impl Iterator<Item = (usize, BorrowedFd<'_>)> {
        self.readers
            .iter()
            .enumerate()
            .filter(|(_, reader)| !reader.waiting.is_empty())
            .filter_map(|(number, reader)| reader.pipe.as_ref().map(|pipe| (number, pipe.as_fd())))
    }

    /// Passes on what came from elsewhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        for number in 0..self.readers.len() {
            if self.readers[number].pipe.is_some() {
                self.readers[number].waiting.extend_from_slice(bytes);
                self.write(number);
            }
        }
        self.close_what_is_over();
    }

    /// Reads what is there, and passes it on.
    pub fn read(&mut self) {
        let Some(source) = &self.source else { return };
        let mut bytes = [0; 16 << 10];
        match unistd::read(source, &mut bytes) {
            Err(Errno::EINTR | Errno::EAGAIN) => return,
            Ok(0) | Err(_) => {
                self.feed(self.farewell);
                self.source = None;
            }
            Ok(count) => self.feed(&bytes[..count]),
        }
        self.close_what_is_over();
    }

    /// Writes what waits for this reader, as far as it takes it.
    pub fn write(&mut self, number: usize) {
        let Some(reader) = self.readers.get_mut(number) else { return };
        while let (Some(pipe), false) = (&reader.pipe, reader.waiting.is_empty()) {
            match unistd::write(pipe, &reader.waiting) {
                Ok(count) => drop(reader.waiting.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // It reads no more; the others may.
                Err(_) => {
                    reader.waiting.clear();
                    reader.pipe = None;
                }
            }
        }
        self.close_what_is_over();
    }

    /// At the end of the source a reader sees its end too, once it has all; without readers nothing is read.
    fn close_what_is_over(&mut self) {
        if self.source.is_none() {
            for reader in self.readers.iter_mut().filter(|reader| reader.waiting.is_empty()) {
                reader.pipe = None;
            }
        }
        if self.readers.iter().all(|reader| reader.pipe.is_none()) {
            self.source = None;
        }
    }
}

/// A pipe whose writing end does not block: (reading end, writing end).
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    nix::fcntl::fcntl(&write, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK))?;
    Ok((read, write))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs::File, io::Read as _};

    use super::*;

    #[test]
    fn every_reader_gets_everything_and_the_end() {
        let (source, feed) = unistd::pipe().unwrap();
        let (first_out, first_in) = pipe().unwrap();
        let (second_out, second_in) = pipe().unwrap();
        let (gone_out, gone_in) = pipe().unwrap();
        drop(gone_out);
        let mut broadcast = Broadcast::new(Some(source), vec![first_in, gone_in, second_in]);
        unistd::write(&feed, b"to all").unwrap();
        broadcast.read();
        drop(feed);
        assert!(broadcast.source().is_some());
        broadcast.read();
        assert!(broadcast.source().is_none());
        for end in [first_out, second_out] {
            let mut got = String::new();
            File::from(end).read_to_string(&mut got).unwrap();
            assert_eq!(got, "to all");
        }
    }

    #[test]
    fn a_slow_reader_stops_the_source_and_loses_nothing() {
        let (source, feed) = unistd::pipe().unwrap();
        let (slow_out, slow_in) = pipe().unwrap();
        let mut broadcast = Broadcast::new(Some(source), vec![slow_in]);
        let mut sent = 0;
        while broadcast.source().is_some() {
            sent += unistd::write(&feed, &[b'x'; 16 << 10]).unwrap();
            broadcast.read();
        }
        drop(feed);
        let mut slow = File::from(slow_out);
        let mut got = 0;
        let mut some = [0; 32 << 10];
        loop {
            let waiting: Vec<usize> = broadcast.pipes().map(|(number, _)| number).collect();
            waiting.into_iter().for_each(|number| broadcast.write(number));
            if broadcast.source().is_some() {
                broadcast.read();
            }
            match slow.read(&mut some).unwrap() {
                0 => break,
                count => got += count,
            }
        }
        assert_eq!(got, sent);
    }
}

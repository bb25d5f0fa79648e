//! Frames over a stream socket that never blocks: a little-endian `u32` length, then that many bytes.
//! Must not know what the bytes mean.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use serde::Serialize;

use super::protocol::MAX_FRAME;

/// So much is read at once; buffers that grew past it for one great frame are given back.
const KEEP: usize = 16 << 10;

/// One end of the socket, with what waits to go out and what came in unread.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: OwnedFd,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
    sent: usize,
}

impl Wire {
    /// Takes a connected stream socket.
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self { socket, input: Vec::new(), taken: 0, output: Vec::new(), sent: 0 }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Puts a message behind those that wait.
    pub(crate) fn queue<T: Serialize>(&mut self, message: &T) -> io::Result<()> {
        let start = self.output.len();
        self.output.extend_from_slice(&[0; 4]);
        let full = std::mem::take(&mut self.output);
        self.output = postcard::to_extend(message, full).map_err(io::Error::other)?;
        let length = self.output.len() - start - 4;
        if length > MAX_FRAME {
            self.output.truncate(start);
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a message of {length} bytes is too long"),
            ));
        }
        self.output[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
        Ok(())
    }

    /// Sends what waits, as far as it goes; says whether all is gone.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        while self.sent < self.output.len() {
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            match send(self.socket.as_raw_fd(), &self.output[self.sent..], flags) {
                Ok(count) => self.sent += count,
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.sent = 0;
        self.output.clear();
        self.output.shrink_to(KEEP);
        Ok(true)
    }

    /// Reads what has arrived; says whether the other side is still there.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.shrink_to(KEEP);
        loop {
            let old = self.input.len();
            self.input.resize(old + KEEP.max(self.missing()), 0);
            let room = self.input.len() - old;
            let answer = recv(self.socket.as_raw_fd(), &mut self.input[old..], MsgFlags::MSG_DONTWAIT);
            self.input.truncate(old + answer.unwrap_or(0));
            match answer {
                Ok(0) => return Ok(false),
                // A full buffer may mean that more waits, but others wait too: what is whole is served first.
                Ok(count) if count < room || self.missing() == 0 => return Ok(true),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(true),
                Err(Errno::ECONNRESET) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How much the frame at the head of the input still lacks, if its length is known.
    fn missing(&self) -> usize {
        let unread = &self.input[self.taken..];
        match unread.first_chunk::<4>() {
            Some(head) => (u32::from_le_bytes(*head) as usize).min(MAX_FRAME).saturating_sub(unread.len() - 4),
            None => 0,
        }
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// `InvalidData` when its length cannot be true.
    pub(crate) fn next_frame(&mut self) -> io::Result<Option<&[u8]>> {
        let unread = &self.input[self.taken..];
        let Some(head) = unread.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        if length > MAX_FRAME {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes")));
        }
        if unread.len() < 4 + length {
            return Ok(None);
        }
        let start = self.taken + 4;
        self.taken = start + length;
        Ok(Some(&self.input[start..start + length]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::link::pair;
    use super::*;

    fn wires() -> (Wire, Wire) {
        let (one, other) = pair().unwrap();
        (Wire::new(one), Wire::new(other))
    }

    #[test]
    fn frames_of_every_length_arrive() {
        let (mut from, mut to) = wires();
        let sizes = [0, 1, 2, 100, KEEP - 5, KEEP - 4, KEEP, KEEP + 1, 3 * KEEP, 5_000_000, 7];
        let messages: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        messages.iter().for_each(|message| from.queue(message).unwrap());
        let mut arrived: Vec<String> = Vec::new();
        while arrived.len() < messages.len() {
            from.flush().unwrap();
            assert!(to.fill().unwrap());
            while let Some(frame) = to.next_frame().unwrap() {
                arrived.push(postcard::from_bytes(frame).unwrap());
            }
        }
        assert!(arrived == messages && from.flush().unwrap());
        assert!(to.input.capacity() <= 5_100_000 && from.output.capacity() <= KEEP);
        drop(from);
        assert!(!to.fill().unwrap());
    }

    #[test]
    fn lengths_that_cannot_be() {
        let (mut from, mut to) = wires();
        assert_eq!(from.queue(&vec![0_u8; MAX_FRAME + 1]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        from.queue(&1_u8).unwrap();
        from.output.extend_from_slice(&u32::MAX.to_le_bytes());
        from.flush().unwrap();
        to.fill().unwrap();
        assert_eq!(to.next_frame().unwrap(), Some(&[1_u8][..]));
        assert_eq!(to.next_frame().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

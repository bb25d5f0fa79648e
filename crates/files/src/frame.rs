//! Frames between the web process and a servant: a little-endian `u32` length of the head, one of the body, the head
//! (postcard), the body (bytes of a file, as they are). The body is kept apart, so that nobody copies it byte by byte.

use serde::{Serialize, de::DeserializeOwned};

/// The greatest body: so many bytes of a file travel at once.
pub const CHUNK: usize = 256 << 10;

/// The greatest head: a page of a folder's entries with long names fits.
pub const MAX_HEAD: usize = 2 << 20;

/// What can be wrong with a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than is accepted.
    #[error("a message of {head} and {body} bytes is too long")]
    TooLong {
        /// Bytes of its head.
        head: usize,
        /// Bytes of its body.
        body: usize,
    },
    /// Not one of our messages.
    #[error("the message cannot be read: {0}")]
    Malformed(#[from] postcard::Error),
}

/// The lengths at the head of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Bytes of the head.
    pub head: usize,
    /// Bytes of the body.
    pub body: usize,
}

impl Frame {
    /// Bytes that the lengths themselves take.
    pub const PREFIX: usize = 8;

    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn parse(prefix: [u8; Self::PREFIX]) -> Result<Self, FrameError> {
        let [a, b, c, d, e, f, g, h] = prefix;
        let (head, body) = (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize);
        if head > MAX_HEAD || body > CHUNK {
            return Err(FrameError::TooLong { head, body });
        }
        Ok(Self { head, body })
    }
}

/// Lengths and head, to be followed by the body.
///
/// # Errors
/// [`FrameError::TooLong`].
pub fn encode<T: Serialize>(message: &T, body: usize) -> Result<Vec<u8>, FrameError> {
    let mut out = postcard::to_extend(message, vec![0; Frame::PREFIX])?;
    let head = out.len() - Frame::PREFIX;
    if head > MAX_HEAD || body > CHUNK {
        return Err(FrameError::TooLong { head, body });
    }
    out[..4].copy_from_slice(&(head as u32).to_le_bytes());
    out[4..Frame::PREFIX].copy_from_slice(&(body as u32).to_le_bytes());
    Ok(out)
}

/// The message of a head.
///
/// # Errors
/// [`FrameError::Malformed`].
pub fn decode<T: DeserializeOwned>(head: &[u8]) -> Result<T, FrameError> {
    Ok(postcard::from_bytes(head)?)
}

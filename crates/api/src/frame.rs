//! Framing: one length, one postcard body.

use serde::{Serialize, de::DeserializeOwned};

/// First bytes of every connection.
pub const MAGIC: [u8; 4] = *b"ALGO";

/// Version of these types. A centre refuses another one with a clear text instead of guessing.
pub const VERSION: u32 = 11;

/// Greatest frame accepted, in bytes: a script of 4 MiB, an environment of 2 MiB, and room.
pub const MAX_FRAME: usize = 8 << 20;

/// What can be wrong with a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`].
    #[error("a message of {0} bytes is longer than the {MAX_FRAME} that are accepted")]
    TooLong(usize),
    /// Not one of our messages.
    #[error("the message cannot be read: {0}")]
    Malformed(#[from] postcard::Error),
}

/// Appends one frame to `out`.
///
/// # Errors
/// [`FrameError::TooLong`], with `out` as it was.
pub fn encode_into<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut filled = postcard::to_extend(message, std::mem::take(out))?;
    let length = filled.len() - start - 4;
    if length > MAX_FRAME {
        filled.truncate(start);
        *out = filled;
        return Err(FrameError::TooLong(length));
    }
    filled[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
    *out = filled;
    Ok(())
}

/// One frame.
///
/// # Errors
/// [`FrameError::TooLong`].
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut out = Vec::new();
    encode_into(message, &mut out)?;
    Ok(out)
}

/// Takes the first whole frame off the front of `bytes`: the message and how many bytes it took; `None`: not all there.
///
/// # Errors
/// [`FrameError`] when what is there can never become a message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<(T, usize)>, FrameError> {
    let Some((head, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*head) as usize;
    if length > MAX_FRAME {
        return Err(FrameError::TooLong(length));
    }
    match rest.get(..length) {
        Some(body) => Ok(Some((postcard::from_bytes(body)?, 4 + length))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Reply, Request};

    #[test]
    fn frames_come_back_whole_and_never_early() {
        let mut bytes = encode(&Request::Ping).unwrap();
        encode_into(&Request::Status, &mut bytes).unwrap();
        for cut in 0..5 {
            assert!(decode::<Request>(&bytes[..cut]).unwrap().is_none());
        }
        let (first, used) = decode::<Request>(&bytes).unwrap().unwrap();
        assert!(matches!(first, Request::Ping));
        let (second, rest) = decode::<Request>(&bytes[used..]).unwrap().unwrap();
        assert!(matches!(second, Request::Status) && used + rest == bytes.len());
    }

    #[test]
    fn hostile_frames_are_errors() {
        assert!(matches!(decode::<Request>(&u32::MAX.to_le_bytes()), Err(FrameError::TooLong(_))));
        assert!(matches!(decode::<Reply>(&[2, 0, 0, 0, 255, 255]), Err(FrameError::Malformed(_))));
    }
}

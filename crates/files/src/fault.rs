//! Why something cannot be done with a file. The words for people are the pages' affair.

use serde::{Deserialize, Serialize};

/// Why not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// No such path or name can be.
    #[error("this is no name that a file can have")]
    Unfit,
    /// Nothing is there.
    #[error("there is nothing of that name")]
    Missing,
    /// The member may not.
    #[error("the rights of this file do not allow it")]
    Denied,
    /// A link leads out of the root.
    #[error("a link there leads out of this folder")]
    Outside,
    /// It is no folder.
    #[error("this is no folder")]
    NotFolder,
    /// It is no ordinary file: a folder, a device, a pipe.
    #[error("this is no ordinary file")]
    NotFile,
    /// Something of that name is there already.
    #[error("something of that name is there already")]
    Exists,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The member has used what they may.
    #[error("the quota is used up")]
    Quota,
    /// It was changed meanwhile.
    #[error("it was changed by somebody else meanwhile")]
    Changed,
    /// An upload goes on elsewhere: so much is there.
    #[error("{done} bytes are there already")]
    Elsewhere {
        /// Bytes that are there.
        done: u64,
    },
    /// The file system cannot be written to.
    #[error("this disk cannot be written to")]
    ReadOnly,
    /// A move from one disk to another.
    #[error("it lies on another disk")]
    OtherDisk,
    /// It is longer, larger or deeper than is taken.
    #[error("it is larger than is taken here")]
    TooMuch,
    /// An archive that cannot be read.
    #[error("the archive is damaged, or of a kind that is not known here")]
    Damaged,
    /// An archive that would grow beyond all measure.
    #[error("the archive would unpack to far more than it is")]
    Bomb,
    /// What was asked makes no sense to the servant.
    #[error("the request makes no sense")]
    Nonsense,
    /// Anything else, as the system says it.
    #[error("{0}")]
    Other(String),
}

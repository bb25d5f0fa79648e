//! Members' files: who may, and the process that serves them. The files themselves never pass through the centre.

use model::Text;
use serde::{Deserialize, Serialize};

/// About members' files.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilesRequest {
    /// As whom? Asked before each use. Answered by `As`.
    Account,
    /// Start a process that serves the member's files and shows this secret to the web process. Answered by `As`.
    Servant {
        /// Known to nobody else, used once.
        secret: [u8; 32],
    },
}

impl std::fmt::Debug for FilesRequest {
    /// Never the secret: what is printed ends up in logs.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            FilesRequest::Account => "Account",
            FilesRequest::Servant { .. } => "Servant(..)",
        })
    }
}

/// Answers about members' files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FilesReply {
    /// The account whose files they are, by its number and name.
    As {
        /// Number.
        uid: u32,
        /// Name.
        user: Text,
    },
}

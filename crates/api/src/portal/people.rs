//! Members of the portal, their sessions and what they may.

use serde::{Deserialize, Serialize};

/// About members and sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PeopleRequest {
    /// Who is this? Asked for each page. Answered by `Me`.
    WhoAmI,
}

/// Answers about members and sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PeopleReply {
    /// Who asks.
    Me(Box<Me>),
}

/// Who asks, and what every page shows of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Me {
    /// Name of the centre.
    pub centre: String,
    /// Number of the member; `None`: a visitor, or a session that is over.
    pub member: Option<i64>,
    /// What they are called.
    pub name: String,
    /// Linked Unix account, if there is one.
    pub account: Option<String>,
    /// What this session's forms carry; empty for visitors.
    pub csrf: String,
}

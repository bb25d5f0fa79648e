//! What the web process asks on behalf of people who are not known by the kernel: visitors, and members by their session
//! or token. The centre finds out who that is and what they may; the web process only carries what it was given.

mod board;
mod files;
mod jobs;
mod machines;
mod no;
mod people;
mod projects;

pub use board::{
    Board, BoardCore, BoardJob, BoardNode, BoardPast, BoardReply, BoardRequest, BoardState, EnergyBoard, ProjectBoard,
    ProjectEnergy, ProjectsBoard, RateRow,
};
pub use files::{FilesReply, FilesRequest};
pub use jobs::{JobForm, JobLine, JobQuery, JobReport, JobsQuery, JobsReply, JobsRequest, JobsWhich, SeriesPoint};
pub use machines::{MachineHealth, MachineInside, MachineShown, MachinesBoard};
pub use no::No;
pub use people::{
    AccountShown, InvitationRow, LinkShown, Me, MemberChange, MemberRow, MyProject, PeopleReply, PeopleRequest, Role,
    Secret, SessionRow, TakeLink, TokenRow, TrailRow,
};
pub use projects::{
    HeldQuote, InvoiceRow, PaidMonth, ProjectMember, ProjectRow, ProjectShown, ProjectUsed, ProjectsReply,
    ProjectsRequest, Sums,
};

use serde::{Deserialize, Serialize};

use crate::Request;

/// On whose behalf.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Nobody in particular.
    Visitor,
    /// Whoever holds this secret of a session (the cookie's value).
    Session(String),
    /// Whoever holds this personal token.
    Token(String),
}

impl std::fmt::Debug for Who {
    /// Never the secret: what is printed ends up in logs.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Who::Visitor => "Visitor",
            Who::Session(_) => "Session(..)",
            Who::Token(_) => "Token(..)",
        })
    }
}

/// A question or order of the web process. Taken from the user that the service runs as, and from nobody else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortalRequest {
    /// On whose behalf.
    pub who: Who,
    /// From which address, as it is written down with what they change; empty: not known.
    pub from: String,
    /// What.
    pub ask: Ask,
}

/// What the web process asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// As if the member had typed the command under the account that is linked to them; answered as that command is.
    /// Refused with `AccessDenied` to who has no account.
    Command(Box<Request>),
    /// Members, sessions, invitations. Answered by `PortalReply::People`.
    People(PeopleRequest),
    /// Members' files. Answered by `PortalReply::Files`.
    Files(FilesRequest),
    /// Projects. Answered by `PortalReply::Projects`.
    Projects(ProjectsRequest),
    /// The centre as everybody may see it, and its energy. Answered by `PortalReply::Board`.
    Board(BoardRequest),
    /// Jobs, as pages show them. Answered by `PortalReply::Jobs`.
    Jobs(JobsRequest),
    /// Figures for those who watch the centre (Prometheus' text format). Answered by `PortalReply::Text`.
    Metrics,
}

/// What the centre answers to the web process, besides the answers to commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum PortalReply {
    /// Members, sessions, invitations.
    People(PeopleReply),
    /// Members' files.
    Files(FilesReply),
    /// Projects.
    Projects(ProjectsReply),
    /// The centre as everybody may see it, and its energy.
    Board(BoardReply),
    /// Jobs.
    Jobs(JobsReply),
    /// A text.
    Text(String),
}

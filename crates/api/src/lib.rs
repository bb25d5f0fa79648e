//! What a command and the centre say to each other over the Unix socket: wire types and their framing, versioned.
//!
//! A frame is a little-endian `u32` length and that many bytes of postcard. A connection starts with [`MAGIC`] and
//! [`VERSION`] from the client; then each [`Request`] is answered by any number of partial [`Reply`]s and one last one
//! ([`Reply::is_last`]). Who asks is known from the kernel (peer credentials), never from the message.
//!
//! This crate must not know how anything is done: no sockets, no SQL, no Slurm text.

mod admin;
mod agents;
mod cluster;
mod energy;
mod frame;
mod money;
mod portal;
mod quote;
mod refusal;
mod reply;
mod request;

pub use admin::{Admin, AdminKind, AdminRow, ReservationSpec};
pub use agents::{AgentFinding, AgentRow, AgentsReply, AgentsRequest};
pub use cluster::{ClusterReply, ClusterRequest, ClusterState};
pub use energy::{
    CalibrationRow, ContractReport, EnergyBy, EnergyReply, EnergyReport, EnergyRequest, MeterRow, MonthReport,
    OwnerRow, PriceStep, RunAdvice, RunEnergy, RunsReport, SiteIndex, UsedRow,
};
pub use frame::{FrameError, MAGIC, MAX_FRAME, VERSION, decode, encode, encode_into};
pub use money::{
    BudgetRow, GiveBack, JobPrice, MoneyReply, MoneyRequest, Prepared, PriceLine, PriceTerm, PurseChange, PurseRow,
};
pub use portal::{
    AccountShown, Ask, FilesReply, FilesRequest, InvitationRow, LinkShown, Me, MemberChange, MemberRow, MyProject, No,
    PeopleReply, PeopleRequest, PortalReply, PortalRequest, Role, Secret, SessionRow, TakeLink, TokenRow, TrailRow,
    Who,
};
pub use portal::{
    Board, BoardCore, BoardJob, BoardNode, BoardPast, BoardReply, BoardRequest, BoardState, EnergyBoard, HeldQuote,
    JobForm, JobLine, JobQuery, JobReport, JobsQuery, JobsReply, JobsRequest, JobsWhich, MachineHealth, MachineInside,
    MachineShown, MachinesBoard, ProjectBoard, ProjectEnergy, ProjectsBoard, RateRow, SeriesPoint,
};
pub use portal::{
    InvoiceRow, PaidMonth, ProjectMember, ProjectRow, ProjectShown, ProjectUsed, ProjectsReply, ProjectsRequest, Sums,
};
pub use quote::{Amounts, Expected, Offer, Price, Quote};
pub use refusal::{Refusal, RefusalCode};
pub use reply::{Diagnostics, Granted, HistoryRow, LoadRow, Reply, StatusReport, WhyCause, WhyReport};
pub use request::{
    AccountQuery, Allocation, CancelFilter, JobTarget, NeedsChange, QueueQuery, Request, StepRequest, StepResult,
    Submission, UpdateChange,
};

//! Machines of a cluster that report by themselves: what operators ask and order, and what the process at the network hands on.

use model::Time;
use serde::{Deserialize, Serialize};

/// A question, an order, or a report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AgentsRequest {
    /// All of them. Answered by [`AgentsReply::Rows`].
    List,
    /// Operators: a word that lets one machine in, once. Answered by [`AgentsReply::Text`].
    Invite {
        /// What it will be called.
        name: String,
        /// Where it finds the centre (`HOST:PORT`); `None`: what the configuration says.
        address: Option<String>,
    },
    /// Operators: nothing more is taken from a machine.
    Forget(String),
    /// From the gate only: whether anything is taken from a key. Answered by [`AgentsReply::Known`].
    Knows([u8; 32]),
    /// From the gate only: somebody with this key would like to be let in. The body is JSON. Answered by `Done`.
    Enrol {
        /// The key.
        key: [u8; 32],
        /// What it sent.
        body: Vec<u8>,
    },
    /// From the gate only: a machine's report. Answered by [`AgentsReply::Text`], once it is on disk.
    Report {
        /// The key that it came with.
        key: [u8; 32],
        /// What it sent.
        body: Vec<u8>,
    },
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AgentsReply {
    /// Machines, by name.
    Rows(Vec<AgentRow>),
    /// One line.
    Text(String),
    /// Whether it is so.
    Known(bool),
}

/// A machine that reports, or should.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AgentRow {
    /// What it is called.
    pub name: String,
    /// It was let in: else it is only invited.
    pub enrolled: bool,
    /// When it reported last.
    pub seen: Option<Time>,
    /// For how long nothing was heard, where that is too long, ms.
    pub silent_ms: Option<i64>,
    /// Version of its agent.
    pub agent: String,
    /// Of its kernel.
    pub kernel: String,
    /// Its processors.
    pub model: String,
    /// Hardware threads,
    pub cpus: u32,
    /// and cores.
    pub cores: u32,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// What it drew over the last interval that is known, milliwatts.
    pub power_mw: Option<i64>,
    /// The meter that tells.
    pub meter: String,
    /// How far that may be off.
    pub uncertainty_permille: u32,
    /// A meter that is preferred does not answer.
    pub is_fallback: bool,
    /// What it draws with nothing to do.
    pub idle_mw: Option<i64>,
    /// Why no meter answers, or the preferred one does not.
    pub meter_fault: Option<String>,
    /// By how much its clock goes ahead of the centre's, ms.
    pub clock_ms: Option<i64>,
    /// Readings that it gave up.
    pub lost: u64,
    /// Readings that are here and not shared yet.
    pub waiting: u32,
    /// What its probes found.
    pub findings: Vec<AgentFinding>,
    /// Slurm's words for its state, and why it is out of service.
    pub slurm: Option<(String, Option<String>)>,
}

/// What a probe found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgentFinding {
    /// The probe.
    pub name: String,
    /// `good`, `bad`, `unknown`.
    pub state: String,
    /// What was found.
    pub text: String,
}

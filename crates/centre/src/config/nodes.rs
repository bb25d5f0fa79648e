//! `[nodes]`: machines of a cluster that report by themselves. Must not know what they report.

use std::net::SocketAddr;

use serde::Deserialize;

/// `[nodes]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodesSection {
    /// Where their reports come in (`0.0.0.0:7443`); without it none do.
    pub listen: Option<SocketAddr>,
    /// Where they find that (`head:7443`); unless said, this machine's name and the port.
    pub address: Option<String>,
    /// Whether a machine whose probe fails is drained in Slurm, and given back when it is well again.
    pub drain: bool,
}

//! Questions that several front ends ask.

use api::{Reply, Request};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scontrol::Reservation,
    submission::{Asked, Context},
};
use model::{NodeRow, PartitionRow};

use super::{
    caller::{self, Caller},
    clusters,
    refused::failed,
};
use crate::client::{Client, ClientError};

/// The machine; where parts of it can be switched, each of them.
pub fn nodes(centre: &mut Client) -> Result<Vec<NodeRow>, ClientError> {
    match centre.ask(&Request::Nodes)? {
        Reply::Nodes(nodes) => Ok(nodes),
        _ => Err(ClientError::Unfit),
    }
}

/// The name of the machine, which is where jobs say that they are.
pub fn node(centre: &mut Client) -> Result<String, ClientError> {
    match centre.ask(&Request::Status)? {
        Reply::Status(report) => Ok(report.node.name),
        _ => Err(ClientError::Unfit),
    }
}

/// The partitions.
pub fn partitions(centre: &mut Client) -> Result<Vec<PartitionRow>, ClientError> {
    match centre.ask(&Request::Partitions)? {
        Reply::Partitions(partitions) => Ok(partitions),
        _ => Err(ClientError::Unfit),
    }
}

/// The settings by name.
pub fn settings(centre: &mut Client) -> Result<Vec<(String, String)>, ClientError> {
    match centre.ask(&Request::Settings)? {
        Reply::Settings(settings) => Ok(settings),
        _ => Err(ClientError::Unfit),
    }
}

/// The name of the cluster.
pub fn cluster(centre: &mut Client) -> Result<String, ClientError> {
    let named = settings(centre)?.into_iter().find(|(name, _)| name == "ClusterName");
    Ok(named.map(|(_, value)| value).unwrap_or_default())
}

/// The reservations, with the machines that they are on.
pub fn reservations(centre: &mut Client) -> Result<Vec<Reservation>, ClientError> {
    let Reply::Reservations(specs) = centre.ask(&Request::Reservations)? else { return Err(ClientError::Unfit) };
    let nodes = if specs.is_empty() { Vec::new() } else { nodes(centre)? };
    let cores: u32 = nodes.iter().map(|node| node.sockets * node.cores_per_socket).sum();
    let whole = |spec: api::ReservationSpec| Reservation {
        name: spec.name,
        start: spec.start,
        end: spec.end,
        nodes: nodes.iter().map(|node| node.name.clone()).collect(),
        cores: spec.cores.unwrap_or(cores),
        partition: String::new(),
        flags: spec.flags,
        users: spec.users,
        accounts: spec.accounts,
    };
    Ok(specs.into_iter().map(whole).collect())
}

/// Machines and clusters that were named must be this one. Asked only when some were named.
///
/// # Errors
/// The refusal that the centre would give.
pub fn check_machine(program: &str, wish: &Asked, centre: &mut Client) -> Result<(), Refusal> {
    if wish.nodelist.is_empty() && wish.exclude.is_empty() && wish.clusters.is_empty() {
        return Ok(());
    }
    let refuse = |refused: Refused| refused.refusal(Action::Submit(program));
    let node = node(centre).map_err(|error| refuse(failed(error)))?;
    let cluster = cluster(centre).map_err(|error| refuse(failed(error)))?;
    if let Some(other) = wish.clusters.iter().find(|name| **name != cluster && *name != "all") {
        let unknown = format!("{program}: error: No cluster '{other}' known by database.");
        return Err(Refusal::error(program, clusters::unreachable(other, "--cluster"), 1).and(unknown));
    }
    wish.check_machine(&node, &cluster).map_err(refuse)
}

/// Where a submission is made.
///
/// # Errors
/// When the working directory is gone.
pub fn context(program: &str, caller: &Caller, script: Option<model::Text>) -> Result<Context, Refusal> {
    let cwd = caller::directory()
        .map_err(|error| Refusal::error(program, format!("The working directory is gone: {error}"), 1))?;
    Ok(Context {
        owner: caller.owner(),
        submit_host: caller::host(),
        cwd,
        umask: wished_mask(caller).unwrap_or_else(caller::creation_mask),
        limits: caller::limits(),
        script,
    })
}

/// `SLURM_UMASK`: for the files that a job's output goes to, and for the job.
fn wished_mask(caller: &Caller) -> Option<u32> {
    let digits = dialect::environ::non_empty(&caller.environ, "SLURM_UMASK")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok().filter(|mask| *mask <= 0o777)
}

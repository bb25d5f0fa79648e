//! `algoric node`: machines of a cluster. On the centre's own machine it says how they are and lets them in; on each of them
//! it is the agent that reports.

mod agent;
pub mod gate;
mod show;

use std::path::PathBuf;

use api::{AgentRow, AgentsReply, AgentsRequest, Reply, Request};
use clap::Subcommand;

use super::House;
use crate::{
    client::ClientError,
    console, exit,
    report::Fault,
    show::{self as shown, Format},
};

/// Machines of the cluster: how they are, and the agent that says so
#[derive(Subcommand)]
pub enum NodeCommand {
    /// Lists machines that report: when they did last, what they draw, whether they are well
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Shows one machine: what it is, its meter, what its probes found
    Show {
        /// Which
        name: String,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Lets a machine in (operators): prints a word for `algoric node enrol`, good once and for an hour
    Invite {
        /// What the machine is called in the cluster
        name: String,
        /// Where it finds the centre, unless config.toml says it
        #[arg(long, value_name = "HOST:PORT")]
        address: Option<String>,
    },
    /// Takes nothing more from a machine (operators); what it measured stays
    Forget {
        /// Which
        name: String,
    },
    /// On the machine: makes its key, and has the centre let it in
    Enrol {
        /// What `algoric node invite` printed; `-` reads it from the standard input
        invitation: String,
        #[command(flatten)]
        places: Places,
    },
    /// On the machine: reads its meters and its health and reports them, for ever
    Run {
        #[command(flatten)]
        places: Places,
    },
    /// On the machine: looks at its health once and says what was found
    Probe {
        #[command(flatten)]
        places: Places,
        #[command(flatten)]
        format: Format,
    },
}

/// Where the agent of a machine keeps things.
#[derive(clap::Args)]
pub struct Places {
    /// Its folder: its key, who its centre is, what waits
    #[arg(long, value_name = "DIR", default_value = "/var/lib/algoric-node")]
    state: PathBuf,

    /// What it is to do: meters, probes, what should be found
    #[arg(long, value_name = "FILE", default_value = "/etc/algoric/node.toml")]
    config: PathBuf,
}

impl Places {
    fn places(self) -> drivers::node::agent::Places {
        drivers::node::agent::Places { state: self.state, config: self.config }
    }
}

/// Does it.
pub fn run(command: NodeCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        NodeCommand::List { format } => {
            let rows = rows(house)?;
            shown::list(&rows.into_iter().map(show::Row).collect::<Vec<_>>(), format, &house.words)?;
        }
        NodeCommand::Show { name, json } => {
            let row = rows(house)?.into_iter().find(|row| row.name == name);
            let row = row.ok_or_else(|| Fault::new("node-unknown", [("name", name.clone())]))?;
            match json {
                true => shown::json(&row)?,
                false => console::print(show::page(&row, &house.words)),
            }
            let is_bad = row.silent_ms.is_some() || row.findings.iter().any(|one| one.state == "bad");
            return Ok(if is_bad { exit::FAILED } else { exit::OK });
        }
        NodeCommand::Invite { name, address } => match ask(house, AgentsRequest::Invite { name, address })? {
            Reply::Agents(AgentsReply::Text(invitation)) => console::line(invitation),
            _ => return Err(ClientError::Unfit.into()),
        },
        NodeCommand::Forget { name } => match ask(house, AgentsRequest::Forget(name))? {
            Reply::Done => {}
            _ => return Err(ClientError::Unfit.into()),
        },
        NodeCommand::Enrol { invitation, places } => agent::enrol(&invitation, &places.places(), house)?,
        NodeCommand::Run { places } => agent::run(&places.places())?,
        NodeCommand::Probe { places, format } => return agent::probe(&places.places(), format, house),
    }
    Ok(exit::OK)
}

fn ask(house: &House, request: AgentsRequest) -> anyhow::Result<Reply> {
    match house.call()?.ask(&Request::Agents(request))? {
        Reply::Refused(refusal) => Err(ClientError::Refused(refusal).into()),
        reply => Ok(reply),
    }
}

fn rows(house: &House) -> anyhow::Result<Vec<AgentRow>> {
    match ask(house, AgentsRequest::List)? {
        Reply::Agents(AgentsReply::Rows(rows)) => Ok(rows),
        _ => Err(ClientError::Unfit.into()),
    }
}

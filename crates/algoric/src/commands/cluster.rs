//! `algoric cluster`: the Slurm that runs a centre's jobs, as operators look after it.

use api::{ClusterReply, ClusterRequest, Reply, Request};
use clap::Subcommand;

use super::House;
use crate::{client::ClientError, console, exit};

/// The Slurm that runs the jobs (operators)
#[derive(Subcommand)]
pub enum ClusterCommand {
    /// Make Slurm's accounts, users and limits what projects, members and budgets say
    ///
    /// Prints the commands of sacctmgr that it takes, and what somebody made in Slurm by hand, which is left as it is.
    Reconcile {
        /// Change nothing: say what would be done
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does it.
pub fn run(command: ClusterCommand, house: &House) -> anyhow::Result<u8> {
    let ClusterCommand::Reconcile { dry_run } = command;
    match house.call()?.ask(&Request::Cluster(ClusterRequest::Reconcile { dry_run }))? {
        Reply::Cluster(reply) => Ok(show(&reply, dry_run, house)),
        Reply::Refused(refusal) => Err(ClientError::Refused(refusal).into()),
        other => anyhow::bail!("{other:?} is no answer"),
    }
}

fn show(reply: &ClusterReply, dry_run: bool, house: &House) -> u8 {
    let words = &house.words;
    for change in &reply.changes {
        console::line(format!("sacctmgr -i {change}"));
    }
    for report in &reply.reports {
        console::line(words.with("slurm-by-hand", &[("what", report.as_str().into())]));
    }
    let key = match (reply.changes.is_empty(), dry_run) {
        (true, _) => "slurm-agrees",
        (false, true) => "slurm-would",
        (false, false) => "slurm-done",
    };
    let count = if dry_run { reply.changes.len() as u32 } else { reply.done };
    console::line(words.with(key, &[("count", count.into())]));
    if let Some(fault) = &reply.fault {
        console::complain(format!("algoric: {fault}\n"));
        return exit::FAILED;
    }
    exit::OK
}

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
    /// Show the cluster as the centre sees it, and how long ago it looked
    Status,
}

/// Does it.
pub fn run(command: ClusterCommand, house: &House) -> anyhow::Result<u8> {
    let ClusterCommand::Reconcile { dry_run } = command else { return status(house) };
    match house.call()?.ask(&Request::Cluster(ClusterRequest::Reconcile { dry_run }))? {
        Reply::Cluster(reply) => Ok(show(&reply, dry_run, house)),
        Reply::Refused(refusal) => Err(ClientError::Refused(refusal).into()),
        other => anyhow::bail!("{other:?} is no answer"),
    }
}

/// Exit code 1: something of it cannot be followed.
fn status(house: &House) -> anyhow::Result<u8> {
    let state = match house.call()?.ask(&Request::Cluster(ClusterRequest::State))? {
        Reply::ClusterState(state) => state,
        Reply::Refused(refusal) => return Err(ClientError::Refused(refusal).into()),
        other => anyhow::bail!("{other:?} is no answer"),
    };
    let words = &house.words;
    let age = |age: Option<i64>| match age {
        Some(age) => words.with("slurm-seen", &[("seconds", words.decimal(age as f64 / 1000.0).into())]),
        None => words.say("slurm-unseen"),
    };
    let (name, version) = (state.name.as_str(), state.version.as_str());
    let machines =
        [("name", name.into()), ("version", version.into()), ("up", state.up.into()), ("of", state.nodes.into())];
    console::line(words.with("slurm-machines", &machines));
    let queue =
        [("running", state.running.into()), ("waiting", state.waiting.into()), ("age", age(state.queue_age).into())];
    console::line(words.with("slurm-queue", &queue));
    console::line(words.with("slurm-accounting", &[("age", age(state.usage_age).into())]));
    if state.moving > 0 {
        console::line(words.with("slurm-moving", &[("count", state.moving.into())]));
    }
    let mut code = exit::OK;
    for (key, fault) in [("slurm-queue-fault", &state.queue_fault), ("slurm-usage-fault", &state.usage_fault)] {
        if let Some(why) = fault {
            console::line(words.with(key, &[("why", why.as_str().into())]));
            code = exit::FAILED;
        }
    }
    Ok(code)
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

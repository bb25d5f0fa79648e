//! `sprio`: shows what priorities are made of.

use api::{JobTarget, QueueQuery, Reply, Request};
use dialect::{errors::Action, refusal::Refusal, sprio};

use super::{asked, caller::Caller, clusters, refused::failed};
use crate::{client::ClientError, console};

/// Shows it.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sprio::parse(&caller.args, &caller.environ)?;
    let refuse = |error| failed(error).refusal(Action::Show("sprio: Couldn't get priority factors from controller"));
    let mut centre = caller.call().map_err(refuse)?;
    let targets = options.jobs.as_ref().map(|picks| {
        picks.iter().map(|pick| JobTarget { id: pick.job, tasks: pick.tasks.clone() }).collect::<Vec<_>>()
    });
    // One unknown number is no error here: it is not shown.
    let targets = targets.filter(|targets| targets.len() == 1);
    let query = QueueQuery { targets, ..QueueQuery::default() };
    let (weights, rows) = match centre.ask(&Request::Priorities(query)) {
        Ok(Reply::Priorities { weights, rows }) => (weights, rows),
        Err(ClientError::Refused(refusal)) if refusal.code == api::RefusalCode::InvalidJobId => Default::default(),
        Ok(_) => return Err(refuse(ClientError::Unfit)),
        Err(error) => return Err(refuse(error)),
    };
    let cluster = asked::cluster(&mut centre).map_err(refuse)?;
    let mut out = clusters::heading("sprio", options.clusters.as_deref(), &cluster, options.no_header)?.into_bytes();
    let warnings = sprio::print(&options, &weights, &rows, &cluster, &mut out);
    console::print(out);
    warnings.iter().for_each(|line| console::complain(format!("{line}\n")));
    Ok(0)
}

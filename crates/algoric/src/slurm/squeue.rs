//! `squeue`: shows the queue.

use std::{collections::HashSet, thread, time::Duration};

use api::{JobTarget, QueueQuery, RefusalCode, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    squeue::{self, Filter, Jobs, Options, UserPick},
    text::Clock,
    tree::Notation,
    values::jobs::JobPick,
};
use model::{JobId, JobState, QueueDetail, QueueRow};

use super::{
    asked,
    caller::{self, Caller},
    clusters,
    refused::failed,
};
use crate::{
    client::{Client, ClientError},
    console,
};

/// From how many jobs on it is quicker to ask about all than to name each.
const MANY: usize = 1000;

/// Shows it, once or again and again.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let mut options = squeue::parse(&caller.args, &caller.environ, caller.owner().uid)?;
    let strangers = strangers(&mut options.filter);
    loop {
        let clock = caller.fresh_clock();
        let load = |error| failed(error).refusal(Action::LoadJobs);
        let mut centre = caller.call().map_err(load)?;
        if options.needs_cluster() {
            options.cluster = asked::cluster(&mut centre).map_err(load)?;
        }
        check_nodes(&options.filter, &mut centre)?;
        if let Some(notation) = options.notation {
            document(&options, notation, &mut centre).map_err(load)?;
            return Ok(0);
        }
        let mut out =
            clusters::heading("squeue", options.clusters.as_deref(), &options.cluster, options.no_header)?.into_bytes();
        listing(&options, &mut centre, &clock, &mut out).map_err(load)?;
        console::print(out);
        complain(&options.warnings);
        strangers.iter().for_each(|name| complain(&squeue::invalid_user(name)));
        match options.iterate {
            Some(seconds) => thread::sleep(Duration::from_secs(seconds.into())),
            None => return Ok(0),
        }
        console::line("");
    }
}

fn complain(lines: &[String]) {
    lines.iter().for_each(|line| console::complain(format!("{line}\n")));
}

/// Users that nobody knows: taken out, and returned.
fn strangers(filter: &mut Filter) -> Vec<String> {
    let mut strangers = Vec::new();
    if let Some(users) = &mut filter.users {
        users.retain(|user| match user {
            UserPick::Name(name) if caller::user(name).is_none() => {
                strangers.push(name.clone());
                false
            }
            _ => true,
        });
    }
    strangers
}

/// Machines that nobody knows are told at once.
fn check_nodes(filter: &Filter, centre: &mut Client) -> Result<(), Refusal> {
    let Some(wanted) = &filter.nodes else { return Ok(()) };
    let known = asked::nodes(centre).map_err(|error| failed(error).refusal(Action::LoadJobs))?;
    match wanted.iter().find(|name| !known.iter().any(|node| node.name == **name)) {
        Some(name) => Err(Refusal::error("squeue", format!("Invalid node name {name}"), 1)),
        None => Ok(()),
    }
}

/// So much of a document is written at once.
const PIECE: usize = 256 << 10;

/// `--json`, `--yaml`: written as it comes, so that no queue is too long.
fn document(options: &Options, notation: Notation, centre: &mut Client) -> Result<(), ClientError> {
    let filter = &options.filter;
    let query = QueueQuery {
        targets: filter.jobs.as_deref().map(targets),
        users: filter.users.as_ref().map(|users| users.iter().map(user).collect()),
        finished: true,
    };
    let mut listing = squeue::Listing::new(notation, filter, &options.cluster);
    centre.each(&Request::Records(query), |reply| {
        let Reply::Records(records) = reply else { return false };
        for record in &records {
            listing.add(record);
        }
        if listing.written().len() > PIECE {
            console::print(listing.written());
            listing.clear();
        }
        true
    })?;
    console::print(listing.finish());
    Ok(())
}

fn listing(options: &Options, centre: &mut Client, clock: &Clock<'_>, out: &mut Vec<u8>) -> Result<(), ClientError> {
    if let Some(steps) = &options.steps {
        let named = options.filter.jobs.as_ref().unwrap_or(steps);
        return match centre.ask(&Request::Steps(targets(named)))? {
            Reply::Steps(rows) => {
                squeue::print_steps(options, &rows, clock, out);
                Ok(())
            }
            _ => Err(ClientError::Unfit),
        };
    }
    let rows = rows(&options.filter, centre)?;
    if options.needs_detail() {
        let details = details(&rows, options, centre)?;
        squeue::print(options, Jobs::Details(&details), clock, out);
    } else {
        squeue::print(options, Jobs::Rows(&rows), clock, out);
    }
    Ok(())
}

/// The rows that the centre finds by number and by user; the other conditions are `dialect`'s.
fn rows(filter: &Filter, centre: &mut Client) -> Result<Vec<QueueRow>, ClientError> {
    let query = QueueQuery {
        targets: filter.jobs.as_deref().map(targets),
        users: filter.users.as_ref().map(|users| users.iter().map(user).collect()),
        finished: filter.states.as_ref().is_some_and(|states| states.iter().any(|state| is_over(*state))),
    };
    match &query.targets {
        // One unknown number is an error, one among several is passed over.
        Some(several) if several.len() > 1 => {
            let mut rows = Vec::new();
            for target in several {
                match queue(QueueQuery { targets: Some(vec![target.clone()]), ..query.clone() }, centre) {
                    Ok(found) => rows.extend(found),
                    Err(ClientError::Refused(refusal)) if refusal.code == RefusalCode::InvalidJobId => {}
                    Err(error) => return Err(error),
                }
            }
            let mut seen = HashSet::new();
            rows.retain(|row| seen.insert(row.id));
            Ok(rows)
        }
        _ => queue(query, centre),
    }
}

fn is_over(state: JobState) -> bool {
    state.is_final()
}

fn user(user: &UserPick) -> String {
    match user {
        UserPick::Name(name) => name.clone(),
        UserPick::Uid(uid) => uid.to_string(),
    }
}

fn targets(picks: &[JobPick]) -> Vec<JobTarget> {
    picks.iter().map(|pick| JobTarget { id: pick.job, tasks: pick.tasks.clone() }).collect()
}

fn queue(query: QueueQuery, centre: &mut Client) -> Result<Vec<QueueRow>, ClientError> {
    centre.collect(&Request::Queue(query), |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    })
}

/// Everything about these rows. An array's number means all of it, so jobs may come twice, or unasked.
fn details(rows: &[QueueRow], options: &Options, centre: &mut Client) -> Result<Vec<QueueDetail>, ClientError> {
    let mut wanted: HashSet<JobId> = rows.iter().map(|row| row.id).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let named = match rows.len() {
        0..MANY => rows.iter().map(|row| JobTarget { id: row.id, tasks: None }).collect(),
        _ => Vec::new(),
    };
    let mut details = centre.collect(&Request::Details(named), |reply| match reply {
        Reply::Details(details) => Some(details),
        _ => None,
    })?;
    details.retain(|detail| wanted.remove(&detail.row.id) && options.filter.selects_spec(&detail.spec));
    Ok(details)
}

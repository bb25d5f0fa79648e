//! `sacct`: shows the accounts.

use api::{AccountQuery, JobTarget, RefusalCode, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    sacct::{self, Options, Papers},
    squeue::UserPick,
};
use model::AccountRow;

use super::{
    asked,
    caller::{self, Caller},
    refused::failed,
};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Shows them.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sacct::parse(&caller.args, &caller.environ, &caller.clock(), caller.owner().uid)?;
    let refuse = |error| failed(error).refusal(Action::Accounts);
    for user in options.query.users.iter().flatten() {
        if let UserPick::Name(name) = user
            && caller::user(name).is_none()
        {
            return Err(Refusal::error("sacct", format!("Invalid user id: {name}"), 1));
        }
    }
    let mut centre = caller.call().map_err(refuse)?;
    if let Some(papers) = options.papers {
        return show_papers(&options, papers, &mut centre);
    }
    let rows = rows(&options, &mut centre).map_err(refuse)?;
    let cluster = asked::cluster(&mut centre).map_err(refuse)?;
    let mut out = Vec::new();
    let wanted = options.query.clusters.as_ref();
    let here = wanted.is_none_or(|names| names.iter().any(|name| *name == cluster || name == "all"));
    // Other clusters have no accounts here.
    let rows = if here { rows } else { Vec::new() };
    match options.notation {
        Some(notation) => sacct::print_records(&options, notation, &rows, &cluster, &caller.clock(), &mut out),
        None => sacct::print(&options, &rows, &cluster, &caller.clock(), &mut out),
    }
    console::print(out);
    Ok(0)
}

/// `-B`, `--env-vars`: one after the other; jobs that nobody knows are passed over, as in Slurm.
fn show_papers(options: &Options, papers: Papers, centre: &mut Client) -> Result<u8, Refusal> {
    let mut out = Vec::new();
    for pick in options.query.jobs.iter().flatten() {
        let target = JobTarget { id: pick.job, tasks: pick.tasks.clone() };
        let (id, script, environment) = match centre.ask(&Request::Papers(target)) {
            Ok(Reply::Papers { id, script, environment }) => (id, script, environment),
            Err(ClientError::Refused(refusal)) if refusal.code == RefusalCode::InvalidJobId => continue,
            Ok(_) => return Err(failed(ClientError::Unfit).refusal(Action::Accounts)),
            Err(error) => return Err(failed(error).refusal(Action::Accounts)),
        };
        let (title, text) = match papers {
            Papers::Script => (format!("Batch Script for {id}"), script),
            Papers::Environment => {
                let lines = environment.split_inclusive(|byte| *byte == 0);
                let lines = lines.map(|line| [line.strip_suffix(&[0]).unwrap_or(line), b"\n"].concat());
                (format!("Environment used for {id} (must be batch to display)"), lines.collect::<Vec<_>>().concat())
            }
        };
        out.extend(format!("{title}\n{}\n", "-".repeat(80)).into_bytes());
        out.extend_from_slice(if text.is_empty() { b"NONE\n" } else { &text });
        out.push(b'\n');
    }
    console::print(out);
    Ok(0)
}

/// More than enough rows: `dialect` applies the whole filter again.
fn rows(options: &Options, centre: &mut Client) -> Result<Vec<AccountRow>, ClientError> {
    let query = &options.query;
    let users = query.users.as_ref().map(|users| {
        let name = |user: &UserPick| match user {
            UserPick::Name(name) => name.clone(),
            UserPick::Uid(uid) => uid.to_string(),
        };
        users.iter().map(name).collect()
    });
    let targets = query
        .jobs
        .as_ref()
        .map(|picks| picks.iter().map(|pick| JobTarget { id: pick.job, tasks: pick.tasks.clone() }).collect());
    let request = AccountQuery {
        targets,
        all_users: users.is_none(),
        users,
        since: query.since,
        until: query.until,
        steps: !options.allocations,
        duplicates: options.duplicates,
    };
    centre.collect(&Request::Accounts(request), |reply| match reply {
        Reply::Accounts(rows) => Some(rows),
        _ => None,
    })
}

//! `sacct`: shows the accounts.

use api::{AccountQuery, JobTarget, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    sacct::{self, Options},
    squeue::UserPick,
};
use model::AccountRow;

use super::{asked, caller::Caller, refused::failed};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Shows them.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sacct::parse(&caller.args, &caller.environ, &caller.clock(), caller.owner().uid)?;
    let refuse = |error| failed(error).refusal(Action::Accounts);
    let mut centre = caller.call().map_err(refuse)?;
    let rows = rows(&options, &mut centre).map_err(refuse)?;
    let cluster = asked::cluster(&mut centre).map_err(refuse)?;
    let mut out = Vec::new();
    sacct::print(&options, &rows, &cluster, &caller.clock(), &mut out);
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

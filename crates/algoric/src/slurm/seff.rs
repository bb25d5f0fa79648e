//! `seff`: shows how well a job used what it had.

use api::{AccountQuery, JobTarget, Reply, Request};
use dialect::{errors::Action, refusal::Refusal, seff};

use super::{asked, caller::Caller, refused::failed};
use crate::console;

/// Shows it.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let pick = seff::parse(&caller.args)?;
    let refuse = |error| failed(error).refusal(Action::Accounts);
    let mut centre = caller.call().map_err(refuse)?;
    let targets = Some(vec![JobTarget { id: pick.job, tasks: pick.tasks.clone() }]);
    let query = AccountQuery { targets, all_users: true, steps: true, ..AccountQuery::default() };
    let mut rows = centre
        .collect(&Request::Accounts(query), |reply| match reply {
            Reply::Accounts(rows) => Some(rows),
            _ => None,
        })
        .map_err(refuse)?;
    rows.retain(|row| pick.covers(row.id, &row.array));
    let cluster = asked::cluster(&mut centre).map_err(refuse)?;
    let mut out = Vec::new();
    if !seff::print(&rows, &cluster, &caller.clock(), &mut out) {
        return Err(Refusal::line("Job not found.", 2));
    }
    console::print(out);
    Ok(0)
}

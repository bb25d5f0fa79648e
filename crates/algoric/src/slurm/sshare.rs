//! `sshare`: shows shares, and what was used of them.

use api::{Reply, Request};
use dialect::{errors::Action, refusal::Refusal, sshare};

use super::{
    asked,
    caller::{self, Caller},
    clusters,
    refused::failed,
};
use crate::{client::ClientError, console};

/// Shows them.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sshare::parse(&caller.args, &caller.environ)?;
    let refuse = |error| failed(error).refusal(Action::Show("sshare: Couldn't get shares from controller"));
    let mut centre = caller.call().map_err(refuse)?;
    let Reply::Shares(rows) = centre.ask(&Request::Shares).map_err(refuse)? else {
        return Err(refuse(ClientError::Unfit));
    };
    let cluster = asked::cluster(&mut centre).map_err(refuse)?;
    let mut out =
        clusters::heading("sshare", options.clusters.as_deref(), &cluster, options.look.no_header)?.into_bytes();
    sshare::print(&options, &rows, &caller::login_name(caller.owner().uid), &cluster, &mut out);
    console::print(out);
    Ok(0)
}

//! `sdiag`: shows how the scheduler does.

use api::{Reply, Request};
use dialect::{errors::Action, refusal::Refusal, sdiag, text::Clock};

use super::{caller::Caller, refused::failed};
use crate::{client::ClientError, console};

/// Shows it.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sdiag::parse(&caller.args)?;
    if options.reset {
        let denied = Refusal::line("slurm_reset_statistics: Access/permission denied", 255);
        return Err(denied.and("sdiag: error: Counts begin anew when the centre is started."));
    }
    show(&options, caller)
}

fn show(options: &sdiag::Options, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = |error| failed(error).refusal(Action::Show("slurm_get_statistics"));
    let answer = caller.call().and_then(|mut centre| centre.ask(&Request::Diagnostics)).map_err(refuse)?;
    let Reply::Diagnostics(found) = answer else { return Err(refuse(ClientError::Unfit)) };
    let counts = sdiag::Counts {
        since: found.since,
        connections: found.connections,
        jobs: [found.submitted, found.started, found.completed, found.cancelled, found.failed],
        pending: found.pending,
        running: found.running,
        passes: [found.passes, found.passes_us, found.last_pass_us, found.longest_pass_us],
        by_kind: found.by_kind,
        by_user: found.by_user,
    };
    let mut out = Vec::new();
    sdiag::print(options, &counts, &Clock { now: found.now, ..caller.clock() }, &mut out);
    console::print(out);
    Ok(0)
}

/// The same without a command line (`sacctmgr show stats`).
pub fn run_plain(caller: &Caller) -> Result<u8, Refusal> {
    show(&sdiag::Options::default(), caller)
}

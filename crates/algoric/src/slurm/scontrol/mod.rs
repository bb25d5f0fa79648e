//! `scontrol`: shows and changes everything else.

mod change;
mod show;

use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scontrol::{self, Request},
};

use super::{
    asked,
    caller::{self, Caller},
    refused::failed,
    tell,
};
use crate::{client::ClientError, console};

/// Shows or changes it.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = scontrol::parse(&caller.args, &caller.environ, &caller.clock())?;
    let done = match options.request {
        Request::Answer(text) => {
            console::print(text);
            Ok(0)
        }
        Request::Ping => ping(caller),
        Request::ShowJobs(_)
        | Request::ShowSteps(_)
        | Request::ShowNodes(_)
        | Request::ShowPartitions(_)
        | Request::ShowReservations(_)
        | Request::ShowConfig => show::run(options.request, options.style, caller),
        Request::WriteScript { .. } => Err(not_supported("the centre does not hand scripts out again")),
        other => change::run(other, options.quiet, caller),
    };
    match done {
        Err(refusal) if options.quiet => Ok(refusal.exit),
        done => done,
    }
}

fn ping(caller: &Caller) -> Result<u8, Refusal> {
    let host = caller::host();
    let answered = caller.call().and_then(|mut centre| centre.order(&api::Request::Ping));
    answered.map_err(|error| failed(error).refusal(Action::Ping { host: &host }))?;
    console::print(scontrol::ping(&host));
    Ok(0)
}

fn not_supported(what: &str) -> Refusal {
    Refused::NotSupported(what.to_owned()).refusal(Action::Update)
}

/// What a library call of that name says of a failure.
fn call(name: &'static str) -> impl Fn(ClientError) -> Refusal {
    move |error| failed(error).refusal(Action::Show(name))
}

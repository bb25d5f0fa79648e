//! `scontrol`: shows and changes everything else.

mod change;
mod show;
mod watch;

use std::io::{self, IsTerminal as _};

use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scontrol::{self, Request, Style},
};

use super::{
    asked,
    caller::{self, Caller},
    refused::failed,
    sacctmgr::prompted,
    tell,
};
use crate::{client::ClientError, console};

/// Shows or changes it: what the command line says, or line by line what standard input does.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = scontrol::parse(&caller.args, &caller.environ, &caller.clock())?;
    let done = match options.request {
        Request::Interactive => return Ok(interactive(options.style, options.quiet, caller)),
        request => perform(request, options.style, options.quiet, caller),
    };
    match done {
        Err(refusal) if options.quiet => Ok(refusal.exit),
        done => done,
    }
}

/// Until the end of the input, or `exit`; the exit code is that of the last command that failed.
fn interactive(mut style: Style, quiet: bool, caller: &Caller) -> u8 {
    let (mut exit, mut last) = (0, String::new());
    let echo = !io::stdin().is_terminal();
    for line in prompted("scontrol: ", echo) {
        if line.trim() != "!!" {
            last = line;
        }
        let clock = caller.fresh_clock();
        let done = scontrol::parse_line(last.as_bytes(), &caller.environ, &clock).and_then(|request| match request {
            Request::Exit => Ok(None),
            Request::Details => {
                style.details = true;
                Ok(Some(0))
            }
            Request::OneLine => {
                style.one_line = true;
                Ok(Some(0))
            }
            request => perform(request, style, quiet, caller).map(Some),
        });
        match done {
            Ok(Some(0)) => {}
            Ok(Some(code)) => exit = code,
            Ok(None) => return exit,
            Err(refusal) if quiet => exit = refusal.exit,
            Err(refusal) => exit = tell(&refusal),
        }
    }
    exit
}

fn perform(request: Request, style: Style, quiet: bool, caller: &Caller) -> Result<u8, Refusal> {
    match request {
        Request::Answer(text) => {
            console::print(text);
            Ok(0)
        }
        Request::Interactive | Request::Exit | Request::Details | Request::OneLine => Ok(0),
        Request::Ping => ping(caller),
        Request::ShowJobs(_)
        | Request::ShowSteps(_)
        | Request::ShowNodes(_)
        | Request::ShowPartitions(_)
        | Request::ShowReservations(_)
        | Request::ShowConfig
        | Request::ShowAliases
        | Request::ShowAssociations
        | Request::ShowDaemon
        | Request::Completing => show::run(request, style, caller),
        Request::WriteScript { job, file } => watch::write_script(&job, file, quiet, caller),
        Request::ListPids(picks) => watch::list_pids(&picks, caller),
        Request::PidInfo(pid) => watch::pid_info(pid, caller),
        Request::Notify { job, text } => watch::notify(&job, &text, caller),
        Request::WaitJob(job) => watch::wait_job(&job, caller),
        Request::Operate(keyword) => Err(operate(&keyword)),
        other => change::run(other, quiet, caller),
    }
}

/// What operators do here in other ways than under Slurm, and how.
fn operate(keyword: &str) -> Refusal {
    let (call, instead) = match keyword {
        "reconfigure" => ("slurm_reconfigure error", "config.toml is read when the centre is started."),
        "shutdown" | "abort" => ("slurm_shutdown error", "An operator ends the centre by: algoric stop"),
        "takeover" => ("slurm_takeover error", "There is one centre, and no second one behind it."),
        "reboot" | "cancel_reboot" => ("slurm_update error", "Machines are not rebooted by the centre."),
        "token" => ("scontrol_token error", "Who asks is known from the kernel: there are no tokens."),
        _ => ("slurm_set_debug_level error", "The centre's log has no levels."),
    };
    Refusal::line(format!("{call}: Invalid user id"), 1).and(format!("scontrol: error: {instead}"))
}

fn ping(caller: &Caller) -> Result<u8, Refusal> {
    let host = caller::host();
    let answered = caller.call().and_then(|mut centre| centre.order(&api::Request::Ping));
    answered.map_err(|error| failed(error).refusal(Action::Ping { host: &host }))?;
    console::print(scontrol::ping(&host));
    Ok(0)
}

fn not_supported(what: &str) -> Refusal {
    Refused::NotSupported(what.to_owned()).refusal(Action::Update).and(format!("scontrol: error: {what}"))
}

/// What a library call of that name says of a failure.
fn call(name: &'static str) -> impl Fn(ClientError) -> Refusal {
    move |error| failed(error).refusal(Action::Show(name))
}

//! `algoric`: one binary for a whole centre. Called by the name of a Slurm command it is that command; called by its
//! own it has the commands of [`commands`]. Nothing is decided here.

mod client;
mod commands;
mod console;
mod exit;
mod place;
mod report;
mod show;
mod slurm;
mod step;
mod words;
mod zone;

use std::{ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let called = args.next().unwrap_or_default();
    match slurm::FrontEnd::named(&called) {
        Some(front_end) => ExitCode::from(front_end.run(args.collect())),
        None => ExitCode::from(commands::run(std::iter::once(called).chain(args).collect::<Vec<OsString>>())),
    }
}

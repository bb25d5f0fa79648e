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
    let args: Vec<OsString> = std::env::args_os().collect();
    let front_end = args.first().and_then(|called| slurm::FrontEnd::named(called));
    let code = match (front_end, args.as_slice()) {
        (Some(front_end), _) => front_end.run(args.into_iter().skip(1).collect()),
        // What the centre starts inside jobs: not for people, and started for each `srun`.
        (None, [_, word, .., socket]) if word == centre::RUNNER => step::run_runner(socket.as_encoded_bytes()),
        _ => commands::run(args),
    };
    ExitCode::from(code)
}

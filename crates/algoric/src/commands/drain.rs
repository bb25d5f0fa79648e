//! `algoric drain` and `algoric resume`: taking the machine out of service and back.

use api::Request;

use super::House;
use crate::{console, exit};

/// Lets the machine start no new jobs; what runs goes on (operators)
#[derive(clap::Args)]
pub struct DrainArgs {
    /// Why, as members will read it
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lets the machine start jobs again (operators)
#[derive(clap::Args)]
pub struct ResumeArgs {}

/// Out of service.
pub fn drain(args: DrainArgs, house: &House) -> anyhow::Result<u8> {
    house.call()?.order(&Request::Drain(Some(args.reason)))?;
    console::line(house.words.say("drain-done"));
    Ok(exit::OK)
}

/// Back in service.
pub fn resume(_args: &ResumeArgs, house: &House) -> anyhow::Result<u8> {
    house.call()?.order(&Request::Drain(None))?;
    console::line(house.words.say("resume-done"));
    Ok(exit::OK)
}

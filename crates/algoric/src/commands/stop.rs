//! `algoric stop`.

use api::Request;

use super::House;
use crate::{console, exit};

/// Ends the centre; jobs go on and are found again by the next `up`
#[derive(clap::Args)]
pub struct Args {
    /// Start nothing more, wait until the running jobs have ended, then end the centre
    #[arg(long)]
    drain: bool,
}

/// Orders the end and waits until all is on disk.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    if args.drain {
        console::line(house.words.say("stop-draining"));
    }
    centre.order(&Request::Stop { drain: args.drain })?;
    centre.wait_for_end();
    console::line(if args.drain { house.words.say("stop-done-drained") } else { house.words.say("stop-done") });
    Ok(exit::OK)
}

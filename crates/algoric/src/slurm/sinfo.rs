//! `sinfo`: shows partitions and machines.

use std::{thread, time::Duration};

use dialect::{
    errors::Action,
    refusal::Refusal,
    sinfo::{self, Options},
    text::Clock,
};

use super::{asked, caller::Caller, refused::failed};
use crate::{client::ClientError, console};

/// Shows them, once or again and again.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sinfo::parse(&caller.args, &caller.environ)?;
    loop {
        let mut out = Vec::new();
        listing(&options, caller, &caller.fresh_clock(), &mut out)
            .map_err(|error| failed(error).refusal(Action::LoadPartitions))?;
        console::print(out);
        options.warnings.iter().for_each(|line| console::complain(format!("{line}\n")));
        match options.iterate {
            Some(seconds) => thread::sleep(Duration::from_secs(seconds.into())),
            None => return Ok(0),
        }
        console::line("");
    }
}

fn listing(options: &Options, caller: &Caller, clock: &Clock<'_>, out: &mut Vec<u8>) -> Result<(), ClientError> {
    let mut centre = caller.call()?;
    if options.reservations {
        sinfo::print_reservations(options, &asked::reservations(&mut centre)?, clock, out);
    } else {
        let partitions = asked::partitions(&mut centre)?;
        sinfo::print(options, &partitions, &asked::nodes(&mut centre)?, clock, out);
    }
    Ok(())
}

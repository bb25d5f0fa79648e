//! `sinfo`: shows partitions and machines.

use std::{thread, time::Duration};

use dialect::{
    errors::Action,
    refusal::Refusal,
    sinfo::{self, Options},
    text::Clock,
};

use super::{asked, caller::Caller, clusters, refused::failed};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Shows them, once or again and again.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sinfo::parse(&caller.args, &caller.environ)?;
    loop {
        let load = |error| failed(error).refusal(Action::LoadPartitions);
        let mut centre = caller.call().map_err(load)?;
        let mut out = Vec::new();
        if options.clusters.is_some() {
            let cluster = asked::cluster(&mut centre).map_err(load)?;
            out.extend(
                clusters::heading("sinfo", options.clusters.as_deref(), &cluster, options.no_header)?.into_bytes(),
            );
        }
        if let Some(notation) = options.notation {
            let nodes = asked::nodes(&mut centre).map_err(load)?;
            out.clear();
            sinfo::print_records(&options, notation, &nodes, &caller.clock(), &mut out);
            console::print(out);
            return Ok(0);
        }
        listing(&options, &mut centre, &caller.fresh_clock(), &mut out).map_err(load)?;
        console::print(out);
        options.warnings.iter().for_each(|line| console::complain(format!("{line}\n")));
        match options.iterate {
            Some(seconds) => thread::sleep(Duration::from_secs(seconds.into())),
            None => return Ok(0),
        }
        console::line("");
    }
}

fn listing(options: &Options, centre: &mut Client, clock: &Clock<'_>, out: &mut Vec<u8>) -> Result<(), ClientError> {
    if options.reservations {
        sinfo::print_reservations(options, &asked::reservations(centre)?, clock, out);
    } else {
        let partitions = asked::partitions(centre)?;
        sinfo::print(options, &partitions, &asked::nodes(centre)?, clock, out);
    }
    Ok(())
}

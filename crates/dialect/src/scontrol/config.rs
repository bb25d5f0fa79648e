//! `scontrol show config` and `ping`.

use crate::text::{Clock, put, put_timestamp};

/// Writes the configuration: names and values in the order given, in Slurm's two columns, then who answers.
pub fn put_config(pairs: &[(String, String)], host: &str, clock: &Clock<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Configuration data as of ");
    put_timestamp(out, clock.now, clock.zone);
    out.push(b'\n');
    for (name, value) in pairs {
        put(out, format_args!("{name:<23} = {value}\n"));
    }
    out.push(b'\n');
    out.extend_from_slice(ping(host).as_bytes());
}

/// The answer of a centre that runs.
pub fn ping(host: &str) -> String {
    format!("Slurmctld(primary) at {host} is UP\n")
}

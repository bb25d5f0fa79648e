//! Parks become plans: what machines say, what operators write, what a real Slurm reads.
#![allow(clippy::unwrap_used, missing_docs)]

mod parks;
mod plans;
mod probes;
mod shells;

use std::collections::BTreeMap;

use site::{Measured, Park, Secrets, park::with_measured, probe};

/// What a virtual machine of two cores printed, letter by letter (Debian 12).
const RECORDED: &str = include_str!("fixtures/recorded-virtual-machine-debian12.txt");
/// The great machine of the first park, and a small old one: nobody has recorded them yet. Written in the forms of the
/// programs that the probe calls.
const SMP: &str = include_str!("fixtures/written-r428-smp.txt");
const NEHALEM: &str = include_str!("fixtures/written-nehalem.txt");

fn measured(text: &str) -> Measured {
    probe::parse(text).unwrap().measured
}

fn secrets() -> Secrets {
    Secrets { munge_key: "key".repeat(20), database_password: "sesame".to_owned() }
}

/// The first park: a great machine with GPUs, old servers, and a controller that computes nothing.
const FIRST: &str = r#"
[cluster]
name = "mesca"
home = "/home"

[power]
suspend_after = 1800
boot = 150

[[machine]]
name = "head"
address = "10.0.0.1"
compute = false
[[machine]]
name = "smp1"
address = "10.0.0.11"
[[machine]]
name = "neh1"
address = "10.0.0.21"
ssh = "neh1.admin"
port = 2222
[[machine]]
name = "neh2"
address = "10.0.0.22"

[[partition]]
name = "main"
default = true
max_time = "7-0"
[[partition]]
name = "smp"
machines = ["smp1"]
default_time = "2:00:00"
priority = 10

[[project]]
name = "eau"
share = 3
members = ["alice", "bob"]
"#;

fn first() -> Park {
    let named = |name: &str, text: &str| {
        let mut measured = measured(text);
        measured.hostname = name.to_owned();
        (name.to_owned(), measured)
    };
    let mut all =
        BTreeMap::from([named("head", RECORDED), named("smp1", SMP), named("neh1", NEHALEM), named("neh2", NEHALEM)]);
    // One machine that calls itself otherwise, as they come from elsewhere.
    all.get_mut("neh2").unwrap().hostname = "server42".to_owned();
    Park::parse(&with_measured(FIRST, &all)).unwrap()
}

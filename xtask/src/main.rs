//! The project's own commands: `cargo xtask COMMAND`. One file each; what several of them need is in `tools`.
//!
//! Nothing here ships, and nothing here knows what Algoric does: only how it is checked and packed.

// This program speaks to whoever runs it, and to nobody else.
#![allow(clippy::print_stdout)]

mod arrows;
mod artifacts;
mod bench;
mod deb;
mod demo;
mod licences;
mod packages;
mod parity;
mod rooms;
mod rust_text;
mod scanned;
mod schemathesis;
mod shots;
mod test;
mod tidy;
mod tools;
mod vm_test;
mod wapiti;

use std::process::ExitCode;

/// A command: its arguments in, its exit code out. An `Err` is a fault of the command itself, said in one line.
type Command = fn(&[String]) -> anyhow::Result<ExitCode>;

const COMMANDS: &[(&str, &str, Command)] = &[
    (
        "test",
        "everything that must pass: packages, format, lints, licences, tidy, tests, package, virtual machine",
        test::main,
    ),
    ("tidy", "the house's habits [--bless: accept today's arrows between crates]", tidy::main),
    ("licences", "licences of all dependencies, and crates that are there in two versions", licences::main),
    (
        "bench",
        "engine: how fast it is, beside others [--quick] [--only NAME,...] [--rounds N] [--jobs N] [--pending N] \
         [--no-peers] [--install-peers] [--binary FILE]; simulate: how fast traces are replayed [--rounds N] \
         [--binary FILE]; ledger: how long a month takes to close; portal: how long pages take [--jobs N]; \
         ingest: how long a Slurm's accounting takes to come in [--jobs N] [--priced]",
        bench::main,
    ),
    (
        "demo",
        "energy DIR: a day of a small centre in four minutes, its account, and a check of it; month DIR: a month with two \
         customers, its documents and tables, and a check of them; cluster DIR: a real cluster of Slurm, what it must \
         stand, and the evidence [--keep-running] [--chapters NAME,...] [--binary FILE]",
        demo::main,
    ),
    (
        "schemathesis",
        "a stranger's program calls everything in the API's description [--binary FILE] [--examples N]",
        schemathesis::main,
    ),
    (
        "wapiti",
        "a scanner for holes walks through the pages, as a visitor and as an operator [--binary FILE] [--seconds N]",
        wapiti::main,
    ),
    ("shots", "DIR: a picture of every page in both languages, for a phone and for a desktop", shots::main),
    (
        "parity",
        "the same scripts with a real Slurm on this machine and with ours, both now [--cases NAME,...] [--keep DIR]",
        parity::main,
    ),
    ("deb", "the Debian package [--profile dev] [--binary FILE] [--check]", deb::main),
    (
        "vm-test",
        "tests on cgroup v2, in a virtual machine [--crate NAME] [--filter TEXT] [--script FILE] [--systemd]",
        vm_test::main,
    ),
];

fn main() -> ExitCode {
    // For a measurement this program stands in for Slurm's commands, by their names.
    if let Some(code) = bench::as_slurm() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = arguments.split_first().map_or(("help", &[][..]), |(name, rest)| (name.as_str(), rest));
    let Some((_, _, command)) = COMMANDS.iter().find(|(known, _, _)| *known == name) else {
        return help(name);
    };
    command(rest).unwrap_or_else(|error| {
        eprintln!("xtask {name}: {error:#}");
        ExitCode::FAILURE
    })
}

fn help(name: &str) -> ExitCode {
    let asked = ["help", "-h", "--help"].contains(&name);
    if !asked {
        eprintln!("xtask: there is no command '{name}'");
    }
    println!("cargo xtask COMMAND");
    for (name, what, _) in COMMANDS {
        println!("  {name:10} {what}");
    }
    if asked { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

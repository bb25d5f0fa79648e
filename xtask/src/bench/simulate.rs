//! `cargo xtask bench simulate`: how fast traces are replayed. The scheduler by itself measures itself
//! (`simulator/examples/pace`), beside flat arrays; here it is asked to, and the command is timed as people wait for it.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::figures::median;
use crate::{deb, tools};

const TRACES: &str = "crates/simulator/tests/traces";

/// What is asked of the command: its arguments, and the most seconds that it should take.
const COMMANDS: &[(&str, &[&str], f64)] = &[
    ("algoric simulate CEA-curie…gz (EASY), from file to table", &["CEA-curie.pyss-easy.swf.gz"], 0.35),
    ("algoric simulate KTH…gz (EASY), from file to table", &["KTH-SP2.pyss-easy.swf.gz"], 0.1),
];

/// `bench simulate [--rounds N] [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &["rounds", "binary"])?;
    let rounds = tools::option(arguments, "rounds").unwrap_or("3");
    let count: usize = rounds.parse().with_context(|| format!("--rounds takes a number, not '{rounds}'"))?;
    let binary = match tools::option(arguments, "binary") {
        Some(file) => file.into(),
        None => deb::build("release")?,
    };
    let speed = ["run", "--release", "--quiet", "--package", "simulator", "--example", "pace", "--", rounds];
    ensure!(tools::run(&mut tools::command("cargo", speed))?, "the scheduler did not measure itself");
    for (what, names, goal) in COMMANDS {
        let mut times = Vec::new();
        for _ in 0..count.max(1) {
            let mut command = Command::new(&binary);
            command.arg("simulate").args(*names).current_dir(TRACES).stdout(Stdio::null()).stderr(Stdio::null());
            let begun = Instant::now();
            ensure!(command.status()?.success(), "{what} failed");
            times.push(begun.elapsed().as_secs_f64());
        }
        println!("{what}: {:.3} s (goal: {goal} s)", median(&times));
    }
    let pass = ["run", "--release", "--quiet", "--package", "scheduler", "--example", "pass"];
    print!("{}", tools::output(&mut tools::command("cargo", pass))?);
    Ok(ExitCode::SUCCESS)
}

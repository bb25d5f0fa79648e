//! `cargo xtask bench ledger`: how long a centre's month takes to close. The ledger measures itself
//! (`ledger/examples/close.rs`); here it is asked to.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::tools;

/// `bench ledger`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &[])?;
    let close = ["run", "--release", "--quiet", "--package", "ledger", "--example", "close"];
    ensure!(tools::run(&mut tools::command("cargo", close))?, "the ledger did not measure itself");
    Ok(ExitCode::SUCCESS)
}

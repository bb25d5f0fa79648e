//! `cargo xtask demo WHAT DIR`: a small centre at work, played in a few minutes. Leaves tables and papers, checked by
//! scripts that know only these.

pub mod cluster;
mod energy;
pub mod month;
mod stage;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::tools;
pub use stage::Stage;

/// `demo energy|month|cluster DIR [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let [what, folder, options @ ..] = arguments else {
        bail!("usage: cargo xtask demo energy|month|cluster DIR [--binary FILE]")
    };
    if what == "cluster" {
        return cluster::main(folder, options);
    }
    tools::only(options, &[], &["binary"])?;
    let play = match what.as_str() {
        "energy" => energy::main,
        "month" => month::main,
        other => bail!("there is no demonstration of '{other}', but of energy, of a month and of a cluster"),
    };
    play(Stage::new(folder, tools::option(options, "binary"))?)
}

//! `cargo xtask demo WHAT DIR`: a small centre at work, played in a few minutes. Leaves tables and papers, checked by
//! scripts that know only these.

mod energy;
pub mod month;
mod stage;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::tools;
pub use stage::Stage;

/// `demo energy|month DIR [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let [what, folder, options @ ..] = arguments else {
        bail!("usage: cargo xtask demo energy|month DIR [--binary FILE]")
    };
    tools::only(options, &[], &["binary"])?;
    let play = match what.as_str() {
        "energy" => energy::main,
        "month" => month::main,
        other => bail!("there is no demonstration of '{other}', but of energy and of a month"),
    };
    play(Stage::new(folder, tools::option(options, "binary"))?)
}

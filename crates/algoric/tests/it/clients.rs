//! Programs from PyPI that drive Slurm, unmodified: `tests/clients`.
//!
//! `ALGORIC_CLIENTS` is the virtual environment that holds them; `cargo xtask test` makes it. Without it nothing is run,
//! and that is said.

use std::{env, path::Path, process::Command};

use crate::ward::{Ward, outcome};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Two processors, as where the scripts were tried first; everything else as it is by default.
const CONFIG: &str = r#"
[machine]
cpus = 2
[[partition]]
name = "debug"
default = true
"#;

fn check(client: &str) {
    let Some(venv) = env::var_os("ALGORIC_CLIENTS") else {
        eprintln!("NOT RUN: {client}; ALGORIC_CLIENTS is not set, `cargo xtask test` sets it");
        return;
    };
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let mut script = Command::new(Path::new(SCRIPTS).join(format!("{client}.sh")));
    script.arg(ward.path("bin")).env("VENV", venv).env("PARTITION", "debug").env("ALGORIC_DATA", ward.data());
    // What is left behind goes with the ward; the system's own Python knows nothing of other ones.
    script.env("TMPDIR", ward.path("out")).env_remove("PYENV_VERSION").current_dir(ward.path("out"));
    let (code, said, complaint) = outcome(&mut script);
    assert!(code == 0 && said.contains(&format!("PASS {client}")), "exit {code}\n{said}\n{complaint}");
}

#[test]
fn submitit() {
    check("submitit");
}

#[test]
fn snakemake() {
    check("snakemake");
}

#[test]
fn dask_jobqueue() {
    check("dask-jobqueue");
}

#[test]
fn parsl() {
    check("parsl");
}

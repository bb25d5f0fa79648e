//! `cargo xtask schemathesis`: a stranger's program (PyPI) reads the description of the API and calls everything in it with
//! what fits and what does not. It must find no fault of the server, and no answer that the description does not have.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::{scanned::Centre, tools};

const PACKAGE: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// `schemathesis [--binary FILE] [--examples N]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let value = |name: &str| arguments.iter().position(|known| known == name).and_then(|at| arguments.get(at + 1));
    let target = tools::target()?;
    let Some(program) = provide(&target) else {
        println!("NOT RUN: {PACKAGE} cannot be had (python3-venv, and PyPI)");
        return Ok(ExitCode::SUCCESS);
    };
    let mut centre = Centre::start("schemathesis", value("--binary").map(String::as_str))?;
    let outcome = centre.token().and_then(|token| {
        let mut command = Command::new(&program);
        command.current_dir(centre.folder()).arg("run").arg(format!("{}/api/v1/openapi.json", centre.url));
        command.args(["--url", &centre.url, "--checks", CHECKS, "--suppress-health-check", "all", "--no-color"]);
        command.args(["--header", &format!("Authorization: Bearer {token}"), "--seed", "7"]);
        command.args(["--max-examples", value("--examples").map_or("30", String::as_str)]);
        // Not announced as other commands are: a token is in it.
        Ok(command.status().context("schemathesis cannot be started")?.success())
    });
    centre.stop();
    Ok(if outcome? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program, in a virtual environment of its own.
fn provide(target: &Path) -> Option<PathBuf> {
    let folder = target.join("schemathesis");
    let program = folder.join("bin/schemathesis");
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !program.exists() {
        let made = quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && quiet(Command::new(folder.join("bin/pip")).args(["install", "--quiet", PACKAGE]));
        if !made {
            return None;
        }
    }
    program.exists().then_some(program)
}

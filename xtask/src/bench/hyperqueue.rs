//! HyperQueue, by its Python package: what PyPI has of it is no command, but a whole server and worker in one library.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tools;

/// HyperQueue, ready to be called. Each call starts a server and a worker with two cores, and ends them.
pub struct HyperQueue {
    python: PathBuf,
    folder: PathBuf,
}

impl HyperQueue {
    /// `None` where it is not installed.
    pub fn find(folder: &Path) -> Result<Option<Self>> {
        let python = environment()?.join("bin/python");
        let there = Command::new(&python).args(["-c", "import hyperqueue"]).stderr(Stdio::null()).status();
        Ok(there.is_ok_and(|status| status.success()).then(|| Self { python, folder: folder.into() }))
    }

    /// Seconds for one job of so many tasks.
    pub fn array(&self, script: &Path, tasks: usize) -> Result<f64> {
        let times = self.call("array", &[script, &PathBuf::from(tasks.to_string())])?;
        times.first().copied().context("it printed no time")
    }

    /// Milliseconds from each submission to the task's first line.
    pub fn latency(&self, script: &Path, out: &Path, times: usize) -> Result<Vec<f64>> {
        self.call("latency", &[script, &PathBuf::from(times.to_string()), out])
    }

    fn call(&self, what: &str, arguments: &[&Path]) -> Result<Vec<f64>> {
        let mut command = Command::new(&self.python);
        command.arg(tools::root().join("xtask/bench/hyperqueue_peer.py")).arg(what).args(arguments);
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output().context("cannot start python")?;
        if !output.status.success() {
            bail!("it failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        // It prints about itself too; what we asked for comes behind a mark.
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers = text.lines().filter_map(|line| line.strip_prefix("result "));
        numbers.map(|number| number.parse().with_context(|| format!("'{number}' is no number"))).collect()
    }
}

fn environment() -> Result<PathBuf> {
    Ok(tools::target()?.join("bench-hyperqueue"))
}

/// Puts it into an environment of its own, below cargo's target folder.
pub fn install() -> Result<()> {
    let folder = environment()?;
    let good = tools::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?
        && tools::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "hyperqueue"]))?;
    if !good {
        eprintln!("HyperQueue could not be installed");
    }
    Ok(())
}

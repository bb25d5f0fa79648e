//! A cluster that speaks Slurm's language, started for a bench and ended with it: our centre, or Slurm itself. What is
//! measured of it goes through the commands that members use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::party::Who;
use crate::tools;

/// A user other than root who is on every machine and owns nothing: `daemon`.
pub const MEMBER: u32 = 1;

/// Nothing that a bench waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(1800);

/// One cluster of one machine.
pub struct Cluster {
    pub who: Who,
    /// Where jobs are submitted, and leave their output.
    pub folder: PathBuf,
    /// Where its commands are.
    commands: PathBuf,
    /// The variable that tells a command which cluster is meant.
    variable: (&'static str, PathBuf),
    /// What we started, and how it ends.
    running: Running,
}

enum Running {
    Ours {
        binary: PathBuf,
        up: Child,
    },
    /// By `slurm.sh`, which knows.
    Slurm {
        folder: PathBuf,
    },
}

/// The script that installs, starts and stops Slurm.
pub fn slurm_script() -> PathBuf {
    tools::root().join("xtask/bench/slurm.sh")
}

impl Cluster {
    /// A centre of its own below `folder`, by this `binary`.
    pub fn algoric(folder: &Path, binary: &Path) -> Result<Self> {
        let data = fresh(&folder.join("data"))?;
        let commands = folder.join("bin");
        let run = Command::new(binary).arg("commands").arg(&commands).stdout(Stdio::null()).status();
        ensure!(run.context("cannot start algoric")?.success(), "`algoric commands` failed");
        let mut up = Command::new(binary);
        up.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(&data).stdin(Stdio::null()).stdout(Stdio::null());
        let up = up.spawn().context("cannot start algoric up")?;
        let cluster = Self {
            who: Who::Algoric,
            folder: fresh(&folder.join("jobs"))?,
            commands,
            variable: ("ALGORIC_DATA", data),
            running: Running::Ours { binary: binary.into(), up },
        };
        until("the centre is ready", Duration::from_millis(20), || {
            Ok(cluster.status().is_ok_and(|status| status["ready"] == true))
        })?;
        Ok(cluster)
    }

    /// Slurm, if it is installed and we are root, who alone can start it.
    pub fn slurm(folder: &Path) -> Result<Option<Self>> {
        if !(tools::has("slurmctld") && tools::has("slurmdbd") && tools::is_root()) {
            return Ok(None);
        }
        let own = folder.join("slurm");
        let cluster = Self {
            who: Who::Slurm,
            folder: fresh(&folder.join("jobs"))?,
            commands: "/usr/bin".into(),
            variable: ("SLURM_CONF", own.join("slurm.conf")),
            running: Running::Slurm { folder: own.clone() },
        };
        let started = Command::new("bash").arg(slurm_script()).arg("start").arg(&own).stdin(Stdio::null()).status();
        ensure!(started.context("cannot start bash")?.success(), "Slurm did not start");
        Ok(Some(cluster))
    }

    /// One of its commands, not yet started.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.commands.join(name));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.env(self.variable.0, &self.variable.1);
        // What holds for a job of somebody else's cluster that this may run in.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_foreign(&name.to_string_lossy(), self.variable.0)) {
            command.env_remove(name);
        }
        command
    }

    /// What one of its commands prints.
    pub fn ask(&self, name: &str, arguments: &[&str]) -> Result<String> {
        tools::output(&mut self.command(name, arguments))
    }

    /// How many jobs of this name the accounts call completed, of those since then (`sacct -S`'s form).
    pub fn completed(&self, name: &str, since: &str) -> Result<usize> {
        let rows = self.ask("sacct", &["-n", "-X", "-P", "-o", "JobName,State", "-S", since])?;
        let completed = format!("{name}|COMPLETED");
        Ok(rows.lines().filter(|row| *row == completed).count())
    }

    /// Waits until nobody waits or runs.
    pub fn drained(&self) -> Result<()> {
        let mut slow = Duration::ZERO;
        until("all jobs are over", Duration::from_millis(100), || {
            // Asking must not become the work: nine tenths of the time nobody asks.
            sleep(9 * slow);
            let begun = Instant::now();
            let queue = self.ask("squeue", &["-h", "-o", "%i"])?;
            slow = begun.elapsed();
            Ok(queue.trim().is_empty())
        })
    }

    /// `algoric status --json`.
    fn status(&self) -> Result<Value> {
        let Running::Ours { binary, .. } = &self.running else { bail!("only ours has a status") };
        let mut command = Command::new(binary);
        command.args(["status", "--json"]).env(self.variable.0, &self.variable.1).stderr(Stdio::null());
        serde_json::from_slice(&command.output()?.stdout).context("status is no JSON")
    }

    /// The process that keeps the queue.
    pub fn heart(&self) -> Result<u32> {
        match &self.running {
            Running::Ours { .. } => number(&self.status()?["pid"].to_string()),
            Running::Slurm { folder } => number(&fs::read_to_string(folder.join("run/slurmctld.pid"))?),
        }
    }

    /// All its processes.
    pub fn processes(&self) -> Result<Vec<u32>> {
        match &self.running {
            Running::Ours { binary, .. } => {
                let all = fs::read_dir("/proc")?.filter_map(Result::ok);
                let ours = all.filter(|entry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == *binary));
                Ok(ours.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
            }
            Running::Slurm { folder } => {
                let files = fs::read_dir(folder.join("run"))?.filter_map(Result::ok).map(|entry| entry.path());
                let files = files.filter(|path| path.extension().is_some_and(|end| end == "pid"));
                files.map(|path| number(&fs::read_to_string(path)?)).collect()
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let ended = match &mut self.running {
            Running::Ours { binary, up } => {
                let kill = Command::new(self.commands.join("scancel"))
                    .args(["-u", &user()])
                    .env(self.variable.0, &self.variable.1)
                    .status();
                let stop = Command::new(&*binary)
                    .arg("stop")
                    .env(self.variable.0, &self.variable.1)
                    .stdout(Stdio::null())
                    .status();
                kill.and(stop).and_then(|_| end(up))
            }
            Running::Slurm { folder } => {
                Command::new("bash").arg(slurm_script()).arg("stop").arg(folder).status().map(|_| ())
            }
        };
        if let Err(error) = ended {
            eprintln!("{} may still run: {error}", self.who.name());
        }
    }
}

/// Waits for a centre that was told to stop; ends it where it does not.
fn end(up: &mut Child) -> std::io::Result<()> {
    let begun = Instant::now();
    while up.try_wait()?.is_none() {
        if begun.elapsed() > Duration::from_secs(20) {
            up.kill()?;
            up.wait()?;
            return Err(std::io::Error::other("it did not stop when told to"));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Who we are, by name or number.
fn user() -> String {
    let owner = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    owner.unwrap_or_default().to_string()
}

/// Variables of a surrounding job, which would change what a command does.
fn is_foreign(name: &str, own: &str) -> bool {
    name != own && ["SLURM_", "SBATCH_", "SQUEUE_", "SACCT_", "ALGORIC_"].iter().any(|start| name.starts_with(start))
}

/// A new folder of this name.
fn fresh(folder: &Path) -> Result<PathBuf> {
    fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.into())
}

fn number(text: &str) -> Result<u32> {
    text.trim().parse().with_context(|| format!("'{}' is no process", text.trim()))
}

/// Waits until `done`, asking every `pause`.
pub fn until(what: &str, pause: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !done()? {
        ensure!(begun.elapsed() < PATIENCE, "it took too long until {what}");
        sleep(pause);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surrounding_job_is_left_out() {
        let check = |name: &str, expected: bool| assert_eq!(is_foreign(name, "SLURM_CONF"), expected, "{name}");
        check("SLURM_JOB_ID", true);
        check("SBATCH_PARTITION", true);
        check("ALGORIC_DATA", true);
        check("SLURM_CONF", false);
        check("PATH", false);
    }
}

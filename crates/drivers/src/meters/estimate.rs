//! A machine without any meter: idle power, and so much more for each CPU that computes. Must not know how the two
//! figures came about.
//!
//! It is made a counter since the machine started, from what the kernel counted since then: so it needs no memory of
//! its own, and a centre that was away an hour finds the hour's energy.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::time::Duration;

use energy::Power;
use energy::meter::Channel;
use model::Span;

use super::{About, Meter, MeterError, Scope};

/// See the module.
pub struct Model {
    proc: PathBuf,
    idle: Power,
    per_cpu: Power,
}

impl Model {
    /// A model of this machine.
    pub fn new(proc: &Path, idle_watts: u32, milliwatts_per_cpu: u32) -> Self {
        let (idle, per_cpu) = (Power::watts(idle_watts.into()), Power(milliwatts_per_cpu.into()));
        Self { proc: proc.to_owned(), idle, per_cpu }
    }
}

impl Meter for Model {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        let uptime = Span(since_start(&self.proc)?);
        let busy = Span((busy_us(&self.proc)? / 1000) as i64);
        let energy = self.idle.over(uptime) + self.per_cpu.over(busy);
        // The kernel counts in hundredths of a second.
        let step = self.idle.over(Span(10)) + self.per_cpu.over(Span(10));
        Ok(vec![Channel::counter(energy, None, step)])
    }

    fn about(&self) -> About {
        let (idle, per_cpu) = (self.idle.0 / 1000, self.per_cpu.0);
        let name = format!("model of {idle} W and {per_cpu} mW for each CPU that computes");
        About { name, scope: Scope::Estimate, uncertainty_permille: 300, pace: Duration::from_secs(1) }
    }
}

/// CPU time that the whole machine used since it started, in microseconds, below `proc`. Time that a virtual machine
/// was not given, and time spent waiting, is no use of it.
///
/// # Errors
/// The file is missing, or is none.
pub fn busy_us(proc: &Path) -> Result<u64, MeterError> {
    let path = proc.join("stat");
    let text = read(&path)?;
    let fields = text.lines().next().and_then(|line| line.strip_prefix("cpu "));
    let ticks = fields.and_then(|fields| {
        let ticks: Vec<u64> = fields.split_whitespace().map_while(|field| field.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq: guests are in user.
        Some(ticks.first()? + ticks.get(1)? + ticks.get(2)? + ticks.get(5).unwrap_or(&0) + ticks.get(6).unwrap_or(&0))
    });
    let microseconds = 1_000_000 / nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    ticks.map(|ticks| ticks * microseconds as u64).ok_or_else(|| not_understood(&path, &text, "the kernel's CPU times"))
}

/// Milliseconds since the machine started.
fn since_start(proc: &Path) -> Result<i64, MeterError> {
    let path = proc.join("uptime");
    let text = read(&path)?;
    let seconds = text.split_whitespace().next().and_then(|field| field.parse::<f64>().ok());
    let milliseconds = seconds.map(|seconds| (seconds * 1000.0).round() as i64);
    milliseconds.ok_or_else(|| not_understood(&path, &text, "seconds since the start"))
}

fn read(path: &Path) -> Result<String, MeterError> {
    read_to_string(path).map_err(|source| MeterError::File { path: path.to_owned(), source })
}

fn not_understood(path: &Path, text: &str, expected: &'static str) -> MeterError {
    let found = super::excerpt(text.as_bytes());
    MeterError::NotUnderstood { what: path.display().to_string(), found, expected }
}

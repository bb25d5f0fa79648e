//! Tables of separated values, from which anybody can check conservation and the rules of sharing with a script of
//! their own: `meter.csv`, `jobs.csv`, `accounts.csv`. Must not know where they are written.

use std::fmt::{Display, Write};

use model::Time;

use crate::account::JobAccount;
use crate::reconcile::Accounts;
use crate::{Energy, Interval};

/// First line of `meter.csv`: one line an interval.
pub const METER: &str = "machine,start_ms,end_ms,energy_uj,idle_uj,flag\n";
/// First line of `jobs.csv`: one line a job.
pub const JOBS: &str = "job,machine,start_ms,end_ms,cpu_us,cores,memory_mib,dynamic_uj,idle_uj,gpu_uj,total_uj,\
    price_microeur,co2_production_mg,co2_lifecycle_mg\n";
/// First line of `accounts.csv`: `system`, `unallocated` and `unmeasured` of each machine.
pub const ACCOUNTS: &str = "machine,account,energy_uj\n";

/// A job as [`JOBS`] wants it, besides its account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobLine {
    /// When it started.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// CPU time used, in microseconds.
    pub cpu_us: u64,
    /// Cores reserved.
    pub cores: u32,
    /// Memory reserved, in MiB.
    pub memory_mib: u64,
}

/// A line of [`METER`]; `idle` is the part of it that the machine draws with nothing to do.
pub fn meter(machine: &str, interval: &Interval, idle: Energy) -> String {
    let Interval { start, end, energy, flag, .. } = interval;
    format!("{},{},{},{},{},{}\n", field(machine), start.0, end.0, energy.0, idle.0, flag.name())
}

/// A line of [`JOBS`].
pub fn job(job: impl Display, machine: &str, line: &JobLine, account: &JobAccount) -> String {
    let JobLine { start, end, cpu_us, cores, memory_mib } = line;
    let JobAccount { dynamic, idle, gpu, cost, carbon } = account;
    let mut text =
        format!("{},{},{},{},{cpu_us},{cores},{memory_mib}", field(&job.to_string()), field(machine), start.0, end.0);
    let (price, production, lifecycle) = (cost.price.rounded(), carbon.production().0, carbon.lifecycle().0);
    let total = account.total().0;
    for number in [dynamic.0, idle.0, gpu.0, total, price, production, lifecycle] {
        // Writing to a String cannot fail.
        write!(text, ",{number}").unwrap_or_default();
    }
    text + "\n"
}

/// The lines of [`ACCOUNTS`] of one machine.
pub fn accounts(machine: &str, accounts: &Accounts) -> String {
    let line = |(name, energy): (&str, Energy)| format!("{},{name},{}\n", field(machine), energy.0);
    let Accounts { system, unallocated, unmeasured, .. } = accounts;
    [("system", *system), ("unallocated", *unallocated), ("unmeasured", *unmeasured)].map(line).concat()
}

/// A name that cannot break its line.
pub fn field(name: &str) -> String {
    name.chars()
        .map(|letter| if letter == ',' || letter == '"' || letter.is_control() { '_' } else { letter })
        .collect()
}

//! What an engine costs that has nothing to do.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::party::Party;
use super::{Plan, cpu};

/// How long nobody does anything.
const REST: Duration = Duration::from_secs(30);

/// Memory of all processes, and the share of a core that they use while nothing happens.
pub fn idle(party: &Party, _plan: &Plan) -> Result<Vec<Option<f64>>> {
    let Party::Cluster(cluster) = party else { return Ok(vec![None; 3]) };
    // Starting up is not idling.
    sleep(Duration::from_secs(3));
    let processes = cluster.processes()?;
    let (before, begun) = (cpu::of_threads(&processes), Instant::now());
    sleep(REST);
    let used = cpu::of_threads(&processes).zip(before).map(|(after, before)| after - before);
    let share = used.map(|used| 100.0 * used / begun.elapsed().as_secs_f64());
    Ok(vec![memory(&processes, "VmRSS:"), memory(&processes, "Pss:"), share])
}

/// MiB of these processes: `VmRSS:` of `/proc/PID/status`, or `Pss:` of `/proc/PID/smaps_rollup`.
pub fn memory(processes: &[u32], what: &str) -> Option<f64> {
    let file = if what.starts_with("Vm") { "status" } else { "smaps_rollup" };
    let kib = processes.iter().map(|pid| field(&fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?, what));
    kib.sum::<Option<f64>>().map(|kib| kib / 1024.0)
}

/// The number behind `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_proc_are_read() {
        let status = "Name:\tcentre\nVmRSS:\t   20480 kB\nPss:  7 kB\n";
        assert_eq!((field(status, "VmRSS:"), field(status, "VmSwap:")), (Some(20480.0), None));
        let own = std::process::id();
        assert!(memory(&[own], "VmRSS:").is_some_and(|mib| mib > 0.1));
    }
}
